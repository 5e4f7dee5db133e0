/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* begin taste */
#include <aiodrive/aiodrive.h>

static gboolean
load (GCancellable *scope, gpointer file, GValue *result, GError **error)
{
  GBytes *bytes = g_file_load_bytes_finish (file, AIODRIVE_AWAIT (g_file_load_bytes_async, file), NULL, error);

  return bytes != NULL && aiodrive_return_boxed (result, G_TYPE_BYTES, bytes);
}

static gboolean
load_first (GCancellable *scope, gpointer data, GValue *result, GError **error)
{
  char **names = data;
  g_autoptr(GTask) near = aiodrive_spawn_fiber (scope, load, g_file_new_for_commandline_arg (names[1]), g_object_unref);
  g_autoptr(GTask) far = aiodrive_spawn_fiber (scope, load, g_file_new_for_commandline_arg (names[2]), g_object_unref);
  GTask *both[] = { near, far };
  g_autoptr(GTask) first = aiodrive_first_success (both, 2, scope);
  g_autoptr(GBytes) bytes = aiodrive_await_boxed (aiodrive_timeout (first, 2000, scope), error);

  if (bytes == NULL)
    return FALSE;
  g_print ("%" G_GSIZE_FORMAT " bytes\n", g_bytes_get_size (bytes));   /* the loser was cancelled, and has ended */
  return TRUE;
}
/* end */

/* begin main */
int
main (int argc, char *argv[])
{
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, load_first, argv, NULL);
  g_autoptr(GError) error = NULL;
  g_auto(GValue) value = G_VALUE_INIT;

  aiodrive_run (task);
  aiodrive_task_propagate (task, &value, &error);
  if (error != NULL)
    g_printerr ("%s\n", error->message);
  return error != NULL;
}
/* end */
