/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* What a future has in common with others is tested in waiting.c. */

/* How a future can end: with the number 1, the error NOT_FOUND, or CANCELLED. */
typedef enum
{
  VALUE,
  ERROR,
  CANCELLED,
  N_OUTCOMES
} Outcome;

static gboolean
set_outcome (AiodriveThreadSafeFuture  *future,
             Outcome                    outcome,
             GError                   **error)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) cause = NULL;

  switch (outcome)
    {
    case VALUE:
      g_value_init (&value, G_TYPE_INT);
      g_value_set_int (&value, 1);
      return aiodrive_thread_safe_future_set_value (future, &value, error);
    case ERROR:
      cause = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "not there");
      return aiodrive_thread_safe_future_set_error (future, cause, error);
    case CANCELLED:
      return aiodrive_thread_safe_future_cancel (future, error);
    case N_OUTCOMES:
    default:
      g_assert_not_reached ();
    }
}

/* Takes both. */
static Outcome
get_outcome (GValue *value,
             GError *error)
{
  Outcome outcome = VALUE;

  g_assert_true (G_IS_VALUE (value));
  if (error == NULL)
    {
      g_assert_cmpint (g_value_get_int (value), ==, 1);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      outcome = ERROR;
      g_assert_cmpstr (error->message, ==, "not there");
    }
  else
    {
      outcome = CANCELLED;
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
  g_value_unset (value);
  g_clear_error (&error);
  return outcome;
}

static Outcome
wait_finish (AiodriveThreadSafeFuture *future,
             GAsyncResult             *result)
{
  GError *error = NULL;
  GValue value;

  memset (&value, 0xff, sizeof value);
  aiodrive_thread_safe_future_wait_finish (future, result, &value, &error);
  return get_outcome (&value, error);
}

static Outcome
wait_blocking (AiodriveThreadSafeFuture *future,
               GCancellable             *cancellable)
{
  GError *error = NULL;
  GValue value;

  memset (&value, 0xff, sizeof value);
  aiodrive_thread_safe_future_wait (future, cancellable, &value, &error);
  return get_outcome (&value, error);
}

static gpointer
block (gpointer future)
{
  return GINT_TO_POINTER (wait_blocking (future, NULL));
}

/* Whatever comes first stays, for those who wait and for those who come later. */
static void
check_once (Outcome first,
            Outcome second)
{
  g_autoptr(AiodriveThreadSafeFuture) future = aiodrive_thread_safe_future_new ();
  TestCall calls[3] = { TEST_CALL_INIT };
  GThread *thread = g_thread_new ("blocked", block, future);
  g_autoptr(GError) error = NULL;

  aiodrive_thread_safe_future_wait_async (future, NULL, test_on_ready, &calls[0]);
  aiodrive_thread_safe_future_wait_async (future, NULL, test_on_ready, &calls[1]);
  g_assert_false (aiodrive_thread_safe_future_is_done (future));
  g_assert_true (set_outcome (future, first, &error));
  g_assert_no_error (error);
  g_assert_true (aiodrive_thread_safe_future_is_done (future));
  g_assert_false (set_outcome (future, second, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_false (set_outcome (future, second, NULL));
  g_assert_true (aiodrive_thread_safe_future_is_done (future));
  aiodrive_thread_safe_future_wait_async (future, NULL, test_on_ready, &calls[2]);

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_assert_cmpint (wait_finish (future, test_call_wait (&calls[i])), ==, first);
      test_call_clear (&calls[i]);
    }
  g_assert_cmpint (wait_blocking (future, NULL), ==, first);
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, first);
  g_assert_finalize_object (g_steal_pointer (&future));
}

static void
test_once (void)
{
  for (guint first = 0; first < N_OUTCOMES; first++)
    for (guint second = 0; second < N_OUTCOMES; second++)
      check_once (first, second);
}

/* The sender may change and free his value; nobody shares the copy of another. */
static void
test_copies (void)
{
  g_autoptr(AiodriveThreadSafeFuture) future = aiodrive_thread_safe_future_new ();
  GValue value = G_VALUE_INIT;
  GValue received[3] = { G_VALUE_INIT };
  TestCall calls[2] = { TEST_CALL_INIT };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    aiodrive_thread_safe_future_wait_async (future, NULL, test_on_ready, &calls[i]);
  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, "apples");
  g_assert_true (aiodrive_thread_safe_future_set_value (future, &value, NULL));
  g_value_set_string (&value, "pears");
  g_value_unset (&value);

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      aiodrive_thread_safe_future_wait_finish (future, test_call_wait (&calls[i]), &received[i], NULL);
      test_call_clear (&calls[i]);
    }
  aiodrive_thread_safe_future_wait (future, NULL, &received[2], NULL);
  g_assert_finalize_object (g_steal_pointer (&future));

  for (guint i = 0; i < G_N_ELEMENTS (received); i++)
    {
      g_assert_cmpstr (g_value_get_string (&received[i]), ==, "apples");
      for (guint j = 0; j < i; j++)
        g_assert_true (g_value_get_string (&received[i]) != g_value_get_string (&received[j]));
    }
  for (guint i = 0; i < G_N_ELEMENTS (received); i++)
    g_value_unset (&received[i]);
}

static void
test_value_is_freed (void)
{
  g_autoptr(AiodriveThreadSafeFuture) future = aiodrive_thread_safe_future_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  GCancellable *content = g_cancellable_new ();
  GCancellable *refused = g_cancellable_new ();
  GValue value = G_VALUE_INIT;

  aiodrive_thread_safe_future_wait_async (future, NULL, test_on_ready, &call);
  aiodrive_thread_safe_future_wait_async (future, NULL, NULL, NULL);
  g_value_init (&value, G_TYPE_OBJECT);
  g_value_set_object (&value, content);
  g_assert_true (aiodrive_thread_safe_future_set_value (future, &value, NULL));
  g_value_set_object (&value, refused);
  g_assert_false (aiodrive_thread_safe_future_set_value (future, &value, NULL));
  g_value_unset (&value);
  g_assert_finalize_object (refused);

  aiodrive_thread_safe_future_wait_finish (future, test_call_wait (&call), &value, NULL);
  g_assert_true (g_value_get_object (&value) == content);
  g_value_unset (&value);
  test_call_clear (&call);
  g_assert_finalize_object (g_steal_pointer (&future));
  g_assert_finalize_object (content);
}

static void
test_no_type (void)
{
  g_autoptr(AiodriveThreadSafeFuture) future = aiodrive_thread_safe_future_new ();
  GValue value = G_VALUE_INIT;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (aiodrive_thread_safe_future_set_value (future, i ? NULL : &value, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_false (aiodrive_thread_safe_future_is_done (future));
    }
  g_assert_true (set_outcome (future, VALUE, NULL));
  g_assert_cmpint (wait_blocking (future, NULL), ==, VALUE);
}

static void
test_no_cause (void)
{
  g_autoptr(AiodriveThreadSafeFuture) future = aiodrive_thread_safe_future_new ();

  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*cause != NULL*");
  g_assert_false (aiodrive_thread_safe_future_set_error (future, NULL, NULL));
  g_test_assert_expected_messages ();
  g_assert_false (aiodrive_thread_safe_future_is_done (future));
}

static void
test_wrong_result (void)
{
  g_autoptr(AiodriveThreadSafeFuture) future = aiodrive_thread_safe_future_new ();
  g_autoptr(AiodriveThreadSafeFuture) other = aiodrive_thread_safe_future_new ();
  g_autoptr(GError) error = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;
  GValue value;

  memset (&value, 0xff, sizeof value);
  g_assert_true (set_outcome (future, VALUE, NULL));
  aiodrive_thread_safe_future_wait_async (future, NULL, test_on_ready, &call);
  test_call_wait (&call);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*aiodrive_wait_is_valid*");
  aiodrive_thread_safe_future_wait_finish (other, call.result, &value, &error);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_true (G_IS_VALUE (&value));
  g_value_unset (&value);
  g_assert_cmpint (wait_finish (future, call.result), ==, VALUE);
}

/* Who stops waiting leaves the future to the others. */
static void
test_cancelled_wait (void)
{
  g_autoptr(AiodriveThreadSafeFuture) future = aiodrive_thread_safe_future_new ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestCall calls[2] = { TEST_CALL_INIT };

  aiodrive_thread_safe_future_wait_async (future, cancellable, test_on_ready, &calls[0]);
  aiodrive_thread_safe_future_wait_async (future, NULL, test_on_ready, &calls[1]);
  g_cancellable_cancel (cancellable);
  g_assert_cmpint (wait_finish (future, test_call_wait (&calls[0])), ==, CANCELLED);
  g_assert_cmpint (wait_blocking (future, cancellable), ==, CANCELLED);
  g_assert_false (aiodrive_thread_safe_future_is_done (future));
  g_assert_true (set_outcome (future, ERROR, NULL));
  g_assert_cmpint (wait_finish (future, test_call_wait (&calls[1])), ==, ERROR);
  test_call_clear (&calls[0]);
  test_call_clear (&calls[1]);
}

/* A wait that was started as a task fails with the future, so that combinators see it. */
static void
test_as_task (void)
{
  for (guint outcome = 0; outcome < N_OUTCOMES; outcome++)
    {
      AiodriveThreadSafeFuture *future = aiodrive_thread_safe_future_new ();
      g_autoptr(GTask) task = AIODRIVE_START (NULL, aiodrive_thread_safe_future_wait_async, future);
      g_autoptr(GAsyncResult) result = NULL;
      g_autoptr(GError) error = NULL;

      g_assert_true (set_outcome (future, outcome, NULL));
      aiodrive_run (task);
      result = aiodrive_task_propagate_result (task, &error);
      g_assert_true ((result == NULL) == (outcome != VALUE));
      if (outcome == VALUE)
        g_assert_cmpint (wait_finish (future, result), ==, VALUE);
      else if (outcome == ERROR)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

      g_clear_object (&result);
      test_finalize_task (g_steal_pointer (&task));
      g_assert_finalize_object (future);
    }
}

/* Threads that all want to end the future, each in its own way, and all wait for it: one of them does, all see that. */

#define N_PLAYERS 4
#define N_ROUNDS  test_rounds (300)

typedef struct
{
  AiodriveThreadSafeFuture *future;
  gint                      n_ready;         /* atomic */
  gint                      n_set;           /* atomic */
  gint                      first_outcome;   /* atomic */
} Round;

typedef struct
{
  Round   *round;
  guint32  seed;
} Player;

static gpointer
player_run (gpointer data)
{
  Player *player = data;
  Round *round = player->round;
  g_autoptr(GRand) rand = g_rand_new_with_seed (player->seed);
  g_autoptr(GMainContext) context = g_main_context_new ();
  Outcome outcome = g_rand_int_range (rand, 0, N_OUTCOMES);
  TestCall calls[2] = { TEST_CALL_INIT };
  gboolean blocks = g_rand_boolean (rand);
  Outcome seen[3];

  g_main_context_push_thread_default (context);
  g_atomic_int_inc (&round->n_ready);
  test_spin_while (g_atomic_int_get (&round->n_ready) < N_PLAYERS);

  aiodrive_thread_safe_future_wait_async (round->future, NULL, test_on_ready, &calls[0]);
  if (set_outcome (round->future, outcome, NULL))
    {
      g_atomic_int_inc (&round->n_set);
      g_atomic_int_set (&round->first_outcome, outcome);
    }
  aiodrive_thread_safe_future_wait_async (round->future, NULL, test_on_ready, &calls[1]);
  seen[2] = blocks ? wait_blocking (round->future, NULL) : N_OUTCOMES;
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      seen[i] = wait_finish (round->future, test_call_wait (&calls[i]));
      test_call_clear (&calls[i]);
    }
  g_main_context_pop_thread_default (context);

  g_assert_cmpint (seen[0], ==, seen[1]);
  g_assert_true (!blocks || seen[2] == seen[0]);
  return GINT_TO_POINTER (seen[0]);
}

static void
test_stress_setters (void)
{
  guint n_outcomes[N_OUTCOMES] = { 0 };

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      Round round = { .future = aiodrive_thread_safe_future_new () };
      Player players[N_PLAYERS];
      GThread *threads[N_PLAYERS];
      Outcome seen[N_PLAYERS];

      for (guint j = 0; j < N_PLAYERS; j++)
        {
          players[j] = (Player) { &round, g_test_rand_int () };
          threads[j] = g_thread_new ("player", player_run, &players[j]);
        }
      for (guint j = 0; j < N_PLAYERS; j++)
        seen[j] = GPOINTER_TO_INT (g_thread_join (threads[j]));

      g_assert_cmpint (round.n_set, ==, 1);
      for (guint j = 0; j < N_PLAYERS; j++)
        g_assert_cmpint (seen[j], ==, round.first_outcome);
      n_outcomes[seen[0]]++;
      g_assert_finalize_object (round.future);
    }
  g_test_message ("%u values, %u errors, %u cancelled", n_outcomes[VALUE], n_outcomes[ERROR], n_outcomes[CANCELLED]);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/sync/thread-safe-future/once", test_once);
  g_test_add_func ("/aiodrive/sync/thread-safe-future/copies", test_copies);
  g_test_add_func ("/aiodrive/sync/thread-safe-future/value-is-freed", test_value_is_freed);
  g_test_add_func ("/aiodrive/sync/thread-safe-future/no-type", test_no_type);
  g_test_add_func ("/aiodrive/sync/thread-safe-future/no-cause", test_no_cause);
  g_test_add_func ("/aiodrive/sync/thread-safe-future/wrong-result", test_wrong_result);
  g_test_add_func ("/aiodrive/sync/thread-safe-future/cancelled-wait", test_cancelled_wait);
  g_test_add_func ("/aiodrive/sync/thread-safe-future/as-task", test_as_task);
  g_test_add_func ("/aiodrive/sync/thread-safe-future/stress-setters", test_stress_setters);

  return g_test_run ();
}
