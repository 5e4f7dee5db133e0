/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/queue-impl-private.h"

static gboolean
queue_put (AiodriveQueue  *queue,
           gint64          index,
           const GValue   *value,
           GError        **error)
{
  AiodriveQueueCore *self = (AiodriveQueueCore *) queue;
  AiodriveItem *item = aiodrive_item_new (value, error);
  gboolean closed, done = FALSE;

  if (item == NULL)
    return FALSE;

  item->index = index;
  aiodrive_queue_core_lock (self);
  closed = self->closed;
  if (!closed)
    done = self->kind->put (self, item, error);
  aiodrive_queue_core_unlock (self);

  if (closed)
    g_propagate_error (error, aiodrive_queue_core_new_closed (self));
  if (!done)
    aiodrive_item_free (item);
  return done;
}

static void
queue_get_async (AiodriveQueue       *queue,
                 GCancellable        *cancellable,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  aiodrive_queue_core_get_async ((AiodriveQueueCore *) queue, cancellable, callback, user_data,
                                 aiodrive_queue_get_async);
}

static void
queue_get_finish (AiodriveQueue  *queue,
                  GAsyncResult   *result,
                  GValue         *value,
                  GError        **error)
{
  aiodrive_queue_core_get_finish ((AiodriveQueueCore *) queue, result, aiodrive_queue_get_async, value, error);
}

static gboolean
queue_try_get (AiodriveQueue  *queue,
               GValue         *value,
               GError        **error)
{
  return aiodrive_queue_core_try_get ((AiodriveQueueCore *) queue, value, error);
}

static GArray *
queue_get_many (AiodriveQueue *queue,
                guint          max)
{
  return aiodrive_queue_core_take_many ((AiodriveQueueCore *) queue, max);
}

static void
queue_close (AiodriveQueue *queue,
             const GError  *error)
{
  aiodrive_queue_core_close ((AiodriveQueueCore *) queue, error, FALSE);
}

static gboolean
queue_is_empty (AiodriveQueue *queue)
{
  return aiodrive_queue_core_get_n_items ((AiodriveQueueCore *) queue) == 0;
}

void
aiodrive_queue_impl_queue_init (AiodriveQueueInterface *iface)
{
  iface->put = queue_put;
  iface->get_async = queue_get_async;
  iface->get_finish = queue_get_finish;
  iface->try_get = queue_try_get;
  iface->get_many = queue_get_many;
  iface->close_with_error = queue_close;
  iface->is_empty = queue_is_empty;
}

static void
get_property (GObject    *object,
              guint       property_id,
              GValue     *value,
              GParamSpec *pspec)
{
  g_value_set_uint (value, aiodrive_queue_core_get_n_items ((AiodriveQueueCore *) object));
}

/* For the classes that are an AiodriveQueue. */
void
aiodrive_queue_impl_class_init (GObjectClass *klass)
{
  klass->get_property = get_property;
  g_object_class_override_property (klass, 1, "n-items");
}

static void
next_async (AiodriveAsyncIterator *iterator,
            GCancellable          *cancellable,
            GAsyncReadyCallback    callback,
            gpointer               user_data)
{
  aiodrive_queue_core_get_async ((AiodriveQueueCore *) iterator, cancellable, callback, user_data,
                                 aiodrive_async_iterator_next_async);
}

static gboolean
next_finish (AiodriveAsyncIterator  *iterator,
             GAsyncResult           *result,
             GValue                 *value,
             GError                **error)
{
  return aiodrive_queue_core_get_finish ((AiodriveQueueCore *) iterator, result, aiodrive_async_iterator_next_async,
                                         value, error);
}

static void
close_async (AiodriveAsyncIterator *iterator,
             GCancellable          *cancellable,
             GAsyncReadyCallback    callback,
             gpointer               user_data)
{
  g_autoptr(GObject) kept = g_object_ref (G_OBJECT (iterator));   /* a call that is cancelled already may end it */
  AiodriveQueueCore *self = (AiodriveQueueCore *) iterator;
  AiodriveWait *wait = aiodrive_wait_new (self, cancellable, callback, user_data, aiodrive_async_iterator_close_async,
                                          aiodrive_wait_return_true);

  aiodrive_queue_core_close (self, NULL, self->kind->drops);
  if (wait == NULL)
    return;

  aiodrive_queue_core_lock (self);
  aiodrive_wait_grant (wait, NULL, &self->monitor);
  aiodrive_queue_core_unlock (self);
}

static gboolean
close_finish (AiodriveAsyncIterator  *iterator,
              GAsyncResult           *result,
              GError                **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, iterator, aiodrive_async_iterator_close_async), FALSE);

  return aiodrive_wait_propagate_boolean (result, error);
}

void
aiodrive_queue_impl_iterator_init (AiodriveAsyncIteratorInterface *iface)
{
  iface->next_async = next_async;
  iface->next_finish = next_finish;
  iface->close_async = close_async;
  iface->close_finish = close_finish;
}
