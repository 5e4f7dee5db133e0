/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/pool.h"

#include "aiodrive/core/clock.h"
#include "aiodrive/group/member-private.h"
#include "aiodrive/group/task-group-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

static GError *
new_in_own_scope (void)
{
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "A pool cannot be run in its own scope");
}

/* In the context: whether the pool can be run, now and below @cancellable. */
static gboolean
check_idle (AiodrivePool  *self,
            GCancellable  *cancellable,
            GError       **error)
{
  AiodriveGroupCore *core = aiodrive_task_group_get_core (AIODRIVE_TASK_GROUP (self));

  if (g_atomic_int_get (&core->closed))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The pool has come to its end");
  else if (core->started != 0 || aiodrive_pool_get_status (self) != AIODRIVE_POOL_STATUS_IDLE)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PENDING, "The pool runs already");
  else if (aiodrive_cancellable_is_within (cancellable, G_CANCELLABLE (core->scope)))
    g_propagate_error (error, new_in_own_scope ());
  else
    return TRUE;
  return FALSE;
}

/* In the context of the pool. */
static void
begin_run (GTask    *task,
           gpointer  forever)
{
  AiodrivePool *self = g_task_get_source_object (task);
  AiodriveGroupCore *core = aiodrive_task_group_get_core (AIODRIVE_TASK_GROUP (self));
  GCancellable *scope = g_task_get_cancellable (task);
  GError *error = NULL;

  if (!check_idle (self, aiodrive_cancel_scope_get_parent (AIODRIVE_CANCEL_SCOPE (scope)), &error))
    {
      g_task_return_error (task, error);
      return;
    }

  core->started = aiodrive_get_monotonic_time ();
  if (!aiodrive_cancel_scope_attach (core->scope, scope) && aiodrive_cancel_scope_peek_parent (core->scope) == NULL)
    {
      core->started = 0;   /* its scope has come to be above @scope since check_idle() */
      g_task_return_error (task, new_in_own_scope ());
      return;
    }
  core->forever = GPOINTER_TO_INT (forever);
  aiodrive_group_core_close (core, task);
  if (!g_cancellable_is_cancelled (G_CANCELLABLE (core->scope)))   /* else what is planned stays so until it ends */
    aiodrive_group_core_begin (core);
  aiodrive_group_core_say_changed (core);
}

static GTask *
run_pool (AiodrivePool        *self,
          gboolean             forever,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  GTask *task = aiodrive_task_record_new_task (self, cancellable, callback, user_data, aiodrive_pool_run);

  aiodrive_group_core_call (aiodrive_task_group_get_core (AIODRIVE_TASK_GROUP (self)), task, begin_run,
                            GINT_TO_POINTER (forever));
  return task;
}

/**
 * aiodrive_pool_run:
 * @self: a pool
 * @forever: whether it goes on when there are no tasks
 * @cancellable: (nullable): cancels the pool
 *
 * Starts the tasks that are planned, and waits until all have ended, those too that they spawn meanwhile. A pool that
 * runs @forever waits for more, until it is cancelled, a task fails, or somebody closes it. Call it in the context of
 * the pool, or in the thread that created the pool; anywhere else it fails with %G_IO_ERROR_INVALID_ARGUMENT, and has
 * no effect.
 *
 * It fails as aiodrive_task_group_close() does. From now on the pool is below @cancellable, and cancelled with it; if
 * that is cancelled already the planned tasks are never started.
 *
 * A pool runs once: while it runs, or if it was opened, it is %G_IO_ERROR_PENDING, after its end %G_IO_ERROR_CLOSED. If
 * @cancellable is below the scope of the pool itself, it is %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
GTask *
aiodrive_pool_run (AiodrivePool *self,
                   gboolean      forever,
                   GCancellable *cancellable)
{
  g_return_val_if_fail (AIODRIVE_IS_POOL (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  return run_pool (self, forever, cancellable, NULL, NULL);
}

/**
 * aiodrive_pool_run_async:
 * @self: a pool
 * @forever: whether it goes on when there are no tasks
 * @cancellable: (nullable): cancels the pool
 * @callback: (scope async) (closure user_data): called when the pool has come to its end
 * @user_data: data for @callback
 *
 * Calls @callback when aiodrive_pool_run() has ended.
 *
 * Since: 1.0
 */
void
aiodrive_pool_run_async (AiodrivePool        *self,
                         gboolean             forever,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (AIODRIVE_IS_POOL (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = run_pool (self, forever, cancellable, callback, user_data);
  aiodrive_task_record_set_awaited (aiodrive_task_record_get (task));
}

/**
 * aiodrive_pool_run_finish:
 * @self: a pool
 * @result: the result of aiodrive_pool_run_async(), or a task of aiodrive_pool_run()
 * @error: return location for an error
 *
 * Ends the run of a pool.
 *
 * Returns: %TRUE if no task failed; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_pool_run_finish (AiodrivePool  *self,
                          GAsyncResult  *result,
                          GError       **error)
{
  g_return_val_if_fail (AIODRIVE_IS_POOL (self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_pool_run), FALSE);

  return aiodrive_task_get_leaf (G_TASK (result), error) != NULL;
}
