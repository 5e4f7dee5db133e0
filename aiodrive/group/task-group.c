/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/release-private.h"
#include "aiodrive/group/task-group-private.h"

/**
 * AiodriveTaskGroup:
 *
 * Tasks that belong together: when one fails the others are cancelled, and closing the group waits for all of them.
 *
 * Spawn tasks while the group is open, also from tasks of the group; close it in the end, whatever happened. The errors
 * come out there: one as it is, several as %AIODRIVE_ERROR_MULTIPLE. A task that was cancelled by itself is no failure.
 * For a fixed set of tasks use aiodrive_try_all(); where what still runs at the end is to be cancelled, an
 * #AiodriveAutoTerminatedTaskGroup.
 *
 * A group belongs to the main context that was thread-default where it was made: its tasks run there, and its
 * notifications come there. Spawning and cancelling may be done from every thread. Cancelling the group, or the parent
 * it was made with, cancels its tasks; a call that closes it goes on waiting for them. A group that is dropped while
 * tasks run is warned about, and cancelled.
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
 * It is asyncio's TaskGroup and trio's nursery.
 *
 * Since: 1.0
 */

typedef struct
{
  AiodriveGroupCore *core;     /* owned */
  GCancellable      *parent;   /* owned, nullable */
} AiodriveTaskGroupPrivate;

enum
{
  PROP_PARENT = 1,
  PROP_N_TASKS,
  PROP_CLOSED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

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
   * What cancels the group.
   *
   * Since: 1.0
   */
  properties[PROP_PARENT] =
    g_param_spec_object ("parent", NULL, NULL, G_TYPE_CANCELLABLE,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveTaskGroup:n-tasks:
   *
   * How many tasks of the group have not ended. The notification comes in the context of the group.
   *
   * Since: 1.0
   */
  properties[PROP_N_TASKS] =
    g_param_spec_uint ("n-tasks", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveTaskGroup:closed:
   *
   * Whether the group has come to its end. The notification comes in the context of the group.
   *
   * Since: 1.0
   */
  properties[PROP_CLOSED] =
    g_param_spec_boolean ("closed", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
aiodrive_task_group_init (AiodriveTaskGroup *self)
{
}

/**
 * aiodrive_task_group_new:
 * @parent: (nullable): what cancels the group
 *
 * Makes a group, open for tasks.
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
 * aiodrive_task_group_get_scope:
 * @self: a group
 *
 * Gets the scope of the group, which is above its tasks. Give it to what you do yourself while the group is open: it is
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
 * Gets how many tasks of the group have not ended.
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
 * Gets whether the group has come to its end: it was closed, and all tasks have ended.
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
 * Gets the tasks of the group that have not ended, for a list view: a list of #AiodriveTaskInfo that follows the group.
 * Call it, and use the list, in the context of the group; to call it anywhere else is a programming error.
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
 * Cancels the scope of the group, and with it all tasks. The group is not at its end before they are; that it was
 * cancelled by this is no error when it is closed.
 *
 * Since: 1.0
 */
void
aiodrive_task_group_cancel (AiodriveTaskGroup *self)
{
  g_return_if_fail (AIODRIVE_IS_TASK_GROUP (self));

  g_cancellable_cancel (G_CANCELLABLE (aiodrive_task_group_get_core (self)->scope));
}
