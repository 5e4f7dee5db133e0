/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * ready
 */
#include <aiodrive/aiodrive.h>

/* begin */
static gboolean
count_lines (GCancellable *scope, gpointer file, GValue *result, GError **error)
{
  g_autoptr(GBytes) bytes = NULL;
  const char *text;
  gsize length;
  gint64 n_lines = 0;

  /* suspends the fiber, not the thread */
  bytes = g_file_load_bytes_finish (file, AIODRIVE_AWAIT (g_file_load_bytes_async, file), NULL, error);
  if (bytes == NULL)
    return FALSE;

  text = g_bytes_get_data (bytes, &length);
  for (gsize i = 0; i < length; i++)
    n_lines += text[i] == '\n';
  return aiodrive_return_int (result, n_lines);
}

static gboolean
compare (GCancellable *scope, gpointer file, GValue *result, GError **error)
{
  GTask *task = aiodrive_spawn_fiber (scope, count_lines, g_object_ref (file), g_object_unref);
  gint64 n_lines;

  if (!aiodrive_sleep (20, scope, error))   /* meanwhile the file is loaded */
    return FALSE;
  n_lines = aiodrive_await_int (task, error);
  return n_lines >= 0 && aiodrive_return_string (result, g_strdup (n_lines > 0 ? "ready" : "empty"));
}
/* end */

int
main (void)
{
  g_autoptr(GFile) file = g_file_new_for_path ("/etc/passwd");
  g_auto(GValue) value = G_VALUE_INIT;
  /* begin */
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, compare, g_object_ref (file), g_object_unref);
  /* end */

  aiodrive_run (task);
  aiodrive_task_propagate (task, &value, NULL);
  g_print ("%s\n", g_value_get_string (&value));
  return 0;
}
