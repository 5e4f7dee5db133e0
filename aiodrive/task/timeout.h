/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
GTask *aiodrive_timeout        (GTask                *task,
                                guint                 timeout_ms,
                                GCancellable         *cancellable) G_GNUC_WARN_UNUSED_RESULT;
AIODRIVE_PUBLIC
void   aiodrive_timeout_async  (GTask                *task,
                                guint                 timeout_ms,
                                GCancellable         *cancellable,
                                GAsyncReadyCallback   callback,
                                gpointer              user_data);
AIODRIVE_PUBLIC
GTask *aiodrive_timeout_finish (GAsyncResult         *result,
                                GError              **error);

G_END_DECLS
