/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

static void
assert_failure (GError *error,
                gint    code)
{
  g_assert_error (error, G_IO_ERROR, code);
  g_error_free (error);
}

static void
test_leaf (void)
{
  for (guint kind = 0; kind < TEST_N_TASK_KINDS - 1; kind++)
    {
      TestTask *a = test_task_new (kind, "a", NULL);
      GTask *race = aiodrive_race (&a->task, 1, NULL);
      GTask *all = aiodrive_try_all (&race, 1, NULL);
      g_autoptr(GError) error = NULL;

      test_task_succeed (a);
      aiodrive_run (all);
      g_assert_true (aiodrive_task_get_leaf (a->task, &error) == a->task);
      g_assert_true (aiodrive_task_get_leaf (race, &error) == a->task);
      g_assert_true (aiodrive_task_get_leaf (all, &error) == all);   /* it stands for no single one */
      g_assert_no_error (error);

      test_finalize_task (all);
      test_finalize_task (race);
      test_task_free (a);
    }
}

/* Errors can be asked for at will, and each is a copy. */
static void
test_error (void)
{
  for (guint kind = 0; kind < TEST_N_TASK_KINDS - 1; kind++)
    {
      TestTask *a = test_task_new (kind, "a", NULL);

      test_task_fail (a, G_IO_ERROR_NOT_FOUND);
      test_settle ();
      for (guint i = 0; i < 3; i++)
        {
          g_autoptr(GPtrArray) errors = aiodrive_task_dup_errors (a->task);
          g_auto(GValue) value = G_VALUE_INIT;
          GError *error = NULL;

          g_assert_cmpuint (errors->len, ==, 1);
          g_assert_error ((GError *) g_ptr_array_index (errors, 0), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
          assert_failure (aiodrive_task_dup_error (a->task), G_IO_ERROR_NOT_FOUND);
          g_assert_null (aiodrive_task_get_leaf (a->task, &error));
          assert_failure (g_steal_pointer (&error), G_IO_ERROR_NOT_FOUND);
          g_assert_null (aiodrive_task_propagate_result (a->task, &error));
          assert_failure (g_steal_pointer (&error), G_IO_ERROR_NOT_FOUND);
          aiodrive_task_propagate (a->task, &value, &error);
          assert_failure (g_steal_pointer (&error), G_IO_ERROR_NOT_FOUND);
          g_assert_true (G_IS_VALUE (&value));
        }
      test_task_free (a);
    }
}

static void
test_pending (void)
{
  for (guint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    {
      TestTask *a = test_task_new (kind, "a", NULL);
      g_autoptr(GPtrArray) errors = aiodrive_task_dup_errors (a->task);
      g_auto(GValue) value = G_VALUE_INIT;
      GError *error = NULL;

      g_assert_cmpuint (errors->len, ==, 0);
      g_assert_null (aiodrive_task_dup_error (a->task));
      g_assert_null (aiodrive_task_get_leaf (a->task, &error));
      assert_failure (g_steal_pointer (&error), G_IO_ERROR_PENDING);
      g_assert_null (aiodrive_task_propagate_result (a->task, &error));
      assert_failure (g_steal_pointer (&error), G_IO_ERROR_PENDING);
      aiodrive_task_propagate (a->task, &value, &error);
      assert_failure (g_steal_pointer (&error), G_IO_ERROR_PENDING);
      g_assert_true (G_IS_VALUE (&value));

      /* and it was not spoilt by that */
      test_task_succeed (a);
      aiodrive_run (a->task);
      test_assert_value (a->task, "a");
      test_task_free (a);
    }
}

/* A value is there once; the errors are not obligatory. */
static void
test_value_once (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *task = aiodrive_shield (a->task, NULL);
  g_auto(GValue) value = G_VALUE_INIT;
  g_auto(GValue) second = G_VALUE_INIT;
  g_auto(GValue) third = G_VALUE_INIT;
  GError *error = NULL;

  test_task_succeed (a);
  aiodrive_run (task);
  aiodrive_task_propagate (task, &value, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_value_get_string (&value), ==, "a");
  aiodrive_task_propagate (a->task, &second, &error);
  assert_failure (g_steal_pointer (&error), G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_true (G_IS_VALUE (&second));
  aiodrive_task_propagate (task, &third, NULL);
  g_assert_true (G_IS_VALUE (&third));
  g_assert_true (aiodrive_task_get_leaf (task, NULL) == a->task);

  test_finalize_task (task);
  test_task_free (a);
}

static void
test_result_once (void)
{
  TestTask *a = test_task_new (TEST_TASK_STARTED, "a", NULL);
  g_autoptr(GTask) inner = g_object_ref (a->inner);
  GAsyncResult *result;
  GError *error = NULL;

  test_task_succeed (a);
  test_settle ();
  result = aiodrive_task_propagate_result (a->task, &error);
  g_assert_no_error (error);
  g_assert_true (result == G_ASYNC_RESULT (inner));
  g_object_unref (result);
  g_assert_null (aiodrive_task_propagate_result (a->task, &error));
  assert_failure (g_steal_pointer (&error), G_IO_ERROR_INVALID_ARGUMENT);

  g_clear_object (&inner);
  test_task_free (a);
}

/* What was not started with AIODRIVE_START() is its own result, as often as wanted. */
static void
test_result_of_others (void)
{
  for (guint kind = 0; kind < TEST_N_TASK_KINDS - 1; kind++)
    {
      TestTask *a = test_task_new (kind, "a", NULL);
      GTask *task = aiodrive_race (&a->task, 1, NULL);

      test_task_succeed (a);
      aiodrive_run (task);
      for (guint i = 0; i < 2 && kind != TEST_TASK_STARTED; i++)
        {
          g_autoptr(GAsyncResult) result = aiodrive_task_propagate_result (task, NULL);

          g_assert_true (result == G_ASYNC_RESULT (a->task));
        }
      test_assert_value (task, "a");

      test_finalize_task (task);
      test_task_free (a);
    }
}

/* All tasks that the library returns itself hold a GValue. */
static void
test_of_the_library (void)
{
  TestTask *a = test_task_new (TEST_TASK_STARTED, "a", NULL);
  GTask *tasks[] = { aiodrive_try_all (NULL, 0, NULL), aiodrive_wait_all (NULL, 0, NULL),
                     aiodrive_cancel_task (a->task, NULL) };

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;
      g_autoptr(GError) error = NULL;

      aiodrive_run (tasks[i]);
      aiodrive_task_propagate (tasks[i], &value, &error);
      g_assert_no_error (error);
      g_assert_true (g_value_get_boolean (&value));
      test_finalize_task (tasks[i]);
    }
  test_task_free (a);
}

static void
test_started_holds_object (void)
{
  TestTask *a = test_task_new (TEST_TASK_STARTED, "a", NULL);
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  test_task_succeed (a);
  test_settle ();
  aiodrive_task_propagate (a->task, &value, &error);
  g_assert_no_error (error);
  g_assert_true (G_IS_TASK (g_value_get_object (&value)));

  g_value_unset (&value);
  test_task_free (a);
}

/* One that holds something else: GLib complains, and there is an error. */
static void
test_no_value (void)
{
  GTask *task = g_task_new (NULL, NULL, NULL, NULL);
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  g_task_return_int (task, 42);
  test_settle ();
  for (guint i = 0; i < 2; i++)   /* with the same words, for nothing was taken */
    {
      g_test_expect_message ("GLib-GIO", G_LOG_LEVEL_CRITICAL, "*g_task_propagate_value*failed*");
      aiodrive_task_propagate (task, &value, &error);
      g_test_assert_expected_messages ();
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_cmpstr (error->message, ==, "Task (unnamed) does not hold a GValue");
      g_assert_true (G_IS_VALUE (&value));
      g_value_unset (&value);
      g_clear_error (&error);
    }
  g_assert_cmpint (g_task_propagate_int (task, NULL), ==, 42);   /* the right function still works */

  test_finalize_task (task);
}

static void
expect_critical (const char *pattern)
{
  g_test_assert_expected_messages ();
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, pattern);
}

static void
test_wrong_arguments (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GError *set = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "set before");

  expect_critical ("*G_IS_TASK (task)*failed*");
  g_assert_null (aiodrive_task_get_leaf (NULL, NULL));
  expect_critical ("*G_IS_TASK (task)*failed*");
  g_assert_null (aiodrive_task_propagate_result (NULL, NULL));
  expect_critical ("*G_IS_TASK (task)*failed*");
  g_assert_null (aiodrive_task_dup_error (NULL));
  expect_critical ("*G_IS_TASK (task)*failed*");
  g_assert_null (aiodrive_task_dup_errors (NULL));
  expect_critical ("*value != NULL*failed*");
  aiodrive_task_propagate (a->task, NULL, NULL);
  expect_critical ("*error == NULL || *error == NULL*failed*");
  g_assert_null (aiodrive_task_get_leaf (a->task, &set));
  expect_critical ("*error != NULL*failed*");
  g_assert_null (aiodrive_error_get_errors (NULL));
  g_test_assert_expected_messages ();

  g_assert_null (aiodrive_error_get_errors (set));   /* another one carries none */
  g_error_free (set);
  test_task_succeed (a);
  test_task_free (a);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/propagate/leaf", test_leaf);
  g_test_add_func ("/aiodrive/task/propagate/error", test_error);
  g_test_add_func ("/aiodrive/task/propagate/pending", test_pending);
  g_test_add_func ("/aiodrive/task/propagate/value-once", test_value_once);
  g_test_add_func ("/aiodrive/task/propagate/result-once", test_result_once);
  g_test_add_func ("/aiodrive/task/propagate/result-of-others", test_result_of_others);
  g_test_add_func ("/aiodrive/task/propagate/of-the-library", test_of_the_library);
  g_test_add_func ("/aiodrive/task/propagate/started-holds-object", test_started_holds_object);
  g_test_add_func ("/aiodrive/task/propagate/no-value", test_no_value);
  g_test_add_func ("/aiodrive/task/propagate/wrong-arguments", test_wrong_arguments);

  return g_test_run ();
}
