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
 * @parent: (nullable): a #GCancellable, what cancels the task
 * @...: an asynchronous function in the style of GIO, and its arguments, if it has any, without the last three: the
 *   cancellable, the callback and its data
 *
 * Starts an asynchronous function as a task. It suits every function whose parameters end in a #GCancellable, a
 * #GAsyncReadyCallback and its data; write a job for aiodrive_spawn() for any other. The task is named after the
 * function.
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
 * In the end take the #GAsyncResult for the function's own finish function with aiodrive_task_propagate_result().
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
#define AIODRIVE_START(parent, ...) \
  _AIODRIVE_BY_ARGUMENTS (_AIODRIVE_START_WITH, _AIODRIVE_START_PLAIN, __VA_ARGS__) (parent, __VA_ARGS__)

/**
 * AIODRIVE_START_WITH_PROGRESS:
 * @parent: (nullable): a #GCancellable, what cancels the task
 * @progress_callback: (nullable): the progress callback
 * @progress_data: data for @progress_callback
 * @...: an asynchronous function that reports its progress, and its arguments without the last five
 *
 * As AIODRIVE_START(), for functions that take a progress callback and its data after the cancellable, as
 * g_file_copy_async() does.
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
#define AIODRIVE_START_WITH_PROGRESS(parent, progress_callback, progress_data, ...)                                \
  _AIODRIVE_BY_ARGUMENTS (_AIODRIVE_PROGRESS_WITH, _AIODRIVE_PROGRESS_PLAIN, __VA_ARGS__)                          \
    (parent, progress_callback, progress_data, __VA_ARGS__)

/* @with for a function and arguments, @plain for a function alone: ISO C has no empty list of variable arguments. */
#define _AIODRIVE_BY_ARGUMENTS(with, plain, ...)                                                                   \
  _AIODRIVE_NINETEENTH (__VA_ARGS__, with, with, with, with, with, with, with, with, with, with, with, with, with, \
                        with, with, with, with, plain, none)
#define _AIODRIVE_NINETEENTH(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, chosen, ...) chosen

#define _AIODRIVE_STARTED(parent, async_func, call)                                                                \
  __extension__ ({                                                                                                 \
    GTask *_aiodrive_task = aiodrive_task_new (parent);                                                            \
    g_task_set_name (_aiodrive_task, #async_func);                                                                 \
    call;                                                                                                          \
    _aiodrive_task;                                                                                                \
  })
#define _AIODRIVE_START_WITH(parent, async_func, ...)                                                              \
  _AIODRIVE_STARTED (parent, async_func,                                                                           \
                     async_func (__VA_ARGS__, g_task_get_cancellable (_aiodrive_task), aiodrive_task_complete,     \
                                 g_object_ref (_aiodrive_task)))
#define _AIODRIVE_START_PLAIN(parent, async_func)                                                                  \
  _AIODRIVE_STARTED (parent, async_func,                                                                           \
                     async_func (g_task_get_cancellable (_aiodrive_task), aiodrive_task_complete,                  \
                                 g_object_ref (_aiodrive_task)))
#define _AIODRIVE_PROGRESS_WITH(parent, progress_callback, progress_data, async_func, ...)                         \
  _AIODRIVE_STARTED (parent, async_func,                                                                           \
                     async_func (__VA_ARGS__, g_task_get_cancellable (_aiodrive_task), progress_callback,          \
                                 progress_data, aiodrive_task_complete, g_object_ref (_aiodrive_task)))
#define _AIODRIVE_PROGRESS_PLAIN(parent, progress_callback, progress_data, async_func)                             \
  _AIODRIVE_STARTED (parent, async_func,                                                                           \
                     async_func (g_task_get_cancellable (_aiodrive_task), progress_callback, progress_data,        \
                                 aiodrive_task_complete, g_object_ref (_aiodrive_task)))

G_END_DECLS
