/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * no such mirror
 * not that one either
 */
#include <aiodrive/aiodrive.h>

static void
fail (GTask        *task,
      GCancellable *cancellable,
      gpointer      message)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s", (char *) message);
}

int
main (void)
{
  g_autoptr(GTask) near = aiodrive_spawn (NULL, fail, (gpointer) "no such mirror", NULL);
  g_autoptr(GTask) far = aiodrive_spawn (NULL, fail, (gpointer) "not that one either", NULL);
  g_autoptr(GTask) any = aiodrive_first_success ((GTask *[]) { near, far }, 2, NULL);
  g_autoptr(GError) error = NULL;

  aiodrive_run (any);
  /* begin */
  error = aiodrive_task_dup_error (any);
  if (g_error_matches (error, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE))
    {
      g_autoptr(GPtrArray) errors = aiodrive_task_dup_errors (any);

      for (guint i = 0; i < errors->len; i++)
        g_print ("%s\n", ((GError *) errors->pdata[i])->message);
    }
  /* end */
  return 0;
}
