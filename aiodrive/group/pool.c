/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/pool.h"

#include "aiodrive/core/monotonic-time.h"
#include "aiodrive/group/depths-private.h"
#include "aiodrive/group/member-private.h"
#include "aiodrive/group/task-group-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

/**
 * AiodrivePool:
 *
 * A task group with planned tasks and an ordered shutdown: tasks may be spawned before it runs, and are cancelled depth
 * by depth. Use it for the main parts of a program, and if some tasks depend on others until they have completed.
 *
 * There are two ways to use one. A new pool plans the tasks spawned into it: such a task has a name, and can be
 * cancelled or passed to a combinator, but its job starts only with aiodrive_pool_run_async(). Or aiodrive_pool_open()
 * creates a pool that runs from the start, like any #AiodriveTaskGroup; its opener closes it with
 * aiodrive_task_group_close_async().
 *
 * Each task has a depth: 0, or the one given to aiodrive_pool_spawn_full(). When the pool is cancelled, or a task
 * fails, the pool cancels the tasks of the greatest depth; when they have completed, those of the next depth, and so
 * on. So give a task on which others depend a smaller depth than theirs. A task spawned meanwhile follows the same
 * order: at a depth that has been reached it starts cancelled. The opener of a pool counts as a task of depth -1 until
 * it closes the pool: the scope of aiodrive_task_group_get_scope() is cancelled when all tasks of depth 0 and above
 * have completed. (Cancelling that scope yourself cancels the pool, but aiodrive_task_group_cancel() keeps the order.)
 * The pool cancels its tasks in its own context; no other cancellation from above the pool reaches them.
 *
 * |[<!-- language="C" -->
 * g_autoptr(AiodrivePool) pool = aiodrive_pool_new ("files");
 * g_autoptr(GTask) running = NULL;
 *
 * aiodrive_pool_spawn_full (pool, NULL, "writer", 0, write_files, NULL, NULL);
 * aiodrive_pool_spawn_full (pool, NULL, "readers", 1, read_files, NULL, NULL);   // the deeper end first
 * running = AIODRIVE_START (G_CANCELLABLE (scope), aiodrive_pool_run_async, pool, AIODRIVE_POOL_FLAGS_NONE);
 * aiodrive_run (running);
 * ]|
 *
 * A pool belongs to a main context as every group does; any thread may spawn into it and cancel it. A pool that is
 * dropped while tasks run or are planned logs a warning and cancels them.
 *
 * Since: 1.0
 */

struct _AiodrivePool
{
  AiodriveTaskGroup  parent_instance;

  char              *name;      /* owned, nullable; set once */
  gint               status;    /* atomic; written in the context */
  gboolean           closing;   /* used in the context */
};

enum
{
  PROP_NAME = 1,
  PROP_STATUS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FLAGS_TYPE (AiodrivePoolFlags, aiodrive_pool_flags,
                     G_DEFINE_ENUM_VALUE (AIODRIVE_POOL_FLAGS_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (AIODRIVE_POOL_FLAGS_FOREVER, "forever"))

G_DEFINE_ENUM_TYPE (AiodrivePoolStatus, aiodrive_pool_status,
                    G_DEFINE_ENUM_VALUE (AIODRIVE_POOL_STATUS_IDLE, "idle"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_POOL_STATUS_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_POOL_STATUS_CLOSING, "closing"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_POOL_STATUS_DONE, "done"))

struct _AiodrivePoolClass
{
  AiodriveTaskGroupClass parent_class;
};

G_DEFINE_FINAL_TYPE (AiodrivePool, aiodrive_pool, AIODRIVE_TYPE_TASK_GROUP)

static AiodriveGroupCore *
core_of (AiodrivePool *self)
{
  return aiodrive_task_group_get_core (AIODRIVE_TASK_GROUP (self));
}

static AiodrivePoolStatus
find_status (AiodrivePool *self)
{
  AiodriveGroupCore *core = core_of (self);

  if (g_atomic_int_get (&core->closed))
    return AIODRIVE_POOL_STATUS_DONE;
  if (core->started == 0 && !self->closing)
    return AIODRIVE_POOL_STATUS_IDLE;
  if (self->closing || g_cancellable_is_cancelled (G_CANCELLABLE (core->scope)))
    return AIODRIVE_POOL_STATUS_CLOSING;
  return AIODRIVE_POOL_STATUS_RUNNING;
}

static void
aiodrive_pool_changed (GObject *object)
{
  AiodrivePool *self = AIODRIVE_POOL (object);
  gint status, before;

  /* the thread that iterates the default context may cancel a pool opened in a thread without a context */
  do
    {
      before = g_atomic_int_get (&self->status);
      status = find_status (self);
      if (before == status)
        return;
    }
  while (!g_atomic_int_compare_and_exchange (&self->status, before, status));

  g_object_notify_by_pspec (object, properties[PROP_STATUS]);
}

static void
aiodrive_pool_made (AiodriveTaskGroup *group)
{
  aiodrive_group_core_make_pool (aiodrive_task_group_get_core (group), AIODRIVE_POOL (group)->name,
                                 aiodrive_pool_changed);
}

/* Planned tasks will no longer be started. */
static void
aiodrive_pool_closing (AiodriveTaskGroup *group)
{
  AiodrivePool *self = AIODRIVE_POOL (group);
  AiodriveGroupCore *core = core_of (self);

  self->closing = TRUE;
  core->forever = FALSE;
  if (core->idle)
    g_cancellable_cancel (G_CANCELLABLE (core->scope));
  aiodrive_depths_end_body (core->depths);
  aiodrive_pool_changed (G_OBJECT (self));
}

static void
aiodrive_pool_dispose (GObject *object)
{
  aiodrive_depths_end_body (core_of (AIODRIVE_POOL (object))->depths);

  G_OBJECT_CLASS (aiodrive_pool_parent_class)->dispose (object);
}

static void
aiodrive_pool_finalize (GObject *object)
{
  g_free (AIODRIVE_POOL (object)->name);

  G_OBJECT_CLASS (aiodrive_pool_parent_class)->finalize (object);
}

static void
aiodrive_pool_get_property (GObject    *object,
                            guint       property_id,
                            GValue     *value,
                            GParamSpec *pspec)
{
  AiodrivePool *self = AIODRIVE_POOL (object);

  switch (property_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_STATUS:
      g_value_set_enum (value, aiodrive_pool_get_status (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
aiodrive_pool_set_property (GObject      *object,
                            guint         property_id,
                            const GValue *value,
                            GParamSpec   *pspec)
{
  if (property_id == PROP_NAME)
    AIODRIVE_POOL (object)->name = g_value_dup_string (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_pool_class_init (AiodrivePoolClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = aiodrive_pool_dispose;
  object_class->finalize = aiodrive_pool_finalize;
  object_class->get_property = aiodrive_pool_get_property;
  object_class->set_property = aiodrive_pool_set_property;
  klass->parent_class.made = aiodrive_pool_made;
  klass->parent_class.closing = aiodrive_pool_closing;

  /**
   * AiodrivePool:name:
   *
   * The name of the pool, shown by aiodrive_pool_format().
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL,
                                               G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodrivePool:status:
   *
   * The status of the pool. It is notified in the context of the pool.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS] = g_param_spec_enum ("status", NULL, NULL, AIODRIVE_TYPE_POOL_STATUS,
                                               AIODRIVE_POOL_STATUS_IDLE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
aiodrive_pool_init (AiodrivePool *self)
{
}

/**
 * aiodrive_pool_new:
 * @name: (nullable): what it is called
 *
 * Creates an idle pool, which plans its tasks until aiodrive_pool_run_async().
 *
 * Returns: (transfer full): a new pool
 *
 * Since: 1.0
 */
AiodrivePool *
aiodrive_pool_new (const char *name)
{
  return g_object_new (AIODRIVE_TYPE_POOL, "name", name, NULL);
}

/**
 * aiodrive_pool_open: (constructor)
 * @name: (nullable): what it is called
 * @parent: (nullable): a cancellable that also cancels the pool
 *
 * Creates a pool that runs from the start. Close it with aiodrive_task_group_close_async() on every path.
 *
 * Returns: (transfer full): a new pool
 *
 * Since: 1.0
 */
AiodrivePool *
aiodrive_pool_open (const char   *name,
                    GCancellable *parent)
{
  AiodrivePool *self;
  AiodriveGroupCore *core;

  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);

  self = g_object_new (AIODRIVE_TYPE_POOL, "name", name, "parent", parent, NULL);
  core = core_of (self);
  core->idle = FALSE;
  core->started = aiodrive_get_monotonic_time ();
  aiodrive_depths_begin_body (core->depths);
  aiodrive_pool_changed (G_OBJECT (self));
  return self;
}

/**
 * aiodrive_pool_ref_current:
 * @cancellable: (nullable): the cancellable of a task, or any other
 *
 * Gets the nearest pool at or above @cancellable. A task finds its own pool through the cancellable that its job got.
 *
 * Returns: (transfer full) (nullable): the pool, or %NULL if there is none
 *
 * Since: 1.0
 */
AiodrivePool *
aiodrive_pool_ref_current (GCancellable *cancellable)
{
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  return (AiodrivePool *) aiodrive_group_registry_find_pool (cancellable);
}

/**
 * aiodrive_pool_get_name:
 * @self: a pool
 *
 * Gets the name of the pool.
 *
 * Returns: (transfer none) (nullable): the name, or %NULL if it has none
 *
 * Since: 1.0
 */
const char *
aiodrive_pool_get_name (AiodrivePool *self)
{
  g_return_val_if_fail (AIODRIVE_IS_POOL (self), NULL);

  return self->name;
}

/**
 * aiodrive_pool_get_status:
 * @self: a pool
 *
 * Gets the status of the pool.
 *
 * Returns: the status
 *
 * Since: 1.0
 */
AiodrivePoolStatus
aiodrive_pool_get_status (AiodrivePool *self)
{
  g_return_val_if_fail (AIODRIVE_IS_POOL (self), AIODRIVE_POOL_STATUS_DONE);

  return g_atomic_int_get (&self->status);
}

/**
 * aiodrive_pool_format:
 * @self: a pool
 *
 * Describes the running pool: a line for the pool, for each task, and for each group or pool in a task, with its state
 * and its running time. Call it in the context of the pool, also from a debugger; calling it anywhere else is a
 * programming error.
 *
 * |[<!-- language="plain" -->
 * pool downloads: running, 4.2 s
 * ├─ task index, depth 1: running, 4.2 s
 * │  └─ group: running
 * │     ├─ task part 1: running, 1.0 s
 * │     └─ task part 2: cancelling, 3.9 s
 * ├─ task statistics, depth 1: planned
 * └─ task writer, depth 0: running, 4.2 s
 * ]|
 *
 * A group that belongs to another context is shown with the number of its tasks. Groups nested more than 40 deep are
 * left out, with three dots. The format is for people, and may change.
 *
 * Returns: (transfer full): the description, in lines
 *
 * Since: 1.0
 */
char *
aiodrive_pool_format (AiodrivePool *self)
{
  AiodriveGroupCore *core;
  char *text;

  g_return_val_if_fail (AIODRIVE_IS_POOL (self), NULL);

  core = core_of (self);
  if (!aiodrive_group_core_enter (core))
    {
      g_critical ("%s: " AIODRIVE_GROUP_ELSEWHERE, G_STRFUNC);
      return NULL;
    }
  text = aiodrive_group_core_format (core);
  aiodrive_group_core_leave (core);
  return text;
}

/**
 * aiodrive_pool_spawn_full:
 * @self: a pool
 * @task: (out) (optional) (transfer full): return location for the task
 * @name: (nullable): the name of the task
 * @depth: its place in the shutdown: the greatest depth is cancelled first
 * @func: (scope notified) (closure user_data) (destroy user_data_destroy): the job
 * @user_data: data for @func
 * @user_data_destroy: (nullable): frees @user_data
 *
 * Starts a job as a task of the pool, or plans it if the pool is idle. aiodrive_task_group_spawn() does the same with
 * depth 0 and without a name.
 *
 * A planned task that is cancelled fails with %G_IO_ERROR_CANCELLED, and its job never starts.
 *
 * The task is an argument, not the return value: most callers leave it to the pool, and an ignored return value
 * would leak a reference in each such call.
 *
 * Since: 1.0
 */
void
aiodrive_pool_spawn_full (AiodrivePool     *self,
                          GTask           **task,
                          const char       *name,
                          gint              depth,
                          AiodriveJobFunc   func,
                          gpointer          user_data,
                          GDestroyNotify    user_data_destroy)
{
  g_autoptr(GTask) spawned = NULL;

  g_return_if_fail (AIODRIVE_IS_POOL (self));
  g_return_if_fail (func != NULL);

  spawned = aiodrive_group_core_spawn (core_of (self), name, depth, FALSE, func, user_data, user_data_destroy);
  if (task != NULL)
    *task = g_steal_pointer (&spawned);
}

/*
 * Running
 */

static GError *
new_in_own_scope (void)
{
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "A pool cannot be run in its own scope");
}

/* Called in the context: checks whether the pool can be run, now and below @cancellable. */
static gboolean
check_idle (AiodrivePool  *self,
            GCancellable  *cancellable,
            GError       **error)
{
  AiodriveGroupCore *core = core_of (self);

  if (g_atomic_int_get (&core->closed))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The pool has come to its end");
  else if (core->started != 0 || aiodrive_pool_get_status (self) != AIODRIVE_POOL_STATUS_IDLE)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PENDING, "The pool runs already");
  else if (aiodrive_cancellable_is_within (cancellable, G_CANCELLABLE (core->scope)))
    g_propagate_error (error, new_in_own_scope ());
  else
    return TRUE;
  return FALSE;
}

/* Called in the context of the pool. */
static void
begin_run (GTask    *task,
           gpointer  flags)
{
  AiodrivePool *self = g_task_get_source_object (task);
  AiodriveGroupCore *core = core_of (self);
  GCancellable *scope = g_task_get_cancellable (task);
  GError *error = NULL;

  if (!check_idle (self, aiodrive_cancel_scope_get_parent (AIODRIVE_CANCEL_SCOPE (scope)), &error))
    {
      g_task_return_error (task, error);
      return;
    }

  core->started = aiodrive_get_monotonic_time ();
  if (!aiodrive_cancel_scope_attach (core->scope, scope) && aiodrive_cancel_scope_peek_parent (core->scope) == NULL)
    {
      core->started = 0;   /* its scope got above @scope since check_idle() */
      g_task_return_error (task, new_in_own_scope ());
      return;
    }
  core->forever = (GPOINTER_TO_UINT (flags) & AIODRIVE_POOL_FLAGS_FOREVER) != 0;
  aiodrive_group_core_close (core, task);
  if (!g_cancellable_is_cancelled (G_CANCELLABLE (core->scope)))   /* else they stay planned */
    aiodrive_group_core_begin (core);
  aiodrive_group_core_say_changed (core);
}

/**
 * aiodrive_pool_run_async:
 * @self: a pool
 * @flags: how it runs
 * @cancellable: (nullable): cancels the pool
 * @callback: (scope async) (closure user_data): called when the pool has completed
 * @user_data: data for @callback
 *
 * Starts the planned tasks, and waits until all have completed, including those spawned meanwhile. With
 * %AIODRIVE_POOL_FLAGS_FOREVER it waits for more, until it is cancelled or closed, or a task fails. Call it in the
 * context of the pool, or in the thread that created the pool; anywhere else it fails with
 * %G_IO_ERROR_INVALID_ARGUMENT, and has no effect.
 *
 * From now on the pool is below @cancellable, and is cancelled with it. If @cancellable is already cancelled, the
 * planned tasks never start.
 *
 * To get a task, for a combinator or for aiodrive_run(), write `AIODRIVE_START (NULL, aiodrive_pool_run_async, pool,
 * AIODRIVE_POOL_FLAGS_NONE)`.
 *
 * Since: 1.0
 */
void
aiodrive_pool_run_async (AiodrivePool        *self,
                         AiodrivePoolFlags    flags,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (AIODRIVE_IS_POOL (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = aiodrive_task_record_new_task (self, cancellable, callback, user_data, aiodrive_pool_run_async);
  aiodrive_task_record_set_awaited (aiodrive_task_record_get (task));
  aiodrive_group_core_call (core_of (self), task, begin_run, GUINT_TO_POINTER (flags));
}

/**
 * aiodrive_pool_run_finish:
 * @self: a pool
 * @result: the #GTask of aiodrive_pool_run_async()
 * @error: return location for an error
 *
 * Completes aiodrive_pool_run_async().
 *
 * It fails as aiodrive_task_group_close_finish() does. A pool runs once. The call fails with %G_IO_ERROR_PENDING if the
 * pool already runs or was opened, and with %G_IO_ERROR_CLOSED if it has completed. If the cancellable of the call is
 * below the scope of the pool itself, it fails with %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * Returns: %TRUE if no task failed; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_pool_run_finish (AiodrivePool  *self,
                          GAsyncResult  *result,
                          GError       **error)
{
  g_return_val_if_fail (AIODRIVE_IS_POOL (self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_pool_run_async), FALSE);

  return aiodrive_task_get_leaf (G_TASK (result), error) != NULL;
}
