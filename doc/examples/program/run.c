/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * done
 */
#include <aiodrive/aiodrive.h>

/* begin */
int
main (void)
{
  g_autoptr(GTask) task = AIODRIVE_START (NULL, aiodrive_sleep_async, 20);

  aiodrive_run (task);
  g_print ("done\n");
  return 0;
}
/* end */
