/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/propagate.h"

#include "aiodrive/core/error-private.h"
#include "aiodrive/core/wait-private.h"
#include "aiodrive/task/record-parts-private.h"

/* A chain of any length has one leaf: @leaf has completed, so its own leaf is known. */
void
aiodrive_task_record_set_leaf (AiodriveTaskRecord *self,
                               GTask              *leaf)
{
  if (aiodrive_task_record_get (leaf)->leaf != NULL)
    leaf = aiodrive_task_record_get (leaf)->leaf;
  g_set_object (&self->leaf, leaf);
}

GTask *
aiodrive_task_record_get_leaf (AiodriveTaskRecord *self)
{
  return self->leaf;
}

void
aiodrive_task_record_set_adopted (AiodriveTaskRecord *self)
{
  self->adopted = TRUE;
}

void
aiodrive_task_record_set_combines (AiodriveTaskRecord *self)
{
  self->combines = TRUE;
}

gboolean
aiodrive_task_record_get_combines (AiodriveTaskRecord *self)
{
  return self->combines;
}

gboolean
aiodrive_task_record_get_adopted (AiodriveTaskRecord *self)
{
  return self->adopted;
}

/**
 * aiodrive_task_get_leaf:
 * @task: a task that has ended
 * @error: return location for an error
 *
 * Gets the task that holds the value of @task: @task itself, or, if it stands for another task, the leaf below it,
 * however deep. aiodrive_race(), aiodrive_first_success(), aiodrive_timeout() and aiodrive_shield() stand for one of
 * their children, and a task spawned into another thread stands for the task there. Unwrap the leaf with the
 * `g_task_propagate_*` function that fits its job. If @task failed, @error is set instead, in every call.
 *
 * It accepts any task, including one of g_task_new(). If, as far as this thread can know, the task is still pending,
 * the error is %G_IO_ERROR_PENDING.
 *
 * Returns: (transfer none): the leaf, or %NULL with @error set
 *
 * Since: 1.0
 */
GTask *
aiodrive_task_get_leaf (GTask   *task,
                        GError **error)
{
  g_return_val_if_fail (G_IS_TASK (task), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  for (;;)
    {
      AiodriveTaskRecord *record = aiodrive_task_record_get (task);
      GError *failure;

      if (!aiodrive_task_record_is_known (record))
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_PENDING, "Task %s has not ended", aiodrive_task_describe (task));
          return NULL;
        }

      failure = aiodrive_task_record_copy_error (record);
      if (failure != NULL)
        {
          g_propagate_error (error, failure);
          return NULL;
        }

      if (aiodrive_task_record_get_leaf (record) == NULL)
        return task;
      task = aiodrive_task_record_get_leaf (record);
    }
}

static gboolean
propagate_value (GTask   *leaf,
                 GValue  *value,
                 GError **error)
{
  AiodriveTaskRecord *record = aiodrive_task_record_get (leaf);

  if (!aiodrive_task_record_take_value (record))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The value of task %s was taken before",
                   aiodrive_task_describe (leaf));
      return FALSE;
    }

  if (!g_task_propagate_value (leaf, value, NULL))
    {
      aiodrive_task_record_leave_value (record);   /* left for the matching function */
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "Task %s does not hold a GValue",
                   aiodrive_task_describe (leaf));
      return FALSE;
    }
  return TRUE;
}

/**
 * aiodrive_task_propagate_result:
 * @task: a task that has ended
 * @error: return location for an error
 *
 * Unwraps a task of AIODRIVE_START(), or a task that stands for one: gets the #GAsyncResult for the finish function of
 * the asynchronous function. If the leaf of @task is a foreign task, the result is the leaf itself. As every value, the
 * result can be taken once.
 *
 * Returns: (transfer full): the result, or %NULL with @error set
 *
 * Since: 1.0
 */
GAsyncResult *
aiodrive_task_propagate_result (GTask   *task,
                                GError **error)
{
  GTask *leaf = aiodrive_task_get_leaf (task, error);
  GValue value = G_VALUE_INIT;

  if (leaf == NULL)
    return NULL;
  if (!aiodrive_task_record_get_adopted (aiodrive_task_record_get (leaf)))
    return G_ASYNC_RESULT (g_object_ref (leaf));
  if (!propagate_value (leaf, &value, error))
    return NULL;
  return g_value_get_object (&value);   /* the caller takes over the reference of the value */
}

/**
 * aiodrive_task_propagate:
 * @task: a task that has ended
 * @value: (out caller-allocates): return location for the value
 * @error: return location for an error
 *
 * Unwraps a task that was returned with g_task_return_value(), or a task that stands for one. The library returns all
 * its own tasks that way. The value can be taken once; a second call fails with %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * It also fails with %G_IO_ERROR_INVALID_ARGUMENT if the task holds something other than a #GValue, such as an integer
 * of g_task_return_int(). GLib then logs a critical message, since no function tells what a #GTask holds. The value
 * stays in the task for the matching `g_task_propagate_*` function.
 *
 * This is g_task_propagate_value() for bindings: @value is initialised even if @error is set.
 *
 * There is no return value, since other languages would get it beside @value: look at @error.
 *
 * Since: 1.0
 */
void
aiodrive_task_propagate (GTask   *task,
                         GValue  *value,
                         GError **error)
{
  GTask *leaf;

  g_return_if_fail (value != NULL);

  leaf = aiodrive_task_get_leaf (task, error);
  if (leaf == NULL || !propagate_value (leaf, value, error))
    {
      memset (value, 0, sizeof (GValue));
      g_value_init (value, G_TYPE_BOOLEAN);
    }
}

/**
 * aiodrive_task_dup_error:
 * @task: a task
 *
 * Gets a copy of the error of @task. It can be called any number of times.
 *
 * Returns: (transfer full) (nullable): the error, or %NULL if the task succeeded or has not completed
 *
 * Since: 1.0
 */
GError *
aiodrive_task_dup_error (GTask *task)
{
  AiodriveTaskRecord *record;

  g_return_val_if_fail (G_IS_TASK (task), NULL);

  record = aiodrive_task_record_get (task);
  return aiodrive_task_record_is_known (record) ? aiodrive_task_record_copy_error (record) : NULL;
}

/**
 * aiodrive_task_dup_errors:
 * @task: a task
 *
 * Gets the errors of @task: the errors of its children if it is a combinator that failed with %AIODRIVE_ERROR_MULTIPLE,
 * otherwise its own error.
 *
 * Returns: (transfer container) (element-type GLib.Error): the errors; empty if the task succeeded or has not completed
 *
 * Since: 1.0
 */
GPtrArray *
aiodrive_task_dup_errors (GTask *task)
{
  g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free);
  g_autoptr(GError) error = NULL;
  GPtrArray *several;

  g_return_val_if_fail (G_IS_TASK (task), NULL);

  error = aiodrive_task_dup_error (task);
  several = error != NULL ? aiodrive_error_get_errors (error) : NULL;
  for (guint i = 0; several != NULL && i < several->len; i++)
    g_ptr_array_add (errors, g_error_copy (g_ptr_array_index (several, i)));
  if (error != NULL && several == NULL)
    g_ptr_array_add (errors, g_steal_pointer (&error));

  return g_steal_pointer (&errors);
}

/**
 * aiodrive_result_dup_errors:
 * @result: the result of an asynchronous call: of this library, or a #GTask
 *
 * Gets the errors of which %AIODRIVE_ERROR_MULTIPLE was made that a call failed with: for a #GTask those of
 * aiodrive_task_dup_errors(). It is for bindings that cannot look into a #GError. The answer stays the same after the
 * finish function was called.
 *
 * Call it in the callback or later, in the thread of the callback.
 *
 * Returns: (transfer container) (element-type GLib.Error): the errors; empty for any other result
 *
 * Since: 1.0
 */
GPtrArray *
aiodrive_result_dup_errors (GAsyncResult *result)
{
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);

  if (AIODRIVE_IS_WAIT (result))
    return aiodrive_wait_copy_errors (result);
  if (G_IS_TASK (result))
    return aiodrive_task_dup_errors (G_TASK (result));
  return g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free);
}
