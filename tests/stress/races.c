/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/stress.h"

/* Moments that the others hit too seldom, or whose outcome they hide: somebody leaves a queue in which others stand
 * behind him; somebody is cancelled while he is about to wait. */

#define N_PARKED 12
#define MAX_SPINS 300   /* beginning to wait takes as long */

/* One who shares a lock, one who wants it alone, and is cancelled some time, and one behind him who would share it. The
 * first one keeps it until the last one has it. */

static GObject *
make_lock (StressShared *shared,
           GRand        *rand)
{
  return G_OBJECT (aiodrive_smart_lock_new ());
}

static StressKind contended = { "lock with a queue", sizeof (StressShared), make_lock };

static void
on_turn (StressCall   *call,
         GAsyncResult *result)
{
  g_autoptr(AiodriveLockGuard) held = call->data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AiodriveLockGuard) guard =
    aiodrive_smart_lock_acquire_finish (call->shared[0]->object, result, &error);

  stress_call_count (call, error);
}

static void
on_left (StressCall   *call,
         GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AiodriveLockGuard) guard =
    aiodrive_smart_lock_acquire_finish (call->data, result, &error);

  stress_call_count (call, error);
  g_object_unref (call->data);
}

static void
leave_queue (StressThread *thread,
             GRand        *rand)
{
  g_autoptr(StressShared) lock = stress_retire (&contended, rand);
  g_autoptr(GCancellable) parent = stress_pick_cancellable (rand);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (parent);
  AiodriveLockGuard *held = aiodrive_smart_lock_try_acquire (lock->object, AIODRIVE_LOCK_MODE_SHARED, NULL);
  StressCall *call = stress_call_prepare (thread, G_CANCELLABLE (scope), on_left, g_object_ref (lock->object));

  if (held == NULL)
    stress_fail ("a lock that nobody has is not to be had");
  stress_track (scope, STRESS_CANCELLABLE);
  stress_call_publish (call);
  aiodrive_smart_lock_acquire_async (lock->object, AIODRIVE_LOCK_MODE_EXCLUSIVE, 0, G_CANCELLABLE (scope),
                                     stress_on_ready, call);
  call = stress_call_new_with (thread, lock, NULL, on_turn, held);
  aiodrive_smart_lock_acquire_async (lock->object, AIODRIVE_LOCK_MODE_SHARED, 0, NULL, stress_on_ready, call);
}

/* Waits that nobody wakes, each cancelled by another thread at about the moment when it begins. */

static GObject *
make_event (StressShared *shared,
            GRand        *rand)
{
  return G_OBJECT (aiodrive_thread_safe_event_new ());
}

static gboolean
may_wait_always (const StressCall *call)
{
  return TRUE;
}

static StressKind unset = { "event that is not set", sizeof (StressShared), make_event, NULL, may_wait_always };

typedef struct
{
  GCancellable *cancellables[N_PARKED];   /* owned */
  guint         spins[N_PARKED];
  gint          n_started;                /* atomic */
} Parked;

static void
spin (guint n)
{
  for (volatile guint i = 0; i < n; i++);
}

static gpointer
cancel_each (gpointer data)
{
  Parked *self = data;

  for (gint i = 0; i < N_PARKED; i++)
    {
      for (guint n = 1; g_atomic_int_get (&self->n_started) <= i; n++)
        if (n % 1000 == 0)
          g_thread_yield ();
      spin (self->spins[i]);
      g_cancellable_cancel (self->cancellables[i]);
    }
  return NULL;
}

static void
on_cancelled (StressCall   *call,
              GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  if (aiodrive_thread_safe_event_wait_finish (call->shared[0]->object, result, &error))
    stress_fail ("an event that nobody sets is set");
  stress_call_count (call, error);
}

static void
cancel_while_parking (StressThread *thread,
                      GRand        *rand)
{
  g_autoptr(StressShared) event = stress_pick (&unset, rand);
  Parked self = { .n_started = 0 };
  StressCall *calls[N_PARKED];
  GThread *canceller;

  for (guint i = 0; i < N_PARKED; i++)
    {
      self.cancellables[i] = stress_chance (rand, 2) ? g_cancellable_new ()
                                                     : G_CANCELLABLE (aiodrive_cancel_scope_new (NULL));
      self.spins[i] = stress_below (rand, MAX_SPINS);
      stress_track (self.cancellables[i], STRESS_CANCELLABLE);
      calls[i] = stress_call_new_with (thread, event, self.cancellables[i], on_cancelled, NULL);
    }

  canceller = g_thread_new ("canceller", cancel_each, &self);
  for (gint i = 0; i < N_PARKED; i++)
    {
      g_atomic_int_set (&self.n_started, i + 1);
      aiodrive_thread_safe_event_wait_async (event->object, self.cancellables[i], stress_on_ready, calls[i]);
    }
  g_thread_join (canceller);
  for (guint i = 0; i < N_PARKED; i++)
    g_object_unref (self.cancellables[i]);
}

static StressKind *kinds[] = { &contended, &unset, NULL };

static const StressOperation operations[] =
{
  { "race: leave a queue", STRESS_WAITS, 4, leave_queue },
  { "race: cancel while parking", STRESS_WAITS, 1, cancel_while_parking },
  { NULL }
};

const StressFamily stress_races = { kinds, operations };
