/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/group/task-group.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_AUTO_TERMINATED_TASK_GROUP:
 *
 * The #GType of #AiodriveAutoTerminatedTaskGroup.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_AUTO_TERMINATED_TASK_GROUP (aiodrive_auto_terminated_task_group_get_type ())

AIODRIVE_PUBLIC
_AIODRIVE_G_DECLARE_INTERNAL_TYPE (AiodriveAutoTerminatedTaskGroup, aiodrive_auto_terminated_task_group,
                      AIODRIVE, AUTO_TERMINATED_TASK_GROUP, AiodriveTaskGroup)

AIODRIVE_PUBLIC
AiodriveAutoTerminatedTaskGroup *aiodrive_auto_terminated_task_group_new (GCancellable *parent);

G_END_DECLS
