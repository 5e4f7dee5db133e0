/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
GTask *aiodrive_task_new      (GCancellable *parent) G_GNUC_WARN_UNUSED_RESULT;

AIODRIVE_PUBLIC
void   aiodrive_task_complete (GObject      *source,
                               GAsyncResult *result,
                               gpointer      task);

/**
 * AIODRIVE_START:
 * @parent: (nullable): a cancellable that also cancels the task
 * @async_func: a GIO-style asynchronous function
 * @...: its arguments, without the last three: the cancellable, the callback and its data
 *
 * Starts an asynchronous function as a task. It fits every function whose parameters end in a #GCancellable, a
 * #GAsyncReadyCallback and its data. For any other function write a job for aiodrive_spawn().
 *
 * |[<!-- language="C" -->
 * g_autoptr(GTask) task = AIODRIVE_START (NULL, g_file_query_info_async, file, "standard::*",
 *                                         G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT);
 * g_autoptr(GAsyncResult) result = NULL;
 * g_autoptr(GFileInfo) info = NULL;
 *
 * aiodrive_run (task);
 * result = aiodrive_task_propagate_result (task, &error);
 * if (result != NULL)
 *   info = g_file_query_info_finish (file, result, &error);
 * ]|
 *
 * When the task has completed, get the #GAsyncResult for the function's own finish function with
 * aiodrive_task_propagate_result().
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
#define AIODRIVE_START(parent, async_func, ...)                                         \
  __extension__ ({                                                                      \
    GTask *_aiodrive_task = aiodrive_task_new ((GCancellable *) (parent));              \
    async_func (__VA_ARGS__, g_task_get_cancellable (_aiodrive_task),                   \
                aiodrive_task_complete, g_object_ref (_aiodrive_task));                 \
    _aiodrive_task;                                                                     \
  })

G_END_DECLS
