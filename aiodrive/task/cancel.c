/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/cancel.h"

#include "aiodrive/core/error-private.h"
#include "aiodrive/task/combinator-private.h"
#include "aiodrive/task/propagate.h"

static void
cancel_it (AiodriveCombinator *self)
{
  aiodrive_combinator_cancel_others (self, NULL);
}

/* A cancelled task is a success; a cancelled call is not. */
static GError *
outcome (AiodriveCombinator *self)
{
  g_autoptr(GError) error = aiodrive_combinator_sum_up (self);

  if (aiodrive_error_is_cancelled (error) && !aiodrive_combinator_is_cancelled (self))
    return NULL;
  return g_steal_pointer (&error);
}

static const AiodriveCombinatorClass cancel_task_class =
{
  .size = sizeof (AiodriveCombinator),
  .started = cancel_it,
  .all_ended = outcome,
};

/**
 * aiodrive_cancel_task:
 * @task: a task
 * @cancellable: (nullable): cancels the call
 *
 * Returns a task that has cancelled @task and waits until it has completed. %G_IO_ERROR_CANCELLED from @task is a
 * success, as is a value; any other error is raised.
 *
 * If the call itself is cancelled, it still waits for @task, then fails with the real error of @task, or with
 * %G_IO_ERROR_CANCELLED. A task that cannot be cancelled on its own is %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
GTask *
aiodrive_cancel_task (GTask        *task,
                      GCancellable *cancellable)
{
  g_return_val_if_fail (G_IS_TASK (task), NULL);

  return aiodrive_combinator_start (aiodrive_combinator_new (&cancel_task_class, cancellable, NULL, NULL,
                                                             aiodrive_cancel_task),
                                    &task, 1);
}

/**
 * aiodrive_cancel_task_async:
 * @task: a task
 * @cancellable: (nullable): cancels the call
 * @callback: (scope async) (closure user_data): called when the task has completed
 * @user_data: data for @callback
 *
 * Calls @callback when the task of aiodrive_cancel_task() has completed.
 *
 * Since: 1.0
 */
void
aiodrive_cancel_task_async (GTask               *task,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_return_if_fail (G_IS_TASK (task));

  aiodrive_combinator_start_async (aiodrive_combinator_new (&cancel_task_class, cancellable, callback, user_data,
                                                            aiodrive_cancel_task),
                                   &task, 1);
}

/**
 * aiodrive_cancel_task_finish:
 * @result: the #GTask of aiodrive_cancel_task_async(), or a task of aiodrive_cancel_task()
 * @error: return location for an error
 *
 * Completes aiodrive_cancel_task_async().
 *
 * Returns: %TRUE if the task has completed without a real error; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_cancel_task_finish (GAsyncResult  *result,
                             GError       **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_cancel_task), FALSE);

  return aiodrive_task_get_leaf (G_TASK (result), error) != NULL;
}
