/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* See combinator.c for what a timeout has in common with the others. */

#define LONG_MS 3600000

static void
assert_failed (GTask *task,
               gint   code)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (aiodrive_timeout_finish (G_ASYNC_RESULT (task), &error));
  g_assert_error (error, G_IO_ERROR, code);
}

static void
test_in_time (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *task = aiodrive_timeout (a->task, LONG_MS, NULL);
  g_autoptr(GTask) same = NULL;

  test_task_succeed (a);
  aiodrive_run (task);
  same = aiodrive_timeout_finish (G_ASYNC_RESULT (task), NULL);
  g_assert_true (same == a->task);
  g_assert_cmpint (a->n_cancelled, ==, 0);
  test_assert_value (task, "a");

  g_clear_object (&same);
  test_finalize_task (task);   /* and no timer is left */
  test_task_free (a);
}

/* Not before its time; then the child is cancelled and told why. */
static void
test_expires (void)
{
  for (guint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    {
      g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
      TestTask *a = test_task_new (kind, "a", NULL);
      GTask *task = aiodrive_timeout (a->task, LONG_MS, NULL);
      g_autoptr(GError) reason = NULL;

      aiodrive_run (task);
      g_assert_cmpint (aiodrive_test_context_get_elapsed (test), ==, LONG_MS * G_GINT64_CONSTANT (1000));
      g_assert_cmpint (g_atomic_int_get (&a->n_cancelled), ==, 1);
      assert_failed (task, G_IO_ERROR_TIMED_OUT);
      reason = aiodrive_cancel_scope_dup_reason (AIODRIVE_CANCEL_SCOPE (g_task_get_cancellable (a->task)));
      g_assert_error (reason, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);

      test_finalize_task (task);
      test_task_free (a);
    }
}

static void
test_expires_async (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_timeout_async (a->task, 3600000, NULL, test_on_ready, &call);
  assert_failed (G_TASK (test_call_wait (&call)), G_IO_ERROR_TIMED_OUT);

  test_call_clear (&call);
  test_task_free (a);
}

/* The time is over, but the child takes its own: it is awaited, and how it ends is the outcome. */
static void
test_late_outcomes (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  gint codes[] = { -1, G_IO_ERROR_NOT_FOUND, G_IO_ERROR_CANCELLED };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
      GTask *task = aiodrive_timeout (a->task, 3600000, NULL);

      a->lingers = TRUE;
      test_iterate_until (a->n_cancelled > 0);
      test_settle ();
      g_assert_false (g_task_get_completed (task));
      if (codes[i] < 0)
        test_task_succeed (a);
      else
        test_task_fail (a, codes[i]);
      aiodrive_run (task);
      if (codes[i] < 0)
        test_assert_value (task, "a");
      else
        assert_failed (task, codes[i] == G_IO_ERROR_CANCELLED ? G_IO_ERROR_TIMED_OUT : codes[i]);

      test_finalize_task (task);
      test_task_free (a);
    }
}

static void
note_cancelled (GTask        *task,
                GCancellable *cancellable,
                gpointer      user_data)
{
  *(gboolean *) user_data = g_cancellable_is_cancelled (cancellable);
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Operation was cancelled");
}

/* No time at all: a job starts all the same, and sees it. */
static void
test_zero (void)
{
  gboolean was_cancelled = FALSE;
  GTask *job = aiodrive_spawn (NULL, note_cancelled, &was_cancelled, NULL);
  GTask *task = aiodrive_timeout (job, 0, NULL);

  g_assert_false (g_cancellable_is_cancelled (g_task_get_cancellable (job)));   /* not inside the call */
  aiodrive_run (task);
  g_assert_true (was_cancelled);
  assert_failed (task, G_IO_ERROR_TIMED_OUT);

  test_finalize_task (task);
  test_finalize_task (job);
}

static void
test_zero_but_ended (void)
{
  TestTask *a = test_task_new (TEST_TASK_FOREIGN, "a", NULL);
  GTask *task;

  g_task_set_check_cancellable (a->task, TRUE);   /* the default: being cancelled would undo it */
  test_task_succeed (a);
  test_settle ();
  task = aiodrive_timeout (a->task, 0, NULL);
  aiodrive_run (task);
  test_assert_value (task, "a");

  test_finalize_task (task);
  test_task_free (a);

  /* it was not the time that cancelled this one */
  a = test_task_new (TEST_TASK_JOB, "a", NULL);
  test_task_fail (a, G_IO_ERROR_CANCELLED);
  test_settle ();
  task = aiodrive_timeout (a->task, 0, NULL);
  aiodrive_run (task);
  assert_failed (task, G_IO_ERROR_CANCELLED);

  test_finalize_task (task);
  test_task_free (a);
}

static void
test_max (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *task = aiodrive_timeout (a->task, G_MAXUINT, NULL);

  test_settle ();
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (a->n_cancelled, ==, 0);
  test_task_succeed (a);
  aiodrive_run (task);
  test_assert_value (task, "a");

  test_finalize_task (task);
  test_task_free (a);
}

static void
wait_until_late (void)
{
  gint64 end = g_get_monotonic_time () + 2000;

  while (g_get_monotonic_time () < end)
    ;
}

/* The call is cancelled and the time is over, in the same iteration: the first that happened is the outcome. */
static void
test_cancel_then_expire (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_timeout_async (a->task, 1, cancellable, test_on_ready, &call);
  wait_until_late ();
  g_cancellable_cancel (cancellable);
  assert_failed (G_TASK (test_call_wait (&call)), G_IO_ERROR_CANCELLED);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 1);
  g_assert_cmpint (a->n_cancelled, ==, 1);

  test_call_clear (&call);
  test_task_free (a);
}

static void
cancel_other (GCancellable *cancellable,
              gpointer      data)
{
  g_cancellable_cancel (data);
}

/* The call is cancelled by the handler of the child that the time cancels. */
static void
test_expire_then_cancel (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_signal_connect (g_task_get_cancellable (a->task), "cancelled", G_CALLBACK (cancel_other), cancellable);
  aiodrive_timeout_async (a->task, 3600000, cancellable, test_on_ready, &call);
  assert_failed (G_TASK (test_call_wait (&call)), G_IO_ERROR_TIMED_OUT);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 1);

  test_call_clear (&call);
  test_task_free (a);
}

/* The same from another thread, at any moment. */
static gpointer
cancel_in_thread (gpointer cancellable)
{
  g_usleep (g_random_int_range (0, 2000));
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_expire_and_cancel_in_thread (void)
{
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
      GThread *thread = g_thread_new ("cancel", cancel_in_thread, cancellable);
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_autoptr(GError) error = NULL;

      aiodrive_timeout_async (a->task, 1, cancellable, test_on_ready, &call);
      g_assert_null (aiodrive_timeout_finish (test_call_wait (&call), &error));
      g_assert_true (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
                     g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
      g_thread_join (thread);
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 1);

      test_call_clear (&call);
      test_task_free (a);
    }
}

/* Somebody else cancels the child: that is not a matter of time. */
static void
test_cancelled_by_others (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *task = aiodrive_timeout (a->task, LONG_MS, NULL);

  g_cancellable_cancel (g_task_get_cancellable (a->task));
  aiodrive_run (task);
  assert_failed (task, G_IO_ERROR_CANCELLED);

  test_finalize_task (task);
  test_task_free (a);
}

/* Of two timeouts the shorter one counts, wherever it is. */
static void
test_nested (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
      TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
      GTask *inner = aiodrive_timeout (a->task, i == 0 ? LONG_MS - 1 : LONG_MS, NULL);
      GTask *outer = aiodrive_timeout (inner, i == 0 ? LONG_MS : LONG_MS - 1, NULL);

      aiodrive_run (outer);
      g_assert_cmpint (aiodrive_test_context_get_elapsed (test), ==, (LONG_MS - 1) * G_GINT64_CONSTANT (1000));
      assert_failed (outer, G_IO_ERROR_TIMED_OUT);
      assert_failed (inner, i == 0 ? G_IO_ERROR_TIMED_OUT : G_IO_ERROR_CANCELLED);

      test_finalize_task (outer);
      test_finalize_task (inner);
      test_task_free (a);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/timeout/in-time", test_in_time);
  g_test_add_func ("/aiodrive/task/timeout/expires", test_expires);
  g_test_add_func ("/aiodrive/task/timeout/expires-async", test_expires_async);
  g_test_add_func ("/aiodrive/task/timeout/late-outcomes", test_late_outcomes);
  g_test_add_func ("/aiodrive/task/timeout/zero", test_zero);
  g_test_add_func ("/aiodrive/task/timeout/zero-but-ended", test_zero_but_ended);
  g_test_add_func ("/aiodrive/task/timeout/max", test_max);
  g_test_add_func ("/aiodrive/task/timeout/cancel-then-expire", test_cancel_then_expire);
  g_test_add_func ("/aiodrive/task/timeout/expire-then-cancel", test_expire_then_cancel);
  g_test_add_func ("/aiodrive/task/timeout/expire-and-cancel-in-thread", test_expire_and_cancel_in_thread);
  g_test_add_func ("/aiodrive/task/timeout/cancelled-by-others", test_cancelled_by_others);
  g_test_add_func ("/aiodrive/task/timeout/nested", test_nested);

  return g_test_run ();
}
