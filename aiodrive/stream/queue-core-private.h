/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/shared-value-private.h"
#include "aiodrive/core/wait-private.h"
#include "aiodrive/stream/async-iterator.h"
#include "aiodrive/stream/queue.h"

G_BEGIN_DECLS

typedef struct _AiodriveItem AiodriveItem;
typedef struct _AiodriveQueueCore AiodriveQueueCore;
typedef struct _AiodriveQueueKind AiodriveQueueKind;

/* A value in a queue, or granted to a getter that has not unwrapped it yet. */
struct _AiodriveItem
{
  GList              node;    /* in the items that have never left the queue */
  gint64             index;   /* items leave in the order of their indexes */
  GValue             value;
  AiodriveQueueCore *queue;   /* owned, nullable: the queue that gets it back if its result is dropped */
};

/* The virtual functions of a class; each is nullable, and called with the monitor locked. */
struct _AiodriveQueueKind
{
  gboolean (*put)       (AiodriveQueueCore  *self,
                         AiodriveItem       *item,
                         GError            **error);
  void     (*will_take) (AiodriveQueueCore  *self);
  void     (*closed)    (AiodriveQueueCore  *self);
  gboolean   drops;     /* the items left when an iteration is closed */
  const char *closed_message;
};

/* The common part of queues and channels, at the start of their instances. */
struct _AiodriveQueueCore
{
  GObject                  parent_instance;

  const AiodriveQueueKind *kind;
  GParamSpec              *n_items;         /* the property */
  AiodriveMonitor          monitor;
  GQueue                   items;           /* available, by their nodes; guarded by monitor, as is the rest */
  GTree                   *returned;        /* owned; the returned items, by their indexes; NULL: there are none */
  guint                    n_early;         /* items with missing predecessors */
  guint                    n_notified;      /* the number of items when the monitor was unlocked */
  gint64                   n_appended;
  AiodriveWaitQueue        getters;         /* empty while items are available */
  gboolean                 closed;
  gboolean                 dropping;        /* returned items are dropped */
  GError                  *closing_error;   /* owned, nullable; never changes once it is closed */
};

AiodriveItem *aiodrive_item_new               (const GValue             *value,
                                               GError                  **error);
void          aiodrive_item_free              (AiodriveItem             *self);

void          aiodrive_queue_core_init        (AiodriveQueueCore        *self,
                                               const AiodriveQueueKind  *kind);
void          aiodrive_queue_core_clear       (AiodriveQueueCore        *self);

void          aiodrive_queue_core_lock        (AiodriveQueueCore        *self);
void          aiodrive_queue_core_unlock      (AiodriveQueueCore        *self);
guint         aiodrive_queue_core_get_n_items (AiodriveQueueCore        *self);
guint         aiodrive_queue_core_get_length  (AiodriveQueueCore        *self);
gboolean      aiodrive_queue_core_has_index   (AiodriveQueueCore        *self,
                                               gint64                    index);
void          aiodrive_queue_core_offer       (AiodriveQueueCore        *self,
                                               AiodriveItem             *item);
void          aiodrive_queue_core_append      (AiodriveQueueCore        *self,
                                               AiodriveItem             *item);
AiodriveItem *aiodrive_queue_core_take_first  (AiodriveQueueCore        *self);
GArray       *aiodrive_queue_core_take_many   (AiodriveQueueCore        *self,
                                               guint                     max);

void          aiodrive_queue_core_get         (AiodriveQueueCore        *self,
                                               GCancellable             *cancellable,
                                               GValue                   *value,
                                               GError                  **error);
/* The parts of an asynchronous get, for a wait of something that has a queue: it gets an item, or NULL when the queue
 * is closed, and returns the item, which goes back if nobody unwraps it. */
void          aiodrive_queue_core_wait        (AiodriveQueueCore        *self,
                                               AiodriveWait             *wait);
void          aiodrive_queue_core_return_item (AiodriveQueueCore        *self,
                                               AiodriveWait             *wait,
                                               AiodriveItem             *item);
gboolean      aiodrive_queue_core_unwrap      (GAsyncResult             *result,
                                               GValue                   *value,
                                               GError                  **error);

void          aiodrive_queue_core_get_async   (AiodriveQueueCore        *self,
                                               GCancellable             *cancellable,
                                               GAsyncReadyCallback       callback,
                                               gpointer                  user_data,
                                               gpointer                  source_tag);
gboolean      aiodrive_queue_core_get_finish  (AiodriveQueueCore        *self,
                                               GAsyncResult             *result,
                                               gpointer                  source_tag,
                                               GValue                   *value,
                                               GError                  **error);
gboolean      aiodrive_queue_core_try_get     (AiodriveQueueCore        *self,
                                               GValue                   *value,
                                               GError                  **error);
void          aiodrive_queue_core_close       (AiodriveQueueCore        *self,
                                               const GError             *error,
                                               gboolean                  drop);
GError       *aiodrive_queue_core_new_closed  (AiodriveQueueCore        *self);

/* The class functions of types that start with an AiodriveQueueCore: of both queues, and the last one also of the
 * channel. */
void aiodrive_queue_core_class_init    (GObjectClass                   *klass);
void aiodrive_queue_core_queue_init    (AiodriveQueueInterface         *iface);
void aiodrive_queue_core_iterator_init (AiodriveAsyncIteratorInterface *iface);

G_END_DECLS
