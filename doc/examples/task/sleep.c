/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * awake
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_slept (GObject *source, GAsyncResult *result, gpointer loop)
{
  g_autoptr(GError) error = NULL;

  if (aiodrive_sleep_finish (result, &error))
    g_print ("awake\n");
  g_main_loop_quit (loop);
}
/* end */

int
main (void)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  /* begin */
  aiodrive_sleep_async (20, NULL, on_slept, loop);
  /* end */
  g_main_loop_run (loop);
  return 0;
}
