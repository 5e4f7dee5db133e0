/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/ordered-queue.h"

#include "aiodrive/stream/queue-core-private.h"

/**
 * AiodriveOrderedQueue:
 *
 * An #AiodriveQueue that reorders items: they leave in the order of their indexes, 0, 1, 2 and so on, in whatever order
 * they are put in. An item stays until all its predecessors have been put in. Once the queue is closed, missing items
 * are skipped.
 *
 * Any thread may use it. A cancelled wait takes no item; see #AiodriveQueue for the rest.
 *
 * |[<!-- language="C" -->
 * g_autoptr(AiodriveQueue) pages = AIODRIVE_QUEUE (aiodrive_ordered_queue_new ());
 * g_autoptr(GArray) in_order = NULL;
 *
 * put (pages, 1, "second");   // a function that calls aiodrive_queue_put()
 * put (pages, 0, "first");
 * in_order = aiodrive_queue_get_many (pages, 0);
 * for (guint i = 0; i < in_order->len; i++)
 *   g_print ("%s\n", g_value_get_string (&g_array_index (in_order, GValue, i)));
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveOrderedQueue
{
  AiodriveQueueCore core;

  GTree            *early;   /* of AiodriveItem, by their indexes; guarded by the monitor of core, as is the next */
  gint64            next;    /* the smallest index not put in yet */
};

G_DEFINE_FINAL_TYPE_WITH_CODE (AiodriveOrderedQueue, aiodrive_ordered_queue, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_QUEUE, aiodrive_queue_core_queue_init)
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_ASYNC_ITERATOR, aiodrive_queue_core_iterator_init))

static gint
compare_indexes (gconstpointer a,
                 gconstpointer b,
                 gpointer      unused)
{
  gint64 one = *(const gint64 *) a;
  gint64 other = *(const gint64 *) b;

  return (one > other) - (one < other);
}

/* Checks whether an item with this index can be put in. */
static gboolean
check_index (AiodriveOrderedQueue  *self,
             gint64                 index,
             GError               **error)
{
  if (g_tree_lookup (self->early, &index) != NULL || aiodrive_queue_core_has_index (&self->core, index))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "There is an item %" G_GINT64_FORMAT " already", index);
  else if (index < 0)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The index %" G_GINT64_FORMAT " is negative", index);
  else if (index < self->next)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The item %" G_GINT64_FORMAT " was delivered", index);
  else
    return TRUE;

  return FALSE;
}

static gboolean
put (AiodriveQueueCore  *core,
     AiodriveItem       *item,
     GError            **error)
{
  AiodriveOrderedQueue *self = (AiodriveOrderedQueue *) core;

  if (!check_index (self, item->index, error))
    return FALSE;

  if (item->index == self->next)
    {
      do
        {
          g_tree_remove (self->early, &item->index);
          aiodrive_queue_core_offer (core, item);
          self->next++;
        }
      while ((item = g_tree_lookup (self->early, &self->next)) != NULL);
    }
  else
    {
      g_tree_insert (self->early, &item->index, item);
    }

  core->n_early = g_tree_nnodes (self->early);
  return TRUE;
}

static gboolean
offer (gpointer index,
       gpointer item,
       gpointer core)
{
  aiodrive_queue_core_offer (core, item);
  return FALSE;
}

static void
skip_what_is_missing (AiodriveQueueCore *core)
{
  AiodriveOrderedQueue *self = (AiodriveOrderedQueue *) core;

  g_tree_foreach (self->early, offer, core);
  g_tree_remove_all (self->early);
  core->n_early = 0;
}

static void
aiodrive_ordered_queue_finalize (GObject *object)
{
  AiodriveOrderedQueue *self = AIODRIVE_ORDERED_QUEUE (object);

  skip_what_is_missing (&self->core);
  g_tree_unref (self->early);
  aiodrive_queue_core_clear (&self->core);

  G_OBJECT_CLASS (aiodrive_ordered_queue_parent_class)->finalize (object);
}

static void
aiodrive_ordered_queue_class_init (AiodriveOrderedQueueClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = aiodrive_ordered_queue_finalize;
  aiodrive_queue_core_class_init (object_class);
}

static void
aiodrive_ordered_queue_init (AiodriveOrderedQueue *self)
{
  static const AiodriveQueueKind kind = { .put = put, .closed = skip_what_is_missing,
                                        .closed_message = "The ordered queue is closed" };

  aiodrive_queue_core_init (&self->core, &kind);
  self->early = g_tree_new_full (compare_indexes, NULL, NULL, NULL);
}

/**
 * aiodrive_ordered_queue_new:
 *
 * Creates a queue that waits for the item with the index 0.
 *
 * Returns: (transfer full): a new queue
 *
 * Since: 1.0
 */
AiodriveOrderedQueue *
aiodrive_ordered_queue_new (void)
{
  return g_object_new (AIODRIVE_TYPE_ORDERED_QUEUE, NULL);
}
