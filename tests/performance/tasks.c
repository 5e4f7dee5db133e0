/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

/* N tasks are spawned, each of which awaits one event; when all have begun it is set; all are awaited. Each has what
 * the library gives to a task, with us a cancellable of its own. */

typedef struct
{
  Bench                   *bench;
  AiodriveThreadSafeEvent *event;
  gsize                    n_started;
  gboolean                 ended;
} Spawning;

static void
on_event (GObject      *event,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GTask) task = data;

  aiodrive_thread_safe_event_wait_finish (AIODRIVE_THREAD_SAFE_EVENT (event), result, NULL);
  g_task_return_boolean (task, TRUE);
}

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      data)
{
  Spawning *self = data;

  aiodrive_thread_safe_event_wait_async (self->event, cancellable, on_event, g_object_ref (task));
  if (++self->n_started == self->bench->n)
    aiodrive_thread_safe_event_set (self->event);
}

static void
on_all (GObject      *source_object,
        GAsyncResult *result,
        gpointer      data)
{
  Spawning *self = data;
  g_autoptr(GPtrArray) tasks = aiodrive_wait_all_finish (result, NULL);

  self->bench->n_done = tasks->len;
}

static void
spawn (Bench *bench)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  Spawning self = { bench, event, 0, FALSE };
  GTask **tasks = g_new (GTask *, bench->n);

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    tasks[i] = aiodrive_spawn (NULL, job, &self, NULL);
  aiodrive_wait_all_async (tasks, bench->n, NULL, on_all, &self);
  bench_iterate (bench);
  bench_objects_free (tasks, bench->n);
  bench_end (bench);
}

/* By hand: a GTask and a GCancellable for each, a GTask for what it awaits, and a count. */

typedef struct
{
  Bench  *bench;
  GTask **tasks;
  GTask **waits;
} Gtasks;

static void
on_gtask_event (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_autoptr(GTask) task = data;

  g_task_propagate_boolean (G_TASK (result), NULL);
  g_task_return_boolean (task, TRUE);
}

static void
start_gtasks (gpointer data)
{
  Gtasks *self = data;

  for (gsize i = 0; i < self->bench->n; i++)
    self->waits[i] = g_task_new (NULL, g_task_get_cancellable (self->tasks[i]), on_gtask_event, self->tasks[i]);
}

static void
return_waits (gpointer data)
{
  Gtasks *self = data;

  for (gsize i = 0; i < self->bench->n; i++)
    {
      g_task_return_boolean (self->waits[i], TRUE);
      g_object_unref (self->waits[i]);
    }
}

static void
spawn_gtasks (Bench *bench)
{
  Gtasks self = { bench, g_new (GTask *, bench->n), g_new (GTask *, bench->n) };

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();

      self.tasks[i] = g_task_new (NULL, cancellable, bench_on_task, bench);
    }
  bench_in_source (start_gtasks, &self);
  bench_in_source (return_waits, &self);
  bench_iterate (bench);
  bench_end (bench);
  g_free (self.tasks);
  g_free (self.waits);
}

#ifdef HAVE_LIBDEX
typedef struct
{
  Bench      *bench;
  DexPromise *event;
  gsize       n_started;
} Dex;

static void
count_start (Dex *self)
{
  if (++self->n_started == self->bench->n)
    dex_promise_resolve_boolean (self->event, TRUE);
}

static DexFuture *
coroutine (DexCoroutineContext *context,
           gpointer             data)
{
  Dex *self = data;

  DEX_COROUTINE_BEGIN (context);
  count_start (self);
  DEX_COROUTINE_SUSPEND (dex_ref (DEX_FUTURE (self->event)), NULL);
  return dex_future_new_true ();
  DEX_COROUTINE_END;
}

static DexFuture *
fiber (gpointer data)
{
  Dex *self = data;

  count_start (self);
  dex_await (dex_ref (DEX_FUTURE (self->event)), NULL);
  return dex_future_new_true ();
}

static DexFuture *
on_all_dex (DexFuture *future,
            gpointer   data)
{
  Dex *self = data;

  self->bench->n_done = self->bench->n;
  return NULL;
}

static void
spawn_dex (Bench    *bench,
           gboolean  fibers)
{
  Dex self = { bench, dex_promise_new (), 0 };
  DexFuture **futures = g_new (DexFuture *, bench->n);
  DexFuture *all;

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    futures[i] = fibers ? dex_scheduler_spawn (NULL, 0, fiber, &self, NULL)
                        : dex_scheduler_spawn_coroutine (NULL, coroutine, &self, NULL);
  all = dex_future_finally (dex_future_allv (futures, bench->n), on_all_dex, &self, NULL);
  bench_iterate (bench);
  dex_unref (all);
  bench_futures_free (futures, bench->n);
  bench_end (bench);
  dex_unref (self.event);
}

static void
spawn_dex_coroutines (Bench *bench)
{
  spawn_dex (bench, FALSE);
}

static void
spawn_dex_fibers (Bench *bench)
{
  spawn_dex (bench, TRUE);
}
#endif

const BenchCase bench_tasks[] =
{
  { "spawn", "aiodrive", spawn },
  { "spawn", "gtask", spawn_gtasks },
#ifdef HAVE_LIBDEX
  { "spawn", "libdex-coroutine", spawn_dex_coroutines },
  { "spawn", "libdex-fiber", spawn_dex_fibers, 10000 },
#endif
  { NULL }
};
