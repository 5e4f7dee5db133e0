/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/sync/lock-core-private.h"
#include "tests/support/support.h"

/* How many wait for the lock of @guard. */
static inline guint
test_count_waiters (AiodriveLockGuard *guard)
{
  AiodriveLockCore *core = guard->core;
  guint n = 0;

  aiodrive_monitor_lock (&core->monitor);
  for (AiodriveWaiter *waiter = core->waiters.first; waiter != NULL; waiter = aiodrive_waiter_get_next (waiter))
    n++;
  aiodrive_monitor_unlock (&core->monitor);
  return n;
}

/* Until a thread waits that says nothing any more. */
static inline void
test_wait_for_waiters (AiodriveLockGuard *guard,
                       guint              n)
{
  test_spin_while (test_count_waiters (guard) != n);
}

static inline void
test_assert_reason (AiodriveCancelScope *scope,
                    GQuark               domain,
                    gint                 code)
{
  g_autoptr(GError) reason = aiodrive_cancel_scope_dup_reason (scope);

  g_assert_true (g_cancellable_is_cancelled (G_CANCELLABLE (scope)));
  g_assert_error (reason, domain, code);
}

/* The two exclusive modes, as functions of the form that the other locks have. */
#define TEST_DEFINE_MODE(name, mode)                                                                              \
  static inline void                                                                                              \
  test_##name##_async (AiodriveSmartLock   *lock,                                                                 \
                       GCancellable        *cancellable,                                                          \
                       GAsyncReadyCallback  callback,                                                             \
                       gpointer             user_data)                                                            \
  {                                                                                                               \
    aiodrive_smart_lock_acquire_async (lock, mode, G_PRIORITY_DEFAULT, cancellable, callback, user_data);         \
  }                                                                                                               \
                                                                                                                  \
  static inline AiodriveLockGuard *                                                                               \
  test_##name (AiodriveSmartLock  *lock,                                                                          \
               GCancellable       *cancellable,                                                                   \
               GError            **error)                                                                         \
  {                                                                                                               \
    return aiodrive_smart_lock_acquire (lock, mode, G_PRIORITY_DEFAULT, cancellable, error);                      \
  }

TEST_DEFINE_MODE (exclusive, AIODRIVE_LOCK_MODE_EXCLUSIVE)
TEST_DEFINE_MODE (weak_exclusive, AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE)
