/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

#define N 5

static void
assert_ended (TestCall *call,
              gint      code)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GTask) ended = aiodrive_wait_task_finish (test_call_wait (call), &error);

  if (code < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, G_IO_ERROR, code);
  g_assert_true ((ended != NULL) == (code < 0));
}

static void
clear_calls (TestCall *calls,
             guint     n)
{
  for (guint i = 0; i < n; i++)
    test_call_clear (&calls[i]);
}

/* Many wait for one, however it ends; none of them unwraps it. */
static void
test_many (void)
{
  for (guint round = 0; round < 2 * TEST_N_TASK_KINDS; round++)
    {
      TestTask *a = test_task_new (round / 2, "a", NULL);
      TestCall calls[N] = { 0 };

      for (guint i = 0; i < N; i++)
        aiodrive_wait_task_async (a->task, NULL, test_on_ready, &calls[i]);
      test_task_settle (a);
      g_assert_cmpuint (calls[0].n_calls, ==, 0);
      if (round % 2 == 0)
        test_task_succeed (a);
      else
        test_task_fail (a, G_IO_ERROR_NOT_FOUND);
      for (guint i = 0; i < N; i++)
        {
          assert_ended (&calls[i], -1);
          g_assert_null (calls[i].source_object);
        }
      if (round % 2 == 0)
        test_assert_value (a->task, "a");

      clear_calls (calls, N);
      test_task_free (a);
    }
}

static void
note_order (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  g_autoptr(GTask) task = aiodrive_wait_task_finish (result, NULL);
  GString *log = g_object_get_data (G_OBJECT (task), "log");

  g_string_append_c (log, GPOINTER_TO_INT (data));
}

static void
test_order (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_autoptr(GString) log = g_string_new (NULL);

  g_object_set_data (G_OBJECT (a->task), "log", log);
  for (char c = 'a'; c <= 'e'; c++)
    aiodrive_wait_task_async (a->task, NULL, note_order, GINT_TO_POINTER (c));
  test_task_succeed (a);
  test_settle ();
  g_assert_cmpstr (log->str, ==, "abcde");
  test_task_free (a);
}

static void
test_ended_before (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  test_task_succeed (a);
  test_settle ();
  aiodrive_wait_task_async (a->task, NULL, test_on_ready, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  assert_ended (&call, -1);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 1);

  test_call_clear (&call);
  test_task_free (a);
}

/* Cancelling a wait is no matter of the task, nor of the others who wait. */
static void
test_cancel (void)
{
  for (guint before = 0; before < 2; before++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
      TestCall calls[2] = { 0 };

      if (before)
        g_cancellable_cancel (cancellable);
      aiodrive_wait_task_async (a->task, cancellable, test_on_ready, &calls[0]);
      aiodrive_wait_task_async (a->task, NULL, test_on_ready, &calls[1]);
      g_cancellable_cancel (cancellable);
      g_cancellable_cancel (cancellable);
      g_assert_cmpuint (calls[0].n_calls, ==, 0);
      assert_ended (&calls[0], G_IO_ERROR_CANCELLED);
      test_settle ();
      g_assert_cmpuint (calls[1].n_calls, ==, 0);
      g_assert_cmpint (a->n_cancelled, ==, 0);
      test_task_succeed (a);
      assert_ended (&calls[1], -1);
      g_assert_cmpuint (calls[0].n_calls, ==, 1);

      clear_calls (calls, 2);
      test_task_free (a);
    }
}

/* A wait of a task that has ended, cancelled before it was made, has no effect; cancelled after, it is granted. */
static void
test_cancel_ended (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  TestCall calls[2] = { 0 };

  test_task_succeed (a);
  test_settle ();
  aiodrive_wait_task_async (a->task, cancellable, test_on_ready, &calls[0]);
  g_cancellable_cancel (cancellable);
  aiodrive_wait_task_async (a->task, cancellable, test_on_ready, &calls[1]);
  assert_ended (&calls[0], -1);
  assert_ended (&calls[1], G_IO_ERROR_CANCELLED);

  clear_calls (calls, 2);
  test_task_free (a);
}

static void
cancel_wait (GObject      *source_object,
             GAsyncResult *result,
             gpointer      cancellable)
{
  g_cancellable_cancel (cancellable);
}

/* The first who is woken cancels the second, who was woken too: he keeps that. */
static void
test_cancel_after_wake (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_wait_task_async (a->task, NULL, cancel_wait, cancellable);
  aiodrive_wait_task_async (a->task, cancellable, test_on_ready, &call);
  test_task_succeed (a);
  assert_ended (&call, -1);
  g_assert_true (g_cancellable_is_cancelled (cancellable));

  test_call_clear (&call);
  test_task_free (a);
}

/* All in their own contexts. */
typedef struct
{
  TestThread *thread;
  GTask      *task;
  TestCall    call;
} Party;

static void
wait_there (gpointer data,
            gpointer unused)
{
  Party *self = data;

  aiodrive_wait_task_async (self->task, NULL, test_on_ready, &self->call);
}

static void
end_there (gpointer data,
           gpointer unused)
{
  Party *self = data;

  assert_ended (&self->call, -1);
  g_assert_true (self->call.context == test_thread_get_context (self->thread));
  test_call_clear (&self->call);
}

static void
test_contexts (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  Party parties[N] = { 0 };

  for (guint i = 0; i < N; i++)
    {
      parties[i] = (Party) { .thread = test_thread_start (), .task = a->task };
      test_thread_call (parties[i].thread, wait_there, &parties[i]);
    }
  test_task_succeed (a);
  aiodrive_run (a->task);
  for (guint i = 0; i < N; i++)
    {
      test_thread_call (parties[i].thread, end_there, &parties[i]);
      test_thread_stop (parties[i].thread);
    }
  test_task_free (a);
}

/* Who waits keeps the task, and nobody else need. */
static void
test_keeps_task (void)
{
  GTask *task = aiodrive_task_new (NULL);
  gpointer weak = task;
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_object_add_weak_pointer (G_OBJECT (task), &weak);
  aiodrive_wait_task_async (task, NULL, test_on_ready, &call);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
  test_call_wait (&call);
  g_assert_nonnull (weak);
  assert_ended (&call, -1);
  test_call_clear (&call);
  test_settle ();
  g_assert_null (weak);
}

/* One may await a task that awaits another one. */
static void
test_wait_for_combinator (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *race = aiodrive_race (&a->task, 1, NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_wait_task_async (race, NULL, test_on_ready, &call);
  test_task_fail (a, G_IO_ERROR_NOT_FOUND);
  assert_ended (&call, -1);

  test_call_clear (&call);
  test_finalize_task (race);
  test_task_free (a);
}

static void
test_wrong_arguments (void)
{
  GTask *task = aiodrive_task_new (NULL);
  g_autoptr(GObject) object = g_object_new (G_TYPE_OBJECT, NULL);

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_TASK (task)*failed*");
  aiodrive_wait_task_async (NULL, NULL, NULL, NULL);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_CANCELLABLE (cancellable)*failed*");
  aiodrive_wait_task_async (task, (GCancellable *) object, NULL, NULL);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*aiodrive_wait_is_valid*failed*");
  g_assert_null (aiodrive_wait_task_finish (G_ASYNC_RESULT (task), NULL));
  g_test_assert_expected_messages ();

  g_task_return_boolean (task, TRUE);
  test_finalize_task (task);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/wait/many", test_many);
  g_test_add_func ("/aiodrive/task/wait/order", test_order);
  g_test_add_func ("/aiodrive/task/wait/ended-before", test_ended_before);
  g_test_add_func ("/aiodrive/task/wait/cancel", test_cancel);
  g_test_add_func ("/aiodrive/task/wait/cancel-ended", test_cancel_ended);
  g_test_add_func ("/aiodrive/task/wait/cancel-after-wake", test_cancel_after_wake);
  g_test_add_func ("/aiodrive/task/wait/contexts", test_contexts);
  g_test_add_func ("/aiodrive/task/wait/keeps-task", test_keeps_task);
  g_test_add_func ("/aiodrive/task/wait/wait-for-combinator", test_wait_for_combinator);
  g_test_add_func ("/aiodrive/task/wait/wrong-arguments", test_wrong_arguments);

  return g_test_run ();
}
