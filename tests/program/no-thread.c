/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dlfcn.h>
#include <errno.h>
#include <glib-unix.h>
#include <pthread.h>
#include <signal.h>

#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* Where the system gives no thread: whoever needs one fails with that error, and later has another try. */

static gint refusing;   /* atomic */

/* GLib calls this instead of that of the C library. */
int
pthread_create (pthread_t             *thread,
                const pthread_attr_t  *attributes,
                void                *(*func) (void *),
                void                  *data)
{
  int (*next) (pthread_t *, const pthread_attr_t *, void *(*) (void *), void *);

  if (g_atomic_int_get (&refusing))
    return EAGAIN;
  *(void **) &next = dlsym (RTLD_NEXT, "pthread_create");
  return next (thread, attributes, func, data);
}

static void
give_nine (GTask        *task,
           GCancellable *cancellable,
           gpointer      data)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, 9);
  g_task_return_value (task, &value);
  g_value_unset (&value);
}

static void
assert_refused (GTask *task)
{
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN);
}

static void
assert_nine (GTask *task)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  aiodrive_task_propagate (task, &value, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_value_get_int (&value), ==, 9);
}

static void
test_executor (void)
{
  AiodriveBackgroundExecutor *executor = aiodrive_background_executor_new ("none");
  g_autoptr(GError) error = NULL;
  GTask *refused;
  GTask *task;

  g_atomic_int_set (&refusing, TRUE);
  g_assert_false (aiodrive_background_executor_start (executor, &error));
  g_assert_error (error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN);
  g_assert_false (aiodrive_background_executor_is_running (executor));
  aiodrive_background_executor_spawn (executor, &refused, NULL, give_nine, NULL, NULL);
  assert_refused (refused);
  g_assert_finalize_object (refused);

  g_atomic_int_set (&refusing, FALSE);
  aiodrive_background_executor_spawn (executor, &task, NULL, give_nine, NULL, NULL);
  assert_nine (task);
  g_object_unref (task);
  aiodrive_background_executor_stop (executor, NULL, NULL);
  g_assert_finalize_object (executor);
}

static void
test_group (void)
{
  AiodriveTaskGroup *group = AIODRIVE_TASK_GROUP (aiodrive_thread_task_group_new ("none", NULL));
  g_autoptr(GTask) refused = NULL;
  g_autoptr(GTask) end = NULL;

  g_atomic_int_set (&refusing, TRUE);
  aiodrive_task_group_spawn (group, &refused, give_nine, NULL, NULL);
  assert_refused (refused);
  end = AIODRIVE_START (NULL, aiodrive_task_group_close_async, group);
  assert_refused (end);
  g_atomic_int_set (&refusing, FALSE);

  g_clear_object (&end);
  g_assert_finalize_object (group);
}

static void
test_signals (void)
{
  const gint signum = SIGUSR1;
  g_autoptr(GError) error = NULL;
  g_auto(TestCall) refused = TEST_CALL_INIT;
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_atomic_int_set (&refusing, TRUE);
  aiodrive_wait_for_signal_async (&signum, 1, NULL, test_on_ready, &refused);
  g_assert_cmpint (aiodrive_wait_for_signal_finish (test_call_wait (&refused), &error), ==, -1);
  g_assert_error (error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN);
  g_clear_error (&error);

  g_atomic_int_set (&refusing, FALSE);
  aiodrive_wait_for_signal_async (&signum, 1, NULL, test_on_ready, &call);
  raise (signum);
  g_assert_cmpint (aiodrive_wait_for_signal_finish (test_call_wait (&call), &error), ==, signum);
  g_assert_no_error (error);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  /* GLib has its own threads now, without which it aborts */
  g_source_unref (g_unix_signal_source_new (SIGUSR1));
  g_type_ensure (G_TYPE_TASK);

  g_test_add_func ("/aiodrive/program/no-thread/executor", test_executor);
  g_test_add_func ("/aiodrive/program/no-thread/group", test_group);
  g_test_add_func ("/aiodrive/program/no-thread/signals", test_signals);
  return g_test_run ();
}
