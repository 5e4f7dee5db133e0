/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-scope.h"
#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

/**
 * AiodriveTaskGroupFlags:
 * @AIODRIVE_TASK_GROUP_FLAGS_NONE: the first failure cancels the other tasks, and closing the group raises it
 * @AIODRIVE_TASK_GROUP_FLAGS_SUPERVISOR: a failure is reported with #AiodriveTaskGroup::task-failed; nothing else
 *   happens, and closing the group succeeds
 *
 * How a group treats its tasks.
 *
 * Since: 1.0
 */
typedef enum
{
  AIODRIVE_TASK_GROUP_FLAGS_NONE = 0,
  AIODRIVE_TASK_GROUP_FLAGS_SUPERVISOR = 1 << 0
} AiodriveTaskGroupFlags;

/**
 * AiodriveTaskGroupSpawnFlags:
 * @AIODRIVE_TASK_GROUP_SPAWN_FLAGS_NONE: the group waits for the task
 * @AIODRIVE_TASK_GROUP_SPAWN_FLAGS_HELPER: the task is cancelled when the group is closed and the others have ended
 *
 * How a group treats one task.
 *
 * Since: 1.0
 */
typedef enum
{
  AIODRIVE_TASK_GROUP_SPAWN_FLAGS_NONE = 0,
  AIODRIVE_TASK_GROUP_SPAWN_FLAGS_HELPER = 1 << 0
} AiodriveTaskGroupSpawnFlags;

/**
 * AIODRIVE_TYPE_TASK_GROUP_FLAGS:
 *
 * The #GType of #AiodriveTaskGroupFlags.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_TASK_GROUP_FLAGS (aiodrive_task_group_flags_get_type ())

/**
 * AIODRIVE_TYPE_TASK_GROUP_SPAWN_FLAGS:
 *
 * The #GType of #AiodriveTaskGroupSpawnFlags.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_TASK_GROUP_SPAWN_FLAGS (aiodrive_task_group_spawn_flags_get_type ())

AIODRIVE_PUBLIC
GType                aiodrive_task_group_flags_get_type       (void);
AIODRIVE_PUBLIC
GType                aiodrive_task_group_spawn_flags_get_type (void);

/**
 * AIODRIVE_TYPE_TASK_GROUP:
 *
 * The #GType of #AiodriveTaskGroup.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_TASK_GROUP (aiodrive_task_group_get_type ())

AIODRIVE_PUBLIC
_AIODRIVE_G_DECLARE_INTERNAL_TYPE (AiodriveTaskGroup, aiodrive_task_group, AIODRIVE, TASK_GROUP, GObject)

AIODRIVE_PUBLIC
AiodriveTaskGroup   *aiodrive_task_group_new          (GCancellable         *parent);
AIODRIVE_PUBLIC
AiodriveTaskGroup   *aiodrive_task_group_new_with_flags (GCancellable         *parent,
                                                       AiodriveTaskGroupFlags flags);
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
void                 aiodrive_task_group_spawn_with_flags (AiodriveTaskGroup           *self,
                                                       AiodriveTaskGroupSpawnFlags  flags,
                                                       GTask                      **task,
                                                       AiodriveJobFunc              func,
                                                       gpointer                     user_data,
                                                       GDestroyNotify               user_data_destroy);
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
