/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/start.h"

#include "aiodrive/core/wait-private.h"
#include "aiodrive/task/record-private.h"

/**
 * aiodrive_task_new:
 * @parent: (nullable): a cancellable that also cancels the task
 *
 * Creates a task, which the caller returns later with one of the `g_task_return_*` functions, as a #GTask of
 * g_task_new(). Its cancellable is an #AiodriveCancelScope below @parent. Any thread may return the task; its
 * completion is announced in the current thread-default main context.
 *
 * Prefer aiodrive_spawn() and AIODRIVE_START(). A task that you create yourself must be returned in every case, because
 * its waiters depend on it. The library logs a warning about a task that is dropped first.
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

/* Returns the error with which @task must fail; NULL if @result succeeded. The type of its value does not matter: GTask
 * checks for an error first. */
static GError *
steal_error (GAsyncResult *result,
             GTask        *task)
{
  AiodriveTaskRecord *record;
  GError *error = NULL;

  if (result == G_ASYNC_RESULT (task))
    return g_error_new (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "Task %s cannot complete itself",
                        aiodrive_task_describe (task));
  if (AIODRIVE_IS_WAIT (result))
    return aiodrive_wait_steal_error (result);
  if (!G_IS_TASK (result) || !g_task_had_error (G_TASK (result)))
    return NULL;

  record = aiodrive_task_record_peek (G_TASK (result));
  if (record != NULL && aiodrive_task_record_is_known (record))
    return aiodrive_task_record_copy_error (record);   /* its other waiters see the error too */

  g_task_propagate_pointer (G_TASK (result), &error);
  if (error == NULL)
    g_set_error (&error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 "Task %s was completed with a result whose error had been taken before",
                 aiodrive_task_describe (task));
  return error;
}

/**
 * aiodrive_task_complete:
 * @source: (nullable): the source object of the call
 * @result: the result of an asynchronous function
 * @task: (type Gio.Task) (transfer full): a task of aiodrive_task_new()
 *
 * Completes @task with the result of an asynchronous function: a #GAsyncReadyCallback for any GIO-style function.
 *
 * If @result is a #GTask that failed, @task fails with its error. Otherwise @task succeeds, and holds @result for
 * aiodrive_task_propagate_result(); a later cancellation does not undo that. (Some finish functions fail although their
 * #GTask did not: they report the error there.)
 *
 * Do not call the finish function of @result first. If it has already taken the error, or if @result is @task itself,
 * @task fails with %G_IO_ERROR_INVALID_ARGUMENT.
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
  GError *error;

  g_return_if_fail (G_IS_ASYNC_RESULT (result));
  g_return_if_fail (G_IS_TASK (self));

  error = steal_error (result, self);
  if (error != NULL)
    {
      g_task_return_error (self, error);
      return;
    }

  if (G_IS_TASK (result))
    aiodrive_task_keep_outcome (G_TASK (result));

  aiodrive_task_record_set_adopted (aiodrive_task_record_get (self));
  g_value_init (&value, G_TYPE_OBJECT);
  g_value_set_object (&value, result);
  aiodrive_task_return_value (self, &value);
}
