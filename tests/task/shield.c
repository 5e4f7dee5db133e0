/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* See combinator.c for what a shield has in common with the others. */

static AiodriveCancelScope *
scope_of (TestTask *task)
{
  return AIODRIVE_CANCEL_SCOPE (g_task_get_cancellable (task->task));
}

/* The parent is cancelled: the task goes on; once it has ended its scope is as any other. */
static void
test_parent_cancelled (void)
{
  for (guint kind = TEST_TASK_JOB; kind <= TEST_TASK_STARTED; kind++)
    {
      g_autoptr(GCancellable) parent = g_cancellable_new ();
      TestTask *a = test_task_new (kind, "a", parent);
      GTask *task = aiodrive_shield (a->task, NULL);

      g_assert_true (aiodrive_cancel_scope_get_shielded (scope_of (a)));
      g_cancellable_cancel (parent);
      test_settle ();
      g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (scope_of (a))));
      g_assert_false (g_task_get_completed (task));
      test_task_succeed (a);
      aiodrive_run (task);
      test_assert_value (task, "a");
      g_assert_false (aiodrive_cancel_scope_get_shielded (scope_of (a)));
      g_assert_true (g_cancellable_is_cancelled (G_CANCELLABLE (scope_of (a))));

      test_finalize_task (task);
      test_task_free (a);
    }
}

static void
test_parents_deadline (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new_with_timeout (NULL, 3600000);
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", G_CANCELLABLE (parent));
  GTask *task = aiodrive_shield (a->task, NULL);

  g_assert_cmpint (aiodrive_cancel_scope_get_effective_deadline (scope_of (a)), ==, -1);
  test_iterate_until (g_cancellable_is_cancelled (G_CANCELLABLE (parent)));
  test_settle ();
  g_assert_cmpint (a->n_cancelled, ==, 0);
  test_task_succeed (a);
  aiodrive_run (task);
  test_assert_value (task, "a");

  test_finalize_task (task);
  test_task_free (a);
}

static void
test_task_itself_cancelled (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *task = aiodrive_shield (a->task, NULL);
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (G_CANCELLABLE (scope_of (a)));
  g_assert_cmpint (a->n_cancelled, ==, 1);
  aiodrive_run (task);
  g_assert_null (aiodrive_shield_finish (G_ASYNC_RESULT (task), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  test_finalize_task (task);
  test_task_free (a);
}

/* The call is cancelled: it awaits the task, and says so then. What the task is worth is there. */
static void
test_call_cancelled (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", cancellable);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_shield_async (a->task, cancellable, test_on_ready, &call);
  g_cancellable_cancel (cancellable);
  test_settle ();
  g_assert_cmpint (a->n_cancelled, ==, 0);
  g_assert_cmpuint (call.n_calls, ==, 0);
  test_task_succeed (a);
  g_assert_null (aiodrive_shield_finish (test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  test_assert_value (a->task, "a");

  test_call_clear (&call);
  test_task_free (a);
}

/* A shield does not undo a cancellation. */
static void
test_too_late (void)
{
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", parent);
  g_autoptr(GError) error = NULL;
  GTask *task;

  g_cancellable_cancel (parent);
  task = aiodrive_shield (a->task, NULL);
  aiodrive_run (task);
  g_assert_null (aiodrive_shield_finish (G_ASYNC_RESULT (task), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  test_finalize_task (task);
  test_task_free (a);
}

static void
test_not_supported (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  TestTask *foreign[] = {
    test_task_new (TEST_TASK_FOREIGN, "with a scope", NULL),
    test_task_new_foreign (TEST_TASK_FOREIGN, "with that of another task", G_CANCELLABLE (scope_of (a))),
    test_task_new_foreign (TEST_TASK_REMOTE, "without", NULL),
  };

  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      GTask *task = aiodrive_shield (foreign[i]->task, NULL);
      g_autoptr(GError) error = NULL;

      aiodrive_run (task);
      g_assert_null (aiodrive_shield_finish (G_ASYNC_RESULT (task), &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
      g_assert_nonnull (strstr (error->message, g_task_get_name (foreign[i]->task)));
      test_finalize_task (task);
    }
  g_assert_false (aiodrive_cancel_scope_get_shielded (scope_of (a)));
  g_assert_false (aiodrive_cancel_scope_get_shielded (scope_of (foreign[0])));

  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      test_task_succeed (foreign[i]);
      test_task_free (foreign[i]);
    }
  test_task_succeed (a);
  test_task_free (a);
}

/* A shield that somebody else raised stays. */
static void
test_shielded_before (void)
{
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", parent);
  GTask *task;

  aiodrive_cancel_scope_set_shielded (scope_of (a), TRUE);
  task = aiodrive_shield (a->task, NULL);
  test_task_succeed (a);
  aiodrive_run (task);
  g_cancellable_cancel (parent);
  g_assert_true (aiodrive_cancel_scope_get_shielded (scope_of (a)));
  g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (scope_of (a))));

  test_finalize_task (task);
  test_task_free (a);
}

/* Two calls that shield one task: the shield is there until it has ended, whichever of them came first. */
static void
test_two_shields (void)
{
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", parent);
  GTask *tasks[] = { aiodrive_shield (a->task, cancellable), aiodrive_shield (a->task, NULL) };

  g_cancellable_cancel (cancellable);
  g_cancellable_cancel (parent);
  test_settle ();
  g_assert_cmpint (a->n_cancelled, ==, 0);
  test_task_succeed (a);
  aiodrive_run (tasks[0]);
  aiodrive_run (tasks[1]);
  g_assert_null (aiodrive_task_get_leaf (tasks[0], NULL));
  test_assert_value (tasks[1], "a");
  g_assert_false (aiodrive_cancel_scope_get_shielded (scope_of (a)));

  test_finalize_task (tasks[0]);
  test_finalize_task (tasks[1]);
  test_task_free (a);
}

static void
test_ended_before (void)
{
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", parent);
  GTask *task;

  test_task_succeed (a);
  test_settle ();
  g_cancellable_cancel (parent);
  task = aiodrive_shield (a->task, NULL);
  aiodrive_run (task);
  test_assert_value (task, "a");
  g_assert_false (aiodrive_cancel_scope_get_shielded (scope_of (a)));

  test_finalize_task (task);
  test_task_free (a);
}

/* Time is up, but what is shielded comes to its end; the shield was cancelled, so that it is late. */
static void
test_in_timeout (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *task = aiodrive_shield (a->task, NULL);
  GTask *outer = aiodrive_timeout (task, 3600000, NULL);
  g_autoptr(GError) error = NULL;

  test_iterate_until (g_cancellable_is_cancelled (g_task_get_cancellable (task)));
  test_settle ();
  g_assert_cmpint (a->n_cancelled, ==, 0);
  g_assert_false (g_task_get_completed (outer));
  test_task_succeed (a);
  aiodrive_run (outer);
  g_assert_null (aiodrive_timeout_finish (G_ASYNC_RESULT (outer), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  test_assert_value (a->task, "a");

  test_finalize_task (outer);
  test_finalize_task (task);
  test_task_free (a);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/shield/parent-cancelled", test_parent_cancelled);
  g_test_add_func ("/aiodrive/task/shield/parents-deadline", test_parents_deadline);
  g_test_add_func ("/aiodrive/task/shield/task-itself-cancelled", test_task_itself_cancelled);
  g_test_add_func ("/aiodrive/task/shield/call-cancelled", test_call_cancelled);
  g_test_add_func ("/aiodrive/task/shield/too-late", test_too_late);
  g_test_add_func ("/aiodrive/task/shield/not-supported", test_not_supported);
  g_test_add_func ("/aiodrive/task/shield/shielded-before", test_shielded_before);
  g_test_add_func ("/aiodrive/task/shield/two-shields", test_two_shields);
  g_test_add_func ("/aiodrive/task/shield/ended-before", test_ended_before);
  g_test_add_func ("/aiodrive/task/shield/in-timeout", test_in_timeout);

  return g_test_run ();
}
