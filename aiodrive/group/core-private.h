/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/wait-queue-private.h"
#include "aiodrive/error-private.h"
#include "aiodrive/group/task-list-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveGroupCore AiodriveGroupCore;

#define AIODRIVE_GROUP_ELSEWHERE "The group belongs to another main context"

/* What a group is behind its object, which may be dropped while tasks run. All but its scope belongs to one context. */
struct _AiodriveGroupCore
{
  gint                 ref_count;    /* atomic */
  GMainContext        *context;      /* owned; set once, as are the next three */
  AiodriveDispatcher  *dispatcher;   /* of context */
  GThread             *thread;       /* unowned: that has made the group */
  AiodriveCancelScope *scope;        /* owned */
  GWeakRef             object;       /* whose "n-tasks" and "closed" are notified */
  AiodriveCancelLink   link;         /* in scope */
  AiodriveEntry        cancelled;    /* posted when scope is cancelled */

  gint                 n_tasks;      /* atomic: members, and those that are on their way from other threads */
  gint                 closed;       /* atomic: written in the context */
  GQueue               members;      /* used in the context, as are the next ones */
  GHashTable          *cancellables; /* owned: of the members */
  AiodriveTaskList    *tasks;        /* owned; made when somebody asks for it */
  GQueue               closers;
  guint                n_spawned;
  AiodriveFailures     failures;
  GError              *outcome;      /* owned, nullable: once it is closed */
};

AiodriveGroupCore *aiodrive_group_core_new     (GObject             *object,
                                                GCancellable        *parent);
AiodriveGroupCore *aiodrive_group_core_ref     (AiodriveGroupCore   *self);
void               aiodrive_group_core_unref   (AiodriveGroupCore   *self);

gboolean           aiodrive_group_core_enter   (AiodriveGroupCore   *self);
void               aiodrive_group_core_leave   (AiodriveGroupCore   *self);
void               aiodrive_group_core_expect  (AiodriveGroupCore   *self);
gboolean           aiodrive_group_core_add     (AiodriveGroupCore   *self,
                                                GTask               *task);
GListModel        *aiodrive_group_core_get_tasks (AiodriveGroupCore *self);
GTask             *aiodrive_group_core_close   (AiodriveGroupCore   *self,
                                                GObject             *source_object,
                                                GCancellable        *cancellable,
                                                GAsyncReadyCallback  callback,
                                                gpointer             user_data,
                                                gpointer             source_tag);

G_END_DECLS
