/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
void   aiodrive_wait_task_async  (GTask                *task,
                                  GCancellable         *cancellable,
                                  GAsyncReadyCallback   callback,
                                  gpointer              user_data);
AIODRIVE_PUBLIC
GTask *aiodrive_wait_task_finish (GAsyncResult         *result,
                                  GError              **error);

G_END_DECLS
