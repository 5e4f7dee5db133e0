/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/record-parts-private.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/entry-list-private.h"
#include "aiodrive/core/error.h"
#include "aiodrive/core/release-private.h"
#include "aiodrive/core/stack-switch-private.h"

/* What the library knows of a GTask: whether it has ended, who waits for it, and its error once somebody wanted to see
 * it. GTask gives its outcome away once; a record lets any number of parties wait and see the error, and leaves the
 * value where it is for the one who unwraps it.
 *
 * A task of ours has its record in its scope, and its callback is ours. A task of others has it as qdata, and is
 * watched through notify::completed. Either way the end is announced in the context of the task, and after GTask
 * has set its completion flag: before GLib 2.90 that flag shares a bit field with others, and a thread that is
 * woken earlier and unwraps the task would race with it. For the same reason a task of others is
 * looked at from its own context alone. (/aiodrive/task/record/threads, .../foreign-context) */

static G_DEFINE_QUARK (aiodrive-task-record, record)

AiodriveTaskRecord *
aiodrive_task_record_new (GTask *task)
{
  AiodriveTaskRecord *self = g_new0 (AiodriveTaskRecord, 1);

  self->task = task;
  aiodrive_monitor_init (&self->monitor);
  return self;
}

void
aiodrive_task_record_release_job_data (AiodriveTaskRecord *self)
{
  GDestroyNotify destroy = g_steal_pointer (&self->job_data_destroy);

  if (destroy != NULL)
    destroy (self->job_data);
}

void
aiodrive_task_record_free (gpointer data)
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
  aiodrive_task_return_value (task, &value);
}

/* Returns a task of ours with a GValue, and remembers that it is one: GTask does not tell. */
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
                           void               (*run) (AiodriveEntry *entry))
{
  g_object_ref (self->task);
  self->entry.run = run;
  aiodrive_dispatcher_post (dispatcher, &self->entry);
}

/* Those that say when they have called back: all but the ones that are run at once, under the monitor. */
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

/* Wakes the waiters. The caller holds a reference on the task, so that those for the weak waiters are not the first. */
void
aiodrive_task_record_set_ended (AiodriveTaskRecord *self)
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

static void
release_job_data (AiodriveEntry *entry)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (entry, AiodriveTaskRecord, entry);
  g_autoptr(GTask) task = self->task;

  aiodrive_task_record_release_job_data (self);
}

/* No recursion as deep as a nesting of combinators: the data of one is the end of the callbacks of its children, whose
 * data is released in turn. The outermost call in this thread releases all of it. (/aiodrive/task/depth/timeout) */
static void
release_job_data_here (AiodriveTaskRecord *self)
{
  static __thread AiodriveEntryList *pending;   /* owned by the outermost call; NULL outside any */
  AiodriveEntryList here = { NULL };
  AiodriveEntry *entry;

  g_object_ref (self->task);
  if (pending != NULL)
    {
      aiodrive_entry_list_append (pending, &self->entry, &self->entry);
      return;
    }

  pending = &here;
  aiodrive_entry_list_append (&here, &self->entry, &self->entry);
  while ((entry = aiodrive_entry_list_pop (&here)) != NULL)
    release_job_data (entry);
  pending = NULL;
}

/* A waiter that was woken has called back, or, to begin with, all have been woken. After the last one the data of the
 * job is released, in the context of the task: what it holds can be used in the callbacks. The caller holds a reference
 * on the task. (/aiodrive/task/spawn/data-in-callbacks) */
void
aiodrive_task_record_called_back (AiodriveTaskRecord *self)
{
  AiodriveDispatcher *dispatcher;
  gboolean last;

  if (g_atomic_int_get (&self->n_callbacks) == 0)
    return;

  aiodrive_monitor_lock (&self->monitor);
  last = self->n_callbacks > 0 && g_atomic_int_dec_and_test (&self->n_callbacks);
  aiodrive_monitor_unlock (&self->monitor);
  if (!last)
    return;

  dispatcher = aiodrive_dispatcher_get_for_context (g_task_get_context (self->task));
  if (aiodrive_dispatcher_runs_here (dispatcher) && !aiodrive_stack_can_suspend ())   /* not on the stack of a fiber */
    release_job_data_here (self);
  else
    aiodrive_task_record_post (self, dispatcher, release_job_data);
}

/* Moves the error out of the task; under the monitor. Somebody who took it before has broken the rule
 * that a task which is awaited here is unwrapped here: GLib says so, and we go on with an error of our own. */
void
aiodrive_task_record_take_error (AiodriveTaskRecord *self)
{
  if (!self->failed || self->error != NULL)
    return;

  g_task_propagate_pointer (self->task, &self->error);
  if (self->error == NULL)
    g_set_error (&self->error, G_IO_ERROR, G_IO_ERROR_FAILED, "The error of task %s was taken by somebody else",
                 aiodrive_task_describe (self->task));
}

/* Whether this thread is where the task is called back: then nobody touches the task until leave_context(). */
static gboolean
enter_context (GTask *task)
{
  return aiodrive_dispatcher_enter (g_task_get_context (task), FALSE);
}

static void
leave_context (GTask *task)
{
  aiodrive_dispatcher_leave (g_task_get_context (task));
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

  self = aiodrive_task_record_new (task);
  if (!g_object_replace_qdata (G_OBJECT (task), record_quark (), NULL, self, aiodrive_task_record_free, NULL))
    {
      aiodrive_task_record_free (self);   /* another thread was faster */
      return aiodrive_task_record_peek (task);
    }

  if (enter_context (task))
    {
      aiodrive_task_record_look (self);
      leave_context (task);
    }
  else
    aiodrive_task_record_post (self, aiodrive_dispatcher_get_for_context (g_task_get_context (task)),
                               aiodrive_task_record_look_from_its_context);
  return self;
}

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

/* One more waiter has come after the others were woken; under the monitor. */
static void
count_late_callback (AiodriveTaskRecord *self)
{
  if (self->n_callbacks > 0)
    g_atomic_int_inc (&self->n_callbacks);
}

/* Under the monitor. FALSE if the task has ended, and @waiter is run soon. */
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

/* Runs @waiter once the task has ended; it cannot be taken back. One with a dispatcher has to call
 * aiodrive_task_record_called_back() when it has called the user back. */
void
aiodrive_task_record_watch (AiodriveTaskRecord *self,
                            AiodriveWaiter     *waiter)
{
  aiodrive_monitor_lock (&self->monitor);
  add_waiter (self, waiter);
  aiodrive_monitor_unlock (&self->monitor);
}

/* The same for a waiter that does not keep the task: if nobody else does, the task fails. The waiter gets a reference
 * when it is run. Until then the task is there for it; see dropped-task.c. */
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
    aiodrive_task_record_watch_dispose (self);
}

/* The wait has to call aiodrive_task_record_called_back() when it has been granted, and has called back. */
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

/* Blocks until the task has ended; inside a fiber it suspends that. FALSE if the wait was cancelled. */
gboolean
aiodrive_task_record_block (AiodriveTaskRecord  *self,
                            GCancellable        *cancellable,
                            GError             **error)
{
  g_autoptr(GTask) kept = g_object_ref (self->task);
  gboolean suspends = aiodrive_stack_can_suspend ();   /* then the wait has a dispatcher, and is counted */

  aiodrive_checkpoint (NULL, NULL);
  aiodrive_monitor_lock (&self->monitor);
  self->awaited = TRUE;
  if (self->state == AIODRIVE_TASK_ENDED)
    {
      aiodrive_monitor_unlock (&self->monitor);
      return TRUE;
    }

  if (!aiodrive_wait_queue_block (&self->waiters, &self->monitor, cancellable, NULL, NULL, error))
    return FALSE;
  if (suspends)
    aiodrive_task_record_called_back (self);
  return TRUE;
}

/* NULL if it succeeded. */
GError *
aiodrive_task_record_copy_error (AiodriveTaskRecord *self)
{
  const GError *error;

  aiodrive_monitor_lock (&self->monitor);
  self->awaited = TRUE;
  aiodrive_task_record_take_error (self);
  error = self->error;   /* it stays until the task is disposed of, which the caller has */
  aiodrive_monitor_unlock (&self->monitor);

  return error != NULL ? g_error_copy (error) : NULL;   /* the domain of the error may do anything */
}

/* For a finish function that has unwrapped the task itself: gives the error, which it takes, and keeps the parts of one
 * that has several for aiodrive_task_get_errors(). */
void
aiodrive_task_pass_error (GTask   *task,
                          GError  *failure,
                          GError **error)
{
  if (aiodrive_error_get_errors (failure) != NULL && aiodrive_task_record_peek (task) == NULL)
    {
      AiodriveTaskRecord *self = aiodrive_task_record_new (task);

      self->state = AIODRIVE_TASK_ENDED;
      self->failed = self->awaited = TRUE;
      self->error = g_error_copy (failure);
      g_object_set_qdata_full (G_OBJECT (task), record_quark (), self, aiodrive_task_record_free);
    }
  g_propagate_error (error, failure);
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

/* The value was not unwrapped after all. */
void
aiodrive_task_record_leave_value (AiodriveTaskRecord *self)
{
  aiodrive_monitor_lock (&self->monitor);
  self->taken = FALSE;
  aiodrive_monitor_unlock (&self->monitor);
}

/* A chain of any length has one leaf: @leaf has ended, so that its own is known. */
void
aiodrive_task_record_set_leaf (AiodriveTaskRecord *self,
                               GTask              *leaf)
{
  if (aiodrive_task_record_get (leaf)->leaf != NULL)
    leaf = aiodrive_task_record_get (leaf)->leaf;
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

gboolean
aiodrive_task_record_set_progress (AiodriveTaskRecord *self,
                                   double              progress)
{
  gboolean shown_above;

  aiodrive_monitor_lock (&self->monitor);
  self->progress = progress;
  shown_above = self->shown_above;
  aiodrive_wait_queue_wake_all (&self->observers, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);

  return shown_above;
}

/* Whoever sets the progress sees this, or it is seen here. */
double
aiodrive_task_record_show_above (AiodriveTaskRecord *self)
{
  double progress;

  aiodrive_monitor_lock (&self->monitor);
  self->shown_above = TRUE;
  progress = self->progress;
  aiodrive_monitor_unlock (&self->monitor);

  return progress;
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
