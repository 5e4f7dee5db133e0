/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * somebody else wants it
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_wanted (GCancellable *scope, gpointer user_data)
{
  g_print ("somebody else wants it\n");
}
/* end */

int
main (void)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  g_autoptr(AiodriveLockGuard) theirs = NULL;
  g_autoptr(GTask) other = NULL;
  g_autoptr(GAsyncResult) result = NULL;
  /* begin */
  g_autoptr(AiodriveLockGuard) guard = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE,
                                                                    G_PRIORITY_DEFAULT, NULL, NULL);
  AiodriveCancelScope *scope = aiodrive_lock_guard_get_scope (guard);   /* for all that is done under the lock */

  g_signal_connect (scope, "cancelled", G_CALLBACK (on_wanted), NULL);
  /* end */
  other = AIODRIVE_START (NULL, aiodrive_smart_lock_acquire_async, lock, AIODRIVE_LOCK_MODE_EXCLUSIVE,
                          G_PRIORITY_DEFAULT);
  /* begin */
  aiodrive_lock_guard_release (guard);   /* else the lock opens with the last reference */
  /* end */
  aiodrive_run (other);
  result = aiodrive_task_propagate_result (other, NULL);
  theirs = aiodrive_smart_lock_acquire_finish (lock, result, NULL);
  return theirs == NULL;
}
