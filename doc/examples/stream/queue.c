/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * a page
 * no more pages
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_page (GObject *source, GAsyncResult *result, gpointer loop)
{
  AiodriveQueue *pages = AIODRIVE_QUEUE (source);
  g_autoptr(GError) error = NULL;
  g_auto(GValue) page = G_VALUE_INIT;

  aiodrive_queue_get_finish (pages, result, &page, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    {
      g_print ("no more pages\n");
      return g_main_loop_quit (loop);
    }
  g_print ("%s\n", g_value_get_string (&page));
  aiodrive_queue_get_async (pages, NULL, on_page, loop);
}
/* end */

int
main (void)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(AiodriveQueue) pages = AIODRIVE_QUEUE (aiodrive_ordered_queue_new ());
  g_auto(GValue) page = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  g_value_init (&page, G_TYPE_STRING);
  g_value_set_static_string (&page, "a page");
  /* begin */
  aiodrive_queue_get_async (pages, NULL, on_page, loop);
  aiodrive_queue_put (pages, 0, &page, &error);
  aiodrive_queue_close (pages);
  /* end */
  g_main_loop_run (loop);
  return 0;
}
