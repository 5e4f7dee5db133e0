/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/unordered-queue.h"

#include "aiodrive/stream/queue-core-private.h"

/**
 * AiodriveUnorderedQueue:
 *
 * An #AiodriveQueue in FIFO order; it ignores the index of an item.
 *
 * Any thread may use it. A cancelled wait takes no item; see #AiodriveQueue for the rest.
 *
 * |[<!-- language="C" -->
 * g_autoptr(AiodriveQueue) lines = AIODRIVE_QUEUE (aiodrive_unordered_queue_new ());
 *
 * aiodrive_queue_put (lines, 0, &line, NULL);
 * if (aiodrive_queue_try_get (lines, &next, NULL))
 *   g_print ("%s\n", g_value_get_string (&next));
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveUnorderedQueue
{
  AiodriveQueueCore core;
};

G_DEFINE_FINAL_TYPE_WITH_CODE (AiodriveUnorderedQueue, aiodrive_unordered_queue, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_QUEUE, aiodrive_queue_core_queue_init)
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_ASYNC_ITERATOR, aiodrive_queue_core_iterator_init))

static gboolean
put (AiodriveQueueCore  *core,
     AiodriveItem       *item,
     GError            **error)
{
  aiodrive_queue_core_append (core, item);
  return TRUE;
}

static void
aiodrive_unordered_queue_finalize (GObject *object)
{
  AiodriveUnorderedQueue *self = AIODRIVE_UNORDERED_QUEUE (object);

  aiodrive_queue_core_clear (&self->core);

  G_OBJECT_CLASS (aiodrive_unordered_queue_parent_class)->finalize (object);
}

static void
aiodrive_unordered_queue_class_init (AiodriveUnorderedQueueClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = aiodrive_unordered_queue_finalize;
  aiodrive_queue_core_class_init (object_class);
}

static void
aiodrive_unordered_queue_init (AiodriveUnorderedQueue *self)
{
  static const AiodriveQueueKind kind = { .put = put, .closed_message = "The queue is closed" };

  aiodrive_queue_core_init (&self->core, &kind);
}

/**
 * aiodrive_unordered_queue_new:
 *
 * Creates a queue in FIFO order.
 *
 * Returns: (transfer full): a new queue
 *
 * Since: 1.0
 */
AiodriveUnorderedQueue *
aiodrive_unordered_queue_new (void)
{
  return g_object_new (AIODRIVE_TYPE_UNORDERED_QUEUE, NULL);
}
