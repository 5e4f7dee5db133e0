/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/dispatcher-private.h"
#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

/* What is called in the other context with the new task there, which has its job. FALSE: the job is not to begin now;
 * it has returned the task, or begins the job later. */
typedef gboolean (*AiodriveProxyTaskAccept) (GTask    *task,
                                             gpointer  data);

/* Spawns a job in the context of @dispatcher. The task that is returned belongs to the context that is thread-default
 * here, and stands for the one there, whose scope is below its own. If there is a @name both have it. */
GTask *aiodrive_proxy_task_spawn (AiodriveDispatcher      *dispatcher,
                                  GMainContext            *context,
                                  GCancellable            *parent,
                                  const char              *name,
                                  AiodriveJobFunc          func,
                                  gpointer                 user_data,
                                  GDestroyNotify           user_data_destroy,
                                  AiodriveProxyTaskAccept  accept,
                                  gpointer                 accept_data,
                                  GDestroyNotify           accept_data_destroy);

G_END_DECLS
