/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

/* What an operation takes among many others of its kind: it must not grow with their number, but for the depth of a
 * tree and the misses of the cache. */

static void
wait_for_cancellation (GTask        *task,
                       GCancellable *cancellable,
                       gpointer      never)
{
  aiodrive_thread_safe_event_wait_async (never, cancellable, aiodrive_task_complete, g_object_ref (task));
}

static void
fail (GTask        *task,
      GCancellable *cancellable,
      gpointer      data)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "failed");
}

static void
on_error (GObject      *source_object,
          GAsyncResult *result,
          gpointer      bench)
{
  g_autoptr(GError) error = aiodrive_task_dup_error (G_TASK (result));

  if (error == NULL)
    g_error ("It did not fail");
  ((Bench *) bench)->n_done = ((Bench *) bench)->n;
}

/* One of N tasks fails, the others are cancelled and awaited. */
static void
try_all_failure (Bench *bench)
{
  g_autoptr(AiodriveThreadSafeEvent) never = aiodrive_thread_safe_event_new ();
  GTask **tasks = g_new (GTask *, bench->n);

  for (gsize i = 0; i < bench->n; i++)
    tasks[i] = aiodrive_spawn (NULL, i == bench->n - 1 ? fail : wait_for_cancellation, never, NULL);

  bench_begin (bench);
  aiodrive_try_all_async (tasks, bench->n, NULL, on_error, bench);
  bench_iterate (bench);
  bench_end (bench);
  bench_objects_free (tasks, bench->n);
}

/* N tasks fail, each with an error of its own. */
static void
many_errors (Bench *bench)
{
  GTask **tasks = g_new (GTask *, bench->n);

  for (gsize i = 0; i < bench->n; i++)
    tasks[i] = aiodrive_spawn (NULL, fail, NULL, NULL);

  bench_begin (bench);
  aiodrive_wait_all_async (tasks, bench->n, NULL, on_error, bench);
  bench_iterate (bench);
  bench_end (bench);
  bench_objects_free (tasks, bench->n);
}

static void
on_lock (GObject      *lock,
         GAsyncResult *result,
         gpointer      bench)
{
  g_autoptr(AiodriveLockGuard) guard = aiodrive_smart_lock_acquire_finish (AIODRIVE_SMART_LOCK (lock), result, NULL);

  ((Bench *) bench)->n_done++;
}

/* N wait for a lock, each with a priority of its own, the most urgent last. */
static void
lock_priorities (Bench *bench)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT,
                                                          NULL, NULL);

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, -(gint) i, NULL, on_lock, bench);
  aiodrive_lock_guard_unref (guard);
  bench_iterate (bench);
  bench_end (bench);
}

static void
on_nestable_lock (GObject      *lock,
                  GAsyncResult *result,
                  gpointer      data)
{
  Bench *bench = data;
  g_autoptr(AiodriveLockGuard) guard =
    aiodrive_nestable_lock_acquire_finish (AIODRIVE_NESTABLE_LOCK (lock), result, NULL);

  bench->n_done++;
}

/* N / 2 tasks wait for a lock, then once more: behind all others, but with the right to enter below themselves. */
static void
nested_contenders (Bench *bench)
{
  g_autoptr(AiodriveNestableLock) lock = aiodrive_nestable_lock_new ();
  gsize n_tasks = bench->n / 2;
  GTask **tasks = g_new (GTask *, n_tasks);

  for (gsize i = 0; i < n_tasks; i++)
    tasks[i] = aiodrive_task_new (NULL);

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    aiodrive_nestable_lock_acquire_async (lock, g_task_get_cancellable (tasks[i % n_tasks]), on_nestable_lock, bench);
  bench_iterate (bench);
  bench_end (bench);

  for (gsize i = 0; i < n_tasks; i++)
    g_task_return_boolean (tasks[i], TRUE);
  while (g_main_context_iteration (NULL, FALSE));
  bench_objects_free (tasks, n_tasks);
}

static void
drop_item (GObject      *queue,
           GAsyncResult *result,
           gpointer      bench)
{
  ((Bench *) bench)->n_done++;
}

/* N items come back to a queue that has one more: their receivers drop them. */
static void
items_returned (Bench *bench)
{
  g_autoptr(AiodriveUnorderedQueue) queue = aiodrive_unordered_queue_new ();
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  for (gsize i = 0; i < bench->n; i++)
    aiodrive_queue_get_async (AIODRIVE_QUEUE (queue), NULL, drop_item, bench);
  for (gsize i = 0; i < bench->n + 1; i++)
    aiodrive_queue_put (AIODRIVE_QUEUE (queue), 0, &value, NULL);

  bench_begin (bench);
  bench_iterate (bench);
  bench_end (bench);
}

/* A pool with N tasks, each of which has a depth of its own, is cancelled. */
static void
pool_depths (Bench *bench)
{
  g_autoptr(AiodrivePool) pool = aiodrive_pool_open (NULL, NULL);
  g_autoptr(AiodriveThreadSafeEvent) never = aiodrive_thread_safe_event_new ();
  g_autoptr(GTask) end = NULL;

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    aiodrive_pool_spawn_full (pool, NULL, NULL, i, wait_for_cancellation, never, NULL);
  while (g_main_context_iteration (NULL, FALSE));
  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
  end = AIODRIVE_START (NULL, aiodrive_task_group_close_async, AIODRIVE_TASK_GROUP (pool));
  aiodrive_run (end);
  bench_end (bench);
  bench->n_done = bench->n;
}

/* N pools, each opened below the one before, are cancelled from the outermost one, and closed. */
static void
pool_nesting (Bench *bench)
{
  AiodriveTaskGroup **pools = g_new (AiodriveTaskGroup *, bench->n);

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    pools[i] = AIODRIVE_TASK_GROUP (aiodrive_pool_open (NULL, i > 0 ?
                                    G_CANCELLABLE (aiodrive_task_group_get_scope (pools[i - 1])) : NULL));
  aiodrive_task_group_cancel (pools[0]);
  while (g_main_context_iteration (NULL, FALSE));
  if (!g_cancellable_is_cancelled (G_CANCELLABLE (aiodrive_task_group_get_scope (pools[bench->n - 1]))))
    g_error ("It was not cancelled");
  for (gsize i = bench->n; i > 0; i--)
    {
      g_autoptr(GTask) end = AIODRIVE_START (NULL, aiodrive_task_group_close_async, pools[i - 1]);

      aiodrive_run (end);
    }
  bench_end (bench);
  bench_objects_free (pools, bench->n);
  bench->n_done = bench->n;
}

const BenchCase bench_growth[] =
{
  { "try-all-failure", "aiodrive", try_all_failure },
  { "many-errors", "aiodrive", many_errors },
  { "lock-priorities", "aiodrive", lock_priorities },
  { "nested-contenders", "aiodrive", nested_contenders },
  { "items-returned", "aiodrive", items_returned },
  { "pool-depths", "aiodrive", pool_depths },
  { "pool-nesting", "aiodrive", pool_nesting },
  { NULL }
};
