/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/timeout.h"

#include "aiodrive/core/error-private.h"
#include "aiodrive/task/combinator-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

typedef struct
{
  AiodriveCombinator parent;   /* first */
  guint              timeout_ms;
  AiodriveTimer      timer;
  gboolean           expired;  /* guarded by the combinator's lock: it expired first */
} Timeout;

static GError *
new_timed_out (void)
{
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "Operation timed out");
}

static void
on_time (AiodriveTimer *timer)
{
  Timeout *self = AIODRIVE_CONTAINER_OF (timer, Timeout, timer);
  g_autoptr(GError) reason = new_timed_out ();
  gboolean in_time = aiodrive_task_has_ended (aiodrive_combinator_get_child (&self->parent, 0));

  g_mutex_lock (&self->parent.lock);
  self->expired = !in_time && !self->parent.cancelled;
  g_mutex_unlock (&self->parent.lock);

  aiodrive_combinator_cancel_others (&self->parent, reason);
}

static void
start_timer (AiodriveCombinator *combinator)
{
  Timeout *self = (Timeout *) combinator;

  self->timer.notify = on_time;
  aiodrive_dispatcher_start_timer (combinator->dispatcher, &self->timer,
                                   aiodrive_time_after (aiodrive_dispatcher_get_time (combinator->dispatcher),
                                                        self->timeout_ms * G_GINT64_CONSTANT (1000)));
}

static gboolean
elect (AiodriveCombinator *combinator,
       guint               index)
{
  aiodrive_combinator_elect (combinator, index);
  return FALSE;
}

static GError *
outcome (AiodriveCombinator *combinator)
{
  Timeout *self = (Timeout *) combinator;
  GError *error = aiodrive_combinator_sum_up (combinator);

  aiodrive_dispatcher_stop_timer (combinator->dispatcher, &self->timer);
  if (self->expired && aiodrive_error_is_cancelled (error))
    {
      g_error_free (error);
      error = new_timed_out ();
    }
  return error;
}

static const AiodriveCombinatorClass timeout_class =
{
  .size = sizeof (Timeout),
  .started = start_timer,
  .child_ended = elect,
  .all_ended = outcome,
};

static AiodriveCombinator *
timeout_new (guint               timeout_ms,
             GCancellable       *cancellable,
             GAsyncReadyCallback callback,
             gpointer            user_data)
{
  AiodriveCombinator *self = aiodrive_combinator_new (&timeout_class, cancellable, callback, user_data,
                                                      aiodrive_timeout);

  if (self != NULL)
    ((Timeout *) self)->timeout_ms = timeout_ms;
  return self;
}

/**
 * aiodrive_timeout:
 * @task: a task
 * @timeout_ms: the timeout in milliseconds
 * @cancellable: (nullable): cancels the call
 *
 * Returns a task that limits the time of @task: when the timeout expires, it cancels @task and waits for it. If @task
 * then fails with %G_IO_ERROR_CANCELLED, the call fails with %G_IO_ERROR_TIMED_OUT. Any other outcome of @task, in time
 * or late, is the outcome of the call.
 *
 * To limit several tasks, start them below a scope of aiodrive_cancel_scope_new_with_timeout().
 *
 * If the call itself is cancelled, it cancels @task and waits for it; then it fails with the real error of @task, or
 * with %G_IO_ERROR_CANCELLED. If @task cannot be cancelled on its own, the call fails with
 * %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * The call stands for @task: see aiodrive_task_get_leaf(), aiodrive_task_propagate() and
 * aiodrive_task_propagate_result().
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
GTask *
aiodrive_timeout (GTask        *task,
                  guint         timeout_ms,
                  GCancellable *cancellable)
{
  g_return_val_if_fail (G_IS_TASK (task), NULL);

  return aiodrive_combinator_start (timeout_new (timeout_ms, cancellable, NULL, NULL), &task, 1);
}

/**
 * aiodrive_timeout_async:
 * @task: a task
 * @timeout_ms: the timeout in milliseconds
 * @cancellable: (nullable): cancels the call
 * @callback: (scope async) (closure user_data): called when it has completed
 * @user_data: data for @callback
 *
 * Calls @callback when the task of aiodrive_timeout() has completed.
 *
 * Since: 1.0
 */
void
aiodrive_timeout_async (GTask               *task,
                        guint                timeout_ms,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_return_if_fail (G_IS_TASK (task));

  aiodrive_combinator_start_async (timeout_new (timeout_ms, cancellable, callback, user_data), &task, 1);
}

/**
 * aiodrive_timeout_finish:
 * @result: the #GTask of aiodrive_timeout_async(), or a task of aiodrive_timeout()
 * @error: return location for an error
 *
 * Gets the task, which has succeeded, ready to unwrap: the given task, or the leaf below it.
 *
 * Returns: (transfer full): the task whose value the call ended with, or %NULL with @error set
 *
 * Since: 1.0
 */
GTask *
aiodrive_timeout_finish (GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_timeout), NULL);

  return aiodrive_combinator_finish_leaf (result, error);
}
