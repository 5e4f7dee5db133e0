/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * a line
 */
#include <aiodrive/aiodrive.h>

int
main (void)
{
  g_auto(GValue) line = G_VALUE_INIT;
  g_auto(GValue) next = G_VALUE_INIT;

  g_value_init (&line, G_TYPE_STRING);
  g_value_set_static_string (&line, "a line");
  {
    /* begin */
    g_autoptr(AiodriveQueue) lines = AIODRIVE_QUEUE (aiodrive_unordered_queue_new ());

    aiodrive_queue_put (lines, 0, &line, NULL);
    if (aiodrive_queue_try_get (lines, &next, NULL))
      g_print ("%s\n", g_value_get_string (&next));
    /* end */
  }
  return 0;
}
