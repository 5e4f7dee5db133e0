/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_BACKGROUND_EXECUTOR:
 *
 * The #GType of #AiodriveBackgroundExecutor.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_BACKGROUND_EXECUTOR (aiodrive_background_executor_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveBackgroundExecutor, aiodrive_background_executor, AIODRIVE, BACKGROUND_EXECUTOR, GObject)

AIODRIVE_PUBLIC
AiodriveBackgroundExecutor *aiodrive_background_executor_new         (const char                  *name);

AIODRIVE_PUBLIC
const char                 *aiodrive_background_executor_get_name    (AiodriveBackgroundExecutor  *self);
AIODRIVE_PUBLIC
gboolean                    aiodrive_background_executor_is_running  (AiodriveBackgroundExecutor  *self);
AIODRIVE_PUBLIC
GMainContext               *aiodrive_background_executor_ref_context (AiodriveBackgroundExecutor  *self);

AIODRIVE_PUBLIC
void                        aiodrive_background_executor_spawn       (AiodriveBackgroundExecutor  *self,
                                                                      GTask                      **task,
                                                                      GCancellable                *parent,
                                                                      AiodriveJobFunc              func,
                                                                      gpointer                     user_data,
                                                                      GDestroyNotify               user_data_destroy);

AIODRIVE_PUBLIC
gboolean                    aiodrive_background_executor_start       (AiodriveBackgroundExecutor  *self,
                                                                      GError                     **error);
AIODRIVE_PUBLIC
void                        aiodrive_background_executor_stop_async  (AiodriveBackgroundExecutor  *self,
                                                                      GCancellable                *cancellable,
                                                                      GAsyncReadyCallback          callback,
                                                                      gpointer                     user_data);
AIODRIVE_PUBLIC
gboolean                    aiodrive_background_executor_stop_finish (AiodriveBackgroundExecutor  *self,
                                                                      GAsyncResult                *result,
                                                                      GError                     **error);
AIODRIVE_PUBLIC
gboolean                    aiodrive_background_executor_stop        (AiodriveBackgroundExecutor  *self,
                                                                      GCancellable                *cancellable,
                                                                      GError                     **error);

G_END_DECLS
