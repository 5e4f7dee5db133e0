/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/channel-private.h"

#include "aiodrive/core/cancel-scope-private.h"

/* The end of a channel where items go in: without waiting, blocking the thread, and asynchronously. */

/* Whether an item can be sent at once. Who waits to receive takes it without needing room. */
static gboolean
has_room (AiodriveChannel *self)
{
  return aiodrive_queue_core_get_length (&self->core) < self->capacity ||
         aiodrive_wait_queue_get_first (&self->core.getters) != NULL;
}

/* Takes an @item that was not accepted as the channel is closed, or NULL. */
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
 * Sends an item if there is room for it at once; it never overtakes those who wait.
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
 * Sends an item, and blocks the thread until there is room for it. No main context runs meanwhile.
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
      if (aiodrive_wait_queue_block (&self->senders, &self->core.monitor, cancellable, item, &refused, error))
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
 * @result: the result of aiodrive_channel_send_async()
 * @error: return location for an error
 *
 * Ends a send.
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
