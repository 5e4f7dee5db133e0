/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/record-private.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/error-private.h"

/* What the library knows of a GTask: whether it has ended, who waits for it, and its error once somebody wanted to see
 * it. GTask gives its outcome away once; a record lets any number of parties wait and see the error, and leaves the
 * value where it is for the one who unwraps it.
 *
 * A task of ours has its record in its scope, and its callback is ours. A task of others has it as qdata, and is
 * watched through notify::completed. Either way the end is announced in the context of the task, and after GTask
 * has set its completion flag: before GLib 2.90 that flag shares a bit field with others, and a thread that is
 * woken earlier and unwraps the task would race with it. For the same reason a task of others is
 * looked at from its own context alone. (/aiodrive/task/record/threads, .../foreign-context) */

typedef enum
{
  PENDING,
  RETURNED,   /* in the callback, or soon after it: known in the task's own context only */
  ENDED,
} State;

struct _AiodriveTaskRecord
{
  GTask                 *task;       /* unowned: it outlives every use; but an entry that was posted owns a reference */
  AiodriveEntry          entry;      /* starts the job, looks at a task of others, announces the end: one at a time */

  AiodriveMonitor        monitor;
  AiodriveWaitQueue      waiters;    /* guarded by monitor, as are the next ones */
  State                  state;
  gboolean               failed;
  gboolean               awaited;    /* somebody has seen, or will see, how it ends */
  gboolean               taken;      /* its value has been unwrapped */
  GError                *error;      /* owned; moved here from the task by the first that looks */
  double                 progress;
  AiodriveWaitQueue      observers;  /* of progress */

  GTask                 *leaf;       /* owned; set before it ends, as is the next */
  gboolean               adopted;
  GAsyncReadyCallback    callback;   /* the rest is used in the task's own context */
  gpointer               callback_data;
  AiodriveTaskRecordJob  job;
  gpointer               job_data;
  GDestroyNotify         job_data_destroy;
};

static G_DEFINE_QUARK (aiodrive-task-record, record)

static AiodriveTaskRecord *
record_new (GTask *task)
{
  AiodriveTaskRecord *self = g_new0 (AiodriveTaskRecord, 1);

  self->task = task;
  aiodrive_monitor_init (&self->monitor);
  return self;
}

static void
release_job_data (AiodriveTaskRecord *self)
{
  GDestroyNotify destroy = g_steal_pointer (&self->job_data_destroy);

  if (destroy != NULL)
    destroy (self->job_data);
}

static void
record_free (gpointer data)
{
  AiodriveTaskRecord *self = data;

  release_job_data (self);
  aiodrive_monitor_clear (&self->monitor);
  g_clear_error (&self->error);
  g_clear_object (&self->leaf);
  g_free (self);
}

const char *
aiodrive_task_describe (GTask *task)
{
  const char *name = g_task_get_name (task);

  return name != NULL ? name : "(unnamed)";
}

/* A result that was returned stays, even if the cancellable is cancelled before somebody unwraps it. */
void
aiodrive_task_keep_outcome (GTask *task)
{
  if (g_task_get_return_on_cancel (task) && !g_task_set_return_on_cancel (task, FALSE))
    return;
  g_task_set_check_cancellable (task, FALSE);
}

void
aiodrive_task_return_true (GTask *task)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_BOOLEAN);
  g_value_set_boolean (&value, TRUE);
  g_task_return_value (task, &value);
}

static void
post_entry (AiodriveTaskRecord  *self,
            AiodriveDispatcher  *dispatcher,
            void               (*run) (AiodriveEntry *entry))
{
  g_object_ref (self->task);
  self->entry.run = run;
  aiodrive_dispatcher_post (dispatcher, &self->entry);
}

static void
set_ended (AiodriveTaskRecord *self)
{
  aiodrive_monitor_lock (&self->monitor);
  self->state = ENDED;
  aiodrive_wait_queue_wake_all (&self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/* Moves the error out of the task; under the monitor. Somebody who took it before has broken the rule
 * that a task which is awaited here is unwrapped here: GLib says so, and we go on with an error of our own. */
static void
take_error (AiodriveTaskRecord *self)
{
  if (!self->failed || self->error != NULL)
    return;

  g_task_propagate_pointer (self->task, &self->error);
  if (self->error == NULL)
    g_set_error (&self->error, G_IO_ERROR, G_IO_ERROR_FAILED, "The error of task %s was taken by somebody else",
                 aiodrive_task_describe (self->task));
}

/*
 * Tasks of ours
 */

static void
announce (AiodriveEntry *entry)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (entry, AiodriveTaskRecord, entry);
  g_autoptr(GTask) task = self->task;

  release_job_data (self);
  set_ended (self);
}

static gboolean
is_watched_with_a_signal (GTask *task)
{
  return g_signal_has_handler_pending (task, g_signal_lookup ("notify", G_TYPE_OBJECT),
                                       g_quark_from_static_string ("completed"), FALSE);
}

static void
on_returned (GObject      *source_object,
             GAsyncResult *result,
             gpointer      user_data)
{
  AiodriveTaskRecord *self = user_data;
  gboolean failed = g_task_had_error (self->task);

  aiodrive_monitor_lock (&self->monitor);
  self->state = RETURNED;
  self->failed = failed;
  self->awaited |= failed && is_watched_with_a_signal (self->task);
  aiodrive_monitor_unlock (&self->monitor);

  if (self->callback != NULL)
    self->callback (source_object, result, self->callback_data);

  /* Not now: the completion flag is set after this. Nor before the callback: it may run a main loop. */
  post_entry (self, aiodrive_dispatcher_get_thread_default (), announce);
}

static void
on_disposed (GTask    *task,
             gpointer  task_record)
{
  AiodriveTaskRecord *self = task_record;

  if (self->state == ENDED && self->failed && !self->awaited)
    {
      take_error (self);
      if (!aiodrive_error_is_cancelled (self->error))
        g_warning ("Task %s failed and nobody awaited it: %s", aiodrive_task_describe (task), self->error->message);
    }

  /* The scope, and with it the record, may be kept. */
  g_clear_error (&self->error);
  g_clear_object (&self->leaf);
}

GTask *
aiodrive_task_record_new_task (gpointer             source_object,
                               GCancellable        *parent,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data,
                               gpointer             source_tag)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (parent);
  AiodriveTaskRecord *self = record_new (NULL);

  self->task = g_task_new (source_object, G_CANCELLABLE (scope), on_returned, self);
  (g_task_set_source_tag) (self->task, source_tag);
  g_task_set_check_cancellable (self->task, FALSE);
  self->callback = callback;
  self->callback_data = user_data;
  aiodrive_cancel_scope_set_task (scope, self->task, self, on_disposed, record_free);

  return self->task;
}

static void
run_job (AiodriveEntry *entry)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (entry, AiodriveTaskRecord, entry);
  g_autoptr(GTask) task = self->task;

  self->job (task, g_task_get_cancellable (task), self->job_data);
}

void
aiodrive_task_record_start_job (AiodriveTaskRecord    *self,
                                gboolean               now,
                                AiodriveTaskRecordJob  func,
                                gpointer               user_data,
                                GDestroyNotify         user_data_destroy)
{
  self->job = func;
  self->job_data = user_data;
  self->job_data_destroy = user_data_destroy;

  if (now)
    {
      g_object_ref (self->task);
      run_job (&self->entry);
    }
  else
    {
      self->entry.stamp = aiodrive_dispatcher_stamp ();
      post_entry (self, aiodrive_dispatcher_get_thread_default (), run_job);
    }
}

/*
 * Tasks of others
 */

static void
conclude (AiodriveTaskRecord *self)
{
  gboolean failed = g_task_had_error (self->task);

  if (!failed)
    aiodrive_task_keep_outcome (self->task);

  aiodrive_monitor_lock (&self->monitor);
  self->failed = failed;
  take_error (self);
  aiodrive_monitor_unlock (&self->monitor);
  set_ended (self);
}

static void
on_completed (GTask      *task,
              GParamSpec *pspec,
              gpointer    user_data)
{
  conclude (user_data);
}

static void
look (AiodriveTaskRecord *self)
{
  if (g_task_get_completed (self->task))
    conclude (self);
  else
    g_signal_connect (self->task, "notify::completed", G_CALLBACK (on_completed), self);
}

static void
look_from_its_context (AiodriveEntry *entry)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (entry, AiodriveTaskRecord, entry);
  g_autoptr(GTask) task = self->task;

  look (self);
}

/* Whether this thread is where the task is called back: then nobody touches the task until leave_context(). */
static gboolean
enter_context (GTask *task)
{
  GMainContext *here = g_main_context_get_thread_default ();

  if (here == NULL)
    here = g_main_context_default ();
  return g_task_get_context (task) == here && g_main_context_acquire (here);
}

static void
leave_context (GTask *task)
{
  g_main_context_release (g_task_get_context (task));
}

AiodriveTaskRecord *
aiodrive_task_record_peek (GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  AiodriveTaskRecord *self = NULL;

  if (cancellable != NULL && AIODRIVE_IS_CANCEL_SCOPE (cancellable))
    self = aiodrive_cancel_scope_get_task_record (AIODRIVE_CANCEL_SCOPE (cancellable), task);
  return self != NULL ? self : g_object_get_qdata (G_OBJECT (task), record_quark ());
}

AiodriveTaskRecord *
aiodrive_task_record_get (GTask *task)
{
  AiodriveTaskRecord *self = aiodrive_task_record_peek (task);

  if (self != NULL)
    return self;

  self = record_new (task);
  if (!g_object_replace_qdata (G_OBJECT (task), record_quark (), NULL, self, record_free, NULL))
    {
      record_free (self);   /* another thread was faster */
      return aiodrive_task_record_peek (task);
    }

  if (enter_context (task))
    {
      look (self);
      leave_context (task);
    }
  else
    post_entry (self, aiodrive_dispatcher_get_for_context (g_task_get_context (task)), look_from_its_context);
  return self;
}

/*
 * Both
 */

/* Whether the task is known to have ended. Does not make a record. */
gboolean
aiodrive_task_has_ended (GTask *task)
{
  AiodriveTaskRecord *self = aiodrive_task_record_peek (task);
  gboolean ended = FALSE;

  if (self != NULL)
    return aiodrive_task_record_is_known (self);

  if (enter_context (task))
    {
      ended = g_task_get_completed (task);
      leave_context (task);
    }
  return ended;
}

/* Whether the outcome can be looked at: the task has ended, or it was returned in this very context. */
gboolean
aiodrive_task_record_is_known (AiodriveTaskRecord *self)
{
  State state;

  aiodrive_monitor_lock (&self->monitor);
  state = self->state;
  aiodrive_monitor_unlock (&self->monitor);

  if (state == RETURNED && enter_context (self->task))
    {
      leave_context (self->task);
      return TRUE;
    }
  return state == ENDED;
}

void
aiodrive_task_record_set_awaited (AiodriveTaskRecord *self)
{
  aiodrive_monitor_lock (&self->monitor);
  self->awaited = TRUE;
  aiodrive_monitor_unlock (&self->monitor);
}

/* Runs @waiter once the task has ended; it cannot be taken back. */
void
aiodrive_task_record_watch (AiodriveTaskRecord *self,
                            AiodriveWaiter     *waiter)
{
  aiodrive_monitor_lock (&self->monitor);
  self->awaited = TRUE;
  if (self->state == ENDED)
    aiodrive_waiter_run_soon (waiter, &self->monitor);
  else
    aiodrive_wait_queue_add (&self->waiters, waiter);
  aiodrive_monitor_unlock (&self->monitor);
}

void
aiodrive_task_record_wait (AiodriveTaskRecord *self,
                           AiodriveWait       *wait,
                           gpointer            granted)
{
  aiodrive_monitor_lock (&self->monitor);
  self->awaited = TRUE;
  if (self->state == ENDED)
    aiodrive_wait_grant (wait, granted, &self->monitor);
  else
    aiodrive_wait_park (wait, &self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/* NULL if it succeeded. */
GError *
aiodrive_task_record_copy_error (AiodriveTaskRecord *self)
{
  GError *error;

  aiodrive_monitor_lock (&self->monitor);
  self->awaited = TRUE;
  take_error (self);
  error = self->error != NULL ? g_error_copy (self->error) : NULL;
  aiodrive_monitor_unlock (&self->monitor);

  return error;
}

/* FALSE if somebody took the value before, by way of this library. */
gboolean
aiodrive_task_record_take_value (AiodriveTaskRecord *self)
{
  gboolean taken;

  aiodrive_monitor_lock (&self->monitor);
  taken = self->taken;
  self->taken = TRUE;
  aiodrive_monitor_unlock (&self->monitor);

  return !taken;
}

void
aiodrive_task_record_set_leaf (AiodriveTaskRecord *self,
                               GTask              *leaf)
{
  g_set_object (&self->leaf, leaf);
}

GTask *
aiodrive_task_record_get_leaf (AiodriveTaskRecord *self)
{
  return self->leaf;
}

void
aiodrive_task_record_set_adopted (AiodriveTaskRecord *self)
{
  self->adopted = TRUE;
}

gboolean
aiodrive_task_record_get_adopted (AiodriveTaskRecord *self)
{
  return self->adopted;
}

void
aiodrive_task_record_set_progress (AiodriveTaskRecord *self,
                                   double              progress)
{
  aiodrive_monitor_lock (&self->monitor);
  self->progress = progress;
  aiodrive_wait_queue_wake_all (&self->observers, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

double
aiodrive_task_record_watch_progress (AiodriveTaskRecord *self,
                                     AiodriveWaiter     *waiter)
{
  double progress;

  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_queue_add (&self->observers, waiter);
  progress = self->progress;
  aiodrive_monitor_unlock (&self->monitor);

  return progress;
}

/* FALSE if it has been woken, and is going to be run. */
gboolean
aiodrive_task_record_unwatch_progress (AiodriveTaskRecord *self,
                                       AiodriveWaiter     *waiter)
{
  gboolean removed;

  aiodrive_monitor_lock (&self->monitor);
  removed = aiodrive_wait_queue_remove (&self->observers, waiter);
  aiodrive_monitor_unlock (&self->monitor);

  return removed;
}
