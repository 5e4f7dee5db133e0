/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * the shell says 3
 * no process is left
 */
#include <aiodrive/aiodrive.h>

#include <errno.h>
#include <sys/wait.h>

/* begin job */
static gboolean
run_process (GCancellable *scope, gpointer command, GValue *result, GError **error)
{
  g_autoptr(GSubprocess) process = g_subprocess_newv (command, G_SUBPROCESS_FLAGS_NONE, error);

  if (process == NULL)
    return FALSE;
  if (g_subprocess_wait_finish (process, AIODRIVE_AWAIT (g_subprocess_wait_async, process), error))
    return aiodrive_return_int (result, g_subprocess_get_exit_status (process));

  /* the wait was cancelled, but the process runs: kill it, and wait for its end, whatever is cancelled */
  g_subprocess_force_exit (process);
  g_subprocess_wait_finish (process, AIODRIVE_AWAIT_IN (NULL, g_subprocess_wait_async, process), NULL);
  return FALSE;
}
/* end */

/* A timeout kills a process that runs for too long. */
static void
run_for_too_long (void)
{
  const char *command[] = { "sleep", "3600", NULL };
  g_autoptr(GTask) process = aiodrive_spawn_fiber (NULL, run_process, command, NULL);
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
  g_autoptr(GTask) process = aiodrive_spawn_fiber (NULL, run_process, command, NULL);
  g_autoptr(GTask) limited = aiodrive_timeout (process, 30000, NULL);
  g_autoptr(GError) error = NULL;
  g_auto(GValue) status = G_VALUE_INIT;

  aiodrive_run (limited);
  aiodrive_task_propagate (limited, &status, &error);
  /* end */
  if (error != NULL)
    g_error ("%s", error->message);
  g_print ("the shell says %d\n", (gint) g_value_get_int64 (&status));
  run_for_too_long ();
  return 0;
}
