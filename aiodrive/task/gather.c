/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/gather.h"

#include "aiodrive/task/combinator-private.h"
#include "aiodrive/task/propagate.h"

static gboolean
is_failure (AiodriveCombinator *self,
            guint               index)
{
  g_autoptr(GError) error = aiodrive_combinator_get_error (self, index);

  return error != NULL;
}

static const AiodriveCombinatorClass try_all_class =
{
  .size = sizeof (AiodriveCombinator),
  .child_ended = is_failure,
  .all_ended = aiodrive_combinator_sum_up,
};

static const AiodriveCombinatorClass wait_all_class =
{
  .size = sizeof (AiodriveCombinator),
  .all_ended = aiodrive_combinator_sum_up,
};

static GPtrArray *
finish (GAsyncResult  *result,
        GError       **error)
{
  AiodriveCombinator *self = aiodrive_combinator_from_result (result);
  GPtrArray *tasks;

  if (aiodrive_task_get_leaf (G_TASK (result), error) == NULL)
    return NULL;

  tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->n_children; i++)
    g_ptr_array_add (tasks, g_object_ref (aiodrive_combinator_get_child (self, i)));
  return tasks;
}

/**
 * aiodrive_try_all:
 * @tasks: (array length=n_tasks) (nullable): the tasks
 * @n_tasks: the length of @tasks
 * @cancellable: (nullable): cancels the call
 *
 * Returns a task that waits for all of @tasks. The first failure cancels the remaining tasks, and the call still waits
 * for them. A single error is raised unchanged, several as %AIODRIVE_ERROR_MULTIPLE; %G_IO_ERROR_CANCELLED counts only
 * if no task failed with another error. Without tasks the call succeeds.
 *
 * To let the remaining tasks continue use aiodrive_wait_all().
 *
 * If the call itself is cancelled, it cancels all tasks and waits for them; then it fails with their real errors, or
 * %G_IO_ERROR_CANCELLED. If a task cannot be cancelled on its own, the call fails with %G_IO_ERROR_INVALID_ARGUMENT,
 * and cancels nothing. The values stay in the tasks; unwrap them there. After a failure aiodrive_task_dup_children()
 * returns the tasks, and aiodrive_task_ref_failed_child() the first one that failed.
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
GTask *
aiodrive_try_all (GTask        **tasks,
                  gsize          n_tasks,
                  GCancellable  *cancellable)
{
  return aiodrive_combinator_start (aiodrive_combinator_new (&try_all_class, cancellable, NULL, NULL,
                                                             aiodrive_try_all),
                                    tasks, n_tasks);
}

/**
 * aiodrive_try_all_async:
 * @tasks: (array length=n_tasks) (nullable): the tasks
 * @n_tasks: the length of @tasks
 * @cancellable: (nullable): cancels the call
 * @callback: (scope async) (closure user_data): called when all tasks have completed
 * @user_data: data for @callback
 *
 * Calls @callback when the task of aiodrive_try_all() has completed.
 *
 * Since: 1.0
 */
void
aiodrive_try_all_async (GTask               **tasks,
                        gsize                 n_tasks,
                        GCancellable         *cancellable,
                        GAsyncReadyCallback   callback,
                        gpointer              user_data)
{
  aiodrive_combinator_start_async (aiodrive_combinator_new (&try_all_class, cancellable, callback, user_data,
                                                            aiodrive_try_all),
                                   tasks, n_tasks);
}

/**
 * aiodrive_try_all_finish:
 * @result: the #GTask of aiodrive_try_all_async(), or a task of aiodrive_try_all()
 * @error: return location for an error
 *
 * Gets the tasks, all of which have succeeded, to be unwrapped: see aiodrive_task_get_leaf().
 *
 * Returns: (transfer container) (element-type Gio.Task): the tasks in the order in which they were given, or %NULL
 *   with @error set
 *
 * Since: 1.0
 */
GPtrArray *
aiodrive_try_all_finish (GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_try_all), NULL);

  return finish (result, error);
}

/**
 * aiodrive_wait_all:
 * @tasks: (array length=n_tasks) (nullable): the tasks
 * @n_tasks: the length of @tasks
 * @cancellable: (nullable): cancels the call
 *
 * Returns a task that waits for all of @tasks: a failure cancels no other task. Their errors are raised at the end.
 * After a failure aiodrive_task_dup_children() returns the tasks, of which some may have succeeded.
 *
 * Otherwise it is like aiodrive_try_all().
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
GTask *
aiodrive_wait_all (GTask        **tasks,
                   gsize          n_tasks,
                   GCancellable  *cancellable)
{
  return aiodrive_combinator_start (aiodrive_combinator_new (&wait_all_class, cancellable, NULL, NULL,
                                                             aiodrive_wait_all),
                                    tasks, n_tasks);
}

/**
 * aiodrive_wait_all_async:
 * @tasks: (array length=n_tasks) (nullable): the tasks
 * @n_tasks: the length of @tasks
 * @cancellable: (nullable): cancels the call
 * @callback: (scope async) (closure user_data): called when all tasks have completed
 * @user_data: data for @callback
 *
 * Calls @callback when the task of aiodrive_wait_all() has completed.
 *
 * Since: 1.0
 */
void
aiodrive_wait_all_async (GTask               **tasks,
                         gsize                 n_tasks,
                         GCancellable         *cancellable,
                         GAsyncReadyCallback   callback,
                         gpointer              user_data)
{
  aiodrive_combinator_start_async (aiodrive_combinator_new (&wait_all_class, cancellable, callback, user_data,
                                                            aiodrive_wait_all),
                                   tasks, n_tasks);
}

/**
 * aiodrive_wait_all_finish:
 * @result: the #GTask of aiodrive_wait_all_async(), or a task of aiodrive_wait_all()
 * @error: return location for an error
 *
 * Gets the tasks, all of which have succeeded, to be unwrapped: see aiodrive_task_get_leaf().
 *
 * Returns: (transfer container) (element-type Gio.Task): the tasks in the order in which they were given, or %NULL
 *   with @error set
 *
 * Since: 1.0
 */
GPtrArray *
aiodrive_wait_all_finish (GAsyncResult  *result,
                          GError       **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_wait_all), NULL);

  return finish (result, error);
}
