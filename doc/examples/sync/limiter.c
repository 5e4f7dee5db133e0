/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * the third one has to wait
 * now it is in
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_room (GObject *source, GAsyncResult *result, gpointer loop)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AiodriveLockGuard) guard = aiodrive_limiter_acquire_finish (AIODRIVE_LIMITER (source), result, &error);

  if (guard != NULL)
    g_print ("now it is in\n");   /* to the end of this block */
  g_main_loop_quit (loop);
}
/* end */

int
main (void)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  /* begin */
  g_autoptr(AiodriveLimiter) downloads = aiodrive_limiter_new (2);
  g_autoptr(AiodriveLockGuard) first = aiodrive_limiter_try_acquire (downloads);
  g_autoptr(AiodriveLockGuard) second = aiodrive_limiter_try_acquire (downloads);

  aiodrive_limiter_acquire_async (downloads, NULL, on_room, loop);
  g_print ("the third one has to wait\n");
  aiodrive_lock_guard_release (first);
  /* end */
  g_main_loop_run (loop);
  return 0;
}
