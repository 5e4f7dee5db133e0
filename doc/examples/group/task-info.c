/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * index: it runs
 */
#include <aiodrive/aiodrive.h>

static void
on_slept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;

  g_task_return_boolean (task, aiodrive_sleep_finish (result, NULL));
}

static void
job (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  aiodrive_sleep_async (20, cancellable, on_slept, g_object_ref (task));
}

int
main (void)
{
  g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (NULL);
  g_autoptr(GTask) closed = NULL;
  g_autoptr(GTask) task = NULL;

  aiodrive_task_group_spawn (group, &task, job, NULL, NULL);
  g_task_set_name (task, "index");
  g_main_context_iteration (NULL, TRUE);
  {
    /* begin */
    GListModel *tasks = aiodrive_task_group_get_tasks (group);   /* for a list view */
    g_autoptr(AiodriveTaskInfo) info = g_list_model_get_item (tasks, 0);

    if (aiodrive_task_info_get_state (info) == AIODRIVE_TASK_STATE_RUNNING)
      g_print ("%s: it runs\n", aiodrive_task_info_get_name (info));
    /* end */
  }
  closed = AIODRIVE_START (NULL, aiodrive_task_group_close_async, group);
  aiodrive_run (closed);
  return 0;
}
