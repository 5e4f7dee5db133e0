/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/error-private.h"
#include "tests/group/pool.h"

/* Pools that are cancelled, dropped and looked at in the middle of something. */

/*
 * A run that is cancelled at each of its moments
 */

static gpointer
cancel_run (gpointer run)
{
  g_cancellable_cancel (g_task_get_cancellable (run));
  return NULL;
}

/* Either way: a run that was cancelled before its end waits for what it has started, and starts nothing more. */
static gboolean
cancel_after (guint    n_iterations,
              gboolean from_thread,
              gboolean forever)
{
  AiodrivePool *pool = aiodrive_pool_new (NULL);
  TestChild children[3] = { { 0 }, { 0 }, { 0 } };
  GTask *run;
  gboolean had_ended;
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < 3; i++)
    test_child_spawn_at (&children[i], pool, "child", i);
  run = AIODRIVE_START (NULL, aiodrive_pool_run_async, pool,
                        forever ? AIODRIVE_POOL_FLAGS_FOREVER : AIODRIVE_POOL_FLAGS_NONE);
  for (guint i = 0; i < 3; i++)
    test_child_succeed (&children[i]);
  for (guint i = 0; i < n_iterations; i++)
    g_main_context_iteration (NULL, FALSE);

  had_ended = aiodrive_task_has_ended (run);
  if (from_thread)
    g_thread_join (g_thread_new ("canceller", cancel_run, run));
  else
    g_cancellable_cancel (g_task_get_cancellable (run));
  aiodrive_run (run);
  error = aiodrive_task_dup_error (run);
  if (had_ended)
    g_assert_no_error (error);
  else
    g_assert_true (error == NULL || aiodrive_error_is_cancelled (error));
  g_assert_cmpint (aiodrive_pool_get_status (pool), ==, AIODRIVE_POOL_STATUS_DONE);

  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (aiodrive_task_has_ended (children[i].task));
      test_iterate_until (children[i].n_freed == 1);
      test_settle ();
      test_child_clear (&children[i]);
    }
  test_settle ();
  g_object_unref (run);
  test_pool_free (pool);
  return had_ended;
}

static void
test_each_moment (void)
{
  for (guint how = 0; how < 4; how++)
    {
      g_autoptr(AiodriveTestContext) one_by_one = aiodrive_test_context_new (NULL);
      guint n = 0;

      /* one that runs forever has no end of its own */
      while (!cancel_after (n, how & 1, how & 2) && n < 20)
        n++;
      g_assert_cmpuint (n, >, 1);
    }
}

/*
 * Handlers that do what they like
 */

static void
run_until_ended (GCancellable *cancellable,
                 gpointer      data)
{
  TestChild *self = data;

  test_child_succeed (self);   /* its own wait is cancelled after this handler */
  test_iterate_until (self->n_freed == 1);
}

/* Who is cancelled first runs a main loop until he has ended. Nobody of a lesser depth is cancelled before all of his
 * own have been, and have ended. */
static void
test_nested_loop (void)
{
  AiodrivePool *pool = aiodrive_pool_new (NULL);
  g_auto(TestChild) first = { 0 };
  g_auto(TestChild) second = { .lingers = TRUE };
  g_auto(TestChild) shallow = { 0 };
  g_auto(TestCall) call = TEST_CALL_INIT;

  test_child_spawn_at (&first, pool, "first", 2);
  test_child_spawn_at (&second, pool, "second", 2);
  test_child_spawn_at (&shallow, pool, "shallow", 1);
  aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
  test_settle ();
  /* not with g_cancellable_connect(), whose handlers must not wait */
  g_signal_connect (first.cancellable, "cancelled", G_CALLBACK (run_until_ended), &first);

  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
  test_iterate_until (test_child_is_cancelled (&second));
  test_settle ();
  g_assert_cmpint (first.n_freed, ==, 1);
  g_assert_false (test_child_is_cancelled (&shallow));
  test_child_succeed (&second);
  test_assert_ran (pool, &call);
  g_assert_true (test_child_is_cancelled (&shallow));

  test_call_clear (&call);
  test_child_clear (&first);
  test_child_clear (&second);
  test_child_clear (&shallow);
  test_pool_free (pool);
}

typedef struct
{
  AiodrivePool *pool;    /* unowned */
  TestChild     late;
  TestChild     deeper;
} Meddler;

static void
meddle (GCancellable *cancellable,
        gpointer      data)
{
  Meddler *self = data;

  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (self->pool));
  test_child_spawn_at (&self->late, self->pool, "late", 1);
  test_child_spawn_at (&self->deeper, self->pool, "deeper", 9);
}

/* Who is cancelled cancels the pool, and spawns: what has come at a depth that was reached is cancelled, what is less
 * deep waits for it. */
static void
test_meddling (void)
{
  AiodrivePool *pool = aiodrive_pool_new (NULL);
  Meddler self = { .pool = pool, .deeper = { .lingers = TRUE } };
  g_auto(TestChild) first = { 0 };
  g_auto(TestCall) call = TEST_CALL_INIT;

  test_child_spawn_at (&first, pool, "first", 2);
  aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
  test_settle ();
  g_signal_connect (first.cancellable, "cancelled", G_CALLBACK (meddle), &self);

  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (pool));
  test_iterate_until (self.deeper.n_started == 1 && first.n_freed == 1);
  test_settle ();
  g_assert_true (self.deeper.was_cancelled);
  g_assert_cmpint (self.late.n_started, ==, 1);
  g_assert_false (self.late.was_cancelled);
  g_assert_false (test_child_is_cancelled (&self.late));
  test_child_succeed (&self.deeper);
  test_assert_ran (pool, &call);
  g_assert_true (test_child_is_cancelled (&self.late));

  test_call_clear (&call);
  test_child_clear (&first);
  test_child_clear (&self.late);
  test_child_clear (&self.deeper);
  test_pool_free (pool);
}

typedef struct
{
  AiodrivePool *pool;      /* owned, nullable */
  gint          n_freed;
} Dropper;

static void
drop (GTask        *task,
      GCancellable *cancellable,
      gpointer      data)
{
  Dropper *self = data;

  g_assert_finalize_object (g_steal_pointer (&self->pool));
  g_assert_null (aiodrive_pool_ref_current (cancellable));
  g_task_return_boolean (task, TRUE);
}

static void
count_freed (gpointer data)
{
  ((Dropper *) data)->n_freed++;
}

/* The last reference goes in a job of the pool itself: it ends as any that is dropped. */
static void
test_dropped_in_job (void)
{
  Dropper self = { aiodrive_pool_open (NULL, NULL), 0 };
  g_auto(TestChild) shallow = { 0 };

  test_child_spawn_at (&shallow, self.pool, "shallow", 0);
  aiodrive_pool_spawn_full (self.pool, NULL, "dropper", 1, drop, &self, count_freed);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "A task group was dropped while 2 of its tasks*");
  test_iterate_until (self.n_freed == 1 && shallow.n_freed == 1);
  g_test_assert_expected_messages ();
  g_assert_true (test_child_is_cancelled (&shallow));
  g_assert_null (aiodrive_pool_ref_current (shallow.cancellable));
  test_child_clear (&shallow);
}

/*
 * Groups of other threads that come and go while one is described
 */

typedef struct
{
  AiodriveCancelScope *scope;     /* unowned: what their groups are below */
  gint                 n_left;    /* atomic */
  GMutex               lock;
  AiodriveCancelScope *shown;     /* owned, nullable: of some pool; guarded by lock */
} Crowd;

static void
show (Crowd             *self,
      AiodriveTaskGroup *group)
{
  g_mutex_lock (&self->lock);
  g_set_object (&self->shown, aiodrive_task_group_get_scope (group));
  g_mutex_unlock (&self->lock);
}

static gpointer
come_and_go (gpointer data)
{
  Crowd *self = data;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < 300; i++)
    {
      AiodrivePool *pool = aiodrive_pool_open ("crowd", G_CANCELLABLE (self->scope));
      AiodriveTaskGroup *group =
        aiodrive_task_group_new (G_CANCELLABLE (aiodrive_task_group_get_scope (AIODRIVE_TASK_GROUP (pool))));
      g_auto(TestChild) child = { 0 };

      show (self, AIODRIVE_TASK_GROUP (pool));
      test_child_spawn_at (&child, pool, "child", 1);
      test_child_succeed (&child);
      if (i % 2 == 0)
        {
          g_auto(TestCall) call = TEST_CALL_INIT;

          aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (pool), NULL, test_on_ready, &call);
          test_assert_closes (AIODRIVE_TASK_GROUP (pool), &call);
        }
      test_iterate_until (child.n_freed == 1);
      test_settle ();
      g_object_unref (group);
      g_object_unref (pool);
      test_child_clear (&child);
    }
  test_settle ();
  g_main_context_pop_thread_default (context);
  if (g_atomic_int_dec_and_test (&self->n_left))
    g_main_context_wakeup (NULL);
  return NULL;
}

static void
look (Crowd        *self,
      AiodrivePool *pool)
{
  g_autofree char *text = aiodrive_pool_format (pool);
  g_autoptr(AiodriveCancelScope) scope = NULL;
  g_autoptr(AiodrivePool) current = NULL;

  g_assert_true (g_str_has_prefix (text, "pool here: running"));
  g_mutex_lock (&self->lock);
  g_set_object (&scope, self->shown);
  g_mutex_unlock (&self->lock);
  current = aiodrive_pool_ref_current (G_CANCELLABLE (scope));
  /* that of the crowd may be gone; then it is the one above */
  g_assert_true (scope == NULL || current == pool || g_strcmp0 (aiodrive_pool_get_name (current), "crowd") == 0);
}

static void
test_crowd (void)
{
  AiodrivePool *pool = aiodrive_pool_open ("here", NULL);
  AiodriveTaskGroup *group = AIODRIVE_TASK_GROUP (pool);
  Crowd self = { .scope = aiodrive_task_group_get_scope (group), .n_left = 3 };
  g_auto(TestCall) call = TEST_CALL_INIT;
  GThread *threads[3];

  for (guint i = 0; i < 3; i++)
    threads[i] = g_thread_new ("crowd", come_and_go, &self);
  while (g_atomic_int_get (&self.n_left) > 0)
    {
      look (&self, pool);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  for (guint i = 0; i < 3; i++)
    g_thread_join (threads[i]);
  g_clear_object (&self.shown);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
  test_call_clear (&call);
  test_pool_free (pool);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/group/pool/races/each-moment", test_each_moment);
  g_test_add_func ("/aiodrive/group/pool/races/nested-loop", test_nested_loop);
  g_test_add_func ("/aiodrive/group/pool/races/meddling", test_meddling);
  g_test_add_func ("/aiodrive/group/pool/races/dropped-in-job", test_dropped_in_job);
  g_test_add_func ("/aiodrive/group/pool/races/crowd", test_crowd);

  return g_test_run ();
}
