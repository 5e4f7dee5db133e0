/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/scenario.h"

static AiodriveButton           *button;
static AiodriveCargo            *cargo;
static AiodriveLatch            *latch;
static AiodriveThreadSafeEvent  *event;
static AiodriveThreadSafeFuture *future;
static AiodriveLimiter          *limiter;
static AiodriveSmartLock        *lock;
static AiodriveNestableLock     *nestable;
static AiodriveCondition        *condition;

static void
set_up (void)
{
  button = aiodrive_button_new ();
  cargo = aiodrive_cargo_new ();
  latch = aiodrive_latch_new ();
  event = aiodrive_thread_safe_event_new ();
  future = aiodrive_thread_safe_future_new ();
  limiter = aiodrive_limiter_new (1);
  lock = aiodrive_smart_lock_new ();
  nestable = aiodrive_nestable_lock_new ();
  condition = aiodrive_condition_new ();
}

static void
check_is_open (AiodriveLockGuard *guard)
{
  g_assert_nonnull (guard);
  aiodrive_lock_guard_unref (guard);
}

static void
on_acquired (GObject      *source_object,
             GAsyncResult *result,
             gpointer      guard)
{
  *(AiodriveLockGuard **) guard = aiodrive_nestable_lock_acquire_finish (nestable, result, NULL);
}

/* Nothing else waits, so that the time does not matter. */
static void
check_nestable_is_open (void)
{
  AiodriveLockGuard *guard = NULL;

  aiodrive_nestable_lock_acquire_async (nestable, NULL, on_acquired, &guard);
  for (guint i = 0; i < 10 && guard == NULL; i++)
    g_main_context_iteration (NULL, FALSE);
  check_is_open (guard);
}

static void
tear_down (void)
{
  check_is_open (aiodrive_limiter_try_acquire (limiter));
  check_is_open (aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, NULL));
  check_nestable_is_open ();
  g_assert_finalize_object (button);
  g_assert_finalize_object (cargo);
  g_assert_finalize_object (latch);
  g_assert_finalize_object (event);
  g_assert_finalize_object (future);
  g_assert_finalize_object (limiter);
  g_assert_finalize_object (lock);
  g_assert_finalize_object (nestable);
  g_assert_finalize_object (condition);
}

/*
 * What is woken
 */

TEST_DEFINE_CALL (button,
                  aiodrive_button_wait_async (button, cancellable, callback, data),
                  aiodrive_button_wait_finish (button, result, error))
TEST_DEFINE_CALL (cargo,
                  aiodrive_cargo_wait_async (cargo, cancellable, callback, data),
                  test_end_with_value ((TestFinish) aiodrive_cargo_wait_finish, cargo, result, error))
TEST_DEFINE_CALL (any_state,
                  aiodrive_latch_wait_async (latch, cancellable, callback, data),
                  aiodrive_latch_wait_finish (latch, result, NULL, error))
TEST_DEFINE_CALL (set_state,
                  aiodrive_latch_wait_set_async (latch, cancellable, callback, data),
                  aiodrive_latch_wait_set_finish (latch, result, error))
TEST_DEFINE_CALL (unset_state,
                  aiodrive_latch_wait_unset_async (latch, cancellable, callback, data),
                  aiodrive_latch_wait_unset_finish (latch, result, error))
TEST_DEFINE_CALL (event,
                  aiodrive_thread_safe_event_wait_async (event, cancellable, callback, data),
                  aiodrive_thread_safe_event_wait_finish (event, result, error))
TEST_DEFINE_CALL (future,
                  aiodrive_thread_safe_future_wait_async (future, cancellable, callback, data),
                  test_end_with_value ((TestFinish) aiodrive_thread_safe_future_wait_finish, future, result, error))

static void
press (TestParty *self)
{
  aiodrive_button_press (button);
}

static void
send (TestParty *self)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, "a cargo");
  g_assert_true (aiodrive_cargo_send (cargo, &value, NULL));
}

static void
latch_set (TestParty *self)
{
  aiodrive_latch_set (latch);
}

static void
latch_unset (TestParty *self)
{
  aiodrive_latch_unset (latch);
}

static void
event_set (TestParty *self)
{
  aiodrive_thread_safe_event_set (event);
}

static void
future_set (TestParty *self)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, "a value");
  g_assert_true (aiodrive_thread_safe_future_set_value (future, &value, NULL));
}

/*
 * What is held
 */

TEST_DEFINE_CALL (limiter,
                  aiodrive_limiter_acquire_async (limiter, cancellable, callback, data),
                  (self->guard = aiodrive_limiter_acquire_finish (limiter, result, error)) != NULL)
TEST_DEFINE_CALL (first,
                  aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, -1, cancellable, callback,
                                                     data),
                  (self->guard = aiodrive_smart_lock_acquire_finish (lock, result, error)) != NULL)
TEST_DEFINE_CALL (exclusive,
                  aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT,
                                                     cancellable, callback, data),
                  (self->guard = aiodrive_smart_lock_acquire_finish (lock, result, error)) != NULL)
TEST_DEFINE_CALL (shared,
                  aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_SHARED, G_PRIORITY_DEFAULT, cancellable,
                                                     callback, data),
                  (self->guard = aiodrive_smart_lock_acquire_finish (lock, result, error)) != NULL)
TEST_DEFINE_CALL (thread_shared,
                  aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_THREAD_SHARED, G_PRIORITY_DEFAULT,
                                                     cancellable, callback, data),
                  (self->guard = aiodrive_smart_lock_acquire_finish (lock, result, error)) != NULL)
TEST_DEFINE_CALL (weak,
                  aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE, G_PRIORITY_DEFAULT,
                                                     cancellable, callback, data),
                  (self->guard = aiodrive_smart_lock_acquire_finish (lock, result, error)) != NULL)
TEST_DEFINE_CALL (outer,
                  aiodrive_nestable_lock_acquire_async (nestable, cancellable, callback, data),
                  (self->guard = aiodrive_nestable_lock_acquire_finish (nestable, result, error)) != NULL)
TEST_DEFINE_CALL (inner,
                  aiodrive_nestable_lock_acquire_async (nestable, cancellable, callback, data),
                  (self->inner = aiodrive_nestable_lock_acquire_finish (nestable, result, error)) != NULL)

static gboolean
is_locked (void)
{
  g_autoptr(AiodriveLockGuard) other = aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_SHARED, NULL);

  return other == NULL;
}

/* Whatever happened, who waits for a condition has the lock again. */
TEST_DEFINE_CALL (condition,
                  aiodrive_condition_wait_async (condition, self->guard, cancellable, callback, data),
                  aiodrive_condition_wait_finish (condition, result, error) & is_locked ())

static void
signal_one (TestParty *self)
{
  aiodrive_condition_signal (condition);
}

#define SLEEP   TEST_CALL (test_sleep)
#define RELEASE TEST_ACT (test_release)

static const TestStep presses[] = { SLEEP, TEST_ACT (press), SLEEP, TEST_ACT (send), TEST_END };
static const TestStep pressed[] = { TEST_CALL (button), TEST_CALL (cargo), TEST_END };
static const TestStep sets[] = { SLEEP, TEST_ACT (latch_set), SLEEP, TEST_ACT (latch_unset), TEST_END };
static const TestStep any_states[] = { TEST_CALL (any_state), TEST_CALL (any_state), TEST_END };
static const TestStep states[] = { TEST_CALL (set_state), TEST_CALL (unset_state), TEST_END };
static const TestStep gives[] = { SLEEP, TEST_ACT (event_set), SLEEP, TEST_ACT (future_set), TEST_END };
static const TestStep gets[] = { TEST_CALL (event), TEST_CALL (future), TEST_END };
static const TestStep limited[] = { TEST_CALL (limiter), SLEEP, RELEASE, TEST_CALL (limiter), RELEASE, TEST_END };
static const TestStep locks[] = { TEST_CALL (exclusive), SLEEP, RELEASE, TEST_CALL (first), RELEASE, TEST_END };
static const TestStep shares[] = { TEST_CALL (shared), SLEEP, RELEASE, TEST_CALL (shared), RELEASE, TEST_END };
static const TestStep is_thread[] = { TEST_CALL (thread_shared), SLEEP, RELEASE, TEST_CALL (shared), TEST_END };
static const TestStep is_weak[] = { TEST_CALL (weak), SLEEP, RELEASE, TEST_CALL (weak), RELEASE, TEST_END };
static const TestStep nests[] = { TEST_CALL (outer), SLEEP, TEST_CALL (inner), SLEEP, RELEASE, TEST_END };
static const TestStep consumes[] = { TEST_CALL (exclusive), TEST_CALL (condition), RELEASE, TEST_END };
static const TestStep produces[] = { SLEEP, TEST_CALL (exclusive), TEST_ACT (signal_one), SLEEP, RELEASE, TEST_END };

static const TestScenario scenarios[] =
{
  { "button-and-cargo", { pressed, presses } },
  { "latch", { any_states, sets } },
  { "latch-states", { states, sets } },
  { "event-and-future", { gets, gives } },
  { "limiter", { limited, limited } },
  { "smart-lock", { locks, locks } },
  { "smart-lock-shared", { shares, shares } },
  { "smart-lock-shared-and-not", { shares, locks } },
  { "smart-lock-of-thread", { is_thread, locks } },
  { "smart-lock-weak", { is_weak, locks } },
  { "nestable-lock", { nests, nests } },
  { "condition", { consumes, produces } },
};

int
main (int   argc,
      char *argv[])
{
  static const TestStage stage = { set_up, tear_down };

  g_test_init (&argc, &argv, NULL);

  test_add_scenarios ("/aiodrive/testing/conformance/sync", &stage, scenarios, G_N_ELEMENTS (scenarios));

  return g_test_run ();
}
