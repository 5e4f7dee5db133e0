/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/periodic-private.h"
#include "tests/stream/iterate.h"

static void
begin_tick (AiodrivePeriodicIterator *ticks,
            GCancellable             *cancellable,
            TestCall                 *call)
{
  begin_next (ticks, cancellable, call);
}

static void
assert_tick (AiodrivePeriodicIterator *ticks,
             TestCall                 *call,
             guint64                   number)
{
  g_auto(GValue) item = G_VALUE_INIT;

  take_item (ticks, call, &item);
  g_assert_true (G_VALUE_HOLDS_UINT64 (&item));
  g_assert_cmpuint (g_value_get_uint64 (&item), ==, number);
}

static void
assert_next_tick (AiodrivePeriodicIterator *ticks,
                  guint64                   number)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  begin_tick (ticks, NULL, &call);
  assert_tick (ticks, &call, number);
}

static void
test_timing (void)
{
  gint64 due;

  g_test_summary ("the first at once; then the rest of the interval; late: at once, and the interval begins anew");
  due = aiodrive_periodic_get_due (AIODRIVE_NEVER, 100, 5000);
  g_assert_cmpint (due, ==, 5000);
  due = aiodrive_periodic_get_due (due, 100, 5000);
  g_assert_cmpint (due, ==, 5100);
  due = aiodrive_periodic_get_due (due, 100, 5199);
  g_assert_cmpint (due, ==, 5200);
  due = aiodrive_periodic_get_due (due, 100, 5300);
  g_assert_cmpint (due, ==, 5300);
  due = aiodrive_periodic_get_due (due, 100, 5999);
  g_assert_cmpint (due, ==, 5999);
  due = aiodrive_periodic_get_due (due, 100, 5999);
  g_assert_cmpint (due, ==, 6099);

  g_assert_cmpint (aiodrive_periodic_get_due (5000, 0, 5000), ==, 5000);
  g_assert_cmpint (aiodrive_periodic_get_due (5000, 0, 5001), ==, 5001);
  g_assert_cmpint (aiodrive_periodic_get_due (AIODRIVE_NEVER, 0, 1), ==, 1);
  g_assert_cmpint (aiodrive_periodic_get_due (AIODRIVE_NEVER, G_MAXUINT * G_GINT64_CONSTANT (1000), 1), ==, 1);
  g_assert_cmpint (aiodrive_periodic_get_due (1, G_MAXUINT * G_GINT64_CONSTANT (1000), 2), ==,
                   1 + G_MAXUINT * G_GINT64_CONSTANT (1000));
}

static void
test_timing_drift (void)
{
  gint64 due = 1000;

  g_test_summary ("a consumer that takes up to an interval each time is not put off; a tick is never early");
  for (guint i = 1; i <= 1000; i++)
    {
      gint64 asked = due + g_test_rand_int_range (0, 101);

      due = aiodrive_periodic_get_due (due, 100, asked);
      g_assert_cmpint (due, ==, 1000 + i * 100);
    }
  for (guint i = 1; i <= 1000; i++)
    {
      gint64 asked = due + g_test_rand_int_range (0, 1000);
      gint64 next = aiodrive_periodic_get_due (due, 100, asked);

      g_assert_cmpint (next, >=, asked);
      g_assert_cmpint (next, >=, due + 100);
      g_assert_true (next == asked || next == due + 100);
      due = next;
    }
}

static void
test_ticks (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (LONG_MS);

  for (guint i = 0; i < 1000; i++)
    {
      assert_next_tick (ticks, i);
      g_assert_cmpint (aiodrive_test_context_get_elapsed (test), ==, i * LONG_MS * G_GINT64_CONSTANT (1000));
    }
  finalize_it (ticks);
}

/* By the real clock: none comes early. */
static void
test_real_ticks (void)
{
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (2);
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < 5; i++)
    {
      assert_next_tick (ticks, i);
      /* a source may see its time up to a millisecond early: the clock of a poll is coarse */
      g_assert_cmpint (g_get_monotonic_time () - begin, >=, (gint64) i * 2000 - 1000);
    }
  finalize_it (ticks);
}

static void
test_first_at_once (void)
{
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (LONG_MS);
  g_auto(TestCall) call = TEST_CALL_INIT;

  begin_tick (ticks, NULL, &call);
  test_settle ();
  assert_tick (ticks, &call, 0);

  begin_tick (ticks, NULL, &call);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);
  close_it (ticks);
  assert_no_item (ticks, &call, AT_END);
  finalize_it (ticks);
}

static void
test_late (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (300);
  g_auto(TestCall) work = TEST_CALL_INIT;
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_test_summary ("a late consumer gets the next at once, and only that");
  assert_next_tick (ticks, 0);
  aiodrive_sleep_async (700, NULL, test_on_ready, &work);
  test_call_wait (&work);

  begin_tick (ticks, NULL, &call);
  aiodrive_test_context_wait_all_blocked (test);
  assert_tick (ticks, &call, 1);

  begin_tick (ticks, NULL, &call);
  aiodrive_test_context_wait_all_blocked (test);
  g_assert_cmpuint (call.n_calls, ==, 0);
  assert_tick (ticks, &call, 2);
  g_assert_cmpint (aiodrive_test_context_get_elapsed (test), ==, 1000000);
  finalize_it (ticks);
}

static void
test_zero (void)
{
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (0);
  g_auto(TestCall) call = TEST_CALL_INIT;

  for (guint i = 0; i < 100; i++)
    {
      begin_tick (ticks, NULL, &call);
      g_main_context_iteration (NULL, FALSE);
      assert_tick (ticks, &call, i);
    }
  finalize_it (ticks);
}

static void
test_cancelled_before (void)
{
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (LONG_MS);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_cancellable_cancel (cancellable);
  begin_tick (ticks, cancellable, &call);
  assert_no_item (ticks, &call, G_IO_ERROR_CANCELLED);
  assert_next_tick (ticks, 0);
  finalize_it (ticks);
}

static void
test_cancel_while_waiting (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (300);

  g_test_summary ("the wait after the cancelled one is for the same tick, when it is due");
  assert_next_tick (ticks, 0);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_auto(TestCall) call = TEST_CALL_INIT;

      begin_tick (ticks, cancellable, &call);
      g_cancellable_cancel (cancellable);
      g_assert_cmpuint (call.n_calls, ==, 0);
      assert_no_item (ticks, &call, G_IO_ERROR_CANCELLED);
    }
  assert_next_tick (ticks, 1);
  g_assert_cmpint (aiodrive_test_context_get_elapsed (test), ==, 300000);
  finalize_it (ticks);
}

static void
test_cancelled_after_woken (void)
{
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (LONG_MS);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  begin_tick (ticks, cancellable, &call);
  g_cancellable_cancel (cancellable);
  assert_tick (ticks, &call, 0);
  finalize_it (ticks);
}

static void
test_two_at_once (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (LONG_MS);
  g_auto(TestCall) first = TEST_CALL_INIT;
  g_auto(TestCall) second = TEST_CALL_INIT;

  assert_next_tick (ticks, 0);
  begin_tick (ticks, NULL, &first);
  begin_tick (ticks, NULL, &second);
  assert_no_item (ticks, &second, G_IO_ERROR_PENDING);
  assert_tick (ticks, &first, 1);
  assert_next_tick (ticks, 2);
  finalize_it (ticks);
}

static void
test_close (void)
{
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (LONG_MS);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) closed = TEST_CALL_INIT;

  assert_next_tick (ticks, 0);
  begin_close (ticks, cancellable, &closed);
  g_cancellable_cancel (cancellable);
  assert_closed (ticks, &closed, -1);
  assert_next_is_none (ticks, AT_END);
  close_it (ticks);
  assert_next_is_none (ticks, AT_END);
  finalize_it (ticks);
}

static void
test_close_cancelled_before (void)
{
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (LONG_MS);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) closed = TEST_CALL_INIT;

  g_test_summary ("a cancelled call does not wait, but the iterator is closed");
  g_cancellable_cancel (cancellable);
  begin_close (ticks, cancellable, &closed);
  assert_closed (ticks, &closed, G_IO_ERROR_CANCELLED);
  assert_next_is_none (ticks, AT_END);
  finalize_it (ticks);
}

static void
test_drop_while_waiting (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (LONG_MS);
  gpointer weak = ticks;
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_object_add_weak_pointer (G_OBJECT (ticks), &weak);
  assert_next_tick (ticks, 0);
  begin_tick (ticks, NULL, &call);
  g_object_unref (ticks);
  g_assert_nonnull (weak);
  assert_tick (weak, &call, 1);
  test_settle ();
  g_assert_null (weak);
}

typedef struct
{
  AiodrivePeriodicIterator *ticks;
  GCancellable             *cancellable;
  TestCall                  call;
} InThread;

static void
wait_in_thread (gpointer data,
                gpointer unused)
{
  InThread *self = data;

  begin_tick (self->ticks, self->cancellable, &self->call);
}

static void
see_end_in_thread (gpointer data,
                   gpointer unused)
{
  InThread *self = data;

  assert_no_item (self->ticks, &self->call, AT_END);
}

static void
see_cancelled_in_thread (gpointer data,
                         gpointer unused)
{
  InThread *self = data;

  assert_no_item (self->ticks, &self->call, G_IO_ERROR_CANCELLED);
}

static void
test_threads (void)
{
  InThread self = { .ticks = aiodrive_repeat_periodically (LONG_MS), .cancellable = g_cancellable_new () };
  TestThread *thread = test_thread_start ();

  assert_next_tick (self.ticks, 0);
  test_thread_call (thread, wait_in_thread, &self);
  g_cancellable_cancel (self.cancellable);
  test_thread_call (thread, see_cancelled_in_thread, &self);

  g_clear_object (&self.cancellable);
  test_thread_call (thread, wait_in_thread, &self);
  assert_next_is_none (self.ticks, G_IO_ERROR_PENDING);
  close_it (self.ticks);
  test_thread_call (thread, see_end_in_thread, &self);

  test_thread_stop (thread);
  finalize_it (self.ticks);
}

static gpointer
cancel_each (gpointer queue)
{
  GCancellable *cancellable;

  while ((cancellable = g_async_queue_pop (queue)) != queue)
    {
      if (g_random_boolean ())
        g_usleep (g_random_int_range (0, 2000));
      g_cancellable_cancel (cancellable);
      g_object_unref (cancellable);
    }
  return NULL;
}

/* Every number comes once, in order, while another thread cancels the waits just before, after and when they end. */
static void
test_cancel_from_thread (void)
{
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (1);
  GAsyncQueue *queue = g_async_queue_new ();
  GThread *thread = g_thread_new ("cancels", cancel_each, queue);
  guint64 number = 0;
  guint n_cancelled = 0;

  for (guint i = 0; i < 500; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(GError) error = NULL;
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(GValue) item = G_VALUE_INIT;

      g_async_queue_push (queue, g_object_ref (cancellable));
      begin_tick (ticks, cancellable, &call);
      if (aiodrive_async_iterator_next_finish (AIODRIVE_ASYNC_ITERATOR (ticks), test_call_wait (&call), &item, &error))
        g_assert_cmpuint (g_value_get_uint64 (&item), ==, number++);
      else
        n_cancelled++;
      if (error != NULL)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
  g_test_message ("%" G_GUINT64_FORMAT " ticks, %u cancelled", number, n_cancelled);
  g_assert_cmpuint (number, >, 0);

  g_async_queue_push (queue, queue);
  g_thread_join (thread);
  g_async_queue_unref (queue);
  finalize_it (ticks);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/stream/periodic/timing", test_timing);
  g_test_add_func ("/aiodrive/stream/periodic/timing-drift", test_timing_drift);
  g_test_add_func ("/aiodrive/stream/periodic/ticks", test_ticks);
  g_test_add_func ("/aiodrive/stream/periodic/real-ticks", test_real_ticks);
  g_test_add_func ("/aiodrive/stream/periodic/first-at-once", test_first_at_once);
  g_test_add_func ("/aiodrive/stream/periodic/late", test_late);
  g_test_add_func ("/aiodrive/stream/periodic/zero", test_zero);
  g_test_add_func ("/aiodrive/stream/periodic/cancelled-before", test_cancelled_before);
  g_test_add_func ("/aiodrive/stream/periodic/cancel-while-waiting", test_cancel_while_waiting);
  g_test_add_func ("/aiodrive/stream/periodic/cancelled-after-woken", test_cancelled_after_woken);
  g_test_add_func ("/aiodrive/stream/periodic/two-at-once", test_two_at_once);
  g_test_add_func ("/aiodrive/stream/periodic/close", test_close);
  g_test_add_func ("/aiodrive/stream/periodic/close-cancelled-before", test_close_cancelled_before);
  g_test_add_func ("/aiodrive/stream/periodic/drop-while-waiting", test_drop_while_waiting);
  g_test_add_func ("/aiodrive/stream/periodic/threads", test_threads);
  g_test_add_func ("/aiodrive/stream/periodic/cancel-from-thread", test_cancel_from_thread);

  return g_test_run ();
}
