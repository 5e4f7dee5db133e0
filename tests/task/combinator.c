/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* What all combinators have in common, each test run with each of them. */

#define LONG_MS 3600000

typedef struct
{
  const char *name;
  gboolean    takes_many;
  gboolean    has_leaf;
  gboolean    shields;    /* of others: refuses them; cancelled: leaves the task alone */
  gboolean    cancels;    /* its task, by itself */
  GTask    *(*start)       (GTask               **tasks,
                            gsize                 n_tasks,
                            GCancellable         *cancellable);
  void      (*start_async) (GTask               **tasks,
                            gsize                 n_tasks,
                            GCancellable         *cancellable,
                            GAsyncReadyCallback   callback,
                            gpointer              user_data);
  gboolean  (*finish)      (GAsyncResult         *result,
                            GError              **error);
} Combinator;

static gboolean
drop_task (GTask *task)
{
  gboolean is_task = task != NULL;

  g_clear_object (&task);
  return is_task;
}

static gboolean
drop_tasks (GPtrArray *tasks)
{
  gboolean is_array = tasks != NULL;

  g_clear_pointer (&tasks, g_ptr_array_unref);
  return is_array;
}

static gboolean
race_finish (GAsyncResult  *result,
             GError       **error)
{
  return drop_task (aiodrive_race_finish (result, NULL, error));
}

static gboolean
first_success_finish (GAsyncResult  *result,
                      GError       **error)
{
  return drop_task (aiodrive_first_success_finish (result, NULL, error));
}

static gboolean
try_all_finish (GAsyncResult  *result,
                GError       **error)
{
  return drop_tasks (aiodrive_try_all_finish (result, error));
}

static gboolean
wait_all_finish (GAsyncResult  *result,
                 GError       **error)
{
  return drop_tasks (aiodrive_wait_all_finish (result, error));
}

static GTask *
timeout (GTask        **tasks,
         gsize          n_tasks,
         GCancellable  *cancellable)
{
  return aiodrive_timeout (tasks[0], LONG_MS, cancellable);
}

static void
timeout_async (GTask               **tasks,
               gsize                 n_tasks,
               GCancellable         *cancellable,
               GAsyncReadyCallback   callback,
               gpointer              user_data)
{
  aiodrive_timeout_async (tasks[0], LONG_MS, cancellable, callback, user_data);
}

static gboolean
timeout_finish (GAsyncResult  *result,
                GError       **error)
{
  return drop_task (aiodrive_timeout_finish (result, error));
}

static GTask *
shield (GTask        **tasks,
        gsize          n_tasks,
        GCancellable  *cancellable)
{
  return aiodrive_shield (tasks[0], cancellable);
}

static void
shield_async (GTask               **tasks,
              gsize                 n_tasks,
              GCancellable         *cancellable,
              GAsyncReadyCallback   callback,
              gpointer              user_data)
{
  aiodrive_shield_async (tasks[0], cancellable, callback, user_data);
}

static gboolean
shield_finish (GAsyncResult  *result,
               GError       **error)
{
  return drop_task (aiodrive_shield_finish (result, error));
}

static GTask *
cancel_task (GTask        **tasks,
             gsize          n_tasks,
             GCancellable  *cancellable)
{
  return aiodrive_cancel_task (tasks[0], cancellable);
}

static void
cancel_task_async (GTask               **tasks,
                   gsize                 n_tasks,
                   GCancellable         *cancellable,
                   GAsyncReadyCallback   callback,
                   gpointer              user_data)
{
  aiodrive_cancel_task_async (tasks[0], cancellable, callback, user_data);
}

static const Combinator combinators[] =
{
  { "race", TRUE, TRUE, FALSE, FALSE, aiodrive_race, aiodrive_race_async, race_finish },
  { "first-success", TRUE, TRUE, FALSE, FALSE,
    aiodrive_first_success, aiodrive_first_success_async, first_success_finish },
  { "try-all", TRUE, FALSE, FALSE, FALSE, aiodrive_try_all, aiodrive_try_all_async, try_all_finish },
  { "wait-all", TRUE, FALSE, FALSE, FALSE, aiodrive_wait_all, aiodrive_wait_all_async, wait_all_finish },
  { "timeout", FALSE, TRUE, FALSE, FALSE, timeout, timeout_async, timeout_finish },
  { "shield", FALSE, TRUE, TRUE, FALSE, shield, shield_async, shield_finish },
  { "cancel-task", FALSE, FALSE, FALSE, TRUE, cancel_task, cancel_task_async, aiodrive_cancel_task_finish },
};

/* Asserts how @result ended; @code -1: with success. Asking many times changes nothing. */
static void
assert_ends (const Combinator *self,
             GAsyncResult     *result,
             gint              code)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(GError) error = NULL;
      gboolean success = self->finish (result, &error);

      if (code < 0)
        g_assert_no_error (error);
      else
        g_assert_error (error, G_IO_ERROR, code);
      g_assert_true (success == (error == NULL));
      g_assert_true (self->finish (result, NULL) == success);
    }
}

static gint
code_of (const Combinator *self,
         GAsyncResult     *result)
{
  g_autoptr(GError) error = NULL;

  return self->finish (result, &error) ? -1 : error->code;
}

static void
test_two_forms (gconstpointer data)
{
  const Combinator *self = data;
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  GTask *task = self->start (&a->task, 1, NULL);

  self->start_async (&a->task, 1, NULL, test_on_ready, &call);
  test_task_succeed (a);
  g_assert_cmpuint (call.n_calls, ==, 0);
  aiodrive_run (task);
  assert_ends (self, test_call_wait (&call), -1);
  assert_ends (self, G_ASYNC_RESULT (task), -1);

  /* and with one that has ended already, without a callback too */
  test_call_clear (&call);
  self->start_async (&a->task, 1, NULL, NULL, NULL);
  self->start_async (&a->task, 1, NULL, test_on_ready, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  assert_ends (self, test_call_wait (&call), -1);
  g_assert_true (call.context == g_main_context_default ());
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 1);

  test_call_clear (&call);
  test_finalize_task (task);
  test_task_free (a);
}

typedef struct
{
  const Combinator *combinator;
  TestTask         *child;
  TestCall          call;
} InCallback;

static gboolean
start_in_callback (gpointer data)
{
  InCallback *self = data;

  self->combinator->start_async (&self->child->task, 1, NULL, test_on_ready, &self->call);
  g_assert_cmpuint (self->call.n_calls, ==, 0);
  return G_SOURCE_REMOVE;
}

/* A callback never runs inside the call, also where the call is made in a source of the context. */
static void
test_started_in_callback (gconstpointer data)
{
  InCallback self = { .combinator = data, .child = test_task_new (TEST_TASK_JOB, "a", NULL) };

  test_task_succeed (self.child);
  test_settle ();
  g_idle_add (start_in_callback, &self);
  assert_ends (data, test_call_wait (&self.call), -1);

  test_call_clear (&self.call);
  test_task_free (self.child);
}

static void
test_context_of_the_caller (gconstpointer data)
{
  const Combinator *self = data;
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  a->lingers = TRUE;
  g_main_context_push_thread_default (context);
  self->start_async (&a->task, 1, NULL, test_on_ready, &call);
  test_task_succeed (a);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);   /* the child's context has not been iterated */
  g_main_context_pop_thread_default (context);

  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);   /* nor has that of the call since */
  while (call.n_calls == 0)
    g_main_context_iteration (context, TRUE);
  g_assert_true (call.context == context);
  assert_ends (self, call.result, -1);

  test_call_clear (&call);
  while (g_main_context_iteration (context, FALSE))
    ;
  test_task_free (a);
}

static gboolean
is_foreign (guint kind)
{
  return kind == TEST_TASK_FOREIGN || kind == TEST_TASK_REMOTE;
}

/* Children of every kind, pending (@finished FALSE) or finished, that fail or not. */
static void
check_kind (const Combinator *self,
            TestTaskKind      kind,
            gboolean          finished,
            gboolean          fails)
{
  TestTask *a = test_task_new (kind, "a", NULL);
  gint code = fails ? G_IO_ERROR_NOT_FOUND : -1;
  GTask *task = NULL;

  a->lingers = TRUE;
  if (!finished)
    task = self->start (&a->task, 1, NULL);
  if (fails)
    test_task_fail (a, G_IO_ERROR_NOT_FOUND);
  else
    test_task_succeed (a);
  if (finished)
    {
      test_task_settle (a);
      task = self->start (&a->task, 1, NULL);
    }
  aiodrive_run (task);

  if (self->shields && is_foreign (kind))
    {
      assert_ends (self, G_ASYNC_RESULT (task), G_IO_ERROR_NOT_SUPPORTED);
      g_assert_cmpint (g_atomic_int_get (&a->n_cancelled), ==, 0);
    }
  else
    {
      assert_ends (self, G_ASYNC_RESULT (task), code);
      if (!fails)
        test_assert_value (self->has_leaf ? task : a->task, "a");
      else
        {
          g_autoptr(GError) error = aiodrive_task_dup_error (task);

          g_assert_cmpstr (error->message, ==, "a failed");
        }
    }

  test_finalize_task (task);
  if (fails && !is_foreign (kind))
    {
      g_autoptr(GError) error = aiodrive_task_dup_error (a->task);

      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    }
  test_task_free (a);
}

static void
test_kinds (gconstpointer data)
{
  for (guint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    for (guint i = 0; i < 4; i++)
      check_kind (data, kind, i & 1, i & 2);
}

/* A task that cannot be cancelled alone is refused while it is pending, and then nobody is cancelled. */
static void
check_refused (const Combinator *self,
               TestTask         *bad,
               TestTask         *other,
               GCancellable     *cancellable)
{
  GTask *tasks[] = { other != NULL ? other->task : bad->task, bad->task };
  GTask *task = self->start (tasks, other != NULL ? 2 : 1, cancellable);
  g_auto(TestCall) call = TEST_CALL_INIT;

  self->start_async (tasks, other != NULL ? 2 : 1, cancellable, test_on_ready, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  aiodrive_run (task);
  assert_ends (self, G_ASYNC_RESULT (task), self->shields ? G_IO_ERROR_NOT_SUPPORTED : G_IO_ERROR_INVALID_ARGUMENT);
  assert_ends (self, test_call_wait (&call), code_of (self, G_ASYNC_RESULT (task)));
  test_task_settle (bad);
  g_assert_cmpint (g_atomic_int_get (&bad->n_cancelled), ==, 0);
  g_assert_true (other == NULL || g_atomic_int_get (&other->n_cancelled) == 0);

  test_call_clear (&call);
  test_finalize_task (task);
}

static void
test_no_cancellable_of_its_own (gconstpointer data)
{
  const Combinator *self = data;

  for (guint kind = TEST_TASK_FOREIGN; kind <= TEST_TASK_REMOTE; kind++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      TestTask *job = test_task_new (TEST_TASK_JOB, "job", NULL);
      TestTask *without = test_task_new_foreign (kind, "without", NULL);
      TestTask *calls = test_task_new_foreign (kind, "calls", cancellable);
      TestTask *shares = test_task_new_foreign (kind, "shares", cancellable);

      check_refused (self, without, NULL, NULL);
      check_refused (self, calls, NULL, cancellable);
      if (self->takes_many)
        {
          check_refused (self, without, job, NULL);
          check_refused (self, calls, job, cancellable);
          check_refused (self, calls, shares, NULL);
        }
      g_assert_false (g_cancellable_is_cancelled (cancellable));

      test_task_succeed (job);
      test_task_succeed (without);
      test_task_succeed (calls);
      test_task_succeed (shares);
      test_task_free (job);
      test_task_free (without);
      test_task_free (calls);
      test_task_free (shares);
    }
}

/* What is finished need not be cancelled. */
static void
test_finished_without_cancellable (gconstpointer data)
{
  const Combinator *self = data;

  for (guint kind = TEST_TASK_FOREIGN; kind <= TEST_TASK_REMOTE; kind++)
    {
      TestTask *a = test_task_new_foreign (kind, "a", NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      GTask *task;

      test_task_succeed (a);
      if (kind == TEST_TASK_REMOTE)
        {
          /* of another thread's task it is known once somebody has looked there */
          aiodrive_wait_task_async (a->task, NULL, test_on_ready, &call);
          test_call_wait (&call);
        }
      test_task_settle (a);
      task = self->start (&a->task, 1, NULL);
      aiodrive_run (task);
      assert_ends (self, G_ASYNC_RESULT (task), self->shields ? G_IO_ERROR_NOT_SUPPORTED : -1);

      test_call_clear (&call);
      test_finalize_task (task);
      test_task_free (a);
    }
}

/* Nor is it: others may have its cancellable too. */
static void
test_finished_shares_cancellable (gconstpointer data)
{
  const Combinator *self = data;
  g_autoptr(GCancellable) shared = g_cancellable_new ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *first = test_task_new (TEST_TASK_JOB, "first", NULL);
  TestTask *finished = test_task_new_foreign (TEST_TASK_FOREIGN, "finished", shared);
  GTask *tasks[] = { self->takes_many ? first->task : finished->task, finished->task };
  GTask *task;

  test_task_succeed (first);
  test_task_succeed (finished);
  test_task_settle (finished);
  task = self->start (tasks, self->takes_many ? 2 : 1, cancellable);
  g_cancellable_cancel (cancellable);
  aiodrive_run (task);
  g_assert_false (g_cancellable_is_cancelled (shared));
  test_finalize_task (task);

  task = self->start (tasks, self->takes_many ? 2 : 1, NULL);
  aiodrive_run (task);
  g_assert_false (g_cancellable_is_cancelled (shared));
  test_finalize_task (task);

  test_task_free (first);
  test_task_free (finished);
}

static void
test_same_task_twice (gconstpointer data)
{
  const Combinator *self = data;

  for (guint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    {
      TestTask *a = test_task_new (kind, "a", NULL);
      GTask *tasks[] = { a->task, a->task };
      GTask *task = self->start (tasks, 2, NULL);

      aiodrive_run (task);
      assert_ends (self, G_ASYNC_RESULT (task), G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_cmpint (g_atomic_int_get (&a->n_cancelled), ==, 0);
      test_finalize_task (task);

      test_task_succeed (a);
      test_task_settle (a);
      g_assert_null (aiodrive_task_dup_error (a->task));
      test_task_settle (a);
      task = self->start (tasks, 2, NULL);
      aiodrive_run (task);
      assert_ends (self, G_ASYNC_RESULT (task), -1);
      test_finalize_task (task);
      test_task_free (a);
    }
}

static void
test_null_among_the_tasks (gconstpointer data)
{
  const Combinator *self = data;
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *tasks[] = { a->task, NULL };
  GTask *task = self->start (tasks, 2, NULL);

  aiodrive_run (task);
  assert_ends (self, G_ASYNC_RESULT (task), G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (a->n_cancelled, ==, 0);

  test_finalize_task (task);
  test_task_succeed (a);
  test_task_free (a);
}

static void
test_no_tasks_subprocess (gconstpointer data)
{
  const Combinator *self = data;
  GTask *none = NULL;

  if (self->takes_many)
    self->start (NULL, 1, NULL);
  else
    self->start (&none, 1, NULL);
}

/* What only wrong C can do is a critical. */
static void
test_no_tasks (gconstpointer data)
{
  const Combinator *self = data;
  g_autofree char *path = g_strconcat ("/aiodrive/task/combinator/no-tasks/subprocess/", self->name, NULL);

  g_test_trap_subprocess (path, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*CRITICAL*assertion*task*failed*");
}

static void
test_wrong_result_subprocess (gconstpointer data)
{
  const Combinator *self = data;
  g_autoptr(GTask) other = g_task_new (NULL, NULL, NULL, NULL);

  self->finish (G_ASYNC_RESULT (other), NULL);
}

static void
test_wrong_result (gconstpointer data)
{
  const Combinator *self = data;
  g_autofree char *path = g_strconcat ("/aiodrive/task/combinator/wrong-result/subprocess/", self->name, NULL);

  g_test_trap_subprocess (path, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*CRITICAL*g_async_result_is_tagged*failed*");
}

static void
test_pending (gconstpointer data)
{
  const Combinator *self = data;
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *task = self->start (&a->task, 1, NULL);
  GPtrArray *errors = aiodrive_task_dup_errors (task);

  assert_ends (self, G_ASYNC_RESULT (task), G_IO_ERROR_PENDING);
  g_assert_null (aiodrive_task_dup_error (task));
  g_assert_cmpuint (errors->len, ==, 0);
  test_task_succeed (a);
  assert_ends (self, G_ASYNC_RESULT (task), G_IO_ERROR_PENDING);
  aiodrive_run (task);
  assert_ends (self, G_ASYNC_RESULT (task), -1);

  g_ptr_array_unref (errors);
  test_finalize_task (task);
  test_task_free (a);
}

/* A child takes its time after it was cancelled; meanwhile the combinator goes on, however often it is cancelled. */
static void
check_ends_last (const Combinator *self,
                 TestTaskKind      kind)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (kind, "a", NULL);
  TestTask *b = test_task_new (TEST_TASK_JOB, "b", NULL);
  GTask *tasks[] = { a->task, b->task };
  g_auto(TestCall) call = TEST_CALL_INIT;

  a->lingers = TRUE;
  self->start_async (tasks, self->takes_many ? 2 : 1, cancellable, test_on_ready, &call);
  test_task_settle (a);
  for (guint i = 0; i < 3; i++)
    {
      g_cancellable_cancel (cancellable);
      test_task_settle (a);
      g_assert_cmpuint (call.n_calls, ==, 0);
    }
  g_assert_cmpint (g_atomic_int_get (&a->n_cancelled), ==, self->shields ? 0 : 1);
  g_assert_cmpint (b->n_cancelled, ==, self->takes_many ? 1 : 0);

  test_task_succeed (a);
  assert_ends (self, test_call_wait (&call), G_IO_ERROR_CANCELLED);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 1);
  test_assert_value (a->task, "a");   /* what it was worth is there */

  test_call_clear (&call);
  test_task_succeed (b);
  test_task_free (a);
  test_task_free (b);
}

static void
test_ends_last (gconstpointer data)
{
  const Combinator *self = data;

  for (guint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    if (!self->shields || !is_foreign (kind))
      check_ends_last (self, kind);
}

static void
test_cancel_before (gconstpointer data)
{
  const Combinator *self = data;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_cancellable_cancel (cancellable);
  self->start_async (&a->task, 1, cancellable, test_on_ready, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  if (self->shields)
    {
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 0);
      test_task_succeed (a);
    }
  assert_ends (self, test_call_wait (&call), G_IO_ERROR_CANCELLED);
  g_assert_cmpint (a->n_cancelled, ==, self->shields ? 0 : 1);

  test_call_clear (&call);
  test_task_free (a);
}

/* By the deadline of a scope that nobody has been told of: its context is not iterated. */
static void
test_deadline_before (gconstpointer data)
{
  const Combinator *self = data;
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_cancel_scope_set_deadline (scope, 0);
  self->start_async (&a->task, 1, G_CANCELLABLE (scope), test_on_ready, &call);
  g_assert_cmpint (a->n_cancelled, ==, self->shields ? 0 : 1);
  if (self->shields)
    test_task_succeed (a);
  assert_ends (self, test_call_wait (&call), G_IO_ERROR_CANCELLED);

  test_call_clear (&call);
  test_task_free (a);
}

static void
test_cancel_while_waiting (gconstpointer data)
{
  const Combinator *self = data;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_STARTED, "a", NULL);
  GTask *by_call = self->start (&a->task, 1, cancellable);
  GTask *by_scope = self->start (&a->task, 1, NULL);

  test_settle ();
  g_cancellable_cancel (cancellable);
  g_cancellable_cancel (g_task_get_cancellable (by_scope));
  g_cancellable_cancel (cancellable);
  g_assert_cmpint (a->n_cancelled, ==, self->shields ? 0 : 1);
  if (self->shields)
    test_task_succeed (a);
  aiodrive_run (by_call);
  aiodrive_run (by_scope);
  /* (cancel-task has ended by itself, if it was not cancelled before its child ended) */
  if (!self->cancels)
    {
      assert_ends (self, G_ASYNC_RESULT (by_call), G_IO_ERROR_CANCELLED);
      assert_ends (self, G_ASYNC_RESULT (by_scope), G_IO_ERROR_CANCELLED);
    }

  test_finalize_task (by_call);
  test_finalize_task (by_scope);
  test_task_free (a);
}

/* What has ended in the same iteration stays: there is one outcome, and after it a cancellation does nothing. */
static void
test_cancel_at_the_end (gconstpointer data)
{
  const Combinator *self = data;

  for (guint cancel_first = 0; cancel_first < 2; cancel_first++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;

      a->lingers = TRUE;
      self->start_async (&a->task, 1, cancellable, test_on_ready, &call);
      if (cancel_first)
        g_cancellable_cancel (cancellable);
      test_task_succeed (a);
      if (!cancel_first)
        g_cancellable_cancel (cancellable);
      assert_ends (self, test_call_wait (&call), G_IO_ERROR_CANCELLED);
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 1);
      test_assert_value (a->task, "a");

      test_call_clear (&call);
      test_task_free (a);
    }
}

static void
test_cancel_after_the_end (gconstpointer data)
{
  const Combinator *self = data;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *task = self->start (&a->task, 1, cancellable);

  test_task_succeed (a);
  aiodrive_run (task);
  g_cancellable_cancel (cancellable);
  test_settle ();
  assert_ends (self, G_ASYNC_RESULT (task), -1);
  test_assert_value (self->has_leaf ? task : a->task, "a");

  test_finalize_task (task);
  test_task_free (a);
}

static gpointer
cancel_in_thread (gpointer data)
{
  g_cancellable_cancel (data);
  g_object_unref (data);
  return NULL;
}

/* Another thread cancels the call while its child ends. */
static void
test_cancel_from_thread (gconstpointer data)
{
  const Combinator *self = data;
  guint n_cancelled = 0;

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      GThread *thread;
      gint code;

      self->start_async (&a->task, 1, cancellable, test_on_ready, &call);
      thread = g_thread_new ("cancel", cancel_in_thread, g_object_ref (cancellable));
      if (i % 2 == 0)
        g_usleep (i);
      if (i % 4 != 3)
        test_task_succeed (a);
      else if (self->shields)
        {
          test_settle ();
          test_task_succeed (a);
        }
      code = code_of (self, test_call_wait (&call));
      g_assert_true (code == -1 || code == G_IO_ERROR_CANCELLED);
      n_cancelled += code != -1;
      g_thread_join (thread);
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 1);

      test_call_clear (&call);
      test_task_free (a);
    }
  g_assert_cmpuint (n_cancelled, >, 0);
}

static void
cancel_other (GCancellable *cancellable,
              gpointer      data)
{
  g_cancellable_cancel (data);
}

/* The call is cancelled in the handler of its child's cancellation, and the child in that of the call. */
static void
test_cancel_in_handler (gconstpointer data)
{
  const Combinator *self = data;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GCancellable *scope = g_task_get_cancellable (a->task);
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_signal_connect (scope, "cancelled", G_CALLBACK (cancel_other), cancellable);
  g_signal_connect (cancellable, "cancelled", G_CALLBACK (cancel_other), scope);
  self->start_async (&a->task, 1, cancellable, test_on_ready, &call);
  g_cancellable_cancel (scope);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  assert_ends (self, test_call_wait (&call), G_IO_ERROR_CANCELLED);
  g_assert_cmpint (a->n_cancelled, ==, 1);

  test_call_clear (&call);
  test_task_free (a);
}

/* The children's real errors come before CANCELLED. */
static void
test_error_before_cancelled (gconstpointer data)
{
  const Combinator *self = data;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  TestTask *b = test_task_new (TEST_TASK_JOB, "b", NULL);
  GTask *tasks[] = { b->task, a->task };
  g_auto(TestCall) call = TEST_CALL_INIT;

  a->lingers = TRUE;
  if (self->takes_many)
    self->start_async (tasks, 2, cancellable, test_on_ready, &call);
  else
    self->start_async (&a->task, 1, cancellable, test_on_ready, &call);
  g_cancellable_cancel (cancellable);
  test_settle ();
  test_task_fail (a, G_IO_ERROR_NOT_FOUND);
  assert_ends (self, test_call_wait (&call), G_IO_ERROR_NOT_FOUND);

  test_call_clear (&call);
  test_task_succeed (b);
  test_task_free (a);
  test_task_free (b);
}

/* A child that ended CANCELLED makes the combinator CANCELLED, but for the one that wants just that. */
static void
test_child_cancelled (gconstpointer data)
{
  const Combinator *self = data;

  for (guint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    {
      TestTask *a;
      GTask *task;

      if (self->shields && is_foreign (kind))
        continue;
      a = test_task_new (kind, "a", NULL);
      task = self->start (&a->task, 1, NULL);
      g_cancellable_cancel (g_task_get_cancellable (a->task));
      aiodrive_run (task);
      assert_ends (self, G_ASYNC_RESULT (task), self->cancels ? -1 : G_IO_ERROR_CANCELLED);

      test_finalize_task (task);
      test_task_free (a);
    }
}

/* A task that waits in a combinator is cancelled with it, through scopes: it is a task as any other. */
static void
test_parent_cancelled (gconstpointer data)
{
  const Combinator *self = data;
  g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *task = self->start (&a->task, 1, G_CANCELLABLE (parent));
  AiodriveCancelScope *scope = AIODRIVE_CANCEL_SCOPE (g_task_get_cancellable (task));
  g_autoptr(GTask) of_scope = aiodrive_cancel_scope_ref_task (scope);

  g_assert_true (of_scope == task);
  g_assert_true (aiodrive_cancel_scope_get_parent (scope) == G_CANCELLABLE (parent));
  g_cancellable_cancel (G_CANCELLABLE (parent));
  g_assert_true (g_cancellable_is_cancelled (G_CANCELLABLE (scope)));
  if (self->shields)
    test_task_succeed (a);
  aiodrive_run (task);
  assert_ends (self, G_ASYNC_RESULT (task), G_IO_ERROR_CANCELLED);

  g_clear_object (&of_scope);
  test_finalize_task (task);
  test_task_free (a);
}

/* One that failed and that nobody awaited is warned about; with a callback, or none given, somebody has decided. */
static void
test_unawaited (gconstpointer data)
{
  const Combinator *self = data;
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  GTask *task;

  a->lingers = TRUE;
  task = self->start (&a->task, 1, NULL);
  g_task_set_name (task, "the combinator");
  g_object_unref (task);
  test_task_fail (a, G_IO_ERROR_NOT_FOUND);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING,
                         "Task the combinator failed and nobody awaited it: a failed");
  test_settle ();
  g_test_assert_expected_messages ();

  self->start_async (&a->task, 1, NULL, NULL, NULL);
  test_settle ();
  test_task_free (a);
}

/* Dropping the task that stands for it changes nothing: the children are waited for. */
static void
test_dropped (gconstpointer data)
{
  const Combinator *self = data;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  gpointer weak;
  GTask *task;

  a->lingers = TRUE;
  weak = task = self->start (&a->task, 1, cancellable);
  g_object_add_weak_pointer (G_OBJECT (task), &weak);
  g_object_unref (task);
  test_settle ();
  g_assert_nonnull (weak);
  test_task_succeed (a);
  test_settle ();
  g_assert_null (weak);

  test_task_free (a);
}

static void
test_zero_tasks (gconstpointer data)
{
  const Combinator *self = data;
  GTask *task = self->start (NULL, 0, NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  gint code = self->has_leaf ? G_IO_ERROR_INVALID_ARGUMENT : -1;

  self->start_async (NULL, 0, NULL, test_on_ready, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  assert_ends (self, G_ASYNC_RESULT (task), G_IO_ERROR_PENDING);
  aiodrive_run (task);
  assert_ends (self, G_ASYNC_RESULT (task), code);
  assert_ends (self, test_call_wait (&call), code);

  test_call_clear (&call);
  test_finalize_task (task);
}

/* The value and the errors of a task below many combinators reach the caller. */
static void
test_nesting (void)
{
  for (guint fails = 0; fails < 2; fails++)
    {
      TestTask *a = test_task_new (TEST_TASK_STARTED, "a", NULL);
      TestTask *b = test_task_new (TEST_TASK_JOB, "b", NULL);
      GTask *shields[] = { aiodrive_shield (a->task, NULL), aiodrive_shield (b->task, NULL) };
      GTask *race = aiodrive_race (shields, 2, NULL);
      GTask *first = aiodrive_first_success (&race, 1, NULL);
      GTask *outer = aiodrive_timeout (first, LONG_MS, NULL);
      g_autoptr(GError) error = NULL;

      if (fails)
        test_task_fail (b, G_IO_ERROR_NOT_FOUND);
      else
        test_task_succeed (b);
      test_settle ();
      g_assert_null (aiodrive_task_get_leaf (outer, NULL));   /* the race awaits its loser, which is shielded */
      test_task_succeed (a);
      aiodrive_run (outer);
      g_assert_true (aiodrive_task_get_leaf (outer, &error) == (fails ? NULL : b->task));
      if (fails)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
      else
        test_assert_value (outer, "b");
      test_assert_value (a->task, "a");

      test_finalize_task (outer);
      test_finalize_task (first);
      test_finalize_task (race);
      test_finalize_task (shields[0]);
      test_finalize_task (shields[1]);
      test_task_free (a);
      test_task_free (b);
    }
}

/* Cancelling goes down through all of them, at once. */
static void
test_nested_cancel (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestTask *a = test_task_new (TEST_TASK_FOREIGN, "a", NULL);
  TestTask *b = test_task_new (TEST_TASK_REMOTE, "b", NULL);
  GTask *inner[] = { aiodrive_timeout (a->task, LONG_MS, NULL), aiodrive_first_success (&b->task, 1, NULL) };
  GTask *all = aiodrive_try_all (inner, 2, NULL);
  GTask *outer = aiodrive_race (&all, 1, cancellable);
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_cmpint (a->n_cancelled, ==, 1);
  g_assert_cmpint (g_atomic_int_get (&b->n_cancelled), ==, 1);
  aiodrive_run (outer);
  error = aiodrive_task_dup_error (outer);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  test_finalize_task (outer);
  test_finalize_task (all);
  test_finalize_task (inner[0]);
  test_finalize_task (inner[1]);
  test_task_free (a);
  test_task_free (b);
}

static void
add (const char    *path,
     GTestDataFunc  func,
     gboolean       for_many_only)
{
  for (guint i = 0; i < G_N_ELEMENTS (combinators); i++)
    {
      g_autofree char *full = g_strdup_printf ("%s/%s", path, combinators[i].name);

      if (combinators[i].takes_many || !for_many_only)
        g_test_add_data_func (full, &combinators[i], func);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("/aiodrive/task/combinator/two-forms", test_two_forms, FALSE);
  add ("/aiodrive/task/combinator/started-in-callback", test_started_in_callback, FALSE);
  add ("/aiodrive/task/combinator/context-of-the-caller", test_context_of_the_caller, FALSE);
  add ("/aiodrive/task/combinator/kinds", test_kinds, FALSE);
  add ("/aiodrive/task/combinator/no-cancellable-of-its-own", test_no_cancellable_of_its_own, FALSE);
  add ("/aiodrive/task/combinator/finished-without-cancellable", test_finished_without_cancellable, FALSE);
  add ("/aiodrive/task/combinator/finished-shares-cancellable", test_finished_shares_cancellable, FALSE);
  add ("/aiodrive/task/combinator/same-task-twice", test_same_task_twice, TRUE);
  add ("/aiodrive/task/combinator/null-among-the-tasks", test_null_among_the_tasks, TRUE);
  add ("/aiodrive/task/combinator/zero-tasks", test_zero_tasks, TRUE);
  add ("/aiodrive/task/combinator/no-tasks", test_no_tasks, FALSE);
  add ("/aiodrive/task/combinator/no-tasks/subprocess", test_no_tasks_subprocess, FALSE);
  add ("/aiodrive/task/combinator/wrong-result", test_wrong_result, FALSE);
  add ("/aiodrive/task/combinator/wrong-result/subprocess", test_wrong_result_subprocess, FALSE);
  add ("/aiodrive/task/combinator/pending", test_pending, FALSE);
  add ("/aiodrive/task/combinator/ends-last", test_ends_last, FALSE);
  add ("/aiodrive/task/combinator/cancel-before", test_cancel_before, FALSE);
  add ("/aiodrive/task/combinator/deadline-before", test_deadline_before, FALSE);
  add ("/aiodrive/task/combinator/cancel-while-waiting", test_cancel_while_waiting, FALSE);
  add ("/aiodrive/task/combinator/cancel-at-the-end", test_cancel_at_the_end, FALSE);
  add ("/aiodrive/task/combinator/cancel-after-the-end", test_cancel_after_the_end, FALSE);
  add ("/aiodrive/task/combinator/cancel-from-thread", test_cancel_from_thread, FALSE);
  add ("/aiodrive/task/combinator/cancel-in-handler", test_cancel_in_handler, FALSE);
  add ("/aiodrive/task/combinator/error-before-cancelled", test_error_before_cancelled, FALSE);
  add ("/aiodrive/task/combinator/child-cancelled", test_child_cancelled, FALSE);
  add ("/aiodrive/task/combinator/parent-cancelled", test_parent_cancelled, FALSE);
  add ("/aiodrive/task/combinator/unawaited", test_unawaited, FALSE);
  add ("/aiodrive/task/combinator/dropped", test_dropped, FALSE);
  g_test_add_func ("/aiodrive/task/combinator/nesting", test_nesting);
  g_test_add_func ("/aiodrive/task/combinator/nested-cancel", test_nested_cancel);

  return g_test_run ();
}
