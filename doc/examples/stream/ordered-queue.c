/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * first
 * second
 */
#include <aiodrive/aiodrive.h>

static void
put (AiodriveQueue *pages, gint64 number, const char *text)
{
  g_auto(GValue) page = G_VALUE_INIT;

  g_value_init (&page, G_TYPE_STRING);
  g_value_set_string (&page, text);
  aiodrive_queue_put (pages, number, &page, NULL);
}

int
main (void)
{
  /* begin */
  g_autoptr(AiodriveQueue) pages = AIODRIVE_QUEUE (aiodrive_ordered_queue_new ());
  g_autoptr(GArray) in_order = NULL;

  put (pages, 1, "second");   /* a function that calls aiodrive_queue_put() */
  put (pages, 0, "first");
  in_order = aiodrive_queue_get_many (pages, 0);
  for (guint i = 0; i < in_order->len; i++)
    g_print ("%s\n", g_value_get_string (&g_array_index (in_order, GValue, i)));
  /* end */
  return 0;
}
