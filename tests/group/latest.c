/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/group/group.h"

static void
spawn (AiodriveLatest *latest,
       TestChild      *child,
       const char     *name)
{
  child->name = name;
  child->future = aiodrive_thread_safe_future_new ();
  aiodrive_latest_spawn (latest, &child->task, test_child_job, child, test_child_freed);
}

static void
assert_ends (TestChild *self,
             gint       code)
{
  g_autoptr(GError) error = NULL;

  test_iterate_until (g_task_get_completed (self->task));
  error = aiodrive_task_dup_error (self->task);
  if (code < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, G_IO_ERROR, code);
}

static void
close_latest (AiodriveLatest *latest)
{
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_latest_close_async (latest, NULL, test_on_ready, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  g_assert_true (aiodrive_latest_close_finish (latest, test_call_wait (&call), &error));
  g_assert_no_error (error);
  g_assert_false (aiodrive_latest_is_busy (latest));
}

static void
test_awaits (void)
{
  AiodriveLatest *latest = aiodrive_latest_new (NULL, 0);
  g_auto(TestChild) first = { .lingers = TRUE };
  g_auto(TestChild) second = { 0 };
  g_auto(TestChild) third = { 0 };

  g_test_summary ("A spawn cancels the job before it, and awaits it; one that still waits never starts");

  spawn (latest, &first, "first");
  test_settle ();
  g_assert_cmpint (first.n_started, ==, 1);
  spawn (latest, &second, "second");
  g_assert_true (g_cancellable_is_cancelled (first.cancellable));
  test_settle ();
  spawn (latest, &third, "third");
  test_settle ();
  g_assert_cmpint (second.n_started, ==, 0);
  g_assert_cmpint (third.n_started, ==, 0);
  assert_ends (&second, G_IO_ERROR_CANCELLED);

  test_child_succeed (&first);
  test_iterate_until (third.n_started == 1);
  g_assert_false (third.was_cancelled);
  g_assert_true (g_task_get_completed (first.task));
  g_assert_cmpint (second.n_started, ==, 0);
  test_child_succeed (&third);
  assert_ends (&third, -1);
  test_settle ();
  g_assert_cmpint (second.n_freed, ==, 1);

  close_latest (latest);
  test_settle ();
  g_assert_finalize_object (latest);
}

static void
test_at_once (void)
{
  AiodriveLatest *latest = aiodrive_latest_new (NULL, 0);
  TestChild children[5] = { 0 };

  g_test_summary ("Of several jobs that come at once only the last one starts");

  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    spawn (latest, &children[i], "child");
  test_settle ();
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    g_assert_cmpint (children[i].n_started, ==, i == G_N_ELEMENTS (children) - 1);
  close_latest (latest);
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    assert_ends (&children[i], G_IO_ERROR_CANCELLED);
  test_settle ();
  g_assert_finalize_object (latest);
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    test_child_clear (&children[i]);
}

static gboolean
nothing (GCancellable  *scope,
         gpointer       started,
         GValue        *result,
         GError       **error)
{
  *(gint64 *) started = aiodrive_get_monotonic_time ();
  return TRUE;
}

static gboolean
type (GCancellable  *scope,
      gpointer       started,
      GValue        *result,
      GError       **error)
{
  g_autoptr(AiodriveLatest) latest = aiodrive_latest_new (scope, 200);
  gint64 begin = aiodrive_get_monotonic_time ();

  for (guint i = 0; i < 5; i++)
    {
      aiodrive_latest_spawn (latest, NULL, AIODRIVE_FIBER (nothing, started, NULL));
      aiodrive_sleep (150, scope, NULL);
      g_assert_cmpint (*(gint64 *) started, ==, 0);
    }
  if (!aiodrive_sleep (1000, scope, error))
    return FALSE;
  g_assert_cmpint (*(gint64 *) started, ==, begin + (4 * 150 + 200) * 1000);
  return TRUE;
}

static void
test_debounce (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  gint64 started = 0;
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, type, &started, NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("With a debounce time a job starts when no other one has come for that long");

  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_no_error (error);
}

static void
on_busy (AiodriveLatest *latest,
         GParamSpec     *pspec,
         GString        *log)
{
  g_string_append_c (log, aiodrive_latest_is_busy (latest) ? '+' : '-');
}

static void
test_busy (void)
{
  AiodriveLatest *latest = aiodrive_latest_new (NULL, 0);
  g_auto(TestChild) first = { 0 };
  g_auto(TestChild) second = { 0 };
  g_autoptr(GString) log = g_string_new (NULL);
  gboolean busy;
  guint debounce_ms;
  GCancellable *parent;

  g_test_summary ("\"busy\" is notified when the first job comes, and when the last one has ended");

  g_object_get (latest, "busy", &busy, "debounce-ms", &debounce_ms, "parent", &parent, NULL);
  g_assert_false (busy);
  g_assert_cmpuint (debounce_ms, ==, 0);
  g_assert_null (parent);
  g_signal_connect (latest, "notify::busy", G_CALLBACK (on_busy), log);
  spawn (latest, &first, "first");
  g_assert_true (aiodrive_latest_is_busy (latest));
  spawn (latest, &second, "second");
  test_settle ();
  g_assert_cmpstr (log->str, ==, "+");
  aiodrive_latest_cancel (latest);
  assert_ends (&second, G_IO_ERROR_CANCELLED);
  test_settle ();
  g_assert_cmpstr (log->str, ==, "+-");
  g_assert_finalize_object (latest);
}

static void
test_parent (void)
{
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  AiodriveLatest *latest = aiodrive_latest_new (parent, 0);
  g_auto(TestChild) first = { 0 };
  g_auto(TestChild) second = { 0 };
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  g_test_summary ("The parent cancels the job, and those that come later do not start");

  spawn (latest, &first, "first");
  test_settle ();
  g_cancellable_cancel (parent);
  spawn (latest, &second, "second");
  assert_ends (&first, G_IO_ERROR_CANCELLED);
  assert_ends (&second, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (second.n_started, ==, 0);
  aiodrive_latest_close_async (latest, NULL, test_on_ready, &call);
  g_assert_false (aiodrive_latest_close_finish (latest, test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  test_call_clear (&call);
  test_settle ();
  g_assert_finalize_object (latest);
}

static void
test_closed (void)
{
  AiodriveLatest *latest = aiodrive_latest_new (NULL, 0);
  g_auto(TestChild) first = { 0 };
  g_auto(TestChild) late = { 0 };

  g_test_summary ("Closing cancels and awaits; afterwards a job fails with CLOSED");

  spawn (latest, &first, "first");
  test_settle ();
  close_latest (latest);
  close_latest (latest);
  assert_ends (&first, G_IO_ERROR_CANCELLED);
  spawn (latest, &late, "late");
  assert_ends (&late, G_IO_ERROR_CLOSED);
  g_assert_cmpint (late.n_started, ==, 0);
  test_settle ();
  g_assert_finalize_object (latest);
}

static void
test_dropped (void)
{
  AiodriveLatest *latest = aiodrive_latest_new (NULL, 0);
  g_auto(TestChild) first = { 0 };

  g_test_summary ("Dropping it cancels the job");

  spawn (latest, &first, "first");
  test_settle ();
  g_assert_finalize_object (latest);
  assert_ends (&first, G_IO_ERROR_CANCELLED);
  test_settle ();
}

static void
test_failure (void)
{
  AiodriveLatest *latest = aiodrive_latest_new (NULL, 0);
  g_auto(TestChild) first = { 0 };
  g_auto(TestChild) second = { 0 };

  g_test_summary ("A failure is a warning that names the task; the next job starts");

  spawn (latest, &first, "first");
  test_settle ();
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*first*failed*first failed*");
  test_child_fail (&first);
  assert_ends (&first, G_IO_ERROR_NOT_FOUND);
  test_settle ();
  g_test_assert_expected_messages ();
  spawn (latest, &second, "second");
  test_settle ();
  g_assert_cmpint (second.n_started, ==, 1);
  close_latest (latest);
  test_settle ();
  g_assert_finalize_object (latest);
}

static gpointer
spawn_often (gpointer latest)
{
  for (guint i = 0; i < 50; i++)
    {
      gint64 *started = g_new0 (gint64, 1);

      aiodrive_latest_spawn (latest, NULL, AIODRIVE_FIBER (nothing, started, g_free));
    }
  return NULL;
}

static void
test_threads (void)
{
  AiodriveLatest *latest = aiodrive_latest_new (NULL, 0);
  GThread *threads[3];

  g_test_summary ("Every thread may spawn");

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("spawn", spawn_often, latest);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  test_iterate_until (!aiodrive_latest_is_busy (latest));
  close_latest (latest);
  test_settle ();
  g_assert_finalize_object (latest);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/group/latest/awaits", test_awaits);
  g_test_add_func ("/aiodrive/group/latest/at-once", test_at_once);
  g_test_add_func ("/aiodrive/group/latest/debounce", test_debounce);
  g_test_add_func ("/aiodrive/group/latest/busy", test_busy);
  g_test_add_func ("/aiodrive/group/latest/parent", test_parent);
  g_test_add_func ("/aiodrive/group/latest/closed", test_closed);
  g_test_add_func ("/aiodrive/group/latest/dropped", test_dropped);
  g_test_add_func ("/aiodrive/group/latest/failure", test_failure);
  g_test_add_func ("/aiodrive/group/latest/threads", test_threads);

  return g_test_run ();
}
