/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/stream/async-iterator.h"

G_BEGIN_DECLS

/**
 * AiodriveMapFunc:
 * @task: the task to return
 * @cancellable: (not nullable): the scope of @task
 * @item: the item; it stays alive until @task has completed
 * @user_data: the data given with the function
 *
 * A job for an item, like an #AiodriveJobFunc: it must return @task, now or later, with g_task_return_value() or with
 * an error.
 *
 * Since: 1.0
 */
typedef void (*AiodriveMapFunc) (GTask        *task,
                                 GCancellable *cancellable,
                                 const GValue *item,
                                 gpointer      user_data);

/**
 * AiodriveMapFlags:
 * @AIODRIVE_MAP_FLAGS_NONE: each result comes when it is there
 * @AIODRIVE_MAP_FLAGS_ORDERED: the results come in the order of their items
 *
 * How a map gives its results.
 *
 * Since: 1.0
 */
typedef enum /*< flags >*/
{
  AIODRIVE_MAP_FLAGS_NONE = 0,
  AIODRIVE_MAP_FLAGS_ORDERED = 1 << 0,
} AiodriveMapFlags;

/**
 * AIODRIVE_TYPE_MAP_FLAGS:
 *
 * The #GType of #AiodriveMapFlags.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_MAP_FLAGS (aiodrive_map_flags_get_type ())

AIODRIVE_PUBLIC
GType                  aiodrive_map_flags_get_type (void);

AIODRIVE_PUBLIC
AiodriveAsyncIterator *aiodrive_map                (AiodriveAsyncIterator *items,
                                                    guint                  max_concurrent,
                                                    AiodriveMapFlags       flags,
                                                    GCancellable          *parent,
                                                    AiodriveMapFunc        func,
                                                    gpointer               user_data,
                                                    GDestroyNotify         user_data_destroy);

G_END_DECLS
