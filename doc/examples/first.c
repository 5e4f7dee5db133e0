/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <aiodrive/aiodrive.h>

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GFile) near = g_file_new_for_commandline_arg (argv[1]);
  g_autoptr(GFile) far = g_file_new_for_commandline_arg (argv[2]);
  g_autoptr(GTask) load_near = AIODRIVE_START (NULL, g_file_load_bytes_async, near);
  g_autoptr(GTask) load_far = AIODRIVE_START (NULL, g_file_load_bytes_async, far);
  g_autoptr(GTask) first = aiodrive_first_success ((GTask *[]) { load_near, load_far }, 2, NULL);
  g_autoptr(GTask) limited = aiodrive_timeout (first, 2000, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GBytes) bytes = NULL;

  aiodrive_run (limited);   /* now all have ended: losers were cancelled, and awaited */

  result = aiodrive_task_propagate_result (limited, &error);
  if (result != NULL)
    {
      g_autoptr(GObject) file = g_async_result_get_source_object (result);

      bytes = g_file_load_bytes_finish (G_FILE (file), result, NULL, &error);
    }
  if (bytes == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  g_print ("%" G_GSIZE_FORMAT " bytes\n", g_bytes_get_size (bytes));
  return 0;
}
