/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/task-group-private.h"

#include "aiodrive/core/release-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

/**
 * AiodriveTaskGroup:
 *
 * A set of tasks with a common lifetime: the first failure cancels the other tasks, and closing the group waits for all
 * of them.
 *
 * Spawn tasks while the group is open, also from its own tasks, and close it on every path. Closing raises the errors:
 * a single one unchanged, several as %AIODRIVE_ERROR_MULTIPLE. A task that was cancelled on its own is not a failure.
 * For a fixed set of tasks use aiodrive_try_all(). To cancel the tasks that still run at the end use an
 * #AiodriveAutoTerminatedTaskGroup.
 *
 * A group belongs to the main context that was thread-default when it was created: its tasks run there, and its
 * properties are notified there. Any thread may spawn into it and cancel it. Cancelling the group, or its parent,
 * cancels its tasks; a pending close still waits for them. A group that is dropped while tasks run logs a warning and
 * cancels them.
 *
 * |[<!-- language="C" -->
 * static void
 * on_all_loaded (GObject *source, GAsyncResult *result, gpointer loop)
 * {
 *   g_autoptr(GError) error = NULL;
 *
 *   if (aiodrive_task_group_close_finish (AIODRIVE_TASK_GROUP (source), result, &error))
 *     g_print ("all are loaded\n");
 *   else
 *     g_printerr ("%s\n", error->message);   // what failed first; the others were cancelled
 *   g_main_loop_quit (loop);
 * }
 *
 * g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (NULL);
 *
 * for (guint i = 0; i < G_N_ELEMENTS (names); i++)
 *   aiodrive_task_group_spawn (group, NULL, load_file, (gpointer) names[i], NULL);
 * aiodrive_task_group_close_async (group, NULL, on_all_loaded, loop);
 * ]|
 *
 * It corresponds to asyncio's TaskGroup and trio's nursery.
 *
 * Since: 1.0
 */

typedef struct
{
  AiodriveGroupCore *core;     /* owned */
  GCancellable      *parent;   /* owned, nullable */
  AiodriveTaskGroupFlags flags;
} AiodriveTaskGroupPrivate;

enum
{
  PROP_PARENT = 1,
  PROP_FLAGS,
  PROP_N_TASKS,
  PROP_CLOSED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

enum
{
  SIGNAL_TASK_FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FLAGS_TYPE (AiodriveTaskGroupFlags, aiodrive_task_group_flags,
                     G_DEFINE_ENUM_VALUE (AIODRIVE_TASK_GROUP_FLAGS_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (AIODRIVE_TASK_GROUP_FLAGS_SUPERVISOR, "supervisor"))

G_DEFINE_FLAGS_TYPE (AiodriveTaskGroupSpawnFlags, aiodrive_task_group_spawn_flags,
                     G_DEFINE_ENUM_VALUE (AIODRIVE_TASK_GROUP_SPAWN_FLAGS_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (AIODRIVE_TASK_GROUP_SPAWN_FLAGS_HELPER, "helper"))

G_DEFINE_TYPE_WITH_PRIVATE (AiodriveTaskGroup, aiodrive_task_group, G_TYPE_OBJECT)

AiodriveGroupCore *
aiodrive_task_group_get_core (AiodriveTaskGroup *self)
{
  return ((AiodriveTaskGroupPrivate *) aiodrive_task_group_get_instance_private (self))->core;
}

static void
aiodrive_task_group_constructed (GObject *object)
{
  AiodriveTaskGroupPrivate *priv = aiodrive_task_group_get_instance_private (AIODRIVE_TASK_GROUP (object));
  AiodriveTaskGroupClass *klass = AIODRIVE_TASK_GROUP_GET_CLASS (object);

  priv->core = aiodrive_group_core_new (object, priv->parent);
  priv->core->supervises = (priv->flags & AIODRIVE_TASK_GROUP_FLAGS_SUPERVISOR) != 0;
  if (klass->made != NULL)
    klass->made (AIODRIVE_TASK_GROUP (object));
  aiodrive_group_core_publish (priv->core);

  G_OBJECT_CLASS (aiodrive_task_group_parent_class)->constructed (object);
}

static void
aiodrive_task_group_dispose (GObject *object)
{
  AiodriveGroupCore *core = aiodrive_task_group_get_core (AIODRIVE_TASK_GROUP (object));
  gint n_tasks = g_atomic_int_get (&core->n_tasks);

  aiodrive_strict_weak_lose (&core->object);
  if (n_tasks > 0 && !g_atomic_int_get (&core->closed) && !g_cancellable_is_cancelled (G_CANCELLABLE (core->scope)))
    {
      g_warning ("A task group was dropped while %d of its tasks run: they are cancelled", n_tasks);
      g_cancellable_cancel (G_CANCELLABLE (core->scope));
    }

  G_OBJECT_CLASS (aiodrive_task_group_parent_class)->dispose (object);
}

static void
aiodrive_task_group_finalize (GObject *object)
{
  AiodriveTaskGroupPrivate *priv = aiodrive_task_group_get_instance_private (AIODRIVE_TASK_GROUP (object));

  aiodrive_group_core_unref (priv->core);
  aiodrive_release_object (g_steal_pointer (&priv->parent));

  G_OBJECT_CLASS (aiodrive_task_group_parent_class)->finalize (object);
}

static void
aiodrive_task_group_get_property (GObject    *object,
                                  guint       property_id,
                                  GValue     *value,
                                  GParamSpec *pspec)
{
  AiodriveTaskGroup *self = AIODRIVE_TASK_GROUP (object);
  AiodriveTaskGroupPrivate *priv = aiodrive_task_group_get_instance_private (self);

  switch (property_id)
    {
    case PROP_PARENT:
      g_value_set_object (value, priv->parent);
      break;
    case PROP_FLAGS:
      g_value_set_flags (value, priv->flags);
      break;
    case PROP_N_TASKS:
      g_value_set_uint (value, aiodrive_task_group_get_n_tasks (self));
      break;
    case PROP_CLOSED:
      g_value_set_boolean (value, aiodrive_task_group_is_closed (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
aiodrive_task_group_set_property (GObject      *object,
                                  guint         property_id,
                                  const GValue *value,
                                  GParamSpec   *pspec)
{
  AiodriveTaskGroupPrivate *priv = aiodrive_task_group_get_instance_private (AIODRIVE_TASK_GROUP (object));

  if (property_id == PROP_PARENT)
    priv->parent = g_value_dup_object (value);
  else if (property_id == PROP_FLAGS)
    priv->flags = g_value_get_flags (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_task_group_class_init (AiodriveTaskGroupClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = aiodrive_task_group_constructed;
  object_class->dispose = aiodrive_task_group_dispose;
  object_class->finalize = aiodrive_task_group_finalize;
  object_class->get_property = aiodrive_task_group_get_property;
  object_class->set_property = aiodrive_task_group_set_property;

  /**
   * AiodriveTaskGroup:parent:
   *
   * The cancellable that also cancels the group.
   *
   * Since: 1.0
   */
  properties[PROP_PARENT] =
    g_param_spec_object ("parent", NULL, NULL, G_TYPE_CANCELLABLE,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveTaskGroup:flags:
   *
   * How the group treats its tasks.
   *
   * Since: 1.0
   */
  properties[PROP_FLAGS] =
    g_param_spec_flags ("flags", NULL, NULL, AIODRIVE_TYPE_TASK_GROUP_FLAGS, AIODRIVE_TASK_GROUP_FLAGS_NONE,
                        G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveTaskGroup:n-tasks:
   *
   * The number of pending tasks. It is notified in the context of the group.
   *
   * Since: 1.0
   */
  properties[PROP_N_TASKS] =
    g_param_spec_uint ("n-tasks", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveTaskGroup:closed:
   *
   * Whether the group has completed. It is notified in the context of the group.
   *
   * Since: 1.0
   */
  properties[PROP_CLOSED] =
    g_param_spec_boolean ("closed", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * AiodriveTaskGroup::task-failed:
   * @self: a group
   * @task: the task
   * @error: what it failed with
   *
   * Reports that a task of a group with %AIODRIVE_TASK_GROUP_FLAGS_SUPERVISOR has failed. It is emitted in the context
   * of the group, before the task is no longer counted. A task that was cancelled has not failed.
   *
   * Without a handler there is a warning that names the task.
   *
   * Since: 1.0
   */
  signals[SIGNAL_TASK_FAILED] =
    g_signal_new ("task-failed", AIODRIVE_TYPE_TASK_GROUP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                  G_TYPE_TASK, G_TYPE_ERROR);
}

static void
aiodrive_task_group_init (AiodriveTaskGroup *self)
{
}

/**
 * aiodrive_task_group_new:
 * @parent: (nullable): a cancellable that also cancels the group
 *
 * Creates a group, open for tasks.
 *
 * Returns: (transfer full): a new group
 *
 * Since: 1.0
 */
AiodriveTaskGroup *
aiodrive_task_group_new (GCancellable *parent)
{
  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);

  return g_object_new (AIODRIVE_TYPE_TASK_GROUP, "parent", parent, NULL);
}

/**
 * aiodrive_task_group_new_with_flags:
 * @parent: (nullable): what cancels the group
 * @flags: how the group treats its tasks
 *
 * Creates a group, open for tasks. With %AIODRIVE_TASK_GROUP_FLAGS_SUPERVISOR it outlives the failures of its tasks.
 * Use that for the requests of a server, or for what a user clicks.
 *
 * Returns: (transfer full): a new group
 *
 * Since: 1.0
 */
AiodriveTaskGroup *
aiodrive_task_group_new_with_flags (GCancellable          *parent,
                                    AiodriveTaskGroupFlags flags)
{
  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);

  return g_object_new (AIODRIVE_TYPE_TASK_GROUP, "parent", parent, "flags", flags, NULL);
}

/**
 * aiodrive_task_group_get_scope:
 * @self: a group
 *
 * Gets the scope of the group, which is above its tasks. Pass it to your own calls while the group is open: it is
 * cancelled when a task fails.
 *
 * Returns: (transfer none): the scope
 *
 * Since: 1.0
 */
AiodriveCancelScope *
aiodrive_task_group_get_scope (AiodriveTaskGroup *self)
{
  g_return_val_if_fail (AIODRIVE_IS_TASK_GROUP (self), NULL);

  return aiodrive_group_core_get_shown_scope (aiodrive_task_group_get_core (self));
}

/**
 * aiodrive_task_group_get_n_tasks:
 * @self: a group
 *
 * Gets the number of pending tasks.
 *
 * Returns: the number of tasks
 *
 * Since: 1.0
 */
guint
aiodrive_task_group_get_n_tasks (AiodriveTaskGroup *self)
{
  g_return_val_if_fail (AIODRIVE_IS_TASK_GROUP (self), 0);

  return g_atomic_int_get (&aiodrive_task_group_get_core (self)->n_tasks);
}

/**
 * aiodrive_task_group_is_closed:
 * @self: a group
 *
 * Gets whether the group has completed: it was closed, and all tasks have completed.
 *
 * Returns: whether it has
 *
 * Since: 1.0
 */
gboolean
aiodrive_task_group_is_closed (AiodriveTaskGroup *self)
{
  g_return_val_if_fail (AIODRIVE_IS_TASK_GROUP (self), TRUE);

  return g_atomic_int_get (&aiodrive_task_group_get_core (self)->closed);
}

/**
 * aiodrive_task_group_get_tasks:
 * @self: a group
 *
 * Gets the pending tasks, for a list view: a live list of #AiodriveTaskInfo. Call it, and use the list, in the context
 * of the group; calling it anywhere else is a programming error.
 *
 * Returns: (transfer none): the list
 *
 * Since: 1.0
 */
GListModel *
aiodrive_task_group_get_tasks (AiodriveTaskGroup *self)
{
  AiodriveGroupCore *core;
  GListModel *tasks;

  g_return_val_if_fail (AIODRIVE_IS_TASK_GROUP (self), NULL);

  core = aiodrive_task_group_get_core (self);
  if (!aiodrive_group_core_enter (core))
    {
      g_critical ("%s: " AIODRIVE_GROUP_ELSEWHERE, G_STRFUNC);
      return NULL;
    }
  tasks = aiodrive_group_core_get_tasks (core);
  aiodrive_group_core_leave (core);
  return tasks;
}

/**
 * aiodrive_task_group_cancel:
 * @self: a group
 *
 * Cancels the scope of the group, and with it all tasks. The group completes when they have completed. A close does not
 * report this cancellation as an error.
 *
 * Since: 1.0
 */
void
aiodrive_task_group_cancel (AiodriveTaskGroup *self)
{
  g_return_if_fail (AIODRIVE_IS_TASK_GROUP (self));

  g_cancellable_cancel (G_CANCELLABLE (aiodrive_task_group_get_core (self)->scope));
}

/*
 * Members
 */

/**
 * aiodrive_task_group_spawn:
 * @self: a group
 * @task: (out) (optional) (transfer full): return location for the task
 * @func: (scope notified) (closure user_data) (destroy user_data_destroy): the job
 * @user_data: data for @func
 * @user_data_destroy: (nullable): frees @user_data
 *
 * Starts a job as a task of the group, in the next iteration of the context of the group. In a cancelled group it
 * starts too, and finds its scope cancelled. In a completed group the task fails with %G_IO_ERROR_CLOSED. In an idle
 * #AiodrivePool the task is planned.
 *
 * The task is an argument, not the return value: most callers leave it to the group, and an ignored return value
 * would leak a reference in each such call.
 *
 * In a call from another thread, @task belongs to the thread-default context there, and stands for the task of the
 * group: see aiodrive_task_get_leaf(). @user_data is freed in that context, when @task has completed and the callbacks
 * of its waiters have run, as in aiodrive_spawn().
 *
 * If a job drops the last reference on its task without returning it, the task fails with %G_IO_ERROR_FAILED.
 *
 * Since: 1.0
 */
void
aiodrive_task_group_spawn (AiodriveTaskGroup  *self,
                           GTask             **task,
                           AiodriveJobFunc     func,
                           gpointer            user_data,
                           GDestroyNotify      user_data_destroy)
{
  g_autoptr(GTask) spawned = NULL;
  AiodriveTaskGroupClass *klass;

  g_return_if_fail (AIODRIVE_IS_TASK_GROUP (self));
  g_return_if_fail (func != NULL);

  klass = AIODRIVE_TASK_GROUP_GET_CLASS (self);
  if (klass->do_spawn != NULL)
    spawned = klass->do_spawn (self, func, user_data, user_data_destroy);
  else
    spawned = aiodrive_group_core_spawn (aiodrive_task_group_get_core (self), NULL, 0, FALSE, func, user_data,
                                         user_data_destroy);
  if (task != NULL)
    *task = g_steal_pointer (&spawned);
}

/**
 * aiodrive_task_group_spawn_with_flags:
 * @self: a group
 * @flags: how the group treats this task
 * @task: (out) (optional) (transfer full): return location for the task
 * @func: (scope notified) (closure user_data) (destroy user_data_destroy): the job
 * @user_data: data for @func
 * @user_data_destroy: (nullable): frees @user_data
 *
 * Starts a job as aiodrive_task_group_spawn() does. With %AIODRIVE_TASK_GROUP_SPAWN_FLAGS_HELPER the task serves the
 * others: when the group is closed, and nothing but helpers is left, they are cancelled, and awaited. What they spawn
 * meanwhile is awaited too.
 *
 * In an #AiodriveThreadTaskGroup a helper is an ordinary task.
 *
 * Since: 1.0
 */
void
aiodrive_task_group_spawn_with_flags (AiodriveTaskGroup           *self,
                                      AiodriveTaskGroupSpawnFlags  flags,
                                      GTask                      **task,
                                      AiodriveJobFunc              func,
                                      gpointer                     user_data,
                                      GDestroyNotify               user_data_destroy)
{
  g_autoptr(GTask) spawned = NULL;

  g_return_if_fail (AIODRIVE_IS_TASK_GROUP (self));
  g_return_if_fail (func != NULL);

  if ((flags & AIODRIVE_TASK_GROUP_SPAWN_FLAGS_HELPER) == 0 || AIODRIVE_TASK_GROUP_GET_CLASS (self)->do_spawn != NULL)
    {
      aiodrive_task_group_spawn (self, task, func, user_data, user_data_destroy);
      return;
    }

  spawned = aiodrive_group_core_spawn (aiodrive_task_group_get_core (self), NULL, 0, TRUE, func, user_data,
                                       user_data_destroy);
  if (task != NULL)
    *task = g_steal_pointer (&spawned);
}

static gboolean
can_cancel_alone (AiodriveGroupCore *core,
                  GTask             *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  return cancellable != NULL && !aiodrive_cancellable_is_within (G_CANCELLABLE (core->scope), cancellable) &&
         !g_hash_table_contains (core->cancellables, cancellable);
}

/**
 * aiodrive_task_group_add:
 * @self: a group
 * @task: a task of this context
 * @error: return location for an error
 *
 * Adds a task that was started elsewhere: the group waits for it, and cancels it when the group is cancelled. The call
 * fails with %G_IO_ERROR_INVALID_ARGUMENT if the task cannot be cancelled on its own, or in any other context than the
 * group's, and with %G_IO_ERROR_CLOSED if the group has completed.
 *
 * Returns: %TRUE if the task was added; %FALSE with @error set, and the task is unchanged
 *
 * Since: 1.0
 */
gboolean
aiodrive_task_group_add (AiodriveTaskGroup  *self,
                         GTask              *task,
                         GError            **error)
{
  AiodriveGroupCore *core;
  gboolean added = FALSE;

  g_return_val_if_fail (AIODRIVE_IS_TASK_GROUP (self), FALSE);
  g_return_val_if_fail (G_IS_TASK (task), FALSE);

  core = aiodrive_task_group_get_core (self);
  if (!aiodrive_group_core_enter (core))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, AIODRIVE_GROUP_ELSEWHERE);
      return FALSE;
    }

  if (g_atomic_int_get (&core->closed))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The group has come to its end");
  else if (!can_cancel_alone (core, task) && !aiodrive_task_has_ended (task))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 "Task %s cannot be cancelled alone: it has no cancellable of its own", aiodrive_task_describe (task));
  else
    added = aiodrive_group_core_add (core, task, aiodrive_group_core_expect_from (core, task), FALSE,
                                     FALSE);
  aiodrive_group_core_leave (core);
  return added;
}

/*
 * The end
 */

/* Called in the context of the group. */
static void
begin_close (GTask    *task,
             gpointer  unused)
{
  AiodriveTaskGroup *self = g_task_get_source_object (task);
  AiodriveTaskGroupClass *klass = AIODRIVE_TASK_GROUP_GET_CLASS (self);

  if (klass->closing != NULL)
    klass->closing (self);
  if (klass->do_close != NULL)
    klass->do_close (self, task);
  else
    aiodrive_group_core_close (aiodrive_task_group_get_core (self), task);
}

/**
 * aiodrive_task_group_close_async:
 * @self: a group
 * @cancellable: (nullable): cancels the group
 * @callback: (scope async) (closure user_data): called when the group has completed
 * @user_data: data for @callback
 *
 * Waits until all tasks of the group have completed, including those spawned meanwhile. Call it in the context of the
 * group, or in the thread that created the group; anywhere else it fails with %G_IO_ERROR_INVALID_ARGUMENT, and has no
 * effect.
 *
 * Cancelling the call cancels the group; the call still waits. A group may be closed more than once: all calls complete
 * together, with the same outcome.
 *
 * To get a task, for a combinator or for aiodrive_run(), write `AIODRIVE_START (NULL, aiodrive_task_group_close_async,
 * group)`.
 *
 * Since: 1.0
 */
void
aiodrive_task_group_close_async (AiodriveTaskGroup   *self,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (AIODRIVE_IS_TASK_GROUP (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = aiodrive_task_record_new_task (self, cancellable, callback, user_data, aiodrive_task_group_close_async);
  aiodrive_task_record_set_awaited (aiodrive_task_record_get (task));
  aiodrive_group_core_call (aiodrive_task_group_get_core (self), task, begin_close, NULL);
}

/**
 * aiodrive_task_group_close_finish:
 * @self: a group
 * @result: the #GTask of aiodrive_task_group_close_async()
 * @error: return location for an error
 *
 * Completes aiodrive_task_group_close_async().
 *
 * It fails with the errors of the tasks: a single one unchanged, several as %AIODRIVE_ERROR_MULTIPLE. If no task
 * failed, but the group was cancelled from above, or the call was cancelled, it fails with %G_IO_ERROR_CANCELLED. If
 * the group's own scope reached its deadline, or was cancelled with a reason, it fails with that: see
 * aiodrive_cancel_scope_leave().
 *
 * Returns: %TRUE if no task failed; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_task_group_close_finish (AiodriveTaskGroup  *self,
                                  GAsyncResult       *result,
                                  GError            **error)
{
  g_return_val_if_fail (AIODRIVE_IS_TASK_GROUP (self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_task_group_close_async), FALSE);

  return aiodrive_task_get_leaf (G_TASK (result), error) != NULL;
}
