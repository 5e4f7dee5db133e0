/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * the worker is ready
 */
#include <aiodrive/aiodrive.h>

/* begin */
static gpointer
work (gpointer ready)
{
  aiodrive_thread_safe_event_set (ready);
  return NULL;
}
/* end */

int
main (void)
{
  g_autoptr(GError) error = NULL;
  /* begin */
  g_autoptr(AiodriveThreadSafeEvent) ready = aiodrive_thread_safe_event_new ();
  GThread *thread = g_thread_new ("worker", work, ready);

  if (aiodrive_thread_safe_event_wait (ready, NULL, &error))
    g_print ("the worker is ready\n");
  /* end */
  g_thread_join (thread);
  return 0;
}
