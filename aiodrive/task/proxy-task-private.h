/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/dispatcher-private.h"
#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

/* Called in the target context with the new task there, which has its job. Returns FALSE if the job must not start now:
 * the function has returned the task, or starts the job later. */
typedef gboolean (*AiodriveProxyTaskAccept) (GTask    *task,
                                             gpointer  data);

/* Spawns a job in the context of @dispatcher. The returned task belongs to the caller's thread-default context. It
 * stands for the task there, whose scope is below its own. If @name is set both tasks get it. */
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
