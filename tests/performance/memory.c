/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

#include <malloc.h>

/* The bytes that a pending waiter takes: without a cancellable, with one that all share, and with one of its own, which
 * is counted. */

static void
begin (Bench *bench)
{
  bench->value = mallinfo2 ().uordblks;
}

static void
end (Bench *bench)
{
  bench->value = (mallinfo2 ().uordblks - bench->value) / bench->n;
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
park (Bench          *bench,
      GCancellable *(*get_cancellable) (gpointer data),
      gpointer        data)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  g_autoptr(GCancellable) warm_up = g_cancellable_new ();

  aiodrive_thread_safe_event_wait_async (event, warm_up, on_waited, bench);
  aiodrive_thread_safe_event_set (event);
  bench_iterate_until (bench, 1);
  bench->n_done = 0;
  aiodrive_thread_safe_event_clear (event);

  begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    {
      g_autoptr(GCancellable) cancellable = get_cancellable (data);

      aiodrive_thread_safe_event_wait_async (event, cancellable, on_waited, bench);
    }
  end (bench);
  aiodrive_thread_safe_event_set (event);
  bench_iterate (bench);
}

static GCancellable *
new_cancellable (gpointer data)
{
  return g_cancellable_new ();
}

static GCancellable *
new_scope (gpointer data)
{
  return G_CANCELLABLE (aiodrive_cancel_scope_new (NULL));
}

static GCancellable *
ref_shared (gpointer shared)
{
  return shared != NULL ? g_object_ref (shared) : NULL;
}

static void
park_alone (Bench *bench)
{
  park (bench, ref_shared, NULL);
}

static void
park_shared (Bench *bench)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  park (bench, ref_shared, cancellable);
}

static void
park_own (Bench *bench)
{
  park (bench, new_cancellable, NULL);
}

static void
park_own_scope (Bench *bench)
{
  park (bench, new_scope, NULL);
}

#ifdef HAVE_LIBDEX
static void
park_dex (Bench          *bench,
          GCancellable *(*get_cancellable) (gpointer data),
          gpointer        data)
{
  DexFuture **futures = g_new (DexFuture *, bench->n);
  DexPromise *event = dex_promise_new ();

  begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    {
      g_autoptr(GCancellable) cancellable = get_cancellable (data);
      DexFuture *waiter = dex_ref (DEX_FUTURE (event));

      if (cancellable != NULL)
        waiter = dex_future_first (waiter, dex_cancellable_new_from_cancellable (cancellable), NULL);
      futures[i] = dex_future_then (waiter, bench_on_future, bench, NULL);
    }
  end (bench);
  dex_promise_resolve_boolean (event, TRUE);
  bench_iterate (bench);
  bench_futures_free (futures, bench->n);
  dex_unref (event);
}

static void
park_alone_dex (Bench *bench)
{
  park_dex (bench, ref_shared, NULL);
}

static void
park_shared_dex (Bench *bench)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  park_dex (bench, ref_shared, cancellable);
}

static void
park_own_dex (Bench *bench)
{
  park_dex (bench, new_cancellable, NULL);
}

typedef struct
{
  Bench      *bench;
  DexPromise *event;
  gsize       n_started;
} Dex;

static DexFuture *
coroutine (DexCoroutineContext *context,
           gpointer             data)
{
  Dex *self = data;

  DEX_COROUTINE_BEGIN (context);
  self->n_started++;
  DEX_COROUTINE_SUSPEND (dex_ref (DEX_FUTURE (self->event)), NULL);
  self->bench->n_done++;
  return dex_future_new_true ();
  DEX_COROUTINE_END;
}

static void
park_coroutines (Bench *bench)
{
  Dex self = { bench, dex_promise_new (), 0 };
  DexFuture **futures = g_new (DexFuture *, bench->n);

  begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    futures[i] = dex_scheduler_spawn_coroutine (NULL, coroutine, &self, NULL);
  while (self.n_started < bench->n)
    g_main_context_iteration (NULL, TRUE);
  end (bench);
  dex_promise_resolve_boolean (self.event, TRUE);
  bench_iterate (bench);
  bench_futures_free (futures, bench->n);
  dex_unref (self.event);
}
#endif

const BenchCase bench_memory[] =
{
  { "bytes", "aiodrive", park_alone, 100000, BENCH_VALUE },
  { "bytes-shared", "aiodrive", park_shared, 100000, BENCH_VALUE },
  { "bytes-own", "aiodrive", park_own, 100000, BENCH_VALUE },
  { "bytes-own", "aiodrive-scope", park_own_scope, 100000, BENCH_VALUE },
#ifdef HAVE_LIBDEX
  { "bytes", "libdex-then", park_alone_dex, 100000, BENCH_VALUE },
  { "bytes", "libdex-coroutine", park_coroutines, 100000, BENCH_VALUE },
  { "bytes-shared", "libdex-then", park_shared_dex, 100000, BENCH_VALUE },
  { "bytes-own", "libdex-then", park_own_dex, 100000, BENCH_VALUE },
#endif
  { NULL }
};
