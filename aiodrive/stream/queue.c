/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/queue.h"

#include "aiodrive/core/error-private.h"

/**
 * AiodriveQueue:
 *
 * Items on their way from those who put them in to those who get them. It has no bound: putting an item in never
 * waits.
 *
 * Use an #AiodriveUnorderedQueue for first come, first out, an #AiodriveOrderedQueue to bring back into order what was
 * begun in order and ended as it liked, and an #AiodriveChannel where the sender has to wait for a slow receiver. Both
 * queues are an #AiodriveAsyncIterator too, which ends when the queue is closed and empty.
 *
 * They may be used from every thread; a waiter is called back in its own thread-default main context, and the first who
 * waits gets the first item. A wait that is cancelled ends with %G_IO_ERROR_CANCELLED, unless an item was granted
 * before: then it gets that. An item that was granted and is not unwrapped with aiodrive_queue_get_finish(), for the
 * result was dropped, goes back to the head of the queue, or to the next who waits.
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
   * How many items there are. The notification comes in the thread that changes it.
   *
   * Since: 1.0
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0,
                                                          G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY |
                                                          G_PARAM_STATIC_STRINGS));
}

/* Bindings look at a value even where there is none. */
static void
ensure_value (GValue *value)
{
  if (!G_IS_VALUE (value))
    g_value_init (value, G_TYPE_BOOLEAN);
}

/**
 * aiodrive_queue_put:
 * @self: a queue
 * @index: the place of the item among all that are put in, beginning with 0; an #AiodriveUnorderedQueue ignores it
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
 * Ends a wait for an item.
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
 * Gets an item if there is one for it at once; it never overtakes those who wait.
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
 * @max: how many at most; 0 for no limit
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
 * Closes the queue: nothing can be put in any more, and what is there can still be taken. Whoever waits for more ends
 * with %G_IO_ERROR_CLOSED. Nothing happens if it is closed already.
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
 * @error: what the others are to fail with
 *
 * Closes the queue because something has failed, as aiodrive_queue_close() does: but what would end with
 * %G_IO_ERROR_CLOSED ends with @error, and so does an iteration when nothing is left.
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
 * Gets whether there is no item, not even one whose turn has not come.
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
