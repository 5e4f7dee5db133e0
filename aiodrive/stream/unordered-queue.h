/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_UNORDERED_QUEUE:
 *
 * The #GType of #AiodriveUnorderedQueue.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_UNORDERED_QUEUE (aiodrive_unordered_queue_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveUnorderedQueue, aiodrive_unordered_queue, AIODRIVE, UNORDERED_QUEUE, GObject)

AIODRIVE_PUBLIC
AiodriveUnorderedQueue *aiodrive_unordered_queue_new (void);

G_END_DECLS
