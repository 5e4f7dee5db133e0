/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * the deadline is in less than a minute
 */
#include <aiodrive/aiodrive.h>

int
main (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  gint64 left;

  /* begin */
  aiodrive_cancel_scope_set_deadline (scope, aiodrive_get_monotonic_time () + 60 * G_USEC_PER_SEC);

  left = aiodrive_cancel_scope_get_deadline (scope) - aiodrive_get_monotonic_time ();
  /* end */
  if (left > 0 && left <= 60 * G_USEC_PER_SEC)
    g_print ("the deadline is in less than a minute\n");
  return 0;
}
