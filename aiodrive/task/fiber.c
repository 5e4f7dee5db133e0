/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/fiber-private.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/stack-switch-private.h"
#include "aiodrive/task/record-private.h"

/* Fibers: functions that run on stacks of their own, in the main context of their task.
 *
 * The library never calls foreign code on the stack of a fiber. Returning a GTask runs its callback inline, and a
 * JavaScript engine called on an unknown stack crashes. Hence the function returns its result, the thread leaves its
 * stack, and the resumer returns the task. For the same reason a fiber starts from the main loop, never inside another
 * fiber. (/aiodrive/task/fiber/returned-outside, .../started-outside)
 *
 * A fiber is never unwound by force. It completes when its function returns; a cancellation fails the calls that it
 * awaits.
 *
 * One await at a time. The last result stays alive until the next one arrives, so it can be an argument of a finish
 * function, and of the next await. (.../nested-await) */

/* What a fiber runs. */
typedef struct
{
  GTask                *task;           /* owned by what contains this */
  AiodriveFiberFunc     func;           /* one of the two is set */
  AiodriveMapFiberFunc  map_func;
  const GValue         *item;           /* for map_func; stays until the task has completed */
  gpointer              data;           /* of the task or of the job, which outlives the fiber */
  const char           *name;           /* static, or NULL for that of the task */
  gboolean              holds_value;    /* the task is ours, and gets a GValue */
} Program;

/* A fiber that runs. Lives in the room of its stack. */
typedef struct
{
  Program               program;
  AiodriveStack        *stack;
  char                 *own_name;       /* owned, nullable */
  GAsyncResult         *awaited;        /* owned, nullable */
  gboolean              arrived;        /* awaited belongs to the current await */
  gboolean              waits;
  gboolean              succeeded;
  GValue                result;
  GError               *error;          /* owned, nullable */
} Fiber;

G_STATIC_ASSERT (sizeof (Fiber) <= sizeof (((AiodriveStack *) 0)->room));

/* A fiber that starts in another iteration, or in another main context. */
typedef struct
{
  AiodriveWorkItem      work;           /* first */
  Program               program;
} Start;

typedef struct
{
  AiodriveFiberFunc     func;           /* one of the two is set */
  AiodriveMapFiberFunc  map_func;
  const char           *name;           /* static */
  gpointer              data;
  GDestroyNotify        data_destroy;   /* nullable */
} FiberData;

static void
return_task (GTask    *task,
             gboolean  holds_value,
             GValue   *result)
{
  if (!holds_value)
    aiodrive_fiber_return_plain (task, result);
  else if (G_IS_VALUE (result))
    aiodrive_task_return_value (task, result);
  else
    aiodrive_task_return_true (task);
}

static void
fiber_run (gpointer fiber)
{
  Fiber *self = fiber;
  Program *program = &self->program;
  GCancellable *scope = g_task_get_cancellable (program->task);

  self->succeeded = program->map_func != NULL
                      ? program->map_func (scope, program->item, program->data, &self->result, &self->error)
                      : program->func (scope, program->data, &self->result, &self->error);
}

/* Called outside the stack, which the thread has left for good: the callbacks of the task may reuse it. */
static void
fiber_ended (gpointer fiber)
{
  Fiber ended = *(Fiber *) fiber;
  g_autoptr(GTask) task = ended.program.task;

  aiodrive_stack_release (ended.stack);
  g_clear_object (&ended.awaited);

  if (ended.succeeded)
    return_task (task, ended.program.holds_value, &ended.result);
  else if (ended.error != NULL)
    g_task_return_error (task, g_steal_pointer (&ended.error));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "Fiber %s failed without an error",
                             aiodrive_task_describe (task));

  if (G_IS_VALUE (&ended.result))
    g_value_unset (&ended.result);
  g_clear_error (&ended.error);
  g_free (ended.own_name);
}

/* Takes the task of @program. */
static void
fiber_start (const Program *program)
{
  char *own_name = program->name == NULL ? g_strdup (aiodrive_task_describe (program->task)) : NULL;
  GError *error = NULL;
  AiodriveStack *stack = aiodrive_stack_acquire (own_name != NULL ? own_name : program->name, &error);
  Fiber *self;

  if (stack == NULL)
    {
      g_task_return_error (program->task, error);
      g_object_unref (program->task);
      g_free (own_name);
      return;
    }

  self = (Fiber *) stack->room;
  self->program = *program;
  self->stack = stack;
  self->own_name = own_name;
  aiodrive_stack_start (stack, fiber_run, fiber_ended, self);
  aiodrive_stack_resume (stack);
}

static void
start_run (AiodriveWorkItem *work)
{
  g_autofree Start *self = (Start *) work;

  fiber_start (&self->program);
}

/* Starts it in another iteration of the dispatcher's context. Takes the task of @program. */
static void
start_later (const Program      *program,
             AiodriveDispatcher *dispatcher)
{
  Start *self = g_new0 (Start, 1);

  self->program = *program;
  self->work.run = start_run;
  self->work.stamp = aiodrive_dispatcher_stamp ();
  aiodrive_dispatcher_post (dispatcher, &self->work);
}

/* Returns the fiber that the caller runs in and can suspend, or NULL. */
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
  Program program = { NULL, data->func, data->map_func, item, data->data, NULL, TRUE };

  g_return_if_fail (data->func != NULL || data->map_func != NULL);

  if (g_task_get_name (task) == NULL)
    {
      program.name = data->name;
      g_task_set_name (task, data->name);
    }

  program.task = g_object_ref (task);
  if (aiodrive_stack_get_current () == NULL)
    fiber_start (&program);
  else
    start_later (&program, aiodrive_dispatcher_get_thread_default ());
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
 * @parent: (nullable): a cancellable that also cancels the task
 * @func: the function of the fiber
 * @data: data for @func
 * @data_destroy: (nullable): frees @data
 *
 * Starts a fiber: a task whose function can suspend. It runs from the next iteration of the current thread-default main
 * context on. In a fiber, AIODRIVE_AWAIT() awaits any asynchronous function, aiodrive_await() awaits any task, and the
 * blocking functions of this library suspend the fiber, not the thread.
 *
 * The function runs even if @parent is already cancelled. @data is freed in the same context, after the task has
 * completed. The task holds the result as a #GValue: aiodrive_await_boolean() and its siblings unwrap it in a fiber,
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
 * @task: any task that has not been returned
 * @func: the function of the fiber
 *
 * Runs a function in a fiber and returns @task with its result, as g_task_run_in_thread() does with a thread. Use it to
 * implement an asynchronous function of your own. The function gets the task data and the cancellable of @task. It
 * starts in the next iteration of the task's context.
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
  Program program = { task, func, NULL, NULL, NULL, NULL, FALSE };

  g_return_if_fail (G_IS_TASK (task));
  g_return_if_fail (func != NULL);

  g_object_ref (task);
  program.data = g_task_get_task_data (task);
  start_later (&program, aiodrive_dispatcher_get_for_context (g_task_get_context (task)));
}

/**
 * aiodrive_fiber_get_scope: (skip)
 *
 * Gets the scope that cancels the current fiber: the cancellable of its task.
 *
 * Returns: (transfer none) (nullable): the scope; %NULL outside a fiber
 *
 * Since: 1.0
 */
GCancellable *
aiodrive_fiber_get_scope (void)
{
  Fiber *self = get_current ();

  return self != NULL ? g_task_get_cancellable (self->program.task) : NULL;
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

  return self != NULL ? self->program.task : NULL;
}

/**
 * aiodrive_fiber_call_outside: (skip)
 * @func: a function
 * @data: data for @func
 *
 * Calls a function on the stack of the main loop, and returns when the function returns. Use it for code that measures
 * its stack, such as a JavaScript engine, or needs a large one. Outside a fiber it calls @func directly.
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
 * Sets the size of the stacks of fibers that start from now on. It is 1 MiB, on 32 bit 256 KiB. A stack costs only the
 * memory that its functions have touched.
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
  return aiodrive_stack_get_current ()->data;   /* aiodrive_await_begin() has seen to it that it can be suspended */
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
  Fiber *self = aiodrive_stack_get_current ()->data;

  if (!self->arrived)
    {
      self->waits = TRUE;
      aiodrive_stack_suspend ();
      self->waits = FALSE;
    }
  self->arrived = FALSE;
  return self->awaited;
}

/* Cancelling the fiber ends the wait, unless the cancellation reaches the task itself: then the fiber still awaits the
 * task. */
static gboolean
wait_for (Fiber   *self,
          GTask   *task,
          GError **error)
{
  AiodriveTaskRecord *record = aiodrive_task_record_get (task);
  GCancellable *scope = g_task_get_cancellable (self->program.task);
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
 * Suspends the current fiber until @task has completed, without unwrapping it. Any number of fibers may await one task.
 * If the scope of the fiber is cancelled, the wait fails with %G_IO_ERROR_CANCELLED. But if @task is below that scope,
 * it is cancelled too, and the fiber waits until it has completed.
 *
 * Outside a fiber it logs a critical warning and fails with %G_IO_ERROR_NOT_SUPPORTED.
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
