/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * received one
 * there is room again
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  if (aiodrive_channel_send_finish (AIODRIVE_CHANNEL (source), result, NULL))
    g_print ("there is room again\n");
}
/* end */

int
main (void)
{
  g_auto(GValue) line = G_VALUE_INIT;
  g_auto(GValue) received = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  g_value_init (&line, G_TYPE_STRING);
  g_value_set_static_string (&line, "one");
  {
    /* begin */
    g_autoptr(AiodriveChannel) lines = aiodrive_channel_new (1);

    aiodrive_channel_try_send (lines, &line, &error);
    aiodrive_channel_send_async (lines, &line, NULL, on_sent, NULL);   /* it is full: this one waits */
    if (aiodrive_channel_try_receive (lines, &received, &error))
      g_print ("received %s\n", g_value_get_string (&received));
    /* end */
    while (g_main_context_iteration (NULL, FALSE))
      ;
  }
  return 0;
}
