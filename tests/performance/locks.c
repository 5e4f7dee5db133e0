/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

/* A lock goes from hand to hand: N wait for it, and each opens it as soon as he has got it. And a lock for which nobody
 * else asks: acquired and released N times. */

typedef struct
{
  Bench   *bench;
  gpointer lock;
} Locking;

static void
on_smart_lock (GObject      *lock,
               GAsyncResult *result,
               gpointer      bench)
{
  g_autoptr(AiodriveLockGuard) guard = aiodrive_smart_lock_acquire_finish (AIODRIVE_SMART_LOCK (lock), result, NULL);

  ((Bench *) bench)->n_done++;
}

static void
hand_off_smart_lock (Bench *bench)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT,
                                                          NULL, NULL);

  for (gsize i = 0; i < bench->n; i++)
    aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, NULL, on_smart_lock,
                                       bench);

  bench_begin (bench);
  aiodrive_lock_guard_unref (guard);
  bench_iterate (bench);
  bench_end (bench);
}

static void
on_nestable_lock (GObject      *lock,
                  GAsyncResult *result,
                  gpointer      data)
{
  Locking *self = data;
  g_autoptr(AiodriveLockGuard) guard =
    aiodrive_nestable_lock_acquire_finish (AIODRIVE_NESTABLE_LOCK (lock), result, NULL);

  if (self->lock != NULL)
    self->lock = g_steal_pointer (&guard);
  else
    self->bench->n_done++;
}

static void
hand_off_nestable_lock (Bench *bench)
{
  g_autoptr(AiodriveNestableLock) lock = aiodrive_nestable_lock_new ();
  Locking self = { bench, lock };
  AiodriveLockGuard *guard;

  aiodrive_nestable_lock_acquire_async (lock, NULL, on_nestable_lock, &self);
  while (self.lock == lock)
    g_main_context_iteration (NULL, TRUE);
  guard = g_steal_pointer (&self.lock);
  for (gsize i = 0; i < bench->n; i++)
    aiodrive_nestable_lock_acquire_async (lock, NULL, on_nestable_lock, &self);

  bench_begin (bench);
  aiodrive_lock_guard_unref (guard);
  bench_iterate (bench);
  bench_end (bench);
}

static void
on_smart_lock_again (GObject      *lock,
                     GAsyncResult *result,
                     gpointer      bench)
{
  on_smart_lock (lock, result, bench);
  if (((Bench *) bench)->n_done < ((Bench *) bench)->n)
    aiodrive_smart_lock_acquire_async (AIODRIVE_SMART_LOCK (lock), AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT,
                                       NULL, on_smart_lock_again, bench);
}

static void
lock_alone (Bench *bench)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();

  bench_begin (bench);
  aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, NULL,
                                     on_smart_lock_again, bench);
  bench_iterate (bench);
  bench_end (bench);
}

/* How many iterations of the main context it takes each time. */
static void
lock_alone_iterations (Bench *bench)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  gsize n_iterations = 0;

  aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, NULL,
                                     on_smart_lock_again, bench);
  for (; bench->n_done < bench->n; n_iterations++)
    g_main_context_iteration (NULL, TRUE);
  bench->value = (double) n_iterations / bench->n;
}

static void
try_lock (Bench *bench)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();

  bench_begin (bench);
  for (; bench->n_done < bench->n; bench->n_done++)
    aiodrive_lock_guard_unref (aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, NULL));
  bench_end (bench);
}

/* By hand: a flag, a list of GTasks, and a source that drains it, for who unlocks in a callback would recurse. */

typedef struct
{
  Bench   *bench;
  GQueue   waiting;
  GQueue   ready;
  gboolean draining;
  gboolean locked;
} TaskLock;

static void
drain (gpointer data)
{
  TaskLock *self = data;
  GTask *task;

  while ((task = g_queue_pop_head (&self->ready)) != NULL)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
}

static gboolean
drain_source (gpointer data)
{
  ((TaskLock *) data)->draining = FALSE;
  drain (data);
  return G_SOURCE_REMOVE;
}

static void
task_lock_release (TaskLock *self)
{
  GTask *task = g_queue_pop_head (&self->waiting);

  self->locked = task != NULL;
  if (task != NULL)
    g_queue_push_tail (&self->ready, task);
}

static void
on_task_lock (GObject      *source_object,
              GAsyncResult *result,
              gpointer      data)
{
  TaskLock *self = data;

  bench_on_task (NULL, result, self->bench);
  task_lock_release (self);
}

static void
hand_off_gtasks (Bench *bench)
{
  TaskLock self = { bench, G_QUEUE_INIT, G_QUEUE_INIT, FALSE, TRUE };

  for (gsize i = 0; i < bench->n; i++)
    g_queue_push_tail (&self.waiting, g_task_new (NULL, NULL, on_task_lock, &self));

  bench_begin (bench);
  task_lock_release (&self);
  bench_in_source (drain, &self);
  bench_iterate (bench);
  bench_end (bench);
}

static void
on_task_lock_again (GObject      *source_object,
                    GAsyncResult *result,
                    gpointer      data)
{
  TaskLock *self = data;

  on_task_lock (source_object, result, self);
  if (self->bench->n_done < self->bench->n)
    {
      self->locked = TRUE;
      g_queue_push_tail (&self->ready, g_task_new (NULL, NULL, on_task_lock_again, self));
      g_idle_add_full (G_PRIORITY_DEFAULT, drain_source, self, NULL);
    }
}

static void
lock_alone_gtasks (Bench *bench)
{
  TaskLock self = { bench, G_QUEUE_INIT, G_QUEUE_INIT, TRUE, TRUE };

  bench_begin (bench);
  g_queue_push_tail (&self.ready, g_task_new (NULL, NULL, on_task_lock_again, &self));
  bench_in_source (drain, &self);
  bench_iterate (bench);
  bench_end (bench);
}

#ifdef HAVE_LIBDEX
static DexFuture *
on_limiter (DexFuture *future,
            gpointer   data)
{
  Locking *self = data;

  self->bench->n_done++;
  dex_limiter_release (self->lock);
  return NULL;
}

static DexFuture *
limiter_coroutine (DexCoroutineContext *context,
                   gpointer             data)
{
  Locking *self = data;

  DEX_COROUTINE_BEGIN (context);
  DEX_COROUTINE_SUSPEND (dex_limiter_acquire (self->lock), NULL);
  on_limiter (NULL, self);
  return dex_future_new_true ();
  DEX_COROUTINE_END;
}

static DexFuture *
limiter_fiber (gpointer data)
{
  Locking *self = data;

  dex_await (dex_limiter_acquire (self->lock), NULL);
  on_limiter (NULL, self);
  return dex_future_new_true ();
}

static DexFuture *
start_then (Locking *self)
{
  return dex_future_then (dex_limiter_acquire (self->lock), on_limiter, self, NULL);
}

static DexFuture *
start_coroutine (Locking *self)
{
  return dex_scheduler_spawn_coroutine (NULL, limiter_coroutine, self, NULL);
}

static DexFuture *
start_fiber (Locking *self)
{
  return dex_scheduler_spawn (NULL, 0, limiter_fiber, self, NULL);
}

static void
hand_off_dex (Bench      *bench,
              DexFuture *(*start) (Locking *self))
{
  Locking self = { bench, dex_limiter_new (1) };
  DexFuture **futures = g_new (DexFuture *, bench->n);
  DexFuture *first = dex_limiter_acquire (self.lock);

  while (dex_future_is_pending (first))
    g_main_context_iteration (NULL, TRUE);
  for (gsize i = 0; i < bench->n; i++)
    futures[i] = start (&self);
  while (g_main_context_iteration (NULL, FALSE));

  bench_begin (bench);
  dex_limiter_release (self.lock);
  bench_iterate (bench);
  bench_end (bench);

  dex_unref (first);
  bench_futures_free (futures, bench->n);
  dex_unref (self.lock);
}

static void
hand_off_dex_then (Bench *bench)
{
  hand_off_dex (bench, start_then);
}

static void
hand_off_dex_coroutine (Bench *bench)
{
  hand_off_dex (bench, start_coroutine);
}

static void
hand_off_dex_fiber (Bench *bench)
{
  hand_off_dex (bench, start_fiber);
}

static DexFuture *
alone_coroutine (DexCoroutineContext *context,
                 gpointer             data)
{
  Locking *self = data;

  DEX_COROUTINE_BEGIN (context);
  while (self->bench->n_done < self->bench->n)
    {
      DEX_COROUTINE_SUSPEND (dex_limiter_acquire (self->lock), NULL);
      on_limiter (NULL, self);
    }
  return dex_future_new_true ();
  DEX_COROUTINE_END;
}

static DexFuture *
alone_fiber (gpointer data)
{
  Locking *self = data;

  while (self->bench->n_done < self->bench->n)
    {
      dex_await (dex_limiter_acquire (self->lock), NULL);
      on_limiter (NULL, self);
    }
  return dex_future_new_true ();
}

static void
lock_alone_dex_coroutine (Bench *bench)
{
  Locking self = { bench, dex_limiter_new (1) };
  DexFuture *future;

  bench_begin (bench);
  future = dex_scheduler_spawn_coroutine (NULL, alone_coroutine, &self, NULL);
  bench_iterate (bench);
  bench_end (bench);
  dex_unref (future);
  dex_unref (self.lock);
}

static void
lock_alone_dex_fiber (Bench *bench)
{
  Locking self = { bench, dex_limiter_new (1) };
  DexFuture *future;

  bench_begin (bench);
  future = dex_scheduler_spawn (NULL, 0, alone_fiber, &self, NULL);
  bench_iterate (bench);
  bench_end (bench);
  dex_unref (future);
  dex_unref (self.lock);
}
#endif

const BenchCase bench_locks[] =
{
  { "lock-handoff", "aiodrive", hand_off_smart_lock },
  { "lock-handoff", "aiodrive-nestable", hand_off_nestable_lock },
  { "lock-handoff", "gtask", hand_off_gtasks },
  { "lock-alone", "aiodrive", lock_alone },
  { "lock-alone", "gtask", lock_alone_gtasks },
  { "lock-alone-iterations", "aiodrive", lock_alone_iterations, 0, BENCH_VALUE },
  { "try-lock", "aiodrive", try_lock },
#ifdef HAVE_LIBDEX
  { "lock-handoff", "libdex-then", hand_off_dex_then },
  { "lock-handoff", "libdex-coroutine", hand_off_dex_coroutine },
  { "lock-handoff", "libdex-fiber", hand_off_dex_fiber, 10000 },
  { "lock-alone", "libdex-coroutine", lock_alone_dex_coroutine },
  { "lock-alone", "libdex-fiber", lock_alone_dex_fiber },
  { "try-lock", "libdex-coroutine", lock_alone_dex_coroutine },
  { "try-lock", "libdex-fiber", lock_alone_dex_fiber },
#endif
  { NULL }
};
