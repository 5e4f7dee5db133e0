/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

/* N races, one after the other, between a task that ends as soon as an event is set, and one that would wait for ever.
 * With us the loser is cancelled, and has ended when the race ends; a loser of libdex is discarded. */

typedef struct
{
  Bench                   *bench;
  AiodriveThreadSafeEvent *go;
  AiodriveThreadSafeEvent *never;
} Race;

static void
on_event (GObject      *event,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;

  if (aiodrive_thread_safe_event_wait_finish (AIODRIVE_THREAD_SAFE_EVENT (event), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      event)
{
  aiodrive_thread_safe_event_wait_async (event, cancellable, on_event, g_object_ref (task));
}

static void
start (Race *self);

static void
on_race (GObject      *source_object,
         GAsyncResult *result,
         gpointer      data)
{
  Race *self = data;
  g_autoptr(GTask) winner = aiodrive_race_finish (result, NULL, NULL);

  g_task_propagate_boolean (winner, NULL);
  if (++self->bench->n_done < self->bench->n)
    start (self);
}

static void
start (Race *self)
{
  g_autoptr(GTask) first = aiodrive_prime (NULL, job, self->go, NULL);
  g_autoptr(GTask) second = aiodrive_prime (NULL, job, self->never, NULL);
  GTask *tasks[] = { first, second };

  aiodrive_race_async (tasks, 2, NULL, on_race, self);
  aiodrive_thread_safe_event_set (self->go);
  aiodrive_thread_safe_event_clear (self->go);
}

static void
race (Bench *bench)
{
  g_autoptr(AiodriveThreadSafeEvent) go = aiodrive_thread_safe_event_new ();
  g_autoptr(AiodriveThreadSafeEvent) never = aiodrive_thread_safe_event_new ();
  Race self = { bench, go, never };

  bench_begin (bench);
  start (&self);
  bench_iterate (bench);
  bench_end (bench);
}

/* By hand: two operations, each a GTask with a GCancellable that it is connected to, and one GTask for the race, which
 * is returned when both have ended. */

typedef struct
{
  Bench *bench;
  GTask *operations[2];
  gulong handlers[2];
  guint  n_pending;
  GTask *race;
} Gtasks;

static void
start_gtasks (Gtasks *self);

static void
on_gtask_race (GObject      *source_object,
               GAsyncResult *result,
               gpointer      data)
{
  Gtasks *self = data;

  g_task_propagate_boolean (G_TASK (result), NULL);
  if (++self->bench->n_done < self->bench->n)
    start_gtasks (self);
}

static void
on_operation (GObject      *source_object,
              GAsyncResult *result,
              gpointer      data)
{
  Gtasks *self = data;
  g_autoptr(GTask) race = NULL;
  guint other = result == (GAsyncResult *) self->operations[0] ? 1 : 0;

  g_signal_handler_disconnect (g_task_get_cancellable (G_TASK (result)), self->handlers[1 - other]);
  if (g_task_propagate_boolean (G_TASK (result), NULL))
    g_cancellable_cancel (g_task_get_cancellable (self->operations[other]));
  if (--self->n_pending > 0)
    return;

  g_object_unref (self->operations[0]);
  g_object_unref (self->operations[1]);
  race = g_steal_pointer (&self->race);
  g_task_return_boolean (race, TRUE);   /* begins the next one */
}

static void
on_gtask_cancelled (GCancellable *cancellable,
                    gpointer      operation)
{
  g_task_return_error_if_cancelled (operation);
}

static void
start_gtasks (Gtasks *self)
{
  self->n_pending = 2;
  self->race = g_task_new (NULL, NULL, on_gtask_race, self);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();

      self->operations[i] = g_task_new (NULL, cancellable, on_operation, self);
      self->handlers[i] =
        g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_gtask_cancelled), self->operations[i]);
    }
  g_task_return_boolean (self->operations[0], TRUE);
}

static void
race_gtasks (Bench *bench)
{
  Gtasks self = { bench };

  bench_begin (bench);
  start_gtasks (&self);
  bench_iterate (bench);
  bench_end (bench);
}

#ifdef HAVE_LIBDEX
typedef struct
{
  Bench      *bench;
  DexPromise *go;
  gboolean    fibers;
} Dex;

static DexFuture *
wait_coroutine (DexCoroutineContext *context,
                gpointer             event)
{
  DEX_COROUTINE_BEGIN (context);
  DEX_COROUTINE_SUSPEND (dex_ref (DEX_FUTURE (event)), NULL);
  return dex_future_new_true ();
  DEX_COROUTINE_END;
}

static DexFuture *
wait_fiber (gpointer event)
{
  dex_await (dex_ref (DEX_FUTURE (event)), NULL);
  return dex_future_new_true ();
}

static DexFuture *
wait_for (Dex        *self,
          DexPromise *event)
{
  return self->fibers ? dex_scheduler_spawn (NULL, 0, wait_fiber, event, dex_unref)
                      : dex_scheduler_spawn_coroutine (NULL, wait_coroutine, event, dex_unref);
}

static void
start_dex (Dex *self);

static DexFuture *
on_race_dex (DexFuture *future,
             gpointer   data)
{
  Dex *self = data;

  if (++self->bench->n_done < self->bench->n)
    start_dex (self);
  return NULL;
}

static void
start_dex (Dex *self)
{
  DexPromise *go = dex_promise_new ();
  DexPromise *never = dex_promise_new_cancellable ();
  DexFuture *futures[] = { wait_for (self, dex_ref (go)), wait_for (self, never) };

  dex_future_disown (dex_future_then (dex_future_firstv (futures, 2), on_race_dex, self, NULL));
  dex_unref (futures[0]);
  dex_unref (futures[1]);
  dex_promise_resolve_boolean (go, TRUE);
  dex_unref (go);
}

static void
race_dex (Bench    *bench,
          gboolean  fibers)
{
  Dex self = { bench, NULL, fibers };

  bench_begin (bench);
  start_dex (&self);
  bench_iterate (bench);
  bench_end (bench);
}

/* A race as ours: the loser is cancelled, and the race ends when both have ended. */

typedef struct
{
  Dex         dex;   /* first */
  DexPromise *never;
  DexFuture  *futures[2];
} DexAwaited;

static void
start_dex_awaited (DexAwaited *self);

static DexFuture *
cancel_loser (DexFuture *first,
              gpointer   data)
{
  DexAwaited *self = data;

  dex_promise_reject (self->never, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "lost"));
  return dex_future_allv (self->futures, 2);
}

static DexFuture *
on_both_ended (DexFuture *future,
               gpointer   data)
{
  DexAwaited *self = data;

  dex_unref (self->futures[0]);
  dex_unref (self->futures[1]);
  dex_unref (self->never);
  if (++self->dex.bench->n_done < self->dex.bench->n)
    start_dex_awaited (self);
  return NULL;
}

static void
start_dex_awaited (DexAwaited *self)
{
  DexPromise *go = dex_promise_new ();
  DexFuture *first;

  self->never = dex_promise_new ();
  self->futures[0] = wait_for (&self->dex, dex_ref (go));
  self->futures[1] = wait_for (&self->dex, dex_ref (self->never));
  first = dex_future_then (dex_future_firstv (self->futures, 2), cancel_loser, self, NULL);
  dex_future_disown (dex_future_finally (first, on_both_ended, self, NULL));
  dex_promise_resolve_boolean (go, TRUE);
  dex_unref (go);
}

static void
race_dex_awaited (Bench *bench)
{
  DexAwaited self = { .dex = { bench, NULL, FALSE } };

  bench_begin (bench);
  start_dex_awaited (&self);
  bench_iterate (bench);
  bench_end (bench);
}

static void
race_dex_coroutines (Bench *bench)
{
  race_dex (bench, FALSE);
}

static void
race_dex_fibers (Bench *bench)
{
  race_dex (bench, TRUE);
}
#endif

const BenchCase bench_races[] =
{
  { "race", "aiodrive", race },
  { "race", "gtask", race_gtasks },
#ifdef HAVE_LIBDEX
  { "race", "libdex-coroutine", race_dex_coroutines },
  { "race", "libdex-fiber", race_dex_fibers },
  { "race-awaited", "libdex-coroutine", race_dex_awaited },
#endif
  { NULL }
};
