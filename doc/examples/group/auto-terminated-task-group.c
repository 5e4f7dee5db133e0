/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * the logger has ended
 */
#include <aiodrive/aiodrive.h>

static void
on_slept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;

  aiodrive_sleep_finish (result, &error);
  g_print ("the logger has ended\n");
  g_task_return_error (task, error);
}

static void
log_for_ever (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  aiodrive_sleep_async (G_MAXUINT, cancellable, on_slept, g_object_ref (task));
}

int
main (void)
{
  /* begin */
  g_autoptr(AiodriveAutoTerminatedTaskGroup) services = aiodrive_auto_terminated_task_group_new (NULL);
  g_autoptr(GTask) closed = NULL;

  aiodrive_task_group_spawn (AIODRIVE_TASK_GROUP (services), NULL, log_for_ever, NULL, NULL);
  closed = AIODRIVE_START (NULL, aiodrive_task_group_close_async, AIODRIVE_TASK_GROUP (services));
  aiodrive_run (closed);   /* it is cancelled, and awaited */
  /* end */
  return 0;
}
