/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * it has cleaned up
 */
#include <aiodrive/aiodrive.h>

static void
on_cancelled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;

  aiodrive_sleep_finish (result, &error);
  g_print ("it has cleaned up\n");
  g_task_return_error (task, error);
}

static void
job (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  aiodrive_sleep_async (60000, cancellable, on_cancelled, g_object_ref (task));
}

int
main (void)
{
  g_autoptr(GTask) task = aiodrive_prime (NULL, job, NULL, NULL);
  g_autoptr(GError) error = NULL;
  /* begin */
  g_autoptr(GTask) cancelled = aiodrive_cancel_task (task, NULL);

  aiodrive_run (cancelled);   /* and now the task has ended */
  if (!aiodrive_cancel_task_finish (G_ASYNC_RESULT (cancelled), &error))
    g_print ("%s\n", error->message);   /* it failed while it cleaned up */
  /* end */
  return 0;
}
