/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/as-completed.h"

#include "aiodrive/core/error-private.h"
#include "aiodrive/stream/results-private.h"
#include "aiodrive/task/combinator-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

/* The tasks are the children of a combinator, which gives each away when it has ended. It refuses what a combinator
 * refuses, is cancelled as one, and ends last: closing the iterator is to cancel it and to wait for it. The two share
 * a state, for either may be gone before the other. */

typedef struct
{
  AiodriveResults  results;    /* of tasks */
  GMutex           lock;
  AiodriveFailures failures;   /* guarded by lock: of the tasks that are given to nobody */
  guint            n_tasks;    /* set once */
} State;

typedef struct
{
  AiodriveCombinator  parent;   /* first */
  State              *state;    /* owned until all have ended */
} Run;

#define AIODRIVE_TYPE_AS_COMPLETED_ITERATOR (aiodrive_as_completed_iterator_get_type ())
G_DECLARE_FINAL_TYPE (AiodriveAsCompletedIterator, aiodrive_as_completed_iterator,
                      AIODRIVE, AS_COMPLETED_ITERATOR, GObject)

struct _AiodriveAsCompletedIterator
{
  GObject  parent_instance;

  State   *state;    /* owned; set once, as is the next */
  GTask   *run;      /* owned: the task of the combinator */
  gint     closed;   /* atomic */
};

static void async_iterator_init (AiodriveAsyncIteratorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (AiodriveAsCompletedIterator, aiodrive_as_completed_iterator, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_ASYNC_ITERATOR, async_iterator_init))

/* What went wrong and was given to nobody; that something was cancelled does not count. */
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
  g_mutex_clear (&self->lock);
}

static void
state_unref (State *self)
{
  g_atomic_rc_box_release_full (self, state_clear);
}

/* Nobody will be given @task. */
static void
keep_failure (State *self,
              GTask *task)
{
  GError *error = aiodrive_task_get_error (task);

  g_mutex_lock (&self->lock);
  aiodrive_failures_add (&self->failures, error, g_task_get_name (task));
  g_mutex_unlock (&self->lock);
}

/* Nobody will be given any more tasks. */
static void
stop_giving (State *self)
{
  g_auto(GValue) value = G_VALUE_INIT;

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

  g_value_init (&value, G_TYPE_TASK);
  g_value_set_object (&value, task);
  if (!aiodrive_results_add (&state->results, &value))
    keep_failure (state, task);
  return FALSE;
}

/* How the tasks ended is for those who get them. */
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

  /* the only error is that they were not acceptable */
  aiodrive_results_end (&state->results, aiodrive_task_get_error (G_TASK (result)));
  state_unref (state);
}

static const AiodriveCombinatorClass as_completed_class =
{
  .size = sizeof (Run),
  .child_ended = give,
  .all_ended = outcome,
};

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
  AiodriveAsCompletedIterator *self = AIODRIVE_AS_COMPLETED_ITERATOR (iterator);

  aiodrive_results_next_async (&self->state->results, self, return_next, cancellable, callback, user_data);
}

static gboolean
aiodrive_as_completed_iterator_next_finish (AiodriveAsyncIterator  *iterator,
                                            GAsyncResult           *result,
                                            GValue                 *value,
                                            GError                **error)
{
  return aiodrive_results_next_finish (iterator, result, value, error);
}

/* What nobody would hear of stays, and is warned about. */
static void
return_closed (AiodriveWait *wait,
               gpointer      granted)
{
  AiodriveAsCompletedIterator *self = aiodrive_wait_get_source_object (wait);
  g_autoptr(GTask) run = g_object_ref (self->run);
  GError *error = aiodrive_wait_has_callback (wait) ? steal_failure (self->state) : NULL;

  if (error != NULL)
    aiodrive_wait_return_error (wait, error);
  else
    aiodrive_wait_return_boolean (wait, TRUE);
  aiodrive_task_record_called_back (aiodrive_task_record_get (run));
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

  g_atomic_int_set (&self->closed, TRUE);
  stop_giving (self->state);
  g_cancellable_cancel (g_task_get_cancellable (self->run));
  if (wait != NULL)
    aiodrive_task_record_wait (aiodrive_task_record_get (self->run), wait, NULL);
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
  AiodriveWorkItem work;    /* first; run in the context of the tasks */
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
aiodrive_as_completed_iterator_finalize (GObject *object)
{
  AiodriveAsCompletedIterator *self = AIODRIVE_AS_COMPLETED_ITERATOR (object);

  stop_giving (self->state);
  state_unref (self->state);
  if (!g_atomic_int_get (&self->closed) && !aiodrive_task_has_ended (self->run))
    {
      AiodriveDispatcher *dispatcher = ((AiodriveCombinator *) g_task_get_task_data (self->run))->dispatcher;
      Drop *dropped = g_new0 (Drop, 1);

      dropped->work.run = drop;
      dropped->run = g_object_ref (self->run);
      aiodrive_dispatcher_post (dispatcher, &dropped->work);
    }
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
}

/**
 * aiodrive_as_completed:
 * @tasks: (array length=n_tasks) (nullable): the tasks
 * @n_tasks: the length of @tasks
 * @parent: (nullable): cancels the tasks
 *
 * Gives the tasks one after the other, each when it has ended, in whatever way; tasks that have ended already come
 * first, in their order in @tasks. An item is a #GTask, to be unwrapped with aiodrive_task_propagate(), or with
 * aiodrive_task_get_leaf() and what fits its job: the error of a task that failed is found there.
 *
 * Use aiodrive_try_all() where all are needed together, and aiodrive_map() to start no more tasks than can be coped
 * with.
 *
 * Any number of parties may wait for the next task at once. A wait that is cancelled ends with %G_IO_ERROR_CANCELLED
 * and cancels no task; what it would have got goes to the next, as does a task that was granted to a wait whose result
 * is dropped. If @parent is cancelled the tasks are cancelled too, and are given as they end.
 *
 * Closing the iterator ends the waits, cancels the tasks that still run, and waits for them; it fails with the real
 * errors of the tasks that were given to nobody, one as it is, several as %AIODRIVE_ERROR_MULTIPLE. An iterator that
 * is dropped while tasks run warns about that, and cancels them.
 *
 * With a task that cannot be cancelled on its own the first wait fails with %G_IO_ERROR_INVALID_ARGUMENT, and nothing
 * is cancelled. The iterator belongs to the main context that is thread-default now; a waiter in another one is called
 * back there.
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
  state = g_atomic_rc_box_acquire (self->state);
  state->n_tasks = n_tasks;
  combinator = aiodrive_combinator_new (&as_completed_class, parent, on_all_ended, state, aiodrive_as_completed);
  ((Run *) combinator)->state = state;
  self->run = g_object_ref (combinator->task);
  aiodrive_combinator_start_async (combinator, tasks, n_tasks);

  return AIODRIVE_ASYNC_ITERATOR (self);
}
