/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/group/task-info.h"

G_BEGIN_DECLS

/* The tasks of a group, for a list view: a GListModel of AiodriveTaskInfo. */
#define AIODRIVE_TYPE_TASK_LIST (aiodrive_task_list_get_type ())
G_DECLARE_FINAL_TYPE (AiodriveTaskList, aiodrive_task_list, AIODRIVE, TASK_LIST, GObject)

AiodriveTaskList *aiodrive_task_list_new    (void);
GSequenceIter    *aiodrive_task_list_append (AiodriveTaskList *self,
                                             AiodriveTaskInfo *info);
void              aiodrive_task_list_remove (AiodriveTaskList *self,
                                             GSequenceIter    *place);

G_END_DECLS
