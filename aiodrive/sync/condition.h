/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/sync/lock-guard.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_CONDITION:
 *
 * The #GType of #AiodriveCondition.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_CONDITION (aiodrive_condition_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveCondition, aiodrive_condition, AIODRIVE, CONDITION, GObject)

AIODRIVE_PUBLIC
AiodriveCondition *aiodrive_condition_new         (void);
AIODRIVE_PUBLIC
void               aiodrive_condition_signal      (AiodriveCondition    *self);
AIODRIVE_PUBLIC
void               aiodrive_condition_broadcast   (AiodriveCondition    *self);
AIODRIVE_PUBLIC
void               aiodrive_condition_wait_async  (AiodriveCondition    *self,
                                                   AiodriveLockGuard    *guard,
                                                   GCancellable         *cancellable,
                                                   GAsyncReadyCallback   callback,
                                                   gpointer              user_data);
AIODRIVE_PUBLIC
gboolean           aiodrive_condition_wait_finish (AiodriveCondition    *self,
                                                   GAsyncResult         *result,
                                                   GError              **error);

G_END_DECLS
