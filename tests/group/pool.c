/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/group/pool.h"

/* Nothing is started before the pool runs, then everything is. */
static void
test_planned (void)
{
  AiodrivePool *pool = aiodrive_pool_new ("plan");
  g_auto(TestCall) call = TEST_CALL_INIT;
  TestChild children[2] = { { 0 }, { 0 } };

  g_assert_cmpstr (aiodrive_pool_get_name (pool), ==, "plan");
  test_child_spawn_at (&children[0], pool, "a", 3);
  test_child_spawn (&children[1], AIODRIVE_TASK_GROUP (pool), "b");
  g_assert_cmpstr (g_task_get_name (children[0].task), ==, "a");
  test_settle ();
  g_assert_cmpint (aiodrive_pool_get_status (pool), ==, AIODRIVE_POOL_STATUS_IDLE);
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (AIODRIVE_TASK_GROUP (pool)), ==, 2);

  aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
  g_assert_cmpint (aiodrive_pool_get_status (pool), ==, AIODRIVE_POOL_STATUS_RUNNING);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (children[i].n_started, ==, 0);   /* not inside the call */
  test_settle ();
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (children[i].n_started, ==, 1);
      g_assert_true (children[i].inner == children[i].task);
      g_assert_false (children[i].was_cancelled);
      g_assert_cmpuint (call.n_calls, ==, 0);
      test_child_succeed (&children[i]);
      test_settle ();
    }
  g_assert_true (call.source_object == G_OBJECT (pool));
  test_assert_ran (pool, &call);
  g_assert_true (aiodrive_task_group_is_closed (AIODRIVE_TASK_GROUP (pool)));
  g_assert_false (test_group_is_cancelled (AIODRIVE_TASK_GROUP (pool)));

  for (guint i = 0; i < 2; i++)
    test_child_clear (&children[i]);
  test_pool_free (pool);
}

static void
test_empty (void)
{
  AiodrivePool *pool = aiodrive_pool_new (NULL);
  GTask *task = AIODRIVE_START (NULL, aiodrive_pool_run_async, pool, AIODRIVE_POOL_FLAGS_NONE);
  g_autoptr(GError) error = NULL;

  g_assert_null (aiodrive_pool_get_name (pool));
  g_assert_cmpint (aiodrive_pool_get_status (pool), ==, AIODRIVE_POOL_STATUS_DONE);
  aiodrive_run (task);
  g_assert_true (test_pool_finish (pool, task, &error));
  g_assert_no_error (error);
  g_assert_finalize_object (task);   /* the pool keeps its scope */
  test_pool_free (pool);
}

static void
assert_cannot_run (AiodrivePool *pool,
                   GCancellable *cancellable,
                   gint          code)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, cancellable, test_on_ready, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  test_assert_run_fails (pool, &call, G_IO_ERROR, code, NULL);
}

static void
run_elsewhere (gpointer pool,
               gpointer unused)
{
  assert_cannot_run (pool, NULL, G_IO_ERROR_INVALID_ARGUMENT);
}

/* A pool runs once, in its own context, and not below itself; what fails has no effect. */
static void
test_run_twice (void)
{
  AiodrivePool *pool = aiodrive_pool_new (NULL);
  TestThread *thread = test_thread_start ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { 0 };

  test_child_spawn_at (&child, pool, "a", 0);
  test_thread_call (thread, run_elsewhere, pool);
  assert_cannot_run (pool, G_CANCELLABLE (aiodrive_task_group_get_scope (AIODRIVE_TASK_GROUP (pool))),
                     G_IO_ERROR_INVALID_ARGUMENT);
  assert_cannot_run (pool, g_task_get_cancellable (child.task), G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (aiodrive_pool_get_status (pool), ==, AIODRIVE_POOL_STATUS_IDLE);

  aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
  assert_cannot_run (pool, NULL, G_IO_ERROR_PENDING);
  test_iterate_until (child.n_started == 1);
  test_child_succeed (&child);
  test_assert_ran (pool, &call);
  assert_cannot_run (pool, NULL, G_IO_ERROR_CLOSED);
  g_assert_cmpint (child.n_started, ==, 1);
  test_thread_stop (thread);
  test_child_clear (&child);
  test_pool_free (pool);

  pool = aiodrive_pool_open (NULL, NULL);
  assert_cannot_run (pool, NULL, G_IO_ERROR_PENDING);
  test_pool_free (pool);
}

/* One that is cancelled before ends, whether the pool is run before it does or not; the others are not concerned. */
static void
test_cancel_planned (void)
{
  for (guint at_once = 0; at_once < 2; at_once++)
    {
      AiodrivePool *pool = aiodrive_pool_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestChild) cancelled = { 0 };
      g_auto(TestChild) other = { 0 };

      test_child_spawn_at (&cancelled, pool, "cancelled", 0);
      test_child_spawn_at (&other, pool, "other", 0);
      g_cancellable_cancel (g_task_get_cancellable (cancelled.task));
      if (!at_once)
        {
          test_settle ();
          test_child_assert_never_started (&cancelled);
          g_assert_cmpuint (aiodrive_task_group_get_n_tasks (AIODRIVE_TASK_GROUP (pool)), ==, 1);
        }
      aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
      test_settle ();
      if (at_once)
        test_child_assert_never_started (&cancelled);
      g_assert_cmpint (other.n_started, ==, 1);
      test_child_succeed (&other);
      test_assert_ran (pool, &call);
      test_child_clear (&other);
      test_pool_free (pool);
    }
}

typedef enum
{
  CLOSED,
  CANCELLED,
  DROPPED,
  RUN_CANCELLED,
  N_ENDS
} End;

/* However a pool ends that is never run, what it has planned is never started. */
static void
test_never_run (void)
{
  for (End end = CLOSED; end < N_ENDS; end++)
    {
      AiodrivePool *pool = aiodrive_pool_new (NULL);
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_auto(TestCall) call = TEST_CALL_INIT;
      TestChild children[3] = { { 0 }, { 0 }, { 0 } };

      g_cancellable_cancel (cancellable);
      for (guint i = 0; i < 3; i++)
        test_child_spawn_at (&children[i], pool, "a", i);
      if (end == CLOSED)
        aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (pool), NULL, test_on_ready, &call);
      else if (end == CANCELLED)
        aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
      else if (end == RUN_CANCELLED)
        aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, cancellable, test_on_ready, &call);
      else
        {
          g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "A task group was dropped while 3 of its tasks*");
          g_object_unref (pool);
          g_test_assert_expected_messages ();
        }

      for (guint i = 0; i < 3; i++)
        test_iterate_until (children[i].n_freed == 1);
      if (end == CLOSED)
        test_assert_closes (AIODRIVE_TASK_GROUP (pool), &call);
      else if (end == RUN_CANCELLED)
        test_assert_run_fails (pool, &call, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
      else if (end == CANCELLED)
        {
          aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
          test_assert_ran (pool, &call);
        }
      test_call_clear (&call);
      for (guint i = 0; i < 3; i++)
        test_child_assert_never_started (&children[i]);
      if (end != DROPPED)
        test_pool_free (pool);
    }
}

/* It is warned about, and cancelled. */
static void
test_dropped_while_running (void)
{
  for (guint how = 0; how < 2; how++)
    {
      AiodrivePool *pool = aiodrive_pool_open (NULL, NULL);
      TestChild children[2] = { { .lingers = TRUE }, { 0 } };

      test_child_spawn_at (&children[0], pool, "deep", 0);
      test_child_spawn_at (&children[1], pool, "below the body", -2);
      test_settle ();
      if (how == 1)
        {
          aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
          g_object_unref (pool);
        }
      else
        {
          g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "A task group was dropped while 2 of its tasks*");
          g_object_unref (pool);
          g_test_assert_expected_messages ();
        }
      test_settle ();
      g_assert_true (test_child_is_cancelled (&children[0]));
      g_assert_false (test_child_is_cancelled (&children[1]));
      test_child_succeed (&children[0]);
      test_iterate_until (children[0].n_freed == 1 && children[1].n_freed == 1);
      for (guint i = 0; i < 2; i++)
        test_child_clear (&children[i]);
    }
}

/* It goes on without tasks, until it is cancelled, fails or is closed. */
static void
test_forever (void)
{
  for (guint how = 0; how < 4; how++)
    {
      AiodrivePool *pool = aiodrive_pool_new (NULL);
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestCall) closed = TEST_CALL_INIT;
      g_auto(TestChild) child = { 0 };

      aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_FOREVER, cancellable, test_on_ready, &call);
      test_settle ();
      g_assert_cmpint (aiodrive_pool_get_status (pool), ==, AIODRIVE_POOL_STATUS_RUNNING);
      test_child_spawn_at (&child, pool, "child", 0);
      test_settle ();
      g_assert_cmpint (child.n_started, ==, 1);
      if (how == 0)
        test_child_fail (&child);
      else
        test_child_succeed (&child);
      test_iterate_until (child.n_freed == 1);
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, how == 0);

      if (how == 0)
        test_assert_run_fails (pool, &call, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "child failed");
      else if (how == 1)
        {
          g_cancellable_cancel (cancellable);
          test_assert_run_fails (pool, &call, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
        }
      else if (how == 2)
        {
          aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
          test_assert_ran (pool, &call);
        }
      else
        {
          aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (pool), NULL, test_on_ready, &closed);
          test_assert_ran (pool, &call);
          test_assert_closes (AIODRIVE_TASK_GROUP (pool), &closed);
          test_call_clear (&closed);
        }
      test_child_clear (&child);
      test_pool_free (pool);
    }
}

/* All failures come out. */
static void
test_failures (void)
{
  AiodrivePool *pool = aiodrive_pool_new (NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  TestChild children[3] = { { .lingers = TRUE }, { .lingers = TRUE }, { 0 } };
  const char *names[] = { "a", "b", "c" };

  for (guint i = 0; i < 3; i++)
    test_child_spawn_at (&children[i], pool, names[i], 0);
  aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
  test_settle ();
  test_child_fail (&children[1]);
  test_iterate_until (children[2].n_freed == 1);
  test_child_fail (&children[0]);
  test_assert_run_fails (pool, &call, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE, NULL);

  for (guint i = 0; i < 3; i++)
    test_child_clear (&children[i]);
  test_pool_free (pool);
}

/* The pool is below what it is run with: its cancellation and its reason come down, and it is waited for. */
static void
test_parent (void)
{
  AiodrivePool *pool = aiodrive_pool_new (NULL);
  AiodriveCancelScope *scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(GError) reason = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "because");
  g_autoptr(GError) found = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { .lingers = TRUE };

  test_child_spawn_at (&child, pool, "child", 0);
  g_assert_false (aiodrive_cancellable_is_within (g_task_get_cancellable (child.task), G_CANCELLABLE (scope)));
  aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, G_CANCELLABLE (scope), test_on_ready, &call);
  g_assert_true (aiodrive_cancellable_is_within (g_task_get_cancellable (child.task), G_CANCELLABLE (scope)));
  test_settle ();
  aiodrive_cancel_scope_cancel_with_reason (scope, reason);
  test_settle ();
  g_assert_true (test_child_is_cancelled (&child));
  g_assert_cmpint (aiodrive_pool_get_status (pool), ==, AIODRIVE_POOL_STATUS_CLOSING);
  found = aiodrive_cancel_scope_dup_reason (AIODRIVE_CANCEL_SCOPE (child.cancellable));
  g_assert_error (found, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpuint (call.n_calls, ==, 0);
  test_child_succeed (&child);
  test_assert_run_fails (pool, &call, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);

  test_child_clear (&child);
  test_pool_free (pool);
  g_assert_finalize_object (scope);
}

/* The task of the run can be cancelled too. */
static void
test_cancel_run (void)
{
  AiodrivePool *pool = aiodrive_pool_new (NULL);
  g_auto(TestChild) child = { 0 };
  g_autoptr(GError) error = NULL;
  GTask *task;

  test_child_spawn_at (&child, pool, "child", 0);
  task = AIODRIVE_START (NULL, aiodrive_pool_run_async, pool, AIODRIVE_POOL_FLAGS_FOREVER);
  test_settle ();
  g_cancellable_cancel (g_task_get_cancellable (task));
  aiodrive_run (task);
  g_assert_false (test_pool_finish (pool, task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (child.n_freed, ==, 1);
  g_assert_finalize_object (task);   /* the pool keeps its scope */
  test_child_clear (&child);
  test_pool_free (pool);
}

/* What is below a cancelled parent starts cancelled. */
static void
test_open_cancelled (void)
{
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { 0 };
  AiodrivePool *pool;

  g_cancellable_cancel (parent);
  pool = aiodrive_pool_open (NULL, parent);
  g_assert_true (test_group_is_cancelled (AIODRIVE_TASK_GROUP (pool)));
  g_assert_cmpint (aiodrive_pool_get_status (pool), ==, AIODRIVE_POOL_STATUS_CLOSING);
  test_child_spawn_at (&child, pool, "child", 0);
  test_settle ();
  g_assert_true (child.was_cancelled);
  aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (pool), NULL, test_on_ready, &call);
  test_assert_close_fails (AIODRIVE_TASK_GROUP (pool), &call, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  test_call_clear (&call);
  test_child_clear (&child);
  test_pool_free (pool);
}

/* The scope that a pool shows stands for the pool. */
static void
test_scope (void)
{
  AiodrivePool *pool = aiodrive_pool_open (NULL, NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { 0 };

  test_child_spawn_at (&child, pool, "child", 0);
  aiodrive_cancel_scope_set_deadline (aiodrive_task_group_get_scope (AIODRIVE_TASK_GROUP (pool)), 0);
  aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (pool), NULL, test_on_ready, &call);
  test_assert_close_fails (AIODRIVE_TASK_GROUP (pool), &call, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, NULL);
  g_assert_cmpint (child.n_started, ==, 1);
  test_call_clear (&call);
  test_child_clear (&child);
  test_pool_free (pool);
}

static void
note_status (AiodrivePool *pool,
             GParamSpec   *pspec,
             gpointer      statuses)
{
  g_string_append_printf (statuses, "%d", aiodrive_pool_get_status (pool));
}

static void
note_closed (AiodrivePool *pool,
             GParamSpec   *pspec,
             gpointer      statuses)
{
  g_string_append_printf (statuses, "closed:%d", aiodrive_pool_get_status (pool));
}

static void
test_status (void)
{
  for (guint opened = 0; opened < 2; opened++)
    {
      AiodrivePool *pool = opened ? aiodrive_pool_open (NULL, NULL) : aiodrive_pool_new (NULL);
      g_autoptr(GString) statuses = g_string_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestChild) child = { 0 };
      g_autofree char *name = NULL;
      AiodrivePoolStatus status;

      g_signal_connect (pool, "notify::status", G_CALLBACK (note_status), statuses);
      g_signal_connect (pool, "notify::closed", G_CALLBACK (note_closed), statuses);
      test_child_spawn_at (&child, pool, "child", 0);
      if (opened)
        aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (pool), NULL, test_on_ready, &call);
      else
        aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
      test_settle ();
      aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
      test_call_wait (&call);
      g_assert_cmpstr (statuses->str, ==, opened ? "23closed:3" : "123closed:3");
      g_object_get (pool, "status", &status, "name", &name, NULL);
      g_assert_cmpint (status, ==, AIODRIVE_POOL_STATUS_DONE);
      g_assert_null (name);

      test_call_clear (&call);
      test_child_clear (&child);
      test_pool_free (pool);
    }
}

/* The list shows what is planned, then what runs. */
static void
test_list (void)
{
  AiodrivePool *pool = aiodrive_pool_new (NULL);
  GListModel *tasks = aiodrive_task_group_get_tasks (AIODRIVE_TASK_GROUP (pool));
  g_auto(TestCall) call = TEST_CALL_INIT;
  TestChild children[2] = { { 0 }, { 0 } };
  g_autoptr(AiodriveTaskInfo) first = NULL;
  g_autoptr(AiodriveTaskInfo) second = NULL;

  test_child_spawn_at (&children[0], pool, "a", 0);
  test_child_spawn_at (&children[1], pool, "b", 0);
  first = g_list_model_get_item (tasks, 0);
  second = g_list_model_get_item (tasks, 1);
  g_assert_cmpstr (aiodrive_task_info_get_name (second), ==, "b");
  g_assert_cmpint (aiodrive_task_info_get_state (first), ==, AIODRIVE_TASK_STATE_PLANNED);
  g_assert_cmpint (aiodrive_task_info_get_elapsed (first), ==, 0);

  aiodrive_task_info_cancel (first);
  test_settle ();
  g_assert_cmpuint (g_list_model_get_n_items (tasks), ==, 1);
  g_assert_cmpint (aiodrive_task_info_get_state (first), ==, AIODRIVE_TASK_STATE_CANCELLED);
  g_assert_cmpint (aiodrive_task_info_get_elapsed (first), ==, 0);
  g_assert_cmpint (aiodrive_task_info_get_state (second), ==, AIODRIVE_TASK_STATE_PLANNED);

  aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
  g_assert_cmpint (aiodrive_task_info_get_state (second), ==, AIODRIVE_TASK_STATE_RUNNING);
  test_child_succeed (&children[1]);
  test_assert_ran (pool, &call);
  g_assert_cmpint (aiodrive_task_info_get_state (second), ==, AIODRIVE_TASK_STATE_SUCCEEDED);
  g_assert_cmpuint (g_list_model_get_n_items (tasks), ==, 0);

  test_child_assert_never_started (&children[0]);
  test_child_clear (&children[1]);
  test_pool_free (pool);
}

typedef struct
{
  AiodrivePool *pool;   /* unowned */
  TestChild     child;
} Spawner;

static void
spawn (gpointer data,
       gpointer unused)
{
  Spawner *self = data;

  test_child_spawn_at (&self->child, self->pool, "child", 1);
}

static void
clear (gpointer data,
       gpointer unused)
{
  Spawner *self = data;

  test_iterate_until (g_atomic_int_get (&self->child.n_freed) == 1);
  test_settle ();
  g_assert_cmpstr (g_task_get_name (self->child.task), ==, "child");
  test_child_clear (&self->child);
}

static void
cancel_child (gpointer data,
              gpointer unused)
{
  g_cancellable_cancel (g_task_get_cancellable (((Spawner *) data)->child.task));
}

/* Planned from another thread: started, or cancelled from there before. */
static void
test_thread (void)
{
  for (guint how = 0; how < 3; how++)
    {
      AiodrivePool *pool = aiodrive_pool_new (NULL);
      TestThread *thread = test_thread_start ();
      g_auto(TestCall) call = TEST_CALL_INIT;
      Spawner self = { .pool = pool };

      test_thread_call (thread, spawn, &self);
      if (how > 0)
        test_settle ();
      g_assert_cmpuint (aiodrive_task_group_get_n_tasks (AIODRIVE_TASK_GROUP (pool)), ==, 1);
      g_assert_cmpint (self.child.n_started, ==, 0);
      if (how == 2)
        test_thread_call (thread, cancel_child, &self);
      aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
      test_settle ();
      g_assert_cmpint (self.child.n_started, ==, how < 2);
      if (how < 2)
        {
          g_assert_cmpstr (g_task_get_name (self.child.inner), ==, "child");
          g_assert_true (self.child.started_in == g_thread_self ());
          test_child_succeed (&self.child);
        }
      test_assert_ran (pool, &call);
      test_thread_call (thread, clear, &self);
      test_thread_stop (thread);
      test_pool_free (pool);
    }
}

typedef struct
{
  AiodrivePool *pool;   /* unowned */
  gint          over;   /* atomic */
} Namer;

static void
succeed (GTask        *task,
         GCancellable *cancellable,
         gpointer      data)
{
  g_assert_cmpstr (g_task_get_name (task), ==, "named");
  g_task_return_boolean (task, TRUE);
}

static gpointer
spawn_named (gpointer data)
{
  Namer *self = data;

  for (guint i = 0; i < 200; i++)
    aiodrive_pool_spawn_full (self->pool, NULL, "named", 0, succeed, NULL, NULL);
  g_atomic_int_set (&self->over, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

/* A thread without a context of its own spawns tasks that belong to the one which is iterated here: they have their
 * names before anything happens to them. */
static void
test_plain_thread (void)
{
  Namer self = { .pool = aiodrive_pool_open (NULL, NULL) };
  g_auto(TestCall) call = TEST_CALL_INIT;
  GThread *thread = g_thread_new ("plain", spawn_named, &self);

  test_iterate_until (g_atomic_int_get (&self.over));
  g_thread_join (thread);
  aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (self.pool), NULL, test_on_ready, &call);
  test_assert_closes (AIODRIVE_TASK_GROUP (self.pool), &call);

  test_call_clear (&call);
  test_pool_free (self.pool);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/group/pool/planned", test_planned);
  g_test_add_func ("/aiodrive/group/pool/empty", test_empty);
  g_test_add_func ("/aiodrive/group/pool/run-twice", test_run_twice);
  g_test_add_func ("/aiodrive/group/pool/cancel-planned", test_cancel_planned);
  g_test_add_func ("/aiodrive/group/pool/never-run", test_never_run);
  g_test_add_func ("/aiodrive/group/pool/dropped-while-running", test_dropped_while_running);
  g_test_add_func ("/aiodrive/group/pool/forever", test_forever);
  g_test_add_func ("/aiodrive/group/pool/failures", test_failures);
  g_test_add_func ("/aiodrive/group/pool/parent", test_parent);
  g_test_add_func ("/aiodrive/group/pool/cancel-run", test_cancel_run);
  g_test_add_func ("/aiodrive/group/pool/open-cancelled", test_open_cancelled);
  g_test_add_func ("/aiodrive/group/pool/scope", test_scope);
  g_test_add_func ("/aiodrive/group/pool/status", test_status);
  g_test_add_func ("/aiodrive/group/pool/list", test_list);
  g_test_add_func ("/aiodrive/group/pool/thread", test_thread);
  g_test_add_func ("/aiodrive/group/pool/thread/plain", test_plain_thread);

  return g_test_run ();
}
