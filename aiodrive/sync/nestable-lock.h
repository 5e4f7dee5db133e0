/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/sync/lock-guard.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_NESTABLE_LOCK:
 *
 * The #GType of #AiodriveNestableLock.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_NESTABLE_LOCK (aiodrive_nestable_lock_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveNestableLock, aiodrive_nestable_lock, AIODRIVE, NESTABLE_LOCK, GObject)

AIODRIVE_PUBLIC
AiodriveNestableLock *aiodrive_nestable_lock_new            (void);
AIODRIVE_PUBLIC
void                  aiodrive_nestable_lock_acquire_async  (AiodriveNestableLock  *self,
                                                             GCancellable          *cancellable,
                                                             GAsyncReadyCallback    callback,
                                                             gpointer               user_data);
AIODRIVE_PUBLIC
AiodriveLockGuard    *aiodrive_nestable_lock_acquire_finish (AiodriveNestableLock  *self,
                                                             GAsyncResult          *result,
                                                             GError               **error);

G_END_DECLS
