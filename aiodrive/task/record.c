/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/record-parts-private.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/core/error.h"
#include "aiodrive/core/main-context-private.h"
#include "aiodrive/core/release-private.h"
#include "aiodrive/core/stack-switch-private.h"

/* The record of a GTask: whether it has completed, its waiters, and its error once a party has asked for it. GTask
 * gives its outcome away once. A record lets any number of parties wait and read the error, and leaves the value in the
 * task for the caller that unwraps it.
 *
 * A task of ours has its record in its scope, and its callback is ours. A foreign task has its record as qdata, and is
 * watched through notify::completed. Either way the completion is announced in the context of the task, after GTask has
 * set its completion flag. Before GLib 2.90 that flag shares a bit field with others, so a thread that is woken earlier
 * and unwraps the task would race with GTask. For the same reason a foreign task is read only in its own context.
 * (/aiodrive/task/record/threads, .../foreign-context) */

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
record_free (gpointer data)
{
  AiodriveTaskRecord *self = data;

  aiodrive_task_record_release_job_data (self);
  aiodrive_monitor_clear (&self->monitor);
  g_clear_error (&self->error);
  aiodrive_release_object (self->leaf);
  g_free (self);
}

gboolean
aiodrive_task_is_valid (GAsyncResult *result,
                        gpointer      source_object,
                        gpointer      source_tag)
{
  return g_task_is_valid (result, source_object) && g_task_get_source_tag (G_TASK (result)) == source_tag;
}

const char *
aiodrive_task_describe (GTask *task)
{
  const char *name = g_task_get_name (task);

  return name != NULL ? name : "(unnamed)";
}

/* A returned result stays, even if the cancellable is cancelled before a caller unwraps it. */
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
  aiodrive_task_return_value (task, &value);
}

/* Returns a task of ours with a GValue, and stores that it holds one, because GTask cannot tell. */
void
aiodrive_task_return_value (GTask  *task,
                            GValue *value)
{
  AiodriveTaskRecord *self = aiodrive_task_record_peek (task);

  if (self != NULL)
    self->has_value = TRUE;
  g_task_return_value (task, value);
}

gboolean
aiodrive_task_record_has_value (AiodriveTaskRecord *self)
{
  return self->has_value;
}

void
aiodrive_task_record_post (AiodriveTaskRecord  *self,
                           AiodriveDispatcher  *dispatcher,
                           void               (*run) (AiodriveWorkItem *work))
{
  g_object_ref (self->task);
  self->work.run = run;
  aiodrive_dispatcher_post (dispatcher, &self->work);
}

/* Returns whether the waiter reports that its callback has run: all do, except those that run at once, with the monitor
 * locked. */
static gboolean
calls_back (AiodriveWaiter *waiter)
{
  return waiter->dispatcher != NULL;
}

static guint
count_callbacks (AiodriveTaskRecord *self)
{
  guint n = 0;

  for (AiodriveWaiter *waiter = self->waiters.first; waiter != NULL; waiter = aiodrive_waiter_get_next (waiter))
    n += calls_back (waiter);
  return n;
}

/* Wakes the waiters. The caller holds a reference on the task, so the references for the weak waiters are not its
 * first. */
static void
set_ended (AiodriveTaskRecord *self)
{
  aiodrive_monitor_lock (&self->monitor);
  self->state = AIODRIVE_TASK_ENDED;
  for (; self->n_weak > 0; self->n_weak--)
    g_object_ref (self->task);
  if (self->job_data_destroy != NULL)
    g_atomic_int_set (&self->n_callbacks, 1 + count_callbacks (self) + self->primed);
  aiodrive_wait_queue_wake_all (&self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);

  aiodrive_task_record_called_back (self);
}

/* Moves the error out of the task; called with the monitor locked. A task that is awaited here must be unwrapped here.
 * If a caller broke that rule and took the error first, GLib logs it, and we continue with an error of our own. */
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
 * Foreign tasks: read in their own context, and watched through notify::completed.
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

/* Called in the context of the task. */
static void
look (AiodriveTaskRecord *self)
{
  if (g_task_get_completed (self->task))
    conclude (self);
  else
    g_signal_connect (self->task, "notify::completed", G_CALLBACK (on_completed), self);
}

static void
look_from_its_context (AiodriveWorkItem *work)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (work, AiodriveTaskRecord, work);
  g_autoptr(GTask) task = self->task;

  look (self);
}

/* Tasks that are dropped before they are returned: their job has lost them, and a group or an executor would wait for
 * such a task for ever. So neither keeps a reference. The dispose of the task revives it, and it then fails in its own
 * context as any other task. (/aiodrive/group/task-group/dropped-by-job) */

static gboolean revive (AiodriveTaskRecord *self);

static void
on_foreign_disposed (gpointer  task_record,
                     GObject  *task)
{
  revive (task_record);
}

/* For a foreign task; the scope of a task of ours reports its dispose. The caller holds a reference on the task. */
static void
watch_dispose (AiodriveTaskRecord *self)
{
  g_object_weak_ref (G_OBJECT (self->task), on_foreign_disposed, self);
}

/* Connects the handlers again that dispose has disconnected. */
static void
fail (AiodriveWorkItem *work)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (work, AiodriveTaskRecord, work);
  g_autoptr(GTask) task = self->task;

  if (self->is_own)
    {
      aiodrive_cancel_scope_renew_task (AIODRIVE_CANCEL_SCOPE (g_task_get_cancellable (task)));
    }
  else
    {
      watch_dispose (self);
      look (self);
    }
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "Task %s was dropped before it was returned",
                           aiodrive_task_describe (task));
}

static void
on_revived (GTask      *task,
            GParamSpec *pspec,
            gpointer    task_record)
{
  AiodriveTaskRecord *self = task_record;

  g_signal_handlers_disconnect_by_func (task, on_revived, self);
  self->work.run = fail;
  aiodrive_dispatcher_post (aiodrive_dispatcher_get_for_context (g_task_get_context (task)), &self->work);
}

/* Called in the dispose of the task. Returns TRUE if the task has waiters and is revived, with a reference that fail()
 * drops.
 *
 * The notification is frozen in dispose, and is emitted when g_object_unref() is about to return. Before GLib 2.80 no
 * other thread may drop the last reference until then. */
static gboolean
revive (AiodriveTaskRecord *self)
{
  gboolean awaited;

  aiodrive_monitor_lock (&self->monitor);
  awaited = self->state == AIODRIVE_TASK_PENDING && self->n_weak > 0;
  aiodrive_monitor_unlock (&self->monitor);
  if (!awaited)
    return FALSE;

  g_object_ref (self->task);
  g_signal_connect (self->task, "notify::completed", G_CALLBACK (on_revived), self);
  g_object_notify (G_OBJECT (self->task), "completed");
  return TRUE;
}

/*
 * Records
 */

/* Returns whether this thread runs the callbacks of the task: then no other thread touches the task until
 * leave_context(). */
static gboolean
enter_context (GTask *task)
{
  return aiodrive_main_context_enter (g_task_get_context (task), FALSE);
}

static void
leave_context (GTask *task)
{
  aiodrive_main_context_leave (g_task_get_context (task));
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
    aiodrive_task_record_post (self, aiodrive_dispatcher_get_for_context (g_task_get_context (task)),
                               look_from_its_context);
  return self;
}

/* Returns whether the task is known to have completed. Creates no record. */
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

/* Returns whether the outcome can be read: the task has completed, or was returned in this very context. */
gboolean
aiodrive_task_record_is_known (AiodriveTaskRecord *self)
{
  AiodriveTaskRecordState state;

  aiodrive_monitor_lock (&self->monitor);
  state = self->state;
  aiodrive_monitor_unlock (&self->monitor);

  if (state == AIODRIVE_TASK_RETURNED && enter_context (self->task))
    {
      leave_context (self->task);
      return TRUE;
    }
  return state == AIODRIVE_TASK_ENDED;
}

void
aiodrive_task_record_set_awaited (AiodriveTaskRecord *self)
{
  aiodrive_monitor_lock (&self->monitor);
  self->awaited = TRUE;
  aiodrive_monitor_unlock (&self->monitor);
}

/* Counts a waiter that came after the others were woken; called with the monitor locked. */
static void
count_late_callback (AiodriveTaskRecord *self)
{
  if (self->n_callbacks > 0)
    g_atomic_int_inc (&self->n_callbacks);
}

/* Called with the monitor locked. Returns FALSE if the task has completed, and @waiter will run soon. */
static gboolean
add_waiter (AiodriveTaskRecord *self,
            AiodriveWaiter     *waiter)
{
  self->awaited = TRUE;
  if (self->state != AIODRIVE_TASK_ENDED)
    {
      aiodrive_wait_queue_add (&self->waiters, waiter);
      return TRUE;
    }

  if (calls_back (waiter))
    count_late_callback (self);
  aiodrive_waiter_run_soon (waiter, &self->monitor);
  return FALSE;
}

/* Runs @waiter once the task has completed; it cannot be removed. A waiter with a dispatcher must call
 * aiodrive_task_record_called_back() when the user's callback has returned. */
void
aiodrive_task_record_watch (AiodriveTaskRecord *self,
                            AiodriveWaiter     *waiter)
{
  aiodrive_monitor_lock (&self->monitor);
  add_waiter (self, waiter);
  aiodrive_monitor_unlock (&self->monitor);
}

/* The same for a waiter that does not keep the task alive: if its last reference is dropped, the task fails. The waiter
 * gets a reference when it runs. Until then the task exists; see revive(). */
void
aiodrive_task_record_watch_weakly (AiodriveTaskRecord *self,
                                   AiodriveWaiter     *waiter)
{
  g_autoptr(GTask) task = g_object_ref (self->task);
  gboolean is_first = FALSE;

  aiodrive_monitor_lock (&self->monitor);
  if (add_waiter (self, waiter))
    is_first = self->n_weak++ == 0;
  else
    g_steal_pointer (&task);
  aiodrive_monitor_unlock (&self->monitor);

  if (is_first && !self->is_own)
    watch_dispose (self);
}

/* A granted wait must call aiodrive_task_record_called_back() when its callback has returned. */
void
aiodrive_task_record_wait (AiodriveTaskRecord *self,
                           AiodriveWait       *wait,
                           gpointer            granted)
{
  g_autoptr(GTask) kept = g_object_ref (self->task);

  aiodrive_monitor_lock (&self->monitor);
  self->awaited = TRUE;
  if (self->state == AIODRIVE_TASK_ENDED)
    {
      count_late_callback (self);
      aiodrive_wait_grant (wait, granted, &self->monitor);
    }
  else
    aiodrive_wait_park (wait, &self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/* Waits until the task has completed: suspends the current fiber, or blocks the thread. Returns FALSE if the wait was
 * cancelled. */
gboolean
aiodrive_task_record_block (AiodriveTaskRecord  *self,
                            GCancellable        *cancellable,
                            GError             **error)
{
  g_autoptr(GTask) kept = g_object_ref (self->task);
  gboolean suspends = aiodrive_stack_can_suspend ();   /* then the wait has a dispatcher, and counts */

  aiodrive_checkpoint (NULL, NULL);
  aiodrive_monitor_lock (&self->monitor);
  self->awaited = TRUE;
  if (self->state == AIODRIVE_TASK_ENDED)
    {
      aiodrive_monitor_unlock (&self->monitor);
      return TRUE;
    }

  if (!aiodrive_wait_queue_wait_blocking (&self->waiters, &self->monitor, cancellable, NULL, NULL, error))
    return FALSE;
  if (suspends)
    aiodrive_task_record_called_back (self);
  return TRUE;
}

/* Returns NULL if it succeeded. */
GError *
aiodrive_task_record_copy_error (AiodriveTaskRecord *self)
{
  const GError *error;

  aiodrive_monitor_lock (&self->monitor);
  self->awaited = TRUE;
  take_error (self);
  error = self->error;   /* it lives as long as the task, on which the caller has a reference */
  aiodrive_monitor_unlock (&self->monitor);

  return error != NULL ? g_error_copy (error) : NULL;   /* the functions of the error's domain are foreign code */
}

/* For a finish function that has unwrapped the task itself: takes the error, returns it, and keeps the parts of a
 * combined one for aiodrive_task_dup_errors(). */
void
aiodrive_task_pass_error (GTask   *task,
                          GError  *failure,
                          GError **error)
{
  if (aiodrive_error_get_errors (failure) != NULL && aiodrive_task_record_peek (task) == NULL)
    {
      AiodriveTaskRecord *self = record_new (task);

      self->state = AIODRIVE_TASK_ENDED;
      self->failed = self->awaited = TRUE;
      self->error = g_error_copy (failure);
      g_object_set_qdata_full (G_OBJECT (task), record_quark (), self, record_free);
    }
  g_propagate_error (error, failure);
}

/* Returns FALSE if the value was already taken through this library. */
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

/* Undoes taking the value. */
void
aiodrive_task_record_leave_value (AiodriveTaskRecord *self)
{
  aiodrive_monitor_lock (&self->monitor);
  self->taken = FALSE;
  aiodrive_monitor_unlock (&self->monitor);
}

/*
 * Tasks of ours: their callback is ours, and announces the completion; their record is in their scope.
 */

static void
announce (AiodriveWorkItem *work)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (work, AiodriveTaskRecord, work);
  g_autoptr(GTask) task = self->task;

  set_ended (self);
}

/* Called in the context of a task whose outcome is known. Returns whether the completion is still to be announced. In
 * the callback of the task the announcement is not posted yet. */
gboolean
aiodrive_task_record_is_ending (AiodriveTaskRecord *self)
{
  gboolean ended;

  aiodrive_monitor_lock (&self->monitor);
  ended = self->state == AIODRIVE_TASK_ENDED;
  aiodrive_monitor_unlock (&self->monitor);

  return !ended && self->work.run == announce;
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
  self->state = AIODRIVE_TASK_RETURNED;
  self->failed = failed;
  self->awaited |= failed && is_watched_with_a_signal (self->task);
  aiodrive_monitor_unlock (&self->monitor);

  if (self->callback != NULL)
    self->callback (source_object, result, self->callback_data);

  /* Not now, because GTask sets the completion flag after this. Nor before the callback, which may run a main loop. */
  g_object_ref (self->task);
  self->work.run = announce;
  aiodrive_dispatcher_post_next (aiodrive_dispatcher_get_thread_default (), &self->work);
}

/* Returns FALSE if the task is revived. */
static gboolean
on_disposed (GTask    *task,
             gpointer  task_record)
{
  AiodriveTaskRecord *self = task_record;

  if (revive (self))
    return FALSE;
  if (self->state == AIODRIVE_TASK_PENDING)
    g_warning ("Task %s was dropped before it was returned", aiodrive_task_describe (task));

  if (self->state == AIODRIVE_TASK_ENDED && self->failed && !self->awaited)
    {
      take_error (self);
      if (!aiodrive_error_is_cancelled (self->error))
        g_warning ("Task %s failed and nobody awaited it: %s", aiodrive_task_describe (task), self->error->message);
    }

  /* The scope, and with it the record, may outlive the task. */
  aiodrive_task_record_release_job_data (self);
  g_clear_error (&self->error);
  aiodrive_release_object (g_steal_pointer (&self->leaf));
  return TRUE;
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
  self->is_own = TRUE;
  self->callback = callback;
  self->callback_data = user_data;
  aiodrive_cancel_scope_set_task (scope, self->task, self, on_disposed, record_free);

  return self->task;
}
