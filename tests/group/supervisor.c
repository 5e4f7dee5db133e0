/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/group/group.h"

static AiodriveTaskGroup *
supervisor_new (void)
{
  return aiodrive_task_group_new_with_flags (NULL, AIODRIVE_TASK_GROUP_FLAGS_SUPERVISOR);
}

static void
on_failed (AiodriveTaskGroup *group,
           GTask             *task,
           GError            *error,
           GString           *log)
{
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), >, 0);
  g_string_append_printf (log, "%s: %s;", g_task_get_name (task), error->message);
}

static void
close_group (AiodriveTaskGroup *group)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
}

static void
test_failures (void)
{
  AiodriveTaskGroup *group = supervisor_new ();
  g_auto(TestChild) a = { 0 };
  g_auto(TestChild) b = { 0 };
  g_auto(TestChild) c = { 0 };
  g_autoptr(GString) log = g_string_new (NULL);
  AiodriveTaskGroupFlags flags;

  g_test_summary ("A failure is reported, and cancels nothing; a cancellation is no failure; closing succeeds");

  g_object_get (group, "flags", &flags, NULL);
  g_assert_cmpint (flags, ==, AIODRIVE_TASK_GROUP_FLAGS_SUPERVISOR);
  g_signal_connect (group, "task-failed", G_CALLBACK (on_failed), log);
  test_child_spawn (&a, group, "a");
  test_child_spawn (&b, group, "b");
  test_child_spawn (&c, group, "c");
  test_settle ();
  test_child_fail (&a);
  g_cancellable_cancel (b.cancellable);
  test_settle ();
  g_assert_cmpstr (log->str, ==, "a: a failed;");
  g_assert_false (test_group_is_cancelled (group));
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 1);
  test_child_succeed (&c);
  close_group (group);
  g_assert_cmpstr (log->str, ==, "a: a failed;");

  test_child_clear (&a);
  test_child_clear (&b);
  test_child_clear (&c);
  test_group_free (group);
}

static void
test_no_handler (void)
{
  AiodriveTaskGroup *group = supervisor_new ();
  g_auto(TestChild) a = { 0 };

  g_test_summary ("Without a handler a failure is a warning that names the task");

  test_child_spawn (&a, group, "a");
  test_settle ();
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*Task*a*failed*a failed*");
  test_child_fail (&a);
  close_group (group);
  g_test_assert_expected_messages ();

  test_child_clear (&a);
  test_group_free (group);
}


static void
spawn_helper (TestChild         *self,
              AiodriveTaskGroup *group)
{
  self->name = "helper";
  self->future = aiodrive_thread_safe_future_new ();
  aiodrive_task_group_spawn_with_flags (group, AIODRIVE_TASK_GROUP_SPAWN_FLAGS_HELPER, &self->task, test_child_job,
                                        self, test_child_freed);
}

static void
test_helper (void)
{
  for (guint supervises = 0; supervises < 2; supervises++)
    {
      AiodriveTaskGroup *group = supervises ? supervisor_new () : aiodrive_task_group_new (NULL);
      g_auto(TestChild) work = { 0 };
      g_auto(TestChild) helper = { 0 };
      g_auto(TestCall) call = TEST_CALL_INIT;

      g_test_summary ("A helper goes on while the others do, and is cancelled and awaited when the group is closed");

      helper.lingers = TRUE;
      spawn_helper (&helper, group);
      test_child_spawn (&work, group, "work");
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      test_settle ();
      g_assert_false (g_cancellable_is_cancelled (helper.cancellable));

      test_child_succeed (&work);
      test_settle ();
      g_assert_true (g_cancellable_is_cancelled (helper.cancellable));
      g_assert_cmpuint (call.n_calls, ==, 0);
      test_child_succeed (&helper);
      test_assert_closes (group, &call);

      test_call_clear (&call);
      test_child_clear (&work);
      test_child_clear (&helper);
      test_group_free (group);
    }
}

static void
test_helper_alone (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  g_auto(TestChild) helper = { 0 };

  g_test_summary ("A helper without others runs until the group is closed");

  spawn_helper (&helper, group);
  test_settle ();
  g_assert_false (g_cancellable_is_cancelled (helper.cancellable));
  close_group (group);
  test_child_clear (&helper);
  test_group_free (group);
}

typedef struct
{
  TestChild          child;
  AiodriveTaskGroup *group;
} There;

static gpointer
spawn_there (gpointer data)
{
  There *self = data;

  spawn_helper (&self->child, self->group);
  g_clear_object (&self->child.task);
  return NULL;
}

static void
test_helper_from_thread (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  There there = { .group = group };
  GThread *thread = g_thread_new ("spawn", spawn_there, &there);

  g_test_summary ("Another thread may spawn a helper");

  g_thread_join (thread);
  close_group (group);
  test_iterate_until (g_atomic_int_get (&there.child.n_freed) == 1 || g_atomic_int_get (&there.child.n_started) == 1);
  g_assert_cmpint (g_atomic_int_get (&there.child.n_started), ==, 1);
  g_clear_object (&there.child.future);
  test_group_free (group);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/group/supervisor/failures", test_failures);
  g_test_add_func ("/aiodrive/group/supervisor/no-handler", test_no_handler);
  g_test_add_func ("/aiodrive/group/supervisor/helper", test_helper);
  g_test_add_func ("/aiodrive/group/supervisor/helper-alone", test_helper_alone);
  g_test_add_func ("/aiodrive/group/supervisor/helper-from-thread", test_helper_from_thread);

  return g_test_run ();
}
