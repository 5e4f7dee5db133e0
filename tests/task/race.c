/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* See combinator.c for what a race has in common with the others. */

static void
new_three (TestTask *children[3],
           GTask    *tasks[3])
{
  const char *names[] = { "a", "b", "c" };

  for (guint i = 0; i < 3; i++)
    {
      children[i] = test_task_new (i == 1 ? TEST_TASK_STARTED : TEST_TASK_JOB, names[i], NULL);
      tasks[i] = children[i]->task;
    }
}

static void
free_three (TestTask *children[3])
{
  for (guint i = 0; i < 3; i++)
    test_task_free (children[i]);
}

static void
assert_won (GTask      *race,
            gint        expected,
            const char *value)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GTask) winner = NULL;
  gint index = -2;

  winner = aiodrive_race_finish (G_ASYNC_RESULT (race), &index, &error);
  g_assert_no_error (error);
  g_assert_cmpint (index, ==, expected);
  g_assert_true (winner == aiodrive_task_get_leaf (race, NULL));
  test_assert_value (winner, value);
}

static void
test_winner (void)
{
  TestTask *children[3];
  GTask *tasks[3];
  GTask *race;

  new_three (children, tasks);
  race = aiodrive_race (tasks, 3, NULL);
  test_task_succeed (children[1]);
  aiodrive_run (race);
  assert_won (race, 1, "b");
  g_assert_cmpint (children[0]->n_cancelled, ==, 1);
  g_assert_cmpint (children[1]->n_cancelled, ==, 0);
  g_assert_cmpint (children[2]->n_cancelled, ==, 1);

  test_finalize_task (race);
  free_three (children);
}

/* Who ended first wins, not who comes first in the array. */
static void
test_first_to_end (void)
{
  TestTask *children[3];
  GTask *tasks[3];
  GTask *race;

  new_three (children, tasks);
  race = aiodrive_race (tasks, 3, NULL);
  test_task_succeed (children[2]);
  test_task_succeed (children[0]);
  aiodrive_run (race);
  assert_won (race, 2, "c");
  g_assert_cmpint (children[1]->n_cancelled, ==, 1);
  test_assert_value (tasks[0], "a");   /* what a loser was worth stays in it */

  test_finalize_task (race);
  free_three (children);
}

/* Of those that have ended already the lowest index wins, however they ended. */
static void
test_ended_already (void)
{
  TestTask *children[3];
  GTask *tasks[3];
  GTask *race;

  new_three (children, tasks);
  test_task_succeed (children[2]);
  test_settle ();
  test_task_succeed (children[1]);
  test_settle ();
  race = aiodrive_race (tasks, 3, NULL);
  aiodrive_run (race);
  assert_won (race, 1, "b");
  g_assert_cmpint (children[0]->n_cancelled, ==, 1);

  test_finalize_task (race);
  free_three (children);
}

static void
test_winner_failed (void)
{
  TestTask *children[3];
  GTask *tasks[3];
  GTask *race;
  g_autoptr(GError) error = NULL;
  gint index = -2;

  new_three (children, tasks);
  race = aiodrive_race (tasks, 3, NULL);
  test_task_fail (children[2], G_IO_ERROR_NOT_FOUND);
  aiodrive_run (race);
  g_assert_null (aiodrive_race_finish (G_ASYNC_RESULT (race), &index, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpint (index, ==, 2);
  g_assert_cmpint (children[0]->n_cancelled, ==, 1);

  test_finalize_task (race);
  free_three (children);
}

/* Even one that was cancelled by somebody else wins. */
static void
test_winner_cancelled (void)
{
  TestTask *children[3];
  GTask *tasks[3];
  GTask *race;
  g_autoptr(GError) error = NULL;
  gint index = -2;

  new_three (children, tasks);
  race = aiodrive_race (tasks, 3, NULL);
  g_cancellable_cancel (g_task_get_cancellable (tasks[1]));
  aiodrive_run (race);
  g_assert_null (aiodrive_race_finish (G_ASYNC_RESULT (race), &index, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (index, ==, 1);
  g_assert_cmpint (children[0]->n_cancelled, ==, 1);

  test_finalize_task (race);
  free_three (children);
}

static void
test_losers_awaited (void)
{
  TestTask *children[3];
  GTask *tasks[3];
  g_auto(TestCall) call = TEST_CALL_INIT;

  new_three (children, tasks);
  children[2]->lingers = TRUE;
  aiodrive_race_async (tasks, 3, NULL, test_on_ready, &call);
  test_task_succeed (children[0]);
  test_settle ();
  g_assert_true (children[1]->returned);
  g_assert_cmpint (children[2]->n_cancelled, ==, 1);
  g_assert_cmpuint (call.n_calls, ==, 0);
  test_task_succeed (children[2]);
  assert_won (G_TASK (test_call_wait (&call)), 0, "a");

  test_call_clear (&call);
  free_three (children);
}

static void
test_loser_fails (void)
{
  TestTask *children[3];
  GTask *tasks[3];
  GTask *race;

  new_three (children, tasks);
  children[1]->lingers = children[2]->lingers = TRUE;
  race = aiodrive_race (tasks, 3, NULL);
  test_task_succeed (children[0]);
  test_settle ();
  test_task_fail (children[2], G_IO_ERROR_NOT_FOUND);
  test_task_fail (children[1], G_IO_ERROR_CANCELLED);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "Task c failed after it had lost a race: c failed");
  aiodrive_run (race);
  g_test_assert_expected_messages ();
  assert_won (race, 0, "a");

  test_finalize_task (race);
  free_three (children);
}

/* A winner wins, even if the race is cancelled while it awaits the losers. */
static void
test_cancel_after_win (void)
{
  TestTask *children[3];
  GTask *tasks[3];
  GTask *race;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  new_three (children, tasks);
  children[2]->lingers = TRUE;
  race = aiodrive_race (tasks, 3, cancellable);
  test_task_succeed (children[0]);
  test_settle ();
  g_cancellable_cancel (cancellable);
  test_settle ();
  g_assert_false (g_task_get_completed (race));
  test_task_succeed (children[2]);
  aiodrive_run (race);
  assert_won (race, 0, "a");

  test_finalize_task (race);
  free_three (children);
}

/* A cancelled race raises everything that went wrong. */
static void
test_cancelled_with_errors (void)
{
  TestTask *children[3];
  GTask *tasks[3];
  GTask *race;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  gint index = -2;

  new_three (children, tasks);
  children[0]->lingers = children[2]->lingers = TRUE;
  race = aiodrive_race (tasks, 3, cancellable);
  g_cancellable_cancel (cancellable);
  test_task_fail (children[2], G_IO_ERROR_NOT_FOUND);
  test_task_fail (children[0], G_IO_ERROR_EXISTS);
  aiodrive_run (race);
  g_assert_null (aiodrive_race_finish (G_ASYNC_RESULT (race), &index, &error));
  g_assert_error (error, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE);
  g_assert_cmpstr (error->message, ==, "2 of 3 tasks failed: a: a failed; c: c failed");
  g_assert_cmpint (index, ==, -1);

  test_finalize_task (race);
  free_three (children);
}

static void
test_no_winner (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *races[] = { aiodrive_race (NULL, 0, NULL), aiodrive_first_success (NULL, 0, NULL),
                     aiodrive_race (&a->task, 1, NULL) };

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GError) error = NULL;
      gint index = -2;

      aiodrive_run (races[i]);
      if (i == 0)
        g_assert_null (aiodrive_race_finish (G_ASYNC_RESULT (races[i]), &index, &error));
      else
        g_assert_null (aiodrive_first_success_finish (G_ASYNC_RESULT (races[i]), &index, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_cmpint (index, ==, -1);
      test_finalize_task (races[i]);
    }

  g_assert_null (aiodrive_race_finish (G_ASYNC_RESULT (races[2]), NULL, NULL));   /* pending */
  test_task_succeed (a);
  aiodrive_run (races[2]);
  test_finalize_task (races[2]);
  test_task_free (a);
}

/* Two races may share a child, and each may cancel it. */
static void
test_shared_child (void)
{
  TestTask *children[3];
  GTask *tasks[3];
  GTask *races[2];

  new_three (children, tasks);
  races[0] = aiodrive_race (tasks, 2, NULL);
  races[1] = aiodrive_race (tasks + 1, 2, NULL);
  test_task_succeed (children[0]);
  aiodrive_run (races[0]);
  assert_won (races[0], 0, "a");
  aiodrive_run (races[1]);
  g_assert_null (aiodrive_task_get_leaf (races[1], NULL));
  g_assert_cmpint (children[2]->n_cancelled, ==, 1);

  test_finalize_task (races[0]);
  test_finalize_task (races[1]);
  free_three (children);
}

static void
test_first_success (void)
{
  TestTask *children[3];
  GTask *tasks[3];
  GTask *race;
  g_autoptr(GTask) winner = NULL;
  g_autoptr(GError) error = NULL;
  gint index = -2;

  new_three (children, tasks);
  race = aiodrive_first_success (tasks, 3, NULL);
  test_task_fail (children[0], G_IO_ERROR_NOT_FOUND);
  test_settle ();
  g_assert_cmpint (children[1]->n_cancelled, ==, 0);
  test_task_succeed (children[2]);
  aiodrive_run (race);
  winner = aiodrive_first_success_finish (G_ASYNC_RESULT (race), &index, &error);
  g_assert_no_error (error);
  g_assert_true (winner == tasks[2]);
  g_assert_cmpint (index, ==, 2);
  g_assert_cmpint (children[1]->n_cancelled, ==, 1);

  g_clear_object (&winner);
  test_finalize_task (race);
  free_three (children);
}

static void
test_no_success (void)
{
  TestTask *children[3];
  GTask *tasks[3];
  GTask *race;
  g_autoptr(GPtrArray) errors = NULL;
  g_autoptr(GError) error = NULL;
  gint index = -2;

  new_three (children, tasks);
  race = aiodrive_first_success (tasks, 3, NULL);
  test_task_fail (children[2], G_IO_ERROR_NOT_FOUND);
  g_cancellable_cancel (g_task_get_cancellable (tasks[1]));
  test_task_fail (children[0], G_IO_ERROR_EXISTS);
  aiodrive_run (race);
  g_assert_null (aiodrive_first_success_finish (G_ASYNC_RESULT (race), &index, &error));
  g_assert_error (error, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE);
  g_assert_cmpstr (error->message, ==, "2 of 3 tasks failed: a: a failed; c: c failed");
  g_assert_cmpint (index, ==, -1);
  errors = aiodrive_task_dup_errors (race);
  g_assert_cmpuint (errors->len, ==, 2);
  g_assert_error ((GError *) g_ptr_array_index (errors, 0), G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_error ((GError *) g_ptr_array_index (errors, 1), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);

  test_finalize_task (race);
  free_three (children);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/race/winner", test_winner);
  g_test_add_func ("/aiodrive/task/race/first-to-end", test_first_to_end);
  g_test_add_func ("/aiodrive/task/race/ended-already", test_ended_already);
  g_test_add_func ("/aiodrive/task/race/winner-failed", test_winner_failed);
  g_test_add_func ("/aiodrive/task/race/winner-cancelled", test_winner_cancelled);
  g_test_add_func ("/aiodrive/task/race/losers-awaited", test_losers_awaited);
  g_test_add_func ("/aiodrive/task/race/loser-fails", test_loser_fails);
  g_test_add_func ("/aiodrive/task/race/cancel-after-win", test_cancel_after_win);
  g_test_add_func ("/aiodrive/task/race/cancelled-with-errors", test_cancelled_with_errors);
  g_test_add_func ("/aiodrive/task/race/no-winner", test_no_winner);
  g_test_add_func ("/aiodrive/task/race/shared-child", test_shared_child);
  g_test_add_func ("/aiodrive/task/race/first-success", test_first_success);
  g_test_add_func ("/aiodrive/task/race/no-success", test_no_success);

  return g_test_run ();
}
