/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * loaded
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_loaded (GObject *source, GAsyncResult *result, gpointer loop)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GTask) winner = aiodrive_timeout_finish (result, &error);

  if (winner != NULL)
    {
      g_autoptr(GAsyncResult) loaded = aiodrive_task_propagate_result (winner, &error);
      g_autoptr(GObject) file = g_async_result_get_source_object (loaded);
      g_autoptr(GBytes) bytes = g_file_load_bytes_finish (G_FILE (file), loaded, NULL, &error);

      if (bytes != NULL)
        g_print ("loaded\n");
    }
  if (error != NULL)
    g_printerr ("%s\n", error->message);
  g_main_loop_quit (loop);
}

static void
load_first (GFile *near, GFile *far, GCancellable *window_scope, GMainLoop *loop)
{
  g_autoptr(GTask) load_near = AIODRIVE_START (G_CANCELLABLE (window_scope), g_file_load_bytes_async, near);
  g_autoptr(GTask) load_far = AIODRIVE_START (G_CANCELLABLE (window_scope), g_file_load_bytes_async, far);
  g_autoptr(GTask) first = aiodrive_first_success ((GTask *[]) { load_near, load_far }, 2, NULL);

  aiodrive_timeout_async (first, 2000, window_scope, on_loaded, loop);
}
/* end */

int
main (int argc, char *argv[])
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(GFile) near = g_file_new_for_path ("/nowhere");
  g_autoptr(GFile) far = g_file_new_for_path (argv[0]);
  g_autoptr(AiodriveCancelScope) window_scope = aiodrive_cancel_scope_new (NULL);

  load_first (near, far, G_CANCELLABLE (window_scope), loop);
  g_main_loop_run (loop);
  return 0;
}
