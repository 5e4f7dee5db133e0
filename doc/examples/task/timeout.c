/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * too late
 */
#include <aiodrive/aiodrive.h>

int
main (void)
{
  /* begin */
  g_autoptr(GTask) task = AIODRIVE_START (NULL, aiodrive_sleep_async, 60000);
  g_autoptr(GTask) limited = aiodrive_timeout (task, 20, NULL);
  g_autoptr(GTask) in_time = NULL;
  g_autoptr(GError) error = NULL;

  aiodrive_run (limited);
  in_time = aiodrive_timeout_finish (G_ASYNC_RESULT (limited), &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    g_print ("too late\n");
  /* end */
  return in_time != NULL;
}
