/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * interrupted
 */
#include <aiodrive/aiodrive.h>

#include <signal.h>

int
main (void)
{
  /* begin */
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveSignalHandler) interrupt = aiodrive_handle_signal (SIGINT, scope, NULL);
  g_autoptr(GTask) task = AIODRIVE_START (G_CANCELLABLE (scope), aiodrive_sleep_async, 60000);
  g_autoptr(GError) reason = NULL;
  /* end */

  raise (SIGINT);
  /* begin */
  aiodrive_run (task);
  reason = aiodrive_cancel_scope_dup_reason (scope);
  if (g_error_matches (reason, AIODRIVE_ERROR, AIODRIVE_ERROR_SIGNAL))
    g_print ("interrupted\n");
  /* end */
  return 0;
}
