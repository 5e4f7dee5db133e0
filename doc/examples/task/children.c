/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * Task missing failed: there is nothing
 * 1 of 2 has succeeded
 */
#include <aiodrive/aiodrive.h>

static void
succeed (GTask        *task,
         GCancellable *cancellable,
         gpointer      user_data)
{
  g_task_set_name (task, "found");
  g_task_return_boolean (task, TRUE);
}

static void
fail (GTask        *task,
      GCancellable *cancellable,
      gpointer      user_data)
{
  g_task_set_name (task, "missing");
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is nothing");
}

int
main (void)
{
  guint n_succeeded = 0;
  g_autoptr(GTask) found = aiodrive_spawn (NULL, succeed, NULL, NULL);
  g_autoptr(GTask) missing = aiodrive_spawn (NULL, fail, NULL, NULL);
  GTask *tasks[2];
  g_autoptr(GTask) all = NULL;

  tasks[0] = found;
  tasks[1] = missing;
  all = aiodrive_wait_all (tasks, 2, NULL);
  aiodrive_run (all);
  {
    /* begin */
    g_autoptr(GError) error = aiodrive_task_dup_error (all);
    g_autoptr(GTask) failed = aiodrive_task_ref_failed_child (all);
    g_autoptr(GPtrArray) children = aiodrive_task_dup_children (all);

    if (failed != NULL)
      g_print ("Task %s failed: %s\n", g_task_get_name (failed), error->message);
    for (guint i = 0; i < children->len; i++)
      {
        g_autoptr(GError) failure = aiodrive_task_dup_error (children->pdata[i]);

        n_succeeded += failure == NULL;
      }
    g_print ("%u of %u has succeeded\n", n_succeeded, children->len);
    /* end */
  }
  return 0;
}
