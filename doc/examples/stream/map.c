/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * 0
 * 1
 * 4
 * 9
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
square (GTask *task, GCancellable *cancellable, const GValue *item, gpointer user_data)
{
  g_auto(GValue) result = G_VALUE_INIT;

  g_value_init (&result, G_TYPE_INT);
  g_value_set_int (&result, g_value_get_int (item) * g_value_get_int (item));
  g_task_return_value (task, &result);
}
/* end */

static void
on_next (GObject *source, GAsyncResult *result, gpointer loop)
{
  AiodriveAsyncIterator *squares = AIODRIVE_ASYNC_ITERATOR (source);
  g_auto(GValue) value = G_VALUE_INIT;

  if (!aiodrive_async_iterator_next_finish (squares, result, &value, NULL))
    return g_main_loop_quit (loop);
  g_print ("%d\n", g_value_get_int (&value));
  aiodrive_async_iterator_next_async (squares, NULL, on_next, loop);
}

int
main (void)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(AiodriveUnorderedQueue) numbers = aiodrive_unordered_queue_new ();
  g_autoptr(AiodriveAsyncIterator) squares = NULL;

  for (gint i = 0; i < 4; i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      g_value_init (&value, G_TYPE_INT);
      g_value_set_int (&value, i);
      aiodrive_queue_put (AIODRIVE_QUEUE (numbers), i, &value, NULL);
    }
  aiodrive_queue_close (AIODRIVE_QUEUE (numbers));

  /* begin */
  squares = aiodrive_map (AIODRIVE_ASYNC_ITERATOR (numbers), 3, AIODRIVE_MAP_FLAGS_ORDERED, NULL, square, NULL, NULL);
  aiodrive_async_iterator_next_async (squares, NULL, on_next, loop);   /* and so on, as for every iterator */
  /* end */
  g_main_loop_run (loop);
  return 0;
}
