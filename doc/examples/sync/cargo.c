/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * at 17
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_position (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_auto(GValue) position = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_cargo_wait_finish (AIODRIVE_CARGO (source), result, &position, &error);
  if (error == NULL)
    g_print ("at %d\n", g_value_get_int (&position));
}
/* end */

int
main (void)
{
  g_autoptr(AiodriveCargo) positions = aiodrive_cargo_new ();
  g_auto(GValue) position = G_VALUE_INIT;

  g_value_init (&position, G_TYPE_INT);
  g_value_set_int (&position, 17);
  /* begin */
  aiodrive_cargo_wait_async (positions, NULL, on_position, NULL);
  aiodrive_cargo_send (positions, &position, NULL);
  /* end */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}
