/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/group/group.h"

/* What a job of the tests does, and where it is. */
typedef struct
{
  guint    n_started;
  guint    n_ended;
  gboolean had_object;
  gboolean fails;
} Log;

static gboolean
receive_for_ever (GCancellable  *scope,
                  gpointer       data,
                  GValue        *result,
                  GError       **error)
{
  Log *log = data;
  g_autoptr(GObject) object = aiodrive_cancel_scope_dup_object (AIODRIVE_CANCEL_SCOPE (scope));

  log->n_started++;
  log->had_object = object != NULL;
  g_clear_object (&object);
  if (log->fails)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "not there");
      log->n_ended++;
      return FALSE;
    }
  while (aiodrive_sleep (1000, scope, error))
    ;
  log->n_ended++;
  return FALSE;
}

static void
spawn (gpointer    object,
       const char *signal,
       Log        *log)
{
  aiodrive_spawn_for_object (object, signal, AIODRIVE_FIBER (receive_for_ever, log, NULL));
}

static void
test_endless (void)
{
  AiodriveLatch *object = aiodrive_latch_new ();
  Log log = { 0 };

  g_test_summary ("An endless job does not keep its object, and ends with it");

  spawn (object, NULL, &log);
  spawn (object, NULL, &log);
  g_assert_cmpuint (log.n_started, ==, 0);
  test_settle ();
  g_assert_cmpuint (log.n_started, ==, 2);
  g_assert_true (log.had_object);
  g_assert_cmpuint (log.n_ended, ==, 0);
  g_assert_finalize_object (object);
  test_iterate_until (log.n_ended == 2);
  test_settle ();
}

static void
test_signal (void)
{
  AiodriveLatch *object = aiodrive_latch_new ();
  Log log = { 0 };
  Log other = { 0 };

  g_test_summary ("A signal ends what was started for it; after it a job may be started again");

  spawn (object, NULL, &other);
  spawn (object, "notify::state", &log);
  test_settle ();
  aiodrive_latch_set (object);
  test_iterate_until (log.n_ended == 1);
  g_assert_cmpuint (other.n_ended, ==, 0);

  spawn (object, "notify::state", &log);
  test_settle ();
  g_assert_cmpuint (log.n_started, ==, 2);
  g_assert_cmpuint (log.n_ended, ==, 1);
  aiodrive_latch_unset (object);
  test_iterate_until (log.n_ended == 2);
  g_assert_finalize_object (object);
  test_iterate_until (other.n_ended == 1);
  test_settle ();
}

static void
test_failure (void)
{
  AiodriveLatch *object = aiodrive_latch_new ();
  Log log = { .fails = TRUE };
  Log other = { 0 };

  g_test_summary ("A failure is a warning that names the task, and ends nothing else");

  spawn (object, NULL, &other);
  spawn (object, NULL, &log);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*receive_for_ever*failed*not there*");
  test_iterate_until (log.n_ended == 1);
  test_settle ();
  g_test_assert_expected_messages ();
  g_assert_cmpuint (other.n_ended, ==, 0);
  g_assert_finalize_object (object);
  test_iterate_until (other.n_ended == 1);
  test_settle ();
}

static void
test_bad_signal (void)
{
  AiodriveLatch *object = aiodrive_latch_new ();
  Log log = { 0 };

  g_test_summary ("A signal that is not there is a critical warning; the job finds its scope cancelled");

  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*AiodriveLatch has no signal “clicked”*");
  spawn (object, "clicked", &log);
  g_test_assert_expected_messages ();
  test_iterate_until (log.n_ended == 1);
  test_settle ();
  g_assert_finalize_object (object);
}

typedef struct
{
  AiodriveLatch *object;
  Log            log;
} There;

static void
spawn_there (gpointer data,
             gpointer unused)
{
  There *self = data;

  spawn (self->object, NULL, &self->log);
  test_settle ();
}

static void
test_threads (void)
{
  TestThread *thread = test_thread_start ();
  There there = { aiodrive_latch_new (), { 0 } };
  Log here = { 0 };

  g_test_summary ("A job runs in the context in which it was started");

  spawn (there.object, NULL, &here);
  test_thread_call (thread, (GFunc) spawn_there, &there);
  g_assert_cmpuint (there.log.n_started, ==, 1);
  g_assert_cmpuint (here.n_started, ==, 0);
  test_settle ();
  g_assert_cmpuint (here.n_started, ==, 1);
  g_object_unref (there.object);
  test_iterate_until (here.n_ended == 1);
  while (g_atomic_int_get (&there.log.n_ended) == 0)
    g_thread_yield ();
  test_thread_stop (thread);
  test_settle ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/group/spawn-for-object/endless", test_endless);
  g_test_add_func ("/aiodrive/group/spawn-for-object/signal", test_signal);
  g_test_add_func ("/aiodrive/group/spawn-for-object/failure", test_failure);
  g_test_add_func ("/aiodrive/group/spawn-for-object/bad-signal", test_bad_signal);
  g_test_add_func ("/aiodrive/group/spawn-for-object/threads", test_threads);

  return g_test_run ();
}
