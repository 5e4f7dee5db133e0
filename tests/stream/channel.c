/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stream/items.h"
#include "tests/stream/iterate.h"
#include "tests/stream/stress.h"

static void
try_send (AiodriveChannel *channel,
          gint64           number,
          gboolean         expected)
{
  g_autoptr(GError) error = NULL;
  gboolean sent = aiodrive_channel_try_send (channel, int_value (number), &error);

  g_assert_no_error (error);
  g_assert_cmpint (sent, ==, expected);
}

static void
assert_try_send_fails (AiodriveChannel *channel,
                       const GValue    *value,
                       gint             code)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (aiodrive_channel_try_send (channel, value, &error));
  assert_code (error, code);
}

static void
assert_try_receives (AiodriveChannel *channel,
                     gint64           expected)
{
  g_autoptr(GError) error = NULL;
  GValue value;

  g_assert_true (aiodrive_channel_try_receive (channel, &value, &error));
  assert_number (&value, error, expected);
}

static void
assert_empty (AiodriveChannel *channel)
{
  g_autoptr(GError) error = NULL;
  GValue value;

  g_assert_false (aiodrive_channel_try_receive (channel, &value, &error));
  g_assert_no_error (error);
  assert_no_value (&value);
}

static void
assert_receive_ended (AiodriveChannel *channel,
                      gint             code)
{
  g_autoptr(GError) error = NULL;
  GValue value;

  g_assert_false (aiodrive_channel_try_receive (channel, &value, &error));
  assert_code (error, code);
  assert_no_value (&value);
}

static void
begin_send (AiodriveChannel *channel,
            gint64           number,
            GCancellable    *cancellable,
            TestCall        *call)
{
  aiodrive_channel_send_async (channel, int_value (number), cancellable, test_on_ready, call);
  g_assert_cmpuint (call->n_calls, ==, 0);
}

/* @code -1: it was sent. */
static void
assert_sent (AiodriveChannel *channel,
             TestCall        *call,
             gint             code)
{
  g_autoptr(GError) error = NULL;
  gboolean sent = aiodrive_channel_send_finish (channel, test_call_wait (call), &error);

  if (code < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, G_IO_ERROR, code);
  g_assert_true (sent == (code < 0));
  test_call_clear (call);
}

static void
begin_receive (AiodriveChannel *channel,
               GCancellable    *cancellable,
               TestCall        *call)
{
  aiodrive_channel_receive_async (channel, cancellable, test_on_ready, call);
  g_assert_cmpuint (call->n_calls, ==, 0);
}

static void
assert_received (AiodriveChannel *channel,
                 TestCall        *call,
                 gint64           expected)
{
  g_autoptr(GError) error = NULL;
  GValue value;

  aiodrive_channel_receive_finish (channel, test_call_wait (call), &value, &error);
  assert_number (&value, error, expected);
  test_call_clear (call);
}

static void
assert_receive_fails (AiodriveChannel *channel,
                      TestCall        *call,
                      gint             code)
{
  g_autoptr(GError) error = NULL;
  GValue value;

  aiodrive_channel_receive_finish (channel, test_call_wait (call), &value, &error);
  assert_no_value (&value);
  assert_code (error, code);
  test_call_clear (call);
}

static void
test_capacity (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (2);
  guint capacity;

  g_object_get (channel, "capacity", &capacity, NULL);
  g_assert_cmpuint (capacity, ==, 2);
  try_send (channel, 0, TRUE);
  try_send (channel, 1, TRUE);
  try_send (channel, 2, FALSE);
  g_assert_cmpuint (count_items (channel), ==, 2);
  assert_try_receives (channel, 0);
  try_send (channel, 2, TRUE);
  assert_try_receives (channel, 1);
  assert_try_receives (channel, 2);
  assert_empty (channel);
  g_assert_finalize_object (channel);
}

static void
test_backpressure (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (1);
  TestCall sends[4] = { TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT };

  for (guint i = 0; i < 4; i++)
    begin_send (channel, i, NULL, &sends[i]);
  assert_sent (channel, &sends[0], -1);
  for (guint i = 1; i < 4; i++)
    {
      test_settle ();
      g_assert_cmpuint (sends[i].n_calls, ==, 0);
      g_assert_cmpuint (count_items (channel), ==, 1);
      assert_try_receives (channel, i - 1);
      assert_sent (channel, &sends[i], -1);
    }
  assert_try_receives (channel, 3);
  g_assert_finalize_object (channel);
}

static void
test_rendezvous (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (0);
  TestCall sends[2] = { TEST_CALL_INIT, TEST_CALL_INIT };
  TestCall receive = TEST_CALL_INIT;

  try_send (channel, 0, FALSE);
  begin_send (channel, 0, NULL, &sends[0]);
  begin_send (channel, 1, NULL, &sends[1]);
  test_settle ();
  g_assert_cmpuint (sends[0].n_calls, ==, 0);
  g_assert_cmpuint (count_items (channel), ==, 0);
  assert_try_receives (channel, 0);
  assert_sent (channel, &sends[0], -1);
  test_settle ();
  g_assert_cmpuint (sends[1].n_calls, ==, 0);
  begin_receive (channel, NULL, &receive);
  assert_received (channel, &receive, 1);
  assert_sent (channel, &sends[1], -1);
  assert_empty (channel);

  begin_receive (channel, NULL, &receive);
  try_send (channel, 2, TRUE);
  try_send (channel, 3, FALSE);
  assert_received (channel, &receive, 2);
  g_assert_finalize_object (channel);
}

static void
receive_again (GObject      *channel,
               GAsyncResult *result,
               gpointer      calls)
{
  test_on_ready (channel, result, calls);
  begin_receive (AIODRIVE_CHANNEL (channel), NULL, (TestCall *) calls + 2);
  try_send (AIODRIVE_CHANNEL (channel), 1, TRUE);
}

static void
test_no_barging_receiver (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (1);
  TestCall calls[3] = { TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT };

  aiodrive_channel_receive_async (channel, NULL, receive_again, calls);
  begin_receive (channel, NULL, &calls[1]);
  try_send (channel, 0, TRUE);
  assert_received (channel, &calls[0], 0);
  assert_received (channel, &calls[1], 1);
  g_assert_cmpuint (calls[2].n_calls, ==, 0);
  try_send (channel, 2, TRUE);
  assert_received (channel, &calls[2], 2);
  g_assert_finalize_object (channel);
}

/* A sender that comes again waits behind the others. */
static void
test_no_barging_sender (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (1);
  TestCall waiting = TEST_CALL_INIT, again = TEST_CALL_INIT;

  try_send (channel, 0, TRUE);
  begin_send (channel, 1, NULL, &waiting);
  assert_try_receives (channel, 0);
  try_send (channel, 2, FALSE);
  begin_send (channel, 2, NULL, &again);
  assert_sent (channel, &waiting, -1);
  g_assert_cmpuint (again.n_calls, ==, 0);
  assert_try_receives (channel, 1);
  assert_try_receives (channel, 2);
  assert_sent (channel, &again, -1);
  g_assert_finalize_object (channel);
}

static void
test_hand_off (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (1);
  TestCall call = TEST_CALL_INIT;

  begin_receive (channel, NULL, &call);
  try_send (channel, 0, TRUE);
  assert_empty (channel);
  g_assert_cmpuint (count_items (channel), ==, 0);
  assert_received (channel, &call, 0);
  g_assert_finalize_object (channel);
}

static void
test_cancelled_before (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  AiodriveChannel *channel = aiodrive_channel_new (2);
  TestCall send = TEST_CALL_INIT, receive = TEST_CALL_INIT;
  GValue value;

  g_cancellable_cancel (cancellable);
  begin_send (channel, 1, cancellable, &send);
  assert_sent (channel, &send, G_IO_ERROR_CANCELLED);
  g_assert_false (aiodrive_channel_send (channel, int_value (1), cancellable, &error));
  assert_code (error, G_IO_ERROR_CANCELLED);
  assert_empty (channel);

  try_send (channel, 0, TRUE);
  begin_receive (channel, cancellable, &receive);
  assert_receive_fails (channel, &receive, G_IO_ERROR_CANCELLED);
  aiodrive_channel_receive (channel, cancellable, &value, &error);
  assert_code (error, G_IO_ERROR_CANCELLED);
  assert_no_value (&value);
  assert_try_receives (channel, 0);
  g_assert_finalize_object (channel);
}

static void
test_cancel_while_waiting (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  AiodriveChannel *channel = aiodrive_channel_new (1);
  TestCall cancelled = TEST_CALL_INIT, next = TEST_CALL_INIT;

  begin_receive (channel, cancellable, &cancelled);
  begin_receive (channel, NULL, &next);
  g_cancellable_cancel (cancellable);
  try_send (channel, 0, TRUE);
  assert_received (channel, &next, 0);
  assert_receive_fails (channel, &cancelled, G_IO_ERROR_CANCELLED);

  g_cancellable_reset (cancellable);
  try_send (channel, 1, TRUE);
  begin_send (channel, 2, cancellable, &cancelled);
  begin_send (channel, 3, NULL, &next);
  g_cancellable_cancel (cancellable);
  assert_sent (channel, &cancelled, G_IO_ERROR_CANCELLED);
  assert_try_receives (channel, 1);
  assert_try_receives (channel, 3);
  assert_sent (channel, &next, -1);
  assert_empty (channel);
  g_assert_finalize_object (channel);
}

static void
test_cancel_after_wake (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  AiodriveChannel *channel = aiodrive_channel_new (1);
  TestCall call = TEST_CALL_INIT;

  begin_receive (channel, cancellable, &call);
  try_send (channel, 0, TRUE);
  g_cancellable_cancel (cancellable);
  assert_received (channel, &call, 0);

  g_cancellable_reset (cancellable);
  try_send (channel, 1, TRUE);
  begin_send (channel, 2, cancellable, &call);
  assert_try_receives (channel, 1);
  g_cancellable_cancel (cancellable);
  assert_sent (channel, &call, -1);
  assert_try_receives (channel, 2);
  g_assert_finalize_object (channel);
}

/* A cancelled receiver leaves the item, a cancelled sender keeps it. */
static void
test_cancel_from_thread (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (1);
  guint n_rounds = g_test_thorough () ? 20000 : 1000;

  for (guint i = 0; i < n_rounds; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(GError) error = NULL;
      TestCall call = TEST_CALL_INIT;
      GThread *thread;
      GValue value;

      begin_receive (channel, cancellable, &call);
      thread = g_thread_new ("cancel", run_cancel, cancellable);
      if (i % 2 == 0)
        g_thread_yield ();
      try_send (channel, 0, TRUE);
      aiodrive_channel_receive_finish (channel, test_call_wait (&call), &value, &error);
      test_call_clear (&call);
      g_thread_join (thread);
      g_value_unset (&value);
      if (error != NULL)
        assert_try_receives (channel, 0);
      g_clear_error (&error);

      g_cancellable_reset (cancellable);
      try_send (channel, 1, TRUE);
      begin_send (channel, 2, cancellable, &call);
      thread = g_thread_new ("cancel", run_cancel, cancellable);
      if (i % 2 == 0)
        g_thread_yield ();
      assert_try_receives (channel, 1);
      if (aiodrive_channel_send_finish (channel, test_call_wait (&call), &error))
        assert_try_receives (channel, 2);
      else
        assert_code (error, G_IO_ERROR_CANCELLED);
      test_call_clear (&call);
      g_thread_join (thread);
      assert_empty (channel);
    }
  g_assert_finalize_object (channel);
}

static void
test_dropped (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (2);
  TestCall first = TEST_CALL_INIT, second = TEST_CALL_INIT, send = TEST_CALL_INIT;

  try_send (channel, 0, TRUE);
  try_send (channel, 1, TRUE);
  begin_receive (channel, NULL, &first);
  begin_receive (channel, NULL, &second);
  test_call_wait (&first);
  test_call_wait (&second);
  try_send (channel, 2, TRUE);
  try_send (channel, 3, TRUE);

  /* over the capacity, for a while */
  test_call_clear (&second);
  g_assert_cmpuint (count_items (channel), ==, 3);
  test_call_clear (&first);
  begin_send (channel, 4, NULL, &send);
  assert_try_receives (channel, 0);
  assert_try_receives (channel, 1);
  test_settle ();
  g_assert_cmpuint (send.n_calls, ==, 0);
  assert_try_receives (channel, 2);
  assert_sent (channel, &send, -1);
  assert_try_receives (channel, 3);
  assert_try_receives (channel, 4);

  begin_send (channel, 5, NULL, &send);
  assert_sent (channel, &send, -1);
  begin_receive (channel, NULL, &first);
  begin_receive (channel, NULL, &second);
  test_call_wait (&first);
  g_thread_join (g_thread_new ("unref", run_unref, g_steal_pointer (&first.result)));
  test_call_clear (&first);
  assert_received (channel, &second, 5);
  g_assert_finalize_object (channel);
}

static void
test_close_send (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (1);
  TestCall call = TEST_CALL_INIT;

  try_send (channel, 0, TRUE);
  begin_send (channel, 1, NULL, &call);
  aiodrive_channel_close_send (channel);
  aiodrive_channel_close_send (channel);
  assert_sent (channel, &call, G_IO_ERROR_CLOSED);
  begin_send (channel, 1, NULL, &call);
  assert_sent (channel, &call, G_IO_ERROR_CLOSED);
  assert_try_send_fails (channel, int_value (1), G_IO_ERROR_CLOSED);
  assert_try_receives (channel, 0);
  assert_receive_ended (channel, G_IO_ERROR_CLOSED);
  begin_receive (channel, NULL, &call);
  assert_receive_fails (channel, &call, G_IO_ERROR_CLOSED);
  g_assert_finalize_object (channel);

  channel = aiodrive_channel_new (0);
  begin_receive (channel, NULL, &call);
  aiodrive_channel_close_send (channel);
  assert_receive_fails (channel, &call, G_IO_ERROR_CLOSED);
  g_assert_finalize_object (channel);
}

static void
test_close_receive (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (2);
  TestCall send = TEST_CALL_INIT, receive = TEST_CALL_INIT;
  gpointer alive[4];

  for (guint i = 0; i < 4; i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      object_value (&value, &alive[i]);
      if (i < 3)
        g_assert_true (aiodrive_channel_try_send (channel, &value, NULL));
      else
        aiodrive_channel_send_async (channel, &value, NULL, test_on_ready, &send);
      if (i == 0)
        {
          begin_receive (channel, NULL, &receive);
          test_call_wait (&receive);
        }
    }

  aiodrive_channel_close_receive (channel);
  g_assert_cmpuint (count_items (channel), ==, 0);
  g_assert_null (alive[1]);
  g_assert_null (alive[2]);
  assert_sent (channel, &send, G_IO_ERROR_CLOSED);
  g_assert_null (alive[3]);
  assert_receive_ended (channel, G_IO_ERROR_CLOSED);
  assert_try_send_fails (channel, int_value (1), G_IO_ERROR_CLOSED);

  /* what comes back is dropped too */
  g_assert_nonnull (alive[0]);
  test_call_clear (&receive);
  g_assert_null (alive[0]);
  assert_receive_ended (channel, G_IO_ERROR_CLOSED);
  g_assert_finalize_object (channel);

  channel = aiodrive_channel_new (1);
  try_send (channel, 0, TRUE);
  aiodrive_channel_close_send (channel);
  aiodrive_channel_close_receive (channel);
  assert_receive_ended (channel, G_IO_ERROR_CLOSED);
  g_assert_finalize_object (channel);
}

static void
test_close_with_error (void)
{
  g_autoptr(GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "it broke");
  AiodriveChannel *channel = aiodrive_channel_new (1);
  TestCall send = TEST_CALL_INIT, receive = TEST_CALL_INIT;

  try_send (channel, 0, TRUE);
  begin_send (channel, 1, NULL, &send);
  aiodrive_channel_close_with_error (channel, error);
  g_clear_error (&error);
  aiodrive_channel_close_send (channel);
  assert_sent (channel, &send, G_IO_ERROR_BROKEN_PIPE);
  assert_try_send_fails (channel, int_value (1), G_IO_ERROR_BROKEN_PIPE);
  assert_try_receives (channel, 0);
  begin_receive (channel, NULL, &receive);
  assert_receive_fails (channel, &receive, G_IO_ERROR_BROKEN_PIPE);
  assert_receive_ended (channel, G_IO_ERROR_BROKEN_PIPE);
  g_assert_finalize_object (channel);
}

/* The consumer that leaves takes what is there along. */
static void
test_close_iteration (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (1);
  TestCall send = TEST_CALL_INIT;

  try_send (channel, 0, TRUE);
  begin_send (channel, 1, NULL, &send);
  close_it (channel);
  assert_sent (channel, &send, G_IO_ERROR_CLOSED);
  assert_next_is_none (channel, AT_END);
  g_assert_finalize_object (channel);
}

static void
test_no_type (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  AiodriveChannel *channel = aiodrive_channel_new (1);
  TestCall call = TEST_CALL_INIT;
  GValue value = G_VALUE_INIT;

  assert_try_send_fails (channel, &value, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_false (aiodrive_channel_send (channel, &value, NULL, &error));
  assert_code (error, G_IO_ERROR_INVALID_ARGUMENT);
  aiodrive_channel_send_async (channel, &value, NULL, test_on_ready, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  assert_sent (channel, &call, G_IO_ERROR_INVALID_ARGUMENT);
  g_cancellable_cancel (cancellable);
  aiodrive_channel_send_async (channel, &value, cancellable, test_on_ready, &call);
  assert_sent (channel, &call, G_IO_ERROR_CANCELLED);
  assert_empty (channel);
  g_assert_finalize_object (channel);
}

static void
begin_in_thread (gpointer call,
                 gpointer unused)
{
  begin_receive (AIODRIVE_CHANNEL (((TestCall *) call)->source_object), NULL, call);
}

static void
end_in_thread (gpointer call,
               gpointer unused)
{
  GMainContext *context = g_main_context_get_thread_default ();

  test_call_wait (call);
  g_assert_true (((TestCall *) call)->context == context);
}

static void
test_many_contexts (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (0);
  TestThread *threads[3];
  TestCall calls[6] = { TEST_CALL_INIT };

  for (guint i = 0; i < 3; i++)
    threads[i] = test_thread_start ();
  for (guint i = 0; i < 6; i++)
    {
      calls[i].source_object = g_object_ref (G_OBJECT (channel));
      test_thread_call (threads[i % 3], begin_in_thread, &calls[i]);
    }
  for (guint i = 0; i < 4; i++)
    try_send (channel, i, TRUE);
  aiodrive_channel_close_send (channel);
  for (guint i = 0; i < 6; i++)
    test_thread_call (threads[i % 3], end_in_thread, &calls[i]);
  for (guint i = 0; i < 4; i++)
    assert_received (channel, &calls[i], i);
  for (guint i = 4; i < 6; i++)
    assert_receive_fails (channel, &calls[i], G_IO_ERROR_CLOSED);
  for (guint i = 0; i < 3; i++)
    test_thread_stop (threads[i]);
  g_assert_finalize_object (channel);
}

static void
test_unref_while_waiting (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  gpointer channel = aiodrive_channel_new (0);
  TestCall receive = TEST_CALL_INIT, sent = TEST_CALL_INIT;
  GAsyncResult *result;

  g_object_add_weak_pointer (channel, &channel);
  begin_send (channel, 0, cancellable, &sent);
  g_object_unref (channel);
  g_assert_nonnull (channel);
  g_cancellable_cancel (cancellable);
  result = test_call_wait (&sent);
  g_assert_true (aiodrive_result_had_error (result));
  test_call_clear (&sent);
  g_assert_null (channel);

  channel = aiodrive_channel_new (0);
  g_object_run_dispose (channel);
  begin_receive (channel, NULL, &receive);
  try_send (channel, 1, TRUE);
  assert_received (channel, &receive, 1);
  g_assert_finalize_object (channel);
}

typedef struct
{
  AiodriveChannel *channel;
  GCancellable    *cancellable;
  gboolean         sends;
  gint             begun;   /* atomic */
  gint             code;    /* of the error; -1: none */
  gint64           number;
} Blocked;

static gpointer
run_blocked (gpointer data)
{
  Blocked *self = data;
  g_autoptr(GError) error = NULL;
  GValue value;

  g_atomic_int_set (&self->begun, TRUE);
  if (self->sends)
    {
      g_assert_true (aiodrive_channel_send (self->channel, int_value (self->number), self->cancellable, &error) ==
                     (error == NULL));
    }
  else
    {
      aiodrive_channel_receive (self->channel, self->cancellable, &value, &error);
      if (error == NULL)
        self->number = g_value_get_int64 (&value);
      else
        assert_no_value (&value);
    }

  if (error != NULL)
    g_assert_true (error->domain == G_IO_ERROR);
  self->code = error != NULL ? error->code : -1;
  return NULL;
}

static GThread *
start_blocked (Blocked *self)
{
  GThread *thread = g_thread_new ("blocked", run_blocked, self);

  test_spin_while (!g_atomic_int_get (&self->begun));
  return thread;
}

static void
test_blocking (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (0);
  Blocked receiver = { channel, NULL, FALSE, FALSE, 0, 0 };
  Blocked sender = { channel, NULL, TRUE, FALSE, 0, 7 };
  g_autoptr(GError) error = NULL;
  GThread *thread = start_blocked (&receiver);
  GValue value;

  test_spin_while (!aiodrive_channel_try_send (channel, int_value (5), NULL));
  g_thread_join (thread);
  g_assert_cmpint (receiver.code, ==, -1);
  g_assert_cmpint (receiver.number, ==, 5);

  thread = start_blocked (&sender);
  aiodrive_channel_receive (channel, NULL, &value, &error);
  assert_number (&value, error, 7);
  g_thread_join (thread);
  g_assert_cmpint (sender.code, ==, -1);
  g_assert_finalize_object (channel);
}

/* Each is woken by a close, by a cancellation, and by a deadline whose context nobody iterates. */
static void
test_blocking_ends (void)
{
  for (guint i = 0; i < 6; i++)
    {
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
      AiodriveChannel *channel = aiodrive_channel_new (0);
      Blocked blocked = { channel, G_CANCELLABLE (scope), i < 3, FALSE, 0, 0 };
      GThread *thread;

      if (i % 3 == 2)
        aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time () + 1000);
      thread = start_blocked (&blocked);
      if (i % 3 == 0)
        aiodrive_channel_close_receive (channel);
      else if (i % 3 == 1)
        g_cancellable_cancel (G_CANCELLABLE (scope));
      g_thread_join (thread);
      g_assert_cmpint (blocked.code, ==, i % 3 == 0 ? G_IO_ERROR_CLOSED : G_IO_ERROR_CANCELLED);
      g_assert_finalize_object (channel);
    }
}

static void
on_notify (GObject    *channel,
           GParamSpec *pspec,
           gpointer    n_items)
{
  *(guint *) n_items = count_items (channel) + 100;
}

static void
test_n_items (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (1);
  TestCall send = TEST_CALL_INIT;
  guint n_items = 0;

  g_signal_connect (channel, "notify::n-items", G_CALLBACK (on_notify), &n_items);
  try_send (channel, 0, TRUE);
  g_assert_cmpuint (n_items, ==, 101);
  n_items = 0;
  begin_send (channel, 1, NULL, &send);
  assert_try_receives (channel, 0);
  assert_sent (channel, &send, -1);
  g_assert_cmpuint (n_items, ==, 0);
  aiodrive_channel_close_receive (channel);
  g_assert_cmpuint (n_items, ==, 100);
  g_assert_finalize_object (channel);
}

static gboolean
stress_send (gpointer       object,
             gint64         number,
             const GValue  *value,
             GCancellable  *cancellable,
             GRand         *rand,
             GError       **error)
{
  TestCall call = TEST_CALL_INIT;
  gboolean sent;

  switch (g_rand_int_range (rand, 0, 3))
    {
    case 0:
      return aiodrive_channel_try_send (object, value, error);
    case 1:
      return aiodrive_channel_send (object, value, cancellable, error);
    default:
      aiodrive_channel_send_async (object, value, cancellable, test_on_ready, &call);
      sent = aiodrive_channel_send_finish (object, test_call_wait (&call), error);
      test_call_clear (&call);
      return sent;
    }
}

static void
stress_receive_async (gpointer             object,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             data)
{
  aiodrive_channel_receive_async (object, cancellable, callback, data);
}

static void
stress_receive_finish (gpointer       object,
                       GAsyncResult  *result,
                       GValue        *value,
                       GError       **error)
{
  aiodrive_channel_receive_finish (object, result, value, error);
}

static gboolean
stress_try_receive (gpointer   object,
                    GValue    *value,
                    GError   **error)
{
  return aiodrive_channel_try_receive (object, value, error);
}

static void
stress_close (gpointer object)
{
  aiodrive_channel_close_send (object);
}

static void
test_stress (gconstpointer capacity)
{
  static const StressOps ops = {
    stress_send, stress_receive_async, stress_receive_finish, stress_try_receive, stress_close
  };

  stress (aiodrive_channel_new (GPOINTER_TO_UINT (capacity)), &ops);
}

/* Nobody waits where nobody can come, whether there is room or not. */
static void
test_blocking_closed (void)
{
  for (guint capacity = 0; capacity < 2; capacity++)
    {
      AiodriveChannel *channel = aiodrive_channel_new (capacity);
      Blocked sender = { channel, NULL, TRUE, FALSE, 0, 7 };
      Blocked receiver = { channel, NULL, FALSE, FALSE, 0, 0 };

      aiodrive_channel_close_receive (channel);
      run_blocked (&sender);
      g_assert_cmpint (sender.code, ==, G_IO_ERROR_CLOSED);
      run_blocked (&receiver);
      g_assert_cmpint (receiver.code, ==, G_IO_ERROR_CLOSED);
      g_assert_finalize_object (channel);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/stream/channel/capacity", test_capacity);
  g_test_add_func ("/aiodrive/stream/channel/backpressure", test_backpressure);
  g_test_add_func ("/aiodrive/stream/channel/rendezvous", test_rendezvous);
  g_test_add_func ("/aiodrive/stream/channel/no-barging/receiver", test_no_barging_receiver);
  g_test_add_func ("/aiodrive/stream/channel/no-barging/sender", test_no_barging_sender);
  g_test_add_func ("/aiodrive/stream/channel/hand-off", test_hand_off);
  g_test_add_func ("/aiodrive/stream/channel/cancelled-before", test_cancelled_before);
  g_test_add_func ("/aiodrive/stream/channel/cancel-while-waiting", test_cancel_while_waiting);
  g_test_add_func ("/aiodrive/stream/channel/cancel-after-wake", test_cancel_after_wake);
  g_test_add_func ("/aiodrive/stream/channel/cancel-from-thread", test_cancel_from_thread);
  g_test_add_func ("/aiodrive/stream/channel/dropped", test_dropped);
  g_test_add_func ("/aiodrive/stream/channel/close-send", test_close_send);
  g_test_add_func ("/aiodrive/stream/channel/close-receive", test_close_receive);
  g_test_add_func ("/aiodrive/stream/channel/close-with-error", test_close_with_error);
  g_test_add_func ("/aiodrive/stream/channel/close-iteration", test_close_iteration);
  g_test_add_func ("/aiodrive/stream/channel/no-type", test_no_type);
  g_test_add_func ("/aiodrive/stream/channel/many-contexts", test_many_contexts);
  g_test_add_func ("/aiodrive/stream/channel/unref-while-waiting", test_unref_while_waiting);
  g_test_add_func ("/aiodrive/stream/channel/blocking", test_blocking);
  g_test_add_func ("/aiodrive/stream/channel/blocking-ends", test_blocking_ends);
  g_test_add_func ("/aiodrive/stream/channel/blocking-closed", test_blocking_closed);
  g_test_add_func ("/aiodrive/stream/channel/n-items", test_n_items);
  g_test_add_data_func ("/aiodrive/stream/channel/stress/rendezvous", GUINT_TO_POINTER (0), test_stress);
  g_test_add_data_func ("/aiodrive/stream/channel/stress/bounded", GUINT_TO_POINTER (3), test_stress);

  return g_test_run ();
}
