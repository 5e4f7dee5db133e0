/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/group/group.h"

/* The callback does not run inside the call; afterwards the group is closed for ever. */
static void
test_empty (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_assert_false (aiodrive_task_group_is_closed (group));
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  g_assert_true (aiodrive_task_group_is_closed (group));
  test_assert_closes (group, &call);
  g_assert_true (call.source_object == G_OBJECT (group));
  g_assert_true (call.context == g_main_context_default ());
  g_assert_false (test_group_is_cancelled (group));

  test_call_clear (&call);
  test_group_free (group);
}

/* The task of the one form, and the call of the other, end alike. */
static void
test_forms (void)
{
  for (guint fails = 0; fails < 2; fails++)
    {
      AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestChild) child = { 0 };
      g_autoptr(GError) error = NULL;
      GTask *task;

      test_child_spawn (&child, group, "a");
      task = AIODRIVE_START (NULL, aiodrive_task_group_close_async, group);
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 0);
      g_assert_false (aiodrive_task_group_is_closed (group));

      if (fails)
        test_child_fail (&child);
      else
        test_child_succeed (&child);
      aiodrive_run (task);
      g_assert_true (test_group_finish (group, task, &error) == !fails);
      if (fails)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
          test_assert_close_fails (group, &call, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "a failed");
        }
      else
        {
          g_assert_no_error (error);
          test_assert_closes (group, &call);
        }

      test_finalize_task (task);
      test_call_clear (&call);
      test_child_clear (&child);
      test_group_free (group);
    }
}

typedef struct
{
  TestChild          child;   /* first */
  AiodriveTaskGroup *group;   /* unowned */
  TestChild         *next;    /* spawned when it ends */
} Parent;

static void
spawn_next (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  Parent *self = data;

  test_child_spawn (self->next, self->group, "grandchild");
}

/* Who closes the group waits for what its tasks spawn meanwhile, be it at their very end. */
static void
test_ends_last (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) grandchild = { 0 };
  Parent parent = { .group = group, .next = &grandchild };

  test_child_spawn (&parent.child, group, "child");
  aiodrive_thread_safe_future_wait_async (parent.child.future, NULL, spawn_next, &parent);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_settle ();
  g_assert_cmpint (parent.child.n_started, ==, 1);
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 1);
  g_assert_null (grandchild.task);

  test_child_succeed (&parent.child);
  test_iterate_until (parent.child.n_freed == 1 && grandchild.n_started == 1);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 1);
  g_assert_false (aiodrive_task_group_is_closed (group));

  test_child_succeed (&grandchild);
  test_assert_closes (group, &call);
  g_assert_cmpint (grandchild.n_freed, ==, 1);

  test_call_clear (&call);
  test_child_clear (&parent.child);
  test_child_clear (&grandchild);
  test_group_free (group);
}

static void
spawn_late (Parent *self)
{
  g_autoptr(GError) error = NULL;

  self->child.n_freed = 0;
  test_child_spawn (&self->child, self->group, "late");
  aiodrive_run (self->child.task);
  g_assert_null (aiodrive_task_get_leaf (self->child.task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_cmpint (self->child.n_started, ==, 0);
  g_assert_cmpint (self->child.n_freed, ==, 1);
  test_child_clear (&self->child);
}

/* Nothing is started after the end; a task that nobody looks at is not lost in silence. */
static void
test_closed (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  TestTask *late = test_task_new (TEST_TASK_JOB, "late", NULL);
  g_autoptr(GError) error = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;
  Parent here = { .group = group };

  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  spawn_late (&here);
  test_assert_closes (group, &call);
  spawn_late (&here);
  g_assert_false (aiodrive_task_group_add (group, late->task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*nobody awaited it: The group has come to its end");
  aiodrive_task_group_spawn (group, NULL, test_child_job, &here.child, test_child_freed);
  test_settle ();
  g_test_assert_expected_messages ();

  test_task_succeed (late);
  test_task_free (late);
  test_call_clear (&call);
  test_group_free (group);
}

/* The first failure cancels the others, the body of the group sees it, and all are awaited. */
static void
test_failure (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  TestChild children[3] = { { 0 }, { 0 }, { .lingers = TRUE } };
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    test_child_spawn (&children[i], group, "a");
  test_settle ();
  g_assert_false (test_group_is_cancelled (group));

  test_child_fail (&children[0]);
  test_iterate_until (test_group_is_cancelled (group));
  test_iterate_until (children[1].n_freed == 1);
  error = aiodrive_task_dup_error (children[1].task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 1);
  g_assert_true (g_cancellable_is_cancelled (children[2].cancellable));
  test_child_succeed (&children[2]);
  test_assert_close_fails (group, &call, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "a failed");

  test_call_clear (&call);
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    test_child_clear (&children[i]);
  test_group_free (group);
}

/* All of them come out, in the order in which they failed; whoever was cancelled is none of them. */
static void
test_multiple (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  const char *names[] = { "a", "b", "c", "d" };
  TestChild children[4] = { { .lingers = TRUE }, { .lingers = TRUE }, { 0 }, { .lingers = TRUE } };
  g_autoptr(GPtrArray) errors = NULL;
  g_autoptr(GError) error = NULL;
  GTask *closing;

  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    test_child_spawn (&children[i], group, names[i]);
  closing = AIODRIVE_START (NULL, aiodrive_task_group_close_async, group);
  test_settle ();
  test_child_fail (&children[3]);
  test_child_fail (&children[1]);
  test_child_fail (&children[0]);
  aiodrive_run (closing);

  g_assert_false (test_group_finish (group, closing, &error));
  g_assert_error (error, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE);
  errors = aiodrive_task_dup_errors (closing);
  g_assert_cmpuint (errors->len, ==, 3);
  g_assert_cmpstr (((GError *) errors->pdata[2])->message, ==, "a failed");
  g_assert_cmpstr (error->message, ==, "3 of 4 tasks failed: d: d failed; b: b failed; a: a failed");

  test_finalize_task (closing);
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    test_child_clear (&children[i]);
  test_group_free (group);
}

/* Who waits goes on waiting; the end is no failure. A task that is spawned now starts cancelled. */
static void
test_cancel_while_closing (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { 0 };
  g_auto(TestChild) lingering = { .lingers = TRUE };
  g_auto(TestChild) late = { .lingers = TRUE };

  test_child_spawn (&child, group, "child");
  test_child_spawn (&lingering, group, "lingering");
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_settle ();
  aiodrive_task_group_cancel (group);
  test_settle ();
  g_assert_cmpint (child.n_freed, ==, 1);
  g_assert_true (g_cancellable_is_cancelled (lingering.cancellable));
  g_assert_cmpuint (call.n_calls, ==, 0);

  test_child_spawn (&late, group, "late");
  test_child_succeed (&lingering);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);
  g_assert_true (late.was_cancelled);
  test_child_succeed (&late);
  test_assert_closes (group, &call);

  test_call_clear (&call);
  test_child_clear (&child);
  test_child_clear (&lingering);
  test_child_clear (&late);
  test_group_free (group);
}

/* That a task was cancelled alone is no failure, and nothing to the others. */
static void
test_child_cancelled (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { 0 };
  g_auto(TestChild) other = { 0 };

  test_child_spawn (&child, group, "child");
  test_child_spawn (&other, group, "other");
  test_settle ();
  g_cancellable_cancel (g_task_get_cancellable (child.task));
  test_iterate_until (child.n_freed == 1);
  g_assert_false (test_group_is_cancelled (group));
  test_child_succeed (&other);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);

  test_call_clear (&call);
  test_child_clear (&child);
  test_child_clear (&other);
  test_group_free (group);
}

/* Cancelled from above, before it was made, or while it waits, or with nobody in it. */
static void
test_parent_cancelled (void)
{
  for (guint i = 0; i < 3; i++)
    {
      GCancellable *parent = g_cancellable_new ();
      AiodriveTaskGroup *group;
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestChild) child = { 0 };

      if (i == 0)
        g_cancellable_cancel (parent);
      group = aiodrive_task_group_new (parent);
      if (i < 2)
        test_child_spawn (&child, group, "child");
      if (i == 2)
        g_cancellable_cancel (parent);
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      if (i == 1)
        test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 0);
      g_cancellable_cancel (parent);
      test_assert_close_fails (group, &call, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
      g_assert_cmpint (child.was_cancelled, ==, i == 0);

      test_call_clear (&call);
      test_child_clear (&child);
      test_group_free (group);
      g_assert_finalize_object (parent);
    }
}

/* Its own cancellation is no error; a reason is one, and so is a deadline. */
static void
test_scope (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);

  for (guint i = 0; i < 3; i++)
    {
      AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
      AiodriveCancelScope *scope = aiodrive_task_group_get_scope (group);
      g_autoptr(GError) reason = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "enough");
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestChild) child = { 0 };

      test_child_spawn (&child, group, "child");
      test_settle ();
      if (i == 0)
        aiodrive_task_group_cancel (group);
      else if (i == 1)
        aiodrive_cancel_scope_cancel_with_reason (scope, reason);
      else
        aiodrive_cancel_scope_set_deadline (scope, aiodrive_get_monotonic_time () + G_TIME_SPAN_HOUR);

      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      if (i == 0)
        test_assert_closes (group, &call);
      else
        test_assert_close_fails (group, &call, G_IO_ERROR, i == 1 ? G_IO_ERROR_BUSY : G_IO_ERROR_TIMED_OUT, NULL);

      test_call_clear (&call);
      test_child_clear (&child);
      test_group_free (group);
    }
}

/* Cancelling who waits cancels the group; he waits all the same. Others who wait see a group that was cancelled from
 * inside; a failure counts for more. */
static void
test_close_cancelled (void)
{
  for (guint i = 0; i < 4; i++)
    {
      gboolean before = i % 2 == 0;
      gboolean fails = i >= 2;
      AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
      GCancellable *cancellable = g_cancellable_new ();
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestCall) other = TEST_CALL_INIT;
      g_auto(TestChild) child = { .lingers = TRUE };

      test_child_spawn (&child, group, "child");
      if (before)
        g_cancellable_cancel (cancellable);
      aiodrive_task_group_close_async (group, cancellable, test_on_ready, &call);
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &other);
      g_cancellable_cancel (cancellable);
      g_assert_true (test_group_is_cancelled (group));
      test_settle ();
      g_assert_cmpuint (call.n_calls + other.n_calls, ==, 0);
      if (fails)
        test_child_fail (&child);
      else
        test_child_succeed (&child);
      test_assert_close_fails (group, &call, G_IO_ERROR, fails ? G_IO_ERROR_NOT_FOUND : G_IO_ERROR_CANCELLED, NULL);
      if (fails)
        test_assert_close_fails (group, &other, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, NULL);
      else
        test_assert_closes (group, &other);

      test_call_clear (&call);
      test_call_clear (&other);
      test_child_clear (&child);
      test_group_free (group);
      g_assert_finalize_object (cancellable);
    }
}

/* Once the group has come to its end a cancellation does not undo that. */
static void
test_cancel_after_close (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  GCancellable *cancellable = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestCall) late = TEST_CALL_INIT;

  aiodrive_task_group_close_async (group, cancellable, test_on_ready, &call);
  g_assert_true (aiodrive_task_group_is_closed (group));
  g_cancellable_cancel (cancellable);
  aiodrive_task_group_close_async (group, cancellable, test_on_ready, &late);
  test_assert_closes (group, &call);
  test_assert_close_fails (group, &late, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);

  test_call_clear (&call);
  test_call_clear (&late);
  test_group_free (group);
  g_assert_finalize_object (cancellable);
}

/* However often, while it waits and afterwards; the callbacks come in the order of the calls. */
static void
test_close_twice (void)
{
  for (guint fails = 0; fails < 2; fails++)
    {
      AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
      TestCall calls[3] = { TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT };
      g_auto(TestChild) child = { 0 };

      test_child_spawn (&child, group, "child");
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &calls[0]);
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &calls[1]);
      if (fails)
        test_child_fail (&child);
      else
        test_child_succeed (&child);
      test_iterate_until (calls[1].n_calls > 0);
      g_assert_cmpuint (calls[0].n_calls, ==, 1);
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &calls[2]);
      g_assert_cmpuint (calls[2].n_calls, ==, 0);

      for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
        {
          if (fails)
            test_assert_close_fails (group, &calls[i], G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "child failed");
          else
            test_assert_closes (group, &calls[i]);
          test_call_clear (&calls[i]);
        }
      test_child_clear (&child);
      test_group_free (group);
    }
}

static void
add (AiodriveTaskGroup *group,
     GTask             *task)
{
  g_autoptr(GError) error = NULL;
  gboolean added = aiodrive_task_group_add (group, task, &error);

  g_assert_no_error (error);
  g_assert_true (added);
}

static void
assert_add_refused (AiodriveTaskGroup *group,
                    GTask             *task)
{
  g_autoptr(GError) error = NULL;
  guint n_tasks = aiodrive_task_group_get_n_tasks (group);

  g_assert_false (aiodrive_task_group_add (group, task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, n_tasks);
}

/* Tasks of every kind are waited for, and are cancelled with the group. */
static void
test_add (void)
{
  for (guint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    {
      AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      TestTask *first = test_task_new (kind, "first", NULL);
      TestTask *second = test_task_new (kind, "second", NULL);
      TestTask *failing = test_task_new (kind, "failing", NULL);

      second->lingers = TRUE;
      add (group, first->task);
      add (group, second->task);
      add (group, failing->task);
      test_task_succeed (first);
      test_task_settle (first);
      test_iterate_until (aiodrive_task_group_get_n_tasks (group) == 2);

      test_task_fail (failing, G_IO_ERROR_NOT_FOUND);
      test_iterate_until (g_atomic_int_get (&second->n_cancelled) == 1);
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      test_task_settle (second);
      g_assert_cmpuint (call.n_calls, ==, 0);
      test_task_succeed (second);
      test_assert_close_fails (group, &call, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "failing failed");

      test_call_clear (&call);
      test_group_free (group);
      test_assert_value (first->task, "first");
      test_task_free (first);
      test_task_free (second);
      test_task_free (failing);
    }
}

/* Cancelled at once by a group that is cancelled; those that have ended count with their outcome. */
static void
test_add_late (void)
{
  for (guint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    {
      AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      TestTask *ended = test_task_new (kind, "ended", NULL);
      TestTask *failed = test_task_new (kind, "failed", NULL);
      TestTask *pending = test_task_new (kind, "pending", NULL);

      test_task_succeed (ended);
      test_task_fail (failed, G_IO_ERROR_NOT_FOUND);
      test_task_settle (failed);
      aiodrive_task_group_cancel (group);
      add (group, pending->task);
      g_assert_true (g_cancellable_is_cancelled (g_task_get_cancellable (pending->task)));
      add (group, ended->task);
      add (group, failed->task);
      g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 3);
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      g_assert_cmpuint (call.n_calls, ==, 0);
      test_assert_close_fails (group, &call, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "failed failed");

      test_call_clear (&call);
      test_group_free (group);
      test_task_free (ended);
      test_task_free (failed);
      test_task_free (pending);
    }
}

/* What has ended is not cancelled: others may have its cancellable too. */
static void
test_add_ended (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  g_autoptr(GCancellable) shared = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  TestTask *tasks[2];

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      tasks[i] = test_task_new_foreign (TEST_TASK_FOREIGN, "ended", shared);
      test_task_succeed (tasks[i]);
      test_task_settle (tasks[i]);
    }
  add (group, tasks[0]->task);
  aiodrive_task_group_cancel (group);
  add (group, tasks[1]->task);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
  g_assert_false (g_cancellable_is_cancelled (shared));

  test_task_free (tasks[0]);
  test_task_free (tasks[1]);
  test_call_clear (&call);
  test_group_free (group);
}

/* What cannot be cancelled alone is not taken in, unless it has ended. */
static void
test_add_refused (void)
{
  AiodriveCancelScope *parent = aiodrive_cancel_scope_new (NULL);
  AiodriveTaskGroup *group = aiodrive_task_group_new (G_CANCELLABLE (parent));
  GCancellable *shared = g_cancellable_new ();
  GCancellable *unfit[] = { NULL, G_CANCELLABLE (parent), G_CANCELLABLE (aiodrive_task_group_get_scope (group)) };
  g_auto(TestCall) call = TEST_CALL_INIT;
  TestTask *first;
  TestTask *second;

  for (guint i = 0; i < G_N_ELEMENTS (unfit); i++)
    {
      GTask *task = g_task_new (NULL, unfit[i], NULL, NULL);

      assert_add_refused (group, task);
      g_task_return_boolean (task, TRUE);
      test_settle ();
      add (group, task);
      test_settle ();
      g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 0);
      g_assert_finalize_object (task);
    }

  first = test_task_new_foreign (TEST_TASK_FOREIGN, "first", shared);
  second = test_task_new_foreign (TEST_TASK_FOREIGN, "second", shared);
  add (group, first->task);
  assert_add_refused (group, second->task);
  test_task_succeed (first);
  test_iterate_until (aiodrive_task_group_get_n_tasks (group) == 0);
  add (group, second->task);
  aiodrive_task_group_cancel (group);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
  g_assert_true (g_cancellable_is_cancelled (shared));
  test_task_free (first);
  test_task_free (second);

  test_call_clear (&call);
  test_group_free (group);
  g_assert_finalize_object (parent);
  g_assert_finalize_object (shared);
}

typedef struct
{
  guint    n_tasks[16];
  guint    n;
  guint    n_closed;
  GThread *thread;
} Notes;

static void
on_n_tasks (AiodriveTaskGroup *group,
            GParamSpec        *pspec,
            gpointer           data)
{
  Notes *self = data;

  g_assert_cmpuint (self->n, <, G_N_ELEMENTS (self->n_tasks));
  g_object_get (group, "n-tasks", &self->n_tasks[self->n++], NULL);
  g_assert_true (g_thread_self () == self->thread);
}

static void
on_closed (AiodriveTaskGroup *group,
           GParamSpec        *pspec,
           gpointer           data)
{
  Notes *self = data;
  gboolean closed;

  g_object_get (group, "closed", &closed, NULL);
  g_assert_true (closed);
  self->n_closed++;
}

static void
test_properties (void)
{
  GCancellable *parent = g_cancellable_new ();
  AiodriveTaskGroup *group = aiodrive_task_group_new (parent);
  g_autoptr(GCancellable) given = NULL;
  Notes notes = { .thread = g_thread_self () };
  const guint expected[] = { 1, 2, 1, 0 };
  g_auto(TestCall) call = TEST_CALL_INIT;
  TestChild children[2] = { { 0 }, { 0 } };

  g_object_get (group, "parent", &given, NULL);
  g_assert_true (given == parent);
  g_signal_connect (group, "notify::n-tasks", G_CALLBACK (on_n_tasks), &notes);
  g_signal_connect (group, "notify::closed", G_CALLBACK (on_closed), &notes);

  test_child_spawn (&children[0], group, "a");
  test_child_spawn (&children[1], group, "b");
  test_child_succeed (&children[0]);
  test_iterate_until (children[0].n_freed == 1);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  g_assert_cmpuint (notes.n_closed, ==, 0);
  test_child_succeed (&children[1]);
  test_assert_closes (group, &call);
  g_assert_cmpmem (notes.n_tasks, notes.n * sizeof (guint), expected, sizeof expected);
  g_assert_cmpuint (notes.n_closed, ==, 1);

  g_clear_object (&given);
  test_call_clear (&call);
  test_child_clear (&children[0]);
  test_child_clear (&children[1]);
  test_group_free (group);
  g_assert_finalize_object (parent);
}

static void
close_when_empty (AiodriveTaskGroup *group,
                  GParamSpec        *pspec,
                  gpointer           call)
{
  if (aiodrive_task_group_get_n_tasks (group) == 0)
    aiodrive_task_group_close_async (group, NULL, test_on_ready, call);
}

static void
close_when_none_is_shown (GListModel *tasks,
                          guint       position,
                          guint       removed,
                          guint       added,
                          gpointer    call)
{
  AiodriveTaskGroup *group = g_object_get_data (G_OBJECT (tasks), "group");

  if (g_list_model_get_n_items (tasks) == 0)
    aiodrive_task_group_close_async (group, NULL, test_on_ready, call);
}

/* Who closes it as soon as it is empty sees what went wrong in the last task. */
static void
test_close_in_handler (void)
{
  for (guint i = 0; i < 2; i++)
    {
      AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestChild) child = { 0 };

      if (i == 0)
        {
          g_signal_connect (group, "notify::n-tasks", G_CALLBACK (close_when_empty), &call);
        }
      else
        {
          GListModel *tasks = aiodrive_task_group_get_tasks (group);

          g_object_set_data (G_OBJECT (tasks), "group", group);
          g_signal_connect (tasks, "items-changed", G_CALLBACK (close_when_none_is_shown), &call);
        }
      test_child_spawn (&child, group, "child");
      test_child_fail (&child);
      test_assert_close_fails (group, &call, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "child failed");

      test_call_clear (&call);
      test_child_clear (&child);
      test_group_free (group);
    }
}

/* A group in a task of a group is cancelled with it, and both are awaited. */
static void
test_nested (void)
{
  AiodriveTaskGroup *outer = aiodrive_task_group_new (NULL);
  AiodriveTaskGroup *inner = aiodrive_task_group_new (G_CANCELLABLE (aiodrive_task_group_get_scope (outer)));
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) failing = { 0 };
  g_auto(TestChild) child = { .lingers = TRUE };
  GTask *closing;

  test_child_spawn (&child, inner, "child");
  test_child_spawn (&failing, outer, "failing");
  closing = AIODRIVE_START (NULL, aiodrive_task_group_close_async, inner);
  add (outer, closing);
  aiodrive_task_group_close_async (outer, NULL, test_on_ready, &call);
  test_settle ();
  test_child_fail (&failing);
  test_iterate_until (g_cancellable_is_cancelled (child.cancellable));
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);
  test_child_succeed (&child);
  test_assert_close_fails (outer, &call, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "failing failed");

  test_finalize_task (closing);
  test_call_clear (&call);
  test_child_clear (&failing);
  test_child_clear (&child);
  test_group_free (inner);
  test_group_free (outer);
}

static void
return_at_once (GTask        *task,
                GCancellable *cancellable,
                gpointer      count)
{
  (*(guint *) count)++;
  g_task_return_boolean (task, TRUE);
}

/* In linear time, shown or not: a quadratic way would not come to its end here. */
static void
test_many (void)
{
  const guint n = test_rounds (100000);

  for (guint shown = 0; shown < 2; shown++)
    {
      AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      guint count = 0;

      if (shown)
        aiodrive_task_group_get_tasks (group);
      for (guint i = 0; i < n; i++)
        aiodrive_task_group_spawn (group, NULL, return_at_once, &count, NULL);
      g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, n);
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      test_assert_closes (group, &call);
      g_assert_cmpuint (count, ==, n);

      test_call_clear (&call);
      test_group_free (group);
    }
}

static void
test_arguments (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  g_autoptr(GTask) stranger = g_task_new (NULL, NULL, NULL, NULL);

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_CANCELLABLE (parent)*failed*");
  g_assert_null (aiodrive_task_group_new ((GCancellable *) group));
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*func != NULL*failed*");
  aiodrive_task_group_spawn (group, NULL, NULL, NULL, NULL);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_TASK (task)*failed*");
  g_assert_false (aiodrive_task_group_add (group, (GTask *) group, NULL));
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_CANCELLABLE (cancellable)*failed*");
  aiodrive_task_group_close_async (group, (GCancellable *) group, NULL, NULL);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*failed*");
  g_assert_false (aiodrive_task_group_close_finish (group, G_ASYNC_RESULT (stranger), NULL));
  g_test_assert_expected_messages ();

  g_task_return_boolean (stranger, TRUE);
  test_settle ();
  test_group_free (group);
}

/* Drops its task in one way or another, and leaves it pending. */
static void
drop_at_once (GTask        *task,
              GCancellable *cancellable,
              gpointer      data)
{
  g_task_set_name (task, "forgetful");
}

static gboolean
drop_now (gpointer task)
{
  g_object_unref (task);
  return G_SOURCE_REMOVE;
}

static void
drop_later (GTask        *task,
            GCancellable *cancellable,
            gpointer      data)
{
  drop_at_once (task, cancellable, data);
  test_call_later (2, drop_now, g_object_ref (task));
}

static gpointer
drop_in_thread (gpointer task)
{
  g_object_unref (task);
  return NULL;
}

static void
drop_elsewhere (GTask        *task,
                GCancellable *cancellable,
                gpointer      data)
{
  drop_at_once (task, cancellable, data);
  g_thread_unref (g_thread_new ("drop", drop_in_thread, g_object_ref (task)));
}

/* Closing does not wait for ever for a task that only the group has. The task ends as if its job had failed, and
 * whoever looks at it in the list finds it there. */
static void
test_dropped_by_job (gconstpointer job)
{
  for (guint shown = 0; shown < 2; shown++)
    {
      g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (NULL);
      g_autoptr(GListModel) tasks = shown ? g_object_ref (aiodrive_task_group_get_tasks (group)) : NULL;
      g_autoptr(GError) error = NULL;
      TestCall call = TEST_CALL_INIT;
      TestChild other = { 0 };

      aiodrive_task_group_spawn (group, NULL, *(AiodriveJobFunc *) job, NULL, NULL);
      test_child_spawn (&other, group, "other");
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      test_call_wait (&call);
      g_assert_false (aiodrive_task_group_close_finish (group, call.result, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
      g_assert_cmpstr (error->message, ==, "Task forgetful was dropped before it was returned");
      test_call_clear (&call);
      test_child_clear (&other);
    }
}

/* The same for a task that was made elsewhere, and added. */
static void
test_added_and_dropped (void)
{
  g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  GTask *task = g_task_new (NULL, cancellable, NULL, NULL);
  g_autoptr(GError) error = NULL;
  TestCall call = TEST_CALL_INIT;

  g_task_set_name (task, "lost");
  g_assert_true (aiodrive_task_group_add (group, task, &error));
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);
  g_object_unref (task);
  test_call_wait (&call);
  g_assert_false (aiodrive_task_group_close_finish (group, call.result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_cmpstr (error->message, ==, "Task lost was dropped before it was returned");
  test_call_clear (&call);
}

/* As long as somebody else holds the task it may be returned still. */
static void
test_held_by_spawner (void)
{
  g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (NULL);
  g_autoptr(GError) error = NULL;
  TestCall call = TEST_CALL_INIT;
  GTask *task;

  aiodrive_task_group_spawn (group, &task, drop_at_once, NULL, NULL);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);
  g_task_return_boolean (task, TRUE);
  test_call_wait (&call);
  g_assert_true (aiodrive_task_group_close_finish (group, call.result, &error));
  g_assert_no_error (error);
  test_call_clear (&call);
  test_finalize_task (task);
}

int
main (int   argc,
      char *argv[])
{
  static const AiodriveJobFunc at_once = drop_at_once, later = drop_later, elsewhere = drop_elsewhere;

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/group/task-group/empty", test_empty);
  g_test_add_func ("/aiodrive/group/task-group/forms", test_forms);
  g_test_add_func ("/aiodrive/group/task-group/ends-last", test_ends_last);
  g_test_add_func ("/aiodrive/group/task-group/closed", test_closed);
  g_test_add_func ("/aiodrive/group/task-group/failure", test_failure);
  g_test_add_func ("/aiodrive/group/task-group/multiple", test_multiple);
  g_test_add_func ("/aiodrive/group/task-group/cancel-while-closing", test_cancel_while_closing);
  g_test_add_func ("/aiodrive/group/task-group/child-cancelled", test_child_cancelled);
  g_test_add_func ("/aiodrive/group/task-group/parent-cancelled", test_parent_cancelled);
  g_test_add_func ("/aiodrive/group/task-group/scope", test_scope);
  g_test_add_func ("/aiodrive/group/task-group/close-cancelled", test_close_cancelled);
  g_test_add_func ("/aiodrive/group/task-group/cancel-after-close", test_cancel_after_close);
  g_test_add_func ("/aiodrive/group/task-group/close-twice", test_close_twice);
  g_test_add_func ("/aiodrive/group/task-group/close-in-handler", test_close_in_handler);
  g_test_add_func ("/aiodrive/group/task-group/add", test_add);
  g_test_add_func ("/aiodrive/group/task-group/add-late", test_add_late);
  g_test_add_func ("/aiodrive/group/task-group/add-refused", test_add_refused);
  g_test_add_func ("/aiodrive/group/task-group/add-ended", test_add_ended);
  g_test_add_func ("/aiodrive/group/task-group/properties", test_properties);
  g_test_add_func ("/aiodrive/group/task-group/nested", test_nested);
  g_test_add_func ("/aiodrive/group/task-group/many", test_many);
  g_test_add_data_func ("/aiodrive/group/task-group/dropped-by-job", &at_once, test_dropped_by_job);
  g_test_add_data_func ("/aiodrive/group/task-group/dropped-by-job/later", &later, test_dropped_by_job);
  g_test_add_data_func ("/aiodrive/group/task-group/dropped-by-job/elsewhere", &elsewhere, test_dropped_by_job);
  g_test_add_func ("/aiodrive/group/task-group/added-and-dropped", test_added_and_dropped);
  g_test_add_func ("/aiodrive/group/task-group/held-by-spawner", test_held_by_spawner);
  g_test_add_func ("/aiodrive/group/task-group/arguments", test_arguments);

  return g_test_run ();
}
