/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/wait.h"

#include "aiodrive/core/release-private.h"
#include "aiodrive/task/record-private.h"

static void
return_task (AiodriveWait *wait,
             gpointer      task)
{
  g_autoptr(GTask) awaited = g_object_ref (task);

  aiodrive_wait_return_pointer (wait, task, aiodrive_release_object);
  aiodrive_task_record_called_back (aiodrive_task_record_get (awaited));
}

/**
 * aiodrive_wait_task_async:
 * @task: any task
 * @cancellable: (nullable): cancels the wait, not the task
 * @callback: (scope async) (closure user_data): called when the task has completed
 * @user_data: data for @callback
 *
 * Waits until @task has completed, with a value or an error, without unwrapping it. Any number of parties may wait for
 * one task, in different threads. To also cancel the task use aiodrive_cancel_task(); to raise its error use a
 * combinator.
 *
 * Since: 1.0
 */
void
aiodrive_wait_task_async (GTask               *task,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  AiodriveWait *wait;

  g_return_if_fail (G_IS_TASK (task));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  /* No source object: PyGObject awaits a function only if its finish function needs none. */
  wait = aiodrive_wait_new (NULL, cancellable, callback, user_data, aiodrive_wait_task_async, return_task);
  if (wait == NULL)
    return;

  aiodrive_wait_set_request (wait, g_object_ref (task), aiodrive_release_object);
  aiodrive_task_record_wait (aiodrive_task_record_get (task), wait, task);
}

/**
 * aiodrive_wait_task_finish:
 * @result: the result of aiodrive_wait_task_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_wait_task_async(). The task holds its outcome: see aiodrive_task_get_leaf().
 *
 * Returns: (transfer full): the awaited task, which has completed; or %NULL with %G_IO_ERROR_CANCELLED if the wait was
 *   cancelled
 *
 * Since: 1.0
 */
GTask *
aiodrive_wait_task_finish (GAsyncResult  *result,
                           GError       **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, NULL, aiodrive_wait_task_async), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return aiodrive_wait_propagate_pointer (result, error);
}
