/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * new enough
 */
#include <aiodrive/aiodrive.h>

int
main (void)
{
  /* begin */
#if AIODRIVE_MAJOR_VERSION > 1 || (AIODRIVE_MAJOR_VERSION == 1 && AIODRIVE_MINOR_VERSION >= 0)
  g_print ("new enough\n");
#endif
  /* end */
  return 0;
}
