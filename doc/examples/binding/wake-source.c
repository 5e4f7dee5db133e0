/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * the callbacks of the other loop run
 */
#include <aiodrive/binding.h>

/* begin */
static gboolean
run_what_is_ready (gpointer user_data)
{
  gboolean *ran = user_data;

  g_print ("the callbacks of the other loop run\n");
  *ran = TRUE;
  return G_SOURCE_CONTINUE;
}
/* end */

int
main (void)
{
  gboolean ran = FALSE;
  /* begin */
  g_autoptr(GSource) source = aiodrive_wake_source_new ();

  g_source_set_callback (source, run_what_is_ready, &ran, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  g_source_set_ready_time (source, 0);   /* from any thread, whenever there is something to do */
  /* end */
  while (!ran)
    g_main_context_iteration (NULL, TRUE);
  g_source_destroy (source);
  return 0;
}
