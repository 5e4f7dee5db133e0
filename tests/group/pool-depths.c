/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/group/pool.h"

/* In which order the tasks of a pool are cancelled. */

#define N_DEPTHS 4

/* A pool with a task that lingers at each depth from 2 down to -1, and one more at 2. */
typedef struct
{
  AiodrivePool *pool;        /* owned */
  TestCall      call;
  TestChild     children[N_DEPTHS];
  TestChild     twin;        /* of the first */
} Fixture;

static void
fixture_init (Fixture  *self,
              gboolean  opened)
{
  *self = (Fixture) { .pool = opened ? aiodrive_pool_open (NULL, NULL) : aiodrive_pool_new (NULL) };
  for (guint i = 0; i < N_DEPTHS; i++)
    {
      self->children[i].lingers = TRUE;
      test_child_spawn_at (&self->children[i], self->pool, "child", 2 - (gint) i);
    }
  self->twin.lingers = TRUE;
  test_child_spawn_at (&self->twin, self->pool, "twin", 2);
  if (!opened)
    aiodrive_pool_run_async (self->pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &self->call);
  test_settle ();
}

static void
fixture_clear (Fixture *self)
{
  for (guint i = 0; i < N_DEPTHS; i++)
    test_child_clear (&self->children[i]);
  test_child_clear (&self->twin);
  test_call_clear (&self->call);
  test_pool_free (self->pool);
}

static guint
count_cancelled (Fixture *self)
{
  guint n = 0;

  test_settle ();
  for (guint i = 0; i < N_DEPTHS; i++)
    {
      gboolean is_cancelled = test_child_is_cancelled (&self->children[i]);

      g_assert_true (!is_cancelled || n == i);   /* no depth is left out */
      n += is_cancelled;
    }
  return n;
}

static gboolean
is_body_cancelled (Fixture *self)
{
  return test_group_is_cancelled (AIODRIVE_TASK_GROUP (self->pool));
}

static void
cancel_there (gpointer pool,
              gpointer unused)
{
  aiodrive_task_group_cancel (pool);
}

/* A lesser depth is cancelled when all tasks of the greater ones have ended, and not before; whoever cancels. */
static void
test_order (void)
{
  TestThread *thread = test_thread_start ();

  for (guint elsewhere = 0; elsewhere < 2; elsewhere++)
    {
      Fixture f;

      fixture_init (&f, FALSE);
      g_assert_cmpuint (count_cancelled (&f), ==, 0);
      if (elsewhere)
        test_thread_call (thread, cancel_there, f.pool);
      else
        aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (f.pool));
      g_assert_cmpuint (count_cancelled (&f), ==, 1);
      g_assert_true (test_child_is_cancelled (&f.twin));
      test_child_succeed (&f.children[0]);
      g_assert_cmpuint (count_cancelled (&f), ==, 1);
      test_child_succeed (&f.twin);
      for (guint i = 1; i < N_DEPTHS; i++)
        {
          g_assert_cmpuint (count_cancelled (&f), ==, i + 1);
          g_assert_true (is_body_cancelled (&f) == (i == 3));   /* of a pool that was run it goes with the depth -1 */
          g_assert_cmpuint (f.call.n_calls, ==, 0);
          test_child_succeed (&f.children[i]);
        }
      test_assert_ran (f.pool, &f.call);
      fixture_clear (&f);
    }
  test_thread_stop (thread);
}

/* The same on a failure, which is what the run ends with. */
static void
test_failure (void)
{
  Fixture f;

  fixture_init (&f, FALSE);
  test_child_fail (&f.children[2]);
  g_assert_cmpuint (count_cancelled (&f), ==, 1);
  test_child_succeed (&f.children[0]);
  test_child_succeed (&f.twin);
  g_assert_cmpuint (count_cancelled (&f), ==, 2);
  test_child_succeed (&f.children[1]);
  test_settle ();
  g_assert_false (test_child_is_cancelled (&f.children[2]));   /* it had ended */
  g_assert_true (test_child_is_cancelled (&f.children[3]));
  test_child_fail (&f.children[3]);
  test_assert_run_fails (f.pool, &f.call, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE, NULL);
  fixture_clear (&f);
}

/* Whoever waits for the pool, and is cancelled, goes on waiting; cancelling once more changes nothing. */
static void
test_cancel_while_waiting (void)
{
  Fixture f;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) closed = TEST_CALL_INIT;

  fixture_init (&f, FALSE);
  aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (f.pool), cancellable, test_on_ready, &closed);
  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (f.pool));
  g_cancellable_cancel (cancellable);
  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (f.pool));
  g_assert_cmpuint (count_cancelled (&f), ==, 1);
  g_assert_cmpuint (closed.n_calls, ==, 0);
  test_child_succeed (&f.twin);
  for (guint i = 0; i < N_DEPTHS; i++)
    {
      g_assert_cmpuint (count_cancelled (&f), ==, i + 1);
      g_assert_cmpuint (closed.n_calls + f.call.n_calls, ==, 0);
      test_child_succeed (&f.children[i]);
    }
  test_assert_ran (f.pool, &f.call);
  test_assert_close_fails (AIODRIVE_TASK_GROUP (f.pool), &closed, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  test_call_clear (&closed);
  fixture_clear (&f);
}

/* Who has opened the pool is a task of depth -1: he sees the cancellation after depth 0, and what is below -1 waits for
 * him to close the pool. */
static void
test_body (void)
{
  Fixture f;
  g_auto(TestChild) below = { .lingers = TRUE };

  fixture_init (&f, TRUE);
  test_child_spawn_at (&below, f.pool, "below", -2);
  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (f.pool));
  test_child_succeed (&f.twin);
  for (guint i = 0; i < N_DEPTHS; i++)
    {
      g_assert_cmpuint (count_cancelled (&f), ==, i + 1);
      g_assert_true (is_body_cancelled (&f) == (i == 3));
      test_child_succeed (&f.children[i]);
    }
  test_settle ();
  g_assert_false (test_child_is_cancelled (&below));
  aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (f.pool), NULL, test_on_ready, &f.call);
  test_settle ();
  g_assert_true (test_child_is_cancelled (&below));
  test_child_succeed (&below);
  test_assert_closes (AIODRIVE_TASK_GROUP (f.pool), &f.call);
  test_child_clear (&below);
  fixture_clear (&f);
}

/* Closed before it is cancelled the body counts no more, but its scope is cancelled all the same. */
static void
test_body_closed (void)
{
  AiodrivePool *pool = aiodrive_pool_open (NULL, NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) above = { .lingers = TRUE };
  g_auto(TestChild) below = { .lingers = TRUE };

  test_child_spawn_at (&above, pool, "above", 0);
  test_child_spawn_at (&below, pool, "below", -7);
  aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (pool), NULL, test_on_ready, &call);
  test_settle ();
  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
  test_settle ();
  g_assert_true (test_child_is_cancelled (&above));
  g_assert_false (test_group_is_cancelled (AIODRIVE_TASK_GROUP (pool)));
  g_assert_false (test_child_is_cancelled (&below));
  test_child_succeed (&above);
  test_settle ();
  g_assert_true (test_group_is_cancelled (AIODRIVE_TASK_GROUP (pool)));
  g_assert_true (test_child_is_cancelled (&below));
  test_child_succeed (&below);
  test_assert_closes (AIODRIVE_TASK_GROUP (pool), &call);

  test_call_clear (&call);
  test_child_clear (&above);
  test_child_clear (&below);
  test_pool_free (pool);
}

/* Whoever comes meanwhile: at a depth that was reached, or deeper, he starts cancelled and is waited for; at a lesser
 * one he takes his turn. */
static void
test_spawn_meanwhile (void)
{
  Fixture f;
  TestChild late[] = { { .lingers = TRUE }, { .lingers = TRUE }, { .lingers = TRUE }, { .lingers = TRUE } };
  const gint depths[] = { 1, 2, G_MAXINT, 0 };

  fixture_init (&f, FALSE);
  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (f.pool));
  test_settle ();
  test_child_succeed (&f.children[0]);
  test_child_succeed (&f.twin);
  g_assert_cmpuint (count_cancelled (&f), ==, 2);   /* 1 is reached, 2 is empty */

  for (guint i = 0; i < 4; i++)
    test_child_spawn_at (&late[i], f.pool, "late", depths[i]);
  test_settle ();
  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpint (late[i].n_started, ==, 1);
      g_assert_true (late[i].was_cancelled == (i < 3));
    }

  test_child_succeed (&f.children[1]);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpuint (count_cancelled (&f), ==, 2);
      test_child_succeed (&late[i]);
    }
  g_assert_cmpuint (count_cancelled (&f), ==, 3);
  g_assert_true (test_child_is_cancelled (&late[3]));
  test_child_succeed (&f.children[2]);
  g_assert_cmpuint (count_cancelled (&f), ==, 3);
  test_child_succeed (&late[3]);
  g_assert_cmpuint (count_cancelled (&f), ==, 4);
  test_child_succeed (&f.children[3]);
  test_assert_ran (f.pool, &f.call);

  for (guint i = 0; i < 4; i++)
    test_child_clear (&late[i]);
  fixture_clear (&f);
}

/* What is added counts at the depth of the task that it is below, else at 0, wherever its scope is. */
static void
test_added (void)
{
  AiodrivePool *pool = aiodrive_pool_open (NULL, NULL);
  AiodriveTaskGroup *group = AIODRIVE_TASK_GROUP (pool);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) deep = { .lingers = TRUE };
  TestTask *outside = test_task_new (TEST_TASK_FOREIGN, "outside", NULL);
  TestTask *inside, *orphan;
  g_autoptr(AiodriveCancelScope) gone = NULL;
  g_auto(TestChild) brief = { 0 };

  test_child_spawn_at (&brief, pool, "brief", 5);
  gone = aiodrive_cancel_scope_new (g_task_get_cancellable (brief.task));
  test_child_succeed (&brief);
  test_iterate_until (brief.n_freed == 1);
  test_settle ();

  test_child_spawn_at (&deep, pool, "deep", 1);
  test_settle ();
  inside = test_task_new (TEST_TASK_JOB, "inside", deep.cancellable);
  inside->lingers = TRUE;
  orphan = test_task_new (TEST_TASK_JOB, "orphan", G_CANCELLABLE (gone));
  g_assert_true (aiodrive_task_group_add (group, inside->task, NULL));
  g_assert_true (aiodrive_task_group_add (group, outside->task, NULL));
  g_assert_true (aiodrive_task_group_add (group, orphan->task, NULL));
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);

  aiodrive_task_group_cancel (group);
  test_settle ();
  test_child_succeed (&deep);
  test_settle ();
  g_assert_cmpint (inside->n_cancelled, ==, 1);
  g_assert_cmpint (outside->n_cancelled + orphan->n_cancelled, ==, 0);   /* inside is at depth 1 */
  test_task_succeed (inside);
  test_assert_closes (group, &call);
  g_assert_cmpint (outside->n_cancelled, ==, 1);
  g_assert_cmpint (orphan->n_cancelled, ==, 1);

  test_call_clear (&call);
  test_task_free (inside);
  test_task_free (outside);
  test_task_free (orphan);
  g_clear_object (&gone);
  test_child_clear (&deep);
  test_child_clear (&brief);
  test_pool_free (pool);
}

/* A planned pool that is cancelled keeps the order too: what is planned ends, what is lesser follows. */
static void
test_planned (void)
{
  AiodrivePool *pool = aiodrive_pool_new (NULL);
  TestChild children[3] = { { 0 }, { 0 }, { 0 } };

  for (guint i = 0; i < 3; i++)
    test_child_spawn_at (&children[i], pool, "planned", i);
  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
  for (guint i = 3; i-- > 0; )
    {
      test_iterate_until (test_child_is_cancelled (&children[i]));
      for (guint deeper = i + 1; deeper < 3; deeper++)
        g_assert_true (aiodrive_task_has_ended (children[deeper].task));
    }
  for (guint i = 0; i < 3; i++)
    test_iterate_until (children[i].n_freed == 1);
  for (guint i = 0; i < 3; i++)
    test_child_assert_never_started (&children[i]);
  test_pool_free (pool);
}

static void
wait_for_cancellation (GTask        *task,
                       GCancellable *cancellable,
                       gpointer      never)
{
  aiodrive_thread_safe_event_wait_async (never, cancellable, aiodrive_task_complete, g_object_ref (task));
}

/* Each task has a depth of its own. What that costs does not grow with the square of their number, which would end in
 * the timeout of the test. */
static void
test_many (void)
{
  gint n = test_rounds (60000);
  g_autoptr(AiodrivePool) pool = aiodrive_pool_open (NULL, NULL);
  g_autoptr(AiodriveThreadSafeEvent) never = aiodrive_thread_safe_event_new ();
  TestCall call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  for (gint i = 0; i < n; i++)
    {
      g_autoptr(GTask) added = aiodrive_spawn (NULL, wait_for_cancellation, never, NULL);

      aiodrive_pool_spawn_full (pool, NULL, NULL, i % 2 == 0 ? i : n - i, wait_for_cancellation, never, NULL);
      if (i % 2 == 0)
        aiodrive_task_group_add (AIODRIVE_TASK_GROUP (pool), added, NULL);
      else
        g_cancellable_cancel (g_task_get_cancellable (added));
    }
  test_settle ();
  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
  aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (pool), NULL, test_on_ready, &call);
  test_call_wait (&call);
  g_assert_true (aiodrive_task_group_close_finish (AIODRIVE_TASK_GROUP (pool), call.result, &error));
  g_assert_no_error (error);
  test_call_clear (&call);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/group/pool/depths/order", test_order);
  g_test_add_func ("/aiodrive/group/pool/depths/failure", test_failure);
  g_test_add_func ("/aiodrive/group/pool/depths/cancel-while-waiting", test_cancel_while_waiting);
  g_test_add_func ("/aiodrive/group/pool/depths/body", test_body);
  g_test_add_func ("/aiodrive/group/pool/depths/body-closed", test_body_closed);
  g_test_add_func ("/aiodrive/group/pool/depths/spawn-meanwhile", test_spawn_meanwhile);
  g_test_add_func ("/aiodrive/group/pool/depths/added", test_added);
  g_test_add_func ("/aiodrive/group/pool/depths/planned", test_planned);
  g_test_add_func ("/aiodrive/group/pool/depths/many", test_many);

  return g_test_run ();
}
