/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

static GBytes *
finish_load (GFile   *file,
             GTask   *task,
             GError **error)
{
  g_autoptr(GAsyncResult) result = aiodrive_task_propagate_result (task, error);

  return result != NULL ? g_file_load_bytes_finish (file, result, NULL, error) : NULL;
}

/* A thread of GIO may be about to let go of the cancellable. */
static void
finalize_loaded (GTask *task)
{
  GObject *scope = g_object_ref (G_OBJECT (g_task_get_cancellable (task)));

  test_settle ();
  g_assert_finalize_object (task);
  test_spin_while (g_atomic_int_get (&scope->ref_count) > 1);
  g_assert_finalize_object (scope);
}

static void
test_load (void)
{
  g_autoptr(GFile) file = g_file_new_for_path (g_test_get_filename (G_TEST_DIST, "start.c", NULL));
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = NULL;
  GTask *task = AIODRIVE_START (NULL, g_file_load_bytes_async, file);

  aiodrive_run (task);
  bytes = finish_load (file, task, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), >, 0);

  finalize_loaded (task);
}

/* Being cancelled between its end and its finish function does not undo it. */
static void
test_cancel_before_finish (void)
{
  g_autoptr(GFile) file = g_file_new_for_path (g_test_get_filename (G_TEST_DIST, "start.c", NULL));
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = NULL;
  GTask *task = AIODRIVE_START (parent, g_file_load_bytes_async, file);

  aiodrive_run (task);
  g_cancellable_cancel (parent);
  g_assert_true (g_cancellable_is_cancelled (g_task_get_cancellable (task)));
  bytes = finish_load (file, task, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), >, 0);

  finalize_loaded (task);
}

static void
assert_fails (GTask *task,
              gint   code)
{
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, code);
}

static void
test_failure (void)
{
  g_autoptr(GFile) file = g_file_new_for_path ("/nonexistent/file");
  GTask *task = AIODRIVE_START (NULL, g_file_load_bytes_async, file);

  assert_fails (task, G_IO_ERROR_NOT_FOUND);
  finalize_loaded (task);
}

static void
test_cancelled (void)
{
  g_autoptr(GFile) file = g_file_new_for_path (g_test_get_filename (G_TEST_DIST, "start.c", NULL));
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  GTask *sleeping = AIODRIVE_START (parent, aiodrive_sleep_async, 3600000);
  GTask *task;

  g_cancellable_cancel (parent);
  task = AIODRIVE_START (parent, g_file_load_bytes_async, file);
  assert_fails (task, G_IO_ERROR_CANCELLED);
  assert_fails (sleeping, G_IO_ERROR_CANCELLED);

  finalize_loaded (task);
  test_finalize_task (sleeping);
}

/* Any asynchronous function, our own ones too. */
static void
test_own_function (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *tasks[] = { a->task };
  GTask *task = AIODRIVE_START (NULL, aiodrive_race_async, tasks, 1);
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GTask) winner = NULL;

  test_task_succeed (a);
  aiodrive_run (task);
  result = aiodrive_task_propagate_result (task, &error);
  g_assert_no_error (error);
  winner = aiodrive_race_finish (result, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (winner == a->task);

  g_clear_object (&result);
  g_clear_object (&winner);
  test_finalize_task (task);
  test_task_free (a);
}

/* A failed GTask of any type hands on its error. */
static void
fail_with_boolean_async (gpointer             object,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (object, cancellable, callback, user_data);

  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_EXISTS, "exists");
}

static void
test_error_of_any_type (void)
{
  GTask *task = AIODRIVE_START (NULL, fail_with_boolean_async, NULL);

  assert_fails (task, G_IO_ERROR_EXISTS);
  test_finalize_task (task);
}

/* A result that is no GTask. */
typedef struct
{
  GObject parent_instance;
} TestResult;

typedef GObjectClass TestResultClass;

static GType test_result_get_type (void);
static void  test_result_init_iface (GAsyncResultIface *iface);

G_DEFINE_TYPE_WITH_CODE (TestResult, test_result, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_RESULT, test_result_init_iface))

static void
test_result_init_iface (GAsyncResultIface *iface)
{
}

static void
test_result_class_init (TestResultClass *klass)
{
}

static void
test_result_init (TestResult *self)
{
}

/* It calls back inside the call, which is bad manners, but happens. */
static void
call_back_at_once_async (GAsyncResult        *result,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  callback (NULL, result, user_data);
}

static void
test_other_result (void)
{
  GAsyncResult *result = g_object_new (test_result_get_type (), NULL);
  GTask *task = AIODRIVE_START (NULL, call_back_at_once_async, result);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GAsyncResult) got = NULL;
  g_autoptr(GError) error = NULL;

  aiodrive_wait_task_async (task, NULL, test_on_ready, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  test_call_wait (&call);
  got = aiodrive_task_propagate_result (task, &error);
  g_assert_no_error (error);
  g_assert_true (got == result);

  g_clear_object (&got);
  test_call_clear (&call);
  test_finalize_task (task);
  g_assert_finalize_object (result);
}

/* A result that nobody takes goes with its task. */
static void
test_result_dropped (void)
{
  GAsyncResult *result = g_object_new (test_result_get_type (), NULL);
  GTask *task = AIODRIVE_START (NULL, call_back_at_once_async, result);

  test_settle ();
  test_finalize_task (task);
  g_assert_finalize_object (result);
}

/* The callback has finished the operation, and hands the result on all the same: GLib complains, and there is an
 * error. */
static void
on_failed_finish_first (GObject      *source_object,
                        GAsyncResult *result,
                        gpointer      task)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (g_task_propagate_boolean (G_TASK (result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_test_expect_message ("GLib-GIO", G_LOG_LEVEL_CRITICAL, "*g_task_propagate_pointer*failed*");
  aiodrive_task_complete (source_object, result, task);
  g_test_assert_expected_messages ();
}

static void
test_finished_before (void)
{
  GTask *task = aiodrive_task_new (NULL);

  fail_with_boolean_async (NULL, NULL, on_failed_finish_first, g_object_ref (task));
  assert_fails (task, G_IO_ERROR_INVALID_ARGUMENT);
  test_finalize_task (task);
}

/* Somebody else has looked at the error: waiting is not consuming. */
static void
on_failed_look_first (GObject      *source_object,
                      GAsyncResult *result,
                      gpointer      task)
{
  g_autoptr(GError) error = aiodrive_task_dup_error (G_TASK (result));

  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  aiodrive_task_complete (source_object, result, task);
}

static void
test_looked_at_before (void)
{
  GTask *task = aiodrive_task_new (NULL);

  aiodrive_race_async (NULL, 0, NULL, on_failed_look_first, g_object_ref (task));
  assert_fails (task, G_IO_ERROR_INVALID_ARGUMENT);
  test_finalize_task (task);
}

static void
put (AiodriveUnorderedQueue *queue,
     gint                    number)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_set_int (g_value_init (&value, G_TYPE_INT), number);
  g_assert_true (aiodrive_queue_put (AIODRIVE_QUEUE (queue), number, &value, NULL));
}

/* The result of a wait is no GTask, and is adopted as any other: with its value, or with its error. */
static void
test_own_results (void)
{
  g_autoptr(AiodriveUnorderedQueue) queue = aiodrive_unordered_queue_new ();
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(GTask) gets = AIODRIVE_START (NULL, aiodrive_queue_get_async, AIODRIVE_QUEUE (queue));
  g_autoptr(GTask) cancelled = AIODRIVE_START (G_CANCELLABLE (scope), aiodrive_queue_get_async,
                                               AIODRIVE_QUEUE (queue));
  g_autoptr(GTask) dropped = NULL;
  g_autoptr(GTask) closed = NULL;
  g_autoptr(GAsyncResult) result = NULL;
  g_auto(GValue) value = G_VALUE_INIT;
  g_auto(GValue) again = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (G_CANCELLABLE (scope));
  put (queue, 1);
  aiodrive_run (gets);
  result = aiodrive_task_propagate_result (gets, &error);
  g_assert_no_error (error);
  g_assert_false (G_IS_TASK (result));
  g_assert_false (aiodrive_result_had_error (result));
  aiodrive_queue_get_finish (AIODRIVE_QUEUE (queue), result, &value, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_value_get_int (&value), ==, 1);

  aiodrive_run (cancelled);
  g_assert_null (aiodrive_task_propagate_result (cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  /* what nobody unwraps goes back */
  put (queue, 2);
  dropped = AIODRIVE_START (NULL, aiodrive_queue_get_async, AIODRIVE_QUEUE (queue));
  aiodrive_run (dropped);
  g_assert_false (aiodrive_queue_try_get (AIODRIVE_QUEUE (queue), &again, NULL));
  g_value_unset (&again);
  test_settle ();
  g_assert_finalize_object (g_steal_pointer (&dropped));
  g_assert_true (aiodrive_queue_try_get (AIODRIVE_QUEUE (queue), &again, NULL));
  g_assert_cmpint (g_value_get_int (&again), ==, 2);

  aiodrive_queue_close (AIODRIVE_QUEUE (queue));
  closed = AIODRIVE_START (NULL, aiodrive_queue_get_async, AIODRIVE_QUEUE (queue));
  aiodrive_run (closed);
  g_assert_null (aiodrive_task_propagate_result (closed, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
finish_and_complete (GObject      *source_object,
                     GAsyncResult *result,
                     gpointer      task)
{
  g_assert_false (aiodrive_sleep_finish (result, NULL));
  g_assert_true (aiodrive_result_had_error (result));
  aiodrive_task_complete (source_object, result, task);
}

/* A wait whose error was taken before fails the task with another one. */
static void
test_own_result_finished_before (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(GTask) task = aiodrive_task_new (NULL);
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (G_CANCELLABLE (scope));
  aiodrive_sleep_async (1000, G_CANCELLABLE (scope), finish_and_complete, g_object_ref (task));
  aiodrive_run (task);
  g_assert_null (aiodrive_task_propagate_result (task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
test_completed_with_itself (void)
{
  GTask *task = aiodrive_task_new (NULL);

  aiodrive_task_complete (NULL, G_ASYNC_RESULT (task), g_object_ref (task));
  assert_fails (task, G_IO_ERROR_INVALID_ARGUMENT);
  test_finalize_task (task);
}

static gpointer
return_in_thread (gpointer task)
{
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
  return NULL;
}

/* A task of one's own, returned from anywhere. */
static void
test_new (void)
{
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  GTask *task = aiodrive_task_new (parent);
  GThread *thread;

  g_assert_true (AIODRIVE_IS_CANCEL_SCOPE (g_task_get_cancellable (task)));
  g_cancellable_cancel (parent);
  g_assert_true (g_cancellable_is_cancelled (g_task_get_cancellable (task)));
  thread = g_thread_new ("return", return_in_thread, g_object_ref (task));
  aiodrive_run (task);
  g_thread_join (thread);
  g_assert_true (g_task_propagate_boolean (aiodrive_task_get_leaf (task, NULL), NULL));

  test_finalize_task (task);
}

static void
test_wrong_arguments (void)
{
  g_autoptr(GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr(GTask) result = g_task_new (NULL, NULL, NULL, NULL);
  GTask *task = aiodrive_task_new (NULL);

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_CANCELLABLE (parent)*failed*");
  g_assert_null (aiodrive_task_new ((GCancellable *) object));
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_ASYNC_RESULT (result)*failed*");
  aiodrive_task_complete (NULL, NULL, g_object_ref (task));
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_TASK (self)*failed*");
  aiodrive_task_complete (NULL, G_ASYNC_RESULT (result), NULL);
  g_test_assert_expected_messages ();

  g_task_return_boolean (task, TRUE);
  test_finalize_task (task);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/start/load", test_load);
  g_test_add_func ("/aiodrive/task/start/cancel-before-finish", test_cancel_before_finish);
  g_test_add_func ("/aiodrive/task/start/failure", test_failure);
  g_test_add_func ("/aiodrive/task/start/cancelled", test_cancelled);
  g_test_add_func ("/aiodrive/task/start/own-function", test_own_function);
  g_test_add_func ("/aiodrive/task/start/error-of-any-type", test_error_of_any_type);
  g_test_add_func ("/aiodrive/task/start/other-result", test_other_result);
  g_test_add_func ("/aiodrive/task/start/result-dropped", test_result_dropped);
  g_test_add_func ("/aiodrive/task/start/finished-before", test_finished_before);
  g_test_add_func ("/aiodrive/task/start/looked-at-before", test_looked_at_before);
  g_test_add_func ("/aiodrive/task/start/own-results", test_own_results);
  g_test_add_func ("/aiodrive/task/start/own-result-finished-before", test_own_result_finished_before);
  g_test_add_func ("/aiodrive/task/start/completed-with-itself", test_completed_with_itself);
  g_test_add_func ("/aiodrive/task/start/new", test_new);
  g_test_add_func ("/aiodrive/task/start/wrong-arguments", test_wrong_arguments);

  return g_test_run ();
}
