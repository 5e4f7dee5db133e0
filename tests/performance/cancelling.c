/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

/* N wait for an event that never comes, and are cancelled: each by his own cancellable, one after the other; or all by
 * one. Measured until the last has been called back. */

static void
on_cancelled_wait (GObject      *event,
                   GAsyncResult *result,
                   gpointer      bench)
{
  g_autoptr(GError) error = NULL;

  if (aiodrive_thread_safe_event_wait_finish (AIODRIVE_THREAD_SAFE_EVENT (event), result, &error))
    g_error ("A wait was not cancelled");
  ((Bench *) bench)->n_done++;
}

static void
cancel (Bench    *bench,
        gsize     n_cancellables,
        gboolean  scopes)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  GCancellable **cancellables = bench_cancellables_new (n_cancellables, scopes);

  for (gsize i = 0; i < bench->n; i++)
    aiodrive_thread_safe_event_wait_async (event, cancellables[i % n_cancellables], on_cancelled_wait, bench);

  bench_begin (bench);
  for (gsize i = 0; i < n_cancellables; i++)
    g_cancellable_cancel (cancellables[i]);
  bench_iterate (bench);
  bench_end (bench);

  bench_objects_free (cancellables, n_cancellables);
}

static void
cancel_each (Bench *bench)
{
  cancel (bench, bench->n, FALSE);
}

static void
cancel_each_scope (Bench *bench)
{
  cancel (bench, bench->n, TRUE);
}

static void
cancel_all (Bench *bench)
{
  cancel (bench, 1, FALSE);
}

/* By hand: the handler takes the GTask out of the list of those who wait, and returns it. */

typedef struct
{
  GQueue *waiting;
  GList   node;
  GTask  *task;
  gulong  handler;
} Waiter;

static void
return_waiter (GCancellable *cancellable,
               gpointer      data)
{
  Waiter *self = data;
  g_autoptr(GTask) task = g_steal_pointer (&self->task);

  g_queue_unlink (self->waiting, &self->node);
  g_signal_handler_disconnect (cancellable, self->handler);
  g_task_return_error_if_cancelled (task);
}

static void
on_cancelled_task (GObject      *source_object,
                   GAsyncResult *result,
                   gpointer      bench)
{
  g_autoptr(GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    g_error ("A task was not cancelled");
  ((Bench *) bench)->n_done++;
}

static void
cancel_gtasks (Bench *bench,
               gsize  n_cancellables)
{
  GCancellable **cancellables = bench_cancellables_new (n_cancellables, FALSE);
  Waiter *waiters = g_new0 (Waiter, bench->n);
  GQueue waiting = G_QUEUE_INIT;

  for (gsize i = 0; i < bench->n; i++)
    {
      GCancellable *cancellable = cancellables[i % n_cancellables];

      waiters[i].waiting = &waiting;
      waiters[i].task = g_task_new (NULL, cancellable, on_cancelled_task, bench);
      waiters[i].handler = g_cancellable_connect (cancellable, G_CALLBACK (return_waiter), &waiters[i], NULL);
      g_queue_push_tail_link (&waiting, &waiters[i].node);
    }

  bench_begin (bench);
  for (gsize i = 0; i < n_cancellables; i++)
    g_cancellable_cancel (cancellables[i]);
  bench_iterate (bench);
  bench_end (bench);

  g_free (waiters);
  bench_objects_free (cancellables, n_cancellables);
}

static void
cancel_each_gtask (Bench *bench)
{
  cancel_gtasks (bench, bench->n);
}

static void
cancel_all_gtasks (Bench *bench)
{
  cancel_gtasks (bench, 1);
}

#ifdef HAVE_LIBDEX
static void
cancel_dex (Bench *bench,
            gsize  n_cancellables)
{
  GCancellable **cancellables = bench_cancellables_new (n_cancellables, FALSE);
  DexFuture **futures = g_new (DexFuture *, bench->n);
  DexPromise *event = dex_promise_new ();

  for (gsize i = 0; i < bench->n; i++)
    {
      DexFuture *cancelled = dex_cancellable_new_from_cancellable (cancellables[i % n_cancellables]);

      futures[i] = dex_future_catch (dex_future_first (dex_ref (DEX_FUTURE (event)), cancelled, NULL),
                                     bench_on_future, bench, NULL);
    }

  bench_begin (bench);
  for (gsize i = 0; i < n_cancellables; i++)
    g_cancellable_cancel (cancellables[i]);
  bench_iterate (bench);
  bench_end (bench);

  bench_futures_free (futures, bench->n);
  dex_unref (event);
  bench_objects_free (cancellables, n_cancellables);
}

static void
cancel_each_dex (Bench *bench)
{
  cancel_dex (bench, bench->n);
}

static void
cancel_all_dex (Bench *bench)
{
  cancel_dex (bench, 1);
}
#endif

const BenchCase bench_cancelling[] =
{
  { "cancel-own", "aiodrive", cancel_each },
  { "cancel-own", "aiodrive-scope", cancel_each_scope },
  { "cancel-own", "gtask", cancel_each_gtask },
  { "cancel-shared", "aiodrive", cancel_all },
  { "cancel-shared", "gtask", cancel_all_gtasks, 10000 },
#ifdef HAVE_LIBDEX
  { "cancel-own", "libdex", cancel_each_dex, 10000 },
  { "cancel-shared", "libdex", cancel_all_dex, 10000 },
#endif
  { NULL }
};
