/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * the shell says 3
 * no process is left
 */
#include <aiodrive/aiodrive.h>

#include <errno.h>
#include <sys/wait.h>

/* begin job */
static void
on_killed (GObject *process, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;

  g_subprocess_wait_finish (G_SUBPROCESS (process), result, NULL);
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The process was killed");
}

static void
on_exited (GObject *process, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;

  if (g_subprocess_wait_finish (G_SUBPROCESS (process), result, NULL))
    return g_task_return_int (task, g_subprocess_get_exit_status (G_SUBPROCESS (process)));

  /* the wait was cancelled, but the process runs: kill it, and wait for its end, whatever is cancelled */
  g_subprocess_force_exit (G_SUBPROCESS (process));
  g_subprocess_wait_async (G_SUBPROCESS (process), NULL, on_killed, g_steal_pointer (&task));
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

/* A timeout kills a process that runs for too long. */
static void
run_for_too_long (void)
{
  const char *command[] = { "sleep", "3600", NULL };
  g_autoptr(GTask) process = aiodrive_spawn (NULL, run_process, command, NULL);
  g_autoptr(GTask) limited = aiodrive_timeout (process, 10, NULL);
  g_autoptr(GError) error = NULL;

  aiodrive_run (limited);
  if (aiodrive_task_get_leaf (limited, &error) != NULL || error->code != G_IO_ERROR_TIMED_OUT)
    g_error ("It ended in time");
  if (waitpid (-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
    g_error ("There is a process still");
  g_print ("no process is left\n");
}

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
  run_for_too_long ();
  return 0;
}
