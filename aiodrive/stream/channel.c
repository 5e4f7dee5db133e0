/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/channel-private.h"

#include "aiodrive/stream/queue-impl-private.h"

/**
 * AiodriveChannel:
 *
 * A queue with room for a limited number of items: a sender that is faster than the receiver has to wait. With a
 * capacity of 0 sender and receiver meet: a send ends when a receiver takes the item.
 *
 * Use an #AiodriveQueue where the sender must never wait. A channel is an #AiodriveAsyncIterator too: an iteration
 * receives, ends when the channel is closed and empty, and closes it for receiving when it is closed itself.
 *
 * It may be used from every thread; a waiter is called back in its own thread-default main context, and senders and
 * receivers are each served in the order in which they came. A wait that is cancelled ends with %G_IO_ERROR_CANCELLED,
 * unless the item was accepted before, or an item granted: an item that was not accepted was not sent. An item that was
 * granted to a receiver and is not unwrapped with aiodrive_channel_receive_finish(), for the result was dropped, goes
 * back to the head of the channel, be it over its capacity, or to the next who waits.
 *
 * |[<!-- language="C" -->
 * static void
 * on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
 * {
 *   if (aiodrive_channel_send_finish (AIODRIVE_CHANNEL (source), result, NULL))
 *     g_print ("there is room again\n");
 * }
 *
 * g_autoptr(AiodriveChannel) lines = aiodrive_channel_new (1);
 *
 * aiodrive_channel_try_send (lines, &line, &error);
 * aiodrive_channel_send_async (lines, &line, NULL, on_sent, NULL);   // it is full: this one waits
 * if (aiodrive_channel_try_receive (lines, &received, &error))
 *   g_print ("received %s\n", g_value_get_string (&received));
 * ]|
 *
 * Since: 1.0
 */

enum
{
  PROP_CAPACITY = 1,
  PROP_N_ITEMS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE_WITH_CODE (AiodriveChannel, aiodrive_channel, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_ASYNC_ITERATOR, aiodrive_queue_impl_iterator_init))

/* The first sender gets the room of the item that is about to be taken, or, without room, has the item. */
static void
admit_sender (AiodriveQueueCore *core)
{
  AiodriveChannel *self = (AiodriveChannel *) core;
  AiodriveWaiter *sender = aiodrive_wait_queue_get_first (&self->senders);

  if (sender == NULL || aiodrive_queue_core_get_length (core) > self->capacity)
    return;

  aiodrive_queue_core_append (core, sender->granted);
  aiodrive_wait_queue_remove (&self->senders, sender);
  sender->granted = NULL;
  aiodrive_waiter_run_soon (sender, &core->monitor);
}

/* Each sender keeps its item: it was not sent. */
static void
refuse_senders (AiodriveQueueCore *core)
{
  AiodriveChannel *self = (AiodriveChannel *) core;

  aiodrive_wait_queue_wake_all (&self->senders, &core->monitor);
}

static void
aiodrive_channel_finalize (GObject *object)
{
  AiodriveChannel *self = AIODRIVE_CHANNEL (object);

  aiodrive_queue_core_clear (&self->core);

  G_OBJECT_CLASS (aiodrive_channel_parent_class)->finalize (object);
}

static void
aiodrive_channel_get_property (GObject    *object,
                               guint       property_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  AiodriveChannel *self = AIODRIVE_CHANNEL (object);

  if (property_id == PROP_CAPACITY)
    g_value_set_uint (value, self->capacity);
  else if (property_id == PROP_N_ITEMS)
    g_value_set_uint (value, aiodrive_queue_core_get_n_items (&self->core));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_channel_set_property (GObject      *object,
                               guint         property_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  if (property_id == PROP_CAPACITY)
    AIODRIVE_CHANNEL (object)->capacity = g_value_get_uint (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_channel_class_init (AiodriveChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = aiodrive_channel_finalize;
  object_class->get_property = aiodrive_channel_get_property;
  object_class->set_property = aiodrive_channel_set_property;

  /**
   * AiodriveChannel:capacity:
   *
   * For how many items there is room.
   *
   * Since: 1.0
   */
  properties[PROP_CAPACITY] =
    g_param_spec_uint ("capacity", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveChannel:n-items:
   *
   * How many items were sent and are not received. The notification comes in the thread that changes it.
   *
   * Since: 1.0
   */
  properties[PROP_N_ITEMS] =
    g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
aiodrive_channel_init (AiodriveChannel *self)
{
  static const AiodriveQueueKind kind = { .will_take = admit_sender, .closed = refuse_senders, .drops = TRUE };

  aiodrive_queue_core_init (&self->core, &kind);
}

/**
 * aiodrive_channel_new:
 * @capacity: for how many items there is to be room; 0 to make each sender wait for a receiver
 *
 * Makes a channel.
 *
 * Returns: (transfer full): a new channel
 *
 * Since: 1.0
 */
AiodriveChannel *
aiodrive_channel_new (guint capacity)
{
  return g_object_new (AIODRIVE_TYPE_CHANNEL, "capacity", capacity, NULL);
}

/**
 * aiodrive_channel_close_send:
 * @self: a channel
 *
 * Closes the channel for senders: what was sent can still be received. Senders and receivers that wait end with
 * %G_IO_ERROR_CLOSED. Nothing happens if it is closed already.
 *
 * Since: 1.0
 */
void
aiodrive_channel_close_send (AiodriveChannel *self)
{
  g_return_if_fail (AIODRIVE_IS_CHANNEL (self));

  aiodrive_queue_core_close (&self->core, NULL, FALSE);
}

/**
 * aiodrive_channel_close_receive:
 * @self: a channel
 *
 * Closes the channel for receivers: what was sent and is not received is dropped. Senders and receivers that wait end
 * with %G_IO_ERROR_CLOSED.
 *
 * Since: 1.0
 */
void
aiodrive_channel_close_receive (AiodriveChannel *self)
{
  g_return_if_fail (AIODRIVE_IS_CHANNEL (self));

  aiodrive_queue_core_close (&self->core, NULL, TRUE);
}

/**
 * aiodrive_channel_close_with_error:
 * @self: a channel
 * @error: what the others are to fail with
 *
 * Closes the channel because something has failed, as aiodrive_channel_close_send() does: but what would end with
 * %G_IO_ERROR_CLOSED ends with @error, and so does an iteration when nothing is left.
 *
 * Since: 1.0
 */
void
aiodrive_channel_close_with_error (AiodriveChannel *self,
                                   const GError    *error)
{
  g_return_if_fail (AIODRIVE_IS_CHANNEL (self));
  g_return_if_fail (error != NULL);

  aiodrive_queue_core_close (&self->core, error, FALSE);
}
