/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/stream/async-iterator.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_PERIODIC_ITERATOR:
 *
 * The #GType of #AiodrivePeriodicIterator.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_PERIODIC_ITERATOR (aiodrive_periodic_iterator_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodrivePeriodicIterator, aiodrive_periodic_iterator, AIODRIVE, PERIODIC_ITERATOR, GObject)

AIODRIVE_PUBLIC
AiodrivePeriodicIterator *aiodrive_repeat_periodically (guint interval_ms);

G_END_DECLS
