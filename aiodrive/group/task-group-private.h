/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/group/group-core-private.h"
#include "aiodrive/group/task-group.h"

G_BEGIN_DECLS

struct _AiodriveTaskGroup
{
  GObject parent_instance;
};

struct _AiodriveTaskGroupClass
{
  GObjectClass parent_class;

  void       (*closing) (AiodriveTaskGroup *self);   /* nullable: before it waits for its tasks */
  void       (*made)    (AiodriveTaskGroup *self);   /* nullable: when it has its core, and nobody has found it */
  GTask     *(*do_spawn) (AiodriveTaskGroup   *self,   /* nullable, as is the next */
                          AiodriveJobFunc      func,
                          gpointer             user_data,
                          GDestroyNotify       user_data_destroy);
  void       (*do_close) (AiodriveTaskGroup   *self,   /* in the context of the group: returns @task some time */
                          GTask               *task);
};

#define AIODRIVE_TASK_GROUP_GET_CLASS(self) ((AiodriveTaskGroupClass *) G_OBJECT_GET_CLASS (self))

AiodriveGroupCore *aiodrive_task_group_get_core (AiodriveTaskGroup *self);

G_END_DECLS
