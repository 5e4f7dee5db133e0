/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * loading
 * the widget has gone
 */
#include <aiodrive/aiodrive.h>

/* begin */
static gboolean
load (GCancellable *scope, gpointer data, GValue *result, GError **error)
{
  gboolean loaded;

  g_print ("loading\n");
  loaded = aiodrive_sleep (60000, scope, error);
  if (loaded)
    {
      g_autoptr(GObject) widget = aiodrive_cancel_scope_dup_object (AIODRIVE_CANCEL_SCOPE (scope));

      g_object_set_data (widget, "loaded", GINT_TO_POINTER (TRUE));
    }
  else
    {
      g_print ("the widget has gone\n");
    }
  return loaded;
}

static void
on_clicked (GObject *widget)
{
  aiodrive_spawn_for_object (widget, NULL, AIODRIVE_FIBER (load, NULL, NULL));
}
/* end */

int
main (void)
{
  g_autoptr(GObject) widget = g_object_new (G_TYPE_OBJECT, NULL);

  on_clicked (widget);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&widget);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}
