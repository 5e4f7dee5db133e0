/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
void     aiodrive_sleep_async  (guint                 duration_ms,
                                GCancellable         *cancellable,
                                GAsyncReadyCallback   callback,
                                gpointer              user_data);
AIODRIVE_PUBLIC
gboolean aiodrive_sleep_finish (GAsyncResult         *result,
                                GError              **error);

AIODRIVE_PUBLIC
gboolean aiodrive_sleep        (guint                 duration_ms,
                                GCancellable         *cancellable,
                                GError              **error);

AIODRIVE_PUBLIC
gboolean aiodrive_yield_after  (guint                 slice_us,
                                GCancellable         *cancellable,
                                GError              **error);

G_END_DECLS
