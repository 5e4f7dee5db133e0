/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/smart-lock.h"

/* The four modes by their names, at the priority G_PRIORITY_DEFAULT. */

/**
 * aiodrive_smart_lock_exclusive_async:
 * @self: a lock
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the lock is held
 * @user_data: data for @callback
 *
 * Acquires the lock exclusively: aiodrive_smart_lock_acquire_async() with %AIODRIVE_LOCK_MODE_EXCLUSIVE.
 *
 * Since: 1.0
 */
void
aiodrive_smart_lock_exclusive_async (AiodriveSmartLock   *self,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data)
{
  aiodrive_smart_lock_acquire_async (self, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, cancellable, callback,
                                     user_data);
}

/**
 * aiodrive_smart_lock_exclusive_finish:
 * @self: a lock
 * @result: the result of aiodrive_smart_lock_exclusive_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_smart_lock_exclusive_async().
 *
 * Returns: (transfer full): the guard that holds the lock; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_smart_lock_exclusive_finish (AiodriveSmartLock  *self,
                                      GAsyncResult       *result,
                                      GError            **error)
{
  return aiodrive_smart_lock_acquire_finish (self, result, error);
}

/**
 * aiodrive_smart_lock_exclusive:
 * @self: a lock
 * @cancellable: (nullable): cancels the wait
 * @error: return location for an error
 *
 * Acquires the lock exclusively, and blocks the calling thread until it is held: aiodrive_smart_lock_acquire()
 * with %AIODRIVE_LOCK_MODE_EXCLUSIVE.
 *
 * Returns: (transfer full): the guard that holds the lock; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_smart_lock_exclusive (AiodriveSmartLock  *self,
                               GCancellable       *cancellable,
                               GError            **error)
{
  return aiodrive_smart_lock_acquire (self, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, cancellable, error);
}

/**
 * aiodrive_smart_lock_shared_async:
 * @self: a lock
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the lock is held
 * @user_data: data for @callback
 *
 * Acquires the lock shared with other holders in this mode: aiodrive_smart_lock_acquire_async() with
 * %AIODRIVE_LOCK_MODE_SHARED.
 *
 * Since: 1.0
 */
void
aiodrive_smart_lock_shared_async (AiodriveSmartLock   *self,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  aiodrive_smart_lock_acquire_async (self, AIODRIVE_LOCK_MODE_SHARED, G_PRIORITY_DEFAULT, cancellable, callback,
                                     user_data);
}

/**
 * aiodrive_smart_lock_shared_finish:
 * @self: a lock
 * @result: the result of aiodrive_smart_lock_shared_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_smart_lock_shared_async().
 *
 * Returns: (transfer full): the guard that holds the lock; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_smart_lock_shared_finish (AiodriveSmartLock  *self,
                                   GAsyncResult       *result,
                                   GError            **error)
{
  return aiodrive_smart_lock_acquire_finish (self, result, error);
}

/**
 * aiodrive_smart_lock_shared:
 * @self: a lock
 * @cancellable: (nullable): cancels the wait
 * @error: return location for an error
 *
 * Acquires the lock shared with other holders in this mode, and blocks the calling thread until it is held:
 * aiodrive_smart_lock_acquire() with %AIODRIVE_LOCK_MODE_SHARED.
 *
 * Returns: (transfer full): the guard that holds the lock; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_smart_lock_shared (AiodriveSmartLock  *self,
                            GCancellable       *cancellable,
                            GError            **error)
{
  return aiodrive_smart_lock_acquire (self, AIODRIVE_LOCK_MODE_SHARED, G_PRIORITY_DEFAULT, cancellable, error);
}

/**
 * aiodrive_smart_lock_thread_shared_async:
 * @self: a lock
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the lock is held
 * @user_data: data for @callback
 *
 * Acquires the lock shared with other holders in the calling thread: aiodrive_smart_lock_acquire_async() with
 * %AIODRIVE_LOCK_MODE_THREAD_SHARED.
 *
 * Since: 1.0
 */
void
aiodrive_smart_lock_thread_shared_async (AiodriveSmartLock   *self,
                                         GCancellable        *cancellable,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data)
{
  aiodrive_smart_lock_acquire_async (self, AIODRIVE_LOCK_MODE_THREAD_SHARED, G_PRIORITY_DEFAULT, cancellable, callback,
                                     user_data);
}

/**
 * aiodrive_smart_lock_thread_shared_finish:
 * @self: a lock
 * @result: the result of aiodrive_smart_lock_thread_shared_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_smart_lock_thread_shared_async().
 *
 * Returns: (transfer full): the guard that holds the lock; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_smart_lock_thread_shared_finish (AiodriveSmartLock  *self,
                                          GAsyncResult       *result,
                                          GError            **error)
{
  return aiodrive_smart_lock_acquire_finish (self, result, error);
}

/**
 * aiodrive_smart_lock_thread_shared:
 * @self: a lock
 * @cancellable: (nullable): cancels the wait
 * @error: return location for an error
 *
 * Acquires the lock shared with other holders in the calling thread, and blocks the calling thread until it is held:
 * aiodrive_smart_lock_acquire() with %AIODRIVE_LOCK_MODE_THREAD_SHARED.
 *
 * Returns: (transfer full): the guard that holds the lock; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_smart_lock_thread_shared (AiodriveSmartLock  *self,
                                   GCancellable       *cancellable,
                                   GError            **error)
{
  return aiodrive_smart_lock_acquire (self, AIODRIVE_LOCK_MODE_THREAD_SHARED, G_PRIORITY_DEFAULT, cancellable, error);
}

/**
 * aiodrive_smart_lock_weak_exclusive_async:
 * @self: a lock
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the lock is held
 * @user_data: data for @callback
 *
 * Acquires the lock exclusively until another caller asks for it: aiodrive_smart_lock_acquire_async() with
 * %AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE.
 *
 * Since: 1.0
 */
void
aiodrive_smart_lock_weak_exclusive_async (AiodriveSmartLock   *self,
                                          GCancellable        *cancellable,
                                          GAsyncReadyCallback  callback,
                                          gpointer             user_data)
{
  aiodrive_smart_lock_acquire_async (self, AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE, G_PRIORITY_DEFAULT, cancellable, callback,
                                     user_data);
}

/**
 * aiodrive_smart_lock_weak_exclusive_finish:
 * @self: a lock
 * @result: the result of aiodrive_smart_lock_weak_exclusive_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_smart_lock_weak_exclusive_async().
 *
 * Returns: (transfer full): the guard that holds the lock; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_smart_lock_weak_exclusive_finish (AiodriveSmartLock  *self,
                                           GAsyncResult       *result,
                                           GError            **error)
{
  return aiodrive_smart_lock_acquire_finish (self, result, error);
}

/**
 * aiodrive_smart_lock_weak_exclusive:
 * @self: a lock
 * @cancellable: (nullable): cancels the wait
 * @error: return location for an error
 *
 * Acquires the lock exclusively until another caller asks for it, and blocks the calling thread until it is held:
 * aiodrive_smart_lock_acquire() with %AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE.
 *
 * Returns: (transfer full): the guard that holds the lock; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_smart_lock_weak_exclusive (AiodriveSmartLock  *self,
                                    GCancellable       *cancellable,
                                    GError            **error)
{
  return aiodrive_smart_lock_acquire (self, AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE, G_PRIORITY_DEFAULT, cancellable, error);
}
