/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/sync/lock-guard.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_LIMITER:
 *
 * The #GType of #AiodriveLimiter.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_LIMITER (aiodrive_limiter_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveLimiter, aiodrive_limiter, AIODRIVE, LIMITER, GObject)

AIODRIVE_PUBLIC
AiodriveLimiter   *aiodrive_limiter_new            (guint                 capacity);
AIODRIVE_PUBLIC
guint              aiodrive_limiter_get_capacity   (AiodriveLimiter      *self);
AIODRIVE_PUBLIC
void               aiodrive_limiter_set_capacity   (AiodriveLimiter      *self,
                                                    guint                 capacity);

AIODRIVE_PUBLIC
void               aiodrive_limiter_acquire_async  (AiodriveLimiter      *self,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
AIODRIVE_PUBLIC
AiodriveLockGuard *aiodrive_limiter_acquire_finish (AiodriveLimiter      *self,
                                                    GAsyncResult         *result,
                                                    GError              **error);
AIODRIVE_PUBLIC
AiodriveLockGuard *aiodrive_limiter_acquire        (AiodriveLimiter      *self,
                                                    GCancellable         *cancellable,
                                                    GError              **error) G_GNUC_WARN_UNUSED_RESULT;
AIODRIVE_PUBLIC
AiodriveLockGuard *aiodrive_limiter_try_acquire    (AiodriveLimiter      *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
