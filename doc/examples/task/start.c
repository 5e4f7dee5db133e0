/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * it has a name
 */
#include <aiodrive/aiodrive.h>

int
main (int argc, char *argv[])
{
  g_autoptr(GFile) file = g_file_new_for_path (argv[0]);
  g_autoptr(GError) error = NULL;
  /* begin */
  g_autoptr(GTask) task = AIODRIVE_START (NULL, g_file_query_info_async, file, "standard::*",
                                          G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT);
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GFileInfo) info = NULL;

  aiodrive_run (task);
  result = aiodrive_task_propagate_result (task, &error);
  if (result != NULL)
    info = g_file_query_info_finish (file, result, &error);
  /* end */
  if (info == NULL)
    g_error ("%s", error->message);
  g_print ("%s\n", g_file_info_get_name (info) != NULL ? "it has a name" : "it has none");
  return 0;
}
