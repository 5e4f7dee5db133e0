/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_ORDERED_QUEUE:
 *
 * The #GType of #AiodriveOrderedQueue.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_ORDERED_QUEUE (aiodrive_ordered_queue_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveOrderedQueue, aiodrive_ordered_queue, AIODRIVE, ORDERED_QUEUE, GObject)

AIODRIVE_PUBLIC
AiodriveOrderedQueue *aiodrive_ordered_queue_new (void);

G_END_DECLS
