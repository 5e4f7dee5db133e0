/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * window: it has ended
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_ended (GObject *task, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) ended = aiodrive_wait_task_finish (result, NULL);

  if (ended != NULL)   /* how it ended is not asked here: others may take that */
    g_print ("%s: it has ended\n", (const char *) user_data);
}
/* end */

int
main (void)
{
  g_autoptr(GTask) task = AIODRIVE_START (NULL, aiodrive_sleep_async, 20);

  /* begin */
  aiodrive_wait_task_async (task, NULL, on_ended, (gpointer) "window");   /* any number may wait */
  /* end */
  aiodrive_run (task);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}
