/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_THREAD_SAFE_FUTURE:
 *
 * The #GType of #AiodriveThreadSafeFuture.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_THREAD_SAFE_FUTURE (aiodrive_thread_safe_future_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveThreadSafeFuture, aiodrive_thread_safe_future, AIODRIVE, THREAD_SAFE_FUTURE, GObject)

AIODRIVE_PUBLIC
AiodriveThreadSafeFuture *aiodrive_thread_safe_future_new         (void);
AIODRIVE_PUBLIC
gboolean                  aiodrive_thread_safe_future_set_value   (AiodriveThreadSafeFuture  *self,
                                                                   const GValue              *value,
                                                                   GError                   **error);
AIODRIVE_PUBLIC
gboolean                  aiodrive_thread_safe_future_set_error   (AiodriveThreadSafeFuture  *self,
                                                                   const GError              *cause,
                                                                   GError                   **error);
AIODRIVE_PUBLIC
gboolean                  aiodrive_thread_safe_future_cancel      (AiodriveThreadSafeFuture  *self,
                                                                   GError                   **error);
AIODRIVE_PUBLIC
gboolean                  aiodrive_thread_safe_future_is_done     (AiodriveThreadSafeFuture  *self);

AIODRIVE_PUBLIC
void                      aiodrive_thread_safe_future_wait_async  (AiodriveThreadSafeFuture  *self,
                                                                   GCancellable              *cancellable,
                                                                   GAsyncReadyCallback        callback,
                                                                   gpointer                   user_data);
AIODRIVE_PUBLIC
void                      aiodrive_thread_safe_future_wait_finish (AiodriveThreadSafeFuture  *self,
                                                                   GAsyncResult              *result,
                                                                   GValue                    *value,
                                                                   GError                   **error);
AIODRIVE_PUBLIC
void                      aiodrive_thread_safe_future_wait        (AiodriveThreadSafeFuture  *self,
                                                                   GCancellable              *cancellable,
                                                                   GValue                    *value,
                                                                   GError                   **error);

G_END_DECLS
