/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/wait-private.h"
#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

/* What an executor is behind its object, which may be dropped while its thread runs. */
typedef struct _AiodriveExecutorCore AiodriveExecutorCore;

AiodriveExecutorCore *aiodrive_executor_core_new         (GObject               *object,
                                                          const char            *name);
void                  aiodrive_executor_core_unref       (AiodriveExecutorCore  *self);

const char           *aiodrive_executor_core_get_name    (AiodriveExecutorCore  *self);
gboolean              aiodrive_executor_core_is_running  (AiodriveExecutorCore  *self);
GMainContext         *aiodrive_executor_core_get_context (AiodriveExecutorCore  *self);
gboolean              aiodrive_executor_core_is_here     (AiodriveExecutorCore  *self);

GTask                *aiodrive_executor_core_spawn       (AiodriveExecutorCore  *self,
                                                          GCancellable          *parent,
                                                          AiodriveJobFunc        func,
                                                          gpointer               user_data,
                                                          GDestroyNotify         user_data_destroy);
gboolean              aiodrive_executor_core_start       (AiodriveExecutorCore  *self,
                                                          GError               **error);

/* Both in another thread than that of the executor; the second with a wait that is returned by the third. */
gboolean              aiodrive_executor_core_stop        (AiodriveExecutorCore  *self,
                                                          GCancellable          *cancellable,
                                                          GError               **error);
void                  aiodrive_executor_core_stop_async  (AiodriveExecutorCore  *self,
                                                          AiodriveWait          *wait);
void                  aiodrive_executor_core_return_stopped (GTask              *task,
                                                          gpointer               run);
/* The object goes away: lets everything end by itself. Gives how many tasks it cancels. */
guint                 aiodrive_executor_core_abandon     (AiodriveExecutorCore  *self);

G_END_DECLS
