/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/group/task-info.h"

G_BEGIN_DECLS

AiodriveTaskInfo *aiodrive_task_info_show         (GTask            *task);
void              aiodrive_task_info_set_running  (AiodriveTaskInfo *self,
                                                   gint64            since);
void              aiodrive_task_info_set_progress (AiodriveTaskInfo *self,
                                                   double            progress);
void              aiodrive_task_info_set_ended    (AiodriveTaskInfo *self,
                                                   const GError     *error);

G_END_DECLS
