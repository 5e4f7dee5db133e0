/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * called back in the main thread
 */
#include <aiodrive/aiodrive.h>

static GThread *main_thread;

/* begin */
static void
on_done (GObject *source, GAsyncResult *result, gpointer loop)
{
  if (g_thread_self () == main_thread)
    g_print ("called back in the main thread\n");
  g_main_loop_quit (loop);
}

static gpointer
work (gpointer done)
{
  aiodrive_latch_set (done);   /* from any thread */
  return NULL;
}
/* end */

int
main (void)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(AiodriveLatch) done = aiodrive_latch_new ();
  GThread *thread;

  main_thread = g_thread_self ();
  /* begin */
  aiodrive_latch_wait_set_async (done, NULL, on_done, loop);
  thread = g_thread_new ("worker", work, done);
  /* end */
  g_main_loop_run (loop);
  g_thread_join (thread);
  return 0;
}
