/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * done
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_slept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;

  if (aiodrive_sleep_finish (result, &error))
    g_task_return_pointer (task, g_strdup ("done"), g_free);
  else
    g_task_return_error (task, error);   /* the job was cancelled */
}

static void
job (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  aiodrive_sleep_async (20, cancellable, on_slept, g_object_ref (task));
}
/* end */

int
main (void)
{
  g_autofree char *word = NULL;
  /* begin */
  g_autoptr(GTask) task = aiodrive_spawn (NULL, job, NULL, NULL);
  /* end */

  aiodrive_run (task);
  word = g_task_propagate_pointer (task, NULL);
  g_print ("%s\n", word);
  return 0;
}
