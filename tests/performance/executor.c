/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

/* N jobs are done in another thread, and their results come back: one after the other, or all at once. */

typedef struct
{
  Bench                      *bench;
  AiodriveBackgroundExecutor *executor;
} Executing;

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      data)
{
  g_task_return_boolean (task, TRUE);
}

static void
submit (Executing *self,
        gboolean   again);

static void
on_ended (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  Executing *self = data;
  g_autoptr(GTask) task = aiodrive_wait_task_finish (result, NULL);

  if (!g_task_propagate_boolean (aiodrive_task_get_leaf (task, NULL), NULL))
    g_error ("A job failed");
  self->bench->n_done++;
}

static void
on_ended_again (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  Executing *self = data;

  on_ended (source_object, result, self);
  if (self->bench->n_done < self->bench->n)
    submit (self, TRUE);
}

static void
submit (Executing *self,
        gboolean   again)
{
  g_autoptr(GTask) task = NULL;

  aiodrive_background_executor_spawn (self->executor, &task, NULL, job, NULL, NULL);
  aiodrive_wait_task_async (task, NULL, again ? on_ended_again : on_ended, self);
}

static void
execute (Bench    *bench,
         gboolean  serially)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new ("bench");
  Executing self = { bench, executor };

  aiodrive_background_executor_start (executor, NULL);
  bench_begin (bench);
  for (gsize i = 0; i < (serially ? 1 : bench->n); i++)
    submit (&self, serially);
  bench_iterate (bench);
  bench_end (bench);
  aiodrive_background_executor_stop (executor, NULL, NULL);
}

static void
execute_each (Bench *bench)
{
  execute (bench, TRUE);
}

static void
execute_all (Bench *bench)
{
  execute (bench, FALSE);
}

/* By hand: g_task_run_in_thread(). */

static void
in_thread (GTask        *task,
           gpointer      source_object,
           gpointer      task_data,
           GCancellable *cancellable)
{
  g_task_return_boolean (task, TRUE);
}

static void
run_gtask (Bench               *bench,
           GAsyncReadyCallback  callback)
{
  g_autoptr(GTask) task = g_task_new (NULL, NULL, callback, bench);

  g_task_run_in_thread (task, in_thread);
}

static void
on_gtask_again (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  Bench *bench = data;

  bench_on_task (source_object, result, bench);
  if (bench->n_done < bench->n)
    run_gtask (bench, on_gtask_again);
}

static void
execute_each_gtask (Bench *bench)
{
  bench_begin (bench);
  run_gtask (bench, on_gtask_again);
  bench_iterate (bench);
  bench_end (bench);
}

static void
execute_all_gtasks (Bench *bench)
{
  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    run_gtask (bench, bench_on_task);
  bench_iterate (bench);
  bench_end (bench);
}

#ifdef HAVE_LIBDEX
static DexFuture *
dex_coroutine (DexCoroutineContext *context,
               gpointer             data)
{
  return dex_future_new_true ();
}

static DexFuture *
dex_fiber (gpointer data)
{
  return dex_future_new_true ();
}

static DexFuture *
submit_dex (gboolean in_fiber)
{
  DexScheduler *pool = dex_thread_pool_scheduler_get_default ();

  return in_fiber ? dex_scheduler_spawn (pool, 0, dex_fiber, NULL, NULL)
                  : dex_scheduler_spawn_coroutine (pool, dex_coroutine, NULL, NULL);
}

/* Awaits the results in the main thread, in a coroutine. */
static DexFuture *
call_again (DexCoroutineContext *context,
            gpointer             data)
{
  Bench *bench = data;

  DEX_COROUTINE_BEGIN (context);
  while (bench->n_done < bench->n)
    {
      DEX_COROUTINE_SUSPEND (submit_dex (FALSE), NULL);
      bench->n_done++;
    }
  return dex_future_new_true ();
  DEX_COROUTINE_END;
}

static DexFuture *
call_fibers_again (DexCoroutineContext *context,
                   gpointer             data)
{
  Bench *bench = data;

  DEX_COROUTINE_BEGIN (context);
  while (bench->n_done < bench->n)
    {
      DEX_COROUTINE_SUSPEND (submit_dex (TRUE), NULL);
      bench->n_done++;
    }
  return dex_future_new_true ();
  DEX_COROUTINE_END;
}

static void
execute_each_dex (Bench            *bench,
                  DexCoroutineFunc  func)
{
  DexFuture *future;

  bench_begin (bench);
  future = dex_scheduler_spawn_coroutine (NULL, func, bench, NULL);
  bench_iterate (bench);
  bench_end (bench);
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  dex_unref (future);
}

static void
execute_each_dex_coroutine (Bench *bench)
{
  execute_each_dex (bench, call_again);
}

static void
execute_each_dex_fiber (Bench *bench)
{
  execute_each_dex (bench, call_fibers_again);
}

static void
execute_all_dex (Bench    *bench,
                 gboolean  in_fibers)
{
  DexFuture **futures = g_new (DexFuture *, bench->n);

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    futures[i] = dex_future_then (submit_dex (in_fibers), bench_on_future, bench, NULL);
  bench_iterate (bench);
  bench_end (bench);
  bench_futures_free (futures, bench->n);
}

static void
execute_all_dex_coroutines (Bench *bench)
{
  execute_all_dex (bench, FALSE);
}

static void
execute_all_dex_fibers (Bench *bench)
{
  execute_all_dex (bench, TRUE);
}
#endif

const BenchCase bench_executor[] =
{
  { "executor", "aiodrive", execute_each, 100000, BENCH_WALL },
  { "executor", "gtask", execute_each_gtask, 100000, BENCH_WALL },
  { "executor-many", "aiodrive", execute_all, 100000, BENCH_WALL },
  { "executor-many", "gtask", execute_all_gtasks, 100000, BENCH_WALL },
#ifdef HAVE_LIBDEX
  { "executor", "libdex-coroutine", execute_each_dex_coroutine, 10000, BENCH_WALL },
  { "executor", "libdex-fiber", execute_each_dex_fiber, 10000, BENCH_WALL },
  { "executor-many", "libdex-coroutine", execute_all_dex_coroutines, 100000, BENCH_WALL },
  { "executor-many", "libdex-fiber", execute_all_dex_fibers, 10000, BENCH_WALL },
#endif
  { NULL }
};
