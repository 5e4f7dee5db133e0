/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/wait-private.h"
#include "aiodrive/stream/map.h"
#include "aiodrive/stream/results-private.h"

G_BEGIN_DECLS

/* The work behind the iterator of aiodrive_map(). */
typedef struct _AiodriveMapCore AiodriveMapCore;

AiodriveMapCore *aiodrive_map_core_new         (AiodriveAsyncIterator *items,
                                                guint                  max_concurrent,
                                                AiodriveMapFlags       flags,
                                                GCancellable          *parent,
                                                AiodriveMapFunc        func,
                                                gpointer               user_data,
                                                GDestroyNotify         user_data_destroy);
void             aiodrive_map_core_drop        (AiodriveMapCore       *self);

AiodriveResults *aiodrive_map_core_get_results (AiodriveMapCore       *self);
void             aiodrive_map_core_start       (AiodriveMapCore       *self);
void             aiodrive_map_core_count_taken (AiodriveMapCore       *self);
void             aiodrive_map_core_close       (AiodriveMapCore       *self,
                                                AiodriveWait          *wait);
GError          *aiodrive_map_core_steal_error (AiodriveMapCore       *self);

G_END_DECLS
