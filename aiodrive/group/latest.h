/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_LATEST:
 *
 * The #GType of #AiodriveLatest.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_LATEST (aiodrive_latest_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveLatest, aiodrive_latest, AIODRIVE, LATEST, GObject)

AIODRIVE_PUBLIC
AiodriveLatest *aiodrive_latest_new          (GCancellable         *parent,
                                              guint                 debounce_ms);
AIODRIVE_PUBLIC
void            aiodrive_latest_spawn        (AiodriveLatest       *self,
                                              GTask               **task,
                                              AiodriveJobFunc       func,
                                              gpointer              user_data,
                                              GDestroyNotify        user_data_destroy);
AIODRIVE_PUBLIC
void            aiodrive_latest_cancel       (AiodriveLatest       *self);
AIODRIVE_PUBLIC
gboolean        aiodrive_latest_is_busy      (AiodriveLatest       *self);

AIODRIVE_PUBLIC
void            aiodrive_latest_close_async  (AiodriveLatest       *self,
                                              GCancellable         *cancellable,
                                              GAsyncReadyCallback   callback,
                                              gpointer              user_data);
AIODRIVE_PUBLIC
gboolean        aiodrive_latest_close_finish (AiodriveLatest       *self,
                                              GAsyncResult         *result,
                                              GError              **error);

G_END_DECLS
