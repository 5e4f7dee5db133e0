/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/channel-private.h"

/* The other end of a channel: it takes items as those of a queue are taken. */

/**
 * aiodrive_channel_try_receive:
 * @self: a channel
 * @value: (out caller-allocates): the item; %FALSE if there is none
 * @error: return location for an error
 *
 * Receives an item if there is one at once; it never overtakes those who wait.
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
 * Receives an item, and blocks the thread until there is one. No main context runs meanwhile.
 *
 * It fails as aiodrive_channel_receive_finish() does.
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
 * @result: the result of aiodrive_channel_receive_async()
 * @value: (out caller-allocates): the item; %FALSE if @error is set
 * @error: return location for an error
 *
 * Ends a wait for an item.
 *
 * It fails with %G_IO_ERROR_CLOSED, or the error that it was closed with, if the channel is closed and nothing is left.
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
