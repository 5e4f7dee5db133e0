/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/start.h"

#include "aiodrive/task/record-private.h"

/**
 * aiodrive_task_new:
 * @parent: (nullable): what cancels the task
 *
 * Makes a task to be returned later with one of the `g_task_return_*` functions, as a #GTask of g_task_new() is. Its
 * cancellable is an #AiodriveCancelScope below @parent. It is called back, and the parties that wait for it are
 * told, in the main context that is thread-default now; it may be returned from any thread.
 *
 * As a rule aiodrive_spawn() and AIODRIVE_START() are what you want. A task that you make yourself has to be
 * returned, come what may: others wait for it.
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
GTask *
aiodrive_task_new (GCancellable *parent)
{
  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);

  return aiodrive_task_record_new_task (NULL, parent, NULL, NULL, aiodrive_task_new);
}

/**
 * aiodrive_task_complete:
 * @source: (nullable): the object that was asked
 * @result: the result of an asynchronous function
 * @task: (type Gio.Task) (transfer full): a task of aiodrive_task_new()
 *
 * Ends @task with the result of an asynchronous function: a #GAsyncReadyCallback for any function in the style of GIO.
 *
 * If @result is a #GTask that failed, @task fails with its error. Otherwise @task succeeds, and @result waits in it for
 * aiodrive_task_propagate_result(); being cancelled later does not undo it. (There are finish functions that fail
 * although their #GTask did not: those you will see there.)
 *
 * Since: 1.0
 */
void
aiodrive_task_complete (GObject      *source,
                        GAsyncResult *result,
                        gpointer      task)
{
  g_autoptr(GTask) self = task;
  g_auto(GValue) value = G_VALUE_INIT;

  g_return_if_fail (G_IS_ASYNC_RESULT (result));
  g_return_if_fail (G_IS_TASK (self));

  if (G_IS_TASK (result) && g_task_had_error (G_TASK (result)))
    {
      GError *error = NULL;

      /* whatever the type of its value: an error comes first */
      g_task_propagate_pointer (G_TASK (result), &error);
      g_task_return_error (self, error);
      return;
    }

  if (G_IS_TASK (result))
    aiodrive_task_keep_outcome (G_TASK (result));

  aiodrive_task_record_set_adopted (aiodrive_task_record_get (self));
  g_value_init (&value, G_TYPE_OBJECT);
  g_value_set_object (&value, result);
  g_task_return_value (self, &value);
}
