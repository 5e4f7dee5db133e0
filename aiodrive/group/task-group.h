/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-scope.h"
#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_TASK_GROUP:
 *
 * The #GType of #AiodriveTaskGroup.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_TASK_GROUP (aiodrive_task_group_get_type ())

AIODRIVE_PUBLIC
AIODRIVE_DECLARE_INTERNAL_TYPE (AiodriveTaskGroup, aiodrive_task_group, AIODRIVE, TASK_GROUP, GObject)

AIODRIVE_PUBLIC
AiodriveTaskGroup   *aiodrive_task_group_new          (GCancellable         *parent);
AIODRIVE_PUBLIC
AiodriveCancelScope *aiodrive_task_group_get_scope    (AiodriveTaskGroup    *self);
AIODRIVE_PUBLIC
guint                aiodrive_task_group_get_n_tasks  (AiodriveTaskGroup    *self);
AIODRIVE_PUBLIC
gboolean             aiodrive_task_group_is_closed    (AiodriveTaskGroup    *self);

AIODRIVE_PUBLIC
GListModel          *aiodrive_task_group_get_tasks    (AiodriveTaskGroup    *self);

AIODRIVE_PUBLIC
void                 aiodrive_task_group_spawn        (AiodriveTaskGroup    *self,
                                                       GTask               **task,
                                                       AiodriveJobFunc       func,
                                                       gpointer              user_data,
                                                       GDestroyNotify        user_data_destroy);
AIODRIVE_PUBLIC
gboolean             aiodrive_task_group_add          (AiodriveTaskGroup    *self,
                                                       GTask                *task,
                                                       GError              **error);
AIODRIVE_PUBLIC
void                 aiodrive_task_group_cancel       (AiodriveTaskGroup    *self);

AIODRIVE_PUBLIC
void                 aiodrive_task_group_close_async  (AiodriveTaskGroup    *self,
                                                       GCancellable         *cancellable,
                                                       GAsyncReadyCallback   callback,
                                                       gpointer              user_data);
AIODRIVE_PUBLIC
gboolean             aiodrive_task_group_close_finish (AiodriveTaskGroup    *self,
                                                       GAsyncResult         *result,
                                                       GError              **error);

G_END_DECLS
