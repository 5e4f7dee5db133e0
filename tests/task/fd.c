/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/fd.h"

#include <unistd.h>
#include <glib-unix.h>

#include "tests/support/support.h"

static void
pipe_open (gint fds[2])
{
  g_autoptr(GError) error = NULL;

  g_unix_open_pipe (fds, FD_CLOEXEC, &error);
  g_assert_no_error (error);
}

static void
pipe_close (gint fds[2])
{
  close (fds[0]);
  close (fds[1]);
}

static void
assert_fails (TestCall *call,
              gint      code)
{
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (aiodrive_wait_for_fd_finish (test_call_wait (call), &error), ==, 0);
  g_assert_error (error, G_IO_ERROR, code);
}

static void
test_ready (void)
{
  g_auto(TestCall) writable = TEST_CALL_INIT;
  g_auto(TestCall) readable = TEST_CALL_INIT;
  gint fds[2];

  g_test_summary ("A wait ends when the condition holds, not before");

  pipe_open (fds);
  aiodrive_wait_for_fd_async (fds[1], G_IO_OUT, NULL, test_on_ready, &writable);
  aiodrive_wait_for_fd_async (fds[0], G_IO_IN, NULL, test_on_ready, &readable);
  g_assert_cmpuint (writable.n_calls, ==, 0);
  g_assert_cmpint (aiodrive_wait_for_fd_finish (test_call_wait (&writable), NULL), ==, G_IO_OUT);
  g_assert_null (writable.source_object);
  test_settle ();
  g_assert_cmpuint (readable.n_calls, ==, 0);

  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  g_assert_cmpint (aiodrive_wait_for_fd_finish (test_call_wait (&readable), NULL), ==, G_IO_IN);
  pipe_close (fds);
}

static void
test_hung_up (void)
{
  g_auto(TestCall) call = TEST_CALL_INIT;
  gint fds[2];

  g_test_summary ("That the other end is closed ends a wait");

  pipe_open (fds);
  aiodrive_wait_for_fd_async (fds[0], G_IO_IN, NULL, test_on_ready, &call);
  close (fds[1]);
  g_assert_cmpint (aiodrive_wait_for_fd_finish (test_call_wait (&call), NULL) & G_IO_HUP, ==, G_IO_HUP);
  close (fds[0]);
}

static void
test_cancelled (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) waiting = TEST_CALL_INIT;
  g_auto(TestCall) before = TEST_CALL_INIT;
  gint fds[2];

  g_test_summary ("A wait that is cancelled, before or while it waits, ends with CANCELLED");

  pipe_open (fds);
  aiodrive_wait_for_fd_async (fds[0], G_IO_IN, cancellable, test_on_ready, &waiting);
  test_settle ();
  g_cancellable_cancel (cancellable);
  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  assert_fails (&waiting, G_IO_ERROR_CANCELLED);

  aiodrive_wait_for_fd_async (fds[0], G_IO_IN, cancellable, test_on_ready, &before);
  assert_fails (&before, G_IO_ERROR_CANCELLED);
  pipe_close (fds);
}

static gpointer
cancel_there (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_threads (void)
{
  gint fds[2];

  g_test_summary ("Another thread may cancel at any moment: the wait ends once");

  pipe_open (fds);
  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  for (guint i = 0; i < test_rounds (200); i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_auto(TestCall) call = TEST_CALL_INIT;
      GThread *thread = g_thread_new ("cancel", cancel_there, cancellable);
      g_autoptr(GError) error = NULL;

      aiodrive_wait_for_fd_async (fds[0], G_IO_IN, cancellable, test_on_ready, &call);
      if (aiodrive_wait_for_fd_finish (test_call_wait (&call), &error) == 0)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_thread_join (thread);
    }
  pipe_close (fds);
}

static void
test_bad (void)
{
  g_auto(TestCall) negative = TEST_CALL_INIT;
  g_auto(TestCall) nothing = TEST_CALL_INIT;
  g_auto(TestCall) closed = TEST_CALL_INIT;
  gint fds[2];

  g_test_summary ("A file descriptor that is not open is an error, as is nothing to wait for");

  pipe_open (fds);
  aiodrive_wait_for_fd_async (-1, G_IO_IN, NULL, test_on_ready, &negative);
  aiodrive_wait_for_fd_async (fds[0], 0, NULL, test_on_ready, &nothing);
  assert_fails (&negative, G_IO_ERROR_INVALID_ARGUMENT);
  assert_fails (&nothing, G_IO_ERROR_INVALID_ARGUMENT);

  pipe_close (fds);
  aiodrive_wait_for_fd_async (fds[0], G_IO_IN, NULL, test_on_ready, &closed);
  assert_fails (&closed, G_IO_ERROR_INVALID_ARGUMENT);
}

static gboolean
read_byte (GCancellable  *scope,
           gpointer       fds,
           GValue        *result,
           GError       **error)
{
  GAsyncResult *ready = AIODRIVE_AWAIT (aiodrive_wait_for_fd_async, ((gint *) fds)[0], G_IO_IN);
  char byte = 0;

  if (aiodrive_wait_for_fd_finish (ready, error) == 0)
    return FALSE;
  g_assert_cmpint (read (((gint *) fds)[0], &byte, 1), ==, 1);
  return aiodrive_return_int (result, byte);
}

static void
test_fiber (void)
{
  gint fds[2];
  g_autoptr(GTask) task = NULL;
  g_auto(GValue) value = G_VALUE_INIT;

  g_test_summary ("A fiber awaits a file descriptor");

  pipe_open (fds);
  task = aiodrive_spawn_fiber (NULL, read_byte, fds, NULL);
  test_settle ();
  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  aiodrive_run (task);
  aiodrive_task_propagate (task, &value, NULL);
  g_assert_cmpint (g_value_get_int64 (&value), ==, 'x');
  pipe_close (fds);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/fd/ready", test_ready);
  g_test_add_func ("/aiodrive/task/fd/hung-up", test_hung_up);
  g_test_add_func ("/aiodrive/task/fd/cancelled", test_cancelled);
  g_test_add_func ("/aiodrive/task/fd/threads", test_threads);
  g_test_add_func ("/aiodrive/task/fd/bad", test_bad);
  g_test_add_func ("/aiodrive/task/fd/fiber", test_fiber);

  return g_test_run ();
}
