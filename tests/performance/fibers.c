/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

#include <stdio.h>

/* What fibers cost, against those of libdex and against callbacks. Stacks are reused, except in what is called cold. */

typedef struct
{
  Bench                   *bench;
  AiodriveThreadSafeEvent *event;
  AiodriveSmartLock       *lock;
  AiodriveChannel         *there;
  AiodriveChannel         *back;
  gsize                    n_started;
} Fibers;

static void
start_and_run (Fibers            *self,
               AiodriveFiberFunc  func,
               gsize              n)
{
  GTask **tasks = g_new (GTask *, n);

  for (gsize i = 0; i < n; i++)
    tasks[i] = aiodrive_spawn_fiber (NULL, func, self, NULL);
  bench_iterate (self->bench);
  bench_objects_free (tasks, n);
}

/* One event, for which each fiber waits; the last one sets it. */

static void
count_start (Fibers *self)
{
  if (++self->n_started == self->bench->n)
    aiodrive_thread_safe_event_set (self->event);
}

static gboolean
wait_for_event (GCancellable  *scope,
                gpointer       data,
                GValue        *result,
                GError       **error)
{
  Fibers *self = data;

  count_start (self);
  return aiodrive_thread_safe_event_wait (self->event, scope, error);
}

static gboolean
await_event (GCancellable  *scope,
             gpointer       data,
             GValue        *result,
             GError       **error)
{
  Fibers *self = data;

  count_start (self);
  return aiodrive_thread_safe_event_wait_finish (self->event,
                                                 AIODRIVE_AWAIT (aiodrive_thread_safe_event_wait_async, self->event),
                                                 error);
}

static void
on_all (GObject      *source_object,
        GAsyncResult *result,
        gpointer      data)
{
  g_autoptr(GPtrArray) tasks = aiodrive_wait_all_finish (result, NULL);

  ((Fibers *) data)->bench->n_done = tasks->len;
}

static void
spawn (Bench             *bench,
       AiodriveFiberFunc  func)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  Fibers self = { .bench = bench, .event = event };
  GTask **tasks = g_new (GTask *, bench->n);

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    tasks[i] = aiodrive_spawn_fiber (NULL, func, &self, NULL);
  aiodrive_wait_all_async (tasks, bench->n, NULL, on_all, &self);
  bench_iterate (bench);
  bench_objects_free (tasks, bench->n);
  bench_end (bench);
  bench->value = (double) bench->elapsed / bench->n;
}

static void
spawn_fibers (Bench *bench)
{
  spawn (bench, wait_for_event);
}

static void
spawn_awaiting_fibers (Bench *bench)
{
  spawn (bench, await_event);
}

/* An event that is set. */

static gboolean
wait_again (GCancellable  *scope,
            gpointer       data,
            GValue        *result,
            GError       **error)
{
  Fibers *self = data;

  for (gsize i = 0; i < self->bench->n; i++)
    if (!aiodrive_thread_safe_event_wait (self->event, scope, error))
      g_error ("A wait failed");
  self->bench->n_done = self->bench->n;
  return TRUE;
}

static void
wait_for_set_event (Bench *bench)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  Fibers self = { .bench = bench, .event = event };

  aiodrive_thread_safe_event_set (event);
  bench_begin (bench);
  start_and_run (&self, wait_again, 1);
  bench_end (bench);
}

/* A lock that goes from fiber to fiber, and one that nobody else wants. */

static gboolean
acquire_once (GCancellable  *scope,
              gpointer       data,
              GValue        *result,
              GError       **error)
{
  Fibers *self = data;
  g_autoptr(AiodriveLockGuard) guard = NULL;

  guard = aiodrive_smart_lock_acquire (self->lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, 0, NULL, error);
  self->bench->n_done++;
  return guard != NULL;
}

static void
hand_off (Bench *bench)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  Fibers self = { .bench = bench, .lock = lock };
  AiodriveLockGuard *guard = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, 0, NULL, NULL);
  GTask **tasks = g_new (GTask *, bench->n);

  for (gsize i = 0; i < bench->n; i++)
    tasks[i] = aiodrive_spawn_fiber (NULL, acquire_once, &self, NULL);
  while (g_main_context_iteration (NULL, FALSE));

  bench_begin (bench);
  aiodrive_lock_guard_unref (guard);
  bench_iterate (bench);
  bench_end (bench);
  bench_objects_free (tasks, bench->n);
}

static gboolean
acquire_again (GCancellable  *scope,
               gpointer       data,
               GValue        *result,
               GError       **error)
{
  Fibers *self = data;

  for (; self->bench->n_done < self->bench->n; self->bench->n_done++)
    {
      g_autoptr(AiodriveLockGuard) guard = NULL;

      guard = aiodrive_smart_lock_acquire (self->lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, 0, scope, error);
      if (guard == NULL)
        g_error ("A lock was not acquired");
    }
  return TRUE;
}

static void
lock_alone (Bench *bench)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  Fibers self = { .bench = bench, .lock = lock };

  bench_begin (bench);
  start_and_run (&self, acquire_again, 1);
  bench_end (bench);
}

/* A number goes from one fiber to another one, and back. */

static gboolean
send_and_receive (AiodriveChannel  *to,
                  AiodriveChannel  *from,
                  GCancellable     *scope,
                  GError          **error)
{
  g_auto(GValue) sent = G_VALUE_INIT;
  g_auto(GValue) received = G_VALUE_INIT;

  g_value_set_int (g_value_init (&sent, G_TYPE_INT), 1);
  if (!aiodrive_channel_send (to, &sent, scope, error))
    return FALSE;
  aiodrive_channel_receive (from, scope, &received, error);
  return G_VALUE_HOLDS_INT (&received);
}

static gboolean
call (GCancellable  *scope,
      gpointer       data,
      GValue        *result,
      GError       **error)
{
  Fibers *self = data;

  for (; self->bench->n_done < self->bench->n; self->bench->n_done++)
    if (!send_and_receive (self->there, self->back, scope, error))
      g_error ("A number was not answered");
  aiodrive_channel_close_send (self->there);
  return TRUE;
}

static gboolean
answer (GCancellable  *scope,
        gpointer       data,
        GValue        *result,
        GError       **error)
{
  Fibers *self = data;

  for (;;)
    {
      g_auto(GValue) number = G_VALUE_INIT;

      aiodrive_channel_receive (self->there, scope, &number, NULL);
      if (!G_VALUE_HOLDS_INT (&number))
        return TRUE;
      if (!aiodrive_channel_send (self->back, &number, scope, error))
        return FALSE;
    }
}

static void
make_round_trips (Bench *bench)
{
  g_autoptr(AiodriveChannel) there = aiodrive_channel_new (1);
  g_autoptr(AiodriveChannel) back = aiodrive_channel_new (1);
  Fibers self = { .bench = bench, .there = there, .back = back };
  g_autoptr(GTask) answering = aiodrive_spawn_fiber (NULL, answer, &self, NULL);

  bench_begin (bench);
  start_and_run (&self, call, 1);
  bench_end (bench);
}

/* The memory of a suspended fiber that has touched no more than it needs. */

static double
count_resident (void)
{
  unsigned long size = 0, resident = 0;
  FILE *file = fopen ("/proc/self/statm", "r");

  if (file == NULL || fscanf (file, "%lu %lu", &size, &resident) != 2)
    g_error ("/proc/self/statm cannot be read");
  fclose (file);
  return (double) resident * sysconf (_SC_PAGESIZE);
}

static gboolean
stay (GCancellable  *scope,
      gpointer       data,
      GValue        *result,
      GError       **error)
{
  gboolean waited;

  ((Fibers *) data)->n_started++;
  waited = aiodrive_thread_safe_event_wait (((Fibers *) data)->event, NULL, error);
  ((Fibers *) data)->bench->n_done++;
  return waited;
}

static void
measure_suspended (Bench *bench)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  Fibers self = { .bench = bench, .event = event };
  GTask **tasks = g_new0 (GTask *, bench->n);
  double before = count_resident ();

  for (gsize i = 0; i < bench->n; i++)
    tasks[i] = aiodrive_spawn_fiber (NULL, stay, &self, NULL);
  while (self.n_started < bench->n)
    g_main_context_iteration (NULL, TRUE);
  bench->value = (count_resident () - before) / bench->n;

  aiodrive_thread_safe_event_set (event);
  bench_iterate (bench);
  bench_objects_free (tasks, bench->n);
}

#ifdef HAVE_LIBDEX
typedef struct
{
  Bench      *bench;
  DexPromise *event;
  DexChannel *there;
  DexChannel *back;
  gsize       n_started;
} Dex;

static DexFuture *
dex_wait_for_event (gpointer data)
{
  Dex *self = data;

  if (++self->n_started == self->bench->n)
    dex_promise_resolve_boolean (self->event, TRUE);
  dex_await (dex_ref (self->event), NULL);
  return dex_future_new_true ();
}

static DexFuture *
on_all_dex (DexFuture *future,
            gpointer   bench)
{
  ((Bench *) bench)->n_done = ((Bench *) bench)->n;
  return NULL;
}

static void
spawn_dex (Bench *bench)
{
  Dex self = { .bench = bench, .event = dex_promise_new () };
  DexFuture **futures = g_new (DexFuture *, bench->n);
  DexFuture *all;

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    futures[i] = dex_scheduler_spawn (NULL, 0, dex_wait_for_event, &self, NULL);
  all = dex_future_finally (dex_future_allv (futures, bench->n), on_all_dex, bench, NULL);
  bench_iterate (bench);
  bench_futures_free (futures, bench->n);
  dex_unref (all);
  bench_end (bench);
  bench->value = (double) bench->elapsed / bench->n;
  dex_unref (self.event);
}

static DexFuture *
dex_wait_again (gpointer data)
{
  Dex *self = data;

  for (gsize i = 0; i < self->bench->n; i++)
    dex_await (dex_ref (self->event), NULL);
  self->bench->n_done = self->bench->n;
  return dex_future_new_true ();
}

static void
run_dex (Dex          *self,
         DexFiberFunc  func)
{
  DexFuture *future;

  bench_begin (self->bench);
  future = dex_scheduler_spawn (NULL, 0, func, self, NULL);
  bench_iterate (self->bench);
  bench_end (self->bench);
  dex_unref (future);
}

static void
wait_for_set_event_dex (Bench *bench)
{
  Dex self = { .bench = bench, .event = dex_promise_new () };

  dex_promise_resolve_boolean (self.event, TRUE);
  run_dex (&self, dex_wait_again);
  dex_unref (self.event);
}

static DexFuture *
dex_call (gpointer data)
{
  Dex *self = data;

  for (; self->bench->n_done < self->bench->n; self->bench->n_done++)
    {
      dex_await (dex_channel_send (self->there, dex_future_new_for_int (1)), NULL);
      dex_await_int (dex_channel_receive (self->back), NULL);
    }
  dex_channel_close_send (self->there);
  return dex_future_new_true ();
}

static DexFuture *
dex_answer (gpointer data)
{
  Dex *self = data;

  for (;;)
    {
      g_autoptr(GError) error = NULL;
      int number = dex_await_int (dex_channel_receive (self->there), &error);

      if (error != NULL)
        return dex_future_new_true ();
      dex_await (dex_channel_send (self->back, dex_future_new_for_int (number)), NULL);
    }
}

static void
make_round_trips_dex (Bench *bench)
{
  Dex self = { .bench = bench, .there = dex_channel_new (1), .back = dex_channel_new (1) };
  DexFuture *answering = dex_scheduler_spawn (NULL, 0, dex_answer, &self, NULL);

  run_dex (&self, dex_call);
  dex_unref (answering);
  dex_unref (self.there);
  dex_unref (self.back);
}
#endif

const BenchCase bench_fibers[] =
{
  { "spawn", "aiodrive-fiber", spawn_fibers, 100000 },
  { "spawn", "aiodrive-await", spawn_awaiting_fibers, 100000 },
  { "spawn-cold", "aiodrive-fiber", spawn_fibers, 100000, BENCH_VALUE },
  { "event-ready", "aiodrive-fiber", wait_for_set_event },
  { "lock-handoff", "aiodrive-fiber", hand_off, 100000 },
  { "lock-alone", "aiodrive-fiber", lock_alone },
  { "channel-trip", "aiodrive-fiber", make_round_trips },
  { "bytes-fiber", "aiodrive-fiber", measure_suspended, 100000, BENCH_VALUE },
#ifdef HAVE_LIBDEX
  { "spawn-cold", "libdex-fiber", spawn_dex, 10000, BENCH_VALUE },
  { "event-ready", "libdex-fiber", wait_for_set_event_dex },
  { "channel-trip", "libdex-fiber", make_round_trips_dex },
#endif
  { NULL }
};
