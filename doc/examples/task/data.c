/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * found
 */
#include <aiodrive/aiodrive.h>

#include <string.h>

/* begin */
#define SEARCH_FIELDS(FIELD, WEAK)         \
  FIELD (GFile *, file, G_TYPE_FILE)       \
  FIELD (char *, pattern, G_TYPE_STRING)   \
  WEAK (GApplication *, application)

AIODRIVE_DEFINE_DATA (Search, search, SEARCH_FIELDS)

static gboolean
search_run (GCancellable *scope, gpointer data, GValue *result, GError **error)
{
  Search *self = data;
  g_autoptr(GBytes) bytes = g_file_load_bytes_finish (self->file, AIODRIVE_AWAIT (g_file_load_bytes_async, self->file),
                                                      NULL, error);
  if (bytes == NULL)
    return FALSE;
  if (self->application == NULL)   /* it has gone meanwhile */
    return aiodrive_return_boolean (result, FALSE);
  return aiodrive_return_boolean (result, memmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                                  self->pattern, strlen (self->pattern)) != NULL);
}
/* end */

int
main (void)
{
  g_autoptr(GApplication) application = g_application_new (NULL, 0);
  g_autoptr(GFile) file = g_file_new_for_path ("/etc/passwd");
  g_auto(GValue) value = G_VALUE_INIT;
  char pattern[] = "root";
  /* begin */
  Search search = { .file = file, .pattern = pattern, .application = application };
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, search_run, search_new (search), search_free);
  /* end */

  aiodrive_run (task);
  aiodrive_task_propagate (task, &value, NULL);
  g_print ("%s\n", g_value_get_boolean (&value) ? "found" : "missing");
  return 0;
}
