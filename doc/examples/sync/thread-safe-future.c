/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * 192.0.2.7
 */
#include <aiodrive/aiodrive.h>

/* begin */
static gpointer
look_up (gpointer address)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_static_string (&value, "192.0.2.7");
  aiodrive_thread_safe_future_set_value (address, &value, NULL);
  return NULL;
}

static void
on_address (GObject *source, GAsyncResult *result, gpointer loop)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_thread_safe_future_wait_finish (AIODRIVE_THREAD_SAFE_FUTURE (source), result, &value, &error);
  if (error == NULL)
    g_print ("%s\n", g_value_get_string (&value));
  g_main_loop_quit (loop);
}
/* end */

int
main (void)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  /* begin */
  g_autoptr(AiodriveThreadSafeFuture) address = aiodrive_thread_safe_future_new ();
  GThread *thread = g_thread_new ("look up", look_up, address);

  aiodrive_thread_safe_future_wait_async (address, NULL, on_address, loop);
  /* end */
  g_main_loop_run (loop);
  g_thread_join (thread);
  return 0;
}
