/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * waiting
 * 42
 */
#include <aiodrive/aiodrive.h>

static void
answer (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  g_task_return_int (task, 42);
}

/* begin */
static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GTask) inner = aiodrive_wait_task_finish (result, NULL);

  aiodrive_task_return_task (task, inner);
}

/* A job that waits for the task of another job, whatever that one returns. */
static void
announce (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  g_autoptr(GTask) inner = aiodrive_spawn (cancellable, answer, NULL, NULL);

  g_print ("waiting\n");
  aiodrive_wait_task_async (inner, NULL, on_ended, g_object_ref (task));
}
/* end */

int
main (void)
{
  g_autoptr(GTask) task = aiodrive_spawn (NULL, announce, NULL, NULL);

  aiodrive_run (task);
  g_print ("%d\n", (int) g_task_propagate_int (aiodrive_task_get_leaf (task, NULL), NULL));
  return 0;
}
