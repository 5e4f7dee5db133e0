/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

#define HOUR_MS 3600000
#define HOUR_USEC (HOUR_MS * G_GINT64_CONSTANT (1000))

/* What the test context does must end; what never ends is found by the timeout of the test. */

#define assert_elapsed(test, usec) g_assert_cmpint (aiodrive_test_context_get_elapsed (test), ==, usec)

static void
assert_slept (TestCall *call)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (aiodrive_sleep_finish (test_call_wait (call), &error));
  g_assert_no_error (error);
}

static void
test_sleep (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  gint64 began = aiodrive_get_monotonic_time ();

  for (guint i = 1; i <= 3; i++)
    {
      g_auto(TestCall) call = TEST_CALL_INIT;

      aiodrive_sleep_async (HOUR_MS, NULL, test_on_ready, &call);
      aiodrive_test_context_wait_all_blocked (test);
      g_assert_cmpuint (call.n_calls, ==, 0);
      assert_elapsed (test, (i - 1) * HOUR_USEC);
      assert_slept (&call);
      assert_elapsed (test, i * HOUR_USEC);
    }
  g_assert_cmpint (aiodrive_get_monotonic_time () - began, ==, 3 * HOUR_USEC);
  g_assert_true (aiodrive_test_context_get_context (test) == g_main_context_default ());
}

static void
note (GObject      *source_object,
      GAsyncResult *result,
      gpointer      string)
{
  g_string_append_c (string, 'x');
}

static void
note_and_sleep (GObject      *source_object,
                GAsyncResult *result,
                gpointer      string)
{
  g_string_append_c (string, 'a');
  aiodrive_sleep_async (5, NULL, note, string);
}

/* Timers that are due at once fire in the order in which they were started, before the time goes on. */
static void
test_same_time (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(GString) string = g_string_new (NULL);
  TestCall calls[20] = { TEST_CALL_INIT };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    aiodrive_sleep_async (10, NULL, test_on_ready, &calls[i]);
  aiodrive_sleep_async (5, NULL, note_and_sleep, string);
  aiodrive_sleep_async (10, NULL, note, string);
  test_iterate_until (calls[0].n_calls > 0);
  assert_elapsed (test, 10000);
  aiodrive_test_context_wait_all_blocked (test);
  assert_elapsed (test, 10000);
  g_assert_cmpstr (string->str, ==, "axx");
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_assert_cmpuint (calls[i].n_calls, ==, 1);
      test_call_clear (&calls[i]);
    }
}

static void
test_timeout (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  TestTask *stuck = test_task_new (TEST_TASK_JOB, "stuck", NULL);
  g_autoptr(GTask) task = aiodrive_timeout (stuck->task, HOUR_MS, NULL);
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  assert_elapsed (test, HOUR_USEC);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_clear_object (&task);
  test_task_free (stuck);
}

static void
test_deadline (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, HOUR_MS);
  g_autoptr(AiodriveButton) button = aiodrive_button_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_button_wait_async (button, G_CANCELLABLE (scope), test_on_ready, &call);
  g_assert_false (aiodrive_button_wait_finish (button, test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_elapsed (test, HOUR_USEC);
  g_assert_cmpint (aiodrive_cancel_scope_get_deadline (scope), ==, aiodrive_get_monotonic_time ());
}

/* A tick each minute, while the consumer is busy for 40 seconds. */
static void
test_periodic (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodrivePeriodicIterator) ticks = aiodrive_repeat_periodically (60000);

  for (guint i = 0; i < 100; i++)
    {
      g_auto(TestCall) tick = TEST_CALL_INIT;
      g_auto(TestCall) work = TEST_CALL_INIT;

      aiodrive_async_iterator_next_async (AIODRIVE_ASYNC_ITERATOR (ticks), NULL, test_on_ready, &tick);
      test_call_wait (&tick);
      assert_elapsed (test, i * G_GINT64_CONSTANT (60000000));
      aiodrive_sleep_async (40000, NULL, test_on_ready, &work);
      assert_slept (&work);
    }
}

/* A job that sleeps an hour in the thread of the executor, @n_left times. */
typedef struct
{
  AiodriveBackgroundExecutor *next;      /* the last of its jobs is for this one */
  guint                       n_left;
  gint                        n_slept;   /* atomic */
} Sleeper;

static void sleep_job (GTask        *task,
                       GCancellable *cancellable,
                       gpointer      data);

static void
on_next_ended (GObject      *source_object,
               GAsyncResult *result,
               gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;
  g_autoptr(GTask) next = aiodrive_wait_task_finish (result, &error);

  if (next != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  GTask *task = data;
  Sleeper *self = g_task_get_task_data (task);
  GError *error = NULL;

  if (!aiodrive_sleep_finish (result, &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }

  g_atomic_int_inc (&self->n_slept);
  if (--self->n_left > 0)
    {
      aiodrive_sleep_async (HOUR_MS, g_task_get_cancellable (task), on_slept, task);
    }
  else if (self->next != NULL)
    {
      g_autoptr(GTask) next = NULL;

      self->n_left = 1;
      aiodrive_background_executor_spawn (g_steal_pointer (&self->next), &next, g_task_get_cancellable (task),
                                          sleep_job, self, NULL);
      aiodrive_wait_task_async (next, NULL, on_next_ended, task);
    }
  else
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
}

static void
sleep_job (GTask        *task,
           GCancellable *cancellable,
           gpointer      data)
{
  g_task_set_task_data (task, data, NULL);
  aiodrive_sleep_async (HOUR_MS, cancellable, on_slept, g_object_ref (task));
}

/* The time goes on when all threads wait, and nothing is on its way from one to the other. */
static void
test_threads (void)
{
  for (guint i = 0; i < 200; i++)
    {
      g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
      g_autoptr(AiodriveBackgroundExecutor) a = aiodrive_background_executor_new ("a");
      g_autoptr(AiodriveBackgroundExecutor) b = aiodrive_background_executor_new ("b");
      Sleeper sleeper = { b, 3, 0 };
      Sleeper other = { NULL, 2, 0 };
      g_autoptr(GTask) first = NULL;
      g_autoptr(GTask) second = NULL;
      GTask *tasks[2];
      g_autoptr(GTask) all = NULL;

      aiodrive_background_executor_spawn (a, &first, NULL, sleep_job, &sleeper, NULL);
      aiodrive_background_executor_spawn (b, &second, NULL, sleep_job, &other, NULL);
      aiodrive_test_context_wait_all_blocked (test);
      assert_elapsed (test, 0);
      g_assert_cmpint (g_atomic_int_get (&sleeper.n_slept) + g_atomic_int_get (&other.n_slept), ==, 0);

      tasks[0] = first;
      tasks[1] = second;
      all = aiodrive_timeout (tasks[1], HOUR_MS * 2 + 1, NULL);
      aiodrive_run (all);
      assert_elapsed (test, 2 * HOUR_USEC);
      g_assert_null (aiodrive_task_dup_error (all));
      aiodrive_run (first);
      assert_elapsed (test, 4 * HOUR_USEC);
      g_assert_cmpint (sleeper.n_slept, ==, 4);
      g_assert_null (aiodrive_task_dup_error (first));
    }
}

/* While the context is not iterated the time stands, whatever the others wait for. */
static void
test_stands_outside (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  Sleeper sleeper = { NULL, 1, 0 };
  g_autoptr(GTask) task = NULL;

  aiodrive_background_executor_spawn (executor, &task, NULL, sleep_job, &sleeper, NULL);
  for (guint i = 0; i < 100; i++)
    {
      aiodrive_test_context_wait_all_blocked (test);
      g_thread_yield ();
      assert_elapsed (test, 0);
    }
  aiodrive_run (task);
  assert_elapsed (test, HOUR_USEC);
}

typedef struct
{
  AiodriveTestContext *test;
  GTask               *task;
  gboolean             done;
} Hidden;

static gpointer
work_hidden (gpointer data)
{
  Hidden *self = data;

  for (guint i = 0; i < 1000; i++)
    {
      g_thread_yield ();
      g_assert_cmpint (aiodrive_test_context_get_elapsed (self->test), ==, 0);
    }
  g_task_return_boolean (self->task, TRUE);
  aiodrive_test_context_release (self->test);
  return NULL;
}

/* The time waits for what was announced. */
static void
test_hold (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_auto(TestCall) slept = TEST_CALL_INIT;
  g_auto(TestCall) worked = TEST_CALL_INIT;
  Hidden hidden = { test, g_task_new (NULL, NULL, test_on_ready, &worked), FALSE };
  GThread *thread;

  aiodrive_sleep_async (HOUR_MS, NULL, test_on_ready, &slept);
  aiodrive_test_context_hold (test);
  thread = g_thread_new ("hidden", work_hidden, &hidden);
  test_call_wait (&worked);
  g_assert_cmpuint (slept.n_calls, ==, 0);
  assert_elapsed (test, 0);
  assert_slept (&slept);
  g_thread_join (thread);
  test_call_clear (&worked);
  g_assert_finalize_object (hidden.task);
}

static gboolean
iterate_nested (gpointer data)
{
  TestCall *call = data;

  aiodrive_sleep_async (HOUR_MS, NULL, test_on_ready, call);
  assert_slept (call);
  return G_SOURCE_REMOVE;
}

/* The time goes on in a main loop inside of a callback. */
static void
test_nested (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_auto(TestCall) inner = TEST_CALL_INIT;
  g_auto(TestCall) outer = TEST_CALL_INIT;

  aiodrive_sleep_async (2 * HOUR_MS, NULL, test_on_ready, &outer);
  g_idle_add (iterate_nested, &inner);
  assert_slept (&outer);
  g_assert_cmpuint (inner.n_calls, ==, 1);
  assert_elapsed (test, 2 * HOUR_USEC);
}

/* Idle sources of every priority come before the time goes on. */
static gboolean
count_down (gpointer n)
{
  return --*(guint *) n > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
test_other_sources (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  guint n_turns = 1000;

  g_idle_add_full (G_PRIORITY_LOW + 1000, count_down, &n_turns, NULL);
  aiodrive_sleep_async (1, NULL, test_on_ready, &call);
  assert_slept (&call);
  g_assert_cmpuint (n_turns, ==, 0);
}

/* A call that blocks counts as waiting, and sees its deadline. */
static void
test_block (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, HOUR_MS);
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  g_autoptr(GError) error = NULL;

  g_assert_false (aiodrive_thread_safe_event_wait (event, G_CANCELLABLE (scope), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_elapsed (test, HOUR_USEC);
}

static void
set_event_job (GTask        *task,
               GCancellable *cancellable,
               gpointer      event)
{
  g_task_set_task_data (task, event, NULL);
  aiodrive_thread_safe_event_set (event);
  g_task_return_boolean (task, TRUE);
}

static void
block_job (GTask        *task,
           GCancellable *cancellable,
           gpointer      event)
{
  g_task_return_boolean (task, aiodrive_thread_safe_event_wait (event, cancellable, NULL));
}

static void
on_slept_set (GObject      *source_object,
              GAsyncResult *result,
              gpointer      data)
{
  g_autoptr(GTask) task = data;

  aiodrive_thread_safe_event_set (g_task_get_task_data (task));
  g_task_return_boolean (task, TRUE);
}

static void
sleep_and_set_job (GTask        *task,
                   GCancellable *cancellable,
                   gpointer      event)
{
  g_task_set_task_data (task, event, NULL);
  aiodrive_sleep_async (HOUR_MS, cancellable, on_slept_set, g_object_ref (task));
}

/* The thread of the test blocks, and so does that of an executor, until another one has slept. */
static void
test_block_in_threads (void)
{
  for (guint i = 0; i < 200; i++)
    {
      g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
      g_autoptr(AiodriveBackgroundExecutor) a = aiodrive_background_executor_new (NULL);
      g_autoptr(AiodriveBackgroundExecutor) b = aiodrive_background_executor_new (NULL);
      g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, HOUR_MS + 1);
      g_autoptr(GTask) blocked = NULL;
      g_autoptr(GTask) sleeps = NULL;
      g_autoptr(GTask) last = NULL;
      g_autoptr(GError) error = NULL;

      aiodrive_background_executor_spawn (a, &blocked, G_CANCELLABLE (scope), block_job, event, NULL);
      aiodrive_background_executor_spawn (b, &sleeps, NULL, sleep_and_set_job, event, NULL);
      aiodrive_thread_safe_event_wait (event, G_CANCELLABLE (scope), &error);
      g_assert_no_error (error);
      assert_elapsed (test, HOUR_USEC);
      aiodrive_run (blocked);
      aiodrive_run (sleeps);
      assert_elapsed (test, HOUR_USEC);

      aiodrive_background_executor_spawn (a, &last, NULL, set_event_job, event, NULL);
      aiodrive_background_executor_stop (b, G_CANCELLABLE (scope), &error);
      g_assert_no_error (error);
      aiodrive_run (last);
      assert_elapsed (test, HOUR_USEC);
    }
}

/* The time becomes real while threads block that went by it. */
static void
test_close_while_blocked (void)
{
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
      g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
      g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, HOUR_MS);
      g_autoptr(GTask) task = NULL;

      aiodrive_background_executor_spawn (executor, &task, G_CANCELLABLE (scope), block_job, event, NULL);
      if (i % 2 == 0)
        aiodrive_test_context_wait_all_blocked (test);
      aiodrive_test_context_close (test);
      aiodrive_thread_safe_event_set (event);
      aiodrive_run (task);
      g_assert_null (aiodrive_task_dup_error (task));
      g_assert_true (aiodrive_background_executor_stop (executor, NULL, NULL));
    }
}

static gpointer
block_in_thread (gpointer data)
{
  gpointer *args = data;

  g_assert_false (aiodrive_thread_safe_event_wait (args[0], args[1], NULL));
  return NULL;
}

/* A thread that goes by no clock blocks with a deadline that does. */
static void
test_block_outside (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, HOUR_MS);
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  gpointer args[] = { event, scope };
  GThread *thread = g_thread_new ("outside", block_in_thread, args);
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_sleep_async (HOUR_MS, NULL, test_on_ready, &call);
  assert_slept (&call);
  g_thread_join (thread);
  assert_elapsed (test, HOUR_USEC);
}

static void
on_blocked (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  g_assert_true (aiodrive_test_context_wait_all_blocked_finish (AIODRIVE_TEST_CONTEXT (source_object), result, NULL));
  test_on_ready (source_object, result, data);
}

static void
test_wait_async (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) slept = TEST_CALL_INIT;
  g_auto(TestCall) blocked = TEST_CALL_INIT;
  g_auto(TestCall) cancelled = TEST_CALL_INIT;
  guint n_turns = 100;

  g_idle_add_full (G_PRIORITY_LOW, count_down, &n_turns, NULL);
  aiodrive_sleep_async (1, NULL, test_on_ready, &slept);
  aiodrive_test_context_wait_all_blocked_async (test, NULL, on_blocked, &blocked);
  aiodrive_test_context_wait_all_blocked_async (test, cancellable, test_on_ready, &cancelled);
  g_cancellable_cancel (cancellable);
  test_call_wait (&blocked);
  g_assert_cmpuint (n_turns, ==, 0);
  g_assert_cmpuint (slept.n_calls, ==, 0);
  g_assert_false (aiodrive_test_context_wait_all_blocked_finish (test, test_call_wait (&cancelled), NULL));
  assert_elapsed (test, 0);
  assert_slept (&slept);
}

/* Another context has its own time; and afterwards it is the real one again. */
static void
test_close (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(AiodriveTestContext) test = NULL;
  g_autoptr(AiodriveTestContext) again = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestCall) late = TEST_CALL_INIT;
  gint64 real;

  g_main_context_push_thread_default (context);
  test = aiodrive_test_context_new (NULL);
  again = aiodrive_test_context_new (context);
  aiodrive_sleep_async (HOUR_MS, NULL, test_on_ready, &call);
  assert_slept (&call);
  assert_elapsed (again, HOUR_USEC);
  g_assert_finalize_object (g_steal_pointer (&again));
  g_assert_cmpint (aiodrive_get_monotonic_time (), >=, g_get_monotonic_time () + HOUR_USEC / 2);
  aiodrive_test_context_close (test);
  aiodrive_test_context_close (test);
  real = g_get_monotonic_time ();
  g_assert_cmpint (aiodrive_get_monotonic_time (), >=, real);
  g_assert_cmpint (aiodrive_get_monotonic_time (), <, real + HOUR_USEC / 2);

  aiodrive_test_context_wait_all_blocked_async (test, NULL, on_blocked, &late);
  test_call_wait (&late);
  test_call_clear (&call);
  aiodrive_sleep_async (1, NULL, test_on_ready, &call);
  assert_slept (&call);
  g_main_context_pop_thread_default (context);
}

static void
test_wrong_arguments (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*held*failed*");
  aiodrive_test_context_release (test);
  g_test_assert_expected_messages ();
}

static void
test_end_of_time (void)
{
  g_autoptr(AiodriveTestContext) context = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) late = NULL;
  g_autoptr(AiodriveCancelScope) never = aiodrive_cancel_scope_new (NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_test_summary ("Times do not overflow: what would come after the end of all time does not come");

  aiodrive_cancel_scope_set_deadline (never, G_MAXINT64);
  aiodrive_cancel_scope_set_deadline (scope, G_MAXINT64 - 1);
  test_iterate_until (g_cancellable_is_cancelled (G_CANCELLABLE (scope)));
  g_assert_cmpint (aiodrive_get_monotonic_time (), ==, G_MAXINT64 - 1);

  late = aiodrive_cancel_scope_new_with_timeout (NULL, G_MAXUINT);
  g_assert_cmpint (aiodrive_cancel_scope_get_deadline (late), ==, G_MAXINT64);
  aiodrive_sleep_async (G_MAXUINT, G_CANCELLABLE (late), test_on_ready, &call);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);
  g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (never)));
  g_cancellable_cancel (G_CANCELLABLE (late));
  test_call_wait (&call);
  aiodrive_test_context_close (context);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/testing/test-context/sleep", test_sleep);
  g_test_add_func ("/aiodrive/testing/test-context/same-time", test_same_time);
  g_test_add_func ("/aiodrive/testing/test-context/timeout", test_timeout);
  g_test_add_func ("/aiodrive/testing/test-context/deadline", test_deadline);
  g_test_add_func ("/aiodrive/testing/test-context/periodic", test_periodic);
  g_test_add_func ("/aiodrive/testing/test-context/threads", test_threads);
  g_test_add_func ("/aiodrive/testing/test-context/stands-outside", test_stands_outside);
  g_test_add_func ("/aiodrive/testing/test-context/hold", test_hold);
  g_test_add_func ("/aiodrive/testing/test-context/nested", test_nested);
  g_test_add_func ("/aiodrive/testing/test-context/other-sources", test_other_sources);
  g_test_add_func ("/aiodrive/testing/test-context/block", test_block);
  g_test_add_func ("/aiodrive/testing/test-context/block-in-threads", test_block_in_threads);
  g_test_add_func ("/aiodrive/testing/test-context/block-outside", test_block_outside);
  g_test_add_func ("/aiodrive/testing/test-context/close-while-blocked", test_close_while_blocked);
  g_test_add_func ("/aiodrive/testing/test-context/wait-async", test_wait_async);
  g_test_add_func ("/aiodrive/testing/test-context/close", test_close);
  g_test_add_func ("/aiodrive/testing/test-context/wrong-arguments", test_wrong_arguments);
  g_test_add_func ("/aiodrive/testing/test-context/end-of-time", test_end_of_time);

  return g_test_run ();
}
