/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/channel.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/stream/queue-core-private.h"

/**
 * AiodriveChannel:
 *
 * A bounded queue with back-pressure: a sender that is faster than the receiver must wait. With a capacity of 0 sender
 * and receiver rendezvous: a send completes when a receiver takes the item.
 *
 * Use an #AiodriveQueue if the sender must never wait. A channel is also an #AiodriveAsyncIterator: iterating receives
 * the items, and ends when the channel is closed and empty; closing the iterator closes the channel for receivers.
 *
 * Any thread may use it; the callback of a waiter runs in the waiter's thread-default main context. Senders and
 * receivers are each served in FIFO order. A cancelled wait fails with %G_IO_ERROR_CANCELLED, unless the item had
 * already been accepted, or an item granted; an item that was not accepted was not sent. If a receiver drops its result
 * without aiodrive_channel_receive_finish(), the item goes to the next waiter, or back to the head of the channel, even
 * beyond its capacity.
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

struct _AiodriveChannel
{
  AiodriveQueueCore core;

  guint             capacity;   /* set once */
  AiodriveWaitQueue senders;    /* each with its AiodriveItem; empty while there is room; guarded as core */
};

enum
{
  PROP_CAPACITY = 1,
  PROP_N_ITEMS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE_WITH_CODE (AiodriveChannel, aiodrive_channel, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_ASYNC_ITERATOR, aiodrive_queue_core_iterator_init))

/* The first sender gets the room of the item that is about to be taken; with a capacity of 0, its own item is taken. */
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

/* Each sender keeps its unsent item. */
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
   * The maximum number of items in the channel.
   *
   * Since: 1.0
   */
  properties[PROP_CAPACITY] =
    g_param_spec_uint ("capacity", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveChannel:n-items:
   *
   * The number of items that were sent but not received. It is notified in the thread that changes it.
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
  static const AiodriveQueueKind kind = { .will_take = admit_sender, .closed = refuse_senders, .drops = TRUE,
                                        .closed_message = "The channel is closed" };

  aiodrive_queue_core_init (&self->core, &kind);
}

/**
 * aiodrive_channel_new:
 * @capacity: the maximum number of items; 0 to make each sender wait for a receiver
 *
 * Creates a channel.
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

/*
 * Sending
 */

/* Returns whether an item can be sent at once. A waiting receiver takes it without using room. */
static gboolean
has_room (AiodriveChannel *self)
{
  return aiodrive_queue_core_get_length (&self->core) < self->capacity ||
         aiodrive_wait_queue_get_first (&self->core.getters) != NULL;
}

/* Takes an @item (nullable) that was not accepted because the channel is closed. */
static gboolean
check_sent (AiodriveChannel  *self,
            AiodriveItem     *item,
            GError          **error)
{
  if (item == NULL)
    return TRUE;

  aiodrive_item_free (item);
  g_propagate_error (error, aiodrive_queue_core_new_closed (&self->core));
  return FALSE;
}

/**
 * aiodrive_channel_try_send:
 * @self: a channel
 * @value: the item
 * @error: return location for an error
 *
 * Sends an item if there is room for it at once. No barging: it never overtakes a waiting sender.
 *
 * It fails with %G_IO_ERROR_INVALID_ARGUMENT if @value has no type, and with %G_IO_ERROR_CLOSED, or the error that it
 * was closed with, if the channel is closed.
 *
 * Returns: %TRUE if the item was sent; %FALSE if there is no room, or with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_channel_try_send (AiodriveChannel  *self,
                           const GValue     *value,
                           GError          **error)
{
  AiodriveItem *item;
  gboolean closed, sent;

  g_return_val_if_fail (AIODRIVE_IS_CHANNEL (self), FALSE);

  item = aiodrive_item_new (value, error);
  if (item == NULL)
    return FALSE;

  aiodrive_queue_core_lock (&self->core);
  closed = self->core.closed;
  sent = !closed && has_room (self);
  if (sent)
    aiodrive_queue_core_append (&self->core, item);
  aiodrive_queue_core_unlock (&self->core);

  if (closed)
    return check_sent (self, item, error);
  if (!sent)
    aiodrive_item_free (item);
  return sent;
}

/**
 * aiodrive_channel_send:
 * @self: a channel
 * @value: the item
 * @cancellable: (nullable): cancels the wait
 * @error: return location for an error
 *
 * Sends an item, and blocks the thread until there is room for it. No main context is iterated meanwhile.
 *
 * It fails as aiodrive_channel_send_finish() does.
 *
 * Returns: %TRUE if the item was sent; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_channel_send (AiodriveChannel  *self,
                       const GValue     *value,
                       GCancellable     *cancellable,
                       GError          **error)
{
  AiodriveItem *item;
  gpointer refused = NULL;

  g_return_val_if_fail (AIODRIVE_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!aiodrive_checkpoint (cancellable, error))
    return FALSE;
  item = aiodrive_item_new (value, error);
  if (item == NULL)
    return FALSE;

  aiodrive_queue_core_lock (&self->core);
  if (!self->core.closed && !has_room (self))
    {
      if (aiodrive_wait_queue_wait_blocking (&self->senders, &self->core.monitor, cancellable, item, &refused, error))
        return check_sent (self, refused, error);

      aiodrive_item_free (item);
      return FALSE;
    }

  if (self->core.closed)
    refused = item;
  else
    aiodrive_queue_core_append (&self->core, item);
  aiodrive_queue_core_unlock (&self->core);

  return check_sent (self, refused, error);
}

static void
return_sent (AiodriveWait *wait,
             gpointer      refused)
{
  GError *error = NULL;

  if (check_sent (aiodrive_wait_get_source_object (wait), refused, &error))
    aiodrive_wait_return_boolean (wait, TRUE);
  else
    aiodrive_wait_return_error (wait, error);
}

static void
free_item (gpointer item)
{
  aiodrive_item_free (item);
}

/**
 * aiodrive_channel_send_async:
 * @self: a channel
 * @value: the item
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the item was accepted
 * @user_data: data for @callback
 *
 * Sends an item, and waits until there is room for it.
 *
 * Since: 1.0
 */
void
aiodrive_channel_send_async (AiodriveChannel     *self,
                             const GValue        *value,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  GError *error = NULL;
  AiodriveItem *item;
  AiodriveWait *wait;

  g_return_if_fail (AIODRIVE_IS_CHANNEL (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (self, cancellable, callback, user_data, aiodrive_channel_send_async, return_sent);
  if (wait == NULL)
    return;

  item = aiodrive_item_new (value, &error);
  if (item == NULL)
    {
      aiodrive_wait_fail (wait, error);
      return;
    }

  aiodrive_queue_core_lock (&self->core);
  if (self->core.closed)
    {
      aiodrive_wait_grant (wait, item, &self->core.monitor);
    }
  else if (has_room (self))
    {
      aiodrive_queue_core_append (&self->core, item);
      aiodrive_wait_grant (wait, NULL, &self->core.monitor);
    }
  else
    {
      aiodrive_wait_set_request (wait, item, free_item);
      aiodrive_wait_park (wait, &self->senders, &self->core.monitor);
    }
  aiodrive_queue_core_unlock (&self->core);
}

/**
 * aiodrive_channel_send_finish:
 * @self: a channel
 * @result: the result of aiodrive_channel_send_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_channel_send_async().
 *
 * It fails with %G_IO_ERROR_INVALID_ARGUMENT if the value has no type, and with %G_IO_ERROR_CLOSED, or the error that
 * it was closed with, if the channel was closed before there was room.
 *
 * Returns: %TRUE if the item was sent; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_channel_send_finish (AiodriveChannel  *self,
                              GAsyncResult     *result,
                              GError          **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, self, aiodrive_channel_send_async), FALSE);

  return aiodrive_wait_propagate_boolean (result, error);
}

/*
 * Receiving, as from a queue
 */

/**
 * aiodrive_channel_try_receive:
 * @self: a channel
 * @value: (out caller-allocates): the item; %FALSE if there is none
 * @error: return location for an error
 *
 * Receives an item if there is one at once. No barging: it never overtakes a waiting receiver.
 *
 * It fails with %G_IO_ERROR_CLOSED, or the error that it was closed with, if the channel is closed and nothing is left.
 *
 * Returns: %TRUE if there was one; %FALSE if not, or with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_channel_try_receive (AiodriveChannel  *self,
                              GValue           *value,
                              GError          **error)
{
  g_return_val_if_fail (AIODRIVE_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  return aiodrive_queue_core_try_get (&self->core, value, error);
}

/**
 * aiodrive_channel_receive:
 * @self: a channel
 * @cancellable: (nullable): cancels the wait
 * @value: (out caller-allocates): the item; %FALSE if @error is set
 * @error: return location for an error
 *
 * Receives an item, and blocks the thread until there is one. No main context is iterated meanwhile.
 *
 * It fails as aiodrive_channel_receive_finish() does.
 *
 * There is no return value, since other languages would get it beside @value: look at @error.
 *
 * Since: 1.0
 */
void
aiodrive_channel_receive (AiodriveChannel  *self,
                          GCancellable     *cancellable,
                          GValue           *value,
                          GError          **error)
{
  g_return_if_fail (AIODRIVE_IS_CHANNEL (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));
  g_return_if_fail (value != NULL);

  aiodrive_queue_core_get (&self->core, cancellable, value, error);
}

/**
 * aiodrive_channel_receive_async:
 * @self: a channel
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when there is an item for it
 * @user_data: data for @callback
 *
 * Waits for an item.
 *
 * Since: 1.0
 */
void
aiodrive_channel_receive_async (AiodriveChannel     *self,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_return_if_fail (AIODRIVE_IS_CHANNEL (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  aiodrive_queue_core_get_async (&self->core, cancellable, callback, user_data, aiodrive_channel_receive_async);
}

/**
 * aiodrive_channel_receive_finish:
 * @self: a channel
 * @result: the result of aiodrive_channel_receive_async(), which is not a #GTask
 * @value: (out caller-allocates): the item; %FALSE if @error is set
 * @error: return location for an error
 *
 * Completes aiodrive_channel_receive_async().
 *
 * It fails with %G_IO_ERROR_CLOSED, or the error that it was closed with, if the channel is closed and nothing is left.
 *
 * There is no return value, since other languages would get it beside @value: look at @error.
 *
 * Since: 1.0
 */
void
aiodrive_channel_receive_finish (AiodriveChannel  *self,
                                 GAsyncResult     *result,
                                 GValue           *value,
                                 GError          **error)
{
  g_return_if_fail (AIODRIVE_IS_CHANNEL (self));
  g_return_if_fail (value != NULL);

  aiodrive_queue_core_get_finish (&self->core, result, aiodrive_channel_receive_async, value, error);
}

/*
 * Closing
 */

/**
 * aiodrive_channel_close_send:
 * @self: a channel
 *
 * Closes the channel for senders: the items already sent can still be received. Waiting senders and receivers fail with
 * %G_IO_ERROR_CLOSED. It has no effect if the channel is already closed.
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
 * Closes the channel for receivers: the items that were sent but not received are dropped. Waiting senders and
 * receivers fail with %G_IO_ERROR_CLOSED.
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
 * @error: the error for senders and receivers
 *
 * Closes the channel after a failure, as aiodrive_channel_close_send() does, with @error instead of %G_IO_ERROR_CLOSED.
 * An iteration fails with @error too, when no items are left.
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
