/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
GTask *aiodrive_race                 (GTask               **tasks,
                                      gsize                 n_tasks,
                                      GCancellable         *cancellable) G_GNUC_WARN_UNUSED_RESULT;
AIODRIVE_PUBLIC
void   aiodrive_race_async           (GTask               **tasks,
                                      gsize                 n_tasks,
                                      GCancellable         *cancellable,
                                      GAsyncReadyCallback   callback,
                                      gpointer              user_data);
AIODRIVE_PUBLIC
GTask *aiodrive_race_finish          (GAsyncResult         *result,
                                      gint                 *index,
                                      GError              **error);

AIODRIVE_PUBLIC
GTask *aiodrive_first_success        (GTask               **tasks,
                                      gsize                 n_tasks,
                                      GCancellable         *cancellable) G_GNUC_WARN_UNUSED_RESULT;
AIODRIVE_PUBLIC
void   aiodrive_first_success_async  (GTask               **tasks,
                                      gsize                 n_tasks,
                                      GCancellable         *cancellable,
                                      GAsyncReadyCallback   callback,
                                      gpointer              user_data);
AIODRIVE_PUBLIC
GTask *aiodrive_first_success_finish (GAsyncResult         *result,
                                      gint                 *index,
                                      GError              **error);

G_END_DECLS
