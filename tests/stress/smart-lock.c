/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/hold.h"

/* Smart lock, and the condition that goes with it. */

static GObject *
make_smart_lock (StressShared *shared,
                 GRand        *rand)
{
  return G_OBJECT (aiodrive_smart_lock_new ());
}

static GObject *
make_condition (StressShared *shared,
                GRand        *rand)
{
  return G_OBJECT (aiodrive_condition_new ());
}

static void
kick_condition (StressShared *shared)
{
  aiodrive_condition_broadcast (shared->object);
}

static gboolean
may_wait_for_condition (const StressCall *call)
{
  return TRUE;
}

StressKind stress_smart_locks = { "smart lock", sizeof (SharedLock), make_smart_lock, hold_kick_lock, NULL,
                                  hold_finish_lock };
static StressKind conditions = { "condition", sizeof (StressShared), make_condition, kick_condition,
                                 may_wait_for_condition };

/* The lock is held again, whatever happened; by the result alone where nobody else has the guard any more. */
static void
on_signalled (StressCall   *call,
              GAsyncResult *result)
{
  Hold *hold = call->data;
  g_autoptr(GError) error = NULL;

  hold_enter (hold);
  aiodrive_condition_wait_finish (call->shared[0]->object, result, &error);
  stress_call_count (call, error);
  hold_end (hold, stress_below (call->thread->rand, 8));
}

static void
on_signalled_unseen (StressCall   *call,
                     GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  aiodrive_condition_wait_finish (call->shared[0]->object, result, &error);
  stress_call_count (call, error);
}

/* Takes @hold. */
static void
wait_for_condition (StressThread *thread,
                    Hold         *hold)
{
  StressCall *call = stress_call_new (thread, &conditions, on_signalled);

  hold_leave (hold);
  if (stress_chance (thread->rand, 8))
    {
      call->ended = on_signalled_unseen;
      aiodrive_condition_wait_async (call->shared[0]->object, hold->guard, call->cancellable, stress_on_ready, call);
      aiodrive_lock_guard_unref (hold->guard);
      stress_shared_unref (&hold->lock->shared);
      g_free (hold);
    }
  else
    {
      call->data = hold;
      aiodrive_condition_wait_async (call->shared[0]->object, hold->guard, call->cancellable, stress_on_ready, call);
    }
}

static void
on_slept_weakly (StressCall   *call,
                 GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  aiodrive_sleep_finish (result, &error);
  stress_call_count (call, error);
  hold_end (call->data, stress_below (call->thread->rand, 8));
}

/* Holds it until somebody else wants it. Takes @hold. */
static void
hold_weakly (StressThread *thread,
             Hold         *hold)
{
  AiodriveCancelScope *scope = aiodrive_lock_guard_get_scope (hold->guard);
  StressCall *call = stress_call_new_with (thread, NULL, G_CANCELLABLE (scope), on_slept_weakly, hold);

  stress_track (scope, STRESS_CANCELLABLE);
  aiodrive_sleep_async (G_MAXINT, call->cancellable, stress_on_ready, call);
}

/* Takes @hold. */
static void
use_smart_lock (StressThread     *thread,
                Hold             *hold,
                AiodriveLockMode  mode)
{
  if (thread->context != NULL && mode == AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE && stress_chance (thread->rand, 2))
    hold_weakly (thread, hold);
  else if (thread->context != NULL && hold->manner == HOLD_EXCLUSIVE && stress_chance (thread->rand, 4))
    wait_for_condition (thread, hold);
  else if (stress_chance (thread->rand, 3))
    hold_keep (hold, thread->rand);
  else
    hold_end (hold, stress_below (thread->rand, 8));
}

static HoldManner
manner_of (AiodriveLockMode mode)
{
  if (mode == AIODRIVE_LOCK_MODE_SHARED)
    return HOLD_SHARED;
  return mode == AIODRIVE_LOCK_MODE_THREAD_SHARED ? HOLD_THREAD_SHARED : HOLD_EXCLUSIVE;
}

static void
on_smart_lock (StressCall       *call,
               GAsyncResult     *result,
               AiodriveLockMode  mode)
{
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard = aiodrive_smart_lock_acquire_finish (call->shared[0]->object, result, &error);

  stress_call_count (call, error);
  if (guard != NULL)
    use_smart_lock (call->thread, hold_new (guard, call->shared[0], manner_of (mode), NULL), mode);
}

static void
on_exclusive (StressCall   *call,
              GAsyncResult *result)
{
  on_smart_lock (call, result, AIODRIVE_LOCK_MODE_EXCLUSIVE);
}

static void
on_shared (StressCall   *call,
           GAsyncResult *result)
{
  on_smart_lock (call, result, AIODRIVE_LOCK_MODE_SHARED);
}

static void
on_thread_shared (StressCall   *call,
                  GAsyncResult *result)
{
  on_smart_lock (call, result, AIODRIVE_LOCK_MODE_THREAD_SHARED);
}

static void
on_weak_exclusive (StressCall   *call,
                   GAsyncResult *result)
{
  on_smart_lock (call, result, AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE);
}

static void
acquire_smart_lock (StressThread *thread,
                    GRand        *rand)
{
  static void (* const ended[]) (StressCall *call, GAsyncResult *result) =
    { on_exclusive, on_shared, on_thread_shared, on_weak_exclusive };
  AiodriveLockMode mode = stress_below (rand, G_N_ELEMENTS (ended));
  StressCall *call = stress_call_new (thread, &stress_smart_locks, ended[mode]);

  aiodrive_smart_lock_acquire_async (call->shared[0]->object, mode, stress_below (rand, 3), call->cancellable,
                                     stress_on_ready, call);
}

/* A thread that blocks again does not keep what others wait for: it would wait for them in turn. */
static void
block_for_smart_lock (StressThread *thread,
                      GRand        *rand)
{
  AiodriveLockMode mode = stress_below (rand, 4);
  StressCall *call = stress_call_new_blocking (thread, &stress_smart_locks);
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard = aiodrive_smart_lock_acquire (call->shared[0]->object, mode, stress_below (rand, 3),
                                                          call->cancellable, &error);

  if (guard != NULL)
    use_smart_lock (thread, hold_new (guard, call->shared[0], manner_of (mode), NULL), mode);
  stress_call_end (call, error);
}

static void
try_smart_lock (StressThread *thread,
                GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&stress_smart_locks, rand);
  AiodriveLockMode mode = stress_below (rand, 4);
  AiodriveLockGuard *guard = aiodrive_smart_lock_try_acquire (shared->object, mode, NULL);

  if (guard != NULL)
    use_smart_lock (thread, hold_new (guard, shared, manner_of (mode), NULL), mode);
}

/* Takes @guard, which is exclusive. */
void
stress_use_guard (StressThread      *thread,
                  StressShared      *smart_lock,
                  AiodriveLockGuard *guard)
{
  use_smart_lock (thread, hold_new (guard, smart_lock, HOLD_EXCLUSIVE, NULL), AIODRIVE_LOCK_MODE_EXCLUSIVE);
}

void
stress_take_guard (StressThread *thread,
                   StressShared *smart_lock,
                   GAsyncResult *result)
{
  AiodriveLockGuard *guard = aiodrive_smart_lock_acquire_finish (smart_lock->object, result, NULL);

  if (guard == NULL)
    stress_fail ("a task that got a lock has none");
  stress_use_guard (thread, smart_lock, guard);
}

static void
signal_condition (StressThread *thread,
                  GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&conditions, rand);

  if (stress_chance (rand, 4))
    aiodrive_condition_broadcast (shared->object);
  else
    aiodrive_condition_signal (shared->object);
}

static StressKind *kinds[] = { &stress_smart_locks, &conditions, NULL };

static const StressOperation operations[] =
{
  { "smart lock: acquire", STRESS_WAITS, 16, acquire_smart_lock },
  { "smart lock: block", STRESS_BLOCKS, 2, block_for_smart_lock },
  { "smart lock: try", STRESS_AT_ONCE, 8, try_smart_lock },
  { "condition: signal", STRESS_AT_ONCE, 8, signal_condition },
  { NULL }
};

const StressFamily stress_smart_lock = { kinds, operations, hold_end_all };
