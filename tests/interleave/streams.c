/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

/* Items on their way from one thread to another. Each that was put or sent comes out once, in order, or is there still;
 * one that was dropped comes back to its place; and none is left in memory. */

#define N_ITEMS 2

static gpointer      queue;              /* a reference for each body */
static gpointer      tokens[N_ITEMS];    /* the items; owned by whoever has put them until then */
static GCancellable *cancellable;        /* of the first who gets one, or of the second who sends one */
static guint         n_put;              /* that have gone in; as many of the first tokens */
static guint         n_got;              /* that have come out */
static Outcome       gets[N_ITEMS];
static Outcome       sends[N_ITEMS];

static void
set_up (gpointer new_queue)
{
  queue = watch_object (new_queue);
  g_object_ref (queue);
  g_object_ref (queue);
  for (guint i = 0; i < N_ITEMS; i++)
    {
      tokens[i] = watch_object (g_object_new (G_TYPE_OBJECT, NULL));
      sends[i] = (Outcome) { .called = FALSE };
    }
  cancellable = G_CANCELLABLE (aiodrive_cancel_scope_new (NULL));
  n_put = n_got = 0;
}

static void
cancel_and_drop (void)
{
  g_cancellable_cancel (cancellable);
  g_object_unref (queue);
}

/* Takes the token out of the list. */
static void
value_of_token (GValue *value,
                guint   i)
{
  g_value_init (value, G_TYPE_OBJECT);
  g_value_take_object (value, g_steal_pointer (&tokens[i]));
}

static void
check (void)
{
  for (guint i = 0; i < N_ITEMS; i++)
    {
      scheduler_assert (gets[i].error == NULL || outcome_matches (&gets[i], G_IO_ERROR_CANCELLED) ||
                        outcome_matches (&gets[i], G_IO_ERROR_CLOSED));
      outcome_clear (&gets[i]);
    }
  check_objects_gone ();
  g_assert_finalize_object (cancellable);
}

/*
 * Queues
 */

static gpointer addresses[N_ITEMS];   /* of the tokens */
static guint    order[N_ITEMS];       /* in which they came out */

static void
set_up_queue (gpointer new_queue)
{
  set_up (new_queue);
  for (guint i = 0; i < N_ITEMS; i++)
    addresses[i] = tokens[i];
}

static void
set_up_unordered (void)
{
  set_up_queue (aiodrive_unordered_queue_new ());
}

static void
set_up_ordered (void)
{
  set_up_queue (aiodrive_ordered_queue_new ());
}

static void
note (const GValue *value)
{
  gpointer token = g_value_get_object (value);

  scheduler_assert (n_got < N_ITEMS);
  for (guint i = 0; i < N_ITEMS; i++)
    if (addresses[i] == token)
      order[n_got] = i;
  n_got++;
}

/* The first does not unwrap what it got. */
static void
on_first (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  outcome_set (&gets[0], NULL);
}

static void
on_second (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  g_auto(GValue) value = G_VALUE_INIT;
  GError *error = NULL;

  aiodrive_queue_get_finish (AIODRIVE_QUEUE (source_object), result, &value, &error);
  scheduler_assert (error == NULL);
  note (&value);
  outcome_set (&gets[1], error);
}

static void
get_two (void)
{
  outcome_begin (&gets[0]);
  outcome_begin (&gets[1]);
  aiodrive_queue_get_async (queue, cancellable, on_first, NULL);
  aiodrive_queue_get_async (queue, NULL, on_second, NULL);
  iterate_until (&gets[0].called);
  iterate_until (&gets[1].called);
  g_object_unref (queue);
}

static void
put (guint i)
{
  g_auto(GValue) value = G_VALUE_INIT;

  value_of_token (&value, i);
  scheduler_assert (aiodrive_queue_put (queue, i, &value, NULL));
  n_put++;
}

/* In the wrong order, which matters to some. */
static void
put_two (void)
{
  put (1);
  put (0);
}

/* Keeps its reference, to see what is left. */
static void
check_queue (void)
{
  g_autoptr(GArray) left = aiodrive_queue_get_many (queue, 0);
  guint n_out = n_got;

  for (guint i = 0; i < left->len; i++)
    note (&g_array_index (left, GValue, i));
  scheduler_assert (n_out == 1 && n_got == n_put);
  scheduler_assert (n_got < N_ITEMS || order[0] != order[1]);
  g_clear_pointer (&left, g_array_unref);
  g_object_unref (queue);
  check ();
}

const Scenario cancel_and_put =
{
  "cancel-and-put", set_up_unordered, { get_two, put_two, cancel_and_drop }, check_queue,
};

const Scenario cancel_and_put_ordered =
{
  "cancel-and-put-ordered", set_up_ordered, { get_two, put_two, cancel_and_drop }, check_queue,
};

/* There is one item for two: it comes back from the one who drops it. */

static void
put_one (void)
{
  put (0);
}

static void
cancel_and_drop_item (void)
{
  g_clear_object (&tokens[1]);
  cancel_and_drop ();
}

const Scenario drop_and_get =
{
  "drop-and-get", set_up_unordered, { get_two, put_one, cancel_and_drop_item }, check_queue,
};

/*
 * Channels
 */

static void
set_up_channel (void)
{
  set_up (aiodrive_channel_new (1));
}

static void
set_up_rendezvous (void)
{
  set_up (aiodrive_channel_new (0));
}

static void
on_received (GObject      *source_object,
             GAsyncResult *result,
             gpointer      outcome)
{
  g_auto(GValue) value = G_VALUE_INIT;
  GError *error = NULL;

  aiodrive_channel_receive_finish (AIODRIVE_CHANNEL (source_object), result, &value, &error);
  if (error == NULL)
    n_got++;
  outcome_set (outcome, error);
}

static void
receive_two (void)
{
  for (guint i = 0; i < N_ITEMS; i++)
    {
      outcome_begin (&gets[i]);
      aiodrive_channel_receive_async (queue, i == 0 ? cancellable : NULL, on_received, &gets[i]);
      iterate_until (&gets[i].called);
    }
}

static void
receive_two_and_drop (void)
{
  receive_two ();
  g_object_unref (queue);
}

static void
on_sent (GObject      *source_object,
         GAsyncResult *result,
         gpointer      outcome)
{
  GError *error = NULL;

  if (aiodrive_channel_send_finish (AIODRIVE_CHANNEL (source_object), result, &error))
    n_put++;
  scheduler_assert (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED));
  outcome_set (outcome, error);
}

static void
send_two (void)
{
  for (guint i = 0; i < N_ITEMS; i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      value_of_token (&value, i);
      outcome_begin (&sends[i]);
      aiodrive_channel_send_async (queue, &value, NULL, on_sent, &sends[i]);
    }
  for (guint i = 0; i < N_ITEMS; i++)
    iterate_until (&sends[i].called);
}

static void
send_two_and_drop (void)
{
  send_two ();
  g_object_unref (queue);
}

static void
close_send (void)
{
  aiodrive_channel_close_send (queue);
}

static guint
count_left (void)
{
  guint n = 0;

  while (TRUE)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      if (!aiodrive_channel_try_receive (queue, &value, NULL))
        return n;
      n++;
    }
}

static void
check_channel (void)
{
  scheduler_assert (n_got + count_left () == n_put);
  for (guint i = 0; i < N_ITEMS; i++)
    if (sends[i].called)
      outcome_clear (&sends[i]);
  g_object_unref (queue);
  check ();
}

/* Who sends is refused when the channel is closed; what was sent before comes out. */

const Scenario close_and_receive =
{
  "close-and-receive", set_up_channel, { receive_two_and_drop, send_two_and_drop, close_send }, check_channel,
};

/* Nobody receives: the second waits for room until the channel is closed. */

static void
check_full (void)
{
  scheduler_assert (n_put <= 1 && count_left () == n_put);
  scheduler_assert (outcome_matches (&sends[1], G_IO_ERROR_CLOSED));
  for (guint i = 0; i < N_ITEMS; i++)
    {
      outcome_clear (&sends[i]);
      outcome_begin (&gets[i]);
      outcome_set (&gets[i], NULL);
    }
  g_object_unref (queue);
  check ();
}

const Scenario close_full =
{
  "close-full", set_up_channel, { send_two_and_drop, close_send, cancel_and_drop }, check_full,
};

/* Nobody receives any more: what was sent and not received goes. */

static void
close_receive_and_drop (void)
{
  aiodrive_channel_close_receive (queue);
  g_object_unref (queue);
}

static void
check_dropped (void)
{
  scheduler_assert (n_got <= n_put);
  for (guint i = 0; i < N_ITEMS; i++)
    outcome_clear (&sends[i]);
  check ();
}

const Scenario close_and_drop =
{
  "close-and-drop", set_up_channel, { receive_two_and_drop, send_two_and_drop, close_receive_and_drop }, check_dropped,
};

/* One blocks to send without room, and may be cancelled, as may who receives. */

static void
send_two_blocking (void)
{
  for (guint i = 0; i < N_ITEMS; i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;
      g_autoptr(GError) error = NULL;

      value_of_token (&value, i);
      if (aiodrive_channel_send (queue, &value, i == 0 ? NULL : cancellable, &error))
        n_put++;
      else
        scheduler_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    }
  close_send ();
  g_object_unref (queue);
}

const Scenario meet_and_cancel =
{
  "meet-and-cancel", set_up_rendezvous, { receive_two, send_two_blocking, cancel_and_drop }, check_channel,
};
