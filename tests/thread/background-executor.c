/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/thread/executor.h"

#include "aiodrive/binding/bound-language-private.h"

#include <sys/mman.h>

typedef struct
{
  AiodriveBackgroundExecutor *executor;
  GThread                    *thread;        /* of the job */
  GThread                    *called_back;   /* where GIO called back */
  GThread                    *destroyed;
} Where;

static void
on_info (GObject      *file,
         GAsyncResult *result,
         gpointer      data)
{
  g_autoptr(GTask) task = data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GFileInfo) info = g_file_query_info_finish (G_FILE (file), result, &error);
  Where *where = g_task_get_task_data (task);

  g_assert_no_error (error);
  where->called_back = g_thread_self ();
  g_task_return_int (task, g_file_info_get_file_type (info));
}

static void
query (GTask        *task,
       GCancellable *cancellable,
       gpointer      data)
{
  Where *where = data;
  g_autoptr(GFile) file = g_file_new_for_path ("/");
  g_autoptr(GMainContext) context = aiodrive_background_executor_ref_context (where->executor);

  where->thread = g_thread_self ();
  g_assert_true (g_main_context_get_thread_default () == context);
  g_assert_true (g_task_get_context (task) == context);
  g_assert_true (g_task_get_cancellable (task) == cancellable);
  g_assert_true (aiodrive_background_executor_is_running (where->executor));
  g_task_set_task_data (task, where, NULL);
  g_file_query_info_async (file, G_FILE_ATTRIBUTE_STANDARD_TYPE, 0, 0, cancellable, on_info, g_object_ref (task));
}

static void
note_destroyed (gpointer data)
{
  ((Where *) data)->destroyed = g_thread_self ();
}

static void
forget (GTask        *task,
        GCancellable *cancellable,
        gpointer      data)
{
  g_task_set_name (task, "forgetful");
}

/* A job that drops its task does not keep the thread for ever, nor whoever waits here. */
static void
test_dropped_by_job (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new ("drop");
  g_autoptr(GTask) task = NULL;
  g_autoptr(GError) error = NULL;

  aiodrive_background_executor_spawn (executor, &task, NULL, forget, NULL, NULL);
  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_cmpstr (error->message, ==, "Task forgetful was dropped before it was returned");
  g_clear_error (&error);
  g_assert_true (aiodrive_background_executor_stop (executor, NULL, &error));
  g_assert_no_error (error);
}

static void
on_awaited (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  Where *where = data;

  g_assert_null (where->destroyed);
  where->called_back = g_thread_self ();
}

/* The data of a job is there for those who wait here. */
static void
test_data_in_callbacks (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new ("data");
  Where where = { .executor = executor };
  g_autoptr(GTask) task = NULL;

  aiodrive_background_executor_spawn (executor, &task, NULL, query, &where, note_destroyed);
  aiodrive_wait_task_async (task, NULL, on_awaited, &where);
  test_iterate_until (where.destroyed != NULL);
  g_assert_true (where.called_back == g_thread_self ());
  g_assert_true (where.destroyed == g_thread_self ());
}

static void
test_runs_there (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new ("query");
  Where where = { .executor = executor };
  g_autoptr(GTask) task = NULL;
  g_autoptr(GError) error = NULL;
  GTask *leaf;

  aiodrive_background_executor_spawn (executor, &task, NULL, query, &where, note_destroyed);
  g_assert_true (g_task_get_context (task) == g_main_context_default ());
  assert_ends (task, 0);
  leaf = aiodrive_task_get_leaf (task, &error);
  g_assert_no_error (error);
  g_assert_true (leaf != task);
  g_assert_cmpint (g_task_propagate_int (leaf, NULL), ==, G_FILE_TYPE_DIRECTORY);
  g_assert_true (where.thread != NULL && where.thread != g_thread_self ());
  g_assert_true (where.called_back == where.thread);
  g_assert_true (where.destroyed == g_thread_self ());
  assert_stops (executor);
  g_assert_finalize_object (g_steal_pointer (&executor));
}

static void
test_fails (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  Where where = { .executor = executor };
  GTask *task = NULL;

  aiodrive_background_executor_spawn (executor, &task, NULL, fail, &where, note_destroyed);
  assert_ends (task, G_IO_ERROR_NOT_FOUND);
  g_assert_true (where.destroyed == g_thread_self ());
  g_assert_finalize_object (task);
}

/* Nobody has the task: a failure is warned about. */
static void
test_unawaited (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  Where where = { .executor = executor };

  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "Task * failed and nobody awaited it: not found");
  aiodrive_background_executor_spawn (executor, NULL, NULL, fail, &where, note_destroyed);
  test_iterate_until (where.destroyed != NULL);
  test_settle ();
  g_test_assert_expected_messages ();
  aiodrive_background_executor_spawn (executor, NULL, NULL, return_true, NULL, NULL);
  assert_stops (executor);
  test_settle ();
}

static void
on_ticked (GObject      *source_object,
           GAsyncResult *result,
           gpointer      task)
{
  aiodrive_thread_safe_event_set (g_task_get_task_data (task));
  on_slept (source_object, result, task);
}

static void
tick (GTask        *task,
      GCancellable *cancellable,
      gpointer      event)
{
  g_task_set_task_data (task, event, NULL);
  aiodrive_sleep_async (3600000, cancellable, on_ticked, g_object_ref (task));
}

static void
test_blocked_main (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  g_autoptr(GTask) task = spawn (executor, NULL, tick, event);

  wait_for (event);
  g_assert_true (aiodrive_background_executor_stop (executor, NULL, NULL));
  assert_ends (task, 0);
}

/*
 * Its life
 */

static void
on_running (GObject    *executor,
            GParamSpec *pspec,
            gpointer    data)
{
  gboolean running;

  g_object_get (executor, "running", &running, NULL);
  g_string_append_c (data, running ? '+' : '-');
}

static void
test_properties (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new ("indexer");
  g_autoptr(GString) notified = g_string_new (NULL);
  g_autofree char *name = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_object_get (executor, "name", &name, NULL);
  g_assert_cmpstr (name, ==, "indexer");
  g_assert_cmpstr (aiodrive_background_executor_get_name (executor), ==, "indexer");
  g_assert_false (aiodrive_background_executor_is_running (executor));
  g_assert_null (aiodrive_background_executor_ref_context (executor));

  g_signal_connect (executor, "notify::running", G_CALLBACK (on_running), notified);
  g_assert_true (aiodrive_background_executor_start (executor, NULL));
  g_assert_true (aiodrive_background_executor_is_running (executor));
  g_assert_cmpstr (notified->str, ==, "");
  test_iterate_until (notified->len > 0);
  aiodrive_background_executor_stop_async (executor, NULL, test_on_ready, &call);
  test_call_wait (&call);
  g_assert_cmpstr (notified->str, ==, "+-");
  g_assert_null (aiodrive_background_executor_ref_context (executor));
}

static void
test_lazy (void)
{
  guint n_threads = count_entries ("/proc/self/task");
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);

  g_assert_cmpuint (count_entries ("/proc/self/task"), ==, n_threads);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(GTask) task = spawn (executor, NULL, return_true, NULL);

      assert_ends (task, 0);
      wait_for_end (executor);
    }
  assert_stops (executor);
  wait_for_threads (n_threads);
}

static void
get_thread (GTask        *task,
            GCancellable *cancellable,
            gpointer      data)
{
  g_task_return_pointer (task, g_thread_ref (g_thread_self ()), (GDestroyNotify) g_thread_unref);
}

static GThread *
run_get_thread (AiodriveBackgroundExecutor *executor)
{
  g_autoptr(GTask) task = spawn (executor, NULL, get_thread, NULL);

  assert_ends (task, 0);
  return g_task_propagate_pointer (aiodrive_task_get_leaf (task, NULL), NULL);
}

/* Started explicitly, it keeps its thread, also when tasks have made it start. */
static void
test_kept (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GTask) task = spawn (executor, cancellable, hang, event);
  g_autoptr(GMainContext) before = aiodrive_background_executor_ref_context (executor);
  g_autoptr(GThread) first = NULL;
  g_autoptr(GThread) second = NULL;

  g_assert_true (aiodrive_background_executor_start (executor, NULL));
  g_assert_true (aiodrive_background_executor_start (executor, NULL));
  g_cancellable_cancel (cancellable);
  assert_ends (task, G_IO_ERROR_CANCELLED);
  first = run_get_thread (executor);
  second = run_get_thread (executor);
  g_assert_true (first == second);
  g_assert_true (aiodrive_background_executor_is_running (executor));
  {
    g_autoptr(GMainContext) context = aiodrive_background_executor_ref_context (executor);

    g_assert_true (context == before);
  }
  assert_stops (executor);
}

static void
test_stop (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);

  assert_stops (executor);
  for (guint round = 0; round < 4; round++)
    {
      g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
      g_autoptr(GTask) one = spawn (executor, NULL, hang, NULL);
      g_autoptr(GTask) other = spawn (executor, NULL, hang, event);
      g_auto(TestCall) call = TEST_CALL_INIT;

      if (round < 2)
        wait_for (event);   /* else they may not have begun */
      if (round % 2 == 0)
        {
          assert_stops (executor);
        }
      else
        {
          aiodrive_background_executor_stop_async (executor, NULL, test_on_ready, &call);
          g_assert_true (aiodrive_background_executor_stop_finish (executor, test_call_wait (&call), NULL));
          g_assert_true (call.source_object == G_OBJECT (executor));
        }
      g_assert_false (aiodrive_background_executor_is_running (executor));
      assert_ends (one, G_IO_ERROR_CANCELLED);
      assert_ends (other, G_IO_ERROR_CANCELLED);
    }
  g_assert_finalize_object (g_steal_pointer (&executor));
}

/* The thread cannot be reached by way of its context; a second job is there that has not begun. */
static void
test_stop_blocked_job (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  g_autoptr(GTask) blocking = spawn (executor, NULL, block, event);
  g_autoptr(GTask) hanging = NULL;

  wait_for (event);
  hanging = spawn (executor, NULL, hang, NULL);
  assert_stops (executor);
  assert_ends (blocking, G_IO_ERROR_CANCELLED);
  assert_ends (hanging, G_IO_ERROR_CANCELLED);
}

/* A job that goes on for a while after it was cancelled. */
static void
linger (GTask        *task,
        GCancellable *cancellable,
        gpointer      data)
{
  gpointer *events = data;

  g_autoptr(AiodriveThreadSafeEvent) never = aiodrive_thread_safe_event_new ();

  aiodrive_thread_safe_event_set (events[0]);
  aiodrive_thread_safe_event_wait (never, cancellable, NULL);
  aiodrive_thread_safe_event_set (events[1]);
  wait_for (events[2]);
  g_task_return_boolean (task, TRUE);
}

typedef struct
{
  AiodriveThreadSafeEvent    *events[3];   /* it runs; it was cancelled; it is to end */
  AiodriveBackgroundExecutor *executor;
  GTask                      *task;
} Lingering;

static void
lingering_begin (Lingering *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->events); i++)
    self->events[i] = aiodrive_thread_safe_event_new ();
  self->executor = aiodrive_background_executor_new ("lingering");
  self->task = spawn (self->executor, NULL, linger, self->events);
  wait_for (self->events[0]);
}

static void
lingering_end (Lingering *self)
{
  aiodrive_thread_safe_event_set (self->events[2]);
  assert_ends (self->task, 0);
  g_clear_object (&self->task);
  for (guint i = 0; i < G_N_ELEMENTS (self->events); i++)
    g_clear_object (&self->events[i]);
}

static void
test_while_stopping (void)
{
  Lingering lingering;
  Where where = { 0 };
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GTask) late = NULL;
  g_autoptr(GTask) later = NULL;
  g_autoptr(GError) error = NULL;

  lingering_begin (&lingering);
  aiodrive_background_executor_stop_async (lingering.executor, NULL, test_on_ready, &call);
  wait_for (lingering.events[1]);
  aiodrive_background_executor_spawn (lingering.executor, &late, NULL, return_true, &where, note_destroyed);
  assert_ends (late, G_IO_ERROR_CLOSED);
  g_assert_true (where.destroyed == g_thread_self ());
  g_assert_false (aiodrive_background_executor_start (lingering.executor, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_true (aiodrive_background_executor_is_running (lingering.executor));
  g_assert_cmpuint (call.n_calls, ==, 0);

  lingering_end (&lingering);
  g_assert_true (aiodrive_background_executor_stop_finish (lingering.executor, test_call_wait (&call), NULL));
  later = spawn (lingering.executor, NULL, return_true, NULL);
  assert_ends (later, 0);
  assert_stops (lingering.executor);
  test_call_clear (&call);
  g_assert_finalize_object (lingering.executor);
}

static gpointer
stop_in_thread (gpointer executor)
{
  assert_stops (executor);
  return NULL;
}

static void
test_stop_several (void)
{
  Lingering lingering;
  GThread *threads[4];
  TestCall calls[3] = { TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT };

  lingering_begin (&lingering);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("stop", stop_in_thread, lingering.executor);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    aiodrive_background_executor_stop_async (lingering.executor, NULL, test_on_ready, &calls[i]);
  lingering_end (&lingering);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_assert_true (aiodrive_background_executor_stop_finish (lingering.executor, test_call_wait (&calls[i]), NULL));
      test_call_clear (&calls[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  assert_stops (lingering.executor);
  g_assert_finalize_object (lingering.executor);
}

static void
test_stop_cancelled (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  Lingering lingering;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(AiodriveCancelScope) short_scope = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  lingering_begin (&lingering);
  g_cancellable_cancel (cancellable);
  g_assert_false (aiodrive_background_executor_stop (lingering.executor, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  aiodrive_background_executor_stop_async (lingering.executor, cancellable, test_on_ready, &call);
  g_assert_false (aiodrive_background_executor_stop_finish (lingering.executor, test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  test_call_clear (&call);
  g_assert_false (aiodrive_thread_safe_event_is_set (lingering.events[1]));   /* it had no effect */

  short_scope = aiodrive_cancel_scope_new_with_timeout (NULL, 3600000);
  g_assert_false (aiodrive_background_executor_stop (lingering.executor, G_CANCELLABLE (short_scope), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_clear_object (&cancellable);
  cancellable = g_cancellable_new ();
  aiodrive_background_executor_stop_async (lingering.executor, cancellable, test_on_ready, &call);
  g_cancellable_cancel (cancellable);
  g_assert_false (aiodrive_background_executor_stop_finish (lingering.executor, test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  wait_for (lingering.events[1]);   /* it goes on to its end */

  lingering_end (&lingering);
  assert_stops (lingering.executor);
  test_call_clear (&call);
  g_assert_finalize_object (lingering.executor);
}

static void
on_not_stopped (GObject      *executor,
                GAsyncResult *result,
                gpointer      data)
{
  g_autoptr(GTask) task = data;
  g_autoptr(GError) error = NULL;

  g_assert_false (aiodrive_background_executor_stop_finish (AIODRIVE_BACKGROUND_EXECUTOR (executor), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_assert_false (g_cancellable_is_cancelled (g_task_get_cancellable (task)));
  g_task_return_boolean (task, TRUE);
}

static void
stop_itself (GTask        *task,
             GCancellable *cancellable,
             gpointer      executor)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (aiodrive_background_executor_stop (executor, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  aiodrive_background_executor_stop_async (executor, NULL, on_not_stopped, g_object_ref (task));
}

static void
test_stop_in_own_thread (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  g_autoptr(GTask) task = spawn (executor, NULL, stop_itself, executor);

  assert_ends (task, 0);
  assert_stops (executor);
}

/*
 * Dropped
 */

static void
test_drop_idle (void)
{
  guint n_threads = count_entries ("/proc/self/task");

  for (guint i = 0; i < 100; i++)
    {
      g_autoptr(AiodriveBackgroundExecutor) never = aiodrive_background_executor_new (NULL);
      g_autoptr(AiodriveBackgroundExecutor) kept = aiodrive_background_executor_new (NULL);
      g_autoptr(AiodriveBackgroundExecutor) lazy = aiodrive_background_executor_new (NULL);
      g_autoptr(GTask) task = spawn (lazy, NULL, return_true, NULL);

      g_assert_true (aiodrive_background_executor_start (kept, NULL));
      assert_ends (task, 0);
      if (i % 2 == 0)
        wait_for_end (lazy);
      g_assert_finalize_object (g_steal_pointer (&never));
      g_assert_finalize_object (g_steal_pointer (&kept));
      g_assert_finalize_object (g_steal_pointer (&lazy));
    }
  wait_for_threads (n_threads);
}

static void
test_drop_running (void)
{
  guint n_threads = count_entries ("/proc/self/task");
  Lingering lingering;

  lingering_begin (&lingering);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING,
                         "Background executor lingering was dropped while 1 of its tasks run: they are cancelled");
  g_assert_finalize_object (lingering.executor);
  g_test_assert_expected_messages ();
  wait_for (lingering.events[1]);
  lingering_end (&lingering);
  wait_for_threads (n_threads);
}

/* It is being stopped, but who stopped it does not wait for that. */
static void
test_drop_stopping (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  guint n_threads = count_entries ("/proc/self/task");
  Lingering lingering;
  g_autoptr(AiodriveCancelScope) scope = NULL;

  lingering_begin (&lingering);
  scope = aiodrive_cancel_scope_new_with_timeout (NULL, 3600000);
  g_assert_false (aiodrive_background_executor_stop (lingering.executor, G_CANCELLABLE (scope), NULL));
  g_assert_finalize_object (lingering.executor);
  lingering_end (&lingering);
  wait_for_threads (n_threads);
}

/* The executor keeps itself while somebody waits for its end. */
static void
test_drop_while_awaited (void)
{
  Lingering lingering;
  g_auto(TestCall) call = TEST_CALL_INIT;

  lingering_begin (&lingering);
  aiodrive_background_executor_stop_async (lingering.executor, NULL, test_on_ready, &call);
  g_object_unref (lingering.executor);
  lingering_end (&lingering);
  test_call_wait (&call);
}

typedef struct
{
  AiodriveBackgroundExecutor *executor;
  AiodriveThreadSafeEvent    *go_on;
} Dropped;

static void
drop_it (GTask        *task,
         GCancellable *cancellable,
         gpointer      data)
{
  Dropped *dropped = data;

  wait_for (dropped->go_on);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "Background executor (unnamed) was dropped*");
  g_assert_finalize_object (g_steal_pointer (&dropped->executor));
  g_test_assert_expected_messages ();
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_task_return_boolean (task, TRUE);
}

static void
test_drop_in_own_thread (void)
{
  guint n_threads = count_entries ("/proc/self/task");

  for (guint i = 0; i < 50; i++)
    {
      g_autoptr(AiodriveThreadSafeEvent) go_on = aiodrive_thread_safe_event_new ();
      Dropped dropped = { aiodrive_background_executor_new (NULL), go_on };
      g_autoptr(GTask) task = spawn (dropped.executor, NULL, drop_it, &dropped);

      aiodrive_thread_safe_event_set (go_on);
      assert_ends (task, 0);
    }
  wait_for_threads (n_threads);
}

/* A source that is left in the context: what it holds is freed in the thread, and that is the last there is. */
static void
test_drop_left_source (void)
{
  guint n_threads = count_entries ("/proc/self/task");
  AiodriveBackgroundExecutor *executor = aiodrive_background_executor_new (NULL);
  g_autoptr(GMainContext) context = NULL;
  GSource *source = g_timeout_source_new_seconds (3600);
  gint n_freed = 0;

  g_assert_true (aiodrive_background_executor_start (executor, NULL));
  context = aiodrive_background_executor_ref_context (executor);
  g_source_set_callback (source, (GSourceFunc) g_object_is_floating, g_object_ref (executor), g_object_unref);
  g_source_attach (source, context);
  g_source_unref (source);
  source = g_timeout_source_new_seconds (3600);
  g_source_set_callback (source, (GSourceFunc) g_object_is_floating, &n_freed, (GDestroyNotify) g_atomic_int_inc);
  g_source_attach (source, context);
  g_source_unref (source);
  g_clear_pointer (&context, g_main_context_unref);
  assert_stops (executor);
  g_assert_cmpint (n_freed, ==, 1);
  g_assert_cmpuint (G_OBJECT (executor)->ref_count, ==, 1);
  g_assert_finalize_object (executor);
  wait_for_threads (n_threads);
}

/*
 * Tasks
 */

static void
test_cancel (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  g_autoptr(GTask) other = spawn (executor, NULL, hang, NULL);

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
      g_autoptr(GTask) task = spawn (executor, i < 2 ? NULL : parent, hang, event);
      g_autoptr(GTask) cancelling = NULL;

      if (i % 2 == 0)
        wait_for (event);
      if (i < 2)
        {
          cancelling = aiodrive_cancel_task (task, NULL);
          assert_ends (cancelling, 0);
        }
      g_cancellable_cancel (parent);
      assert_ends (task, G_IO_ERROR_CANCELLED);
      if (i < 2)
        g_cancellable_reset (parent);
    }
  g_assert_false (aiodrive_task_dup_error (other) != NULL);
  assert_stops (executor);
  assert_ends (other, G_IO_ERROR_CANCELLED);
}

typedef struct
{
  GCancellable *cancellable;
  guint         n_loops;
} Canceller;

static gpointer
cancel_in_thread (gpointer data)
{
  Canceller *self = data;
  volatile guint n = 0;

  while (n < self->n_loops)
    n++;
  g_cancellable_cancel (self->cancellable);
  return NULL;
}

/* The cancellation comes from another thread, a little later each time. */
static void
test_cancel_at_every_moment (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  const guint n_rounds = g_test_thorough () ? 4000 : 400;

  for (guint i = 0; i < n_rounds; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      Canceller canceller = { cancellable, i * (200000 / n_rounds) };
      GThread *thread = g_thread_new ("cancel", cancel_in_thread, &canceller);
      AiodriveJobFunc jobs[] = { hang, block, return_true };
      g_autoptr(GTask) task = spawn (executor, cancellable, jobs[i % 3], NULL);

      assert_ends (task, i % 3 == 2 ? 0 : G_IO_ERROR_CANCELLED);
      g_thread_join (thread);
    }
  assert_stops (executor);
}

/* A job that goes down a number of executors, each of which spawns in the next one and awaits it. */
typedef struct
{
  AiodriveBackgroundExecutor *executors[2];
  gint                        depth;    /* atomic */
  AiodriveThreadSafeEvent    *bottom;   /* it hangs there */
} Descent;

static void
on_ascended (GObject      *source_object,
             GAsyncResult *result,
             gpointer      data)
{
  g_autoptr(GTask) task = data;
  g_autoptr(GTask) awaited = aiodrive_wait_task_finish (result, NULL);
  GError *error = NULL;

  g_assert_nonnull (awaited);
  if (aiodrive_task_get_leaf (awaited, &error) == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
descend (GTask        *task,
         GCancellable *cancellable,
         gpointer      data)
{
  Descent *descent = data;
  gint depth = g_atomic_int_add (&descent->depth, -1);
  g_autoptr(GTask) below = NULL;

  if (depth == 0)
    {
      hang (task, cancellable, descent->bottom);
      return;
    }

  below = spawn (descent->executors[depth % 2], cancellable, descend, descent);
  aiodrive_wait_task_async (below, NULL, on_ascended, g_object_ref (task));
}

/* Two executors hand tasks to each other; or one does to itself. */
static void
test_hand_over (void)
{
  g_autoptr(AiodriveBackgroundExecutor) one = aiodrive_background_executor_new ("one");
  g_autoptr(AiodriveBackgroundExecutor) other = aiodrive_background_executor_new ("other");

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr(AiodriveThreadSafeEvent) bottom = aiodrive_thread_safe_event_new ();
      Descent descent = { { one, i % 2 == 0 ? one : other }, 100, bottom };
      g_autoptr(GTask) task = spawn (one, NULL, descend, &descent);
      g_autoptr(GTask) cancelling = NULL;

      wait_for (bottom);
      if (i < 2)
        {
          cancelling = aiodrive_cancel_task (task, NULL);
          assert_ends (cancelling, 0);
        }
      else
        {
          assert_stops (one);
        }
      assert_ends (task, G_IO_ERROR_CANCELLED);
    }
  assert_stops (one);
  assert_stops (other);
}

/* What a job leaves in the inbox is run before the thread ends, and what comes of that. */
static void
count_down (GTask        *task,
            GCancellable *cancellable,
            gpointer      data)
{
  gint *n_left = data;

  if (g_atomic_int_add (n_left, -1) > 1)
    g_object_unref (aiodrive_spawn (NULL, count_down, n_left, NULL));
  g_task_return_boolean (task, TRUE);
}

static void
test_drains (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);

  for (guint i = 0; i < 100; i++)
    {
      gint n_left = 100;
      g_autoptr(GTask) task = spawn (executor, NULL, count_down, &n_left);

      if (i % 2 == 0)
        assert_ends (task, 0);
      assert_stops (executor);
      g_assert_cmpint (n_left, ==, 0);
      assert_ends (task, 0);
    }
}

/* A group there that refuses a task returns it at once, which GTask puts off into a source of its own. */
typedef struct
{
  AiodriveTaskGroup       *group;
  AiodriveThreadSafeEvent *made;
  AiodriveThreadSafeEvent *go_on;
} Refusing;

static void
on_closed (GObject      *group,
           GAsyncResult *result,
           gpointer      task)
{
  aiodrive_task_group_close_finish (AIODRIVE_TASK_GROUP (group), result, NULL);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
make_group (GTask        *task,
            GCancellable *cancellable,
            gpointer      data)
{
  Refusing *refusing = data;

  refusing->group = aiodrive_task_group_new (NULL);
  aiodrive_task_group_close_async (refusing->group, NULL, on_closed, g_object_ref (task));
}

static void
pause_thread (GTask        *task,
              GCancellable *cancellable,
              gpointer      data)
{
  Refusing *refusing = data;

  aiodrive_thread_safe_event_set (refusing->made);
  wait_for (refusing->go_on);
  g_task_return_boolean (task, TRUE);
}

static void
test_drains_refused (void)
{
  Refusing refusing = { NULL, aiodrive_thread_safe_event_new (), aiodrive_thread_safe_event_new () };
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  g_autoptr(GTask) made = NULL;
  g_autoptr(GTask) paused = NULL;
  g_autoptr(GTask) refused = NULL;

  g_assert_true (aiodrive_background_executor_start (executor, NULL));
  made = spawn (executor, NULL, make_group, &refusing);
  assert_ends (made, 0);
  paused = spawn (executor, NULL, pause_thread, &refusing);
  wait_for (refusing.made);
  aiodrive_task_group_spawn (refusing.group, &refused, return_true, NULL, NULL);
  aiodrive_thread_safe_event_set (refusing.go_on);
  assert_stops (executor);
  assert_ends (paused, 0);
  assert_ends (refused, G_IO_ERROR_CLOSED);

  g_object_unref (refusing.group);
  g_object_unref (refusing.made);
  g_object_unref (refusing.go_on);
}

static void
count (GTask        *task,
       GCancellable *cancellable,
       gpointer      n)
{
  g_atomic_int_inc ((gint *) n);
  g_task_return_boolean (task, TRUE);
}

typedef struct
{
  AiodriveBackgroundExecutor *executor;
  guint                       n_tasks;
  gint                        n_run;         /* atomic, as is the next */
  gint                        n_destroyed;
} Many;

static void
many_count (GTask        *task,
            GCancellable *cancellable,
            gpointer      many)
{
  count (task, cancellable, &((Many *) many)->n_run);
}

static void
many_destroyed (gpointer many)
{
  g_atomic_int_inc (&((Many *) many)->n_destroyed);
}

/* Each with a context of its own, where its tasks are called back; one task after the other, so that the executor's
 * thread ends now and then just when the next one comes. */
static gpointer
spawn_in_thread (gpointer data)
{
  Many *many = data;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < many->n_tasks; i++)
    {
      g_autoptr(GTask) task = NULL;

      aiodrive_background_executor_spawn (many->executor, &task, NULL, many_count, many, many_destroyed);
      assert_ends (task, 0);
    }
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
spawn_in_threads (guint n_threads,
                  guint n_tasks)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  guint n_before = count_entries ("/proc/self/task");
  Many many = { .executor = executor, .n_tasks = n_tasks };
  g_autofree GThread **threads = g_new (GThread *, n_threads);

  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new ("spawn", spawn_in_thread, &many);
  for (guint i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (many.n_run, ==, n_threads * n_tasks);
  g_assert_cmpint (many.n_destroyed, ==, n_threads * n_tasks);
  assert_stops (executor);
  wait_for_threads (n_before);
}

static void
test_spawn_from_threads (void)
{
  spawn_in_threads (8, g_test_thorough () ? 5000 : 500);
}

static void
test_spawn_while_leaving (void)
{
  spawn_in_threads (1, g_test_thorough () ? 20000 : 2000);
  spawn_in_threads (2, g_test_thorough () ? 20000 : 2000);
}

static void
note_overlap (GTask        *task,
              GCancellable *cancellable,
              gpointer      n_inside)
{
  g_assert_cmpint (g_atomic_int_add ((gint *) n_inside, 1), ==, 0);
  g_thread_yield ();
  g_atomic_int_add ((gint *) n_inside, -1);
  g_task_return_boolean (task, TRUE);
}

/* The threads of one executor come one after another. */
static void
test_no_overlap (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  gint n_inside = 0;

  for (guint i = 0; i < test_rounds (1000); i++)
    {
      g_autoptr(GTask) task = spawn (executor, NULL, note_overlap, &n_inside);

      for (guint n = i; n > 0 && aiodrive_background_executor_is_running (executor); n--)
        g_main_context_iteration (NULL, FALSE);
      if (i % 3 == 0)
        assert_ends (task, 0);
      else if (i % 3 == 1)
        assert_stops (executor);
    }
  assert_stops (executor);
  test_settle ();
}

static void
test_cycles (void)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new ("cycles");
  guint n_threads = count_entries ("/proc/self/task");
  guint n_files = count_entries ("/proc/self/fd");
  const guint n_cycles = test_rounds (1000);
  GWeakRef tasks[10];

  for (guint i = 0; i < n_cycles; i++)
    {
      g_autoptr(GMainContext) context = NULL;
      g_autoptr(GTask) task = NULL;

      if (i % 2 == 0)
        g_assert_true (aiodrive_background_executor_start (executor, NULL));
      if (i % 3 != 0)
        task = spawn (executor, NULL, i % 3 == 1 ? return_true : hang, NULL);
      if (i % 3 == 1)
        assert_ends (task, 0);
      assert_stops (executor);
      if (i % 3 == 2)
        assert_ends (task, G_IO_ERROR_CANCELLED);
      if (i >= n_cycles - G_N_ELEMENTS (tasks))
        g_weak_ref_init (&tasks[n_cycles - 1 - i], task);
    }
  test_settle ();
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      g_assert_null (g_weak_ref_get (&tasks[i]));
      g_weak_ref_clear (&tasks[i]);
    }
  wait_for_threads (n_threads);
  g_assert_cmpuint (count_entries ("/proc/self/fd"), ==, n_files);
}

/* One that is used in a thread that never iterates its context. */
static gpointer
use_in_thread (gpointer data)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(AiodriveBackgroundExecutor) executor = NULL;

  g_main_context_push_thread_default (context);
  executor = aiodrive_background_executor_new (NULL);
  g_assert_true (aiodrive_background_executor_start (executor, NULL));
  assert_stops (executor);
  g_assert_finalize_object (g_steal_pointer (&executor));
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_cycles_in_threads (void)
{
  guint n_files = count_entries ("/proc/self/fd");

  for (guint i = 0; i < 20; i++)
    g_thread_join (g_thread_new ("cycle", use_in_thread, NULL));
  g_assert_cmpuint (count_entries ("/proc/self/fd"), ==, n_files);
}

/* Without an interpreter in the process everything is taken for what it says to be. */
static void
test_foreign_code (void)
{
  gpointer page = mmap (NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  g_assert_true (page != MAP_FAILED);
  g_assert_null (aiodrive_get_bound_language (G_CALLBACK (return_true)));
  g_assert_null (aiodrive_get_bound_language ((GCallback) page));
  munmap (page, 4096);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* what GLib starts and opens once, and keeps */
  g_type_ensure (G_TYPE_TASK);
  g_main_context_default ();

#define ADD(name, func) g_test_add_func ("/aiodrive/thread/background-executor/" name, func)
  ADD ("runs-there", test_runs_there);
  ADD ("dropped-by-job", test_dropped_by_job);
  ADD ("data-in-callbacks", test_data_in_callbacks);
  ADD ("fails", test_fails);
  ADD ("unawaited", test_unawaited);
  ADD ("blocked-main", test_blocked_main);
  ADD ("properties", test_properties);
  ADD ("lazy", test_lazy);
  ADD ("kept", test_kept);
  ADD ("stop", test_stop);
  ADD ("stop-blocked-job", test_stop_blocked_job);
  ADD ("while-stopping", test_while_stopping);
  ADD ("stop-several", test_stop_several);
  ADD ("stop-cancelled", test_stop_cancelled);
  ADD ("stop-in-own-thread", test_stop_in_own_thread);
  ADD ("drop-idle", test_drop_idle);
  ADD ("drop-running", test_drop_running);
  ADD ("drop-stopping", test_drop_stopping);
  ADD ("drop-while-awaited", test_drop_while_awaited);
  ADD ("drop-in-own-thread", test_drop_in_own_thread);
  ADD ("drop-left-source", test_drop_left_source);
  ADD ("cancel", test_cancel);
  ADD ("cancel-at-every-moment", test_cancel_at_every_moment);
  ADD ("hand-over", test_hand_over);
  ADD ("drains", test_drains);
  ADD ("drains-refused", test_drains_refused);
  ADD ("spawn-from-threads", test_spawn_from_threads);
  ADD ("spawn-while-leaving", test_spawn_while_leaving);
  ADD ("no-overlap", test_no_overlap);
  ADD ("cycles", test_cycles);
  ADD ("cycles-in-threads", test_cycles_in_threads);
  ADD ("foreign-code", test_foreign_code);
#undef ADD

  return g_test_run ();
}
