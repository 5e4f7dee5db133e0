/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * 42
 */
#include <aiodrive/aiodrive.h>

static void
compute (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  g_task_return_int (task, 42);
}

int
main (void)
{
  /* begin */
  g_autoptr(GTask) quick = aiodrive_spawn (NULL, compute, NULL, NULL);
  g_autoptr(GTask) slow = AIODRIVE_START (NULL, aiodrive_sleep_async, 60000);
  g_autoptr(GTask) first = aiodrive_race ((GTask *[]) { quick, slow }, 2, NULL);
  g_autoptr(GTask) limited = aiodrive_timeout (first, 30000, NULL);
  GTask *winner;
  g_autoptr(GError) error = NULL;

  aiodrive_run (limited);
  winner = aiodrive_task_get_leaf (limited, &error);   /* through the timeout and the race */
  if (winner == quick)
    g_print ("%" G_GSSIZE_FORMAT "\n", g_task_propagate_int (quick, &error));
  /* end */
  return 0;
}
