/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * written
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_locked (GObject *lock, GAsyncResult *result, gpointer loop)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AiodriveLockGuard) guard = NULL;

  guard = aiodrive_smart_lock_acquire_finish (AIODRIVE_SMART_LOCK (lock), result, &error);
  if (guard != NULL)
    g_print ("written\n");   /* the lock is held to the end of this block */
  g_main_loop_quit (loop);
}
/* end */

int
main (void)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  g_autoptr(AiodriveLockGuard) reader = aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_SHARED, NULL);

  /* begin */
  aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, NULL, on_locked, loop);
  /* end */
  aiodrive_lock_guard_release (reader);
  g_main_loop_run (loop);
  return 0;
}
