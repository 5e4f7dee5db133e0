/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/thread/background-executor.h"

#include "aiodrive/thread/executor-core-private.h"
#include "aiodrive/task/record-private.h"

/**
 * AiodriveBackgroundExecutor:
 *
 * A thread for jobs that would block the main loop. Each job runs as a task, in a main context that is thread-default
 * in that thread, so the asynchronous calls of a job have their callbacks there.
 *
 * The tasks share the thread, so a task that blocks delays the others. Use GLib's thread pools for CPU-bound work, and
 * aiodrive_spawn() for jobs that only wait. A job must await everything that it starts: the thread does not wait for
 * work that a job leaves behind in its context.
 *
 * The thread starts with the first task and exits after the last one. If it was started with
 * aiodrive_background_executor_start() it runs until it is stopped; stopping cancels the tasks and waits for them. In
 * either case the executor can be used again, with a new thread and a new context; the next thread starts when the last
 * one has exited. A dropped executor stops without blocking the caller, and logs a warning if tasks still run.
 *
 * Any thread may use it. A job is a function in C, or in a language that can call its functions in any thread: Python
 * and Lua can. For JavaScript, Perl and Ruby, which cannot, spawning fails with %G_IO_ERROR_NOT_SUPPORTED.
 *
 * |[<!-- language="C" -->
 * static void
 * build_index (GTask *task, GCancellable *cancellable, gpointer user_data)
 * {
 *   g_task_return_boolean (task, g_thread_self () != main_thread);   // and what takes long is done before
 * }
 *
 * g_autoptr(AiodriveBackgroundExecutor) indexer = aiodrive_background_executor_new ("indexer");
 * g_autoptr(GTask) task = NULL;
 * g_autoptr(GError) error = NULL;
 * GTask *leaf;
 *
 * aiodrive_background_executor_spawn (indexer, &task, NULL, build_index, NULL, NULL);
 * aiodrive_run (task);
 * leaf = aiodrive_task_get_leaf (task, &error);   // the task of that thread, which this one stood for
 * if (leaf != NULL && g_task_propagate_boolean (leaf, &error))
 *   g_print ("the index is built, elsewhere\n");
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveBackgroundExecutor
{
  GObject               parent_instance;

  AiodriveExecutorCore *core;   /* owned; set once */
};

enum
{
  PROP_NAME = 1,
  PROP_RUNNING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (AiodriveBackgroundExecutor, aiodrive_background_executor, G_TYPE_OBJECT)

static void
aiodrive_background_executor_dispose (GObject *object)
{
  AiodriveBackgroundExecutor *self = AIODRIVE_BACKGROUND_EXECUTOR (object);
  const char *name = aiodrive_executor_core_get_name (self->core);
  guint n_cancelled = aiodrive_executor_core_abandon (self->core);

  if (n_cancelled > 0)
    g_warning ("Background executor %s was dropped while %u of its tasks run: they are cancelled",
               name != NULL ? name : "(unnamed)", n_cancelled);

  G_OBJECT_CLASS (aiodrive_background_executor_parent_class)->dispose (object);
}

static void
aiodrive_background_executor_finalize (GObject *object)
{
  aiodrive_executor_core_unref (AIODRIVE_BACKGROUND_EXECUTOR (object)->core);

  G_OBJECT_CLASS (aiodrive_background_executor_parent_class)->finalize (object);
}

static void
aiodrive_background_executor_get_property (GObject    *object,
                                           guint       property_id,
                                           GValue     *value,
                                           GParamSpec *pspec)
{
  AiodriveBackgroundExecutor *self = AIODRIVE_BACKGROUND_EXECUTOR (object);

  if (property_id == PROP_NAME)
    g_value_set_string (value, aiodrive_background_executor_get_name (self));
  else if (property_id == PROP_RUNNING)
    g_value_set_boolean (value, aiodrive_background_executor_is_running (self));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_background_executor_set_property (GObject      *object,
                                           guint         property_id,
                                           const GValue *value,
                                           GParamSpec   *pspec)
{
  AiodriveBackgroundExecutor *self = AIODRIVE_BACKGROUND_EXECUTOR (object);

  if (property_id == PROP_NAME)
    self->core = aiodrive_executor_core_new (object, g_value_get_string (value), FALSE);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_background_executor_class_init (AiodriveBackgroundExecutorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = aiodrive_background_executor_dispose;
  object_class->finalize = aiodrive_background_executor_finalize;
  object_class->get_property = aiodrive_background_executor_get_property;
  object_class->set_property = aiodrive_background_executor_set_property;

  /**
   * AiodriveBackgroundExecutor:name:
   *
   * The name of the executor and of its thread.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL, NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveBackgroundExecutor:running:
   *
   * Whether a thread accepts tasks, or is finishing its last ones. It is notified in the main context that was
   * thread-default when the executor was created; one notification may cover several changes.
   *
   * Since: 1.0
   */
  properties[PROP_RUNNING] =
    g_param_spec_boolean ("running", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
aiodrive_background_executor_init (AiodriveBackgroundExecutor *self)
{
}

/**
 * aiodrive_background_executor_new:
 * @name: (nullable): a name, for warnings and debuggers
 *
 * Creates an executor. It has no thread yet.
 *
 * Returns: (transfer full): a new executor
 *
 * Since: 1.0
 */
AiodriveBackgroundExecutor *
aiodrive_background_executor_new (const char *name)
{
  return g_object_new (AIODRIVE_TYPE_BACKGROUND_EXECUTOR, "name", name, NULL);
}

/**
 * aiodrive_background_executor_get_name:
 * @self: an executor
 *
 * Gets the name of the executor.
 *
 * Returns: (transfer none) (nullable): the name
 *
 * Since: 1.0
 */
const char *
aiodrive_background_executor_get_name (AiodriveBackgroundExecutor *self)
{
  g_return_val_if_fail (AIODRIVE_IS_BACKGROUND_EXECUTOR (self), NULL);

  return aiodrive_executor_core_get_name (self->core);
}

/**
 * aiodrive_background_executor_is_running:
 * @self: an executor
 *
 * Gets whether a thread accepts tasks, or, while the executor is being stopped, is finishing its last ones.
 *
 * Returns: whether there is
 *
 * Since: 1.0
 */
gboolean
aiodrive_background_executor_is_running (AiodriveBackgroundExecutor *self)
{
  g_return_val_if_fail (AIODRIVE_IS_BACKGROUND_EXECUTOR (self), FALSE);

  return aiodrive_executor_core_is_running (self->core);
}

/**
 * aiodrive_background_executor_ref_context:
 * @self: an executor
 *
 * Gets the main context that the thread iterates. A source attached to it lives only as long as that thread: start the
 * executor explicitly, or attach the source in a job.
 *
 * Returns: (transfer full) (nullable): the context, or %NULL while the executor does not run
 *
 * Since: 1.0
 */
GMainContext *
aiodrive_background_executor_ref_context (AiodriveBackgroundExecutor *self)
{
  g_return_val_if_fail (AIODRIVE_IS_BACKGROUND_EXECUTOR (self), NULL);

  return aiodrive_executor_core_get_context (self->core);
}

/**
 * aiodrive_background_executor_spawn:
 * @self: an executor
 * @task: (out) (optional) (transfer full): return location for the task
 * @parent: (nullable): a cancellable that also cancels the task
 * @func: (scope notified) (closure user_data) (destroy user_data_destroy): the job
 * @user_data: data for @func
 * @user_data_destroy: (nullable): frees @user_data
 *
 * Starts a job in the thread of the executor, and starts the thread if it does not run.
 *
 * The job gets its own #GTask, in the context of that thread. @task belongs to the caller's thread-default context, and
 * stands for that task: see aiodrive_task_get_leaf(). Await it; cancel it with aiodrive_cancel_task() or through
 * @parent. The job starts even if @task is already cancelled: it finds its own scope cancelled. @user_data is freed in
 * the context of @task, when @task has completed and the callbacks of its waiters have run, as in aiodrive_spawn(). If
 * a job drops its task without returning it, the task fails with %G_IO_ERROR_FAILED.
 *
 * The task is an argument, not the return value: most callers leave it to the executor, and an ignored return value
 * would leak a reference in each such call.
 *
 * @task fails with %G_IO_ERROR_CLOSED while the executor is being stopped, with the error of the thread if that cannot
 * be started, and with %G_IO_ERROR_NOT_SUPPORTED if @func cannot run in another thread.
 *
 * Since: 1.0
 */
void
aiodrive_background_executor_spawn (AiodriveBackgroundExecutor  *self,
                                    GTask                      **task,
                                    GCancellable                *parent,
                                    AiodriveJobFunc              func,
                                    gpointer                     user_data,
                                    GDestroyNotify               user_data_destroy)
{
  g_autoptr(GTask) spawned = NULL;

  g_return_if_fail (AIODRIVE_IS_BACKGROUND_EXECUTOR (self));
  g_return_if_fail (parent == NULL || G_IS_CANCELLABLE (parent));
  g_return_if_fail (func != NULL);

  spawned = aiodrive_executor_core_spawn (self->core, parent, func, user_data, user_data_destroy);
  if (task != NULL)
    *task = g_steal_pointer (&spawned);
}

/**
 * aiodrive_background_executor_start:
 * @self: an executor
 * @error: return location for an error
 *
 * Starts the thread, if it does not run, and lets it run until the executor is stopped.
 *
 * While the executor is being stopped it fails with %G_IO_ERROR_CLOSED.
 *
 * Returns: %TRUE if the thread runs; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_background_executor_start (AiodriveBackgroundExecutor  *self,
                                    GError                     **error)
{
  g_return_val_if_fail (AIODRIVE_IS_BACKGROUND_EXECUTOR (self), FALSE);

  return aiodrive_executor_core_start (self->core, error);
}

/**
 * aiodrive_background_executor_stop_async:
 * @self: an executor
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the thread has exited
 * @user_data: data for @callback
 *
 * Cancels all tasks of the executor, and waits until they have completed and the thread has exited. If the executor
 * does not run the call completes at once. Any number of callers may stop it.
 *
 * If @cancellable is cancelled, the wait fails with %G_IO_ERROR_CANCELLED, and the executor still stops. In the thread
 * of the executor, which cannot wait for its own exit, the call fails with %G_IO_ERROR_NOT_SUPPORTED, and has no
 * effect.
 *
 * Since: 1.0
 */
void
aiodrive_background_executor_stop_async (AiodriveBackgroundExecutor *self,
                                         GCancellable               *cancellable,
                                         GAsyncReadyCallback         callback,
                                         gpointer                    user_data)
{
  g_return_if_fail (AIODRIVE_IS_BACKGROUND_EXECUTOR (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  aiodrive_executor_core_stop_async (self->core, self, cancellable, callback, user_data,
                                     aiodrive_background_executor_stop_async);
}

/**
 * aiodrive_background_executor_stop_finish:
 * @self: an executor
 * @result: the #GTask of aiodrive_background_executor_stop_async()
 * @error: return location for an error
 *
 * Completes aiodrive_background_executor_stop_async().
 *
 * Returns: %TRUE if the thread has ended; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_background_executor_stop_finish (AiodriveBackgroundExecutor  *self,
                                          GAsyncResult                *result,
                                          GError                     **error)
{
  g_return_val_if_fail (aiodrive_task_is_valid (result, self, aiodrive_background_executor_stop_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * aiodrive_background_executor_stop:
 * @self: an executor
 * @cancellable: (nullable): cancels the wait
 * @error: return location for an error
 *
 * Stops the executor as aiodrive_background_executor_stop_async() does, and blocks this thread meanwhile. No main
 * context is iterated, so a job that waits for this thread would deadlock: in that case use the asynchronous call.
 *
 * Returns: %TRUE if the thread has ended; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_background_executor_stop (AiodriveBackgroundExecutor  *self,
                                   GCancellable                *cancellable,
                                   GError                     **error)
{
  g_return_val_if_fail (AIODRIVE_IS_BACKGROUND_EXECUTOR (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  return aiodrive_executor_core_stop (self->core, cancellable, error);
}
