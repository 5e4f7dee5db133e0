/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * the shell says 3
 */
#include <aiodrive/aiodrive.h>

/* begin job */
static void
on_exited (GObject *process, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;

  if (g_subprocess_wait_finish (G_SUBPROCESS (process), result, &error))
    return g_task_return_int (task, g_subprocess_get_exit_status (G_SUBPROCESS (process)));
  g_subprocess_force_exit (G_SUBPROCESS (process));   /* cancelling the wait does not end the process */
  g_task_return_error (task, error);
}

static void
run_process (GTask *task, GCancellable *cancellable, gpointer command)
{
  GError *error = NULL;
  g_autoptr(GSubprocess) process = g_subprocess_newv (command, G_SUBPROCESS_FLAGS_NONE, &error);

  if (process == NULL)
    return g_task_return_error (task, error);
  g_subprocess_wait_async (process, cancellable, on_exited, g_object_ref (task));
}
/* end */

int
main (void)
{
  const char *command[] = { "sh", "-c", "exit 3", NULL };
  /* begin use */
  g_autoptr(GTask) process = aiodrive_spawn (NULL, run_process, command, NULL);
  g_autoptr(GTask) limited = aiodrive_timeout (process, 30000, NULL);
  g_autoptr(GError) error = NULL;
  gssize status;

  aiodrive_run (limited);
  status = aiodrive_task_get_leaf (limited, &error) != NULL ? g_task_propagate_int (process, &error) : -1;
  /* end */
  if (error != NULL)
    g_error ("%s", error->message);
  g_print ("the shell says %d\n", (gint) status);
  return 0;
}
