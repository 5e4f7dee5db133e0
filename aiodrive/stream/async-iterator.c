/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/async-iterator.h"

#include "aiodrive/core/error-private.h"

/**
 * AiodriveAsyncIterator:
 *
 * A source of items that arrive one after another: the items of a queue or a channel, the results of aiodrive_map(),
 * the ticks of aiodrive_repeat_periodically().
 *
 * It ends without an error when there are no more items, and with an error when its source has failed. To leave before
 * the end, close it, so that no work continues behind it; at the end it need not be closed.
 *
 * The callback of a waiter runs in the waiter's thread-default main context. The documentation of each class says from
 * which threads it may be used, and what cancelling a wait means for the item.
 *
 * |[<!-- language="C" -->
 * static void
 * on_next (GObject *source, GAsyncResult *result, gpointer loop)
 * {
 *   AiodriveAsyncIterator *items = AIODRIVE_ASYNC_ITERATOR (source);
 *   g_autoptr(GError) error = NULL;
 *   g_auto(GValue) item = G_VALUE_INIT;
 *
 *   if (!aiodrive_async_iterator_next_finish (items, result, &item, &error))
 *     return g_main_loop_quit (loop);   // an error, or the end if there is none
 *
 *   g_print ("%d\n", g_value_get_int (&item));
 *   aiodrive_async_iterator_next_async (items, NULL, on_next, loop);
 * }
 * ]|
 *
 * Since: 1.0
 */

G_DEFINE_INTERFACE (AiodriveAsyncIterator, aiodrive_async_iterator, G_TYPE_OBJECT)

/* A class of another language may lack a function. */

static void
default_next_async (AiodriveAsyncIterator *self,
                    GCancellable          *cancellable,
                    GAsyncReadyCallback    callback,
                    gpointer               user_data)
{
  g_task_report_error (self, callback, user_data, default_next_async,
                       aiodrive_error_new_not_implemented (G_OBJECT (self)));
}

static gboolean
default_next_finish (AiodriveAsyncIterator  *self,
                     GAsyncResult           *result,
                     GValue                 *value,
                     GError                **error)
{
  g_propagate_error (error, aiodrive_error_new_not_implemented (G_OBJECT (self)));
  return FALSE;
}

static void
default_close_async (AiodriveAsyncIterator *self,
                     GCancellable          *cancellable,
                     GAsyncReadyCallback    callback,
                     gpointer               user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);

  (g_task_set_source_tag) (task, default_close_async);
  g_task_return_boolean (task, TRUE);
}

static gboolean
default_close_finish (AiodriveAsyncIterator  *self,
                      GAsyncResult           *result,
                      GError                **error)
{
  if (g_async_result_is_tagged (result, default_close_async))
    return g_task_propagate_boolean (G_TASK (result), error);

  g_propagate_error (error, aiodrive_error_new_not_implemented (G_OBJECT (self)));
  return FALSE;
}

static void
aiodrive_async_iterator_default_init (AiodriveAsyncIteratorInterface *iface)
{
  iface->next_async = default_next_async;
  iface->next_finish = default_next_finish;
  iface->close_async = default_close_async;
  iface->close_finish = default_close_finish;
}

/**
 * aiodrive_async_iterator_next_async:
 * @self: an iterator
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called with the next item, or at the end
 * @user_data: data for @callback
 *
 * Waits for the next item.
 *
 * Since: 1.0
 */
void
aiodrive_async_iterator_next_async (AiodriveAsyncIterator *self,
                                    GCancellable          *cancellable,
                                    GAsyncReadyCallback    callback,
                                    gpointer               user_data)
{
  g_return_if_fail (AIODRIVE_IS_ASYNC_ITERATOR (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  AIODRIVE_ASYNC_ITERATOR_GET_IFACE (self)->next_async (self, cancellable, callback, user_data);
}

/**
 * aiodrive_async_iterator_next_finish:
 * @self: an iterator
 * @result: the result of aiodrive_async_iterator_next_async(), which need not be a #GTask
 * @value: (out caller-allocates): the item; %FALSE if there is none
 * @error: return location for an error
 *
 * Completes aiodrive_async_iterator_next_async().
 *
 * Returns: %TRUE if there was one; %FALSE at the end, or with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_async_iterator_next_finish (AiodriveAsyncIterator  *self,
                                     GAsyncResult           *result,
                                     GValue                 *value,
                                     GError                **error)
{
  gboolean found;

  g_return_val_if_fail (AIODRIVE_IS_ASYNC_ITERATOR (self), FALSE);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  memset (value, 0, sizeof (GValue));
  found = AIODRIVE_ASYNC_ITERATOR_GET_IFACE (self)->next_finish (self, result, value, error);
  if (!G_IS_VALUE (value))
    g_value_init (value, G_TYPE_BOOLEAN);
  return found;
}

/**
 * aiodrive_async_iterator_close_async:
 * @self: an iterator
 * @cancellable: (nullable): cancels the wait; the iterator is closed even so, and even if @cancellable is already
 * cancelled
 * @callback: (scope async) (closure user_data): called when all work behind the iterator has completed
 * @user_data: data for @callback
 *
 * Ends the iteration: cancels the work behind it, and waits for it. An iterator may be closed more than once.
 *
 * Since: 1.0
 */
void
aiodrive_async_iterator_close_async (AiodriveAsyncIterator *self,
                                     GCancellable          *cancellable,
                                     GAsyncReadyCallback    callback,
                                     gpointer               user_data)
{
  g_return_if_fail (AIODRIVE_IS_ASYNC_ITERATOR (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  AIODRIVE_ASYNC_ITERATOR_GET_IFACE (self)->close_async (self, cancellable, callback, user_data);
}

/**
 * aiodrive_async_iterator_close_finish:
 * @self: an iterator
 * @result: the result of aiodrive_async_iterator_close_async(), which need not be a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_async_iterator_close_async().
 *
 * Returns: %TRUE if it is closed without an error; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_async_iterator_close_finish (AiodriveAsyncIterator  *self,
                                      GAsyncResult           *result,
                                      GError                **error)
{
  g_return_val_if_fail (AIODRIVE_IS_ASYNC_ITERATOR (self), FALSE);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), FALSE);

  return AIODRIVE_ASYNC_ITERATOR_GET_IFACE (self)->close_finish (self, result, error);
}
