/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

/**
 * AiodriveFiberFunc: (skip)
 * @scope: (nullable): cancels the fiber; pass it to every call that the fiber makes
 * @data: the data given with the function
 * @result: return location for the result, empty so far; see aiodrive_return_boolean() and its siblings
 * @error: return location for an error
 *
 * The function of a fiber. It reads like a synchronous function, and suspends where it waits.
 *
 * Returns: %TRUE, with or without a @result; %FALSE with @error set
 *
 * Since: 1.0
 */
typedef gboolean (*AiodriveFiberFunc) (GCancellable  *scope,
                                       gpointer       data,
                                       GValue        *result,
                                       GError       **error);

/**
 * AiodriveMapFiberFunc: (skip)
 * @scope: (not nullable): cancels the fiber; pass it to every call that the fiber makes
 * @item: the item to work on; it stays alive until the fiber has completed
 * @data: the data that was given with the function
 * @result: return location for the result, empty so far; see aiodrive_return_boolean() and its siblings
 * @error: return location for an error
 *
 * The function of a fiber for an item of aiodrive_map().
 *
 * Returns: %TRUE, with or without a @result; %FALSE with @error set
 *
 * Since: 1.0
 */
typedef gboolean (*AiodriveMapFiberFunc) (GCancellable  *scope,
                                          const GValue  *item,
                                          gpointer       data,
                                          GValue        *result,
                                          GError       **error);

AIODRIVE_PUBLIC
GTask        *aiodrive_spawn_fiber          (GCancellable      *parent,
                                             AiodriveFiberFunc  func,
                                             gpointer           data,
                                             GDestroyNotify     data_destroy) G_GNUC_WARN_UNUSED_RESULT;

AIODRIVE_PUBLIC
void          aiodrive_task_run_in_fiber    (GTask             *task,
                                             AiodriveFiberFunc  func);

/**
 * AIODRIVE_FIBER:
 * @func: an #AiodriveFiberFunc
 * @data: data for @func
 * @data_destroy: (nullable): frees @data
 *
 * Stands for the last three arguments of a call that takes an #AiodriveJobFunc, its data and a destroy notify. The task
 * is named after @func, and holds the result as a #GValue:
 * `aiodrive_task_group_spawn (group, NULL, AIODRIVE_FIBER (load_newest, g_object_ref (file), g_object_unref))`.
 *
 * Since: 1.0
 */
#define AIODRIVE_FIBER(func, data, data_destroy) \
  aiodrive_fiber_job, aiodrive_fiber_data_new ((func), #func, (data), (data_destroy)), aiodrive_fiber_data_free

/**
 * AIODRIVE_MAP_FIBER:
 * @func: an #AiodriveMapFiberFunc
 * @data: data for @func
 * @data_destroy: (nullable): frees @data
 *
 * Stands for the last three arguments of aiodrive_map(): each item has a fiber of its own. The tasks are named after
 * @func.
 *
 * Since: 1.0
 */
#define AIODRIVE_MAP_FIBER(func, data, data_destroy) \
  aiodrive_fiber_map_job, aiodrive_fiber_map_data_new ((func), #func, (data), (data_destroy)), aiodrive_fiber_data_free

#define aiodrive_spawn_fiber(parent, func, data, data_destroy) \
  aiodrive_spawn ((parent), AIODRIVE_FIBER (func, data, data_destroy))

AIODRIVE_PUBLIC
void          aiodrive_fiber_job            (GTask             *task,
                                             GCancellable      *cancellable,
                                             gpointer           fiber_data);
AIODRIVE_PUBLIC
gpointer      aiodrive_fiber_data_new       (AiodriveFiberFunc  func,
                                             const char        *name,
                                             gpointer           data,
                                             GDestroyNotify     data_destroy);
AIODRIVE_PUBLIC
void          aiodrive_fiber_map_job        (GTask             *task,
                                             GCancellable      *cancellable,
                                             const GValue      *item,
                                             gpointer           fiber_data);
AIODRIVE_PUBLIC
gpointer      aiodrive_fiber_map_data_new   (AiodriveMapFiberFunc  func,
                                             const char           *name,
                                             gpointer              data,
                                             GDestroyNotify        data_destroy);
AIODRIVE_PUBLIC
void          aiodrive_fiber_data_free      (gpointer           fiber_data);

AIODRIVE_PUBLIC
GCancellable *aiodrive_fiber_get_scope      (void);
AIODRIVE_PUBLIC
GTask        *aiodrive_fiber_get_task       (void);
AIODRIVE_PUBLIC
void          aiodrive_fiber_call_outside   (GSourceOnceFunc    func,
                                             gpointer           data);
AIODRIVE_PUBLIC
void          aiodrive_fiber_set_stack_size (gsize              size);

/**
 * AIODRIVE_AWAIT:
 * @async_func: a GIO-style asynchronous function
 * @...: its arguments, without the last three: the cancellable, the callback and its data
 *
 * Calls an asynchronous function in a fiber, and suspends the fiber until the callback runs. It fits every function
 * whose parameters end in a #GCancellable, a #GAsyncReadyCallback and its data. The cancellable is the scope of the
 * fiber.
 *
 * In a fiber the result is never %NULL, so it can be an argument of the finish function:
 * `g_file_load_bytes_finish (file, AIODRIVE_AWAIT (g_file_load_bytes_async, file), NULL, error)`.
 *
 * Outside a fiber the function is not called, and a critical warning is logged.
 *
 * Returns: (transfer none): the #GAsyncResult, which lives until the fiber awaits again
 *
 * Since: 1.0
 */
#define AIODRIVE_AWAIT(async_func, ...) \
  AIODRIVE_AWAIT_IN (aiodrive_fiber_get_scope (), async_func, __VA_ARGS__)

/**
 * AIODRIVE_AWAIT_IN:
 * @cancellable: (nullable): the cancellable of the call, instead of the scope of the fiber
 * @async_func: a GIO-style asynchronous function
 * @...: its arguments, without the last three
 *
 * As AIODRIVE_AWAIT(), with a cancellable of the caller's choice.
 *
 * Since: 1.0
 */
#define AIODRIVE_AWAIT_IN(cancellable, async_func, ...)                                                            \
  (aiodrive_await_begin (G_STRLOC)                                                                                 \
     ? (async_func (__VA_ARGS__, (cancellable), aiodrive_await_ready, aiodrive_await_get_fiber ()),                \
        aiodrive_await_end ())                                                                                     \
     : NULL)

/**
 * AIODRIVE_AWAIT_WITH_PROGRESS:
 * @async_func: a GIO-style asynchronous function that reports its progress
 * @progress_callback: (nullable): its progress callback
 * @progress_data: data for @progress_callback
 * @...: its arguments, without the last five
 *
 * As AIODRIVE_AWAIT(), for functions that take a progress callback and its data after the cancellable, as
 * g_file_copy_async() does. The progress callback runs outside the fiber.
 *
 * Since: 1.0
 */
#define AIODRIVE_AWAIT_WITH_PROGRESS(async_func, progress_callback, progress_data, ...)                            \
  AIODRIVE_AWAIT_WITH_PROGRESS_IN (aiodrive_fiber_get_scope (), async_func, progress_callback, progress_data,      \
                                   __VA_ARGS__)

/**
 * AIODRIVE_AWAIT_WITH_PROGRESS_IN:
 * @cancellable: (nullable): the cancellable of the call, instead of the scope of the fiber
 * @async_func: a GIO-style asynchronous function that reports its progress
 * @progress_callback: (nullable): its progress callback
 * @progress_data: data for @progress_callback
 * @...: its arguments, without the last five
 *
 * As AIODRIVE_AWAIT_WITH_PROGRESS(), with a cancellable of the caller's choice.
 *
 * Since: 1.0
 */
#define AIODRIVE_AWAIT_WITH_PROGRESS_IN(cancellable, async_func, progress_callback, progress_data, ...)            \
  (aiodrive_await_begin (G_STRLOC)                                                                                 \
     ? (async_func (__VA_ARGS__, (cancellable), (progress_callback), (progress_data), aiodrive_await_ready,        \
                    aiodrive_await_get_fiber ()),                                                                  \
        aiodrive_await_end ())                                                                                     \
     : NULL)

AIODRIVE_PUBLIC
gboolean      aiodrive_await_begin          (const char        *where);
AIODRIVE_PUBLIC
gpointer      aiodrive_await_get_fiber      (void);
AIODRIVE_PUBLIC
void          aiodrive_await_ready          (GObject           *source_object,
                                             GAsyncResult      *result,
                                             gpointer           fiber);
AIODRIVE_PUBLIC
GAsyncResult *aiodrive_await_end            (void);

AIODRIVE_PUBLIC
gboolean      aiodrive_await                (GTask             *task,
                                             GError           **error);
AIODRIVE_PUBLIC
gboolean      aiodrive_await_boolean        (GTask             *task,
                                             GError           **error);
AIODRIVE_PUBLIC
gint64        aiodrive_await_int            (GTask             *task,
                                             GError           **error);
AIODRIVE_PUBLIC
gpointer      aiodrive_await_pointer        (GTask             *task,
                                             GError           **error);
AIODRIVE_PUBLIC
gpointer      aiodrive_await_object         (GTask             *task,
                                             GError           **error);
AIODRIVE_PUBLIC
char         *aiodrive_await_string         (GTask             *task,
                                             GError           **error);
AIODRIVE_PUBLIC
gpointer      aiodrive_await_boxed          (GTask             *task,
                                             GError           **error);

AIODRIVE_PUBLIC
gboolean      aiodrive_return_boolean       (GValue            *result,
                                             gboolean           value);
AIODRIVE_PUBLIC
gboolean      aiodrive_return_int           (GValue            *result,
                                             gint64             value);
AIODRIVE_PUBLIC
gboolean      aiodrive_return_string        (GValue            *result,
                                             char              *value);
AIODRIVE_PUBLIC
gboolean      aiodrive_return_object        (GValue            *result,
                                             gpointer           value);
AIODRIVE_PUBLIC
gboolean      aiodrive_return_boxed         (GValue            *result,
                                             GType              type,
                                             gpointer           value);

/**
 * AIODRIVE_RETURN_ERROR_IF_FAIL:
 * @condition: the precondition
 * @error: return location for an error
 *
 * Returns %FALSE with %G_IO_ERROR_INVALID_ARGUMENT and a critical warning unless @condition holds:
 * g_return_val_if_fail() for functions that end in a #GError.
 *
 * Since: 1.0
 */
#define AIODRIVE_RETURN_ERROR_IF_FAIL(condition, error)                             \
  G_STMT_START                                                                      \
    {                                                                               \
      if (!G_LIKELY (condition))                                                    \
        return aiodrive_return_failed (G_LOG_DOMAIN, G_STRFUNC, #condition, error); \
    }                                                                               \
  G_STMT_END

AIODRIVE_PUBLIC
gboolean      aiodrive_return_failed        (const char        *domain,
                                             const char        *function,
                                             const char        *condition,
                                             GError           **error);

G_END_DECLS
