/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * 2 folders are indexed
 */
#include <aiodrive/aiodrive.h>

static gint n_indexed;

/* begin */
static void
index_folder (GTask *task, GCancellable *cancellable, gpointer folder)
{
  g_atomic_int_inc (&n_indexed);   /* in a thread, where what takes long keeps nobody waiting */
  g_task_return_boolean (task, TRUE);
}
/* end */

int
main (void)
{
  const char *folders[] = { "music", "pictures" };
  /* begin */
  g_autoptr(AiodriveThreadTaskGroup) group = aiodrive_thread_task_group_new ("indexer", NULL);
  g_autoptr(GTask) closed = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    aiodrive_task_group_spawn (AIODRIVE_TASK_GROUP (group), NULL, index_folder, (gpointer) folders[i], NULL);

  closed = AIODRIVE_START (NULL, aiodrive_task_group_close_async, AIODRIVE_TASK_GROUP (group));
  aiodrive_run (closed);   /* now the thread has ended, too */
  /* end */
  g_print ("%d folders are indexed\n", n_indexed);
  return 0;
}
