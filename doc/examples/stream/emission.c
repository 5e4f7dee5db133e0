/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * online
 * offline
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_value (GObject *source, GAsyncResult *result, gpointer user_data)
{
  AiodriveAsyncIterator *values = AIODRIVE_ASYNC_ITERATOR (source);
  g_auto(GValue) enabled = G_VALUE_INIT;

  if (!aiodrive_async_iterator_next_finish (values, result, &enabled, NULL))
    return;   /* the object has gone */

  g_print ("%s\n", g_value_get_boolean (&enabled) ? "online" : "offline");
  aiodrive_async_iterator_next_async (values, NULL, on_value, NULL);
}
/* end */

int
main (void)
{
  g_autoptr(GSimpleAction) network = g_simple_action_new ("network", NULL);
  /* begin */
  g_autoptr(AiodriveObjectIterator) values = aiodrive_iterate_property (G_OBJECT (network), "enabled", NULL);

  aiodrive_async_iterator_next_async (AIODRIVE_ASYNC_ITERATOR (values), NULL, on_value, NULL);
  /* end */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_simple_action_set_enabled (network, FALSE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&network);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}
