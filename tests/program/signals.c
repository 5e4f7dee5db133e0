/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

static const gint known[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH };
static const gint unknown[] = { SIGKILL, SIGSTOP, SIGCHLD, SIGSEGV, SIGALRM, SIGPIPE, 0, -1, 65, G_MAXINT, G_MININT };

static gint n_before;   /* atomic: how often the handler that was there before was called */

static void
count_before (int signum)
{
  g_atomic_int_inc (&n_before);
}

static struct sigaction
set_disposition (gint   signum,
                 void (*handler) (int))
{
  struct sigaction action = { .sa_handler = handler };

  if (handler == count_before)
    action.sa_flags = SA_RESTART | SA_NODEFER;
  sigaddset (&action.sa_mask, SIGCHLD);
  g_assert_cmpint (sigaction (signum, &action, NULL), ==, 0);
  g_assert_cmpint (sigaction (signum, NULL, &action), ==, 0);
  return action;
}

static void
assert_disposition (gint              signum,
                    struct sigaction *expected)
{
  struct sigaction action;

  g_assert_cmpint (sigaction (signum, NULL, &action), ==, 0);
  g_assert_true (action.sa_handler == expected->sa_handler);
  if (action.sa_handler == SIG_DFL)
    return;   /* the flags mean nothing */
  g_assert_cmpint (action.sa_flags, ==, expected->sa_flags);
  g_assert_true (sigismember (&action.sa_mask, SIGCHLD) == sigismember (&expected->sa_mask, SIGCHLD));
}

static void
assert_default (gint signum)
{
  struct sigaction expected = { .sa_handler = SIG_DFL };

  assert_disposition (signum, &expected);
}

static void
wait_for (gint          signum,
          GCancellable *cancellable,
          TestCall     *call)
{
  aiodrive_wait_for_signal_async (&signum, 1, cancellable, test_on_ready, call);
}

static void
assert_came (TestCall *call,
             gint      signum)
{
  g_autoptr(GError) error = NULL;
  gint got = aiodrive_wait_for_signal_finish (test_call_wait (call), &error);

  g_assert_no_error (error);
  g_assert_cmpint (got, ==, signum);
  test_call_clear (call);
}

static void
assert_failed (TestCall *call,
               gint      code)
{
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (aiodrive_wait_for_signal_finish (test_call_wait (call), &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, code);
  test_call_clear (call);
}

static AiodriveSignalHandler *
handle (gint                 signum,
        AiodriveCancelScope *scope)
{
  g_autoptr(GError) error = NULL;
  AiodriveSignalHandler *handler = aiodrive_handle_signal (signum, scope, &error);

  g_assert_no_error (error);
  g_assert_true (AIODRIVE_IS_SIGNAL_HANDLER (handler));
  return handler;
}

static void
assert_cancelled_by (AiodriveCancelScope *scope,
                     const char          *name)
{
  g_autoptr(GError) reason = NULL;
  g_autofree char *message = g_strdup_printf ("Cancelled by %s", name);

  test_iterate_until (g_cancellable_is_cancelled (G_CANCELLABLE (scope)));
  reason = aiodrive_cancel_scope_dup_reason (scope);
  g_assert_error (reason, AIODRIVE_ERROR, AIODRIVE_ERROR_SIGNAL);
  g_assert_cmpstr (reason->message, ==, message);
}

/* For each signal, and whatever was there before. */
static void
test_wait (void)
{
  void (*const before[]) (int) = { SIG_DFL, SIG_IGN, count_before };

  g_atomic_int_set (&n_before, 0);
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    for (guint k = 0; k < G_N_ELEMENTS (before); k++)
      {
        struct sigaction expected = set_disposition (known[i], before[k]);
        TestCall calls[2] = { TEST_CALL_INIT, TEST_CALL_INIT };

        wait_for (known[i], NULL, &calls[0]);
        wait_for (known[i], NULL, &calls[1]);
        test_settle ();
        g_assert_cmpuint (calls[0].n_calls, ==, 0);
        raise (known[i]);
        assert_came (&calls[0], known[i]);
        assert_came (&calls[1], known[i]);
        assert_disposition (known[i], &expected);
        set_disposition (known[i], SIG_DFL);
      }
  g_assert_cmpint (g_atomic_int_get (&n_before), ==, 0);
}

static void
test_one_of_several (void)
{
  const gint signums[] = { SIGUSR1, SIGHUP, SIGUSR1, SIGTERM };   /* one of them twice */
  TestCall calls[2] = { TEST_CALL_INIT, TEST_CALL_INIT };

  for (guint i = 0; i < G_N_ELEMENTS (signums); i++)
    {
      aiodrive_wait_for_signal_async (signums, G_N_ELEMENTS (signums), NULL, test_on_ready, &calls[0]);
      wait_for (SIGUSR2, NULL, &calls[1]);
      raise (signums[i]);
      assert_came (&calls[0], signums[i]);
      test_settle ();
      g_assert_cmpuint (calls[1].n_calls, ==, 0);
      assert_default (signums[i]);
      raise (SIGUSR2);
      assert_came (&calls[1], SIGUSR2);
    }
}

static void
test_invalid (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    {
      const gint signums[] = { SIGUSR1, unknown[i] };
      g_autoptr(GError) error = NULL;

      wait_for (unknown[i], NULL, &call);
      g_assert_cmpuint (call.n_calls, ==, 0);
      assert_failed (&call, G_IO_ERROR_INVALID_ARGUMENT);
      aiodrive_wait_for_signal_async (signums, 2, NULL, test_on_ready, &call);
      assert_default (SIGUSR1);
      assert_failed (&call, G_IO_ERROR_INVALID_ARGUMENT);
      assert_default (SIGUSR1);

      g_assert_null (aiodrive_handle_signal (unknown[i], scope, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
  aiodrive_wait_for_signal_async (NULL, 0, NULL, test_on_ready, &call);
  assert_failed (&call, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
test_cancel (void)
{
  g_autoptr(GCancellable) before = g_cancellable_new ();
  g_autoptr(GCancellable) later = g_cancellable_new ();
  TestCall calls[3] = { TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT };

  g_cancellable_cancel (before);
  wait_for (SIGUSR1, before, &calls[0]);
  assert_default (SIGUSR1);
  wait_for (SIGUSR1, later, &calls[1]);
  wait_for (SIGUSR1, NULL, &calls[2]);
  assert_failed (&calls[0], G_IO_ERROR_CANCELLED);
  g_cancellable_cancel (later);
  raise (SIGUSR1);
  assert_failed (&calls[1], G_IO_ERROR_CANCELLED);
  assert_came (&calls[2], SIGUSR1);

  g_cancellable_reset (later);
  wait_for (SIGUSR1, later, &calls[0]);
  g_cancellable_cancel (later);
  assert_default (SIGUSR1);   /* at once, not only when it is called back */
  assert_failed (&calls[0], G_IO_ERROR_CANCELLED);
}

/* Nobody has been told of the signal when the cancellation comes. */
static void
test_cancel_after_signal (void)
{
  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;

      wait_for (SIGUSR1, G_CANCELLABLE (scope), &call);
      raise (SIGUSR1);
      g_cancellable_cancel (G_CANCELLABLE (scope));
      assert_came (&call, SIGUSR1);
      assert_default (SIGUSR1);
    }
}

static void
test_wrong_result (void)
{
  g_autoptr(GError) error = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_sleep_async (0, NULL, test_on_ready, &call);
  test_call_wait (&call);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*aiodrive_wait_is_valid*");
  g_assert_cmpint (aiodrive_wait_for_signal_finish (call.result, &error), ==, -1);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
}

typedef struct
{
  guint n_left;
  guint n_told;
} Again;

static void
on_signal_wait_again (GObject      *source_object,
                      GAsyncResult *result,
                      gpointer      data)
{
  const gint signum = SIGUSR1;
  Again *again = data;

  g_assert_cmpint (aiodrive_wait_for_signal_finish (result, NULL), ==, SIGUSR1);
  again->n_told++;
  if (--again->n_left == 0)
    return;

  raise (SIGUSR1);   /* nobody waits at this moment, yet it is not the end of the process */
  aiodrive_wait_for_signal_async (&signum, 1, NULL, on_signal_wait_again, again);
  raise (SIGUSR1);
}

static void
test_wait_again (void)
{
  const gint signum = SIGUSR1;
  Again again = { .n_left = 200 };

  aiodrive_wait_for_signal_async (&signum, 1, NULL, on_signal_wait_again, &again);
  raise (SIGUSR1);
  test_iterate_until (again.n_left == 0);
  test_settle ();
  g_assert_cmpuint (again.n_told, ==, 200);
  assert_default (SIGUSR1);
}

/* Signals that come faster than anybody looks are one. */
static void
test_hammered (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveSignalHandler) handler = handle (SIGINT, scope);
  g_auto(TestCall) call = TEST_CALL_INIT;

  wait_for (SIGINT, NULL, &call);
  for (guint i = 0; i < 200; i++)
    raise (SIGINT);
  assert_came (&call, SIGINT);
  assert_cancelled_by (scope, "SIGINT");
  for (guint i = 0; i < 200; i++)
    kill (getpid (), SIGINT);
  test_settle ();
  aiodrive_signal_handler_release (handler);
  assert_default (SIGINT);

  for (guint i = 0; i < 100; i++)
    {
      wait_for (SIGINT, NULL, &call);
      for (guint k = 0; k < 200; k++)
        raise (SIGINT);
      assert_came (&call, SIGINT);
    }
  assert_default (SIGINT);
}

static void
test_other_process (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveSignalHandler) handler = handle (SIGTERM, scope);
  g_autoptr(GSubprocess) other = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(TestCall) last = TEST_CALL_INIT;
  g_auto(TestCall) call = TEST_CALL_INIT;
  guint n_told = 0;

  wait_for (SIGHUP, NULL, &last);
  wait_for (SIGTERM, NULL, &call);
  other = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, "sh", "-c",
                            "for i in $(seq 200); do kill -TERM $PPID; done; kill -HUP $PPID", NULL);
  g_assert_no_error (error);
  while (last.n_calls == 0)
    {
      test_iterate_until (call.n_calls > 0 || last.n_calls > 0);
      if (call.n_calls > 0)
        {
          assert_came (&call, SIGTERM);
          wait_for (SIGTERM, NULL, &call);
          n_told++;
        }
    }
  assert_came (&last, SIGHUP);
  assert_cancelled_by (scope, "SIGTERM");
  g_assert_cmpuint (n_told, >=, 1);
  g_assert_true (g_subprocess_wait_check (other, NULL, NULL));

  if (call.n_calls == 0)
    raise (SIGTERM);
  assert_came (&call, SIGTERM);
  aiodrive_signal_handler_release (handler);
  assert_default (SIGTERM);
}

static void
test_handler (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      static const char *const names[] = { "SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGWINCH" };
      AiodriveCancelScope *scope = aiodrive_cancel_scope_new (NULL);
      AiodriveSignalHandler *handler = handle (known[i], scope);

      test_settle ();
      g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (scope)));
      raise (known[i]);
      g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (scope)));   /* that comes from the context */
      assert_cancelled_by (scope, names[i]);
      raise (known[i]);
      test_settle ();
      g_assert_finalize_object (handler);
      assert_default (known[i]);
      g_assert_finalize_object (scope);
    }
}

static void
test_release (void)
{
  AiodriveCancelScope *scope = aiodrive_cancel_scope_new (NULL);
  AiodriveSignalHandler *handler = handle (SIGUSR1, scope);
  AiodriveSignalHandler *inert = g_object_new (AIODRIVE_TYPE_SIGNAL_HANDLER, NULL);

  aiodrive_signal_handler_release (inert);
  g_assert_finalize_object (inert);

  aiodrive_signal_handler_release (handler);
  assert_default (SIGUSR1);
  aiodrive_signal_handler_release (handler);
  g_object_run_dispose (G_OBJECT (handler));
  g_assert_finalize_object (handler);
  test_settle ();
  g_assert_finalize_object (scope);   /* never cancelled, and held by nobody */
}

/* A signal that came in time cancels the scope, whatever becomes of the handler. */
static void
test_release_after_signal (void)
{
  for (guint i = 0; i < 2000; i++)
    {
      AiodriveCancelScope *scope = aiodrive_cancel_scope_new (NULL);
      AiodriveSignalHandler *handler = handle (SIGUSR1, scope);

      raise (SIGUSR1);
      g_object_unref (handler);
      assert_default (SIGUSR1);
      assert_cancelled_by (scope, "SIGUSR1");
      g_assert_finalize_object (scope);
    }
}

static void
test_disposition (void)
{
  void (*const before[]) (int) = { SIG_DFL, SIG_IGN, count_before };
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);

  g_atomic_int_set (&n_before, 0);
  for (guint k = 0; k < G_N_ELEMENTS (before); k++)
    {
      struct sigaction expected = set_disposition (SIGUSR1, before[k]);
      g_autoptr(AiodriveSignalHandler) one = handle (SIGUSR1, scope);
      g_autoptr(AiodriveSignalHandler) other = handle (SIGUSR1, scope);
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_auto(TestCall) call = TEST_CALL_INIT;

      wait_for (SIGUSR1, cancellable, &call);
      aiodrive_signal_handler_release (one);
      raise (SIGUSR1);
      assert_came (&call, SIGUSR1);
      wait_for (SIGUSR1, cancellable, &call);
      aiodrive_signal_handler_release (other);
      raise (SIGUSR1);
      assert_came (&call, SIGUSR1);
      assert_disposition (SIGUSR1, &expected);
      g_assert_cmpint (g_atomic_int_get (&n_before), ==, 0);
    }

  raise (SIGUSR1);
  g_assert_cmpint (g_atomic_int_get (&n_before), ==, 1);
  set_disposition (SIGUSR1, SIG_DFL);
}

/* What somebody else has set since is his. */
static void
test_replaced (void)
{
  void (*const before[]) (int) = { SIG_DFL, SIG_IGN, count_before };

  for (guint k = 0; k < G_N_ELEMENTS (before); k++)
    for (guint n = 0; n < G_N_ELEMENTS (before); n++)
      {
        g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
        g_autoptr(AiodriveSignalHandler) handler = NULL;
        struct sigaction ours, expected;

        set_disposition (SIGUSR1, before[k]);
        handler = handle (SIGUSR1, scope);
        sigaction (SIGUSR1, NULL, &ours);
        expected = set_disposition (SIGUSR1, before[n]);
        aiodrive_signal_handler_release (handler);
        assert_disposition (SIGUSR1, &expected);

        /* and when ours is put back later, a signal goes to what was there before it */
        g_atomic_int_set (&n_before, 0);
        sigaction (SIGUSR1, &ours, NULL);
        if (before[k] == count_before)
          {
            raise (SIGUSR1);
            test_spin_while (g_atomic_int_get (&n_before) == 0);
          }
        set_disposition (SIGUSR1, SIG_DFL);
      }
}

static gboolean
on_glib_signal (gpointer n_told)
{
  ++*(guint *) n_told;
  return G_SOURCE_CONTINUE;
}

static void
test_with_glib_before (void)
{
  guint n_told = 0;
  guint source = g_unix_signal_add (SIGUSR1, on_glib_signal, &n_told);
  g_auto(TestCall) call = TEST_CALL_INIT;
  struct sigaction glibs;

  sigaction (SIGUSR1, NULL, &glibs);
  wait_for (SIGUSR1, NULL, &call);
  raise (SIGUSR1);
  assert_came (&call, SIGUSR1);
  test_iterate_until (n_told == 1);
  assert_disposition (SIGUSR1, &glibs);
  raise (SIGUSR1);
  test_iterate_until (n_told == 2);

  wait_for (SIGUSR1, NULL, &call);
  g_source_remove (source);
  raise (SIGUSR1);
  assert_came (&call, SIGUSR1);
  assert_default (SIGUSR1);
  g_assert_cmpuint (n_told, ==, 2);
}

static void
test_with_glib_after (void)
{
  guint n_told = 0;
  guint source;
  g_auto(TestCall) call = TEST_CALL_INIT;

  for (guint i = 0; i < 2; i++)
    {
      wait_for (SIGUSR1, NULL, &call);
      source = g_unix_signal_add (SIGUSR1, on_glib_signal, &n_told);
      if (i == 1)
        g_source_remove (source);
      raise (SIGUSR1);
      assert_came (&call, SIGUSR1);
      if (i == 0)
        {
          test_iterate_until (n_told == 1);
          raise (SIGUSR1);
          test_iterate_until (n_told == 2);
          g_source_remove (source);
        }
      assert_default (SIGUSR1);
    }
  g_assert_cmpuint (n_told, ==, 2);
}

/* Somebody in another thread with a context of his own. */
typedef struct
{
  TestThread            *thread;
  TestCall               call;
  AiodriveCancelScope   *scope;
  AiodriveSignalHandler *handler;
  GThread               *cancelled_in;   /* atomic */
} Member;

static void
on_scope_cancelled (GCancellable *cancellable,
                    gpointer      member)
{
  g_atomic_pointer_set (&((Member *) member)->cancelled_in, g_thread_self ());
}

static void
member_begin (gpointer data,
              gpointer unused)
{
  Member *self = data;

  self->scope = aiodrive_cancel_scope_new (NULL);
  self->handler = handle (SIGUSR2, self->scope);
  wait_for (SIGUSR2, NULL, &self->call);
  g_signal_connect (self->scope, "cancelled", G_CALLBACK (on_scope_cancelled), self);
}

static void
member_end (gpointer data,
            gpointer unused)
{
  Member *self = data;

  assert_came (&self->call, SIGUSR2);
  assert_cancelled_by (self->scope, "SIGUSR2");
  g_assert_true (g_atomic_pointer_get (&self->cancelled_in) == g_thread_self ());
}

static void
test_many_contexts (void)
{
  Member members[4] = { { NULL } };

  for (guint round = 0; round < 50; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (members); i++)
        {
          members[i] = (Member) { .thread = test_thread_start (), .call = TEST_CALL_INIT };
          test_thread_call (members[i].thread, member_begin, &members[i]);
        }
      raise (SIGUSR2);
      for (guint i = 0; i < G_N_ELEMENTS (members); i++)
        {
          test_thread_call (members[i].thread, member_end, &members[i]);
          test_thread_stop (members[i].thread);
          g_assert_finalize_object (members[i].handler);   /* in another thread, after the end of its own */
          g_assert_finalize_object (members[i].scope);
        }
      assert_default (SIGUSR2);
    }
}

/* One signal after the other: each has to be taken, once, by a scope or by what was there before. A scope takes only
 * one: then the next signal is for the next handler. */
typedef struct
{
  guint   n_signals;
  guint32 seed;
  gint    n_cancelled;   /* atomic, as are the next */
  gint    n_handlers;    /* that were there and are gone */
  gint    done;
} Hammer;

static void
count_cancelled (GCancellable *cancellable,
                 gpointer      hammer)
{
  g_atomic_int_inc (&((Hammer *) hammer)->n_cancelled);
}

static gint
n_taken (Hammer *self)
{
  return g_atomic_int_get (&self->n_cancelled) + g_atomic_int_get (&n_before);
}

static gpointer
run_hammer (gpointer data)
{
  Hammer *self = data;
  g_autoptr(GRand) rand = g_rand_new_with_seed (self->seed);

  for (guint i = 0; i < self->n_signals; i++)
    {
      gint n_handlers;

      kill (getpid (), SIGUSR1);
      test_spin_while (n_taken (self) == (gint) i);
      g_assert_cmpint (n_taken (self), ==, i + 1);

      n_handlers = g_atomic_int_get (&self->n_handlers);
      test_spin_while (g_atomic_int_get (&self->n_handlers) == n_handlers);
      for (gint k = g_rand_int_range (rand, 0, 5000); k > 0; k--)
        g_atomic_int_get (&self->n_handlers);
    }
  g_atomic_int_set (&self->done, TRUE);
  return NULL;
}

static void
test_hammered_while_handlers_come_and_go (void)
{
  struct sigaction expected = set_disposition (SIGUSR1, count_before);
  Hammer hammer = { .n_signals = g_test_slow () ? 200000 : test_rounds (5000), .seed = g_test_rand_int () };
  GThread *thread;

  g_atomic_int_set (&n_before, 0);
  thread = g_thread_new ("hammer", run_hammer, &hammer);
  while (!g_atomic_int_get (&hammer.done))
    {
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
      g_autoptr(AiodriveSignalHandler) handler = handle (SIGUSR1, scope);

      g_signal_connect (scope, "cancelled", G_CALLBACK (count_cancelled), &hammer);
      if (g_test_rand_bit ())
        test_settle ();
      g_clear_object (&handler);
      test_settle ();
      g_atomic_int_inc (&hammer.n_handlers);
    }
  g_thread_join (thread);
  g_assert_cmpint (n_taken (&hammer), ==, hammer.n_signals);
  g_assert_cmpint (g_atomic_int_get (&hammer.n_cancelled), >, 0);
  g_test_message ("%d of %u signals cancelled a scope", hammer.n_cancelled, hammer.n_signals);
  assert_disposition (SIGUSR1, &expected);
  set_disposition (SIGUSR1, SIG_DFL);
}

static guint
count_fds (void)
{
  g_autoptr(GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
test_no_file_left_open (void)
{
  guint n_fds = 0;

  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
      g_autoptr(AiodriveSignalHandler) handler = handle (known[i % G_N_ELEMENTS (known)], scope);

      if (i == 0)
        n_fds = count_fds ();
    }
  g_assert_cmpuint (count_fds (), ==, n_fds);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  /* whoever runs the tests may have some of them ignored */
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    set_disposition (known[i], SIG_DFL);

  g_test_add_func ("/aiodrive/program/signals/wait", test_wait);
  g_test_add_func ("/aiodrive/program/signals/one-of-several", test_one_of_several);
  g_test_add_func ("/aiodrive/program/signals/invalid", test_invalid);
  g_test_add_func ("/aiodrive/program/signals/cancel", test_cancel);
  g_test_add_func ("/aiodrive/program/signals/cancel-after-signal", test_cancel_after_signal);
  g_test_add_func ("/aiodrive/program/signals/wrong-result", test_wrong_result);
  g_test_add_func ("/aiodrive/program/signals/wait-again", test_wait_again);
  g_test_add_func ("/aiodrive/program/signals/hammered", test_hammered);
  g_test_add_func ("/aiodrive/program/signals/other-process", test_other_process);
  g_test_add_func ("/aiodrive/program/signals/handler", test_handler);
  g_test_add_func ("/aiodrive/program/signals/release", test_release);
  g_test_add_func ("/aiodrive/program/signals/release-after-signal", test_release_after_signal);
  g_test_add_func ("/aiodrive/program/signals/disposition", test_disposition);
  g_test_add_func ("/aiodrive/program/signals/replaced", test_replaced);
  g_test_add_func ("/aiodrive/program/signals/with-glib-before", test_with_glib_before);
  g_test_add_func ("/aiodrive/program/signals/with-glib-after", test_with_glib_after);
  g_test_add_func ("/aiodrive/program/signals/many-contexts", test_many_contexts);
  g_test_add_func ("/aiodrive/program/signals/hammered-while-handlers-come-and-go",
                   test_hammered_while_handlers_come_and_go);
  g_test_add_func ("/aiodrive/program/signals/no-file-left-open", test_no_file_left_open);

  return g_test_run ();
}
