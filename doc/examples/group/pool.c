/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * the readers end
 * the writer ends
 */
#include <aiodrive/aiodrive.h>

static void
on_slept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;

  aiodrive_sleep_finish (result, &error);
  g_print ("%s\n", (const char *) g_task_get_task_data (task));
  g_task_return_error (task, error);
}

static void
read_files (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  g_task_set_task_data (task, (gpointer) "the readers end", NULL);
  aiodrive_sleep_async (60000, cancellable, on_slept, g_object_ref (task));
}

static void
write_files (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  g_task_set_task_data (task, (gpointer) "the writer ends", NULL);
  aiodrive_sleep_async (60000, cancellable, on_slept, g_object_ref (task));
}

int
main (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, 20);
  /* begin */
  g_autoptr(AiodrivePool) pool = aiodrive_pool_new ("files");
  g_autoptr(GTask) running = NULL;

  aiodrive_pool_spawn_full (pool, NULL, "writer", 0, write_files, NULL, NULL);
  aiodrive_pool_spawn_full (pool, NULL, "readers", 1, read_files, NULL, NULL);   /* the deeper end first */
  running = AIODRIVE_START (G_CANCELLABLE (scope), aiodrive_pool_run_async, pool, AIODRIVE_POOL_FLAGS_NONE);
  aiodrive_run (running);
  /* end */
  return 0;
}
