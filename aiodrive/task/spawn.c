/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/spawn.h"

#include "aiodrive/task/record-private.h"

static GTask *
start (GCancellable    *parent,
       AiodriveJobFunc  func,
       gpointer         user_data,
       GDestroyNotify   user_data_destroy,
       gboolean         now,
       gpointer         source_tag)
{
  GTask *task;

  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  task = aiodrive_task_record_new_task (NULL, parent, NULL, NULL, source_tag);
  aiodrive_task_record_start_job (aiodrive_task_record_get (task), now, func, user_data, user_data_destroy);
  return task;
}

/**
 * aiodrive_spawn:
 * @parent: (nullable): a cancellable that also cancels the task
 * @func: (scope notified) (closure user_data) (destroy user_data_destroy): the job
 * @user_data: data for @func
 * @user_data_destroy: (nullable): frees @user_data
 *
 * Starts a job as a task, in the next iteration of the current thread-default main context.
 *
 * The job starts even if @parent is already cancelled: it finds its own scope cancelled, and can clean up. Await the
 * task with a combinator, aiodrive_wait_task_async() or aiodrive_run(). The library logs a warning if a task fails and
 * is never awaited, and if its job drops it before returning it.
 *
 * @user_data is freed in the same context, when the task has completed and the callbacks of all its waiters have run;
 * for a waiting combinator, also the callbacks of its own waiters. So those callbacks may use data that the job set
 * with `g_task_set_task_data (task, user_data, NULL)`. A later waiter may find it freed.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
GTask *
aiodrive_spawn (GCancellable    *parent,
                AiodriveJobFunc  func,
                gpointer         user_data,
                GDestroyNotify   user_data_destroy)
{
  return start (parent, func, user_data, user_data_destroy, FALSE, aiodrive_spawn);
}

/**
 * aiodrive_prime:
 * @parent: (nullable): a cancellable that also cancels the task
 * @func: (scope notified) (closure user_data) (destroy user_data_destroy): the job
 * @user_data: data for @func
 * @user_data_destroy: (nullable): frees @user_data
 *
 * Starts a job as a task, as aiodrive_spawn() does, but calls @func before it returns.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
GTask *
aiodrive_prime (GCancellable    *parent,
                AiodriveJobFunc  func,
                gpointer         user_data,
                GDestroyNotify   user_data_destroy)
{
  return start (parent, func, user_data, user_data_destroy, TRUE, aiodrive_prime);
}
