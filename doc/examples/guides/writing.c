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
#define FILES_FIELDS(FIELD, WEAK)       \
  FIELD (GFile *, first, G_TYPE_FILE)   \
  FIELD (GFile *, second, G_TYPE_FILE)

AIODRIVE_DEFINE_DATA (Files, files, FILES_FIELDS)

static gboolean
exists (GCancellable *scope, gpointer file, GValue *result, GError **error)
{
  g_autoptr(GFileInfo) info = g_file_query_info_finish (file, AIODRIVE_AWAIT (g_file_query_info_async, file,
                                                                              "standard::type",
                                                                              G_FILE_QUERY_INFO_NONE,
                                                                              G_PRIORITY_DEFAULT), NULL);

  return aiodrive_return_boolean (result, info != NULL);
}

static gboolean
count_files (GCancellable *scope, gpointer data, GValue *result, GError **error)
{
  Files *files = data;
  GTask *first = aiodrive_spawn_fiber (scope, exists, files->first, NULL);
  GTask *second = aiodrive_spawn_fiber (scope, exists, files->second, NULL);
  gint64 n_files = aiodrive_await_boolean (first, NULL);   /* meanwhile the second one runs, too */

  n_files += aiodrive_await_boolean (second, NULL);
  return !g_cancellable_set_error_if_cancelled (scope, error) && aiodrive_return_int (result, n_files);
}

void
count_files_async (GFile               *first,
                   GFile               *second,
                   GCancellable        *cancellable,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Files files = { .first = first, .second = second };

  g_task_set_check_cancellable (task, FALSE);   /* it ends when both have ended, cancelled or not */
  g_task_set_task_data (task, files_new (files), files_free);
  aiodrive_task_run_in_fiber (task, count_files);
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
