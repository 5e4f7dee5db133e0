/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/group/task-group.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_THREAD_TASK_GROUP:
 *
 * The #GType of #AiodriveThreadTaskGroup.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_THREAD_TASK_GROUP (aiodrive_thread_task_group_get_type ())

AIODRIVE_PUBLIC
_AIODRIVE_G_DECLARE_INTERNAL_TYPE (AiodriveThreadTaskGroup, aiodrive_thread_task_group, AIODRIVE, THREAD_TASK_GROUP,
                      AiodriveTaskGroup)

AIODRIVE_PUBLIC
AiodriveThreadTaskGroup *aiodrive_thread_task_group_new      (const char              *name,
                                                              GCancellable            *parent);
AIODRIVE_PUBLIC
const char              *aiodrive_thread_task_group_get_name (AiodriveThreadTaskGroup *self);

G_END_DECLS
