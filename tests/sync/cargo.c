/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* What a cargo has in common with others is tested in waiting.c. */

static void
send_uint64 (AiodriveCargo *cargo,
             guint64        number)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  g_value_init (&value, G_TYPE_UINT64);
  g_value_set_uint64 (&value, number);
  g_assert_true (aiodrive_cargo_send (cargo, &value, &error));
  g_assert_no_error (error);
}

static guint64
receive_uint64 (AiodriveCargo *cargo,
                GAsyncResult  *result)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_cargo_wait_finish (cargo, result, &value, &error);
  g_assert_no_error (error);
  return g_value_get_uint64 (&value);
}

static void
test_remembers_nothing (void)
{
  g_autoptr(AiodriveCargo) cargo = aiodrive_cargo_new ();
  TestCall calls[3] = { TEST_CALL_INIT };

  send_uint64 (cargo, 1);
  aiodrive_cargo_wait_async (cargo, NULL, test_on_ready, &calls[0]);
  test_settle ();
  g_assert_cmpuint (calls[0].n_calls, ==, 0);

  /* everybody gets the first that came after him */
  send_uint64 (cargo, 2);
  aiodrive_cargo_wait_async (cargo, NULL, test_on_ready, &calls[1]);
  send_uint64 (cargo, 3);
  aiodrive_cargo_wait_async (cargo, NULL, test_on_ready, &calls[2]);
  send_uint64 (cargo, 4);
  send_uint64 (cargo, 5);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_assert_cmpuint (receive_uint64 (cargo, test_call_wait (&calls[i])), ==, i + 2);
      test_call_clear (&calls[i]);
    }
  g_assert_finalize_object (g_steal_pointer (&cargo));
}

/* The sender may change and free his value; nobody shares the copy of another. */
static void
test_copies (void)
{
  g_autoptr(AiodriveCargo) cargo = aiodrive_cargo_new ();
  GValue value = G_VALUE_INIT;
  GValue received[3] = { G_VALUE_INIT };
  TestCall calls[3] = { TEST_CALL_INIT };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    aiodrive_cargo_wait_async (cargo, NULL, test_on_ready, &calls[i]);
  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, "apples");
  g_assert_true (aiodrive_cargo_send (cargo, &value, NULL));
  g_value_set_string (&value, "pears");
  g_value_unset (&value);

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autoptr(GError) error = NULL;

      aiodrive_cargo_wait_finish (cargo, test_call_wait (&calls[i]), &received[i], &error);
      g_assert_no_error (error);
      g_assert_cmpstr (g_value_get_string (&received[i]), ==, "apples");
      for (guint j = 0; j < i; j++)
        g_assert_true (g_value_get_string (&received[i]) != g_value_get_string (&received[j]));
      test_call_clear (&calls[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    g_value_unset (&received[i]);
}

static void
check_kind (const GValue *value)
{
  g_autoptr(AiodriveCargo) cargo = aiodrive_cargo_new ();
  TestCall calls[2] = { TEST_CALL_INIT };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    aiodrive_cargo_wait_async (cargo, NULL, test_on_ready, &calls[i]);
  g_assert_true (aiodrive_cargo_send (cargo, value, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_auto(GValue) received = G_VALUE_INIT;
      g_autofree char *contents = g_strdup_value_contents (value);
      g_autofree char *received_contents = NULL;

      aiodrive_cargo_wait_finish (cargo, test_call_wait (&calls[i]), &received, NULL);
      received_contents = g_strdup_value_contents (&received);
      g_assert_cmpuint (G_VALUE_TYPE (&received), ==, G_VALUE_TYPE (value));
      g_assert_cmpstr (received_contents, ==, contents);
      test_call_clear (&calls[i]);
    }
}

static void
test_kinds (void)
{
  const GType types[] = { G_TYPE_BOOLEAN, G_TYPE_INT, G_TYPE_DOUBLE, G_TYPE_STRING, G_TYPE_STRV, G_TYPE_OBJECT,
                          G_TYPE_VARIANT, G_TYPE_POINTER, G_TYPE_ERROR };
  const char *const strv[] = { "a", "b", NULL };
  g_auto(GValue) number = G_VALUE_INIT;
  g_auto(GValue) strings = G_VALUE_INIT;
  g_auto(GValue) object = G_VALUE_INIT;
  g_auto(GValue) variant = G_VALUE_INIT;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      g_value_init (&value, types[i]);
      check_kind (&value);
    }

  g_value_init (&number, G_TYPE_INT64);
  g_value_set_int64 (&number, G_MININT64);
  check_kind (&number);
  g_value_init (&strings, G_TYPE_STRV);
  g_value_set_boxed (&strings, strv);
  check_kind (&strings);
  g_value_init (&object, G_TYPE_CANCELLABLE);
  g_value_take_object (&object, g_cancellable_new ());
  check_kind (&object);
  g_value_init (&variant, G_TYPE_VARIANT);
  g_value_set_variant (&variant, g_variant_new_string ("floating"));
  check_kind (&variant);
}

/* However the waits ended, and whether or not somebody looked, no copy is left. */
static void
test_value_is_freed (void)
{
  g_autoptr(AiodriveCargo) cargo = aiodrive_cargo_new ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  GCancellable *content = g_cancellable_new ();
  g_auto(GValue) value = G_VALUE_INIT;
  GValue received = G_VALUE_INIT;
  TestCall calls[3] = { TEST_CALL_INIT };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    aiodrive_cargo_wait_async (cargo, i == 2 ? cancellable : NULL, test_on_ready, &calls[i]);
  aiodrive_cargo_wait_async (cargo, NULL, NULL, NULL);
  g_cancellable_cancel (cancellable);
  g_value_init (&value, G_TYPE_OBJECT);
  g_value_set_object (&value, content);
  g_assert_true (aiodrive_cargo_send (cargo, &value, NULL));
  g_value_unset (&value);
  test_settle ();
  aiodrive_cargo_wait_finish (cargo, test_call_wait (&calls[0]), &received, NULL);
  g_assert_true (g_value_get_object (&received) == content);
  g_value_unset (&received);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    test_call_clear (&calls[i]);
  g_assert_finalize_object (content);

  /* nobody waits at all */
  content = g_cancellable_new ();
  g_value_init (&value, G_TYPE_OBJECT);
  g_value_set_object (&value, content);
  g_assert_true (aiodrive_cargo_send (cargo, &value, NULL));
  g_value_unset (&value);
  g_assert_finalize_object (content);
}

static void
test_no_type (void)
{
  g_autoptr(AiodriveCargo) cargo = aiodrive_cargo_new ();
  GValue value = G_VALUE_INIT;
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_cargo_wait_async (cargo, NULL, test_on_ready, &call);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (aiodrive_cargo_send (cargo, i ? NULL : &value, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_false (aiodrive_cargo_send (cargo, i ? NULL : &value, NULL));
    }
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);
  send_uint64 (cargo, 1);
  g_assert_cmpuint (receive_uint64 (cargo, test_call_wait (&call)), ==, 1);
}

static void
test_wrong_result (void)
{
  g_autoptr(AiodriveCargo) cargo = aiodrive_cargo_new ();
  g_autoptr(AiodriveCargo) other = aiodrive_cargo_new ();
  g_autoptr(GError) error = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;
  GValue value;

  memset (&value, 0xff, sizeof value);
  aiodrive_cargo_wait_async (cargo, NULL, test_on_ready, &call);
  send_uint64 (cargo, 1);
  test_call_wait (&call);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*aiodrive_wait_is_valid*");
  aiodrive_cargo_wait_finish (other, call.result, &value, &error);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_true (G_IS_VALUE (&value));
  g_value_unset (&value);
  g_assert_cmpuint (receive_uint64 (cargo, call.result), ==, 1);
}

/* What is received was sent after the wait began, and is not the second that was. Values are numbered by their
 * senders; each sender says what he has begun to send, and what he has sent. */

#define N_SENDERS 4
#define N_SENT    test_rounds (3000)

typedef struct
{
  AiodriveCargo *cargo;
  gint           n_begun[N_SENDERS];   /* atomic */
  gint           n_sent[N_SENDERS];    /* atomic */
} Exchange;

typedef struct
{
  Exchange     *exchange;
  guint         place;
  guint32       seed;
  GMainContext *context;
  guint         n_waits;
  guint         n_received;
} Sender;

typedef struct
{
  Sender *sender;
  gint    n_sent[N_SENDERS];   /* when the wait began */
} Reception;

static void
on_received (GObject      *source_object,
             GAsyncResult *result,
             gpointer      data)
{
  Reception *reception = data;
  Exchange *exchange = reception->sender->exchange;
  guint64 number = receive_uint64 (AIODRIVE_CARGO (source_object), result);
  guint place = number % N_SENDERS;
  gint n = number / N_SENDERS;

  g_assert_cmpint (n, >=, reception->n_sent[place]);
  g_assert_cmpint (n, <, g_atomic_int_get (&exchange->n_begun[place]));
  /* every wait is followed by a send in the same thread: if that has woken it, nobody else has */
  if (place == reception->sender->place)
    g_assert_cmpint (n, ==, reception->n_sent[place]);
  reception->sender->n_received++;
  g_free (reception);
}

static void
send_one (Sender *sender)
{
  Exchange *exchange = sender->exchange;
  guint64 n = g_atomic_int_add (&exchange->n_begun[sender->place], 1);

  send_uint64 (exchange->cargo, n * N_SENDERS + sender->place);
  g_atomic_int_inc (&exchange->n_sent[sender->place]);
}

static gpointer
sender_run (gpointer data)
{
  Sender *sender = data;
  Exchange *exchange = sender->exchange;
  g_autoptr(GRand) rand = g_rand_new_with_seed (sender->seed);

  g_main_context_push_thread_default (sender->context);
  for (guint i = 0; i < N_SENT; i++)
    {
      for (guint j = g_rand_int_range (rand, 0, 4); j > 0; j--)
        {
          Reception *reception = g_new0 (Reception, 1);

          reception->sender = sender;
          for (guint k = 0; k < N_SENDERS; k++)
            reception->n_sent[k] = g_atomic_int_get (&exchange->n_sent[k]);
          aiodrive_cargo_wait_async (exchange->cargo, NULL, on_received, reception);
          sender->n_waits++;
        }
      send_one (sender);
      g_main_context_iteration (sender->context, FALSE);
    }

  /* every wait came before a send */
  while (sender->n_received < sender->n_waits)
    g_main_context_iteration (sender->context, TRUE);
  g_main_context_pop_thread_default (sender->context);
  return NULL;
}

static void
test_stress_values (void)
{
  Exchange exchange = { .cargo = aiodrive_cargo_new () };
  Sender senders[N_SENDERS];
  GThread *threads[N_SENDERS];
  guint n_received = 0;

  for (guint i = 0; i < N_SENDERS; i++)
    {
      senders[i] = (Sender) { .exchange = &exchange, .place = i, .seed = g_test_rand_int (),
                              .context = g_main_context_new () };
      threads[i] = g_thread_new ("send", sender_run, &senders[i]);
    }
  for (guint i = 0; i < N_SENDERS; i++)
    {
      g_thread_join (threads[i]);
      g_assert_cmpuint (senders[i].n_received, ==, senders[i].n_waits);
      g_assert_false (g_main_context_iteration (senders[i].context, FALSE));
      g_main_context_unref (senders[i].context);
      n_received += senders[i].n_received;
    }
  g_test_message ("%u values were received", n_received);
  g_assert_finalize_object (exchange.cargo);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/sync/cargo/remembers-nothing", test_remembers_nothing);
  g_test_add_func ("/aiodrive/sync/cargo/copies", test_copies);
  g_test_add_func ("/aiodrive/sync/cargo/kinds", test_kinds);
  g_test_add_func ("/aiodrive/sync/cargo/value-is-freed", test_value_is_freed);
  g_test_add_func ("/aiodrive/sync/cargo/no-type", test_no_type);
  g_test_add_func ("/aiodrive/sync/cargo/wrong-result", test_wrong_result);
  g_test_add_func ("/aiodrive/sync/cargo/stress-values", test_stress_values);

  return g_test_run ();
}
