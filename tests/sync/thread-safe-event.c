/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* What an event has in common with others is tested in waiting.c. */

static void
test_state (void)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();

  g_assert_false (aiodrive_thread_safe_event_is_set (event));
  aiodrive_thread_safe_event_clear (event);
  g_assert_false (aiodrive_thread_safe_event_is_set (event));
  for (guint i = 0; i < 2; i++)
    {
      aiodrive_thread_safe_event_set (event);
      g_assert_true (aiodrive_thread_safe_event_is_set (event));
    }
  g_object_run_dispose (G_OBJECT (event));
  g_assert_true (aiodrive_thread_safe_event_is_set (event));
  for (guint i = 0; i < 2; i++)
    {
      aiodrive_thread_safe_event_clear (event);
      g_assert_false (aiodrive_thread_safe_event_is_set (event));
    }
  g_assert_finalize_object (g_steal_pointer (&event));
}

static void
test_set_and_clear_in_one_go (void)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  TestCall calls[2] = { TEST_CALL_INIT };

  aiodrive_thread_safe_event_wait_async (event, NULL, test_on_ready, &calls[0]);
  aiodrive_thread_safe_event_set (event);
  aiodrive_thread_safe_event_clear (event);
  aiodrive_thread_safe_event_wait_async (event, NULL, test_on_ready, &calls[1]);
  g_assert_true (aiodrive_thread_safe_event_wait_finish (event, test_call_wait (&calls[0]), NULL));
  test_settle ();
  g_assert_false (aiodrive_thread_safe_event_is_set (event));
  g_assert_cmpuint (calls[1].n_calls, ==, 0);
  aiodrive_thread_safe_event_set (event);
  g_assert_true (aiodrive_thread_safe_event_wait_finish (event, test_call_wait (&calls[1]), NULL));

  test_call_clear (&calls[0]);
  test_call_clear (&calls[1]);
  g_assert_finalize_object (g_steal_pointer (&event));
}

static void
test_wrong_result (void)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  g_autoptr(AiodriveThreadSafeEvent) other = aiodrive_thread_safe_event_new ();
  g_autoptr(GError) error = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_thread_safe_event_set (event);
  aiodrive_thread_safe_event_wait_async (event, NULL, test_on_ready, &call);
  test_call_wait (&call);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*aiodrive_wait_is_valid*");
  g_assert_false (aiodrive_thread_safe_event_wait_finish (other, call.result, &error));
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_true (aiodrive_thread_safe_event_wait_finish (event, call.result, &error));
}

/* Two threads that hand a number to and fro, without any main context: each step is one wake-up that must come. */

#define N_STEPS test_rounds (5000)

typedef struct
{
  AiodriveThreadSafeEvent *ping;
  AiodriveThreadSafeEvent *pong;
  guint                    number;
} Game;

static void
play (Game                    *game,
      AiodriveThreadSafeEvent *mine,
      AiodriveThreadSafeEvent *others,
      guint                    parity)
{
  for (guint i = 0; i < N_STEPS; i++)
    {
      g_assert_true (aiodrive_thread_safe_event_wait (mine, NULL, NULL));
      aiodrive_thread_safe_event_clear (mine);
      g_assert_cmpuint (game->number, ==, 2 * i + parity);
      game->number++;
      aiodrive_thread_safe_event_set (others);
    }
}

static gpointer
play_pong (gpointer data)
{
  Game *game = data;

  play (game, game->pong, game->ping, 1);
  return NULL;
}

static void
test_ping_pong (void)
{
  Game game = { aiodrive_thread_safe_event_new (), aiodrive_thread_safe_event_new (), 0 };
  GThread *thread = g_thread_new ("pong", play_pong, &game);

  aiodrive_thread_safe_event_set (game.ping);
  play (&game, game.ping, game.pong, 0);
  g_thread_join (thread);
  g_assert_cmpuint (game.number, ==, 2 * N_STEPS);
  g_assert_true (aiodrive_thread_safe_event_is_set (game.ping));
  g_assert_finalize_object (game.ping);
  g_assert_finalize_object (game.pong);
}

/*
 * Deadlines that change while a call blocks
 */

typedef struct
{
  AiodriveCancelScope *scope;    /* unowned, as is the next */
  AiodriveCancelScope *parent;
  void               (*change) (gpointer change);
} Change;

static void
set_deadline (gpointer data)
{
  aiodrive_cancel_scope_set_deadline (((Change *) data)->scope, 1);
}

static void
set_deadline_above (gpointer data)
{
  aiodrive_cancel_scope_set_deadline (((Change *) data)->parent, 1);
}

static void
lower_shield (gpointer data)
{
  aiodrive_cancel_scope_set_shielded (((Change *) data)->scope, FALSE);
}

static gpointer
change_there (gpointer data)
{
  ((Change *) data)->change (data);
  return NULL;
}

/* Another thread sets a deadline that has passed, sets an earlier one, or lets the parent's through a shield: the call
 * ends, whether it has begun to block by then or not. (In each schedule: block-and-set-deadline, block-and-lower-shield
 * in tests/interleave/scopes.c) */
static void
test_deadline_changes (void)
{
  void (*const changes[]) (gpointer) = { set_deadline, set_deadline_above, lower_shield };
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  gint64 far = aiodrive_get_monotonic_time () + 1000 * G_USEC_PER_SEC;

  for (guint i = 0; i < test_rounds (600); i++)
    {
      g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (G_CANCELLABLE (parent));
      g_autoptr(GError) error = NULL;
      Change change = { scope, parent, changes[i % G_N_ELEMENTS (changes)] };
      GThread *thread;

      if (change.change == lower_shield)
        {
          aiodrive_cancel_scope_set_shielded (scope, TRUE);
          aiodrive_cancel_scope_set_deadline (parent, 1);
        }
      else if (i % 2 == 0)
        aiodrive_cancel_scope_set_deadline (scope, far);
      thread = g_thread_new ("change", change_there, &change);
      g_assert_false (aiodrive_thread_safe_event_wait (event, G_CANCELLABLE (scope), &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_thread_join (thread);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/sync/thread-safe-event/state", test_state);
  g_test_add_func ("/aiodrive/sync/thread-safe-event/set-and-clear-in-one-go", test_set_and_clear_in_one_go);
  g_test_add_func ("/aiodrive/sync/thread-safe-event/wrong-result", test_wrong_result);
  g_test_add_func ("/aiodrive/sync/thread-safe-event/ping-pong", test_ping_pong);
  g_test_add_func ("/aiodrive/sync/thread-safe-event/deadline-changes", test_deadline_changes);

  return g_test_run ();
}
