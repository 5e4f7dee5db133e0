/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * 0
 * 1
 * 2
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_next (GObject *source, GAsyncResult *result, gpointer loop)
{
  AiodriveAsyncIterator *items = AIODRIVE_ASYNC_ITERATOR (source);
  g_autoptr(GError) error = NULL;
  g_auto(GValue) item = G_VALUE_INIT;

  if (!aiodrive_async_iterator_next_finish (items, result, &item, &error))
    return g_main_loop_quit (loop);   /* an error, or the end if there is none */

  g_print ("%d\n", g_value_get_int (&item));
  aiodrive_async_iterator_next_async (items, NULL, on_next, loop);
}
/* end */

int
main (void)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(AiodriveUnorderedQueue) queue = aiodrive_unordered_queue_new ();

  for (gint i = 0; i < 3; i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      g_value_init (&value, G_TYPE_INT);
      g_value_set_int (&value, i);
      aiodrive_queue_put (AIODRIVE_QUEUE (queue), i, &value, NULL);
    }
  aiodrive_queue_close (AIODRIVE_QUEUE (queue));

  aiodrive_async_iterator_next_async (AIODRIVE_ASYNC_ITERATOR (queue), NULL, on_next, loop);
  g_main_loop_run (loop);
  return 0;
}
