/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * it took an hour, and no time at all
 */
#include <aiodrive/aiodrive.h>

int
main (void)
{
  /* begin */
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(GTask) stuck = AIODRIVE_START (NULL, aiodrive_sleep_async, G_MAXUINT);
  g_autoptr(GTask) limited = aiodrive_timeout (stuck, 3600 * 1000, NULL);

  aiodrive_run (limited);
  g_assert_cmpint (aiodrive_test_context_get_elapsed (test), ==, G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC);
  /* end */
  g_print ("it took an hour, and no time at all\n");
  return 0;
}
