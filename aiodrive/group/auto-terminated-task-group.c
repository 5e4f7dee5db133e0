/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/auto-terminated-task-group.h"

#include "aiodrive/group/task-group-private.h"

/**
 * AiodriveAutoTerminatedTaskGroup:
 *
 * A task group for service tasks, which run until they are cancelled: closing the group cancels the tasks that still
 * run, and waits for them.
 *
 * Otherwise it is an #AiodriveTaskGroup: it belongs to the main context in which it was created, and any thread may
 * spawn into it and cancel it.
 *
 * |[<!-- language="C" -->
 * g_autoptr(AiodriveAutoTerminatedTaskGroup) services = aiodrive_auto_terminated_task_group_new (NULL);
 * g_autoptr(GTask) closed = NULL;
 *
 * aiodrive_task_group_spawn (AIODRIVE_TASK_GROUP (services), NULL, log_for_ever, NULL, NULL);
 * closed = AIODRIVE_START (NULL, aiodrive_task_group_close_async, AIODRIVE_TASK_GROUP (services));
 * aiodrive_run (closed);   // it is cancelled, and awaited
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveAutoTerminatedTaskGroup
{
  AiodriveTaskGroup parent_instance;
};

struct _AiodriveAutoTerminatedTaskGroupClass
{
  AiodriveTaskGroupClass parent_class;
};

G_DEFINE_FINAL_TYPE (AiodriveAutoTerminatedTaskGroup, aiodrive_auto_terminated_task_group, AIODRIVE_TYPE_TASK_GROUP)

static void
aiodrive_auto_terminated_task_group_class_init (AiodriveAutoTerminatedTaskGroupClass *klass)
{
  klass->parent_class.closing = aiodrive_task_group_cancel;
}

static void
aiodrive_auto_terminated_task_group_init (AiodriveAutoTerminatedTaskGroup *self)
{
}

/**
 * aiodrive_auto_terminated_task_group_new:
 * @parent: (nullable): a cancellable that also cancels the group
 *
 * Creates a group, open for tasks.
 *
 * Returns: (transfer full): a new group
 *
 * Since: 1.0
 */
AiodriveAutoTerminatedTaskGroup *
aiodrive_auto_terminated_task_group_new (GCancellable *parent)
{
  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);

  return g_object_new (AIODRIVE_TYPE_AUTO_TERMINATED_TASK_GROUP, "parent", parent, NULL);
}
