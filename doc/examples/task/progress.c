/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * 50 %
 */
#include <aiodrive/aiodrive.h>

static void
on_progress (AiodriveTaskInfo *info, GParamSpec *pspec, gpointer user_data)
{
  g_print ("%.0f %%\n", 100 * aiodrive_task_info_get_progress (info));
}

static void
on_slept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;

  g_task_return_boolean (task, aiodrive_sleep_finish (result, NULL));
}

/* begin */
static void
job (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  aiodrive_task_set_progress (task, 0.5);
  aiodrive_sleep_async (20, cancellable, on_slept, g_object_ref (task));
}
/* end */

int
main (void)
{
  g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (NULL);
  g_autoptr(AiodriveTaskInfo) info = NULL;
  g_autoptr(GTask) closed = NULL;

  aiodrive_task_group_spawn (group, NULL, job, NULL, NULL);
  closed = AIODRIVE_START (NULL, aiodrive_task_group_close_async, group);
  info = g_list_model_get_item (aiodrive_task_group_get_tasks (group), 0);
  g_signal_connect (info, "notify::progress", G_CALLBACK (on_progress), NULL);
  aiodrive_run (closed);
  return 0;
}
