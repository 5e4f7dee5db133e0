/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/as-completed.h"

#include "aiodrive/core/error-private.h"
#include "aiodrive/stream/results-private.h"
#include "aiodrive/task/combinator-private.h"
#include "aiodrive/task/gather.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

/* The tasks are the children of a combinator, a run, which gives each away when it has ended. It refuses what a
 * combinator refuses, is cancelled as one, and ends last: closing the iterator is to cancel it and to wait for it. A
 * task that is added later is a run of its own. Iterator and runs share a state, for either may be gone before the
 * other.
 *
 * The iteration ends when a call waits and nothing runs; not before, so that the receiver of the last task can add
 * another one. (/aiodrive/stream/as-completed/add-after-last) */

typedef struct
{
  AiodriveResults  results;    /* of tasks */
  GMutex           lock;
  AiodriveFailures failures;   /* guarded by lock, as is the rest: of the tasks that are given to nobody */
  guint            n_tasks;
  GHashTable      *runs;       /* owned: the tasks, owned, of the combinators that have not ended */
  GHashTable      *seen;       /* owned: the cancellables, unowned, of the tasks that have not ended */
  gboolean         ended;      /* nothing can be added any more */
} State;

typedef struct
{
  AiodriveCombinator  parent;   /* first */
  State              *state;    /* owned until all have completed */
} Run;

#define AIODRIVE_TYPE_AS_COMPLETED_ITERATOR (aiodrive_as_completed_iterator_get_type ())
G_DECLARE_FINAL_TYPE (AiodriveAsCompletedIterator, aiodrive_as_completed_iterator,
                      AIODRIVE, AS_COMPLETED_ITERATOR, GObject)

struct _AiodriveAsCompletedIterator
{
  GObject       parent_instance;

  State        *state;    /* owned; set once, as are the next ones */
  GCancellable *parent;   /* owned, nullable */
  GTask        *run;      /* owned: the first one */
  gint          closed;   /* atomic */
};

static void async_iterator_init (AiodriveAsyncIteratorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (AiodriveAsCompletedIterator, aiodrive_as_completed_iterator, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_ASYNC_ITERATOR, async_iterator_init))

/* Returns the combined error of undelivered tasks; a cancelled task does not count. */
static GError *
steal_failure (State *self)
{
  g_autoptr(GError) error = aiodrive_results_steal_failure (&self->results);

  if (error == NULL)
    {
      AiodriveFailures failures;

      g_mutex_lock (&self->lock);
      failures = self->failures;
      self->failures = (AiodriveFailures) { NULL };
      g_mutex_unlock (&self->lock);
      error = aiodrive_failures_sum_up (&failures, self->n_tasks);
    }
  return aiodrive_error_is_cancelled (error) ? NULL : g_steal_pointer (&error);
}

static void
state_clear (gpointer data)
{
  State *self = data;
  g_autoptr(GError) error = steal_failure (self);

  if (error != NULL)
    g_warning ("Tasks of aiodrive_as_completed() failed and nobody awaited them: %s", error->message);
  aiodrive_results_clear (&self->results);
  g_hash_table_unref (self->runs);
  g_hash_table_unref (self->seen);
  g_mutex_clear (&self->lock);
}

static void
state_unref (State *self)
{
  g_atomic_rc_box_release_full (self, state_clear);
}

/* Counts @task as undelivered. */
static void
keep_failure (State *self,
              GTask *task)
{
  GError *error = aiodrive_task_dup_error (task);

  g_mutex_lock (&self->lock);
  aiodrive_failures_add (&self->failures, error, g_task_get_name (task));
  g_mutex_unlock (&self->lock);
}

/* Ends the iteration if a call waits and nothing runs. */
static void
end_if_done (State *self)
{
  gboolean done;

  g_mutex_lock (&self->lock);
  done = g_hash_table_size (self->runs) == 0 && aiodrive_results_has_waiters (&self->results);
  self->ended |= done;
  g_mutex_unlock (&self->lock);

  if (done)
    aiodrive_results_end (&self->results, NULL);
}

/* Ends the delivery of tasks. */
static void
stop_giving (State *self)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  g_mutex_unlock (&self->lock);

  aiodrive_results_end (&self->results, NULL);
  while (aiodrive_queue_try_get (self->results.queue, &value, NULL))
    {
      keep_failure (self, g_value_get_object (&value));
      g_value_unset (&value);
    }
}

/*
 * The combinator
 */

static gboolean
give (AiodriveCombinator *combinator,
      guint               index)
{
  State *state = ((Run *) combinator)->state;
  GTask *task = aiodrive_combinator_get_child (combinator, index);
  g_auto(GValue) value = G_VALUE_INIT;

  g_mutex_lock (&state->lock);
  g_hash_table_remove (state->seen, g_task_get_cancellable (task));
  g_mutex_unlock (&state->lock);

  g_value_init (&value, G_TYPE_TASK);
  g_value_set_object (&value, task);
  if (!aiodrive_results_add (&state->results, &value))
    keep_failure (state, task);
  return FALSE;
}

/* The outcome of a task belongs to its receiver. */
static GError *
outcome (AiodriveCombinator *combinator)
{
  return NULL;
}

static void
on_all_ended (GObject      *source_object,
              GAsyncResult *result,
              gpointer      user_data)
{
  State *state = user_data;
  GError *refusal = aiodrive_task_dup_error (G_TASK (result));   /* there is no other error */
  gpointer run = NULL;

  g_mutex_lock (&state->lock);
  g_hash_table_steal_extended (state->runs, result, &run, NULL);
  state->ended |= refusal != NULL;
  g_mutex_unlock (&state->lock);

  if (refusal != NULL)
    aiodrive_results_end (&state->results, refusal);
  else
    end_if_done (state);
  g_object_unref (run);
  state_unref (state);
}

static const AiodriveCombinatorClass as_completed_class =
{
  .size = sizeof (Run),
  .child_ended = give,
  .all_ended = outcome,
};

/* A new run, to be started; with the lock held. */
static AiodriveCombinator *
run_new (State        *state,
         GCancellable *parent)
{
  AiodriveCombinator *combinator = aiodrive_combinator_new (&as_completed_class, parent, on_all_ended,
                                                            g_atomic_rc_box_acquire (state), aiodrive_as_completed);

  ((Run *) combinator)->state = state;
  g_hash_table_add (state->runs, g_object_ref (combinator->task));
  return combinator;
}

/*
 * The iterator
 */

static void
return_next (AiodriveWait *wait,
             gpointer      item)
{
  AiodriveAsCompletedIterator *self = aiodrive_wait_get_source_object (wait);

  aiodrive_results_return (&self->state->results, wait, item);
}

static void
aiodrive_as_completed_iterator_next_async (AiodriveAsyncIterator *iterator,
                                           GCancellable          *cancellable,
                                           GAsyncReadyCallback    callback,
                                           gpointer               user_data)
{
  g_autoptr(AiodriveAsCompletedIterator) self = AIODRIVE_AS_COMPLETED_ITERATOR (g_object_ref (iterator));

  aiodrive_results_next_async (&self->state->results, self, return_next, cancellable, callback, user_data);
  end_if_done (self->state);
}

static gboolean
aiodrive_as_completed_iterator_next_finish (AiodriveAsyncIterator  *iterator,
                                            GAsyncResult           *result,
                                            GValue                 *value,
                                            GError                **error)
{
  return aiodrive_results_next_finish (iterator, result, value, error);
}

/* Copies the runs that have not ended. */
static GPtrArray *
get_runs (State *self)
{
  GPtrArray *runs = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer run;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->runs);
  while (g_hash_table_iter_next (&iter, &run, NULL))
    g_ptr_array_add (runs, g_object_ref (run));
  g_mutex_unlock (&self->lock);

  return runs;
}

/* Returns a task that ends when all runs have ended. As a rule there is one, the first. */
static GTask *
cancel_runs (AiodriveAsCompletedIterator *self)
{
  g_autoptr(GPtrArray) runs = get_runs (self->state);

  for (guint i = 0; i < runs->len; i++)
    g_cancellable_cancel (g_task_get_cancellable (runs->pdata[i]));
  if (runs->len == 0 || (runs->len == 1 && runs->pdata[0] == self->run))
    return g_object_ref (self->run);
  return aiodrive_wait_all ((GTask **) runs->pdata, runs->len, NULL);
}

/* What nobody would hear of stays, and is warned about. */
static void
return_closed (AiodriveWait *wait,
               gpointer      granted)
{
  AiodriveAsCompletedIterator *self = aiodrive_wait_get_source_object (wait);
  g_autoptr(GTask) runs = granted;
  GError *error = aiodrive_wait_has_callback (wait) ? steal_failure (self->state) : NULL;

  if (error != NULL)
    aiodrive_wait_return_error (wait, error);
  else
    aiodrive_wait_return_boolean (wait, TRUE);
  aiodrive_task_record_called_back (aiodrive_task_record_get (runs));
}

static void
aiodrive_as_completed_iterator_close_async (AiodriveAsyncIterator *iterator,
                                            GCancellable          *cancellable,
                                            GAsyncReadyCallback    callback,
                                            gpointer               user_data)
{
  g_autoptr(AiodriveAsCompletedIterator) self = AIODRIVE_AS_COMPLETED_ITERATOR (g_object_ref (iterator));
  AiodriveWait *wait = aiodrive_wait_new (self, cancellable, callback, user_data,
                                          aiodrive_as_completed_iterator_close_async, return_closed);
  g_autoptr(GTask) runs = NULL;

  g_atomic_int_set (&self->closed, TRUE);
  stop_giving (self->state);
  runs = cancel_runs (self);
  if (wait == NULL)
    return;

  aiodrive_wait_set_request (wait, g_object_ref (runs), g_object_unref);
  aiodrive_task_record_wait (aiodrive_task_record_get (runs), wait, runs);
}

static gboolean
aiodrive_as_completed_iterator_close_finish (AiodriveAsyncIterator  *iterator,
                                             GAsyncResult           *result,
                                             GError                **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, iterator, aiodrive_as_completed_iterator_close_async), FALSE);

  return aiodrive_wait_propagate_boolean (result, error);
}

static void
async_iterator_init (AiodriveAsyncIteratorInterface *iface)
{
  iface->next_async = aiodrive_as_completed_iterator_next_async;
  iface->next_finish = aiodrive_as_completed_iterator_next_finish;
  iface->close_async = aiodrive_as_completed_iterator_close_async;
  iface->close_finish = aiodrive_as_completed_iterator_close_finish;
}

typedef struct
{
  AiodriveWorkItem work;    /* first; runs in the context of the tasks */
  GTask           *run;     /* owned */
} Drop;

static void
drop (AiodriveWorkItem *work)
{
  Drop *self = (Drop *) work;
  g_autoptr(GTask) run = self->run;
  AiodriveCombinator *combinator = g_task_get_task_data (run);
  g_autoptr(GString) names = g_string_new (NULL);

  g_free (self);
  for (guint i = 0; i < combinator->n_children; i++)
    {
      GTask *task = aiodrive_combinator_get_child (combinator, i);

      if (!aiodrive_task_has_ended (task))
        g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", aiodrive_task_describe (task));
    }
  if (names->len == 0)
    return;

  g_warning ("The iterator of aiodrive_as_completed() was dropped while tasks ran: %s", names->str);
  g_cancellable_cancel (g_task_get_cancellable (run));
}

static void
post_drop (gpointer run,
           gpointer user_data)
{
  AiodriveDispatcher *dispatcher = ((AiodriveCombinator *) g_task_get_task_data (run))->dispatcher;
  Drop *dropped = g_new0 (Drop, 1);

  dropped->work.run = drop;
  dropped->run = g_object_ref (run);
  aiodrive_dispatcher_post (dispatcher, &dropped->work);
}

static void
aiodrive_as_completed_iterator_finalize (GObject *object)
{
  AiodriveAsCompletedIterator *self = AIODRIVE_AS_COMPLETED_ITERATOR (object);

  g_autoptr(GPtrArray) runs = get_runs (self->state);

  if (!g_atomic_int_get (&self->closed))
    g_ptr_array_foreach (runs, post_drop, NULL);
  stop_giving (self->state);
  state_unref (self->state);
  g_clear_object (&self->parent);
  g_object_unref (self->run);

  G_OBJECT_CLASS (aiodrive_as_completed_iterator_parent_class)->finalize (object);
}

static void
aiodrive_as_completed_iterator_class_init (AiodriveAsCompletedIteratorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_as_completed_iterator_finalize;
}

static void
aiodrive_as_completed_iterator_init (AiodriveAsCompletedIterator *self)
{
  self->state = g_atomic_rc_box_new0 (State);
  aiodrive_results_init (&self->state->results);
  g_mutex_init (&self->state->lock);
  self->state->runs = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  self->state->seen = g_hash_table_new (NULL, NULL);
}

/**
 * aiodrive_as_completed:
 * @tasks: (array length=n_tasks) (nullable): the tasks
 * @n_tasks: the length of @tasks
 * @parent: (nullable): cancels the tasks
 *
 * Delivers the tasks in the order of their completion; tasks that have already completed come first, in their order in
 * @tasks. An item is a #GTask: unwrap it with aiodrive_task_propagate(), or with aiodrive_task_get_leaf() and the
 * function that fits its job. The error of a failed task is reported there.
 *
 * Use aiodrive_try_all() to get all results together, and aiodrive_map() to limit how many tasks run at the same time.
 *
 * The iteration ends when a call waits for the next task and all have been given. Until then
 * aiodrive_as_completed_add() adds another one.
 *
 * Any number of parties may wait for the next task at once. A cancelled wait fails with %G_IO_ERROR_CANCELLED and
 * cancels no task; its task goes to the next waiter, as does a task granted to a wait whose result is dropped. If
 * @parent is cancelled the tasks are cancelled too, and are delivered as they complete.
 *
 * Closing the iterator ends the waits, cancels the tasks that still run, and waits for them. It fails with the real
 * errors of the undelivered tasks: a single one unchanged, several as %AIODRIVE_ERROR_MULTIPLE. An iterator that is
 * dropped while tasks run logs a warning and cancels them.
 *
 * If a task cannot be cancelled on its own, the first wait fails with %G_IO_ERROR_INVALID_ARGUMENT, and nothing is
 * cancelled. The iterator belongs to the current thread-default main context; the callback of a waiter runs in the
 * waiter's own context.
 *
 * Returns: (transfer full): a new iterator
 *
 * Since: 1.0
 */
AiodriveAsyncIterator *
aiodrive_as_completed (GTask        **tasks,
                       gsize          n_tasks,
                       GCancellable  *parent)
{
  AiodriveAsCompletedIterator *self;
  AiodriveCombinator *combinator;
  State *state;

  g_return_val_if_fail (tasks != NULL || n_tasks == 0, NULL);
  g_return_val_if_fail (n_tasks < G_MAXINT, NULL);
  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);

  self = g_object_new (AIODRIVE_TYPE_AS_COMPLETED_ITERATOR, NULL);
  state = self->state;
  state->n_tasks = n_tasks;
  for (gsize i = 0; i < n_tasks; i++)
    if (G_IS_TASK (tasks[i]) && g_task_get_cancellable (tasks[i]) != NULL)
      g_hash_table_add (state->seen, g_task_get_cancellable (tasks[i]));
  g_set_object (&self->parent, parent);
  combinator = run_new (state, parent);
  self->run = g_object_ref (combinator->task);
  aiodrive_combinator_start_async (combinator, tasks, n_tasks);

  return AIODRIVE_ASYNC_ITERATOR (self);
}

/**
 * aiodrive_as_completed_add:
 * @iterator: an iterator of aiodrive_as_completed()
 * @task: a task
 * @error: return location for an error
 *
 * Adds a task to an iteration that runs: a job that was found meanwhile, or the next one of a hedged request. It is
 * given when it has ended, and is cancelled and awaited with the others. Any thread may add one; what is given in reply
 * to the last task comes in time, for the iteration ends only when the next one is waited for.
 *
 * It fails with %G_IO_ERROR_CLOSED if the iteration has ended or was closed, and with %G_IO_ERROR_INVALID_ARGUMENT if
 * @task is in it already or could not be cancelled alone, or if @iterator is another one. @task is left alone then.
 *
 * Returns: %TRUE if @task was added; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_as_completed_add (AiodriveAsyncIterator  *iterator,
                           GTask                  *task,
                           GError                **error)
{
  AiodriveCombinator *combinator = NULL;
  AiodriveAsCompletedIterator *self;
  GError *refusal = NULL;
  State *state;

  g_return_val_if_fail (AIODRIVE_IS_ASYNC_ITERATOR (iterator), FALSE);
  g_return_val_if_fail (G_IS_TASK (task), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!AIODRIVE_IS_AS_COMPLETED_ITERATOR (iterator))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "A %s takes no tasks",
                   G_OBJECT_TYPE_NAME (iterator));
      return FALSE;
    }

  self = AIODRIVE_AS_COMPLETED_ITERATOR (iterator);
  state = self->state;
  g_mutex_lock (&state->lock);
  if (state->ended)
    refusal = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "The iteration has ended");
  else
    refusal = aiodrive_combinator_refuse (&as_completed_class, task, self->parent, state->seen);
  if (refusal == NULL)
    {
      state->n_tasks++;
      combinator = run_new (state, self->parent);
    }
  g_mutex_unlock (&state->lock);

  if (refusal != NULL)
    {
      g_propagate_error (error, refusal);
      return FALSE;
    }
  aiodrive_combinator_start_async (combinator, &task, 1);
  return TRUE;
}
