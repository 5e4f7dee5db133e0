/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

/* A queue between two threads: items got one at a time, and drained. And a message that goes there and back between two
 * threads on one CPU, each of which has a main context. */

static void
put (gpointer queue)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT64);
  aiodrive_queue_put (queue, 0, &value, NULL);
}

typedef struct
{
  Bench         *bench;
  gsize          n;
  AiodriveQueue *queue;      /* ping */
  AiodriveQueue *answers;    /* pong */
} Queues;

static gpointer
produce (gpointer data)
{
  Queues *self = data;

  for (gsize i = 0; i < self->n; i++)
    put (self->queue);
  return NULL;
}

static void
take_item (GObject      *queue,
           GAsyncResult *result)
{
  g_auto(GValue) value = G_VALUE_INIT;

  aiodrive_queue_get_finish (AIODRIVE_QUEUE (queue), result, &value, NULL);
}

static void
on_item (GObject      *queue,
         GAsyncResult *result,
         gpointer      data)
{
  Bench *bench = data;

  take_item (queue, result);
  if (++bench->n_done < bench->n)
    aiodrive_queue_get_async (AIODRIVE_QUEUE (queue), NULL, on_item, bench);
}

/* Takes one by waiting, and then what else is there. */
static void
on_item_drain (GObject      *queue,
               GAsyncResult *result,
               gpointer      data)
{
  Bench *bench = data;
  g_autoptr(GArray) items = NULL;

  take_item (queue, result);
  items = aiodrive_queue_get_many (AIODRIVE_QUEUE (queue), 0);
  bench->n_done += 1 + items->len;
  if (bench->n_done < bench->n)
    aiodrive_queue_get_async (AIODRIVE_QUEUE (queue), NULL, on_item_drain, bench);
}

static void
consume (Bench               *bench,
         GAsyncReadyCallback  callback)
{
  g_autoptr(AiodriveUnorderedQueue) queue = aiodrive_unordered_queue_new ();
  Queues self = { bench, bench->n, AIODRIVE_QUEUE (queue), NULL };
  GThread *thread;

  bench_begin (bench);
  thread = g_thread_new ("produce", produce, &self);
  aiodrive_queue_get_async (self.queue, NULL, callback, bench);
  bench_iterate (bench);
  bench_end (bench);
  g_thread_join (thread);
}

static void
get_each (Bench *bench)
{
  consume (bench, on_item);
}

static void
drain (Bench *bench)
{
  consume (bench, on_item_drain);
}

static void
on_ping (GObject      *queue,
         GAsyncResult *result,
         gpointer      data)
{
  Queues *self = data;

  take_item (queue, result);
  put (self->answers);
  if (--self->n > 0)
    aiodrive_queue_get_async (self->queue, NULL, on_ping, self);
}

static gpointer
echo (gpointer data)
{
  Queues *self = data;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  aiodrive_queue_get_async (self->queue, NULL, on_ping, self);
  while (self->n > 0)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
on_pong (GObject      *queue,
         GAsyncResult *result,
         gpointer      data)
{
  Queues *self = data;

  take_item (queue, result);
  if (++self->bench->n_done == self->bench->n)
    return;
  put (self->queue);
  aiodrive_queue_get_async (self->answers, NULL, on_pong, self);
}

static void
ping_pong (Bench *bench)
{
  g_autoptr(AiodriveUnorderedQueue) pings = aiodrive_unordered_queue_new ();
  g_autoptr(AiodriveUnorderedQueue) pongs = aiodrive_unordered_queue_new ();
  Queues self = { bench, bench->n, AIODRIVE_QUEUE (pings), AIODRIVE_QUEUE (pongs) };
  GThread *thread;

  bench_pin ();
  thread = g_thread_new ("echo", echo, &self);
  bench_begin (bench);
  put (pings);
  aiodrive_queue_get_async (self.answers, NULL, on_pong, &self);
  bench_iterate (bench);
  bench_end (bench);
  g_thread_join (thread);
}

/* By hand: the other thread returns a GTask, by way of an idle source of the context. */

typedef struct
{
  Bench        *bench;
  gsize         n;
  GMainContext *there;
} Invoking;

static gboolean
on_invoked_here (gpointer data);

static gboolean
on_invoked_there (gpointer data)
{
  Invoking *self = data;
  gboolean last = --self->n == 0;

  g_main_context_invoke_full (NULL, G_PRIORITY_DEFAULT, on_invoked_here, self, NULL);
  if (last)
    g_main_context_wakeup (self->there);
  return G_SOURCE_REMOVE;
}

static gboolean
on_invoked_here (gpointer data)
{
  Invoking *self = data;

  if (++self->bench->n_done < self->bench->n)
    g_main_context_invoke_full (self->there, G_PRIORITY_DEFAULT, on_invoked_there, self, NULL);
  return G_SOURCE_REMOVE;
}

static gpointer
iterate_there (gpointer data)
{
  Invoking *self = data;

  g_main_context_push_thread_default (self->there);
  while (self->n > 0)
    g_main_context_iteration (self->there, TRUE);
  g_main_context_pop_thread_default (self->there);
  return NULL;
}

static void
ping_pong_invoke (Bench *bench)
{
  g_autoptr(GMainContext) there = g_main_context_new ();
  Invoking self = { bench, bench->n, there };
  GThread *thread;

  bench_pin ();
  g_main_context_acquire (NULL);
  thread = g_thread_new ("iterate", iterate_there, &self);
  bench_begin (bench);
  g_main_context_invoke_full (there, G_PRIORITY_DEFAULT, on_invoked_there, &self, NULL);
  bench_iterate (bench);
  bench_end (bench);
  g_thread_join (thread);
  g_main_context_release (NULL);
}

#ifdef HAVE_LIBDEX
typedef struct
{
  Bench      *bench;
  gsize       n;
  DexChannel *channel;
  DexChannel *answers;
} Dex;

static gpointer
dex_produce (gpointer data)
{
  Dex *self = data;

  for (gsize i = 0; i < self->n; i++)
    dex_unref (dex_channel_send (self->channel, dex_future_new_for_int64 (i)));
  return NULL;
}

static DexFuture *
dex_receive (DexCoroutineContext *context,
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
dex_receive_all (gpointer data)
{
  Dex *self = data;

  while (self->bench->n_done < self->bench->n)
    {
      DexFuture *all = dex_channel_receive_all (self->channel);

      dex_await (dex_ref (all), NULL);
      self->bench->n_done += dex_future_set_get_size (DEX_FUTURE_SET (all));
      dex_unref (all);
    }
  return dex_future_new_true ();
}

static void
consume_dex (Bench    *bench,
             gboolean  drains)
{
  Dex self = { bench, bench->n, dex_channel_new (0), NULL };
  DexFuture *future;
  GThread *thread;

  bench_begin (bench);
  thread = g_thread_new ("produce", dex_produce, &self);
  future = drains ? dex_scheduler_spawn (NULL, 0, dex_receive_all, &self, NULL)
                  : dex_scheduler_spawn_coroutine (NULL, dex_receive, &self, NULL);
  bench_iterate (bench);
  bench_end (bench);
  g_thread_join (thread);
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  dex_unref (future);
  dex_unref (self.channel);
}

static void
get_each_dex (Bench *bench)
{
  consume_dex (bench, FALSE);
}

static void
drain_dex (Bench *bench)
{
  consume_dex (bench, TRUE);
}

static DexFuture *
dex_echo (DexCoroutineContext *context,
          gpointer             data)
{
  Dex *self = data;
  gint64 number = 0;

  DEX_COROUTINE_BEGIN (context);
  while (self->n > 0)
    {
      DEX_COROUTINE_SUSPEND_INT64 (&number, NULL, dex_channel_receive (self->channel));
      self->n--;
      dex_unref (dex_channel_send (self->answers, dex_future_new_for_int64 (number)));
    }
  return dex_future_new_true ();
  DEX_COROUTINE_END;
}

static DexFuture *
dex_call (DexCoroutineContext *context,
          gpointer             data)
{
  Dex *self = data;
  gint64 number = 0;

  DEX_COROUTINE_BEGIN (context);
  while (self->bench->n_done < self->bench->n)
    {
      dex_unref (dex_channel_send (self->channel, dex_future_new_for_int64 (1)));
      DEX_COROUTINE_SUSPEND_INT64 (&number, NULL, dex_channel_receive (self->answers));
      self->bench->n_done++;
    }
  return dex_future_new_true ();
  DEX_COROUTINE_END;
}

static void
ping_pong_dex (Bench *bench)
{
  Dex self = { bench, bench->n, dex_channel_new (0), dex_channel_new (0) };
  DexFuture *echo_future;
  DexFuture *future;

  bench_pin ();
  echo_future = dex_scheduler_spawn_coroutine (dex_thread_pool_scheduler_get_default (), dex_echo, &self, NULL);
  bench_begin (bench);
  future = dex_scheduler_spawn_coroutine (NULL, dex_call, &self, NULL);
  bench_iterate (bench);
  bench_end (bench);
  while (dex_future_is_pending (echo_future) || dex_future_is_pending (future))
    g_main_context_iteration (NULL, FALSE);
  dex_unref (echo_future);
  dex_unref (future);
  dex_unref (self.channel);
  dex_unref (self.answers);
}
#endif

const BenchCase bench_threads[] =
{
  { "thread-item", "aiodrive", get_each, 0, BENCH_WALL },
  { "thread-drained", "aiodrive", drain, 0, BENCH_WALL },
  { "ping-pong", "aiodrive", ping_pong, 100000, BENCH_WALL },
  { "ping-pong", "invoke", ping_pong_invoke, 100000, BENCH_WALL },
#ifdef HAVE_LIBDEX
  { "thread-item", "libdex-coroutine", get_each_dex, 0, BENCH_WALL },
  { "thread-drained", "libdex-fiber", drain_dex, 100000, BENCH_WALL },
  { "ping-pong", "libdex-coroutine", ping_pong_dex, 100000, BENCH_WALL },
#endif
  { NULL }
};
