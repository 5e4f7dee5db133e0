/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/thread/executor-parts-private.h"

#include "aiodrive/binding/bound-language-private.h"
#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/task/proxy-task-private.h"
#include "aiodrive/task/record-private.h"
#include "aiodrive/task/start.h"

/* An executor has one thread after another; each is a run. The monitor of the executor guards all shared state.
 *
 * No lost tasks. spawn() counts a task before it posts it. A thread leaves only if it finds, with the monitor locked,
 * that no task is counted and that its inbox is empty. A later spawn() finds that the thread has left, and starts the
 * next one. (/aiodrive/thread/background-executor/spawn-while-leaving)
 *
 * One thread at a time. A thread starts by joining its predecessor.
 *
 * Stopping reaches a blocked thread. The stopping thread cancels the tasks; a task in flight is cancelled when it
 * arrives. (.../stop-blocked-job)
 *
 * No foreign code in a critical section, nor at the end of a run, after it has woken the stopping callers, which join
 * the thread at once. The sources left in the context are freed before that. */

static void
notify (AiodriveWorkItem *work)
{
  AiodriveExecutorCore *self = AIODRIVE_CONTAINER_OF (work, AiodriveExecutorCore, notifier.work);
  g_autoptr(GObject) object = aiodrive_strict_weak_get (&self->weak);

  aiodrive_monitor_lock (&self->monitor);
  self->notifying = FALSE;
  aiodrive_monitor_unlock (&self->monitor);

  if (object != NULL)
    g_object_notify (object, "running");
  aiodrive_executor_core_unref (self);
}

AiodriveExecutorCore *
aiodrive_executor_core_new (GObject    *object,
                            const char *name,
                            gboolean    keeps)
{
  AiodriveExecutorCore *self = g_atomic_rc_box_new0 (AiodriveExecutorCore);

  self->name = g_strdup (name);
  self->keeps = keeps;
  self->home = g_main_context_ref_thread_default ();
  aiodrive_strict_weak_init (&self->weak, object);
  self->object = object;
  aiodrive_monitor_init (&self->monitor);
  aiodrive_waiter_init (&self->notifier, notify);

  return self;
}

AiodriveExecutorCore *
aiodrive_executor_core_ref (AiodriveExecutorCore *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
core_free (gpointer data)
{
  AiodriveExecutorCore *self = data;

  g_clear_pointer (&self->run, aiodrive_executor_run_unref);
  aiodrive_monitor_clear (&self->monitor);
  g_main_context_unref (self->home);
  g_free (self->name);
}

void
aiodrive_executor_core_unref (AiodriveExecutorCore *self)
{
  g_atomic_rc_box_release_full (self, core_free);
}

static gboolean
is_observed (GObject *object)
{
  guint signal = g_signal_lookup ("notify", G_TYPE_OBJECT);

  return g_signal_has_handler_pending (object, signal, g_quark_from_static_string ("running"), TRUE) ||
         g_signal_has_handler_pending (object, signal, 0, TRUE);
}

/* Posts nothing if there is no observer: a caller that only stops an executor at its end may never iterate its context
 * again. */
void
aiodrive_executor_core_notify_soon (AiodriveExecutorCore *self)
{
  if (self->notifying || self->object == NULL || !is_observed (self->object))
    return;

  self->notifying = TRUE;
  aiodrive_executor_core_ref (self);
  aiodrive_waiter_run_soon (&self->notifier, &self->monitor);
}

const char *
aiodrive_executor_core_get_name (AiodriveExecutorCore *self)
{
  return self->name;
}

gboolean
aiodrive_executor_core_is_running (AiodriveExecutorCore *self)
{
  gboolean running;

  aiodrive_monitor_lock (&self->monitor);
  running = self->run != NULL && self->run->context != NULL;
  aiodrive_monitor_unlock (&self->monitor);

  return running;
}

/* Returns a reference, or NULL while no thread runs. */
GMainContext *
aiodrive_executor_core_get_context (AiodriveExecutorCore *self)
{
  GMainContext *context = NULL;

  aiodrive_monitor_lock (&self->monitor);
  if (self->run != NULL && self->run->context != NULL)
    context = g_main_context_ref (self->run->context);
  aiodrive_monitor_unlock (&self->monitor);

  return context;
}

/* Returns the run that accepts tasks, and starts one if necessary; or NULL. */
static AiodriveExecutorRun *
enter_run (AiodriveExecutorCore  *self,
           GError               **error)
{
  if (self->abandoned)
    {
      /* only cancelled tasks are still in flight: they were spawned into a group before it was dropped */
      g_propagate_error (error, aiodrive_error_new_cancelled ());
      return NULL;
    }

  if (self->run != NULL && self->run->stopping && !self->run->gone)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The executor is being stopped");
      return NULL;
    }

  if ((self->run == NULL || self->run->context == NULL) && !aiodrive_executor_run_start (self, error))
    return NULL;
  return self->run;
}

gboolean
aiodrive_executor_core_start (AiodriveExecutorCore  *self,
                              GError               **error)
{
  AiodriveExecutorRun *run;

  aiodrive_monitor_lock (&self->monitor);
  run = enter_run (self, error);
  if (run != NULL)
    run->kept = TRUE;
  aiodrive_monitor_unlock (&self->monitor);

  return run != NULL;
}

/*
 * Stopping
 */

/* Refuses further tasks and cancels the present ones. Returns a reference on the run, if there is one; its thread may
 * have exited. */
static AiodriveExecutorRun *
begin_stop (AiodriveExecutorCore *self,
            guint                *n_cancelled)
{
  g_autoptr(GPtrArray) cancellables = g_ptr_array_new_with_free_func (g_object_unref);
  GMainContext *to_wake = NULL;
  AiodriveExecutorRun *run;

  *n_cancelled = 0;
  aiodrive_monitor_lock (&self->monitor);
  run = self->run != NULL ? g_atomic_rc_box_acquire (self->run) : NULL;
  if (run != NULL && !run->gone && !run->stopping)   /* once: a later task finds the run stopping */
    {
      *n_cancelled = run->n_tasks;
      if (run->context != NULL && !aiodrive_dispatcher_push (run->dispatcher, &run->stop, &run->stop, &to_wake))
        g_assert_not_reached ();   /* the run keeps its context alive */
      run->stopping = TRUE;
      for (GList *node = run->cancellables.head; node != NULL; node = node->next)
        g_ptr_array_add (cancellables, g_object_ref (node->data));
    }
  aiodrive_monitor_unlock (&self->monitor);

  for (guint i = 0; i < cancellables->len; i++)
    g_cancellable_cancel (g_ptr_array_index (cancellables, i));
  aiodrive_dispatcher_wake (to_wake);
  return run;
}

static gboolean
set_error_if_here (AiodriveExecutorCore  *self,
                   GError               **error)
{
  if (!aiodrive_executor_core_is_here (self))
    return FALSE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "An executor cannot be stopped in its own thread");
  return TRUE;
}

gboolean
aiodrive_executor_core_stop (AiodriveExecutorCore  *self,
                             GCancellable          *cancellable,
                             GError               **error)
{
  AiodriveExecutorRun *run;
  gboolean stopped = TRUE;
  guint n_cancelled;

  if (set_error_if_here (self, error) || aiodrive_cancellable_set_error (cancellable, error))
    return FALSE;

  run = begin_stop (self, &n_cancelled);
  if (run == NULL)
    return TRUE;

  aiodrive_monitor_lock (&self->monitor);
  if (run->gone)
    aiodrive_monitor_unlock (&self->monitor);
  else
    stopped = aiodrive_wait_queue_wait_blocking (&run->stoppers, &self->monitor, cancellable, NULL, NULL, error);

  if (stopped)
    aiodrive_executor_run_join (run);
  aiodrive_executor_run_unref (run);
  return stopped;
}

static void
return_run (AiodriveWait *wait,
            gpointer      run)
{
  aiodrive_wait_return_pointer (wait, run, (GDestroyNotify) aiodrive_executor_run_unref);
}

static void
on_stopped (GObject      *source_object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  AiodriveExecutorRun *run = aiodrive_wait_propagate_pointer (result, &error);

  if (run != NULL)
    {
      aiodrive_executor_run_join (run);
      aiodrive_executor_run_unref (run);
    }
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

void
aiodrive_executor_core_stop_async (AiodriveExecutorCore *self,
                                   gpointer              source_object,
                                   GCancellable         *cancellable,
                                   GAsyncReadyCallback   callback,
                                   gpointer              user_data,
                                   gpointer              source_tag)
{
  GTask *task = g_task_new (source_object, NULL, callback, user_data);
  AiodriveExecutorRun *run;
  AiodriveWait *wait;
  guint n_cancelled;
  GError *error = NULL;

  (g_task_set_source_tag) (task, source_tag);
  wait = aiodrive_wait_new (source_object, cancellable, on_stopped, task, on_stopped, return_run);
  if (wait == NULL)
    return;

  aiodrive_wait_postpone (wait);
  if (set_error_if_here (self, &error))
    {
      aiodrive_wait_fail (wait, error);
      return;
    }

  run = begin_stop (self, &n_cancelled);
  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_set_request (wait, run, (GDestroyNotify) aiodrive_executor_run_unref);
  if (run == NULL || run->gone)
    aiodrive_wait_grant (wait, run, &self->monitor);
  else
    aiodrive_wait_park (wait, &run->stoppers, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

guint
aiodrive_executor_core_abandon (AiodriveExecutorCore *self)
{
  guint n_cancelled;
  AiodriveExecutorRun *run;

  aiodrive_strict_weak_lose (&self->weak);
  aiodrive_monitor_lock (&self->monitor);
  self->object = NULL;
  self->abandoned = TRUE;
  aiodrive_monitor_unlock (&self->monitor);

  run = begin_stop (self, &n_cancelled);
  g_clear_pointer (&run, aiodrive_executor_run_unref);
  return n_cancelled;
}

/*
 * Jobs: each is counted before it reaches the thread, and registered there while it runs
 */

typedef struct
{
  AiodriveWaiter       ended;         /* first; without a dispatcher */
  AiodriveExecutorRun *run;           /* unowned: the run counts it */
  GCancellable        *cancellable;   /* owned; from its start to its completion, as is the next */
  GList                node;
  AiodriveJobFunc      func;
  gpointer             user_data;
  GDestroyNotify       user_data_destroy;
} Job;

/* Called in the thread, with the monitor of the task locked: a thread that sees the task completed no longer finds it
 * counted. */
static void
job_ended (AiodriveWorkItem *work)
{
  Job *self = (Job *) work;
  AiodriveExecutorRun *run = self->run;
  g_autoptr(GCancellable) cancellable = g_steal_pointer (&self->cancellable);

  aiodrive_monitor_lock (&run->core->monitor);
  g_queue_unlink (&run->cancellables, &self->node);
  run->n_tasks--;
  aiodrive_monitor_unlock (&run->core->monitor);
}

static void
job_run (GTask        *task,
         GCancellable *cancellable,
         gpointer      data)
{
  Job *self = data;
  AiodriveExecutorRun *run = self->run;
  gboolean stopping;

  self->ended.work.run = job_ended;
  self->cancellable = g_object_ref (cancellable);
  self->node.data = cancellable;

  aiodrive_monitor_lock (&run->core->monitor);
  g_queue_push_tail_link (&run->cancellables, &self->node);
  stopping = run->stopping;
  aiodrive_monitor_unlock (&run->core->monitor);

  aiodrive_task_record_watch (aiodrive_task_record_get (task), &self->ended);
  if (stopping)
    g_cancellable_cancel (cancellable);
  self->func (task, cancellable, self->user_data);
}

/* Called in the context of the spawning call. */
static void
job_free (gpointer data)
{
  Job *self = data;

  if (self->user_data_destroy != NULL)
    self->user_data_destroy (self->user_data);
  g_free (self);
}

/* Counts one more task; returns NULL if the task is refused. */
static AiodriveExecutorRun *
enter_with_task (AiodriveExecutorCore  *self,
                 AiodriveJobFunc        func,
                 GError               **error)
{
  const char *language = aiodrive_get_bound_language (G_CALLBACK (func));
  AiodriveExecutorRun *run;

  if (language != NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "A %s function cannot run in another thread", language);
      return NULL;
    }

  aiodrive_monitor_lock (&self->monitor);
  run = enter_run (self, error);
  if (run != NULL)
    run->n_tasks++;
  aiodrive_monitor_unlock (&self->monitor);

  return run;
}

GTask *
aiodrive_executor_core_spawn (AiodriveExecutorCore *self,
                              GCancellable         *parent,
                              AiodriveJobFunc       func,
                              gpointer              user_data,
                              GDestroyNotify        user_data_destroy)
{
  GError *error = NULL;
  AiodriveExecutorRun *run = enter_with_task (self, func, &error);
  GTask *task;
  Job *job;

  if (run == NULL)
    {
      task = aiodrive_task_new (parent);
      g_task_return_error (task, error);
      if (user_data_destroy != NULL)
        user_data_destroy (user_data);
      return task;
    }

  /* a counted task keeps the run and its context alive */
  job = g_new0 (Job, 1);
  job->run = run;
  job->func = func;
  job->user_data = user_data;
  job->user_data_destroy = user_data_destroy;
  return aiodrive_proxy_task_spawn (run->dispatcher, run->context, parent, NULL, job_run, job, job_free, NULL, NULL,
                                    NULL);
}
