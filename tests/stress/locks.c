/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/hold.h"

/* Limiter and nestable lock. */

static GObject *
make_limiter (StressShared *shared,
              GRand        *rand)
{
  guint most = 1 + stress_below (rand, 3);

  ((SharedLock *) shared)->most = most;
  return G_OBJECT (aiodrive_limiter_new (most));
}

static void
kick_limiter (StressShared *shared)
{
  aiodrive_limiter_set_capacity (shared->object, ((SharedLock *) shared)->most);
  hold_end_all ();
}

static gboolean
may_wait_for_limiter (const StressCall *call)
{
  return aiodrive_limiter_get_capacity (call->shared[0]->object) == 0;
}

static GObject *
make_nestable_lock (StressShared *shared,
                    GRand        *rand)
{
  return G_OBJECT (aiodrive_nestable_lock_new ());
}

static StressKind limiters = { "limiter", sizeof (SharedLock), make_limiter, kick_limiter, may_wait_for_limiter,
                               hold_finish_lock };
static StressKind nestable_locks = { "nestable lock", sizeof (SharedLock), make_nestable_lock, hold_kick_lock, NULL,
                                     hold_finish_lock };

static void
use_limiter (StressThread      *thread,
             StressShared      *limiter,
             AiodriveLockGuard *guard)
{
  Hold *hold = hold_new (guard, limiter, HOLD_LIMITED, NULL);

  if (stress_chance (thread->rand, 3))
    hold_keep (hold, thread->rand);
  else
    hold_end (hold, stress_below (thread->rand, 8));
}

static void
on_limiter (StressCall   *call,
            GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard = aiodrive_limiter_acquire_finish (call->shared[0]->object, result, &error);

  stress_call_count (call, error);
  if (guard != NULL)
    use_limiter (call->thread, call->shared[0], guard);
}

static void
acquire_limiter (StressThread *thread,
                 GRand        *rand)
{
  StressCall *call = stress_call_new (thread, &limiters, on_limiter);

  aiodrive_limiter_acquire_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
}

static void
block_for_limiter (StressThread *thread,
                   GRand        *rand)
{
  StressCall *call = stress_call_new_blocking (thread, &limiters);
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard = aiodrive_limiter_acquire (call->shared[0]->object, call->cancellable, &error);

  if (guard != NULL)
    use_limiter (thread, call->shared[0], guard);
  stress_call_end (call, error);
}

static void
try_limiter (StressThread *thread,
             GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&limiters, rand);
  AiodriveLockGuard *guard = aiodrive_limiter_try_acquire (shared->object);

  if (guard != NULL)
    use_limiter (thread, shared, guard);
}

static void
set_capacity (StressThread *thread,
              GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&limiters, rand);

  aiodrive_limiter_set_capacity (shared->object, stress_below (rand, ((SharedLock *) shared)->most + 1));
}

/* A task that acquires the lock, and one below it that acquires it too. */
typedef struct
{
  StressThread *thread;
  StressShared *lock;    /* owned */
  Root         *root;    /* owned */
  guint         depth;
  guint         operation;
  GTask        *task;    /* owned once it runs */
} Nest;

static void nest (StressThread *thread, GCancellable *parent, StressShared *lock, Root *root, guint depth);

static void
nest_free (gpointer data)
{
  Nest *self = data;

  stress_shared_unref (self->lock);
  root_unref (self->root);
  g_free (self);
}

static void
on_nestable_lock (StressCall   *call,
                  GAsyncResult *result)
{
  Nest *self = call->data;
  g_autoptr(GTask) task = g_steal_pointer (&self->task);
  StressThread *thread = self->thread;
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard = aiodrive_nestable_lock_acquire_finish (self->lock->object, result, &error);

  stress_call_count (call, error);
  if (guard != NULL)
    {
      Hold *hold = hold_new (guard, self->lock, HOLD_NESTED, self->root);

      for (guint n = self->depth < 3 ? stress_below (thread->rand, 3) : 0; n > 0; n--)
        nest (thread, call->cancellable, self->lock, self->root, self->depth + 1);
      if (stress_chance (thread->rand, 2))
        hold_keep (hold, thread->rand);
      else
        hold_end (hold, stress_below (thread->rand, 8));
    }
  g_task_return_boolean (task, TRUE);
}

static void
nest_job (GTask        *task,
          GCancellable *scope,
          gpointer      data)
{
  Nest *self = data;
  StressCall *call;

  self->thread->operation = self->operation;
  call = stress_call_new_with (self->thread, self->lock, scope, on_nestable_lock, self);
  self->task = g_object_ref (task);
  aiodrive_nestable_lock_acquire_async (self->lock->object, scope, stress_on_ready, call);
}

static void
nest (StressThread *thread,
      GCancellable *parent,
      StressShared *lock,
      Root         *root,
      guint         depth)
{
  Nest *self = g_new0 (Nest, 1);
  g_autoptr(GTask) task = NULL;

  *self = (Nest) { thread, stress_shared_ref (lock), root_ref (root), depth, thread->operation, NULL };
  task = stress_chance (thread->rand, 2) ? aiodrive_spawn (parent, nest_job, self, nest_free)
                                         : aiodrive_prime (parent, nest_job, self, nest_free);
  stress_track (task, STRESS_TASK);
  stress_track (g_task_get_cancellable (task), STRESS_CANCELLABLE);
}

static void
acquire_nestable_lock (StressThread *thread,
                       GRand        *rand)
{
  g_autoptr(StressShared) lock = stress_pick (&nestable_locks, rand);
  g_autoptr(GCancellable) parent = stress_pick_cancellable (rand);
  Root *root = root_new ();

  nest (thread, parent, lock, root, 0);
  root_unref (root);
}

static StressKind *kinds[] = { &limiters, &nestable_locks, NULL };

static const StressOperation operations[] =
{
  { "limiter: acquire", STRESS_WAITS, 16, acquire_limiter },
  { "limiter: block", STRESS_BLOCKS, 2, block_for_limiter },
  { "limiter: try", STRESS_AT_ONCE, 8, try_limiter },
  { "limiter: set capacity", STRESS_AT_ONCE, 2, set_capacity },
  { "nestable lock: acquire", STRESS_WAITS, 8, acquire_nestable_lock },
  { NULL }
};

const StressFamily stress_locks = { kinds, operations, hold_end_all };
