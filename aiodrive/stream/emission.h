/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/stream/async-iterator.h"

G_BEGIN_DECLS

/**
 * AiodriveOverflow:
 * @AIODRIVE_OVERFLOW_DROP_OLDEST: the oldest item is dropped
 * @AIODRIVE_OVERFLOW_FAIL: the iteration fails with %G_IO_ERROR_NO_SPACE, after the items that are there
 *
 * What happens to an emission for which there is no room.
 *
 * Since: 1.0
 */
typedef enum
{
  AIODRIVE_OVERFLOW_DROP_OLDEST,
  AIODRIVE_OVERFLOW_FAIL
} AiodriveOverflow;

/**
 * AIODRIVE_TYPE_OVERFLOW:
 *
 * The #GType of #AiodriveOverflow.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_OVERFLOW (aiodrive_overflow_get_type ())

/**
 * AIODRIVE_TYPE_EMISSION:
 *
 * The #GType of #AiodriveEmission.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_EMISSION (aiodrive_emission_get_type ())

/**
 * AIODRIVE_TYPE_OBJECT_ITERATOR:
 *
 * The #GType of #AiodriveObjectIterator.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_OBJECT_ITERATOR (aiodrive_object_iterator_get_type ())

AIODRIVE_PUBLIC
GType                   aiodrive_overflow_get_type         (void);

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveEmission, aiodrive_emission, AIODRIVE, EMISSION, GObject)

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveObjectIterator, aiodrive_object_iterator, AIODRIVE, OBJECT_ITERATOR, GObject)

AIODRIVE_PUBLIC
guint                   aiodrive_emission_get_n_args       (AiodriveEmission     *self);
AIODRIVE_PUBLIC
const GValue           *aiodrive_emission_get_arg          (AiodriveEmission     *self,
                                                            guint                 index);

AIODRIVE_PUBLIC
AiodriveEmission       *aiodrive_wait_for_emission         (GObject              *object,
                                                            const char           *signal,
                                                            GCancellable         *cancellable,
                                                            GError              **error);
AIODRIVE_PUBLIC
void                    aiodrive_wait_for_emission_async   (GObject              *object,
                                                            const char           *signal,
                                                            GCancellable         *cancellable,
                                                            GAsyncReadyCallback   callback,
                                                            gpointer              user_data);
AIODRIVE_PUBLIC
AiodriveEmission       *aiodrive_wait_for_emission_finish  (GAsyncResult         *result,
                                                            GError              **error);

AIODRIVE_PUBLIC
void                    aiodrive_wait_for_property         (GObject              *object,
                                                            const char           *property,
                                                            const GValue         *wanted,
                                                            GCancellable         *cancellable,
                                                            GValue               *value,
                                                            GError              **error);
AIODRIVE_PUBLIC
void                    aiodrive_wait_for_property_async   (GObject              *object,
                                                            const char           *property,
                                                            const GValue         *wanted,
                                                            GCancellable         *cancellable,
                                                            GAsyncReadyCallback   callback,
                                                            gpointer              user_data);
AIODRIVE_PUBLIC
void                    aiodrive_wait_for_property_finish  (GAsyncResult         *result,
                                                            GValue               *value,
                                                            GError              **error);

AIODRIVE_PUBLIC
AiodriveObjectIterator *aiodrive_iterate_emissions         (GObject              *object,
                                                            const char           *signal,
                                                            guint                 max_items,
                                                            AiodriveOverflow      overflow,
                                                            GError              **error);
AIODRIVE_PUBLIC
AiodriveObjectIterator *aiodrive_iterate_property          (GObject              *object,
                                                            const char           *property,
                                                            GError              **error);

G_END_DECLS
