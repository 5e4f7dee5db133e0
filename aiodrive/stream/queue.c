/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/queue.h"

#include "aiodrive/core/error-private.h"

/**
 * AiodriveQueue:
 *
 * An unbounded queue between producers and consumers: putting an item in never waits.
 *
 * Use an #AiodriveUnorderedQueue for FIFO order, an #AiodriveOrderedQueue to reorder results that complete out of
 * order, and an #AiodriveChannel for back-pressure. Both queues are also an #AiodriveAsyncIterator, which ends when the
 * queue is closed and empty.
 *
 * Any thread may use them; the callback of a waiter runs in the waiter's thread-default main context, and waiters are
 * served in FIFO order. A cancelled wait fails with %G_IO_ERROR_CANCELLED, unless an item had already been granted:
 * then it gets that item. If a waiter drops its result without aiodrive_queue_get_finish(), the item goes to the next
 * waiter, or back to the head of the queue.
 *
 * |[<!-- language="C" -->
 * static void
 * on_page (GObject *source, GAsyncResult *result, gpointer loop)
 * {
 *   AiodriveQueue *pages = AIODRIVE_QUEUE (source);
 *   g_autoptr(GError) error = NULL;
 *   g_auto(GValue) page = G_VALUE_INIT;
 *
 *   aiodrive_queue_get_finish (pages, result, &page, &error);
 *   if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
 *     {
 *       g_print ("no more pages\n");
 *       return g_main_loop_quit (loop);
 *     }
 *   g_print ("%s\n", g_value_get_string (&page));
 *   aiodrive_queue_get_async (pages, NULL, on_page, loop);
 * }
 *
 * aiodrive_queue_get_async (pages, NULL, on_page, loop);
 * aiodrive_queue_put (pages, 0, &page, &error);
 * aiodrive_queue_close (pages);
 * ]|
 *
 * Since: 1.0
 */

G_DEFINE_INTERFACE (AiodriveQueue, aiodrive_queue, G_TYPE_OBJECT)

/* A class of another language may lack a function. */

static gboolean
default_put (AiodriveQueue  *self,
             gint64          index,
             const GValue   *value,
             GError        **error)
{
  g_propagate_error (error, aiodrive_error_new_not_implemented (G_OBJECT (self)));
  return FALSE;
}

static void
default_get_async (AiodriveQueue       *self,
                   GCancellable        *cancellable,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  g_task_report_error (self, callback, user_data, default_get_async,
                       aiodrive_error_new_not_implemented (G_OBJECT (self)));
}

static void
default_get_finish (AiodriveQueue  *self,
                    GAsyncResult   *result,
                    GValue         *value,
                    GError        **error)
{
  g_propagate_error (error, aiodrive_error_new_not_implemented (G_OBJECT (self)));
}

static gboolean
default_try_get (AiodriveQueue  *self,
                 GValue         *value,
                 GError        **error)
{
  g_propagate_error (error, aiodrive_error_new_not_implemented (G_OBJECT (self)));
  return FALSE;
}

static GArray *
default_get_many (AiodriveQueue *self,
                  guint          max)
{
  return g_array_new (FALSE, FALSE, sizeof (GValue));
}

static void
default_close_with_error (AiodriveQueue *self,
                          const GError  *error)
{
}

static gboolean
default_is_empty (AiodriveQueue *self)
{
  return TRUE;
}

static void
aiodrive_queue_default_init (AiodriveQueueInterface *iface)
{
  iface->put = default_put;
  iface->get_async = default_get_async;
  iface->get_finish = default_get_finish;
  iface->try_get = default_try_get;
  iface->get_many = default_get_many;
  iface->close_with_error = default_close_with_error;
  iface->is_empty = default_is_empty;

  /**
   * AiodriveQueue:n-items:
   *
   * The number of items. It is notified in the thread that changes it.
   *
   * Since: 1.0
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0,
                                                          G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY |
                                                          G_PARAM_STATIC_STRINGS));
}

/* Bindings read the value even if there is none. */
static void
ensure_value (GValue *value)
{
  if (!G_IS_VALUE (value))
    g_value_init (value, G_TYPE_BOOLEAN);
}

/**
 * aiodrive_queue_put:
 * @self: a queue
 * @index: the place of the item in the order, from 0 on; an #AiodriveUnorderedQueue ignores it
 * @value: the item
 * @error: return location for an error
 *
 * Puts an item in.
 *
 * It fails with %G_IO_ERROR_INVALID_ARGUMENT if @value has no type, @index is negative or the item with that index has
 * left the queue, with %G_IO_ERROR_EXISTS if it is there, and with %G_IO_ERROR_CLOSED, or the error that it was closed
 * with, if the queue is closed.
 *
 * Returns: %TRUE if the item was put in; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_queue_put (AiodriveQueue  *self,
                    gint64          index,
                    const GValue   *value,
                    GError        **error)
{
  g_return_val_if_fail (AIODRIVE_IS_QUEUE (self), FALSE);

  return AIODRIVE_QUEUE_GET_IFACE (self)->put (self, index, value, error);
}

/**
 * aiodrive_queue_get_async:
 * @self: a queue
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when there is an item for it
 * @user_data: data for @callback
 *
 * Waits for an item.
 *
 * Since: 1.0
 */
void
aiodrive_queue_get_async (AiodriveQueue       *self,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_return_if_fail (AIODRIVE_IS_QUEUE (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  AIODRIVE_QUEUE_GET_IFACE (self)->get_async (self, cancellable, callback, user_data);
}

/**
 * aiodrive_queue_get_finish:
 * @self: a queue
 * @result: the result of aiodrive_queue_get_async(), which is not a #GTask
 * @value: (out caller-allocates): the item; %FALSE if @error is set
 * @error: return location for an error
 *
 * Completes aiodrive_queue_get_async().
 *
 * It fails with %G_IO_ERROR_CLOSED, or the error that it was closed with, if the queue is closed and nothing is left.
 *
 * There is no return value, since other languages would get it beside @value: look at @error.
 *
 * Since: 1.0
 */
void
aiodrive_queue_get_finish (AiodriveQueue  *self,
                           GAsyncResult   *result,
                           GValue         *value,
                           GError        **error)
{
  g_return_if_fail (AIODRIVE_IS_QUEUE (self));
  g_return_if_fail (G_IS_ASYNC_RESULT (result));
  g_return_if_fail (value != NULL);

  memset (value, 0, sizeof (GValue));
  AIODRIVE_QUEUE_GET_IFACE (self)->get_finish (self, result, value, error);
  ensure_value (value);
}

/**
 * aiodrive_queue_try_get:
 * @self: a queue
 * @value: (out caller-allocates): the item; %FALSE if there is none
 * @error: return location for an error
 *
 * Gets an item if one is available at once. No barging: it never overtakes a waiter.
 *
 * It fails with %G_IO_ERROR_CLOSED, or the error that it was closed with, if the queue is closed and nothing is left.
 *
 * Returns: %TRUE if there was one; %FALSE if not, or with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_queue_try_get (AiodriveQueue  *self,
                        GValue         *value,
                        GError        **error)
{
  gboolean found;

  g_return_val_if_fail (AIODRIVE_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  memset (value, 0, sizeof (GValue));
  found = AIODRIVE_QUEUE_GET_IFACE (self)->try_get (self, value, error);
  ensure_value (value);
  return found;
}

/**
 * aiodrive_queue_get_many:
 * @self: a queue
 * @max: the maximum number of items; 0 for no limit
 *
 * Gets the items that aiodrive_queue_try_get() would get now, one after the other. In Vala, take them out of the
 * array with its method steal(). Lua and Ruby cannot read an array of values: call aiodrive_queue_try_get() there.
 *
 * Returns: (transfer container) (element-type GObject.Value): the items; empty if there are none
 *
 * Since: 1.0
 */
GArray *
aiodrive_queue_get_many (AiodriveQueue *self,
                         guint          max)
{
  g_return_val_if_fail (AIODRIVE_IS_QUEUE (self), NULL);

  return AIODRIVE_QUEUE_GET_IFACE (self)->get_many (self, max);
}

/**
 * aiodrive_queue_close:
 * @self: a queue
 *
 * Closes the queue: it refuses further items, and the present ones can still be taken. Waits beyond those fail with
 * %G_IO_ERROR_CLOSED. It has no effect if the queue is already closed.
 *
 * Since: 1.0
 */
void
aiodrive_queue_close (AiodriveQueue *self)
{
  g_return_if_fail (AIODRIVE_IS_QUEUE (self));

  AIODRIVE_QUEUE_GET_IFACE (self)->close_with_error (self, NULL);
}

/**
 * aiodrive_queue_close_with_error:
 * @self: a queue
 * @error: the error for producers and consumers
 *
 * Closes the queue after a failure, as aiodrive_queue_close() does, with @error instead of %G_IO_ERROR_CLOSED. An
 * iteration fails with @error too, when no items are left.
 *
 * Since: 1.0
 */
void
aiodrive_queue_close_with_error (AiodriveQueue *self,
                                 const GError  *error)
{
  g_return_if_fail (AIODRIVE_IS_QUEUE (self));
  g_return_if_fail (error != NULL);

  AIODRIVE_QUEUE_GET_IFACE (self)->close_with_error (self, error);
}

/**
 * aiodrive_queue_is_empty:
 * @self: a queue
 *
 * Gets whether the queue has no items, not even some with missing predecessors.
 *
 * Returns: whether there is none
 *
 * Since: 1.0
 */
gboolean
aiodrive_queue_is_empty (AiodriveQueue *self)
{
  g_return_val_if_fail (AIODRIVE_IS_QUEUE (self), TRUE);

  return AIODRIVE_QUEUE_GET_IFACE (self)->is_empty (self);
}
