/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/fiber-private.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/stack-switch-private.h"
#include "aiodrive/task/record-private.h"

/* Fibers: functions that run on stacks of their own, in the main context of their task.
 *
 * Foreign code never runs on the stack of a fiber by our doing. A GTask that is returned calls back at once, and a
 * JavaScript engine that is called back on an unknown stack dies. Hence the function returns its result, its stack is
 * left, and the resumer returns the task. For the same reason a fiber starts from the main loop, never inside another
 * fiber. (/aiodrive/task/fiber/returned-outside, .../started-outside)
 *
 * A fiber is never cut off. It ends when its function returns, and sees a cancellation in what it awaits.
 *
 * One await at a time. What was awaited last is kept until the next result is there, so that it can be an argument of a
 * finish function, and of the next await. (.../nested-await) */

typedef struct
{
  AiodriveWorkItem      work;           /* first; starts it */
  AiodriveFiberFunc     func;           /* one of the two is set */
  AiodriveMapFiberFunc  map_func;
  const GValue         *item;           /* for map_func; stays until the task has ended */
  gpointer              data;           /* that of the task or of the job, which outlives the fiber */
  const char           *name;           /* static, or own_name */
  char                 *own_name;       /* owned, nullable */
  GTask                *task;           /* owned */
  AiodriveStack        *stack;
  gboolean              holds_value;    /* the task is ours, and gets a GValue */
  GAsyncResult         *awaited;        /* owned, nullable */
  gboolean              arrived;        /* awaited is that of this await */
  gboolean              waits;
  gboolean              succeeded;
  GValue                result;
  GError               *error;          /* owned, nullable */
} Fiber;

typedef struct
{
  AiodriveFiberFunc     func;           /* one of the two is set */
  AiodriveMapFiberFunc  map_func;
  const char           *name;           /* static */
  gpointer              data;
  GDestroyNotify        data_destroy;   /* nullable */
} FiberData;

static void
fiber_free (Fiber *self)
{
  if (G_IS_VALUE (&self->result))
    g_value_unset (&self->result);
  g_clear_error (&self->error);
  g_clear_object (&self->awaited);
  g_clear_object (&self->task);
  g_free (self->own_name);
  g_free (self);
}

static void
fiber_return_task (Fiber *self)
{
  if (!self->succeeded && self->error != NULL)
    g_task_return_error (self->task, g_steal_pointer (&self->error));
  else if (!self->succeeded)
    g_task_return_new_error (self->task, G_IO_ERROR, G_IO_ERROR_FAILED, "Fiber %s failed without an error",
                             self->name);
  else if (!self->holds_value)
    aiodrive_fiber_return_plain (self->task, &self->result);
  else if (G_IS_VALUE (&self->result))
    aiodrive_task_return_value (self->task, &self->result);
  else
    aiodrive_task_return_true (self->task);
}

static void
fiber_run (gpointer fiber)
{
  Fiber *self = fiber;
  GCancellable *scope = g_task_get_cancellable (self->task);

  self->succeeded = self->map_func != NULL
                      ? self->map_func (scope, self->item, self->data, &self->result, &self->error)
                      : self->func (scope, self->data, &self->result, &self->error);
}

/* Outside the stack, which is left for good. */
static void
fiber_ended (gpointer fiber)
{
  Fiber *self = fiber;

  aiodrive_stack_release (self->stack);
  g_clear_object (&self->awaited);
  fiber_return_task (self);
  fiber_free (self);
}

static void
fiber_start (AiodriveWorkItem *work)
{
  Fiber *self = (Fiber *) work;

  self->stack = aiodrive_stack_acquire (self->name, &self->error);
  if (self->stack == NULL)
    {
      fiber_return_task (self);
      fiber_free (self);
      return;
    }

  aiodrive_stack_start (self->stack, fiber_run, fiber_ended, self);
  aiodrive_stack_resume (self->stack);
}

/* @name is static, or NULL for that of the task. */
static Fiber *
fiber_new (GTask             *task,
           AiodriveFiberFunc  func,
           gpointer           data,
           const char        *name)
{
  Fiber *self = g_new0 (Fiber, 1);

  self->func = func;
  self->data = data;
  if (name == NULL)
    name = self->own_name = g_strdup (aiodrive_task_describe (task));
  self->name = name;
  self->task = g_object_ref (task);
  self->work.run = fiber_start;
  self->work.stamp = aiodrive_dispatcher_stamp ();
  return self;
}

/* The fiber to which the caller belongs, so that it can be suspended; or NULL. */
static Fiber *
get_current (void)
{
  return aiodrive_stack_can_suspend () ? aiodrive_stack_get_current ()->data : NULL;
}

/**
 * aiodrive_fiber_data_new: (skip)
 * @func: the function of a fiber
 * @name: a static string
 * @data: data for @func
 * @data_destroy: (nullable): frees @data
 *
 * Part of AIODRIVE_FIBER().
 *
 * Returns: (transfer full): the data for aiodrive_fiber_job()
 *
 * Since: 1.0
 */
gpointer
aiodrive_fiber_data_new (AiodriveFiberFunc  func,
                         const char        *name,
                         gpointer           data,
                         GDestroyNotify     data_destroy)
{
  FiberData *self = g_new (FiberData, 1);

  *self = (FiberData) { func, NULL, name, data, data_destroy };
  return self;
}

/**
 * aiodrive_fiber_map_data_new: (skip)
 * @func: the function of a fiber for an item
 * @name: a static string
 * @data: data for @func
 * @data_destroy: (nullable): frees @data
 *
 * Part of AIODRIVE_MAP_FIBER().
 *
 * Returns: (transfer full): the data for aiodrive_fiber_map_job()
 *
 * Since: 1.0
 */
gpointer
aiodrive_fiber_map_data_new (AiodriveMapFiberFunc  func,
                             const char           *name,
                             gpointer              data,
                             GDestroyNotify        data_destroy)
{
  FiberData *self = g_new (FiberData, 1);

  *self = (FiberData) { NULL, func, name, data, data_destroy };
  return self;
}

/**
 * aiodrive_fiber_data_free: (skip)
 * @fiber_data: (transfer full): that of aiodrive_fiber_data_new()
 *
 * Part of AIODRIVE_FIBER().
 *
 * Since: 1.0
 */
void
aiodrive_fiber_data_free (gpointer fiber_data)
{
  FiberData *self = fiber_data;

  if (self->data_destroy != NULL)
    self->data_destroy (self->data);
  g_free (self);
}

static void
start_job (GTask        *task,
           const GValue *item,
           FiberData    *data)
{
  const char *name = NULL;
  Fiber *self;

  g_return_if_fail (data->func != NULL || data->map_func != NULL);

  if (g_task_get_name (task) == NULL)
    {
      name = data->name;
      g_task_set_name (task, name);
    }
  self = fiber_new (task, data->func, data->data, name);
  self->map_func = data->map_func;
  self->item = item;
  self->holds_value = TRUE;

  if (aiodrive_stack_get_current () == NULL)
    fiber_start (&self->work);
  else
    aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &self->work);
}

/**
 * aiodrive_fiber_job: (skip)
 * @task: the task to return
 * @cancellable: (not nullable): the scope of @task
 * @fiber_data: that of aiodrive_fiber_data_new()
 *
 * Part of AIODRIVE_FIBER(): an #AiodriveJobFunc that runs a fiber.
 *
 * Since: 1.0
 */
void
aiodrive_fiber_job (GTask        *task,
                    GCancellable *cancellable,
                    gpointer      fiber_data)
{
  start_job (task, NULL, fiber_data);
}

/**
 * aiodrive_fiber_map_job: (skip)
 * @task: the task to return
 * @cancellable: (not nullable): the scope of @task
 * @item: the item
 * @fiber_data: that of aiodrive_fiber_map_data_new()
 *
 * Part of AIODRIVE_MAP_FIBER(): an #AiodriveMapFunc that runs a fiber.
 *
 * Since: 1.0
 */
void
aiodrive_fiber_map_job (GTask        *task,
                        GCancellable *cancellable,
                        const GValue *item,
                        gpointer      fiber_data)
{
  start_job (task, item, fiber_data);
}

/**
 * aiodrive_spawn_fiber: (skip)
 * @parent: (nullable): what cancels the task
 * @func: the function of the fiber
 * @data: data for @func
 * @data_destroy: (nullable): frees @data
 *
 * Starts a function as a task that suspends where the function waits, in the next iteration of the main context that is
 * thread-default now. In a fiber, AIODRIVE_AWAIT() awaits any asynchronous function, aiodrive_await() any task, and the
 * blocking functions of this library suspend the fiber, not the thread.
 *
 * The function is started even if @parent is cancelled by then. @data is freed in the same context, after the task has
 * ended. The task holds the result as a #GValue; aiodrive_await_boolean() and its siblings unwrap it in a fiber,
 * aiodrive_task_propagate() anywhere. If there is no memory for a stack, the task fails with %G_IO_ERROR_NO_SPACE.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
GTask *
(aiodrive_spawn_fiber) (GCancellable      *parent,
                        AiodriveFiberFunc  func,
                        gpointer           data,
                        GDestroyNotify     data_destroy)
{
  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  return aiodrive_spawn (parent, aiodrive_fiber_job, aiodrive_fiber_data_new (func, "fiber", data, data_destroy),
                         aiodrive_fiber_data_free);
}

/**
 * aiodrive_task_run_in_fiber: (skip)
 * @task: any task that was not returned
 * @func: the function of the fiber
 *
 * Runs a function in a fiber and returns @task with its result, as g_task_run_in_thread() does with a thread: for an
 * asynchronous function of your own. The function gets the task data and the cancellable of @task. It starts in the
 * next iteration of the task's context.
 *
 * The task is returned with g_task_return_boolean(), g_task_return_int() or g_task_return_pointer(), depending on the
 * type of the result: %TRUE if there is none.
 *
 * Since: 1.0
 */
void
aiodrive_task_run_in_fiber (GTask             *task,
                            AiodriveFiberFunc  func)
{
  Fiber *self;

  g_return_if_fail (G_IS_TASK (task));
  g_return_if_fail (func != NULL);

  self = fiber_new (task, func, g_task_get_task_data (task), NULL);
  aiodrive_dispatcher_post (aiodrive_dispatcher_get_for_context (g_task_get_context (task)), &self->work);
}

/**
 * aiodrive_fiber_get_scope: (skip)
 *
 * Gets what cancels the current fiber: the cancellable of its task.
 *
 * Returns: (transfer none) (nullable): the scope; %NULL outside of a fiber, too
 *
 * Since: 1.0
 */
GCancellable *
aiodrive_fiber_get_scope (void)
{
  Fiber *self = get_current ();

  return self != NULL ? g_task_get_cancellable (self->task) : NULL;
}

/**
 * aiodrive_fiber_get_task: (skip)
 *
 * Returns the task of the current fiber, for aiodrive_task_set_progress() and its kin.
 *
 * Returns: (transfer none) (nullable): the task; %NULL outside of a fiber
 *
 * Since: 1.0
 */
GTask *
aiodrive_fiber_get_task (void)
{
  Fiber *self = get_current ();

  return self != NULL ? self->task : NULL;
}

/**
 * aiodrive_fiber_call_outside: (skip)
 * @func: a function
 * @data: data for @func
 *
 * Calls a function on the stack of the main loop, and returns when it has returned: for code that measures its stack,
 * as JavaScript engines do, or that needs a large one. Outside of a fiber it calls @func directly.
 *
 * Since: 1.0
 */
void
aiodrive_fiber_call_outside (GSourceOnceFunc func,
                             gpointer        data)
{
  g_return_if_fail (func != NULL);

  aiodrive_stack_call_outside (func, data);
}

/**
 * aiodrive_fiber_set_stack_size: (skip)
 * @size: in bytes, at least 64 KiB
 *
 * Sets the size of the stacks of fibers that start from now on. It is 1 MiB, on 32 bit 256 KiB. A stack takes the
 * memory that was used, not its whole size.
 *
 * Since: 1.0
 */
void
aiodrive_fiber_set_stack_size (gsize size)
{
  aiodrive_stack_set_size (size);
}

/**
 * aiodrive_await_begin: (skip)
 * @where: the place in the source
 *
 * Part of AIODRIVE_AWAIT().
 *
 * Returns: %TRUE in a fiber
 *
 * Since: 1.0
 */
gboolean
aiodrive_await_begin (const char *where)
{
  if (get_current () != NULL)
    return TRUE;

  g_critical ("%s: only a fiber can await", where);
  return FALSE;
}

/**
 * aiodrive_await_get_fiber: (skip)
 *
 * Part of AIODRIVE_AWAIT().
 *
 * Returns: (transfer none): the data for aiodrive_await_ready()
 *
 * Since: 1.0
 */
gpointer
aiodrive_await_get_fiber (void)
{
  return get_current ();
}

/**
 * aiodrive_await_ready: (skip)
 * @source_object: (nullable): the object that was asked
 * @result: the result
 * @fiber: that of aiodrive_await_get_fiber()
 *
 * Part of AIODRIVE_AWAIT().
 *
 * Since: 1.0
 */
void
aiodrive_await_ready (GObject      *source_object,
                      GAsyncResult *result,
                      gpointer      fiber)
{
  Fiber *self = fiber;

  g_set_object (&self->awaited, result);
  self->arrived = TRUE;
  if (self->waits)
    aiodrive_stack_resume (self->stack);
}

/**
 * aiodrive_await_end: (skip)
 *
 * Part of AIODRIVE_AWAIT().
 *
 * Returns: (transfer none): the result
 *
 * Since: 1.0
 */
GAsyncResult *
aiodrive_await_end (void)
{
  Fiber *self = get_current ();

  if (!self->arrived)
    {
      self->waits = TRUE;
      aiodrive_stack_suspend ();
      self->waits = FALSE;
    }
  self->arrived = FALSE;
  return self->awaited;
}

/* The cancellation of the fiber ends the wait, unless it reaches the task itself: then the task is awaited. */
static gboolean
wait_for (Fiber   *self,
          GTask   *task,
          GError **error)
{
  AiodriveTaskRecord *record = aiodrive_task_record_get (task);
  GCancellable *scope = g_task_get_cancellable (self->task);
  GCancellable *below = g_task_get_cancellable (task);

  aiodrive_checkpoint (NULL, NULL);
  if (aiodrive_task_record_is_known (record))
    {
      aiodrive_task_record_set_awaited (record);
      return TRUE;
    }
  if (scope != NULL && below != NULL && aiodrive_cancellable_is_within (below, scope))
    scope = NULL;
  return aiodrive_task_record_block (record, scope, error);
}

/**
 * aiodrive_await: (skip)
 * @task: any task
 * @error: return location for an error
 *
 * Suspends the current fiber until @task has ended, without unwrapping it. Any number of fibers may await one task. If
 * the scope of the fiber is cancelled, the wait ends with %G_IO_ERROR_CANCELLED; but a task below that scope is
 * cancelled with it, and is awaited to its end.
 *
 * Outside of a fiber there is a critical warning, and %G_IO_ERROR_NOT_SUPPORTED.
 *
 * Returns: %TRUE if @task succeeded; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_await (GTask   *task,
                GError **error)
{
  Fiber *self = get_current ();
  GError *failure;

  g_return_val_if_fail (G_IS_TASK (task), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (self == NULL)
    {
      g_critical ("Only a fiber can await task %s", aiodrive_task_describe (task));
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "Only a fiber can await");
      return FALSE;
    }
  if (!wait_for (self, task, error))
    return FALSE;

  failure = aiodrive_task_record_copy_error (aiodrive_task_record_get (task));
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}
