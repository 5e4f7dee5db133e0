/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/wait-private.h"
#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

/* The state of an executor, separate from its object, which may be dropped while its thread runs. */
typedef struct _AiodriveExecutorCore AiodriveExecutorCore;

/* If @object is set, its "running" is notified. @keeps: a thread runs until it is stopped. */
AiodriveExecutorCore *aiodrive_executor_core_new         (GObject              *object,
                                                          const char           *name,
                                                          gboolean              keeps);
AiodriveExecutorCore *aiodrive_executor_core_ref         (AiodriveExecutorCore *self);
void                  aiodrive_executor_core_unref       (AiodriveExecutorCore *self);

const char           *aiodrive_executor_core_get_name    (AiodriveExecutorCore *self);
gboolean              aiodrive_executor_core_is_running  (AiodriveExecutorCore *self);
GMainContext         *aiodrive_executor_core_get_context (AiodriveExecutorCore *self);

GTask                *aiodrive_executor_core_spawn       (AiodriveExecutorCore *self,
                                                          GCancellable         *parent,
                                                          AiodriveJobFunc       func,
                                                          gpointer              user_data,
                                                          GDestroyNotify        user_data_destroy);
gboolean              aiodrive_executor_core_start       (AiodriveExecutorCore *self,
                                                          GError              **error);
gboolean              aiodrive_executor_core_stop        (AiodriveExecutorCore *self,
                                                          GCancellable         *cancellable,
                                                          GError              **error);
/* The task that @callback gets holds a boolean. */
void                  aiodrive_executor_core_stop_async  (AiodriveExecutorCore *self,
                                                          gpointer              source_object,
                                                          GCancellable         *cancellable,
                                                          GAsyncReadyCallback   callback,
                                                          gpointer              user_data,
                                                          gpointer              source_tag);
/* Called when the owner is dropped: cancels the tasks, and lets the thread exit by itself. Returns how many tasks it
 * cancels. */
guint                 aiodrive_executor_core_abandon     (AiodriveExecutorCore *self);

G_END_DECLS
