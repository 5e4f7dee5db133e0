/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

/* A queue within one thread: N wait for items, and N are put; N items are there, and got one after the other; an item
 * is put and taken without waiting, N times; N items are put, then all taken at once. */

static void
put (gpointer queue,
     gint64   number)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT64);
  g_value_set_int64 (&value, number);
  aiodrive_queue_put (queue, 0, &value, NULL);
}

static void
on_item (GObject      *queue,
         GAsyncResult *result,
         gpointer      bench)
{
  g_auto(GValue) value = G_VALUE_INIT;

  aiodrive_queue_get_finish (AIODRIVE_QUEUE (queue), result, &value, NULL);
  if (!G_VALUE_HOLDS_INT64 (&value))
    g_error ("No item");
  ((Bench *) bench)->n_done++;
}

static void
serve_getters (Bench *bench)
{
  g_autoptr(AiodriveUnorderedQueue) queue = aiodrive_unordered_queue_new ();

  for (gsize i = 0; i < bench->n; i++)
    aiodrive_queue_get_async (AIODRIVE_QUEUE (queue), NULL, on_item, bench);

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    put (queue, i);
  bench_iterate (bench);
  bench_end (bench);
}

static void
on_item_again (GObject      *queue,
               GAsyncResult *result,
               gpointer      bench)
{
  on_item (queue, result, bench);
  if (((Bench *) bench)->n_done < ((Bench *) bench)->n)
    aiodrive_queue_get_async (AIODRIVE_QUEUE (queue), NULL, on_item_again, bench);
}

static void
get_items (Bench *bench)
{
  g_autoptr(AiodriveUnorderedQueue) queue = aiodrive_unordered_queue_new ();

  for (gsize i = 0; i < bench->n; i++)
    put (queue, i);

  bench_begin (bench);
  aiodrive_queue_get_async (AIODRIVE_QUEUE (queue), NULL, on_item_again, bench);
  bench_iterate (bench);
  bench_end (bench);
}

/* How many iterations of the main context it takes each time. */
static void
get_items_iterations (Bench *bench)
{
  g_autoptr(AiodriveUnorderedQueue) queue = aiodrive_unordered_queue_new ();
  gsize n_iterations = 0;

  for (gsize i = 0; i < bench->n; i++)
    put (queue, i);
  aiodrive_queue_get_async (AIODRIVE_QUEUE (queue), NULL, on_item_again, bench);
  for (; bench->n_done < bench->n; n_iterations++)
    g_main_context_iteration (NULL, TRUE);
  bench->value = (double) n_iterations / bench->n;
}

static void
put_and_try_get (Bench *bench)
{
  g_autoptr(AiodriveUnorderedQueue) queue = aiodrive_unordered_queue_new ();

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      put (queue, i);
      bench->n_done += aiodrive_queue_try_get (AIODRIVE_QUEUE (queue), &value, NULL);
    }
  bench_end (bench);
}

static void
put_and_get_many (Bench *bench)
{
  g_autoptr(AiodriveUnorderedQueue) queue = aiodrive_unordered_queue_new ();
  g_autoptr(GArray) items = NULL;

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    put (queue, i);
  items = aiodrive_queue_get_many (AIODRIVE_QUEUE (queue), 0);
  bench_end (bench);
  bench->n_done = items->len;
}

/* By hand: a GTask that has its item at once is returned from an idle source. */
static void
on_task_again (GObject      *source_object,
               GAsyncResult *result,
               gpointer      data)
{
  Bench *bench = data;

  bench_on_task (source_object, result, bench);
  if (bench->n_done < bench->n)
    {
      g_autoptr(GTask) task = g_task_new (NULL, NULL, on_task_again, bench);

      g_task_return_boolean (task, TRUE);
    }
}

static void
get_items_gtask (Bench *bench)
{
  g_autoptr(GTask) task = g_task_new (NULL, NULL, on_task_again, bench);

  bench_begin (bench);
  g_task_return_boolean (task, TRUE);
  bench_iterate (bench);
  bench_end (bench);
}

#ifdef HAVE_LIBDEX
typedef struct
{
  Bench      *bench;
  DexChannel *channel;
  DexFuture  *future;
} Dex;

static void
dex_put (DexChannel *channel,
         gint64      number)
{
  dex_unref (dex_channel_send (channel, dex_future_new_for_int64 (number)));
}

static void
serve_dex_then (Bench *bench)
{
  DexChannel *channel = dex_channel_new (0);
  DexFuture **futures = g_new (DexFuture *, bench->n);

  for (gsize i = 0; i < bench->n; i++)
    futures[i] = dex_future_then (dex_channel_receive (channel), bench_on_future, bench, NULL);

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    dex_put (channel, i);
  bench_iterate (bench);
  bench_end (bench);

  bench_futures_free (futures, bench->n);
  dex_unref (channel);
}

static DexFuture *
receive_one (DexCoroutineContext *context,
             gpointer             data)
{
  Dex *self = data;
  gint64 number = 0;

  DEX_COROUTINE_BEGIN (context);
  DEX_COROUTINE_SUSPEND_INT64 (&number, NULL, dex_channel_receive (self->channel));
  self->bench->n_done++;
  return dex_future_new_true ();
  DEX_COROUTINE_END;
}

static void
serve_dex_coroutine (Bench *bench)
{
  Dex self = { bench, dex_channel_new (0), NULL };
  DexFuture **futures = g_new (DexFuture *, bench->n);

  for (gsize i = 0; i < bench->n; i++)
    futures[i] = dex_scheduler_spawn_coroutine (NULL, receive_one, &self, NULL);
  while (g_main_context_iteration (NULL, FALSE));

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    dex_put (self.channel, i);
  bench_iterate (bench);
  bench_end (bench);

  bench_futures_free (futures, bench->n);
  dex_unref (self.channel);
}

static DexFuture *
receive_coroutine (DexCoroutineContext *context,
                   gpointer             data)
{
  Dex *self = data;
  gint64 number = 0;

  DEX_COROUTINE_BEGIN (context);
  while (self->bench->n_done < self->bench->n)
    {
      DEX_COROUTINE_SUSPEND_INT64 (&number, NULL, dex_channel_receive (self->channel));
      self->bench->n_done++;
    }
  return dex_future_new_true ();
  DEX_COROUTINE_END;
}

static DexFuture *
receive_fiber (gpointer data)
{
  Dex *self = data;

  for (; self->bench->n_done < self->bench->n; self->bench->n_done++)
    dex_await_int64 (dex_channel_receive (self->channel), NULL);
  return dex_future_new_true ();
}

static void
get_dex (Bench   *bench,
         gboolean in_fiber)
{
  Dex self = { bench, dex_channel_new (0), NULL };

  for (gsize i = 0; i < bench->n; i++)
    dex_put (self.channel, i);

  bench_begin (bench);
  self.future = in_fiber ? dex_scheduler_spawn (NULL, 0, receive_fiber, &self, NULL)
                         : dex_scheduler_spawn_coroutine (NULL, receive_coroutine, &self, NULL);
  bench_iterate (bench);
  bench_end (bench);

  dex_unref (self.future);
  dex_unref (self.channel);
}

static void
get_dex_coroutine (Bench *bench)
{
  get_dex (bench, FALSE);
}

static void
get_dex_fiber (Bench *bench)
{
  get_dex (bench, TRUE);
}

static DexFuture *
send_and_receive (gpointer data)
{
  Dex *self = data;

  for (; self->bench->n_done < self->bench->n; self->bench->n_done++)
    {
      dex_put (self->channel, self->bench->n_done);
      dex_await_int64 (dex_channel_receive (self->channel), NULL);
    }
  return dex_future_new_true ();
}

static DexFuture *
send_and_receive_all (gpointer data)
{
  Dex *self = data;
  DexFuture *all;

  for (gsize i = 0; i < self->bench->n; i++)
    dex_put (self->channel, i);
  all = dex_channel_receive_all (self->channel);
  dex_await (dex_ref (all), NULL);
  self->bench->n_done = dex_future_set_get_size (DEX_FUTURE_SET (all));
  dex_unref (all);
  return dex_future_new_true ();
}

static void
exchange_dex (Bench        *bench,
              DexFiberFunc  func)
{
  Dex self = { bench, dex_channel_new (0), NULL };

  bench_begin (bench);
  self.future = dex_scheduler_spawn (NULL, 0, func, &self, NULL);
  bench_iterate (bench);
  bench_end (bench);

  dex_unref (self.future);
  dex_unref (self.channel);
}

static void
put_and_get_dex (Bench *bench)
{
  exchange_dex (bench, send_and_receive);
}

static void
put_and_get_many_dex (Bench *bench)
{
  exchange_dex (bench, send_and_receive_all);
}
#endif

const BenchCase bench_queues[] =
{
  { "queue-getters", "aiodrive", serve_getters },
  { "queue-get", "aiodrive", get_items },
  { "queue-get", "gtask-idle", get_items_gtask },
  { "queue-get-iterations", "aiodrive", get_items_iterations, 0, BENCH_VALUE },
  { "queue-try", "aiodrive", put_and_try_get },
  { "queue-many", "aiodrive", put_and_get_many },
#ifdef HAVE_LIBDEX
  { "queue-getters", "libdex-then", serve_dex_then },
  { "queue-getters", "libdex-coroutine", serve_dex_coroutine },
  { "queue-get", "libdex-coroutine", get_dex_coroutine },
  { "queue-get", "libdex-fiber", get_dex_fiber },
  { "queue-try", "libdex-fiber", put_and_get_dex },
  { "queue-many", "libdex-fiber", put_and_get_many_dex },
#endif
  { NULL }
};
