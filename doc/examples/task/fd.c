/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * read x
 */
#include <aiodrive/aiodrive.h>
#include <glib-unix.h>
#include <unistd.h>

/* begin */
static gboolean
read_byte (GCancellable *scope, gpointer fd, GValue *result, GError **error)
{
  char byte = 0;

  if (!aiodrive_wait_for_fd_finish (AIODRIVE_AWAIT (aiodrive_wait_for_fd_async, GPOINTER_TO_INT (fd), G_IO_IN), error))
    return FALSE;
  if (read (GPOINTER_TO_INT (fd), &byte, 1) == 1)
    g_print ("read %c\n", byte);
  return TRUE;
}
/* end */

int
main (void)
{
  gint fds[2];
  g_autoptr(GTask) task = NULL;

  if (!g_unix_open_pipe (fds, FD_CLOEXEC, NULL))
    return 1;
  /* begin */
  task = aiodrive_spawn_fiber (NULL, read_byte, GINT_TO_POINTER (fds[0]), NULL);
  /* end */
  if (write (fds[1], "x", 1) != 1)
    return 1;
  aiodrive_run (task);
  close (fds[0]);
  close (fds[1]);
  return 0;
}
