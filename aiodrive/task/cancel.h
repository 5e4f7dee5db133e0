/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
GTask   *aiodrive_cancel_task        (GTask                *task,
                                      GCancellable         *cancellable) G_GNUC_WARN_UNUSED_RESULT;
AIODRIVE_PUBLIC
void     aiodrive_cancel_task_async  (GTask                *task,
                                      GCancellable         *cancellable,
                                      GAsyncReadyCallback   callback,
                                      gpointer              user_data);
AIODRIVE_PUBLIC
gboolean aiodrive_cancel_task_finish (GAsyncResult         *result,
                                      GError              **error);

G_END_DECLS
