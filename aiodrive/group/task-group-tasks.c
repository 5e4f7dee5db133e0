/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/task-group-private.h"
#include "aiodrive/task/record-private.h"

/* How tasks get into a group. */

/**
 * aiodrive_task_group_spawn:
 * @self: a group
 * @task: (out) (optional) (transfer full): return location for the task
 * @func: (scope notified) (closure user_data) (destroy user_data_destroy): the job
 * @user_data: data for @func
 * @user_data_destroy: (nullable): frees @user_data
 *
 * Starts a job as a task of the group, in the next iteration of the context of the group. In a group that is cancelled
 * it starts, and finds its scope cancelled. After the end of the group the task fails with %G_IO_ERROR_CLOSED. In an
 * #AiodrivePool that is idle it is planned.
 *
 * Called in another thread, @task belongs to the context that is thread-default there, and stands for the task of the
 * group: see aiodrive_task_get_leaf(). @user_data is freed in that context, when @task has ended and what waited for it
 * has been called back, as aiodrive_spawn() does.
 *
 * A job that drops its task without having returned it fails with %G_IO_ERROR_FAILED, if nobody else holds the task.
 *
 * Since: 1.0
 */
void
aiodrive_task_group_spawn (AiodriveTaskGroup  *self,
                           GTask             **task,
                           AiodriveJobFunc     func,
                           gpointer            user_data,
                           GDestroyNotify      user_data_destroy)
{
  g_autoptr(GTask) spawned = NULL;
  AiodriveTaskGroupClass *klass;

  g_return_if_fail (AIODRIVE_IS_TASK_GROUP (self));
  g_return_if_fail (func != NULL);

  klass = AIODRIVE_TASK_GROUP_GET_CLASS (self);
  if (klass->do_spawn != NULL)
    spawned = klass->do_spawn (self, func, user_data, user_data_destroy);
  else
    spawned = aiodrive_group_core_spawn (aiodrive_task_group_get_core (self), NULL, 0, func, user_data,
                                         user_data_destroy);
  if (task != NULL)
    *task = g_steal_pointer (&spawned);
}

static gboolean
can_cancel_alone (AiodriveGroupCore *core,
                  GTask             *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  return cancellable != NULL && !aiodrive_cancellable_is_within (G_CANCELLABLE (core->scope), cancellable) &&
         !g_hash_table_contains (core->cancellables, cancellable);
}

/**
 * aiodrive_task_group_add:
 * @self: a group
 * @task: a task of this context
 * @error: return location for an error
 *
 * Takes a task in that was started elsewhere: the group waits for it, and cancels it when the group is cancelled. It
 * must be possible to cancel it alone, else it is %G_IO_ERROR_INVALID_ARGUMENT, and so is a call in another context
 * than that of the group. After the end of the group it is %G_IO_ERROR_CLOSED.
 *
 * Returns: %TRUE if the group has taken it in; %FALSE with @error set, and nothing has happened to the task
 *
 * Since: 1.0
 */
gboolean
aiodrive_task_group_add (AiodriveTaskGroup  *self,
                         GTask              *task,
                         GError            **error)
{
  AiodriveGroupCore *core;
  gboolean added = FALSE;

  g_return_val_if_fail (AIODRIVE_IS_TASK_GROUP (self), FALSE);
  g_return_val_if_fail (G_IS_TASK (task), FALSE);

  core = aiodrive_task_group_get_core (self);
  if (!aiodrive_group_core_enter (core))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, AIODRIVE_GROUP_ELSEWHERE);
      return FALSE;
    }

  if (g_atomic_int_get (&core->closed))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The group has come to its end");
  else if (!can_cancel_alone (core, task) && !aiodrive_task_has_ended (task))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 "Task %s cannot be cancelled alone: it has no cancellable of its own", aiodrive_task_describe (task));
  else
    added = aiodrive_group_core_add (core, task, aiodrive_group_core_expect_from (core, task), FALSE);
  aiodrive_group_core_leave (core);
  return added;
}
