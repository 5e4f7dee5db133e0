/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* What a latch has in common with others is tested in waiting.c. */

typedef struct
{
  guint    n_notified;
  gboolean state;
  GThread *thread;
} Notified;

static void
on_notify (GObject    *latch,
           GParamSpec *pspec,
           gpointer    data)
{
  Notified *notified = data;

  g_assert_cmpstr (pspec->name, ==, "state");
  notified->n_notified++;
  notified->state = aiodrive_latch_get_state (AIODRIVE_LATCH (latch));
  notified->thread = g_thread_self ();
}

static void
assert_notified (Notified *notified,
                 guint     n_notified,
                 gboolean  state)
{
  g_assert_cmpuint (notified->n_notified, ==, n_notified);
  g_assert_true (notified->state == state);
}

static void
test_state (void)
{
  g_autoptr(AiodriveLatch) latch = aiodrive_latch_new ();
  Notified notified = { 0 };
  gboolean state;

  g_signal_connect (latch, "notify::state", G_CALLBACK (on_notify), &notified);
  g_assert_false (aiodrive_latch_get_state (latch));
  aiodrive_latch_unset (latch);
  aiodrive_latch_set_state (latch, FALSE);
  assert_notified (&notified, 0, FALSE);
  aiodrive_latch_set (latch);
  assert_notified (&notified, 1, TRUE);
  aiodrive_latch_set (latch);
  aiodrive_latch_set_state (latch, 2);   /* as good as TRUE */
  assert_notified (&notified, 1, TRUE);
  g_object_get (latch, "state", &state, NULL);
  g_assert_true (state);
  aiodrive_latch_set_state (latch, FALSE);
  assert_notified (&notified, 2, FALSE);
  g_object_set (latch, "state", FALSE, NULL);
  assert_notified (&notified, 2, FALSE);
  g_object_set (latch, "state", TRUE, NULL);
  assert_notified (&notified, 3, TRUE);
  g_assert_true (aiodrive_latch_get_state (latch));
  g_object_run_dispose (G_OBJECT (latch));
  g_assert_true (aiodrive_latch_get_state (latch));
  g_assert_finalize_object (g_steal_pointer (&latch));
}

static void
test_bound (void)
{
  g_autoptr(AiodriveLatch) one = aiodrive_latch_new ();
  g_autoptr(AiodriveLatch) other = aiodrive_latch_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_object_bind_property (one, "state", other, "state", G_BINDING_BIDIRECTIONAL);
  aiodrive_latch_wait_set_async (other, NULL, test_on_ready, &call);
  aiodrive_latch_set (one);
  test_call_wait (&call);
  g_assert_true (aiodrive_latch_get_state (other));
  aiodrive_latch_unset (other);
  g_assert_false (aiodrive_latch_get_state (one));
}

static gpointer
set_in_thread (gpointer latch)
{
  aiodrive_latch_set (latch);
  return NULL;
}

static void
test_notified_in_own_thread (void)
{
  g_autoptr(AiodriveLatch) latch = aiodrive_latch_new ();
  Notified notified = { 0 };
  GThread *thread;

  g_signal_connect (latch, "notify::state", G_CALLBACK (on_notify), &notified);
  thread = g_thread_new ("set", set_in_thread, latch);
  g_thread_ref (thread);
  g_thread_join (thread);
  assert_notified (&notified, 1, TRUE);
  g_assert_true (notified.thread == thread);
  g_thread_unref (thread);
}

/* Nothing is locked while the notification is delivered. */
static void
on_notify_change_again (GObject    *object,
                        GParamSpec *pspec,
                        gpointer    data)
{
  AiodriveLatch *latch = AIODRIVE_LATCH (object);
  guint *n_left = data;

  if ((*n_left)-- > 0)
    aiodrive_latch_set_state (latch, !aiodrive_latch_get_state (latch));
}

static void
test_changed_while_notified (void)
{
  g_autoptr(AiodriveLatch) latch = aiodrive_latch_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  gboolean state = FALSE;
  guint n_left = 3;
  gulong handler = g_signal_connect (latch, "notify::state", G_CALLBACK (on_notify_change_again), &n_left);

  aiodrive_latch_wait_async (latch, NULL, test_on_ready, &call);
  aiodrive_latch_set (latch);
  g_signal_handler_disconnect (latch, handler);
  g_assert_false (aiodrive_latch_get_state (latch));
  g_assert_true (aiodrive_latch_wait_finish (latch, test_call_wait (&call), &state, NULL));
  g_assert_true (state);
}

static void
test_set_and_unset_in_one_go (void)
{
  for (guint is_set = 0; is_set < 2; is_set++)
    {
      g_autoptr(AiodriveLatch) latch = aiodrive_latch_new ();
      TestCall calls[3] = { TEST_CALL_INIT };
      gboolean state = is_set;

      aiodrive_latch_set_state (latch, is_set);
      aiodrive_latch_wait_async (latch, NULL, test_on_ready, &calls[0]);
      if (is_set)
        aiodrive_latch_wait_unset_async (latch, NULL, test_on_ready, &calls[1]);
      else
        aiodrive_latch_wait_set_async (latch, NULL, test_on_ready, &calls[1]);
      aiodrive_latch_set_state (latch, !is_set);

      /* this one waits for the way back */
      if (is_set)
        aiodrive_latch_wait_set_async (latch, NULL, test_on_ready, &calls[2]);
      else
        aiodrive_latch_wait_unset_async (latch, NULL, test_on_ready, &calls[2]);
      aiodrive_latch_set_state (latch, is_set);

      g_assert_true (aiodrive_latch_wait_finish (latch, test_call_wait (&calls[0]), &state, NULL));
      g_assert_true (state == !is_set);
      if (is_set)
        g_assert_true (aiodrive_latch_wait_unset_finish (latch, test_call_wait (&calls[1]), NULL) &&
                       aiodrive_latch_wait_set_finish (latch, test_call_wait (&calls[2]), NULL));
      else
        g_assert_true (aiodrive_latch_wait_set_finish (latch, test_call_wait (&calls[1]), NULL) &&
                       aiodrive_latch_wait_unset_finish (latch, test_call_wait (&calls[2]), NULL));
      g_assert_true (aiodrive_latch_get_state (latch) == (gboolean) is_set);
      for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
        test_call_clear (&calls[i]);
      g_assert_finalize_object (g_steal_pointer (&latch));
    }
}

static void
test_no_change (void)
{
  g_autoptr(AiodriveLatch) latch = aiodrive_latch_new ();
  TestCall calls[2] = { TEST_CALL_INIT };
  gboolean state = TRUE;

  aiodrive_latch_set (latch);
  aiodrive_latch_wait_async (latch, NULL, test_on_ready, &calls[0]);
  aiodrive_latch_wait_unset_async (latch, NULL, test_on_ready, &calls[1]);
  aiodrive_latch_set (latch);
  test_settle ();
  g_assert_cmpuint (calls[0].n_calls, ==, 0);
  g_assert_cmpuint (calls[1].n_calls, ==, 0);
  aiodrive_latch_unset (latch);
  g_assert_true (aiodrive_latch_wait_finish (latch, test_call_wait (&calls[0]), &state, NULL));
  g_assert_false (state);
  g_assert_true (aiodrive_latch_wait_unset_finish (latch, test_call_wait (&calls[1]), NULL));
  test_call_clear (&calls[0]);
  test_call_clear (&calls[1]);
}

static void
test_wrong_result (void)
{
  g_autoptr(AiodriveLatch) latch = aiodrive_latch_new ();
  g_autoptr(GError) error = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_latch_wait_set_async (latch, NULL, test_on_ready, &call);
  aiodrive_latch_set (latch);
  test_call_wait (&call);
  for (guint i = 0; i < 2; i++)
    {
      g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*aiodrive_wait_is_valid*");
      g_assert_false (i ? aiodrive_latch_wait_unset_finish (latch, call.result, &error)
                        : aiodrive_latch_wait_finish (latch, call.result, NULL, &error));
      g_test_assert_expected_messages ();
      g_assert_no_error (error);
    }
  g_assert_true (aiodrive_latch_wait_set_finish (latch, call.result, &error));
}

/* Where threads make changes at the same time GObject may tell of several at once; but in the end who listens knows the
 * state. */
typedef struct
{
  AiodriveLatch *latch;
  guint32        seed;
} Toggler;

typedef struct
{
  GMutex   mutex;
  guint    n_notified;   /* guarded by mutex, as is the next */
  gboolean state;
} Listener;

static void
on_notify_listen (GObject    *latch,
                  GParamSpec *pspec,
                  gpointer    data)
{
  Listener *listener = data;

  g_mutex_lock (&listener->mutex);
  listener->n_notified++;
  listener->state = aiodrive_latch_get_state (AIODRIVE_LATCH (latch));
  g_mutex_unlock (&listener->mutex);
}

static gpointer
toggle_at_random (gpointer data)
{
  Toggler *toggler = data;
  g_autoptr(GRand) rand = g_rand_new_with_seed (toggler->seed);

  for (guint i = 0; i < test_rounds (5000); i++)
    aiodrive_latch_set_state (toggler->latch, g_rand_boolean (rand));
  return NULL;
}

static void
test_toggled_by_threads (void)
{
  g_autoptr(AiodriveLatch) latch = aiodrive_latch_new ();
  Toggler togglers[4];
  GThread *threads[4];
  Listener listener = { .n_notified = 0 };

  g_mutex_init (&listener.mutex);
  g_signal_connect (latch, "notify::state", G_CALLBACK (on_notify_listen), &listener);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      togglers[i] = (Toggler) { latch, g_test_rand_int () };
      threads[i] = g_thread_new ("toggle", toggle_at_random, &togglers[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (listener.n_notified, >, 0);
  g_assert_true (aiodrive_latch_get_state (latch) == listener.state);
  g_assert_finalize_object (g_steal_pointer (&latch));
  g_mutex_clear (&listener.mutex);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/sync/latch/state", test_state);
  g_test_add_func ("/aiodrive/sync/latch/bound", test_bound);
  g_test_add_func ("/aiodrive/sync/latch/notified-in-own-thread", test_notified_in_own_thread);
  g_test_add_func ("/aiodrive/sync/latch/changed-while-notified", test_changed_while_notified);
  g_test_add_func ("/aiodrive/sync/latch/set-and-unset-in-one-go", test_set_and_unset_in_one_go);
  g_test_add_func ("/aiodrive/sync/latch/no-change", test_no_change);
  g_test_add_func ("/aiodrive/sync/latch/wrong-result", test_wrong_result);
  g_test_add_func ("/aiodrive/sync/latch/toggled-by-threads", test_toggled_by_threads);

  return g_test_run ();
}
