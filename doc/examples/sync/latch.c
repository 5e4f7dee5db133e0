/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * online
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_online (GObject *source, GAsyncResult *result, gpointer user_data)
{
  if (aiodrive_latch_wait_set_finish (AIODRIVE_LATCH (source), result, NULL))
    g_print ("online\n");
}
/* end */

int
main (void)
{
  g_autoptr(GSimpleAction) network = g_simple_action_new ("network", NULL);
  /* begin */
  g_autoptr(AiodriveLatch) online = aiodrive_latch_new ();

  g_object_bind_property (network, "enabled", online, "state", G_BINDING_SYNC_CREATE);
  aiodrive_latch_wait_set_async (online, NULL, on_online, NULL);
  /* end */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}
