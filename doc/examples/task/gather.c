/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * 3 tasks have succeeded
 */
#include <aiodrive/aiodrive.h>

int
main (void)
{
  g_autoptr(GError) error = NULL;
  /* begin */
  g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GPtrArray) done = NULL;
  g_autoptr(GTask) all = NULL;

  for (guint i = 0; i < 3; i++)
    g_ptr_array_add (tasks, AIODRIVE_START (NULL, aiodrive_sleep_async, 10 * i));

  all = aiodrive_try_all ((GTask **) tasks->pdata, tasks->len, NULL);
  aiodrive_run (all);
  done = aiodrive_try_all_finish (G_ASYNC_RESULT (all), &error);
  if (done != NULL)
    g_print ("%u tasks have succeeded\n", done->len);
  /* end */
  return done == NULL;
}
