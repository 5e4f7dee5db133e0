/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
void         aiodrive_wait_for_fd_async  (gint                  fd,
                                          GIOCondition          condition,
                                          GCancellable         *cancellable,
                                          GAsyncReadyCallback   callback,
                                          gpointer              user_data);
AIODRIVE_PUBLIC
GIOCondition aiodrive_wait_for_fd_finish (GAsyncResult         *result,
                                          GError              **error);

G_END_DECLS
