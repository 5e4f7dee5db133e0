/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/stream/async-iterator.h"
#include "aiodrive/stream/queue-core-private.h"
#include "aiodrive/stream/queue.h"

G_BEGIN_DECLS

/* What a class is made of that begins with an AiodriveQueueCore: both queues, and of the last one the channel too. */
void aiodrive_queue_impl_class_init    (GObjectClass                   *klass);
void aiodrive_queue_impl_queue_init    (AiodriveQueueInterface         *iface);
void aiodrive_queue_impl_iterator_init (AiodriveAsyncIteratorInterface *iface);

G_END_DECLS
