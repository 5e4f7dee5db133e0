/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
GTask     *aiodrive_try_all         (GTask               **tasks,
                                     gsize                 n_tasks,
                                     GCancellable         *cancellable) G_GNUC_WARN_UNUSED_RESULT;
AIODRIVE_PUBLIC
void       aiodrive_try_all_async   (GTask               **tasks,
                                     gsize                 n_tasks,
                                     GCancellable         *cancellable,
                                     GAsyncReadyCallback   callback,
                                     gpointer              user_data);
AIODRIVE_PUBLIC
GPtrArray *aiodrive_try_all_finish  (GAsyncResult         *result,
                                     GError              **error);

AIODRIVE_PUBLIC
GTask     *aiodrive_wait_all        (GTask               **tasks,
                                     gsize                 n_tasks,
                                     GCancellable         *cancellable) G_GNUC_WARN_UNUSED_RESULT;
AIODRIVE_PUBLIC
void       aiodrive_wait_all_async  (GTask               **tasks,
                                     gsize                 n_tasks,
                                     GCancellable         *cancellable,
                                     GAsyncReadyCallback   callback,
                                     gpointer              user_data);
AIODRIVE_PUBLIC
GPtrArray *aiodrive_wait_all_finish (GAsyncResult         *result,
                                     GError              **error);

G_END_DECLS
