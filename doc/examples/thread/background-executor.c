/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * the index is built, elsewhere
 */
#include <aiodrive/aiodrive.h>

static GThread *main_thread;

/* begin */
static void
build_index (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  g_task_return_boolean (task, g_thread_self () != main_thread);   /* and what takes long is done before */
}
/* end */

int
main (void)
{
  main_thread = g_thread_self ();
  {
    /* begin */
    g_autoptr(AiodriveBackgroundExecutor) indexer = aiodrive_background_executor_new ("indexer");
    g_autoptr(GTask) task = NULL;
    g_autoptr(GError) error = NULL;
    GTask *leaf;

    aiodrive_background_executor_spawn (indexer, &task, NULL, build_index, NULL, NULL);
    aiodrive_run (task);
    leaf = aiodrive_task_get_leaf (task, &error);   /* the task of that thread, which this one stood for */
    if (leaf != NULL && g_task_propagate_boolean (leaf, &error))
      g_print ("the index is built, elsewhere\n");
    /* end */
    aiodrive_background_executor_stop (indexer, NULL, NULL);
  }
  return 0;
}
