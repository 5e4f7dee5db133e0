/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

/* N wait for one event. Waking them is measured: from setting the event until the last has been called back. */

static void
on_waited (GObject      *event,
           GAsyncResult *result,
           gpointer      bench)
{
  if (!aiodrive_thread_safe_event_wait_finish (AIODRIVE_THREAD_SAFE_EVENT (event), result, NULL))
    g_error ("A wait failed");
  ((Bench *) bench)->n_done++;
}

static void
wake (Bench         *bench,
      GCancellable **cancellables)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();

  for (gsize i = 0; i < bench->n; i++)
    aiodrive_thread_safe_event_wait_async (event, cancellables != NULL ? cancellables[i] : NULL, on_waited, bench);

  bench_begin (bench);
  aiodrive_thread_safe_event_set (event);
  bench_iterate (bench);
  bench_end (bench);
}

static void
wake_all (Bench *bench)
{
  wake (bench, NULL);
}

static void
wake_all_cancellable (Bench *bench)
{
  GCancellable **cancellables = bench_cancellables_new (bench->n, FALSE);

  wake (bench, cancellables);
  bench_objects_free (cancellables, bench->n);
}

static void
wake_all_scoped (Bench *bench)
{
  GCancellable **cancellables = bench_cancellables_new (bench->n, TRUE);

  wake (bench, cancellables);
  bench_objects_free (cancellables, bench->n);
}

/* By hand: each GTask is in a list, and listens to its cancellable, which would take it out. */

typedef struct
{
  GTask *task;
  gulong handler;
} Waiter;

typedef struct
{
  gsize   n;
  Waiter *waiters;
} Waiters;

static void
on_cancelled (GCancellable *cancellable,
              gpointer      waiter)
{
  g_assert_not_reached ();
}

static void
return_waiters (gpointer data)
{
  Waiters *self = data;

  for (gsize i = 0; i < self->n; i++)
    {
      GTask *task = self->waiters[i].task;

      g_cancellable_disconnect (g_task_get_cancellable (task), self->waiters[i].handler);
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
}

static void
wake_gtasks_cancellable (Bench *bench)
{
  GCancellable **cancellables = bench_cancellables_new (bench->n, FALSE);
  Waiters self = { bench->n, g_new (Waiter, bench->n) };

  for (gsize i = 0; i < bench->n; i++)
    {
      self.waiters[i].task = g_task_new (NULL, cancellables[i], bench_on_task, bench);
      self.waiters[i].handler = g_cancellable_connect (cancellables[i], G_CALLBACK (on_cancelled), NULL, NULL);
    }

  bench_begin (bench);
  bench_in_source (return_waiters, &self);
  bench_iterate (bench);
  bench_end (bench);

  g_free (self.waiters);
  bench_objects_free (cancellables, bench->n);
}

#ifdef HAVE_LIBDEX
typedef struct
{
  Bench       *bench;
  DexPromise  *event;
  gsize        n_started;
} Dex;

static DexFuture *
wait_coroutine (DexCoroutineContext *context,
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

static DexFuture *
wait_fiber (gpointer data)
{
  Dex *self = data;

  self->n_started++;
  dex_await (dex_ref (DEX_FUTURE (self->event)), NULL);
  self->bench->n_done++;
  return dex_future_new_true ();
}

static DexFuture *
wait_then (Dex          *self,
           GCancellable *cancellable)
{
  DexFuture *event = dex_ref (DEX_FUTURE (self->event));

  if (cancellable != NULL)
    event = dex_future_first (event, dex_cancellable_new_from_cancellable (cancellable), NULL);
  self->n_started++;
  return dex_future_then (event, bench_on_future, self->bench, NULL);
}

typedef enum
{
  DEX_THEN,
  DEX_COROUTINE,
  DEX_FIBER
} DexForm;

static void
wake_dex (Bench         *bench,
          DexForm        form,
          GCancellable **cancellables)
{
  Dex self = { bench, dex_promise_new (), 0 };
  DexFuture **futures = g_new (DexFuture *, bench->n);

  for (gsize i = 0; i < bench->n; i++)
    futures[i] = form == DEX_THEN ? wait_then (&self, cancellables != NULL ? cancellables[i] : NULL)
                 : form == DEX_FIBER ? dex_scheduler_spawn (NULL, 0, wait_fiber, &self, NULL)
                 : dex_scheduler_spawn_coroutine (NULL, wait_coroutine, &self, NULL);
  while (self.n_started < bench->n)
    g_main_context_iteration (NULL, TRUE);

  bench_begin (bench);
  dex_promise_resolve_boolean (self.event, TRUE);
  bench_iterate (bench);
  bench_end (bench);

  bench_futures_free (futures, bench->n);
  dex_unref (self.event);
}

static void
wake_dex_then (Bench *bench)
{
  wake_dex (bench, DEX_THEN, NULL);
}

static void
wake_dex_coroutine (Bench *bench)
{
  wake_dex (bench, DEX_COROUTINE, NULL);
}

static void
wake_dex_fiber (Bench *bench)
{
  wake_dex (bench, DEX_FIBER, NULL);
}

static void
wake_dex_cancellable (Bench *bench)
{
  GCancellable **cancellables = bench_cancellables_new (bench->n, FALSE);

  wake_dex (bench, DEX_THEN, cancellables);
  bench_objects_free (cancellables, bench->n);
}
#endif

const BenchCase bench_waiting[] =
{
  { "event-wake", "aiodrive", wake_all },
  { "event-wake-own", "aiodrive", wake_all_cancellable },
  { "event-wake-own", "aiodrive-scope", wake_all_scoped },
  { "event-wake-own", "gtask", wake_gtasks_cancellable },
#ifdef HAVE_LIBDEX
  { "event-wake", "libdex-then", wake_dex_then },
  { "event-wake", "libdex-coroutine", wake_dex_coroutine },
  { "event-wake", "libdex-fiber", wake_dex_fiber, 10000 },
  { "event-wake-own", "libdex-then", wake_dex_cancellable, 100000 },
#endif
  { NULL }
};
