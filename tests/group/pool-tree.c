/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/group/pool.h"

/* Pools and groups inside tasks: described, found, and cancelled with them. The time is virtual. */

static void
assert_format (AiodrivePool *pool,
               const char   *expected)
{
  g_autofree char *text = aiodrive_pool_format (pool);

  g_assert_cmpstr (text, ==, expected);
}

static void
pass_time (guint seconds)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_sleep_async (seconds * 1000, NULL, test_on_ready, &call);
  g_assert_true (aiodrive_sleep_finish (test_call_wait (&call), NULL));
}

static void
close_group (AiodriveTaskGroup *group)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
  test_call_clear (&call);
  test_group_free (group);
}

/* Each state, as it comes. */
static void
test_states (void)
{
  AiodriveTestContext *time = aiodrive_test_context_new (NULL);
  AiodrivePool *pool = aiodrive_pool_new ("main");
  g_auto(TestCall) call = TEST_CALL_INIT;
  TestChild children[2] = { { .lingers = TRUE }, { 0 } };

  assert_format (pool, "pool main: idle\n");
  test_child_spawn_at (&children[0], pool, "loader", 1);
  test_child_spawn_at (&children[1], pool, NULL, -3);
  assert_format (pool,
                 "pool main: idle\n"
                 "├─ task loader, depth 1: planned\n"
                 "└─ task (unnamed), depth -3: planned\n");

  children[1].name = "writer";
  aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
  pass_time (2);
  assert_format (pool,
                 "pool main: running, 2.0 s\n"
                 "├─ task loader, depth 1: running, 2.0 s\n"
                 "└─ task writer, depth -3: running, 2.0 s\n");

  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
  pass_time (1);
  assert_format (pool,
                 "pool main: cancelling, 3.0 s\n"
                 "├─ task loader, depth 1: cancelling, 3.0 s\n"
                 "└─ task writer, depth -3: running, 3.0 s\n");

  test_child_succeed (&children[0]);
  test_assert_ran (pool, &call);
  pass_time (5);
  assert_format (pool, "pool main: done, 3.0 s\n");

  for (guint i = 0; i < 2; i++)
    test_child_clear (&children[i]);
  test_pool_free (pool);
  g_assert_finalize_object (time);
}

/* A group in a task of a group, be it below a task that belongs to no group, or in one that was added. */
static void
test_nested (void)
{
  AiodriveTestContext *time = aiodrive_test_context_new (NULL);
  AiodrivePool *pool = aiodrive_pool_open ("outer", NULL);
  AiodrivePool *inner, *stranger;
  AiodriveTaskGroup *group, *in_added;
  TestTask *added = test_task_new (TEST_TASK_JOB, "added", NULL);
  TestTask *between;
  TestChild children[3] = { { 0 }, { 0 }, { 0 } };
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestCall) group_call = TEST_CALL_INIT;

  test_child_spawn_at (&children[0], pool, "a", 0);
  test_settle ();
  between = test_task_new (TEST_TASK_JOB, "between", children[0].cancellable);
  group = aiodrive_task_group_new (g_task_get_cancellable (between->task));
  test_child_spawn (&children[1], group, "b");
  test_settle ();
  inner = aiodrive_pool_open ("inner", children[1].cancellable);
  test_child_spawn_at (&children[2], inner, "c", 0);
  g_task_set_name (added->task, "added");
  g_assert_true (aiodrive_task_group_add (AIODRIVE_TASK_GROUP (pool), added->task, NULL));
  in_added = aiodrive_task_group_new (g_task_get_cancellable (added->task));
  stranger = aiodrive_pool_open ("stranger", NULL);
  test_settle ();

  assert_format (pool,
                 "pool outer: running, 0.0 s\n"
                 "├─ task a, depth 0: running, 0.0 s\n"
                 "│  └─ group: running\n"
                 "│     └─ task b: running, 0.0 s\n"
                 "│        └─ pool inner: running, 0.0 s\n"
                 "│           └─ task c, depth 0: running, 0.0 s\n"
                 "└─ task added, depth 0: running, 0.0 s\n"
                 "   └─ group: running\n");
  assert_format (inner,
                 "pool inner: running, 0.0 s\n"
                 "└─ task c, depth 0: running, 0.0 s\n");

  aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (inner), NULL, test_on_ready, &call);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &group_call);
  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
  test_assert_close_fails (AIODRIVE_TASK_GROUP (inner), &call, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  test_assert_close_fails (group, &group_call, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  g_assert_true (children[2].n_started == 1 && test_child_is_cancelled (&children[2]));
  g_assert_false (test_group_is_cancelled (AIODRIVE_TASK_GROUP (stranger)));

  test_call_clear (&call);
  test_call_clear (&group_call);
  test_child_clear (&children[2]);
  test_pool_free (inner);
  test_child_clear (&children[1]);
  test_group_free (group);
  test_group_free (in_added);
  close_group (AIODRIVE_TASK_GROUP (pool));
  close_group (AIODRIVE_TASK_GROUP (stranger));
  test_task_free (between);
  test_task_free (added);
  test_child_clear (&children[0]);
  g_assert_finalize_object (time);
}

/* A pool is below its body's scope, and one that is run below the task that runs it. */
static void
test_body (void)
{
  AiodriveTestContext *time = aiodrive_test_context_new (NULL);
  AiodrivePool *pool = aiodrive_pool_open (NULL, NULL);
  AiodrivePool *run = aiodrive_pool_new ("run");
  AiodrivePool *opened =
    aiodrive_pool_open ("opened", G_CANCELLABLE (aiodrive_task_group_get_scope (AIODRIVE_TASK_GROUP (pool))));
  g_auto(TestChild) child = { 0 };
  g_auto(TestCall) call = TEST_CALL_INIT;

  test_child_spawn_at (&child, pool, "child", 0);
  test_settle ();
  assert_format (pool,
                 "pool: running, 0.0 s\n"
                 "├─ task child, depth 0: running, 0.0 s\n"
                 "└─ pool opened: running, 0.0 s\n");
  aiodrive_pool_run_async (run, AIODRIVE_POOL_FLAGS_FOREVER, child.cancellable, test_on_ready, &call);
  assert_format (pool,
                 "pool: running, 0.0 s\n"
                 "├─ task child, depth 0: running, 0.0 s\n"
                 "│  └─ pool run: running, 0.0 s\n"
                 "└─ pool opened: running, 0.0 s\n");

  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
  test_assert_run_fails (run, &call, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  test_pool_free (run);
  test_child_clear (&child);
  test_pool_free (opened);
  close_group (AIODRIVE_TASK_GROUP (pool));
  g_assert_finalize_object (time);
}

typedef struct
{
  GCancellable *above;     /* unowned */
  AiodrivePool *pool;      /* owned */
  AiodrivePool *wrong;     /* unowned */
  TestChild     child;
} Elsewhere;

static void
open_there (gpointer data,
            gpointer unused)
{
  Elsewhere *self = data;

  self->pool = aiodrive_pool_open ("there", self->above);
  test_child_spawn_at (&self->child, self->pool, "child", 0);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*another main context*");
  g_assert_null (aiodrive_pool_format (self->wrong));
  g_test_assert_expected_messages ();
}

static void
close_there (gpointer data,
             gpointer unused)
{
  Elsewhere *self = data;

  test_child_succeed (&self->child);
  close_group (AIODRIVE_TASK_GROUP (self->pool));
  test_child_clear (&self->child);
}

/* A pool of another context is found; its tasks are not looked at from here. */
static void
test_elsewhere (void)
{
  AiodriveTestContext *time = aiodrive_test_context_new (NULL);
  AiodrivePool *pool = aiodrive_pool_open ("here", NULL);
  TestThread *thread = test_thread_start ();
  Elsewhere there = { .above = G_CANCELLABLE (aiodrive_task_group_get_scope (AIODRIVE_TASK_GROUP (pool))),
                      .wrong = pool };

  test_thread_call (thread, open_there, &there);
  assert_format (pool,
                 "pool here: running, 0.0 s\n"
                 "└─ pool there: 1 tasks in another context\n");
  test_thread_call (thread, close_there, &there);
  test_thread_stop (thread);
  close_group (AIODRIVE_TASK_GROUP (pool));
  g_assert_finalize_object (time);
}

static void
assert_current (GCancellable *cancellable,
                AiodrivePool *expected)
{
  g_autoptr(AiodrivePool) pool = aiodrive_pool_ref_current (cancellable);

  g_assert_true (pool == expected);
}

/* The nearest pool above a cancellable. */
static void
test_current (void)
{
  g_autoptr(GCancellable) plain = g_cancellable_new ();
  AiodrivePool *outer = aiodrive_pool_new ("outer");
  AiodrivePool *inner;
  AiodriveTaskGroup *group;
  TestChild children[3] = { { 0 }, { 0 }, { 0 } };
  g_auto(TestCall) run = TEST_CALL_INIT;

  assert_current (NULL, NULL);
  assert_current (plain, NULL);
  assert_current (G_CANCELLABLE (aiodrive_task_group_get_scope (AIODRIVE_TASK_GROUP (outer))), outer);
  test_child_spawn_at (&children[0], outer, "a", 4);
  assert_current (g_task_get_cancellable (children[0].task), outer);
  aiodrive_pool_run_async (outer, AIODRIVE_POOL_FLAGS_NONE, plain, test_on_ready, &run);
  group = aiodrive_task_group_new (g_task_get_cancellable (children[0].task));
  test_child_spawn (&children[1], group, "b");
  assert_current (g_task_get_cancellable (children[1].task), outer);
  inner = aiodrive_pool_open (NULL, g_task_get_cancellable (children[1].task));
  test_child_spawn_at (&children[2], inner, "c", -4);
  assert_current (g_task_get_cancellable (children[2].task), inner);
  assert_current (G_CANCELLABLE (aiodrive_task_group_get_scope (AIODRIVE_TASK_GROUP (inner))), inner);

  for (guint i = 0; i < 3; i++)
    test_child_succeed (&children[i]);
  close_group (AIODRIVE_TASK_GROUP (inner));
  assert_current (g_task_get_cancellable (children[2].task), outer);
  test_child_clear (&children[2]);
  test_iterate_until (children[1].n_freed == 1);
  test_child_clear (&children[1]);
  close_group (group);
  test_assert_ran (outer, &run);
  g_assert_finalize_object (outer);
  assert_current (g_task_get_cancellable (children[0].task), NULL);
  test_child_clear (&children[0]);
}

static void
note_format (AiodrivePool *pool,
             GParamSpec   *pspec,
             GTask        *task)
{
  g_object_set_data_full (G_OBJECT (pool), "noted", aiodrive_pool_format (pool), g_free);
}

/* A task of others has ended before the pool is told. */
static void
test_ended (void)
{
  AiodriveTestContext *time = aiodrive_test_context_new (NULL);
  AiodrivePool *pool = aiodrive_pool_new ("main");
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, NULL, NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_task_set_name (task, "foreign");
  g_assert_true (aiodrive_task_group_add (AIODRIVE_TASK_GROUP (pool), task, NULL));
  g_signal_connect_object (task, "notify::completed", G_CALLBACK (note_format), pool, G_CONNECT_SWAPPED);
  aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
  g_task_return_boolean (task, TRUE);
  test_assert_ran (pool, &call);
  g_assert_cmpstr (g_object_get_data (G_OBJECT (pool), "noted"), ==,
                   "pool main: running, 0.0 s\n"
                   "└─ task foreign, depth 0: ended, 0.0 s\n");

  test_call_clear (&call);
  test_pool_free (pool);
  g_assert_finalize_object (time);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/group/pool/tree/states", test_states);
  g_test_add_func ("/aiodrive/group/pool/tree/ended", test_ended);
  g_test_add_func ("/aiodrive/group/pool/tree/nested", test_nested);
  g_test_add_func ("/aiodrive/group/pool/tree/body", test_body);
  g_test_add_func ("/aiodrive/group/pool/tree/elsewhere", test_elsewhere);
  g_test_add_func ("/aiodrive/group/pool/tree/current", test_current);

  return g_test_run ();
}
