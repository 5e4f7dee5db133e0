/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/token.h"

/* Queues and channels. */

static GObject *
make_unordered_queue (StressShared *shared,
                      GRand        *rand)
{
  return stream_keep_ledger (shared, aiodrive_unordered_queue_new ());
}

static GObject *
make_ordered_queue (StressShared *shared,
                    GRand        *rand)
{
  return stream_keep_ledger (shared, aiodrive_ordered_queue_new ());
}

static GObject *
make_channel (StressShared *shared,
              GRand        *rand)
{
  ((SharedStream *) shared)->capacity = stress_below (rand, 4);
  return stream_keep_ledger (shared, aiodrive_channel_new (((SharedStream *) shared)->capacity));
}

static void
put_token (StressShared *shared,
           gint64        index)
{
  Token *token = token_new ((SharedStream *) shared, index);
  g_auto(GValue) value = G_VALUE_INIT;

  token_wrap (token, &value);
  token_put (token, aiodrive_queue_put (shared->object, index, &value, NULL));
}

static gint64
next_index (StressShared *shared)
{
  return g_atomic_int_add (&((SharedStream *) shared)->next, 1);
}

static void
kick_queue (StressShared *shared)
{
  put_token (shared, next_index (shared));
}

static void
try_send (StressShared *shared)
{
  Token *token = token_new ((SharedStream *) shared, 0);
  g_auto(GValue) value = G_VALUE_INIT;

  token_wrap (token, &value);
  token_put (token, aiodrive_channel_try_send (shared->object, &value, NULL));
}

static void
try_receive (StressShared *shared)
{
  g_auto(GValue) value = G_VALUE_INIT;

  if (aiodrive_channel_try_receive (shared->object, &value, NULL))
    token_got (&value);
}

static void
kick_channel (StressShared *shared)
{
  try_send (shared);
  try_receive (shared);
}

static void
on_sent (StressCall   *call,
         GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  /* a result that is dropped unseen says it too, but not why */
  if (stress_chance (call->thread->rand, 8))
    {
      token_put (call->data, !aiodrive_result_had_error (result));
      return;
    }
  token_put (call->data, aiodrive_channel_send_finish (call->shared[0]->object, result, &error));
  stress_call_count (call, error);
}

static void
on_closed (StressCall   *call,
           GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  aiodrive_async_iterator_close_finish (call->shared[0]->object, result, &error);
  stress_call_count (call, error);
}

static void
on_got (StressCall   *call,
        GAsyncResult *result)
{
  gpointer object = call->shared[0]->object;
  g_autoptr(GError) error = NULL;
  g_auto(GValue) value = G_VALUE_INIT;

  if (g_async_result_is_tagged (result, aiodrive_async_iterator_next_async))
    aiodrive_async_iterator_next_finish (object, result, &value, &error);
  else if (AIODRIVE_IS_QUEUE (object))
    aiodrive_queue_get_finish (object, result, &value, &error);
  else
    aiodrive_channel_receive_finish (object, result, &value, &error);

  if (G_VALUE_HOLDS (&value, token_get_type ()))
    token_got (&value);
  else if (error == NULL && !g_async_result_is_tagged (result, aiodrive_async_iterator_next_async))
    stress_fail ("neither an item nor an error");
  stress_call_count (call, error);
}

/* Nobody waits for an item that is there, nor for room, nor one for the other. */
static gboolean
may_wait (const StressCall *call)
{
  SharedStream *self = (SharedStream *) call->shared[0];
  gboolean gets = call->ended == on_got || call->ended == NULL;   /* NULL: a fiber */
  guint n_items;

  g_object_get (self->shared.object, "n-items", &n_items, NULL);
  self->has_getter = self->has_getter || gets;
  self->has_sender = self->has_sender || call->ended == on_sent;
  if (self->has_getter && self->has_sender)
    return FALSE;
  return gets ? n_items == 0 : call->ended == on_sent && n_items >= self->capacity;
}

static StressKind unordered_queues = { "unordered queue", sizeof (SharedStream), make_unordered_queue, kick_queue,
                                       may_wait, stream_finish };
static StressKind ordered_queues = { "ordered queue", sizeof (SharedStream), make_ordered_queue, kick_queue, may_wait,
                                     stream_finish };
StressKind stress_channels = { "channel", sizeof (SharedStream), make_channel, kick_channel, may_wait, stream_finish };

static void
put (StressThread *thread,
     GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&unordered_queues, rand);

  put_token (shared, 0);
}

/* The later ones first, and at times one that has been there. */
static void
put_in_order (StressThread *thread,
              GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&ordered_queues, rand);
  gint64 first = next_index (shared);

  if (stress_chance (rand, 2))
    put_token (shared, next_index (shared));
  put_token (shared, first);
  if (stress_chance (rand, 8))
    put_token (shared, stress_below (rand, first + 1));
}

static StressKind *
any_queue (GRand *rand)
{
  return stress_chance (rand, 2) ? &ordered_queues : &unordered_queues;
}

static void
get (StressThread *thread,
     GRand        *rand)
{
  StressCall *call = stress_call_new (thread, any_queue (rand), on_got);

  if (stress_chance (rand, 2))
    aiodrive_queue_get_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
  else
    aiodrive_async_iterator_next_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
}

static void
try_get (StressThread *thread,
         GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (any_queue (rand), rand);
  g_auto(GValue) value = G_VALUE_INIT;

  if (aiodrive_queue_try_get (shared->object, &value, NULL))
    token_got (&value);
}

static void
get_many (StressThread *thread,
          GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (any_queue (rand), rand);
  g_autoptr(GArray) values = aiodrive_queue_get_many (shared->object, stress_below (rand, 4));
  gint64 last = -1;

  for (guint i = 0; i < values->len; i++)
    {
      gint64 index = token_got (&g_array_index (values, GValue, i));

      if (shared->kind == &ordered_queues && index <= last)
        stress_fail ("item %" G_GINT64_FORMAT " comes after item %" G_GINT64_FORMAT, index, last);
      last = index;
    }
}

/* Puts a new one in its place, and closes it: whoever waits ends. */
static void
close_queue (StressThread *thread,
             GRand        *rand)
{
  g_autoptr(StressShared) old = stress_retire (any_queue (rand), rand);
  g_autoptr(GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "broken");

  if (stress_chance (rand, 3))
    aiodrive_queue_close_with_error (old->object, error);
  else
    aiodrive_queue_close (old->object);
}

static void
close_channel (StressThread *thread,
               GRand        *rand)
{
  g_autoptr(StressShared) old = stress_retire (&stress_channels, rand);
  g_autoptr(GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "broken");

  switch (stress_below (rand, 3))
    {
    case 0:
      aiodrive_channel_close_send (old->object);
      break;
    case 1:
      g_atomic_int_set (&((SharedStream *) old)->ledger->drops, TRUE);
      aiodrive_channel_close_receive (old->object);
      break;
    default:
      aiodrive_channel_close_with_error (old->object, error);
      break;
    }
}

/* Closes it as an iterator. */
static void
close_iterator (StressThread *thread,
                GRand        *rand)
{
  g_autoptr(StressShared) old = stress_retire (stress_chance (rand, 2) ? &stress_channels : any_queue (rand), rand);
  g_autoptr(GCancellable) cancellable = stress_pick_cancellable (rand);
  StressCall *call = stress_call_new_with (thread, old, cancellable, on_closed, NULL);

  g_atomic_int_set (&((SharedStream *) old)->ledger->drops, TRUE);
  aiodrive_async_iterator_close_async (old->object, cancellable, stress_on_ready, call);
}

static void
send (StressThread *thread,
      GRand        *rand)
{
  StressCall *call = stress_call_new (thread, &stress_channels, on_sent);
  Token *token = token_new ((SharedStream *) call->shared[0], 0);
  g_auto(GValue) value = G_VALUE_INIT;

  token_wrap (token, &value);
  call->data = token;
  aiodrive_channel_send_async (call->shared[0]->object, &value, call->cancellable, stress_on_ready, call);
}

static void
block_to_send (StressThread *thread,
               GRand        *rand)
{
  StressCall *call = stress_call_new_blocking (thread, &stress_channels);
  Token *token = token_new ((SharedStream *) call->shared[0], 0);
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  token_wrap (token, &value);
  token_put (token, aiodrive_channel_send (call->shared[0]->object, &value, call->cancellable, &error));
  stress_call_end (call, error);
}

static void
send_at_once (StressThread *thread,
              GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&stress_channels, rand);

  try_send (shared);
}

static void
receive (StressThread *thread,
         GRand        *rand)
{
  StressCall *call = stress_call_new (thread, &stress_channels, on_got);

  if (stress_chance (rand, 2))
    aiodrive_channel_receive_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
  else
    aiodrive_async_iterator_next_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
}

static void
block_to_receive (StressThread *thread,
                  GRand        *rand)
{
  StressCall *call = stress_call_new_blocking (thread, &stress_channels);
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_channel_receive (call->shared[0]->object, call->cancellable, &value, &error);
  if (error == NULL)
    token_got (&value);
  stress_call_end (call, error);
}

void
stress_take_item (StressShared *channel,
                  GAsyncResult *result)
{
  g_auto(GValue) value = G_VALUE_INIT;

  aiodrive_channel_receive_finish (channel->object, result, &value, NULL);
  if (!G_VALUE_HOLDS (&value, token_get_type ()))
    stress_fail ("a task that got an item has none");
  token_got (&value);
}

static void
receive_at_once (StressThread *thread,
                 GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&stress_channels, rand);

  try_receive (shared);
}

static StressKind *kinds[] = { &unordered_queues, &ordered_queues, &stress_channels, NULL };

static const StressOperation operations[] =
{
  { "unordered queue: put", STRESS_AT_ONCE, 8, put },
  { "ordered queue: put", STRESS_AT_ONCE, 6, put_in_order },
  { "queue: get", STRESS_WAITS, 16, get },
  { "queue: try to get", STRESS_AT_ONCE, 4, try_get },
  { "queue: get many", STRESS_AT_ONCE, 2, get_many },
  { "queue: close", STRESS_AT_ONCE, 1, close_queue },
  { "channel: send", STRESS_WAITS, 16, send },
  { "channel: block to send", STRESS_BLOCKS, 2, block_to_send },
  { "channel: try to send", STRESS_AT_ONCE, 4, send_at_once },
  { "channel: receive", STRESS_WAITS, 16, receive },
  { "channel: block to receive", STRESS_BLOCKS, 2, block_to_receive },
  { "channel: try to receive", STRESS_AT_ONCE, 4, receive_at_once },
  { "channel: close", STRESS_AT_ONCE, 1, close_channel },
  { "iterator: close", STRESS_WAITS, 1, close_iterator },
  { NULL }
};

const StressFamily stress_streams = { kinds, operations, NULL, stream_report };