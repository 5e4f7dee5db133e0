/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/task-group-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

/* In the context of the group. */
static void
begin_close (GTask    *task,
             gpointer  unused)
{
  AiodriveTaskGroup *self = g_task_get_source_object (task);
  AiodriveTaskGroupClass *klass = AIODRIVE_TASK_GROUP_GET_CLASS (self);

  if (klass->closing != NULL)
    klass->closing (self);
  if (klass->do_close != NULL)
    klass->do_close (self, task);
  else
    aiodrive_group_core_close (aiodrive_task_group_get_core (self), task);
}

static GTask *
close_group (AiodriveTaskGroup   *self,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  GTask *task = aiodrive_task_record_new_task (self, cancellable, callback, user_data, aiodrive_task_group_close);

  aiodrive_group_core_call (aiodrive_task_group_get_core (self), task, begin_close, NULL);
  return task;
}

/**
 * aiodrive_task_group_close:
 * @self: a group
 * @cancellable: (nullable): cancels the group
 *
 * Waits until all tasks of the group have ended, those too that they spawn meanwhile. Call it in the context of the
 * group, or in the thread that created the group; anywhere else it fails with %G_IO_ERROR_INVALID_ARGUMENT, and has no
 * effect.
 *
 * It fails with the errors of the tasks: one as it is, several as %AIODRIVE_ERROR_MULTIPLE. If no task failed, but the
 * group was cancelled from above, it fails with %G_IO_ERROR_CANCELLED; if its own scope had a deadline, or was
 * cancelled with a reason, with that: see aiodrive_cancel_scope_leave(). If the call is cancelled, so is the group; it
 * waits all the same, then fails with the errors of the tasks, or %G_IO_ERROR_CANCELLED. A group may be closed more
 * than once; all calls end together, and alike.
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
GTask *
aiodrive_task_group_close (AiodriveTaskGroup *self,
                           GCancellable      *cancellable)
{
  g_return_val_if_fail (AIODRIVE_IS_TASK_GROUP (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  return close_group (self, cancellable, NULL, NULL);
}

/**
 * aiodrive_task_group_close_async:
 * @self: a group
 * @cancellable: (nullable): cancels the group
 * @callback: (scope async) (closure user_data): called when the group has come to its end
 * @user_data: data for @callback
 *
 * Calls @callback when aiodrive_task_group_close() has ended.
 *
 * Since: 1.0
 */
void
aiodrive_task_group_close_async (AiodriveTaskGroup   *self,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (AIODRIVE_IS_TASK_GROUP (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = close_group (self, cancellable, callback, user_data);
  aiodrive_task_record_set_awaited (aiodrive_task_record_get (task));
}

/**
 * aiodrive_task_group_close_finish:
 * @self: a group
 * @result: the result of aiodrive_task_group_close_async(), or a task of aiodrive_task_group_close()
 * @error: return location for an error
 *
 * Ends the closing of a group.
 *
 * Returns: %TRUE if no task failed; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_task_group_close_finish (AiodriveTaskGroup  *self,
                                  GAsyncResult       *result,
                                  GError            **error)
{
  g_return_val_if_fail (AIODRIVE_IS_TASK_GROUP (self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_task_group_close), FALSE);

  return aiodrive_task_get_leaf (G_TASK (result), error) != NULL;
}
