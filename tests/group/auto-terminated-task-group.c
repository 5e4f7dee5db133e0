/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/group/group.h"

static AiodriveTaskGroup *
group_new (GCancellable *parent)
{
  return AIODRIVE_TASK_GROUP (aiodrive_auto_terminated_task_group_new (parent));
}

/* Closing cancels what still runs, and awaits it; that is no failure. */
static void
test_close (void)
{
  for (guint lingers = 0; lingers < 2; lingers++)
    {
      AiodriveTaskGroup *group = group_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestChild) child = { .lingers = lingers };
      g_auto(TestChild) late = { 0 };

      test_child_spawn (&child, group, "child");
      test_settle ();
      g_assert_false (g_cancellable_is_cancelled (child.cancellable));
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      g_assert_true (g_cancellable_is_cancelled (child.cancellable));
      test_child_spawn (&late, group, "late");
      if (lingers)
        {
          test_settle ();
          g_assert_cmpuint (call.n_calls, ==, 0);
          test_child_succeed (&child);
        }
      test_assert_closes (group, &call);
      g_assert_true (late.was_cancelled);
      g_assert_cmpint (late.n_freed + child.n_freed, ==, 2);

      test_call_clear (&call);
      test_child_clear (&child);
      test_child_clear (&late);
      test_group_free (group);
    }
}

static void
test_empty (void)
{
  AiodriveTaskGroup *group = group_new (NULL);
  GTask *task = AIODRIVE_START (NULL, aiodrive_task_group_close_async, group);
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  g_assert_true (test_group_finish (group, task, &error));
  g_assert_no_error (error);
  test_finalize_task (task);
  test_group_free (group);
}

/* What went wrong before, or while they clean up, comes out. */
static void
test_failure (void)
{
  for (guint before = 0; before < 2; before++)
    {
      AiodriveTaskGroup *group = group_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestChild) child = { .lingers = TRUE };
      g_auto(TestChild) other = { 0 };

      test_child_spawn (&child, group, "child");
      test_child_spawn (&other, group, "other");
      if (before)
        {
          test_child_fail (&child);
          test_iterate_until (child.n_freed == 1 && other.n_freed == 1);
        }
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      test_child_fail (&child);
      test_assert_close_fails (group, &call, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "child failed");

      test_call_clear (&call);
      test_child_clear (&child);
      test_child_clear (&other);
      test_group_free (group);
    }
}

/* From above it is cancelled like any other. */
static void
test_parent_cancelled (void)
{
  GCancellable *parent = g_cancellable_new ();
  AiodriveTaskGroup *group = group_new (parent);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { 0 };

  test_child_spawn (&child, group, "child");
  g_cancellable_cancel (parent);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_close_fails (group, &call, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);

  test_call_clear (&call);
  test_child_clear (&child);
  test_group_free (group);
  g_assert_finalize_object (parent);
}

static void
test_arguments (void)
{
  g_autoptr(GObject) object = g_object_new (G_TYPE_OBJECT, NULL);

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_CANCELLABLE (parent)*failed*");
  g_assert_null (aiodrive_auto_terminated_task_group_new ((GCancellable *) object));
  g_test_assert_expected_messages ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/group/auto-terminated-task-group/close", test_close);
  g_test_add_func ("/aiodrive/group/auto-terminated-task-group/empty", test_empty);
  g_test_add_func ("/aiodrive/group/auto-terminated-task-group/failure", test_failure);
  g_test_add_func ("/aiodrive/group/auto-terminated-task-group/parent-cancelled", test_parent_cancelled);
  g_test_add_func ("/aiodrive/group/auto-terminated-task-group/arguments", test_arguments);

  return g_test_run ();
}
