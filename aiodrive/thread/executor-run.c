/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/thread/executor-parts-private.h"

#include "aiodrive/core/monotonic-time-private.h"

/* The life of one thread of an executor. See "No lost tasks" in executor-core.c. */

static GPrivate here;   /* the executor whose thread this is */

static void
run_free (gpointer data)
{
  AiodriveExecutorRun *self = data;

  if (self->thread == g_thread_self ())
    g_thread_unref (self->thread);
  else if (self->thread != NULL)
    g_thread_join (self->thread);
  g_clear_pointer (&self->time_source, aiodrive_time_source_unref);
  g_mutex_clear (&self->join_lock);
}

void
aiodrive_executor_run_unref (AiodriveExecutorRun *self)
{
  g_atomic_rc_box_release_full (self, run_free);
}

/* Joins a thread that is about to exit. */
void
aiodrive_executor_run_join (AiodriveExecutorRun *self)
{
  g_mutex_lock (&self->join_lock);
  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
  g_mutex_unlock (&self->join_lock);
}

/* Wakes the thread, which checks after each iteration whether it is done. */
static void
ignore (AiodriveWorkItem *work)
{
}

/* Returns whether nothing keeps the thread running. */
static gboolean
is_done (AiodriveExecutorRun *self)
{
  return self->n_tasks == 0 && (self->stopping || !self->kept);
}

static gboolean
has_nothing_to_do (AiodriveExecutorRun *self)
{
  gboolean done;

  aiodrive_monitor_lock (&self->core->monitor);
  done = is_done (self);
  aiodrive_monitor_unlock (&self->core->monitor);

  return done;
}

/* Retires this thread: no later spawn finds it. Returns FALSE if a task has arrived; then the thread continues. */
static gboolean
leave (AiodriveExecutorRun *self)
{
  GMainContext *context = NULL;

  aiodrive_monitor_lock (&self->core->monitor);
  if (is_done (self) && aiodrive_dispatcher_is_idle (self->dispatcher))
    {
      context = g_steal_pointer (&self->context);
      aiodrive_executor_core_notify_soon (self->core);
    }
  aiodrive_monitor_unlock (&self->core->monitor);

  if (context == NULL)
    return FALSE;
  if (self->time_source != NULL)
    self->time_source->funcs->leave (self->time_source, context);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return TRUE;
}

/* A thread that is about to leave does not block, so the virtual clock stays frozen. */
static void
iterate (AiodriveExecutorRun *self,
         GMainContext        *context,
         gboolean             done)
{
  if (done && self->time_source != NULL)
    self->time_source->funcs->hold (self->time_source);
  g_main_context_iteration (context, !done);
  if (done && self->time_source != NULL)
    self->time_source->funcs->release (self->time_source);
}

/* Iterates the context. When nothing keeps the thread, it still runs the work items in the inbox, and those that they
 * post. It checks twice, because GTask defers the callback of a task returned in this iteration. */
static void
work (AiodriveExecutorRun *self)
{
  GMainContext *context = self->context;
  guint n_looks = 0;

  g_main_context_push_thread_default (context);
  while (n_looks < 2 || !leave (self))
    {
      gboolean done = has_nothing_to_do (self);

      iterate (self, context, done);
      n_looks = done && aiodrive_dispatcher_is_idle (self->dispatcher) ? n_looks + 1 : 0;
    }
}

static gpointer
run_thread (gpointer data)
{
  AiodriveExecutorRun *self = data;
  AiodriveExecutorCore *core = self->core;
  AiodriveExecutorRun *previous;

  g_private_set (&here, core);
  aiodrive_monitor_lock (&core->monitor);
  previous = g_steal_pointer (&self->previous);
  aiodrive_monitor_unlock (&core->monitor);
  if (previous != NULL)
    {
      aiodrive_executor_run_join (previous);
      aiodrive_executor_run_unref (previous);
    }

  work (self);

  aiodrive_monitor_lock (&core->monitor);
  self->gone = TRUE;
  aiodrive_wait_queue_wake_all (&self->stoppers, &core->monitor);
  aiodrive_monitor_unlock (&core->monitor);
  if (self->time_source != NULL)
    self->time_source->funcs->release (self->time_source);

  aiodrive_executor_core_unref (core);
  aiodrive_executor_run_unref (self);
  return NULL;
}

/* Starts the next run; called with the monitor locked, which the new thread locks before it reads the run. */
gboolean
aiodrive_executor_run_start (AiodriveExecutorCore  *core,
                             GError               **error)
{
  AiodriveExecutorRun *self = g_atomic_rc_box_new0 (AiodriveExecutorRun);

  g_mutex_init (&self->join_lock);
  self->core = aiodrive_executor_core_ref (core);
  self->thread = g_thread_try_new (core->name != NULL ? core->name : "aiodrive", run_thread,
                                   g_atomic_rc_box_acquire (self), error);
  if (self->thread == NULL)
    {
      aiodrive_executor_core_unref (core);
      aiodrive_executor_run_unref (self);
      aiodrive_executor_run_unref (self);
      return FALSE;
    }

  self->context = g_main_context_new ();
  self->dispatcher = aiodrive_dispatcher_get_for_context (self->context);
  self->time_source = aiodrive_time_source_share (self->context);
  self->stop.run = ignore;
  self->kept = core->keeps;
  self->previous = core->run;
  core->run = self;
  aiodrive_executor_core_notify_soon (core);
  return TRUE;
}

/* Returns whether this is the thread of the executor. */
gboolean
aiodrive_executor_core_is_here (AiodriveExecutorCore *core)
{
  return g_private_get (&here) == core;
}
