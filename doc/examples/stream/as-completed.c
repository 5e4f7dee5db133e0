/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * after 0 ms
 * after 20 ms
 * after 40 ms
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_next (GObject *source, GAsyncResult *result, gpointer loop)
{
  AiodriveAsyncIterator *completed = AIODRIVE_ASYNC_ITERATOR (source);
  g_auto(GValue) item = G_VALUE_INIT;

  if (!aiodrive_async_iterator_next_finish (completed, result, &item, NULL))
    return g_main_loop_quit (loop);
  g_print ("%s\n", g_task_get_name (g_value_get_object (&item)));
  aiodrive_async_iterator_next_async (completed, NULL, on_next, loop);
}
/* end */

int
main (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(AiodriveAsyncIterator) completed = NULL;

  for (guint duration = 60; duration > 0; duration -= 20)
    {
      g_autofree char *name = g_strdup_printf ("after %u ms", duration - 20);
      GTask *task = AIODRIVE_START (NULL, aiodrive_sleep_async, duration - 20);

      g_task_set_name (task, name);
      g_ptr_array_add (tasks, task);
    }
  /* begin */
  completed = aiodrive_as_completed ((GTask **) tasks->pdata, tasks->len, NULL);
  aiodrive_async_iterator_next_async (completed, NULL, on_next, loop);
  /* end */
  g_main_loop_run (loop);
  return 0;
}
