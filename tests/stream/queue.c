/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stream/items.h"
#include "tests/stream/stress.h"

/* What both queues do alike; each test is run with either. */

static gpointer
new_queue (gconstpointer type)
{
  return g_object_new (GPOINTER_TO_SIZE (type), NULL);
}

static void
test_order (gconstpointer type)
{
  gpointer queue = new_queue (type);
  TestCall calls[3] = { TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT };

  g_assert_true (aiodrive_queue_is_empty (queue));
  for (guint i = 0; i < 5; i++)
    put (queue, i);
  g_assert_false (aiodrive_queue_is_empty (queue));
  g_assert_cmpuint (count_items (queue), ==, 5);

  for (guint i = 0; i < 3; i++)
    get (queue, NULL, &calls[i]);
  g_assert_cmpuint (calls[0].n_calls, ==, 0);
  for (guint i = 0; i < 3; i++)
    assert_got (&calls[i], i);
  assert_try_got (queue, 3);
  assert_try_got (queue, 4);
  assert_nothing (queue);
  g_assert_finalize_object (queue);
}

static void
test_waiting_order (gconstpointer type)
{
  gpointer queue = new_queue (type);
  TestCall calls[3] = { TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT };

  for (guint i = 0; i < 3; i++)
    get (queue, NULL, &calls[i]);
  test_settle ();
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpuint (calls[i].n_calls, ==, 0);
      put (queue, i);
      assert_got (&calls[i], i);
    }
  g_assert_true (aiodrive_queue_is_empty (queue));
  g_assert_finalize_object (queue);
}

static void
get_again (GObject      *queue,
           GAsyncResult *result,
           gpointer      calls)
{
  test_on_ready (queue, result, calls);
  get (queue, NULL, (TestCall *) calls + 2);
  put (queue, 1);
}

static void
test_no_barging (gconstpointer type)
{
  gpointer queue = new_queue (type);
  TestCall calls[3] = { TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT };

  aiodrive_queue_get_async (queue, NULL, get_again, calls);
  get (queue, NULL, &calls[1]);
  put (queue, 0);
  assert_got (&calls[0], 0);
  assert_got (&calls[1], 1);
  g_assert_cmpuint (calls[2].n_calls, ==, 0);
  put (queue, 2);
  assert_got (&calls[2], 2);
  g_assert_finalize_object (queue);
}

static void
test_hand_off (gconstpointer type)
{
  gpointer queue = new_queue (type);
  TestCall call = TEST_CALL_INIT;
  GArray *none;

  get (queue, NULL, &call);
  put (queue, 0);
  assert_nothing (queue);
  none = aiodrive_queue_get_many (queue, 0);
  g_assert_cmpuint (none->len, ==, 0);
  g_array_unref (none);
  g_assert_true (aiodrive_queue_is_empty (queue));
  assert_got (&call, 0);
  g_assert_finalize_object (queue);
}

static void
test_cancelled_before (gconstpointer type)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  gpointer queue = new_queue (type);
  TestCall call = TEST_CALL_INIT;

  put (queue, 0);
  g_cancellable_cancel (cancellable);
  get (queue, cancellable, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  assert_get_fails (&call, G_IO_ERROR_CANCELLED);
  assert_try_got (queue, 0);
  g_assert_finalize_object (queue);
}

static void
test_cancel_while_waiting (gconstpointer type)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  gpointer queue = new_queue (type);
  TestCall cancelled = TEST_CALL_INIT, next = TEST_CALL_INIT;

  get (queue, cancellable, &cancelled);
  get (queue, NULL, &next);
  g_cancellable_cancel (cancellable);
  g_assert_cmpuint (cancelled.n_calls, ==, 0);
  put (queue, 0);
  assert_got (&next, 0);
  assert_get_fails (&cancelled, G_IO_ERROR_CANCELLED);
  g_assert_finalize_object (queue);
}

static void
test_cancel_after_wake (gconstpointer type)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  gpointer queue = new_queue (type);
  TestCall call = TEST_CALL_INIT;

  get (queue, cancellable, &call);
  put (queue, 0);
  g_cancellable_cancel (cancellable);
  assert_got (&call, 0);
  g_assert_finalize_object (queue);
}

/* One of the two comes first, and the item is here or there. */
static void
test_cancel_from_thread (gconstpointer type)
{
  gpointer queue = new_queue (type);
  guint n_rounds = g_test_thorough () ? 20000 : 1000;

  for (guint i = 0; i < n_rounds; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(GError) error = NULL;
      TestCall call = TEST_CALL_INIT;
      GThread *thread;
      GValue value;

      get (queue, cancellable, &call);
      thread = g_thread_new ("cancel", run_cancel, cancellable);
      if (i % 2 == 0)
        g_thread_yield ();
      put (queue, i);
      aiodrive_queue_get_finish (queue, test_call_wait (&call), &value, &error);
      g_thread_join (thread);
      if (error == NULL)
        {
          assert_number (&value, NULL, i);
        }
      else
        {
          assert_code (error, G_IO_ERROR_CANCELLED);
          assert_try_got (queue, i);
        }
      assert_nothing (queue);
      test_call_clear (&call);
    }
  g_assert_finalize_object (queue);
}

static void
test_dropped (gconstpointer type)
{
  gpointer queue = new_queue (type);
  TestCall calls[4] = { TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT };

  for (guint i = 0; i < 5; i++)
    put (queue, i);
  for (guint i = 0; i < 4; i++)
    get (queue, NULL, &calls[i]);
  for (guint i = 0; i < 4; i++)
    test_call_wait (&calls[i]);
  g_assert_cmpuint (count_items (queue), ==, 1);

  test_call_clear (&calls[2]);
  test_call_clear (&calls[0]);
  g_thread_join (g_thread_new ("unref", run_unref, g_steal_pointer (&calls[3].result)));
  test_call_clear (&calls[1]);
  test_call_clear (&calls[3]);
  g_assert_cmpuint (count_items (queue), ==, 5);
  for (guint i = 0; i < 5; i++)
    assert_try_got (queue, i);
  g_assert_finalize_object (queue);
}

static void
test_dropped_to_next (gconstpointer type)
{
  gpointer queue = new_queue (type);
  TestCall dropped = TEST_CALL_INIT, next = TEST_CALL_INIT, last = TEST_CALL_INIT;

  put (queue, 0);
  get (queue, NULL, &dropped);
  get (queue, NULL, &next);
  get (queue, NULL, &last);
  test_call_wait (&dropped);
  test_call_clear (&dropped);
  g_assert_true (aiodrive_queue_is_empty (queue));
  put (queue, 1);
  assert_got (&next, 0);
  assert_got (&last, 1);
  g_assert_finalize_object (queue);
}

static void
drop_result (GObject      *queue,
             GAsyncResult *result,
             gpointer      n_dropped)
{
  (*(guint *) n_dropped)++;
}

/* All but one item come back. What that costs does not grow with the square of their number, which would end in the
 * timeout of the test. */
static void
test_many_dropped (gconstpointer type)
{
  guint n = test_rounds (100000);
  gpointer queue = new_queue (type);
  guint n_dropped = 0;

  for (guint i = 0; i < n; i++)
    aiodrive_queue_get_async (queue, NULL, drop_result, &n_dropped);
  for (guint i = 0; i < n + 1; i++)
    put (queue, i);
  g_assert_cmpuint (count_items (queue), ==, 1);
  test_iterate_until (n_dropped == n && count_items (queue) == n + 1);
  for (guint i = 0; i < n + 1; i++)
    assert_try_got (queue, i);
  g_assert_finalize_object (queue);
}

/* Items that came back go when their queue goes, or is closed by an iteration. */
static void
test_dropped_and_gone (gconstpointer type)
{
  for (guint closed = 0; closed < 2; closed++)
    {
      gpointer queue = new_queue (type);
      TestCall call = TEST_CALL_INIT;
      g_auto(GValue) value = G_VALUE_INIT;
      gpointer alive;

      object_value (&value, &alive);
      g_assert_true (aiodrive_queue_put (queue, 0, &value, NULL));
      g_value_unset (&value);
      put (queue, 1);
      get (queue, NULL, &call);
      test_call_wait (&call);
      test_call_clear (&call);
      g_assert_cmpuint (count_items (queue), ==, 2);
      if (closed)
        aiodrive_queue_close (queue);
      g_assert_finalize_object (queue);
      g_assert_null (alive);
    }
}

/* The result holds the item, and the item its queue, until it has come back. */
static void
test_dropped_last (gconstpointer type)
{
  gpointer queue = new_queue (type);
  TestCall call = TEST_CALL_INIT;
  g_auto(GValue) value = G_VALUE_INIT;
  gpointer alive;

  object_value (&value, &alive);
  g_assert_true (aiodrive_queue_put (queue, 0, &value, NULL));
  g_value_unset (&value);
  get (queue, NULL, &call);
  test_call_wait (&call);
  g_clear_object (&call.source_object);
  g_object_add_weak_pointer (queue, &queue);
  g_object_unref (queue);
  g_assert_nonnull (queue);
  g_assert_nonnull (alive);
  test_call_clear (&call);
  g_assert_null (queue);
  g_assert_null (alive);
}

static void
test_close (gconstpointer type)
{
  gpointer queue = new_queue (type);
  TestCall calls[2] = { TEST_CALL_INIT, TEST_CALL_INIT };

  for (guint i = 0; i < 2; i++)
    get (queue, NULL, &calls[i]);
  aiodrive_queue_close (queue);
  aiodrive_queue_close (queue);
  for (guint i = 0; i < 2; i++)
    assert_get_fails (&calls[i], G_IO_ERROR_CLOSED);
  assert_put_fails (queue, 0, int_value (0), G_IO_ERROR_CLOSED);
  assert_ended (queue, G_IO_ERROR_CLOSED);
  get (queue, NULL, &calls[0]);
  assert_get_fails (&calls[0], G_IO_ERROR_CLOSED);
  g_assert_finalize_object (queue);
}

static void
test_close_with_items (gconstpointer type)
{
  gpointer queue = new_queue (type);
  TestCall calls[3] = { TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT };

  for (guint i = 0; i < 3; i++)
    put (queue, i);
  get (queue, NULL, &calls[0]);
  test_call_wait (&calls[0]);
  aiodrive_queue_close (queue);
  assert_try_got (queue, 1);
  test_call_clear (&calls[0]);
  for (guint i = 0; i < 3; i++)
    get (queue, NULL, &calls[i]);
  assert_got (&calls[0], 0);
  assert_got (&calls[1], 2);
  assert_get_fails (&calls[2], G_IO_ERROR_CLOSED);
  g_assert_finalize_object (queue);
}

static void
test_close_with_error (gconstpointer type)
{
  g_autoptr(GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "it broke");
  gpointer queue = new_queue (type);
  TestCall call = TEST_CALL_INIT;

  get (queue, NULL, &call);
  aiodrive_queue_close_with_error (queue, error);
  g_clear_error (&error);
  aiodrive_queue_close (queue);
  assert_get_fails (&call, G_IO_ERROR_BROKEN_PIPE);
  assert_put_fails (queue, 0, int_value (0), G_IO_ERROR_BROKEN_PIPE);
  assert_ended (queue, G_IO_ERROR_BROKEN_PIPE);
  g_assert_finalize_object (queue);
}

static void
begin_get (gpointer call,
           gpointer unused)
{
  get (((TestCall *) call)->source_object, NULL, call);
}

static void
end_get (gpointer call,
         gpointer unused)
{
  GMainContext *context = g_main_context_get_thread_default ();

  test_call_wait (call);
  g_assert_true (((TestCall *) call)->context == context);
}

static void
test_many_contexts (gconstpointer type)
{
  gpointer queue = new_queue (type);
  TestThread *threads[3];
  TestCall calls[6] = { TEST_CALL_INIT };

  for (guint i = 0; i < 3; i++)
    threads[i] = test_thread_start ();
  for (guint i = 0; i < 6; i++)
    {
      calls[i].source_object = g_object_ref (queue);
      test_thread_call (threads[i % 3], begin_get, &calls[i]);
    }
  for (guint i = 0; i < 4; i++)
    put (queue, i);
  aiodrive_queue_close (queue);
  for (guint i = 0; i < 6; i++)
    test_thread_call (threads[i % 3], end_get, &calls[i]);
  for (guint i = 0; i < 4; i++)
    assert_got (&calls[i], i);
  for (guint i = 4; i < 6; i++)
    assert_get_fails (&calls[i], G_IO_ERROR_CLOSED);
  for (guint i = 0; i < 3; i++)
    test_thread_stop (threads[i]);
  g_assert_finalize_object (queue);
}

static void
test_unref_while_waiting (gconstpointer type)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  gpointer queue = new_queue (type);
  TestCall call = TEST_CALL_INIT;

  g_object_add_weak_pointer (queue, &queue);
  get (queue, cancellable, &call);
  g_object_unref (queue);
  g_assert_nonnull (queue);
  g_cancellable_cancel (cancellable);
  assert_get_fails (&call, G_IO_ERROR_CANCELLED);
  g_assert_null (queue);
}

static void
test_disposed (gconstpointer type)
{
  gpointer queue = new_queue (type);
  TestCall call = TEST_CALL_INIT;

  get (queue, NULL, &call);
  g_object_run_dispose (queue);
  put (queue, 0);
  assert_got (&call, 0);
  get (queue, NULL, &call);
  put (queue, 1);
  assert_got (&call, 1);
  g_assert_finalize_object (queue);
}

static void
test_finalize_with_items (gconstpointer type)
{
  gpointer queue = new_queue (type);
  gpointer alive[3];

  for (guint i = 0; i < 3; i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      object_value (&value, &alive[i]);
      g_assert_true (aiodrive_queue_put (queue, i + i / 2, &value, NULL));   /* 0, 1, 3 */
    }
  g_assert_nonnull (alive[2]);
  g_assert_finalize_object (queue);
  for (guint i = 0; i < 3; i++)
    g_assert_null (alive[i]);
}

static void
test_no_type (gconstpointer type)
{
  gpointer queue = new_queue (type);
  GValue value = G_VALUE_INIT;

  assert_put_fails (queue, 0, &value, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_true (aiodrive_queue_is_empty (queue));
  put (queue, 0);
  assert_try_got (queue, 0);
  g_assert_finalize_object (queue);
}

static void
test_get_many (gconstpointer type)
{
  gpointer queue = new_queue (type);
  guint maxima[] = { 2, 0, 5 };
  guint expected[] = { 2, 3, 0 };
  guint next = 0;

  for (guint i = 0; i < 5; i++)
    put (queue, i);
  for (guint i = 0; i < G_N_ELEMENTS (maxima); i++)
    {
      g_autoptr(GArray) values = aiodrive_queue_get_many (queue, maxima[i]);

      g_assert_cmpuint (values->len, ==, expected[i]);
      for (guint j = 0; j < values->len; j++)
        g_assert_cmpint (g_value_get_int64 (&g_array_index (values, GValue, j)), ==, next++);
    }
  g_assert_finalize_object (queue);
}

typedef struct
{
  GThread *thread;
  guint    n_calls;
  guint    n_items;
} Notified;

/* No lock is held: one may ask. */
static void
on_notify (GObject    *queue,
           GParamSpec *pspec,
           gpointer    data)
{
  Notified *notified = data;

  notified->thread = g_thread_self ();
  notified->n_calls++;
  notified->n_items = count_items (queue);
}

static gpointer
run_put (gpointer queue)
{
  put (queue, 1);
  return g_thread_self ();
}

static void
test_n_items (gconstpointer type)
{
  gpointer queue = new_queue (type);
  TestCall call = TEST_CALL_INIT;
  Notified notified = { NULL, 0, 0 };
  GThread *thread;

  g_signal_connect (queue, "notify::n-items", G_CALLBACK (on_notify), &notified);
  put (queue, 0);
  g_assert_true (notified.thread == g_thread_self ());
  thread = g_thread_new ("put", run_put, queue);
  g_assert_true (g_thread_join (thread) == notified.thread);
  g_assert_cmpuint (notified.n_calls, ==, 2);
  g_assert_cmpuint (notified.n_items, ==, 2);

  get (queue, NULL, &call);
  g_assert_cmpuint (notified.n_calls, ==, 3);
  g_assert_cmpuint (notified.n_items, ==, 1);
  test_call_wait (&call);
  test_call_clear (&call);
  g_assert_cmpuint (notified.n_calls, ==, 4);
  g_assert_cmpuint (notified.n_items, ==, 2);
  assert_try_got (queue, 0);
  assert_try_got (queue, 1);

  get (queue, NULL, &call);
  put (queue, 2);
  g_assert_cmpuint (notified.n_calls, ==, 6);
  assert_got (&call, 2);
  aiodrive_queue_close (queue);
  g_assert_cmpuint (notified.n_calls, ==, 6);
  g_assert_finalize_object (queue);
}

static gboolean
stress_put (gpointer       object,
            gint64         number,
            const GValue  *value,
            GCancellable  *cancellable,
            GRand         *rand,
            GError       **error)
{
  return aiodrive_queue_put (object, number, value, error);
}

static void
stress_get_async (gpointer             object,
                  GCancellable        *cancellable,
                  GAsyncReadyCallback  callback,
                  gpointer             data)
{
  aiodrive_queue_get_async (object, cancellable, callback, data);
}

static void
stress_get_finish (gpointer       object,
                   GAsyncResult  *result,
                   GValue        *value,
                   GError       **error)
{
  aiodrive_queue_get_finish (object, result, value, error);
}

static gboolean
stress_try_get (gpointer   object,
                GValue    *value,
                GError   **error)
{
  return aiodrive_queue_try_get (object, value, error);
}

static void
stress_close (gpointer object)
{
  aiodrive_queue_close (object);
}

static void
test_stress (gconstpointer type)
{
  static const StressOps ops = { stress_put, stress_get_async, stress_get_finish, stress_try_get, stress_close };

  stress (new_queue (type), &ops);
}

static void
add (const char          *name,
     GTestDataFunc        func)
{
  g_autofree char *ordered = g_strconcat ("/aiodrive/stream/queue/", name, "/ordered", NULL);
  g_autofree char *unordered = g_strconcat ("/aiodrive/stream/queue/", name, "/unordered", NULL);

  g_test_add_data_func (ordered, GSIZE_TO_POINTER (AIODRIVE_TYPE_ORDERED_QUEUE), func);
  g_test_add_data_func (unordered, GSIZE_TO_POINTER (AIODRIVE_TYPE_UNORDERED_QUEUE), func);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("order", test_order);
  add ("waiting-order", test_waiting_order);
  add ("no-barging", test_no_barging);
  add ("hand-off", test_hand_off);
  add ("cancelled-before", test_cancelled_before);
  add ("cancel-while-waiting", test_cancel_while_waiting);
  add ("cancel-after-wake", test_cancel_after_wake);
  add ("cancel-from-thread", test_cancel_from_thread);
  add ("dropped", test_dropped);
  add ("dropped-to-next", test_dropped_to_next);
  add ("dropped-last", test_dropped_last);
  add ("many-dropped", test_many_dropped);
  add ("dropped-and-gone", test_dropped_and_gone);
  add ("close", test_close);
  add ("close-with-items", test_close_with_items);
  add ("close-with-error", test_close_with_error);
  add ("many-contexts", test_many_contexts);
  add ("unref-while-waiting", test_unref_while_waiting);
  add ("disposed", test_disposed);
  add ("finalize-with-items", test_finalize_with_items);
  add ("no-type", test_no_type);
  add ("get-many", test_get_many);
  add ("n-items", test_n_items);
  add ("stress", test_stress);

  return g_test_run ();
}
