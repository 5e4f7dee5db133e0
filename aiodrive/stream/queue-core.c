/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/queue-core-private.h"

#include "aiodrive/core/cancel-scope-private.h"

/* Items in flight between producers and consumers.
 *
 * No lost items. An item belongs to the queue until it is unwrapped. A getter is granted the AiodriveItem. If its
 * result is dropped before the finish function is called, the item returns to the queue: to the next waiter, or to the
 * head. Items leave in the order of their indexes, so a returned item precedes all items that never left, and is
 * ordered among the other returned ones: these have a tree of their own. (/aiodrive/stream/queue/dropped,
 * .../channel/dropped, .../queue/many-dropped)
 *
 * No barging. While there are waiters no item is available, so taking an available item at once overtakes no waiter.
 * (.../no-barging) */

AiodriveItem *
aiodrive_item_new (const GValue  *value,
                   GError       **error)
{
  AiodriveItem *self;

  if (!aiodrive_shared_value_check (value, error))
    return NULL;

  self = g_new0 (AiodriveItem, 1);
  self->node.data = self;
  g_value_init (&self->value, G_VALUE_TYPE (value));
  g_value_copy (value, &self->value);
  return self;
}

/* Not with a monitor locked: it may free a value of the user, which is foreign code. */
void
aiodrive_item_free (AiodriveItem *self)
{
  g_value_unset (&self->value);
  g_free (self);
}

/* Takes @self; NULL for a value that could not be got. */
static void
item_unwrap (AiodriveItem *self,
             GValue       *value)
{
  if (self == NULL)
    {
      aiodrive_shared_value_unwrap (NULL, value);
      return;
    }

  *value = self->value;
  if (self->queue != NULL)
    g_object_unref (self->queue);
  g_free (self);
}

static gint
compare_indexes (gconstpointer a,
                 gconstpointer b)
{
  gint64 one = *(const gint64 *) a;
  gint64 other = *(const gint64 *) b;

  return (one > other) - (one < other);
}

void
aiodrive_queue_core_init (AiodriveQueueCore       *self,
                          const AiodriveQueueKind *kind)
{
  self->kind = kind;
  self->n_items = g_object_class_find_property (G_OBJECT_GET_CLASS (self), "n-items");
  g_queue_init (&self->items);
  aiodrive_monitor_init (&self->monitor);
}

/* Returns the first item, or NULL; called with the monitor locked, or when no other thread uses the queue. */
static AiodriveItem *
pop (AiodriveQueueCore *self)
{
  AiodriveItem *item = NULL;
  GList *node;

  if (self->returned != NULL)
    {
      item = g_tree_node_value (g_tree_node_first (self->returned));
      g_tree_remove (self->returned, &item->index);
      if (g_tree_nnodes (self->returned) == 0)
        g_clear_pointer (&self->returned, g_tree_unref);
      return item;
    }

  node = g_queue_pop_head_link (&self->items);
  return node != NULL ? node->data : NULL;
}

/* Under the monitor. Returns: (transfer full) (nullable): the oldest item */
AiodriveItem *
aiodrive_queue_core_take_first (AiodriveQueueCore *self)
{
  return pop (self);
}

static void
free_items (GQueue *items)
{
  GList *node;

  while ((node = g_queue_pop_head_link (items)) != NULL)
    aiodrive_item_free (node->data);
}

void
aiodrive_queue_core_clear (AiodriveQueueCore *self)
{
  AiodriveItem *item;

  while ((item = pop (self)) != NULL)
    aiodrive_item_free (item);
  g_clear_error (&self->closing_error);
  aiodrive_monitor_clear (&self->monitor);
}

void
aiodrive_queue_core_lock (AiodriveQueueCore *self)
{
  aiodrive_monitor_lock (&self->monitor);
}

/* Returns the number of available items; called with the monitor locked. */
guint
aiodrive_queue_core_get_length (AiodriveQueueCore *self)
{
  return self->items.length + (self->returned != NULL ? g_tree_nnodes (self->returned) : 0);
}

/* Returns whether the item with this index is in the queue, new or returned; called with the monitor locked. The items
 * that never left have consecutive indexes. */
gboolean
aiodrive_queue_core_has_index (AiodriveQueueCore *self,
                               gint64             index)
{
  if (self->returned != NULL && g_tree_lookup (self->returned, &index) != NULL)
    return TRUE;
  return self->items.head != NULL && index >= ((AiodriveItem *) self->items.head->data)->index &&
         index <= ((AiodriveItem *) self->items.tail->data)->index;
}

static guint
count (AiodriveQueueCore *self)
{
  return aiodrive_queue_core_get_length (self) + self->n_early;
}

/* Notifies the number of items if it has changed since. */
void
aiodrive_queue_core_unlock (AiodriveQueueCore *self)
{
  gboolean changed = count (self) != self->n_notified;
  g_autoptr(GObject) kept = g_steal_pointer (&self->monitor.kept);   /* until it is notified */

  self->n_notified = count (self);
  aiodrive_monitor_unlock (&self->monitor);
  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), self->n_items);
}

guint
aiodrive_queue_core_get_n_items (AiodriveQueueCore *self)
{
  guint n_items;

  aiodrive_queue_core_lock (self);
  n_items = count (self);
  aiodrive_queue_core_unlock (self);

  return n_items;
}

/* Gives an available item to the next waiter, or queues it in order. */
void
aiodrive_queue_core_offer (AiodriveQueueCore *self,
                           AiodriveItem      *item)
{
  if (!aiodrive_wait_queue_wake_one (&self->getters, item, &self->monitor))
    g_queue_push_tail_link (&self->items, &item->node);
}

/* The same for a returned item. */
static void
offer_again (AiodriveQueueCore *self,
             AiodriveItem      *item)
{
  if (aiodrive_wait_queue_wake_one (&self->getters, item, &self->monitor))
    return;

  if (self->returned == NULL)
    self->returned = g_tree_new (compare_indexes);
  g_tree_insert (self->returned, &item->index, item);
}

void
aiodrive_queue_core_append (AiodriveQueueCore *self,
                            AiodriveItem      *item)
{
  item->index = self->n_appended++;
  aiodrive_queue_core_offer (self, item);
}

static AiodriveItem *
take (AiodriveQueueCore *self)
{
  if (self->kind->will_take != NULL)
    self->kind->will_take (self);
  return pop (self);
}

/* Frees a granted item that its getter did not unwrap. */
static void
put_back (gpointer data)
{
  AiodriveItem *item = data;
  g_autoptr(GObject) queue = (GObject *) g_steal_pointer (&item->queue);
  AiodriveQueueCore *self = (AiodriveQueueCore *) queue;
  gboolean dropped;

  aiodrive_queue_core_lock (self);
  dropped = self->dropping;
  if (!dropped)
    offer_again (self, item);
  aiodrive_queue_core_unlock (self);

  if (dropped)
    aiodrive_item_free (item);
}

GError *
aiodrive_queue_core_new_closed (AiodriveQueueCore *self)
{
  if (self->closing_error != NULL)
    return g_error_copy (self->closing_error);

  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, self->kind->closed_message);
}

void
aiodrive_queue_core_return_item (AiodriveQueueCore *self,
                                 AiodriveWait      *wait,
                                 AiodriveItem      *item)
{
  if (item != NULL)
    item->queue = g_object_ref (self);
  aiodrive_wait_return_pointer (wait, item, put_back);
}

/* Completes a wait with an item, or without one because the queue is closed: then an iteration ends, but a get
 * fails. */
static void
return_item (AiodriveWait *wait,
             gpointer      granted)
{
  AiodriveQueueCore *self = aiodrive_wait_get_source_object (wait);
  AiodriveItem *item = granted;
  gboolean iterates = aiodrive_wait_get_source_tag (wait) == aiodrive_async_iterator_next_async;

  if (item == NULL && (self->closing_error != NULL || !iterates))
    aiodrive_wait_return_error (wait, aiodrive_queue_core_new_closed (self));
  else
    aiodrive_queue_core_return_item (self, wait, item);
}

void
aiodrive_queue_core_wait (AiodriveQueueCore *self,
                          AiodriveWait      *wait)
{
  AiodriveItem *item;

  aiodrive_queue_core_lock (self);
  item = take (self);
  if (item != NULL || self->closed)
    aiodrive_wait_grant (wait, item, &self->monitor);
  else
    aiodrive_wait_park (wait, &self->getters, &self->monitor);
  aiodrive_queue_core_unlock (self);
}

void
aiodrive_queue_core_get_async (AiodriveQueueCore   *self,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data,
                               gpointer             source_tag)
{
  AiodriveWait *wait = aiodrive_wait_new (self, cancellable, callback, user_data, source_tag, return_item);

  if (wait != NULL)
    aiodrive_queue_core_wait (self, wait);
}

/* Returns whether there was an item; @value is initialised either way. */
gboolean
aiodrive_queue_core_unwrap (GAsyncResult  *result,
                            GValue        *value,
                            GError       **error)
{
  AiodriveItem *item = aiodrive_wait_propagate_pointer (result, error);

  item_unwrap (item, value);
  return item != NULL;
}

gboolean
aiodrive_queue_core_get_finish (AiodriveQueueCore  *self,
                                GAsyncResult       *result,
                                gpointer            source_tag,
                                GValue             *value,
                                GError            **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, self, source_tag), FALSE);

  return aiodrive_queue_core_unwrap (result, value, error);
}

gboolean
aiodrive_queue_core_try_get (AiodriveQueueCore  *self,
                             GValue             *value,
                             GError            **error)
{
  AiodriveItem *item;
  gboolean closed;

  aiodrive_queue_core_lock (self);
  item = take (self);
  closed = self->closed;
  aiodrive_queue_core_unlock (self);

  if (item == NULL && closed)
    g_propagate_error (error, aiodrive_queue_core_new_closed (self));
  item_unwrap (item, value);
  return item != NULL;
}

/* Returns the items available now, at most @max if that is not 0. */
GArray *
aiodrive_queue_core_take_many (AiodriveQueueCore *self,
                               guint              max)
{
  GArray *values = g_array_new (FALSE, FALSE, sizeof (GValue));
  GQueue taken = G_QUEUE_INIT;
  AiodriveItem *item;
  GList *node;

  g_array_set_clear_func (values, (GDestroyNotify) g_value_unset);
  aiodrive_queue_core_lock (self);
  while ((max == 0 || taken.length < max) && (item = take (self)) != NULL)
    g_queue_push_tail_link (&taken, &item->node);
  aiodrive_queue_core_unlock (self);

  while ((node = g_queue_pop_head_link (&taken)) != NULL)
    {
      GValue value;

      item_unwrap (node->data, &value);
      g_array_append_val (values, value);
    }
  return values;
}

/* Blocks until there is an item. */
void
aiodrive_queue_core_get (AiodriveQueueCore  *self,
                         GCancellable       *cancellable,
                         GValue             *value,
                         GError            **error)
{
  gpointer item = NULL;
  gboolean ended = TRUE;

  if (aiodrive_checkpoint (cancellable, error))
    {
      aiodrive_queue_core_lock (self);
      item = take (self);
      if (item != NULL || self->closed)
        aiodrive_queue_core_unlock (self);
      else
        ended = aiodrive_wait_queue_wait_blocking (&self->getters, &self->monitor, cancellable, NULL, &item, error);

      if (item == NULL && ended)
        g_propagate_error (error, aiodrive_queue_core_new_closed (self));
    }
  item_unwrap (item, value);
}

/* Refuses further items; the present ones may be taken, unless they are dropped. The first call that closes it sets the
 * error. */
void
aiodrive_queue_core_close (AiodriveQueueCore *self,
                           const GError      *error,
                           gboolean           drop)
{
  g_autoptr(GError) closing_error = error != NULL ? g_error_copy (error) : NULL;
  GQueue dropped = G_QUEUE_INIT;
  AiodriveItem *item;

  aiodrive_queue_core_lock (self);
  if (!self->closed)
    {
      self->closed = TRUE;
      self->closing_error = g_steal_pointer (&closing_error);
      if (self->kind->closed != NULL)
        self->kind->closed (self);
      aiodrive_wait_queue_wake_all (&self->getters, &self->monitor);
    }
  if (drop)
    {
      self->dropping = TRUE;
      while ((item = pop (self)) != NULL)
        g_queue_push_tail_link (&dropped, &item->node);
    }
  aiodrive_queue_core_unlock (self);

  free_items (&dropped);
}

/*
 * The interfaces of the classes that start with a core
 */

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
aiodrive_queue_core_queue_init (AiodriveQueueInterface *iface)
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
aiodrive_queue_core_class_init (GObjectClass *klass)
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
  g_autoptr(GObject) kept = g_object_ref (G_OBJECT (iterator));   /* an already cancelled call may complete it */
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
aiodrive_queue_core_iterator_init (AiodriveAsyncIteratorInterface *iface)
{
  iface->next_async = next_async;
  iface->next_finish = next_finish;
  iface->close_async = close_async;
  iface->close_finish = close_finish;
}
