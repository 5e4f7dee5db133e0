/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

#define LONG_MS 3600000

static void
assert_slept (TestCall *call)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (aiodrive_sleep_finish (test_call_wait (call), &error));
  g_assert_no_error (error);
}

static void
assert_cancelled (TestCall *call)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (aiodrive_sleep_finish (test_call_wait (call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_not_early (void)
{
  for (guint ms = 1; ms < 20; ms += 3)
    {
      g_auto(TestCall) call = TEST_CALL_INIT;
      gint64 start = g_get_monotonic_time ();

      aiodrive_sleep_async (ms, NULL, test_on_ready, &call);
      assert_slept (&call);
      g_assert_cmpint (g_get_monotonic_time () - start, >=, ms * 1000);
    }
}

static gboolean
count_down (gpointer n)
{
  return --*(guint *) n > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* Not inside the call, but soon; and others get their turn between one and the next. */
static void
test_zero (void)
{
  guint n_turns = 10;
  guint n_slept = 0;

  g_idle_add_full (G_PRIORITY_DEFAULT, count_down, &n_turns, NULL);
  while (n_turns > 0)
    {
      g_auto(TestCall) call = TEST_CALL_INIT;

      aiodrive_sleep_async (0, NULL, test_on_ready, &call);
      g_assert_cmpuint (call.n_calls, ==, 0);
      assert_slept (&call);
      g_assert_cmpuint (++n_slept, <, 100000);
    }
}

typedef struct
{
  guint                ms;
  guint                serial;
  GArray              *ended;
  AiodriveTestContext *test;
} Sleeper;

static void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  Sleeper *self = data;

  g_assert_true (aiodrive_sleep_finish (result, NULL));
  g_assert_cmpint (aiodrive_test_context_get_elapsed (self->test), ==, self->ms * 1000);
  g_array_append_val (self->ended, *self);
}

/* Many at once: they end in the order in which they are due, each at its time. */
static void
test_many (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(GArray) ended = g_array_new (FALSE, FALSE, sizeof (Sleeper));
  static Sleeper sleepers[2000];

  for (guint i = 0; i < G_N_ELEMENTS (sleepers); i++)
    {
      sleepers[i] = (Sleeper) { g_test_rand_int_range (0, 50), i, ended, test };
      aiodrive_sleep_async (sleepers[i].ms, NULL, on_slept, &sleepers[i]);
    }
  test_iterate_until (ended->len == G_N_ELEMENTS (sleepers));
  for (guint i = 1; i < ended->len; i++)
    {
      Sleeper *a = &g_array_index (ended, Sleeper, i - 1);
      Sleeper *b = &g_array_index (ended, Sleeper, i);

      g_assert_true (a->ms < b->ms || (a->ms == b->ms && a->serial < b->serial));
    }
}

static void
test_cancel_before (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_cancellable_cancel (cancellable);
  aiodrive_sleep_async (0, cancellable, test_on_ready, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  assert_cancelled (&call);
}

static void
test_cancel_while_waiting (void)
{
  guint durations[] = { LONG_MS, G_MAXUINT };

  for (guint i = 0; i < G_N_ELEMENTS (durations); i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_auto(TestCall) call = TEST_CALL_INIT;

      aiodrive_sleep_async (durations[i], cancellable, test_on_ready, &call);
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 0);
      g_cancellable_cancel (cancellable);
      g_cancellable_cancel (cancellable);
      g_assert_cmpuint (call.n_calls, ==, 0);
      assert_cancelled (&call);
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 1);

      test_call_clear (&call);
      g_assert_finalize_object (g_steal_pointer (&cancellable));
    }
}

static void
cancel_other (GObject      *source_object,
              GAsyncResult *result,
              gpointer      cancellable)
{
  g_cancellable_cancel (cancellable);
}

/* Two that are due together; the first one's callback cancels the second: whichever it is, it has one outcome. */
static void
test_cancel_when_due (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_sleep_async (0, NULL, cancel_other, cancellable);
  aiodrive_sleep_async (0, cancellable, test_on_ready, &call);
  test_call_wait (&call);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 1);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
}

/* The deadline of a scope cancels it as well. */
static void
test_deadline (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, LONG_MS - 1);
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_sleep_async (LONG_MS, G_CANCELLABLE (scope), test_on_ready, &call);
  assert_cancelled (&call);
}

static gpointer
cancel_in_thread (gpointer cancellable)
{
  g_usleep (g_random_int_range (0, 1500));
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_cancel_from_thread (void)
{
  for (guint i = 0; i < 300; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_autoptr(GError) error = NULL;
      GThread *thread = g_thread_new ("cancel", cancel_in_thread, cancellable);

      aiodrive_sleep_async (1, cancellable, test_on_ready, &call);
      if (!aiodrive_sleep_finish (test_call_wait (&call), &error))
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_thread_join (thread);
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 1);

      test_call_clear (&call);
      g_assert_finalize_object (g_steal_pointer (&cancellable));
    }
}

static void
sleep_there (gpointer data,
             gpointer unused)
{
  TestCall *call = data;

  aiodrive_sleep_async (2, NULL, test_on_ready, call);
  assert_slept (call);
  g_assert_true (call->context == g_main_context_get_thread_default ());
  test_call_clear (call);
}

static void
test_context (void)
{
  TestThread *thread = test_thread_start ();
  TestCall call = TEST_CALL_INIT;

  test_thread_call (thread, sleep_there, &call);
  test_thread_stop (thread);
}

static void
test_wrong_arguments (void)
{
  g_autoptr(GTask) task = g_task_new (NULL, NULL, NULL, NULL);
  g_autoptr(GObject) object = g_object_new (G_TYPE_OBJECT, NULL);

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_CANCELLABLE (cancellable)*failed*");
  aiodrive_sleep_async (1, (GCancellable *) object, NULL, NULL);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*aiodrive_wait_is_valid*failed*");
  g_assert_false (aiodrive_sleep_finish (G_ASYNC_RESULT (task), NULL));
  g_test_assert_expected_messages ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/sleep/not-early", test_not_early);
  g_test_add_func ("/aiodrive/task/sleep/zero", test_zero);
  g_test_add_func ("/aiodrive/task/sleep/many", test_many);
  g_test_add_func ("/aiodrive/task/sleep/cancel-before", test_cancel_before);
  g_test_add_func ("/aiodrive/task/sleep/cancel-while-waiting", test_cancel_while_waiting);
  g_test_add_func ("/aiodrive/task/sleep/cancel-when-due", test_cancel_when_due);
  g_test_add_func ("/aiodrive/task/sleep/deadline", test_deadline);
  g_test_add_func ("/aiodrive/task/sleep/cancel-from-thread", test_cancel_from_thread);
  g_test_add_func ("/aiodrive/task/sleep/context", test_context);
  g_test_add_func ("/aiodrive/task/sleep/wrong-arguments", test_wrong_arguments);

  return g_test_run ();
}
