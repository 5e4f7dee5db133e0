/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/support.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aiodrive/core/stack-switch-private.h"

/* Runs @func in a fiber until it has ended, and returns its task. */
static GTask *
run_fiber (AiodriveFiberFunc func,
           gpointer          data)
{
  GTask *task = aiodrive_spawn (NULL, AIODRIVE_FIBER (func, data, NULL));

  aiodrive_run (task);
  return task;
}

static void
assert_succeeds (AiodriveFiberFunc func,
                 gpointer          data)
{
  g_autoptr(GTask) task = run_fiber (func, data);
  g_autoptr(GError) error = aiodrive_task_dup_error (task);

  g_assert_no_error (error);
}

static gboolean
return_answer (GCancellable  *scope,
               gpointer       data,
               GValue        *result,
               GError       **error)
{
  g_assert_true (AIODRIVE_IS_CANCEL_SCOPE (scope));
  g_assert_true (aiodrive_fiber_get_scope () == scope);
  return aiodrive_return_int (result, GPOINTER_TO_INT (data));
}

static gboolean
return_nothing (GCancellable  *scope,
                gpointer       data,
                GValue        *result,
                GError       **error)
{
  return TRUE;
}

static gboolean
fail_busy (GCancellable  *scope,
           gpointer       data,
           GValue        *result,
           GError       **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
  return FALSE;
}

static gboolean
fail_silently (GCancellable  *scope,
               gpointer       data,
               GValue        *result,
               GError       **error)
{
  return FALSE;
}

static void
set_flag (gpointer flag)
{
  *(gboolean *) flag = TRUE;
}

static gboolean
expect_flag_unset (GCancellable  *scope,
                   gpointer       flag,
                   GValue        *result,
                   GError       **error)
{
  return !*(gboolean *) flag;
}

static void
test_spawn (void)
{
  g_autoptr(GTask) task = run_fiber (return_answer, GINT_TO_POINTER (42));
  g_autoptr(GTask) nothing = run_fiber (return_nothing, NULL);
  g_auto(GValue) value = G_VALUE_INIT;
  g_auto(GValue) empty = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;
  gboolean freed = FALSE;

  g_test_summary ("A fiber is a task with its name and its result, TRUE if it has none; its data is freed at last");

  g_assert_cmpstr (g_task_get_name (task), ==, "func");
  aiodrive_task_propagate (task, &value, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_value_get_int64 (&value), ==, 42);
  aiodrive_task_propagate (nothing, &empty, &error);
  g_assert_no_error (error);
  g_assert_true (g_value_get_boolean (&empty));

  g_clear_object (&task);
  task = aiodrive_spawn_fiber (NULL, expect_flag_unset, &freed, set_flag);
  aiodrive_run (task);
  test_settle ();
  g_assert_true (freed);
  g_assert_cmpstr (g_task_get_name (task), ==, "expect_flag_unset");
  g_assert_no_error (aiodrive_task_dup_error (task));
}

static void
test_fail (void)
{
  g_autoptr(GTask) task = run_fiber (fail_busy, NULL);
  g_autoptr(GTask) silent = run_fiber (fail_silently, NULL);
  g_autoptr(GError) error = aiodrive_task_dup_error (task);
  g_autoptr(GError) other = aiodrive_task_dup_error (silent);

  g_test_summary ("A fiber that returns FALSE fails with its error, or with one that says that there is none");

  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_error (other, G_IO_ERROR, G_IO_ERROR_FAILED);
}

static gboolean
load_source (GCancellable  *scope,
             gpointer       path,
             GValue        *result,
             GError       **error)
{
  g_autoptr(GFile) file = g_file_new_for_path (path);
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GFileInfo) info = NULL;

  info = g_file_query_info_finish (file, AIODRIVE_AWAIT (g_file_query_info_async, file, "standard::size",
                                                         G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT),
                                   error);
  if (info == NULL)
    return FALSE;
  bytes = g_file_load_bytes_finish (file, AIODRIVE_AWAIT_IN (NULL, g_file_load_bytes_async, file), NULL, error);
  if (bytes == NULL)
    return FALSE;
  g_assert_cmpint (g_file_info_get_size (info), ==, g_bytes_get_size (bytes));
  return aiodrive_return_boxed (result, G_TYPE_BYTES, g_steal_pointer (&bytes));
}

static gboolean
await_loads (GCancellable  *scope,
             gpointer       path,
             GValue        *result,
             GError       **error)
{
  g_autoptr(GBytes) bytes = aiodrive_await_boxed (aiodrive_spawn_fiber (scope, load_source, path, NULL), error);
  g_autoptr(GBytes) none = NULL;
  g_autoptr(GError) not_found = NULL;

  g_assert_nonnull (bytes);
  none = aiodrive_await_boxed (aiodrive_spawn_fiber (scope, load_source, (gpointer) "/nonexistent", NULL), &not_found);
  g_assert_null (none);
  g_assert_error (not_found, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  return aiodrive_return_int (result, (gint64) g_bytes_get_size (bytes));
}

static void
test_await (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fiber.c", NULL);

  g_test_summary ("The result of an asynchronous function stands inside its finish function");

  assert_succeeds (await_loads, path);
}

/* An asynchronous function that gives a number one greater, here and now or later. */
static void
increment_async (gint                 number,
                 gboolean             later,
                 GCancellable        *cancellable,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, NULL, NULL);

  g_task_return_int (task, number + 1);
  if (later)
    g_task_report_error (NULL, callback, user_data, NULL,
                         g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "%d", number + 1));
  else
    callback (NULL, G_ASYNC_RESULT (task), user_data);
}

static gint
increment_finish (GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;
  gssize number = g_task_propagate_int (G_TASK (result), &error);

  return error != NULL ? (gint) g_ascii_strtoll (error->message, NULL, 10) : (gint) number;
}

static gboolean
await_nested (GCancellable  *scope,
              gpointer       data,
              GValue        *result,
              GError       **error)
{
  for (guint i = 0; i < 4; i++)
    {
      gboolean inner_later = (i & 1) != 0;
      gboolean outer_later = (i & 2) != 0;

      g_assert_cmpint (increment_finish (AIODRIVE_AWAIT (increment_async,
                                                         increment_finish (AIODRIVE_AWAIT (increment_async, 1,
                                                                                           inner_later)),
                                                         outer_later)),
                       ==, 3);
    }
  return TRUE;
}

static void
test_nested_await (void)
{
  g_test_summary ("An await is an argument of another one; a callback may come inside the call");

  assert_succeeds (await_nested, NULL);
}

static void
count_progress (goffset  current,
                goffset  total,
                gpointer n)
{
  (*(guint *) n)++;
  g_assert_null (aiodrive_stack_get_current ());
}

static gboolean
copy_file (GCancellable  *scope,
           gpointer       n,
           GValue        *result,
           GError       **error)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fiber.c", NULL);
  g_autoptr(GFile) source = g_file_new_for_path (path);
  g_autoptr(GFileIOStream) stream = NULL;
  g_autoptr(GFile) copy = g_file_new_tmp (NULL, &stream, error);
  gboolean copied;

  g_assert_nonnull (copy);
  copied = g_file_copy_finish (source, AIODRIVE_AWAIT_WITH_PROGRESS (g_file_copy_async, count_progress, n, source, copy,
                                                                     G_FILE_COPY_OVERWRITE, G_PRIORITY_DEFAULT),
                               error);
  g_file_delete (copy, NULL, NULL);
  return copied;
}

static void
test_progress (void)
{
  guint n = 0;

  g_test_summary ("A function with a progress callback is awaited, too");

  assert_succeeds (copy_file, &n);
  g_assert_cmpuint (n, >, 0);
}

static gboolean
await_forever (GCancellable  *scope,
               gpointer       cleaned_up,
               GValue        *result,
               GError       **error)
{
  g_autoptr(AiodriveCancelScope) shield = aiodrive_cancel_scope_new (scope);
  gboolean slept = aiodrive_sleep_finish (AIODRIVE_AWAIT (aiodrive_sleep_async, G_MAXUINT), error);

  g_assert_false (slept);
  aiodrive_cancel_scope_set_shielded (shield, TRUE);
  aiodrive_sleep (0, NULL, NULL);
  set_flag (cleaned_up);
  return FALSE;
}

static void
test_cancel (void)
{
  gboolean cleaned_up = FALSE;
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, await_forever, &cleaned_up, NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A fiber that is cancelled sees it in what it awaits, and cleans up");

  test_settle ();
  g_assert_false (cleaned_up);
  g_cancellable_cancel (g_task_get_cancellable (task));
  g_assert_false (cleaned_up);
  aiodrive_run (task);
  g_assert_true (cleaned_up);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gboolean
sleep_or_fail (GCancellable  *scope,
               gpointer       data,
               GValue        *result,
               GError       **error)
{
  return aiodrive_sleep (GPOINTER_TO_UINT (data), scope, error);
}

static void
test_sleep (void)
{
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, sleep_or_fail, GUINT_TO_POINTER (G_MAXUINT), NULL);
  g_autoptr(GCancellable) cancelled = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) at_once = NULL;

  g_test_summary ("aiodrive_sleep() suspends a fiber, and blocks a thread");

  assert_succeeds (sleep_or_fail, GUINT_TO_POINTER (1));
  test_settle ();
  g_cancellable_cancel (g_task_get_cancellable (task));
  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  g_assert_true (aiodrive_sleep (1, NULL, NULL));
  g_cancellable_cancel (cancelled);
  g_assert_false (aiodrive_sleep (1, cancelled, &at_once));
  g_assert_error (at_once, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gboolean
hold_lock (GCancellable  *scope,
           gpointer       lock,
           GValue        *result,
           GError       **error)
{
  static gboolean held;
  g_autoptr(AiodriveLockGuard) guard = NULL;

  guard = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, 0, scope, error);
  if (guard == NULL)
    return FALSE;
  g_assert_false (held);
  held = TRUE;
  aiodrive_sleep (0, NULL, NULL);
  held = FALSE;
  return TRUE;
}

static void
test_bare_name (void)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GTask) all = NULL;
  g_autoptr(GTask) waiting = NULL;
  g_autoptr(AiodriveLockGuard) guard = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A blocking function of a primitive suspends the fiber; its cancellable ends the wait");

  for (guint i = 0; i < 100; i++)
    g_ptr_array_add (tasks, aiodrive_spawn_fiber (NULL, hold_lock, lock, NULL));
  all = aiodrive_try_all ((GTask **) tasks->pdata, tasks->len, NULL);
  aiodrive_run (all);
  error = aiodrive_task_dup_error (all);
  g_assert_no_error (error);

  guard = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, 0, NULL, NULL);
  waiting = aiodrive_spawn_fiber (NULL, hold_lock, lock, NULL);
  test_settle ();
  g_cancellable_cancel (g_task_get_cancellable (waiting));
  aiodrive_run (waiting);
  error = aiodrive_task_dup_error (waiting);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gboolean
wait_for_event (GCancellable  *scope,
                gpointer       event,
                GValue        *result,
                GError       **error)
{
  return aiodrive_thread_safe_event_wait (event, scope, error);
}

static gpointer
set_event (gpointer event)
{
  aiodrive_thread_safe_event_set (event);
  return NULL;
}

static void
test_threads (void)
{
  guint n = test_rounds (1000);

  g_test_summary ("Another thread wakes or cancels a suspended fiber, whichever is first");

  for (guint i = 0; i < n; i++)
    {
      g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
      g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, wait_for_event, event, NULL);
      g_autoptr(GError) error = NULL;
      GThread *thread = g_thread_new ("setter", set_event, event);

      g_main_context_iteration (NULL, FALSE);
      if (i % 2 != 0)
        g_cancellable_cancel (g_task_get_cancellable (task));
      aiodrive_run (task);
      g_thread_join (thread);
      error = aiodrive_task_dup_error (task);
      if (error != NULL)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_true (error == NULL || i % 2 != 0);
    }
}

static gboolean
run_inside (GCancellable  *scope,
            gpointer       order,
            GValue        *result,
            GError       **error)
{
  g_autoptr(GTask) task = aiodrive_spawn_fiber (scope, sleep_or_fail, GUINT_TO_POINTER (1), NULL);

  g_string_append (order, "a");
  aiodrive_run (task);
  g_string_append (order, "c");
  return aiodrive_await (task, error);
}

static void
test_run (void)
{
  g_autoptr(GString) order = g_string_new (NULL);
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, run_inside, order, NULL);

  g_test_summary ("aiodrive_run() suspends a fiber");

  g_main_context_iteration (NULL, FALSE);
  test_settle ();
  g_string_append (order, "b");
  aiodrive_run (task);
  g_assert_true (g_str_has_prefix (order->str, "ab") || g_str_has_prefix (order->str, "ac"));
}

static gboolean
await_task (GCancellable  *scope,
            gpointer       task,
            GValue        *result,
            GError       **error)
{
  return aiodrive_await (task, error);
}

static void
test_await_task (void)
{
  g_test_summary ("Any number of fibers await any kind of task, which stays to be unwrapped");

  for (guint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    {
      TestTask *child = test_task_new (kind, "child", NULL);
      g_autoptr(GTask) first = aiodrive_spawn_fiber (NULL, await_task, child->task, NULL);
      g_autoptr(GTask) second = aiodrive_spawn_fiber (NULL, await_task, child->task, NULL);
      g_autoptr(GTask) cancelled = aiodrive_spawn_fiber (NULL, await_task, child->task, NULL);
      g_autoptr(GError) error = NULL;

      test_settle ();
      g_cancellable_cancel (g_task_get_cancellable (cancelled));
      aiodrive_run (cancelled);
      error = aiodrive_task_dup_error (cancelled);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpint (g_atomic_int_get (&child->n_cancelled), ==, 0);

      test_task_succeed (child);
      aiodrive_run (first);
      aiodrive_run (second);
      g_assert_null (aiodrive_task_dup_error (first));
      g_assert_null (aiodrive_task_dup_error (second));
      test_assert_value (child->task, "child");
      test_task_settle (child);
      test_task_free (child);
    }
}

static gboolean
await_child (GCancellable  *scope,
             gpointer       ended,
             GValue        *result,
             GError       **error)
{
  g_autoptr(GTask) child = aiodrive_spawn_fiber (scope, await_forever, ended, NULL);
  gboolean succeeded = aiodrive_await (child, error);

  g_assert_true (*(gboolean *) ended);
  return succeeded;
}

static void
test_cancelled_child (void)
{
  gboolean ended = FALSE;
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, await_child, &ended, NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A fiber that is cancelled awaits what is cancelled with it");

  test_settle ();
  g_cancellable_cancel (g_task_get_cancellable (task));
  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
return_int_job (GTask        *task,
                GCancellable *cancellable,
                gpointer      data)
{
  g_task_return_int (task, 7);
}

static void
return_string_job (GTask        *task,
                   GCancellable *cancellable,
                   gpointer      data)
{
  g_task_return_pointer (task, g_strdup ("plain"), g_free);
}

static gboolean
return_text (GCancellable  *scope,
             gpointer       text,
             GValue        *result,
             GError       **error)
{
  return aiodrive_return_string (result, g_strdup (text));
}

static gboolean
return_scope (GCancellable  *scope,
              gpointer       data,
              GValue        *result,
              GError       **error)
{
  return aiodrive_return_object (result, g_object_ref (scope));
}

static gboolean
return_false (GCancellable  *scope,
              gpointer       data,
              GValue        *result,
              GError       **error)
{
  return aiodrive_return_boolean (result, FALSE);
}

static gboolean
unwrap_all (GCancellable  *scope,
            gpointer       data,
            GValue        *result,
            GError       **error)
{
  g_autoptr(GTask) answer = aiodrive_spawn_fiber (scope, return_answer, GINT_TO_POINTER (42), NULL);
  g_autofree char *text = NULL;
  g_autofree char *plain = NULL;
  g_autofree char *raw = NULL;
  g_autoptr(GObject) object = NULL;
  g_autoptr(GError) mismatch = NULL;
  g_autoptr(GError) taken = NULL;

  g_assert_cmpint (aiodrive_await_int (aiodrive_timeout (answer, 10000, NULL), error), ==, 42);
  g_assert_cmpint (aiodrive_await_int (g_object_ref (answer), &taken), ==, -1);
  g_assert_error (taken, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (aiodrive_await_int (aiodrive_spawn (scope, return_int_job, NULL, NULL), error), ==, 7);
  g_assert_false (aiodrive_await_boolean (aiodrive_spawn_fiber (scope, return_false, NULL, NULL), error));
  g_assert_true (aiodrive_await_boolean (aiodrive_spawn_fiber (scope, return_nothing, NULL, NULL), error));

  text = aiodrive_await_string (aiodrive_spawn_fiber (scope, return_text, (gpointer) "text", NULL), error);
  g_assert_cmpstr (text, ==, "text");
  plain = aiodrive_await_string (aiodrive_spawn (scope, return_string_job, NULL, NULL), error);
  g_assert_cmpstr (plain, ==, "plain");
  raw = aiodrive_await_pointer (aiodrive_spawn_fiber (scope, return_text, (gpointer) "raw", NULL), error);
  g_assert_cmpstr (raw, ==, "raw");
  object = aiodrive_await_object (aiodrive_spawn_fiber (scope, return_scope, NULL, NULL), error);
  g_assert_true (AIODRIVE_IS_CANCEL_SCOPE (object));

  g_assert_null (aiodrive_await_object (aiodrive_spawn_fiber (scope, return_text, (gpointer) "text", NULL), &mismatch));
  g_assert_error (mismatch, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&mismatch);
  g_assert_cmpint (aiodrive_await_int (aiodrive_spawn_fiber (scope, return_scope, NULL, NULL), &mismatch), ==, -1);
  g_assert_error (mismatch, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  return TRUE;
}

static void
test_unwrap (void)
{
  g_test_summary ("A fiber awaits and unwraps a task in one call, through combinators; another type is an error");

  assert_succeeds (unwrap_all, NULL);
}

/* An asynchronous function whose body is a fiber. */
static GTask *
start_in_fiber (AiodriveFiberFunc    func,
                gpointer             data,
                GCancellable        *cancellable,
                GAsyncReadyCallback  callback,
                gpointer             user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_task_data (task, data, NULL);
  aiodrive_task_run_in_fiber (task, func);
  return task;
}

static void
on_ready_outside (GObject      *source_object,
                  GAsyncResult *result,
                  gpointer      call)
{
  g_assert_null (aiodrive_stack_get_current ());
  g_assert_null (aiodrive_stack_list_names (NULL));
  test_on_ready (source_object, result, call);
}

static gboolean
return_plain_answer (GCancellable  *scope,
                     gpointer       data,
                     GValue        *result,
                     GError       **error)
{
  g_assert_null (scope);
  aiodrive_sleep (0, NULL, NULL);
  return aiodrive_return_int (result, 42);
}

static guint n_counted;   /* boxed values that live */

static gpointer
counted_copy (gpointer counted)
{
  n_counted++;
  return g_memdup2 (counted, sizeof (int));
}

static void
counted_free (gpointer counted)
{
  n_counted--;
  g_free (counted);
}

static gboolean
return_counted (GCancellable  *scope,
                gpointer       type,
                GValue        *result,
                GError       **error)
{
  n_counted++;
  return aiodrive_return_boxed (result, *(GType *) type, g_new0 (int, 1));
}

static gboolean
return_bytes (GCancellable  *scope,
              gpointer       data,
              GValue        *result,
              GError       **error)
{
  return aiodrive_return_boxed (result, G_TYPE_BYTES, g_bytes_new_static ("x", 1));
}

static void
test_run_in_fiber (void)
{
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestCall) unwrapped_by_nobody = TEST_CALL_INIT;
  g_auto(TestCall) failed = TEST_CALL_INIT;
  g_autoptr(GTask) task = start_in_fiber (return_plain_answer, NULL, NULL, on_ready_outside, &call);
  g_autoptr(GTask) bytes = start_in_fiber (return_bytes, NULL, NULL, test_on_ready, &unwrapped_by_nobody);
  g_autoptr(GTask) failing = start_in_fiber (fail_busy, NULL, NULL, test_on_ready, &failed);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A task of any origin is returned for a fiber, after the fiber's stack was left");

  g_assert_true (test_call_wait (&call) == G_ASYNC_RESULT (task));
  g_assert_cmpint (g_task_propagate_int (task, &error), ==, 42);
  g_assert_no_error (error);
  test_call_wait (&unwrapped_by_nobody);
  test_call_wait (&failed);
  g_assert_cmpint (g_task_propagate_int (failing, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
}

static void
test_boxed (void)
{
  GType type = g_boxed_type_register_static ("TestCounted", counted_copy, counted_free);

  g_test_summary ("A boxed result of any type is freed with its task, unless it was taken");

  for (guint i = 0; i < 2; i++)
    {
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_autoptr(GTask) task = start_in_fiber (return_counted, &type, NULL, test_on_ready, &call);
      gpointer counted;

      test_call_wait (&call);
      g_assert_cmpuint (n_counted, ==, 1);
      counted = i == 0 ? g_task_propagate_pointer (task, NULL) : NULL;
      test_call_clear (&call);
      g_assert_finalize_object (g_steal_pointer (&task));
      g_assert_cmpuint (n_counted, ==, i == 0 ? 1 : 0);
      if (counted != NULL)
        counted_free (counted);
      g_assert_cmpuint (n_counted, ==, 0);
    }
}

static gboolean
start_others (GCancellable  *scope,
              gpointer       order,
              GValue        *result,
              GError       **error)
{
  g_autoptr(GTask) child = NULL;

  g_string_append (order, "a");
  child = aiodrive_prime (scope, AIODRIVE_FIBER (run_inside, order, NULL));
  g_string_append (order, "b");
  return aiodrive_await (child, error);
}

static void
test_started_outside (void)
{
  g_autoptr(GString) order = g_string_new (NULL);

  g_test_summary ("A fiber that a fiber starts begins when that is suspended");

  assert_succeeds (start_others, order);
  g_assert_cmpstr (order->str, ==, "abac");
}

static gboolean
iterate_and_refuse (gpointer blocked)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  GThread *thread = g_thread_new ("setter", set_event, event);

  g_assert_nonnull (aiodrive_stack_get_current ());
  g_assert_null (aiodrive_fiber_get_scope ());
  g_assert_true (aiodrive_thread_safe_event_wait (event, NULL, NULL));
  g_thread_join (thread);

  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*only a fiber can await*");
  g_assert_null (AIODRIVE_AWAIT (aiodrive_sleep_async, 0));
  g_test_assert_expected_messages ();
  set_flag (blocked);
  return G_SOURCE_REMOVE;
}

static gboolean
iterate_inside (GCancellable  *scope,
                gpointer       blocked,
                GValue        *result,
                GError       **error)
{
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_idle_add (iterate_and_refuse, blocked);
  while (!*(gboolean *) blocked)
    g_main_context_iteration (NULL, TRUE);

  g_main_context_push_thread_default (context);
  g_assert_null (aiodrive_fiber_get_scope ());
  g_main_context_pop_thread_default (context);
  g_assert_true (aiodrive_fiber_get_scope () == scope);
  return aiodrive_sleep (0, scope, error);
}

static void
test_not_inside (void)
{
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, return_answer, NULL, NULL);
  g_autoptr(GError) error = NULL;
  gboolean blocked = FALSE;

  g_test_summary ("In a main loop that a fiber runs, and outside of fibers, nothing suspends and nobody awaits");

  assert_succeeds (iterate_inside, &blocked);

  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*Only a fiber can await*");
  g_assert_false (aiodrive_await (task, &error));
  g_test_assert_expected_messages ();
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  aiodrive_run (task);
}

static void
look_outside (gpointer called)
{
  g_assert_null (aiodrive_stack_get_current ());
  set_flag (called);
}

static gboolean
call_outside (GCancellable  *scope,
              gpointer       called,
              GValue        *result,
              GError       **error)
{
  aiodrive_fiber_call_outside (look_outside, called);
  return TRUE;
}

static void
test_call_outside (void)
{
  gboolean called = FALSE;

  g_test_summary ("A fiber calls a function on the stack of the main loop");

  assert_succeeds (call_outside, &called);
  g_assert_true (called);
}

static gboolean
check_precondition (GCancellable  *scope,
                    gpointer       data,
                    GValue        *result,
                    GError       **error)
{
  AIODRIVE_RETURN_ERROR_IF_FAIL (data != NULL, error);
  return TRUE;
}

static void
test_precondition (void)
{
  g_autoptr(GTask) task = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A precondition that does not hold is a critical warning and an error");

  assert_succeeds (check_precondition, &task);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*data != NULL*");
  task = run_fiber (check_precondition, NULL);
  g_test_assert_expected_messages ();
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

static gboolean
fill_groups (GCancellable  *scope,
             gpointer       data,
             GValue        *result,
             GError       **error)
{
  g_autoptr(AiodrivePool) pool = aiodrive_pool_new (NULL);
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);
  GTask *in_thread = NULL;

  for (guint i = 0; i < 10; i++)
    aiodrive_pool_spawn_full (pool, NULL, NULL, 0, AIODRIVE_FIBER (sleep_or_fail, GUINT_TO_POINTER (1), NULL));
  if (!aiodrive_pool_run_finish (pool, AIODRIVE_AWAIT (aiodrive_pool_run_async, pool, AIODRIVE_POOL_FLAGS_NONE), error))
    return FALSE;

  if (!aiodrive_background_executor_start (executor, error))
    return FALSE;
  aiodrive_background_executor_spawn (executor, &in_thread, scope,
                                      AIODRIVE_FIBER (return_answer, GINT_TO_POINTER (5), NULL));
  g_assert_cmpint (aiodrive_await_int (in_thread, error), ==, 5);
  return aiodrive_background_executor_stop (executor, NULL, error);
}

static void
test_groups (void)
{
  g_test_summary ("A fiber is a job of pools, and of executors in another thread");

  assert_succeeds (fill_groups, NULL);
}

static gboolean
double_number (GCancellable  *scope,
               const GValue  *item,
               gpointer       factor,
               GValue        *result,
               GError       **error)
{
  gint64 number = g_value_get_int64 (item);

  if (!aiodrive_sleep (3 - (guint) number, scope, error))
    return FALSE;
  g_assert_cmpint (number, ==, g_value_get_int64 (item));
  return aiodrive_return_int (result, number * GPOINTER_TO_INT (factor));
}

static gboolean
sum_up (GCancellable  *scope,
        gpointer       data,
        GValue        *result,
        GError       **error)
{
  g_autoptr(AiodriveChannel) numbers = aiodrive_channel_new (3);
  g_autoptr(AiodriveAsyncIterator) doubled = NULL;
  gint64 sum = 0;

  for (gint64 n = 1; n <= 3; n++)
    {
      g_auto(GValue) number = G_VALUE_INIT;

      g_value_set_int64 (g_value_init (&number, G_TYPE_INT64), n);
      g_assert_true (aiodrive_channel_try_send (numbers, &number, NULL));
    }
  aiodrive_channel_close_send (numbers);

  doubled = aiodrive_map (AIODRIVE_ASYNC_ITERATOR (numbers), 2, AIODRIVE_MAP_FLAGS_NONE, scope,
                          AIODRIVE_MAP_FIBER (double_number, GINT_TO_POINTER (2), NULL));
  for (;;)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      if (!aiodrive_async_iterator_next_finish (doubled, AIODRIVE_AWAIT (aiodrive_async_iterator_next_async, doubled),
                                                &value, error))
        break;
      sum += g_value_get_int64 (&value);
    }
  g_assert_true (error == NULL || *error == NULL);
  return aiodrive_return_int (result, sum);
}

static void
test_map (void)
{
  g_autoptr(GTask) task = run_fiber (sum_up, NULL);
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A map runs a fiber for each item");

  aiodrive_task_propagate (task, &value, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_value_get_int64 (&value), ==, 12);
}

static gboolean
fork_inside (GCancellable  *scope,
             gpointer       event,
             GValue        *result,
             GError       **error)
{
  int status;
  pid_t child = fork ();

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      g_autoptr(GMainContext) context = g_main_context_new ();
      g_autoptr(GTask) task = NULL;

      g_main_context_push_thread_default (context);
      task = aiodrive_spawn_fiber (NULL, return_answer, GINT_TO_POINTER (1), NULL);
      while (!g_task_get_completed (task))
        g_main_context_iteration (context, TRUE);
      if (aiodrive_thread_safe_event_wait (event, NULL, NULL))
        kill (getpid (), SIGKILL);   /* so that no tool looks for leaks in what the parent has */
      _exit (8);
    }

  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  return aiodrive_return_boolean (result, WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
}

static void
test_fork (void)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  g_autoptr(GTask) waiting = aiodrive_spawn_fiber (NULL, wait_for_event, event, NULL);
  g_autoptr(AiodriveThreadSafeEvent) set = aiodrive_thread_safe_event_new ();
  g_autoptr(GTask) task = NULL;
  g_auto(GValue) value = G_VALUE_INIT;

  g_test_summary ("A fiber forks: in the child it goes on, and others run; the suspended ones stay where they are");

  aiodrive_thread_safe_event_set (set);
  test_settle ();
  task = run_fiber (fork_inside, set);
  aiodrive_task_propagate (task, &value, NULL);
  g_assert_true (g_value_get_boolean (&value));

  aiodrive_thread_safe_event_set (event);
  aiodrive_run (waiting);
}

/* What a fiber calls again and again without having to wait. */
typedef struct
{
  AiodriveThreadSafeEvent  *event;
  AiodriveThreadSafeFuture *future;
  AiodriveSmartLock        *lock;
  AiodriveChannel          *channel;
  GTask                    *task;
  guint                     which;
  gboolean                  redrawn;
} Ready;

static gboolean
call_ready (Ready         *self,
            GCancellable  *scope,
            GError       **error)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_auto(GValue) item = G_VALUE_INIT;

  switch (self->which)
    {
    case 0:
      return aiodrive_thread_safe_event_wait (self->event, scope, error);
    case 1:
      aiodrive_thread_safe_future_wait (self->future, scope, &value, error);
      return g_value_get_int (&value) == 1;
    case 2:
      {
        g_autoptr(AiodriveLockGuard) guard = NULL;

        guard = aiodrive_smart_lock_acquire (self->lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, 0, scope, error);
        return guard != NULL;
      }
    case 3:
      g_value_set_int (g_value_init (&item, G_TYPE_INT), 1);
      if (!aiodrive_channel_send (self->channel, &item, scope, error))
        return FALSE;
      aiodrive_channel_receive (self->channel, scope, &value, error);
      return g_value_get_int (&value) == 1;
    default:
      return aiodrive_await (self->task, error);
    }
}

static gboolean
never_wait (GCancellable  *scope,
            gpointer       data,
            GValue        *result,
            GError       **error)
{
  Ready *self = data;

  for (guint n = 0; !self->redrawn; n++)
    {
      if (!call_ready (self, scope, error))
        return FALSE;
      g_assert_cmpuint (n, <, 50 * 1000 * 1000);
    }
  return TRUE;
}

static gboolean
redraw (gpointer data)
{
  ((Ready *) data)->redrawn = TRUE;
  return G_SOURCE_REMOVE;
}

static void
test_fair (void)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  g_autoptr(AiodriveThreadSafeFuture) future = aiodrive_thread_safe_future_new ();
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  g_autoptr(AiodriveChannel) channel = aiodrive_channel_new (1);
  g_autoptr(GTask) task = run_fiber (return_nothing, NULL);
  Ready ready = { event, future, lock, channel, task, 0, FALSE };
  g_auto(GValue) one = G_VALUE_INIT;

  g_test_summary ("A fiber that never has to wait leaves time for redraws");

  g_value_set_int (g_value_init (&one, G_TYPE_INT), 1);
  aiodrive_thread_safe_event_set (event);
  aiodrive_thread_safe_future_set_value (future, &one, NULL);
  for (ready.which = 0; ready.which < 5; ready.which++)
    {
      ready.redrawn = FALSE;
      g_idle_add_full (120, redraw, &ready, NULL);
      assert_succeeds (never_wait, &ready);
      test_settle ();
    }
}

/* Works until something of a lower priority has run. */
static gboolean
work_in_slices (GCancellable  *scope,
                gpointer       data,
                GValue        *result,
                GError       **error)
{
  Ready *self = data;

  for (guint n = 0; !self->redrawn; n++)
    {
      if (!aiodrive_yield_after (2000, scope, error))
        return FALSE;
      g_assert_cmpuint (n, <, 50 * 1000 * 1000);
    }
  return TRUE;
}

static void
test_yield_after (void)
{
  Ready ready = { .redrawn = FALSE };

  g_idle_add_full (120, redraw, &ready, NULL);
  assert_succeeds (work_in_slices, &ready);
  g_assert_true (aiodrive_yield_after (0, NULL, NULL));   /* not in a fiber */
  test_settle ();
}

static gboolean
work_until_cancelled (GCancellable  *scope,
                      gpointer       n_parts,
                      GValue        *result,
                      GError       **error)
{
  for (guint i = 0; i < 4; i++)
    {
      if (!aiodrive_yield_after (i % 2 * 1000, scope, error))
        return FALSE;
      ++*(guint *) n_parts;
    }
  return TRUE;
}

static void
test_yield_after_cancelled (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  guint n_parts = 0;
  guint step;

  g_test_summary ("Before, and at each place where it yields; a test counts the slices of 0 alone");
  for (step = 0; aiodrive_test_context_cancel_at_step (test, step,
                                                       AIODRIVE_FIBER (work_until_cancelled, &n_parts, NULL), &error);
       step++)
    n_parts = 0;
  g_assert_no_error (error);
  g_assert_cmpuint (n_parts, ==, 4);
  g_assert_cmpuint (step, >=, 5);   /* 3 without the two slices of 0 */

  g_cancellable_cancel (cancellable);
  g_assert_false (aiodrive_yield_after (1000, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The sanitizers need megabytes for each, and valgrind looks for leaks in all of it. */
static guint
get_many (void)
{
#ifdef AIODRIVE_STACK_TOOLS_VALGRIND
  if (RUNNING_ON_VALGRIND)
    return 100;
#endif
  return __sanitizer_start_switch_fiber != NULL || __tsan_create_fiber != NULL ? 500 : 10000;
}

static void
test_many (void)
{
  guint n = get_many ();
  g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  g_autoptr(GTask) all = NULL;

  g_test_summary ("Ten thousand fibers wait at one moment");

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (tasks, aiodrive_spawn_fiber (NULL, wait_for_event, event, NULL));
  test_settle ();
  aiodrive_thread_safe_event_set (event);
  all = aiodrive_try_all ((GTask **) tasks->pdata, tasks->len, NULL);
  aiodrive_run (all);
  g_assert_null (aiodrive_task_dup_error (all));
}

typedef struct
{
  guint    n_freed;
  gboolean on_fiber;   /* its stack has run the destroy notify */
} JobData;

static void
job_data_freed (gpointer data)
{
  JobData *self = data;

  self->n_freed++;
  self->on_fiber = aiodrive_stack_can_suspend ();
}

static void
return_later (GTask        *task,
              GCancellable *cancellable,
              gpointer      data)
{
  g_task_set_task_data (task, data, NULL);
  aiodrive_sleep_async (0, cancellable, aiodrive_task_complete, g_object_ref (task));
}

static gboolean
await_with_data (GCancellable  *scope,
                 gpointer       data,
                 GValue        *result,
                 GError       **error)
{
  g_autoptr(GTask) task = aiodrive_spawn (scope, return_later, data, job_data_freed);
  gboolean awaited = aiodrive_await (task, error);

  g_assert_true (g_task_get_task_data (task) == data);
  g_assert_cmpuint (((JobData *) data)->n_freed, ==, 0);
  return awaited;
}

/* What the data of a job points to is there for the fiber that awaits it, until that is suspended again or ends. */
static void
test_job_data (void)
{
  JobData data = { 0 };

  assert_succeeds (await_with_data, &data);
  test_settle ();
  g_assert_cmpuint (data.n_freed, ==, 1);
  g_assert_false (data.on_fiber);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/fiber/spawn", test_spawn);
  g_test_add_func ("/aiodrive/task/fiber/fail", test_fail);
  g_test_add_func ("/aiodrive/task/fiber/await", test_await);
  g_test_add_func ("/aiodrive/task/fiber/job-data", test_job_data);
  g_test_add_func ("/aiodrive/task/fiber/nested-await", test_nested_await);
  g_test_add_func ("/aiodrive/task/fiber/progress", test_progress);
  g_test_add_func ("/aiodrive/task/fiber/cancel", test_cancel);
  g_test_add_func ("/aiodrive/task/fiber/sleep", test_sleep);
  g_test_add_func ("/aiodrive/task/fiber/bare-name", test_bare_name);
  g_test_add_func ("/aiodrive/task/fiber/threads", test_threads);
  g_test_add_func ("/aiodrive/task/fiber/run", test_run);
  g_test_add_func ("/aiodrive/task/fiber/await-task", test_await_task);
  g_test_add_func ("/aiodrive/task/fiber/cancelled-child", test_cancelled_child);
  g_test_add_func ("/aiodrive/task/fiber/unwrap", test_unwrap);
  g_test_add_func ("/aiodrive/task/fiber/returned-outside", test_run_in_fiber);
  g_test_add_func ("/aiodrive/task/fiber/boxed", test_boxed);
  g_test_add_func ("/aiodrive/task/fiber/started-outside", test_started_outside);
  g_test_add_func ("/aiodrive/task/fiber/not-inside", test_not_inside);
  g_test_add_func ("/aiodrive/task/fiber/call-outside", test_call_outside);
  g_test_add_func ("/aiodrive/task/fiber/precondition", test_precondition);
  g_test_add_func ("/aiodrive/task/fiber/groups", test_groups);
  g_test_add_func ("/aiodrive/task/fiber/map", test_map);
  g_test_add_func ("/aiodrive/task/fiber/fork", test_fork);
  g_test_add_func ("/aiodrive/task/fiber/fair", test_fair);
  g_test_add_func ("/aiodrive/task/fiber/yield-after", test_yield_after);
  g_test_add_func ("/aiodrive/task/fiber/yield-after-cancelled", test_yield_after_cancelled);
  g_test_add_func ("/aiodrive/task/fiber/many", test_many);

  return g_test_run ();
}
