/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/group/group-core-private.h"
#include "aiodrive/group/task-group.h"

G_BEGIN_DECLS

AiodriveGroupCore *aiodrive_task_group_get_core (AiodriveTaskGroup *self);

G_END_DECLS
