/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

/* How many milliseconds an idle source waits at most for its turn while N are woken at once. It is the time of the
 * thread that counts: what the machine gives to others meanwhile is not ours. */

typedef struct
{
  Bench  *bench;
  gint64  last;
  gint64  longest;
} Idle;

static gint64
thread_time (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

static gboolean
look (gpointer data)
{
  Idle *self = data;
  gint64 now = thread_time ();

  self->longest = MAX (self->longest, now - self->last);
  self->last = now;
  return G_SOURCE_CONTINUE;
}

static void
on_waited (GObject      *event,
           GAsyncResult *result,
           gpointer      bench)
{
  aiodrive_thread_safe_event_wait_finish (AIODRIVE_THREAD_SAFE_EVENT (event), result, NULL);
  ((Bench *) bench)->n_done++;
}

static void
watch (Bench *bench,
       Idle  *self)
{
  guint source;

  self->bench = bench;
  source = g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, look, self, NULL);
  bench_iterate_until (bench, bench->n);
  look (self);
  g_source_remove (source);
  bench->value = self->longest / 1e6;
}

static void
wake (Bench *bench)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  Idle self = { 0 };

  for (gsize i = 0; i < bench->n; i++)
    aiodrive_thread_safe_event_wait_async (event, NULL, on_waited, bench);
  self.last = thread_time ();
  aiodrive_thread_safe_event_set (event);
  watch (bench, &self);
}

static void
wake_gtasks (Bench *bench)
{
  Idle self = { .last = thread_time () };

  for (gsize i = 0; i < bench->n; i++)
    {
      g_autoptr(GTask) task = g_task_new (NULL, NULL, bench_on_task, bench);

      g_task_return_boolean (task, TRUE);
    }
  watch (bench, &self);
}

#ifdef HAVE_LIBDEX
static void
wake_dex (Bench *bench)
{
  DexFuture **futures = g_new (DexFuture *, bench->n);
  DexPromise *event = dex_promise_new ();
  Idle self = { 0 };

  for (gsize i = 0; i < bench->n; i++)
    futures[i] = dex_future_then (dex_ref (DEX_FUTURE (event)), bench_on_future, bench, NULL);
  self.last = thread_time ();
  dex_promise_resolve_boolean (event, TRUE);
  watch (bench, &self);
  bench_futures_free (futures, bench->n);
  dex_unref (event);
}
#endif

const BenchCase bench_fairness[] =
{
  { "fairness", "aiodrive", wake, 0, BENCH_VALUE },
  { "fairness", "gtask-idle", wake_gtasks, 0, BENCH_VALUE },
#ifdef HAVE_LIBDEX
  { "fairness", "libdex-then", wake_dex, 0, BENCH_VALUE },
#endif
  { NULL }
};
