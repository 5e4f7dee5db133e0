/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * outer
 * inner
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_inner (GObject *lock, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(AiodriveLockGuard) inner = NULL;
  GError *error = NULL;

  inner = aiodrive_nestable_lock_acquire_finish (AIODRIVE_NESTABLE_LOCK (lock), result, &error);
  if (inner == NULL)
    return g_task_return_error (task, error);
  g_print ("inner\n");
  g_task_return_boolean (task, TRUE);   /* its data is freed with it: the outer guard, too */
}

static void
on_outer (GObject *lock, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  AiodriveLockGuard *outer;
  GError *error = NULL;

  outer = aiodrive_nestable_lock_acquire_finish (AIODRIVE_NESTABLE_LOCK (lock), result, &error);
  if (outer == NULL)
    return g_task_return_error (task, error);
  g_print ("outer\n");
  g_task_set_task_data (task, outer, (GDestroyNotify) aiodrive_lock_guard_unref);
  aiodrive_nestable_lock_acquire_async (AIODRIVE_NESTABLE_LOCK (lock), g_task_get_cancellable (task), on_inner,
                                        g_object_ref (task));
}

static void
job (GTask *task, GCancellable *cancellable, gpointer lock)
{
  aiodrive_nestable_lock_acquire_async (lock, cancellable, on_outer, g_object_ref (task));
}
/* end */

int
main (void)
{
  g_autoptr(AiodriveNestableLock) lock = aiodrive_nestable_lock_new ();
  g_autoptr(GTask) task = aiodrive_spawn (NULL, job, g_object_ref (lock), g_object_unref);

  aiodrive_run (task);
  return 0;
}
