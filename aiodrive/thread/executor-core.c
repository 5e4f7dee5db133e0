/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/thread/executor-core-private.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/task/record-private.h"
#include "aiodrive/task/remote-private.h"
#include "aiodrive/task/start.h"
#include "aiodrive/thread/foreign-code-private.h"

/* An executor has one thread after another; each is a run. All that is shared is under the monitor of the executor.
 *
 * No task is lost. spawn() counts it before it is posted, and a thread leaves only when it finds, under the monitor,
 * that none is counted and that its inbox is empty. Who comes later finds that the thread has left, and starts the
 * next one. (/aiodrive/thread/background-executor/spawn-while-leaving)
 *
 * No two threads of one executor run at the same time. A thread begins with joining the one before it.
 *
 * Stopping reaches a thread that blocks. The tasks are cancelled by who stops; one that has not got there yet is
 * cancelled when it does. (.../stop-blocked-job)
 *
 * Nothing of the user's is called under the monitor, nor in the end of a run, after it has told those who stop it:
 * they join at once. What is left in the context is freed before. */

typedef struct _Run Run;

struct _AiodriveExecutorCore
{
  char            *name;        /* owned, nullable; set once, as are the next two */
  GMainContext    *home;        /* owned: where object is notified */
  GWeakRef         weak;        /* to object */

  AiodriveMonitor  monitor;
  GObject         *object;      /* unowned; NULL when it was disposed; guarded by monitor, as are the next ones */
  Run             *run;         /* owned, nullable: the last */
  AiodriveWaiter   notifier;    /* in home; in no queue */
  gboolean         notifying;   /* it was posted, with a reference on this */
};

struct _Run
{
  AiodriveExecutorCore *core;         /* owned by the thread */
  Run                  *previous;     /* owned, nullable; used in the thread */
  AiodriveDispatcher   *dispatcher;   /* of context */

  GMainContext         *context;      /* owned; NULL when it has left; guarded by the monitor, as are the next ones */
  GQueue                members;      /* those of its tasks whose jobs have begun */
  guint                 n_tasks;      /* the others too */
  gboolean              kept;         /* it was started explicitly */
  gboolean              stopping;
  gboolean              gone;         /* there is nothing left but to join it */
  AiodriveWaitQueue     stoppers;     /* empty when it is gone */

  GMutex                join_lock;
  GThread              *thread;       /* owned; NULL once it was joined; guarded by join_lock, once it has started */
};

typedef struct
{
  AiodriveWaiter  waiter;        /* first; without a dispatcher */
  Run            *run;
  GCancellable   *cancellable;   /* owned */
  GList           node;
} Member;

typedef struct
{
  Run             *run;
  AiodriveJobFunc  func;
  gpointer         user_data;
  GDestroyNotify   user_data_destroy;
} Job;

static GPrivate here;   /* the executor whose thread this is */

/*
 * A run
 */

static void
run_free (gpointer data)
{
  Run *self = data;

  if (self->thread == g_thread_self ())
    g_thread_unref (self->thread);
  else if (self->thread != NULL)
    g_thread_join (self->thread);
  g_mutex_clear (&self->join_lock);
}

static void
run_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, run_free);
}

/* Waits until the thread is no more; it is about to end. */
static void
run_join (Run *self)
{
  g_mutex_lock (&self->join_lock);
  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
  g_mutex_unlock (&self->join_lock);
}

static void
core_free (gpointer data)
{
  AiodriveExecutorCore *self = data;

  g_clear_pointer (&self->run, run_unref);
  g_weak_ref_clear (&self->weak);
  aiodrive_monitor_clear (&self->monitor);
  g_main_context_unref (self->home);
  g_free (self->name);
}

void
aiodrive_executor_core_unref (AiodriveExecutorCore *self)
{
  g_atomic_rc_box_release_full (self, core_free);
}

static void
notify (AiodriveEntry *entry)
{
  AiodriveExecutorCore *self = AIODRIVE_CONTAINER_OF (entry, AiodriveExecutorCore, notifier.entry);
  g_autoptr(GObject) object = g_weak_ref_get (&self->weak);

  aiodrive_monitor_lock (&self->monitor);
  self->notifying = FALSE;
  aiodrive_monitor_unlock (&self->monitor);

  if (object != NULL)
    g_object_notify (object, "running");
  aiodrive_executor_core_unref (self);
}

static gboolean
is_observed (GObject *object)
{
  guint signal = g_signal_lookup ("notify", G_TYPE_OBJECT);

  return g_signal_has_handler_pending (object, signal, g_quark_from_static_string ("running"), TRUE) ||
         g_signal_has_handler_pending (object, signal, 0, TRUE);
}

/* Under the monitor, as is all down to the thread. Where nobody looks nothing is posted: who only stops an executor in
 * the end may never iterate his context again. */
static void
notify_soon (AiodriveExecutorCore *self)
{
  if (self->notifying || self->object == NULL || !is_observed (self->object))
    return;

  self->notifying = TRUE;
  g_atomic_rc_box_acquire (self);
  aiodrive_waiter_run_soon (&self->notifier, &self->monitor);
}

/* Whether nothing keeps the thread running. */
static gboolean
is_done (Run *self)
{
  return self->n_tasks == 0 && (self->stopping || !self->kept);
}

static gpointer run_thread (gpointer data);

/* Starts the next run. Its thread waits for the monitor before it looks at it. */
static gboolean
start_thread (AiodriveExecutorCore  *self,
              GError               **error)
{
  Run *run = g_atomic_rc_box_new0 (Run);

  g_mutex_init (&run->join_lock);
  run->core = g_atomic_rc_box_acquire (self);
  run->thread = g_thread_try_new (self->name != NULL ? self->name : "aiodrive", run_thread,
                                  g_atomic_rc_box_acquire (run), error);
  if (run->thread == NULL)
    {
      aiodrive_executor_core_unref (run->core);
      run_unref (run);
      run_unref (run);
      return FALSE;
    }

  run->context = g_main_context_new ();
  run->dispatcher = aiodrive_dispatcher_get_for_context (run->context);
  run->previous = self->run;
  self->run = run;
  notify_soon (self);
  return TRUE;
}

/* The run that takes more tasks, started if need be; or NULL. */
static Run *
enter (AiodriveExecutorCore  *self,
       GError               **error)
{
  if (self->run != NULL && self->run->stopping && !self->run->gone)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The executor is being stopped");
      return NULL;
    }

  if ((self->run == NULL || self->run->context == NULL) && !start_thread (self, error))
    return NULL;
  return self->run;
}

/*
 * The thread
 */

/* In the thread, and under the monitor of the task: who sees that it has ended does not find it counted any more. */
static void
member_ended (AiodriveEntry *entry)
{
  Member *member = (Member *) entry;
  Run *self = member->run;

  aiodrive_monitor_lock (&self->core->monitor);
  g_queue_unlink (&self->members, &member->node);
  self->n_tasks--;
  aiodrive_monitor_unlock (&self->core->monitor);

  g_object_unref (member->cancellable);
  g_free (member);
}

/* The job of a task that was counted before. */
static void
run_job (GTask        *task,
         GCancellable *cancellable,
         gpointer      data)
{
  Job *job = data;
  Run *self = job->run;
  Member *member = g_new0 (Member, 1);
  gboolean stopping;

  member->waiter.entry.run = member_ended;
  member->run = self;
  member->cancellable = g_object_ref (cancellable);
  member->node.data = member;

  aiodrive_monitor_lock (&self->core->monitor);
  g_queue_push_tail_link (&self->members, &member->node);
  stopping = self->stopping;
  aiodrive_monitor_unlock (&self->core->monitor);

  aiodrive_task_record_watch (aiodrive_task_record_get (task), &member->waiter);
  if (stopping)
    g_cancellable_cancel (cancellable);
  job->func (task, cancellable, job->user_data);
}

/* In the context of who spawned it. */
static void
job_free (gpointer data)
{
  Job *self = data;

  if (self->user_data_destroy != NULL)
    self->user_data_destroy (self->user_data);
  g_free (self);
}

static Job *
job_new (Run             *run,
         AiodriveJobFunc  func,
         gpointer         user_data,
         GDestroyNotify   user_data_destroy)
{
  Job *self = g_new (Job, 1);

  *self = (Job) { run, func, user_data, user_data_destroy };
  return self;
}

static gboolean
has_nothing_to_do (Run *self)
{
  gboolean done;

  aiodrive_monitor_lock (&self->core->monitor);
  done = is_done (self);
  aiodrive_monitor_unlock (&self->core->monitor);

  return done;
}

/* From here on nobody finds this thread. FALSE, and it goes on, if somebody came. */
static gboolean
leave (Run *self)
{
  GMainContext *context = NULL;

  aiodrive_monitor_lock (&self->core->monitor);
  if (is_done (self) && aiodrive_dispatcher_is_idle (self->dispatcher))
    {
      context = g_steal_pointer (&self->context);
      notify_soon (self->core);
    }
  aiodrive_monitor_unlock (&self->core->monitor);

  if (context == NULL)
    return FALSE;
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return TRUE;
}

/* Iterates the context. When nothing keeps the thread, what there is in the inbox is run still, and what that brings;
 * hence two looks: GTask puts off what was returned just now. */
static void
work (Run *self)
{
  GMainContext *context = self->context;
  guint n_looks = 0;

  g_main_context_push_thread_default (context);
  while (n_looks < 2 || !leave (self))
    {
      gboolean done = has_nothing_to_do (self);

      g_main_context_iteration (context, !done);
      n_looks = done && aiodrive_dispatcher_is_idle (self->dispatcher) ? n_looks + 1 : 0;
    }
}

static gpointer
run_thread (gpointer data)
{
  Run *self = data;
  AiodriveExecutorCore *core = self->core;
  Run *previous;

  g_private_set (&here, core);
  aiodrive_monitor_lock (&core->monitor);
  previous = g_steal_pointer (&self->previous);
  aiodrive_monitor_unlock (&core->monitor);
  if (previous != NULL)
    {
      run_join (previous);
      run_unref (previous);
    }

  work (self);

  aiodrive_monitor_lock (&core->monitor);
  self->gone = TRUE;
  aiodrive_wait_queue_wake_all (&self->stoppers, &core->monitor);
  aiodrive_monitor_unlock (&core->monitor);

  aiodrive_executor_core_unref (core);
  run_unref (self);
  return NULL;
}

/*
 * The executor
 */

AiodriveExecutorCore *
aiodrive_executor_core_new (GObject    *object,
                            const char *name)
{
  AiodriveExecutorCore *self = g_atomic_rc_box_new0 (AiodriveExecutorCore);

  self->name = g_strdup (name);
  self->home = g_main_context_ref_thread_default ();
  g_weak_ref_init (&self->weak, object);
  self->object = object;
  aiodrive_monitor_init (&self->monitor);
  aiodrive_waiter_init (&self->notifier, notify);

  return self;
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

/* Gives a reference, or NULL while no thread runs. */
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

/* Whether this is the thread of the executor. */
gboolean
aiodrive_executor_core_is_here (AiodriveExecutorCore *self)
{
  return g_private_get (&here) == self;
}

/* Counts one more task; NULL if it cannot be taken. */
static Run *
enter_with_task (AiodriveExecutorCore  *self,
                 AiodriveJobFunc        func,
                 GError               **error)
{
  Run *run;

  if (aiodrive_is_javascript (func))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           "A JavaScript function cannot run in another thread");
      return NULL;
    }

  aiodrive_monitor_lock (&self->monitor);
  run = enter (self, error);
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
  Run *run = enter_with_task (self, func, &error);
  GTask *task;

  /* what was counted keeps the run and its context */
  if (run != NULL)
    return aiodrive_remote_spawn (run->dispatcher, run->context, parent, run_job,
                                  job_new (run, func, user_data, user_data_destroy), job_free, NULL, NULL, NULL);

  task = aiodrive_task_new (parent);
  g_task_return_error (task, error);
  if (user_data_destroy != NULL)
    user_data_destroy (user_data);
  return task;
}

gboolean
aiodrive_executor_core_start (AiodriveExecutorCore  *self,
                              GError               **error)
{
  Run *run;

  aiodrive_monitor_lock (&self->monitor);
  run = enter (self, error);
  if (run != NULL)
    run->kept = TRUE;
  aiodrive_monitor_unlock (&self->monitor);

  return run != NULL;
}

/* Lets nobody in any more and cancels who is there. Gives a reference on the run, if there is one; it may be gone. */
static Run *
begin_stop (AiodriveExecutorCore *self,
            guint                *n_cancelled)
{
  g_autoptr(GPtrArray) cancellables = g_ptr_array_new_with_free_func (g_object_unref);
  GMainContext *context = NULL;
  Run *run;

  *n_cancelled = 0;
  aiodrive_monitor_lock (&self->monitor);
  run = self->run != NULL ? g_atomic_rc_box_acquire (self->run) : NULL;
  if (run != NULL && !run->gone)
    {
      *n_cancelled = run->stopping ? 0 : run->n_tasks;
      run->stopping = TRUE;
      for (GList *node = run->members.head; node != NULL; node = node->next)
        g_ptr_array_add (cancellables, g_object_ref (((Member *) node->data)->cancellable));
      context = run->context != NULL ? g_main_context_ref (run->context) : NULL;
    }
  aiodrive_monitor_unlock (&self->monitor);

  for (guint i = 0; i < cancellables->len; i++)
    g_cancellable_cancel (g_ptr_array_index (cancellables, i));
  aiodrive_dispatcher_wake (context);
  return run;
}

gboolean
aiodrive_executor_core_stop (AiodriveExecutorCore  *self,
                             GCancellable          *cancellable,
                             GError               **error)
{
  guint n_cancelled;
  Run *run = begin_stop (self, &n_cancelled);
  gboolean stopped = TRUE;

  if (run == NULL)
    return TRUE;

  aiodrive_monitor_lock (&self->monitor);
  if (run->gone)
    aiodrive_monitor_unlock (&self->monitor);
  else
    stopped = aiodrive_wait_queue_block (&run->stoppers, &self->monitor, cancellable, NULL, NULL, error);

  if (stopped)
    run_join (run);
  run_unref (run);
  return stopped;
}

/* An AiodriveWaitReturn. */
void
aiodrive_executor_core_return_stopped (GTask    *task,
                                       gpointer  run)
{
  if (run != NULL)
    {
      run_join (run);
      run_unref (run);
    }
  g_task_return_boolean (task, TRUE);
}

void
aiodrive_executor_core_stop_async (AiodriveExecutorCore *self,
                                   AiodriveWait         *wait)
{
  guint n_cancelled;
  Run *run = begin_stop (self, &n_cancelled);

  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_set_request (wait, run, run_unref);
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
  Run *run;

  aiodrive_monitor_lock (&self->monitor);
  self->object = NULL;
  aiodrive_monitor_unlock (&self->monitor);

  run = begin_stop (self, &n_cancelled);
  g_clear_pointer (&run, run_unref);
  return n_cancelled;
}
