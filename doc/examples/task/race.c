/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * the quick one is the first
 */
#include <aiodrive/aiodrive.h>

int
main (void)
{
  /* begin */
  g_autoptr(GTask) quick = AIODRIVE_START (NULL, aiodrive_sleep_async, 20);
  g_autoptr(GTask) slow = AIODRIVE_START (NULL, aiodrive_sleep_async, 60000);
  g_autoptr(GTask) race = aiodrive_race ((GTask *[]) { quick, slow }, 2, NULL);
  g_autoptr(GTask) winner = NULL;
  g_autoptr(GError) error = NULL;

  aiodrive_run (race);   /* now both have ended: the slow one was cancelled, and awaited */
  winner = aiodrive_race_finish (G_ASYNC_RESULT (race), NULL, &error);
  if (winner == quick)
    g_print ("the quick one is the first\n");
  /* end */
  return winner == NULL;
}
