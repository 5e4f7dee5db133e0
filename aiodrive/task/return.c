/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/return.h"

#include "aiodrive/task/progress.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-parts-private.h"

/**
 * aiodrive_task_fail:
 * @task: a task
 * @domain: the domain of the error
 * @code: the code of the error
 * @message: what went wrong, for a person to read
 *
 * Ends a task with an error, as g_task_return_error() does. It is for languages whose bindings cannot pass a #GError:
 * Lua, Perl and Ruby.
 *
 * Since: 1.0
 */
void
aiodrive_task_fail (GTask      *task,
                    GQuark      domain,
                    gint        code,
                    const char *message)
{
  g_return_if_fail (G_IS_TASK (task));
  g_return_if_fail (domain != 0);
  g_return_if_fail (message != NULL);

  g_task_return_error (task, g_error_new_literal (domain, code, message));
}

static double
get_progress (AiodriveTaskRecord *self)
{
  double progress;

  aiodrive_monitor_lock (&self->monitor);
  progress = self->progress;
  aiodrive_monitor_unlock (&self->monitor);

  return progress;
}

/**
 * aiodrive_task_return_task:
 * @task: a task
 * @from: another task, which has ended
 *
 * Ends @task as @from has ended: with its errors and its progress, or else standing for it. aiodrive_task_get_leaf(),
 * aiodrive_task_propagate() and aiodrive_task_propagate_result() look through @task. So a job that awaits a task, and
 * does not know what that task holds, can return it.
 *
 * @from keeps its value until it is unwrapped. If @from has not ended, as far as this thread can know, @task fails with
 * %G_IO_ERROR_PENDING.
 *
 * Call it in the main context of @from. @task may belong to another one.
 *
 * Since: 1.0
 */
void
aiodrive_task_return_task (GTask *task,
                           GTask *from)
{
  g_autoptr(GError) error = NULL;

  g_return_if_fail (G_IS_TASK (task));
  g_return_if_fail (G_IS_TASK (from));
  g_return_if_fail (task != from);

  aiodrive_task_set_progress (task, get_progress (aiodrive_task_record_get (from)));
  if (aiodrive_task_get_leaf (from, &error) == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  aiodrive_task_keep_outcome (from);
  aiodrive_task_record_set_leaf (aiodrive_task_record_get (task), from);
  aiodrive_task_return_true (task);
}
