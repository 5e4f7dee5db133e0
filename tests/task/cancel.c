/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* See combinator.c for what cancelling has in common with the others. */

static void
assert_success (GTask *task)
{
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  g_assert_true (aiodrive_cancel_task_finish (G_ASYNC_RESULT (task), &error));
  g_assert_no_error (error);
}

/* The task is cancelled inside the call, and CANCELLED is a success. */
static void
test_cancelled (void)
{
  for (guint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    {
      TestTask *a = test_task_new (kind, "a", NULL);
      GTask *task = aiodrive_cancel_task (a->task, NULL);
      g_autoptr(GError) error = NULL;

      g_assert_cmpint (g_atomic_int_get (&a->n_cancelled), ==, 1);
      assert_success (task);
      error = aiodrive_task_dup_error (a->task);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

      test_finalize_task (task);
      test_task_free (a);
    }
}

static void
test_awaits (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  a->lingers = TRUE;
  aiodrive_cancel_task_async (a->task, NULL, test_on_ready, &call);
  test_settle ();
  g_assert_cmpint (a->n_cancelled, ==, 1);
  g_assert_cmpuint (call.n_calls, ==, 0);
  test_task_fail (a, G_IO_ERROR_CANCELLED);
  g_assert_true (aiodrive_cancel_task_finish (test_call_wait (&call), &error));
  g_assert_no_error (error);

  test_call_clear (&call);
  test_task_free (a);
}

/* It may end otherwise: a value is a success too and stays, an error is raised. */
static void
test_other_outcomes (void)
{
  for (guint fails = 0; fails < 2; fails++)
    {
      TestTask *a = test_task_new (TEST_TASK_STARTED, "a", NULL);
      g_autoptr(GError) error = NULL;
      GTask *task;

      a->lingers = TRUE;
      task = aiodrive_cancel_task (a->task, NULL);
      if (fails)
        {
          test_task_fail (a, G_IO_ERROR_NOT_FOUND);
          aiodrive_run (task);
          g_assert_false (aiodrive_cancel_task_finish (G_ASYNC_RESULT (task), &error));
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
        }
      else
        {
          test_task_succeed (a);
          assert_success (task);
          test_assert_value (a->task, "a");
        }

      test_finalize_task (task);
      test_task_free (a);
    }
}

static void
test_ended_before (void)
{
  for (guint kind = 0; kind < TEST_N_TASK_KINDS - 1; kind++)
    {
      TestTask *a = test_task_new (kind, "a", NULL);
      GTask *task;

      if (kind == TEST_TASK_FOREIGN)
        g_task_set_check_cancellable (a->task, TRUE);   /* the default */
      test_task_succeed (a);
      test_settle ();
      task = aiodrive_cancel_task (a->task, NULL);
      assert_success (task);
      test_assert_value (a->task, "a");

      test_finalize_task (task);
      test_task_free (a);
    }
}

static void
see_cancelled (GTask        *task,
               GCancellable *cancellable,
               gpointer      user_data)
{
  *(gboolean *) user_data = g_cancellable_is_cancelled (cancellable);
  g_task_return_error_if_cancelled (task);
}

static void
test_before_the_job (void)
{
  gboolean seen = FALSE;
  GTask *job = aiodrive_spawn (NULL, see_cancelled, &seen, NULL);
  GTask *task = aiodrive_cancel_task (job, NULL);

  assert_success (task);
  g_assert_true (seen);

  test_finalize_task (task);
  test_finalize_task (job);
}

static void
test_twice (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *tasks[] = { aiodrive_cancel_task (a->task, NULL), aiodrive_cancel_task (a->task, NULL) };

  assert_success (tasks[0]);
  assert_success (tasks[1]);
  g_assert_cmpint (a->n_cancelled, ==, 1);

  test_finalize_task (tasks[0]);
  test_finalize_task (tasks[1]);
  test_task_free (a);
}

/* Cancelling a combinator cancels what it waits for. */
static void
test_combinator (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  TestTask *b = test_task_new (TEST_TASK_JOB, "b", NULL);
  GTask *children[] = { a->task, b->task };
  GTask *race = aiodrive_race (children, 2, NULL);
  GTask *task = aiodrive_cancel_task (race, NULL);

  assert_success (task);
  g_assert_true (a->returned && b->returned);

  test_finalize_task (task);
  test_finalize_task (race);
  test_task_free (a);
  test_task_free (b);
}

static void
test_is_cancelled (void)
{
  const struct { GQuark domain; gint code; gboolean cancelled; } cases[] =
  {
    { G_IO_ERROR, G_IO_ERROR_CANCELLED, TRUE },
    { G_IO_ERROR, G_IO_ERROR_TIMED_OUT, FALSE },
    { AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE, FALSE },
    { G_FILE_ERROR, G_IO_ERROR_CANCELLED, FALSE },
  };

  g_assert_false (aiodrive_error_is_cancelled (NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = g_error_new_literal (cases[i].domain, cases[i].code, "?");

      g_assert_cmpint (aiodrive_error_is_cancelled (error), ==, cases[i].cancelled);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/cancel/cancelled", test_cancelled);
  g_test_add_func ("/aiodrive/task/cancel/awaits", test_awaits);
  g_test_add_func ("/aiodrive/task/cancel/other-outcomes", test_other_outcomes);
  g_test_add_func ("/aiodrive/task/cancel/ended-before", test_ended_before);
  g_test_add_func ("/aiodrive/task/cancel/before-the-job", test_before_the_job);
  g_test_add_func ("/aiodrive/task/cancel/twice", test_twice);
  g_test_add_func ("/aiodrive/task/cancel/combinator", test_combinator);
  g_test_add_func ("/aiodrive/task/cancel/is-cancelled", test_is_cancelled);

  return g_test_run ();
}
