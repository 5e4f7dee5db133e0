/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * 2 files are there
 */
#include <aiodrive/aiodrive.h>

void count_files_async  (GFile               *first,
                         GFile               *second,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data);
gint count_files_finish (GAsyncResult        *result,
                         GError             **error);

/* begin */
static void
on_both (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GPtrArray) both = NULL;
  GError *error = NULL;
  gint n_files = 0;

  both = aiodrive_wait_all_finish (result, &error);
  if (both == NULL)
    return g_task_return_error (task, error);

  for (guint i = 0; i < both->len; i++)
    {
      g_autoptr(GAsyncResult) asked = aiodrive_task_propagate_result (both->pdata[i], NULL);
      g_autoptr(GObject) file = g_async_result_get_source_object (asked);
      g_autoptr(GFileInfo) info = g_file_query_info_finish (G_FILE (file), asked, NULL);

      n_files += info != NULL;
    }
  g_task_return_int (task, n_files);
}

void
count_files_async (GFile               *first,
                   GFile               *second,
                   GCancellable        *cancellable,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr(GTask) ask_first = AIODRIVE_START (cancellable, g_file_query_info_async, first, "standard::type",
                                               G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT);
  g_autoptr(GTask) ask_second = AIODRIVE_START (cancellable, g_file_query_info_async, second, "standard::type",
                                                G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT);

  g_task_set_check_cancellable (task, FALSE);   /* it ends when both have ended, cancelled or not */
  aiodrive_wait_all_async ((GTask *[]) { ask_first, ask_second }, 2, cancellable, on_both, task);
}

gint
count_files_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_int (G_TASK (result), error);
}
/* end */

static void
on_counted (GObject *source, GAsyncResult *result, gpointer loop)
{
  g_print ("%d files are there\n", count_files_finish (result, NULL));
  g_main_loop_quit (loop);
}

int
main (int argc, char *argv[])
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(GFile) program = g_file_new_for_path (argv[0]);
  g_autoptr(GFile) root = g_file_new_for_path ("/");

  count_files_async (program, root, NULL, on_counted, loop);
  g_main_loop_run (loop);
  return 0;
}
