/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* See combinator.c for what these have in common with the others. */

#define N 3

typedef struct
{
  TestTask *children[N];
  GTask    *tasks[N];
} Fixture;

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  const char *names[N] = { "a", "b", "c" };

  for (guint i = 0; i < N; i++)
    {
      self->children[i] = test_task_new (i == 1 ? TEST_TASK_FOREIGN : TEST_TASK_JOB, names[i], NULL);
      self->tasks[i] = self->children[i]->task;
    }
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  for (guint i = 0; i < N; i++)
    {
      test_task_succeed (self->children[i]);
      test_task_free (self->children[i]);
    }
}

/* The tasks come back in their order, in whichever they ended. */
static void
test_success (Fixture       *self,
              gconstpointer  data)
{
  GTask *all[] = { aiodrive_try_all (self->tasks, N, NULL), aiodrive_wait_all (self->tasks, N, NULL) };

  for (guint i = N; i-- > 0; )
    {
      test_settle ();
      g_assert_false (g_task_get_completed (all[0]) || g_task_get_completed (all[1]));
      test_task_succeed (self->children[i]);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GPtrArray) tasks = NULL;

      aiodrive_run (all[i]);
      tasks = i == 0 ? aiodrive_try_all_finish (G_ASYNC_RESULT (all[0]), &error)
                     : aiodrive_wait_all_finish (G_ASYNC_RESULT (all[1]), &error);
      g_assert_no_error (error);
      test_finalize_task (all[i]);   /* the array has references of its own */
      g_assert_cmpuint (tasks->len, ==, N);
      for (guint j = 0; j < N; j++)
        g_assert_true (g_ptr_array_index (tasks, j) == self->tasks[j]);
    }
  test_assert_value (self->tasks[0], "a");
  test_assert_value (self->tasks[1], "b");
  test_assert_value (self->tasks[2], "c");
}

static void
assert_children (Fixture *self,
                 GTask   *all)
{
  g_autoptr(GPtrArray) children = aiodrive_task_dup_children (all);

  g_assert_cmpuint (children->len, ==, N);
  for (guint i = 0; i < N; i++)
    g_assert_true (g_ptr_array_index (children, i) == self->tasks[i]);
}

/* After a failure too: the tasks are to be had in their order, and the one that failed first. */
static void
test_children (Fixture       *self,
               gconstpointer  data)
{
  GTask *all = aiodrive_wait_all (self->tasks, N, NULL);
  g_autoptr(GTask) failed = NULL;

  assert_children (self, all);
  g_assert_null (aiodrive_task_ref_failed_child (all));   /* it has not ended */
  test_task_fail (self->children[2], G_IO_ERROR_NOT_FOUND);
  test_settle ();
  test_task_fail (self->children[1], G_IO_ERROR_EXISTS);
  test_task_succeed (self->children[0]);
  aiodrive_run (all);

  assert_children (self, all);
  test_assert_value (self->tasks[0], "a");
  failed = aiodrive_task_ref_failed_child (all);
  g_assert_true (failed == self->tasks[2]);
  test_finalize_task (all);
}

/* Which one failed, and not those that were cancelled because of it. */
static void
test_failed_child (Fixture       *self,
                   gconstpointer  data)
{
  GTask *all = aiodrive_try_all (self->tasks, N, NULL);
  g_autoptr(GTask) failed = NULL;

  g_cancellable_cancel (g_task_get_cancellable (self->tasks[0]));
  self->children[2]->lingers = TRUE;
  test_iterate_until (self->children[2]->n_cancelled == 1);
  test_task_fail (self->children[2], G_IO_ERROR_NOT_FOUND);
  aiodrive_run (all);

  failed = aiodrive_task_ref_failed_child (all);
  g_assert_true (failed == self->tasks[2]);
  test_finalize_task (all);
}

static void
test_no_children (Fixture       *self,
                  gconstpointer  data)
{
  g_autoptr(GTask) stranger = g_task_new (NULL, NULL, NULL, NULL);
  GTask *all = aiodrive_try_all (self->tasks, N, NULL);
  GTask *tasks[] = { stranger, self->tasks[0], all };

  for (guint i = 0; i < N; i++)
    test_task_succeed (self->children[i]);
  aiodrive_run (all);
  g_task_set_task_data (stranger, self, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      g_autoptr(GPtrArray) children = aiodrive_task_dup_children (tasks[i]);

      g_assert_cmpuint (children->len, ==, tasks[i] == all ? N : 0);
      g_assert_null (aiodrive_task_ref_failed_child (tasks[i]));
    }
  test_finalize_task (all);
  g_task_return_boolean (stranger, TRUE);
  test_settle ();
}

static void
test_empty (void)
{
  GTask *task = aiodrive_try_all (NULL, 0, NULL);
  g_autoptr(GPtrArray) tasks = NULL;
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  tasks = aiodrive_try_all_finish (G_ASYNC_RESULT (task), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (tasks->len, ==, 0);
  test_finalize_task (task);
}

/* The first failure cancels the rest, which is awaited and then does not count. */
static void
test_first_failure (Fixture       *self,
                    gconstpointer  data)
{
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  self->children[2]->lingers = TRUE;
  aiodrive_try_all_async (self->tasks, N, NULL, test_on_ready, &call);
  test_task_fail (self->children[1], G_IO_ERROR_NOT_FOUND);
  test_settle ();
  g_assert_cmpint (self->children[0]->n_cancelled, ==, 1);
  g_assert_cmpint (self->children[1]->n_cancelled, ==, 0);
  g_assert_cmpint (self->children[2]->n_cancelled, ==, 1);
  g_assert_cmpuint (call.n_calls, ==, 0);
  test_task_fail (self->children[2], G_IO_ERROR_CANCELLED);
  g_assert_null (aiodrive_try_all_finish (test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, "b failed");
}

/* One that is cancelled by somebody else is a failure too: the rest is of no use without it. */
static void
test_first_cancelled (Fixture       *self,
                      gconstpointer  data)
{
  GTask *task = aiodrive_try_all (self->tasks, N, NULL);
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (g_task_get_cancellable (self->tasks[0]));
  aiodrive_run (task);
  g_assert_null (aiodrive_try_all_finish (G_ASYNC_RESULT (task), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (self->children[2]->n_cancelled, ==, 1);
  test_finalize_task (task);
}

static void
test_failed_before (Fixture       *self,
                    gconstpointer  data)
{
  GTask *task;
  g_autoptr(GError) error = NULL;

  test_task_fail (self->children[2], G_IO_ERROR_NOT_FOUND);
  test_settle ();
  task = aiodrive_try_all (self->tasks, N, NULL);
  g_assert_cmpint (self->children[0]->n_cancelled, ==, 0);   /* the library does nothing inside the call */
  aiodrive_run (task);
  g_assert_null (aiodrive_try_all_finish (G_ASYNC_RESULT (task), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpint (self->children[0]->n_cancelled, ==, 1);
  test_finalize_task (task);
}

static void
assert_multiple (GTask        *task,
                 const GError *error)
{
  g_autoptr(GPtrArray) errors = aiodrive_task_dup_errors (task);
  g_autoptr(GError) copy = g_error_copy (error);
  GPtrArray *carried = aiodrive_error_get_errors (copy);

  g_assert_error (error, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE);
  g_assert_cmpstr (error->message, ==, "2 of 3 tasks failed: a: a failed; c: c failed");
  g_assert_cmpuint (errors->len, ==, 2);
  g_assert_error ((GError *) g_ptr_array_index (errors, 0), G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_error ((GError *) g_ptr_array_index (errors, 1), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpuint (carried->len, ==, 2);
  g_assert_error ((GError *) g_ptr_array_index (carried, 1), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* All errors are there, in the order of the tasks. */
static void
test_errors_while_cancelled (Fixture       *self,
                             gconstpointer  data)
{
  GTask *task = aiodrive_try_all (self->tasks, N, NULL);
  g_autoptr(GError) error = NULL;

  self->children[0]->lingers = TRUE;
  test_task_fail (self->children[2], G_IO_ERROR_NOT_FOUND);
  test_settle ();
  test_task_fail (self->children[0], G_IO_ERROR_EXISTS);
  aiodrive_run (task);
  g_assert_null (aiodrive_try_all_finish (G_ASYNC_RESULT (task), &error));
  assert_multiple (task, error);
  test_finalize_task (task);
}

/* wait_all() lets everybody go on. */
static void
test_failures_cancel_nobody (Fixture       *self,
                             gconstpointer  data)
{
  GTask *task = aiodrive_wait_all (self->tasks, N, NULL);
  g_autoptr(GError) error = NULL;

  test_task_fail (self->children[2], G_IO_ERROR_NOT_FOUND);
  test_settle ();
  test_task_fail (self->children[0], G_IO_ERROR_EXISTS);
  test_settle ();
  g_assert_cmpint (self->children[1]->n_cancelled, ==, 0);
  g_assert_false (g_task_get_completed (task));
  test_task_succeed (self->children[1]);
  aiodrive_run (task);
  g_assert_null (aiodrive_wait_all_finish (G_ASYNC_RESULT (task), &error));
  assert_multiple (task, error);
  test_assert_value (self->tasks[1], "b");
  test_finalize_task (task);
}

static void
test_failure_before_cancelled (Fixture       *self,
                               gconstpointer  data)
{
  GTask *task = aiodrive_wait_all (self->tasks, N, NULL);
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (g_task_get_cancellable (self->tasks[0]));
  test_settle ();
  g_assert_cmpint (self->children[1]->n_cancelled, ==, 0);
  test_task_fail (self->children[1], G_IO_ERROR_NOT_FOUND);
  test_task_succeed (self->children[2]);
  aiodrive_run (task);
  g_assert_null (aiodrive_wait_all_finish (G_ASYNC_RESULT (task), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  test_finalize_task (task);
}

/* Errors of combinators in combinators stay what they are; a task without a name has a word for it. */
static void
test_nested_errors (Fixture       *self,
                    gconstpointer  data)
{
  GTask *inner = aiodrive_wait_all (self->tasks, N, NULL);
  TestTask *last = test_task_new (TEST_TASK_JOB, NULL, NULL);
  GTask *tasks[] = { inner, last->task };
  GTask *task = aiodrive_wait_all (tasks, 2, NULL);
  g_autoptr(GPtrArray) errors = NULL;
  g_autoptr(GError) error = NULL;

  g_task_set_name (inner, "inner");
  test_task_fail (self->children[0], G_IO_ERROR_EXISTS);
  test_task_succeed (self->children[1]);
  test_task_fail (self->children[2], G_IO_ERROR_NOT_FOUND);
  g_task_return_new_error (last->inner, G_IO_ERROR, G_IO_ERROR_CLOSED, "closed");
  last->returned = TRUE;
  g_clear_object (&last->inner);
  aiodrive_run (task);
  errors = aiodrive_task_dup_errors (task);
  g_assert_cmpuint (errors->len, ==, 2);
  assert_multiple (inner, g_ptr_array_index (errors, 0));
  error = aiodrive_task_dup_error (task);
  g_assert_true (g_str_has_suffix (error->message, "; closed"));

  test_finalize_task (task);
  test_finalize_task (inner);
  test_task_free (last);
}

/* The same task twice, failed already: it counts as often as it was given. */
static void
test_same_error_twice (Fixture       *self,
                       gconstpointer  data)
{
  GTask *tasks[] = { self->tasks[0], self->tasks[0] };
  GTask *task;
  g_autoptr(GPtrArray) errors = NULL;

  test_task_fail (self->children[0], G_IO_ERROR_NOT_FOUND);
  test_settle ();
  task = aiodrive_wait_all (tasks, 2, NULL);
  aiodrive_run (task);
  errors = aiodrive_task_dup_errors (task);
  g_assert_cmpuint (errors->len, ==, 2);
  test_finalize_task (task);
}

static void
test_thousand (void)
{
  g_autoptr(GPtrArray) children = g_ptr_array_new ();
  g_autoptr(GPtrArray) tasks = g_ptr_array_new ();
  g_autoptr(GError) error = NULL;
  GTask *task;

  for (guint i = 0; i < 1000; i++)
    {
      g_ptr_array_add (children, test_task_new (i % 3, "one of many", NULL));
      g_ptr_array_add (tasks, ((TestTask *) g_ptr_array_index (children, i))->task);
    }
  task = aiodrive_try_all ((GTask **) tasks->pdata, tasks->len, NULL);
  test_task_fail (g_ptr_array_index (children, 500), G_IO_ERROR_NOT_FOUND);
  aiodrive_run (task);
  g_assert_null (aiodrive_try_all_finish (G_ASYNC_RESULT (task), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);

  test_finalize_task (task);
  g_ptr_array_foreach (children, (GFunc) (void (*) (void)) test_task_free, NULL);
}

static void
wait_for_event (GTask        *task,
                GCancellable *cancellable,
                gpointer      event)
{
  aiodrive_thread_safe_event_wait_async (event, cancellable, aiodrive_task_complete, g_object_ref (task));
}

static void
fail (GTask        *task,
      GCancellable *cancellable,
      gpointer      data)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "not found");
}

/* What a failure costs does not grow with the square of the number of tasks: that would end in the timeout of
 * the test. */
static void
test_many (void)
{
  guint n = test_rounds (100000);
  g_autoptr(AiodriveThreadSafeEvent) never = aiodrive_thread_safe_event_new ();
  g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GTask) task = NULL;
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (tasks, aiodrive_spawn (NULL, i == n - 1 ? fail : wait_for_event, never, NULL));
  task = aiodrive_try_all ((GTask **) tasks->pdata, tasks->len, NULL);
  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* Task @i fails with a message of its number. */
static GTask *
fail_all (guint n)
{
  g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n; i++)
    {
      GTask *task = aiodrive_task_new (NULL);

      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%u", i);
      g_ptr_array_add (tasks, task);
    }
  return aiodrive_wait_all ((GTask **) tasks->pdata, tasks->len, NULL);
}

/* The message of several errors lists the first ones. */
static void
test_many_errors (void)
{
  g_autoptr(GTask) task = fail_all (1000);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) errors = NULL;

  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_cmpstr (error->message, ==, "1000 of 1000 tasks failed: 0; 1; 2; 3; 4; and 995 more");
  errors = aiodrive_task_dup_errors (task);
  g_assert_cmpuint (errors->len, ==, 1000);
}

/* A long message is cut there, at the end of a character; the error itself has all of it. */
static void
test_long_messages (void)
{
  g_autofree char *hundred = g_strnfill (199, 'x');
  g_autofree char *message = g_strconcat (hundred, "é is the end", NULL);
  GTask *tasks[] = { aiodrive_task_new (NULL), aiodrive_task_new (NULL) };
  g_autoptr(GTask) task = aiodrive_wait_all (tasks, 2, NULL);
  g_autofree char *expected = g_strdup_printf ("2 of 2 tasks failed: %s…; short", hundred);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) errors = NULL;

  g_task_return_new_error (tasks[0], G_IO_ERROR, G_IO_ERROR_FAILED, "%s", message);
  g_task_return_new_error (tasks[1], G_IO_ERROR, G_IO_ERROR_FAILED, "short");
  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_cmpstr (error->message, ==, expected);
  errors = aiodrive_task_dup_errors (task);
  g_assert_cmpstr (((GError *) g_ptr_array_index (errors, 0))->message, ==, message);
  g_object_unref (tasks[0]);
  g_object_unref (tasks[1]);
}

#define add(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("/aiodrive/task/gather/success", test_success);
  add ("/aiodrive/task/gather/children", test_children);
  add ("/aiodrive/task/gather/failed-child", test_failed_child);
  add ("/aiodrive/task/gather/no-children", test_no_children);
  g_test_add_func ("/aiodrive/task/gather/empty", test_empty);
  add ("/aiodrive/task/gather/first-failure", test_first_failure);
  add ("/aiodrive/task/gather/first-cancelled", test_first_cancelled);
  add ("/aiodrive/task/gather/failed-before", test_failed_before);
  add ("/aiodrive/task/gather/errors-while-cancelled", test_errors_while_cancelled);
  add ("/aiodrive/task/gather/failures-cancel-nobody", test_failures_cancel_nobody);
  add ("/aiodrive/task/gather/failure-before-cancelled", test_failure_before_cancelled);
  add ("/aiodrive/task/gather/nested-errors", test_nested_errors);
  add ("/aiodrive/task/gather/same-error-twice", test_same_error_twice);
  g_test_add_func ("/aiodrive/task/gather/thousand", test_thousand);
  g_test_add_func ("/aiodrive/task/gather/many", test_many);
  g_test_add_func ("/aiodrive/task/gather/many-errors", test_many_errors);
  g_test_add_func ("/aiodrive/task/gather/long-messages", test_long_messages);

  return g_test_run ();
}
