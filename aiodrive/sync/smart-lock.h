/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/sync/lock-guard.h"

G_BEGIN_DECLS

/**
 * AiodriveLockMode:
 * @AIODRIVE_LOCK_MODE_EXCLUSIVE: a single holder
 * @AIODRIVE_LOCK_MODE_SHARED: any number of holders in this mode
 * @AIODRIVE_LOCK_MODE_THREAD_SHARED: any number of holders in this mode that acquired it in the same thread
 * @AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE: a single holder, which is preempted as soon as another caller asks for the lock
 *
 * Which holders may share an #AiodriveSmartLock.
 *
 * Since: 1.0
 */
typedef enum
{
  AIODRIVE_LOCK_MODE_EXCLUSIVE,
  AIODRIVE_LOCK_MODE_SHARED,
  AIODRIVE_LOCK_MODE_THREAD_SHARED,
  AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE,
} AiodriveLockMode;

/**
 * AIODRIVE_TYPE_LOCK_MODE:
 *
 * The #GType of #AiodriveLockMode.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_LOCK_MODE (aiodrive_lock_mode_get_type ())

/**
 * AIODRIVE_TYPE_SMART_LOCK:
 *
 * The #GType of #AiodriveSmartLock.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_SMART_LOCK (aiodrive_smart_lock_get_type ())

AIODRIVE_PUBLIC
GType              aiodrive_lock_mode_get_type       (void);

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveSmartLock, aiodrive_smart_lock, AIODRIVE, SMART_LOCK, GObject)

AIODRIVE_PUBLIC
AiodriveSmartLock *aiodrive_smart_lock_new            (void);

AIODRIVE_PUBLIC
void               aiodrive_smart_lock_acquire_async  (AiodriveSmartLock    *self,
                                                       AiodriveLockMode      mode,
                                                       gint                  priority,
                                                       GCancellable         *cancellable,
                                                       GAsyncReadyCallback   callback,
                                                       gpointer              user_data);
AIODRIVE_PUBLIC
AiodriveLockGuard *aiodrive_smart_lock_acquire_finish (AiodriveSmartLock    *self,
                                                       GAsyncResult         *result,
                                                       GError              **error);
AIODRIVE_PUBLIC
AiodriveLockGuard *aiodrive_smart_lock_acquire        (AiodriveSmartLock    *self,
                                                       AiodriveLockMode      mode,
                                                       gint                  priority,
                                                       GCancellable         *cancellable,
                                                       GError              **error) G_GNUC_WARN_UNUSED_RESULT;
AIODRIVE_PUBLIC
AiodriveLockGuard *aiodrive_smart_lock_try_acquire    (AiodriveSmartLock    *self,
                                                       AiodriveLockMode      mode,
                                                       GError              **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
