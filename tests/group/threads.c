/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/group/group.h"

/* A group that is used, and dropped, from several threads. */

typedef struct
{
  AiodriveTaskGroup *group;   /* unowned */
  TestChild          child;
} Spawner;

static void
spawn (gpointer data,
       gpointer unused)
{
  Spawner *self = data;

  test_child_spawn (&self->child, self->group, "child");
}

static void
run_and_check (gpointer data,
               gpointer unused)
{
  Spawner *self = data;
  g_autoptr(GError) error = NULL;
  GTask *leaf;

  aiodrive_run (self->child.task);
  leaf = aiodrive_task_get_leaf (self->child.task, &error);
  g_assert_no_error (error);
  g_assert_true (leaf == self->child.inner);
  g_assert_true (self->child.freed_in == g_thread_self ());
  test_child_clear (&self->child);
}

/* The job runs in the context of the group, its task belongs to the thread that spawned it. */
static void
test_spawn (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  TestThread *thread = test_thread_start ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  Spawner self = { .group = group };

  test_thread_call (thread, spawn, &self);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 1);
  test_settle ();
  g_assert_cmpint (self.child.n_started, ==, 1);
  g_assert_true (self.child.started_in == g_thread_self ());
  g_assert_cmpuint (call.n_calls, ==, 0);
  test_child_succeed (&self.child);
  test_assert_closes (group, &call);
  test_call_clear (&call);

  test_thread_call (thread, run_and_check, &self);
  test_thread_stop (thread);
  test_group_free (group);
}

static gpointer
spawn_some (gpointer data)
{
  Spawner *self = data;

  for (guint i = 0; i < 10; i++)
    spawn (&self[i], NULL);
  return NULL;
}

static void
assert_here (AiodriveTaskGroup *group,
             GParamSpec        *pspec,
             gpointer           here)
{
  g_assert_true (g_thread_self () == here);
}

/* A thread without a context of its own has the same thread-default one as the group. What it has spawned belongs to
 * the group at once: closing waits for it. */
static void
test_plain_thread (void)
{
  for (guint iterates = 0; iterates < 2; iterates++)
    {
      AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      Spawner spawners[10] = { { NULL } };
      GThread *thread;

      for (guint i = 0; i < 10; i++)
        spawners[i].group = group;
      g_signal_connect (group, "notify::n-tasks", G_CALLBACK (assert_here), g_thread_self ());
      if (iterates)
        g_assert_true (g_main_context_acquire (NULL));   /* as if it was in a callback */
      thread = g_thread_new ("plain", spawn_some, spawners);
      g_thread_join (thread);
      if (iterates)
        g_main_context_release (NULL);
      g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 10);

      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      g_assert_false (aiodrive_task_group_is_closed (group));
      for (guint i = 0; i < 10; i++)
        test_child_succeed (&spawners[i].child);
      test_assert_closes (group, &call);

      test_call_clear (&call);
      test_settle ();
      for (guint i = 0; i < 10; i++)
        {
          g_assert_cmpint (spawners[i].child.n_started, ==, 1);
          g_assert_cmpint (spawners[i].child.n_freed, ==, 1);
          test_child_clear (&spawners[i].child);
        }
      test_group_free (group);
    }
}

static void
spawn_unseen (gpointer data,
              gpointer unused)
{
  Spawner *self = data;

  aiodrive_task_group_spawn (self->group, NULL, test_child_job, &self->child, test_child_freed);
}

static void
settle (gpointer data,
        gpointer unused)
{
  test_settle ();
}

static void
assert_closed (gpointer data,
               gpointer unused)
{
  Spawner *self = data;
  g_autoptr(GError) error = NULL;

  aiodrive_run (self->child.task);
  error = aiodrive_task_dup_error (self->child.task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_cmpint (self->child.n_started, ==, 0);
  g_assert_cmpint (self->child.n_freed, ==, 1);
  test_child_clear (&self->child);
}

/* After the end the task of the caller fails, and warns if he does not look. */
static void
test_closed (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  TestThread *thread = test_thread_start ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  Spawner self = { .group = group };

  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
  test_thread_call (thread, spawn, &self);
  test_settle ();
  test_thread_call (thread, assert_closed, &self);

  self.child.n_freed = 0;
  test_thread_call (thread, spawn_unseen, &self);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*nobody awaited it: The group has come to its end");
  test_settle ();
  test_thread_call (thread, settle, NULL);
  g_test_assert_expected_messages ();
  g_assert_cmpint (self.child.n_freed, ==, 1);
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 0);

  test_thread_stop (thread);
  test_call_clear (&call);
  test_group_free (group);
}

/* A failure is the group's to raise: nobody has to await the task where it was spawned. */
static void
test_failure (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  TestThread *thread = test_thread_start ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  Spawner self = { .group = group, .child = { .name = "child", .future = aiodrive_thread_safe_future_new () } };

  test_thread_call (thread, spawn_unseen, &self);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_child_fail (&self.child);
  test_assert_close_fails (group, &call, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "child failed");
  test_thread_call (thread, settle, NULL);
  g_assert_cmpint (self.child.n_freed, ==, 1);

  test_child_clear (&self.child);
  test_thread_stop (thread);
  test_call_clear (&call);
  test_group_free (group);
}

static void
add_there (gpointer data,
           gpointer unused)
{
  g_autoptr(GTask) task = aiodrive_task_new (NULL);
  g_autoptr(GError) error = NULL;

  g_assert_false (aiodrive_task_group_add (data, task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_task_return_boolean (task, TRUE);
  test_settle ();
}

static void
close_there (gpointer data,
             gpointer unused)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GTask) task = NULL;
  GError *error = NULL;

  g_cancellable_cancel (cancellable);
  aiodrive_task_group_close_async (data, cancellable, test_on_ready, &call);
  g_assert_false (aiodrive_task_group_close_finish (data, test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpstr (error->message, ==, "The group belongs to another main context");
  g_clear_error (&error);

  task = AIODRIVE_START (NULL, aiodrive_task_group_close_async, data);
  aiodrive_run (task);
  g_assert_false (test_group_finish (data, task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
}

static void
list_there (gpointer data,
            gpointer unused)
{
  g_assert_null (aiodrive_task_group_get_tasks (data));
}

static gpointer
use_in_plain_thread (gpointer group)
{
  close_there (group, NULL);
  list_there (group, NULL);
  return NULL;
}

/* Closing and looking belong to the context of the group, also if there is no other one in the thread. */
static void
test_close_elsewhere (void)
{
  AiodriveTaskGroup *groups[] = { aiodrive_task_group_new (NULL),
                                  AIODRIVE_TASK_GROUP (aiodrive_auto_terminated_task_group_new (NULL)) };
  TestThread *thread = test_thread_start ();

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    {
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestChild) child = { 0 };

      test_child_spawn (&child, groups[i], "child");
      test_thread_call (thread, close_there, groups[i]);
      g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL,
                             "aiodrive_task_group_get_tasks: The group belongs to another main context");
      test_thread_call (thread, list_there, groups[i]);
      g_test_assert_expected_messages ();

      g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*another main context");
      g_thread_join (g_thread_new ("plain", use_in_plain_thread, groups[i]));
      g_test_assert_expected_messages ();

      g_assert_false (test_group_is_cancelled (groups[i]));
      test_settle ();
      test_child_succeed (&child);
      aiodrive_task_group_close_async (groups[i], NULL, test_on_ready, &call);
      test_assert_closes (groups[i], &call);
      test_call_clear (&call);
      test_child_clear (&child);
      test_group_free (groups[i]);
    }
  test_thread_stop (thread);
}

static void
cancel_there (gpointer data,
              gpointer unused)
{
  aiodrive_task_group_cancel (data);
}

/* Adding belongs to the context of the group, cancelling to everybody. */
static void
test_elsewhere (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  TestThread *thread = test_thread_start ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { 0 };
  TestTask *added = test_task_new (TEST_TASK_FOREIGN, "added", NULL);

  test_thread_call (thread, add_there, group);
  test_child_spawn (&child, group, "child");
  g_assert_true (aiodrive_task_group_add (group, added->task, NULL));
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_settle ();
  test_thread_call (thread, cancel_there, group);
  g_assert_true (g_cancellable_is_cancelled (child.cancellable));
  test_assert_closes (group, &call);
  g_assert_cmpint (g_atomic_int_get (&added->n_cancelled), ==, 1);

  test_task_free (added);
  test_child_clear (&child);
  test_thread_stop (thread);
  test_call_clear (&call);
  test_group_free (group);
}

#define DROPPED "A task group was dropped while 1 of its tasks run: they are cancelled"

static void
drop (gpointer data,
      gpointer unused)
{
  g_object_unref (data);
}

/* In use: warned about, and cancelled, whoever drops it; what goes wrong afterwards is warned about too. */
static void
test_dropped (void)
{
  TestThread *thread = test_thread_start ();

  for (guint i = 0; i < 4; i++)
    {
      AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
      g_auto(TestChild) child = { .lingers = TRUE };
      AiodriveCancelScope *scope = g_object_ref (aiodrive_task_group_get_scope (group));

      test_child_spawn (&child, group, "child");
      test_settle ();
      g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, DROPPED);
      if (i % 2 == 0)
        g_object_unref (group);
      else
        test_thread_call (thread, drop, group);
      g_test_assert_expected_messages ();
      g_assert_true (g_cancellable_is_cancelled (G_CANCELLABLE (scope)));
      g_assert_true (g_cancellable_is_cancelled (child.cancellable));

      if (i < 2)
        {
          test_child_succeed (&child);
          test_settle ();
        }
      else
        {
          g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING,
                                 "Task child failed in a group that was dropped: child failed");
          test_child_fail (&child);
          test_settle ();
          g_test_assert_expected_messages ();
        }
      g_assert_cmpint (child.n_freed, ==, 1);
      test_child_clear (&child);
      g_assert_finalize_object (scope);
    }
  test_thread_stop (thread);
}

/* A task that is on its way from another thread is in the group already. */
static void
test_dropped_meanwhile (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  TestThread *thread = test_thread_start ();
  Spawner self = { .group = group, .child = { .name = "child", .future = aiodrive_thread_safe_future_new () } };

  test_thread_call (thread, spawn_unseen, &self);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, DROPPED);
  g_object_unref (group);
  g_test_assert_expected_messages ();
  test_settle ();
  g_assert_cmpint (self.child.n_started, ==, 1);
  g_assert_true (self.child.was_cancelled);
  test_thread_call (thread, settle, NULL);
  g_assert_cmpint (self.child.n_freed, ==, 1);

  test_child_clear (&self.child);
  test_thread_stop (thread);
}

/* Who waits for it keeps it. */
static void
test_dropped_while_closing (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { 0 };
  g_autoptr(GError) error = NULL;
  gpointer weak = group;

  g_object_add_weak_pointer (G_OBJECT (group), &weak);
  test_child_spawn (&child, group, "child");
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  g_object_unref (group);
  test_settle ();
  g_assert_nonnull (weak);
  g_assert_false (g_cancellable_is_cancelled (child.cancellable));
  test_child_fail (&child);
  test_assert_close_fails (weak, &call, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "child failed");

  test_call_clear (&call);
  test_child_clear (&child);
  test_settle ();
  g_assert_null (weak);
}

/* A failure that nobody came to see is not lost in silence; that a group was cancelled before is no news. */
static void
test_dropped_unclosed (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  g_auto(TestChild) child = { 0 };

  test_child_spawn (&child, group, "child");
  test_child_fail (&child);
  test_iterate_until (child.n_freed == 1);
  test_settle ();
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 0);
  test_child_clear (&child);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "A task group failed and nobody closed it: child failed");
  test_group_free (group);
  g_test_assert_expected_messages ();

  group = aiodrive_task_group_new (NULL);
  test_child_spawn (&child, group, "child");
  aiodrive_task_group_cancel (group);
  g_object_unref (group);
  test_iterate_until (child.n_freed == 2);
  test_child_clear (&child);

  group = aiodrive_task_group_new (NULL);
  test_group_free (group);
}

/*
 * At random
 */

#define N_THREADS    3
#define MAX_PENDING  200

typedef struct
{
  AiodriveTaskGroup *group;       /* owned, nullable; guarded by lock, as is the next */
  gint               n_left;      /* how many more the others may spawn: if they never stop, the group never ends */
  GMutex             lock;
  gint               over;        /* atomic, as are the next ones */
  gint               n_spawned;
  gint               n_freed;
  gint               n_started;
  gint               n_ended;
} Random;

typedef struct
{
  Random  *random;
  guint    ends_in;               /* milliseconds */
  gboolean fails;
} Job;

static void
job_slept (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  g_autoptr(GTask) task = data;
  Job *self = g_task_get_task_data (task);
  GError *error = NULL;

  g_atomic_int_inc (&self->random->n_ended);
  if (!aiodrive_sleep_finish (result, &error))
    g_task_return_error (task, error);
  else if (self->fails)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "on purpose");
  else
    g_task_return_boolean (task, TRUE);
}

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      data)
{
  Job *self = data;

  g_atomic_int_inc (&self->random->n_started);
  g_task_set_task_data (task, self, NULL);
  aiodrive_sleep_async (self->ends_in, cancellable, job_slept, g_object_ref (task));
}

static void
job_free (gpointer data)
{
  Job *self = data;

  g_atomic_int_inc (&self->random->n_freed);
  g_free (self);
}

static void
spawn_one (Random            *self,
           AiodriveTaskGroup *group,
           GRand             *rand)
{
  Job *data = g_new (Job, 1);
  g_autoptr(GTask) task = NULL;
  gboolean seen = g_rand_boolean (rand);

  *data = (Job) { self, g_rand_int_range (rand, 0, 3), g_rand_int_range (rand, 0, 200) == 0 };
  g_atomic_int_inc (&self->n_spawned);
  aiodrive_task_group_spawn (group, seen ? &task : NULL, job, data, job_free);
  if (seen && g_rand_int_range (rand, 0, 20) == 0)
    g_cancellable_cancel (g_task_get_cancellable (task));
}

/* The group, if there is one into which up to @n may be spawned. */
static AiodriveTaskGroup *
take_group (Random *self,
            gint   *n)
{
  AiodriveTaskGroup *group = NULL;

  g_mutex_lock (&self->lock);
  *n = MIN (*n, self->n_left);
  if (g_atomic_int_get (&self->n_spawned) - g_atomic_int_get (&self->n_freed) >= MAX_PENDING)
    *n = 0;
  if (*n > 0)
    g_set_object (&group, self->group);
  self->n_left -= *n;
  g_mutex_unlock (&self->lock);
  return group;
}

static gpointer
spawn_at_random (gpointer data)
{
  Random *self = data;
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (g_test_rand_int ());
  gboolean plain = g_rand_boolean (rand);

  if (!plain)
    g_main_context_push_thread_default (context);
  while (!g_atomic_int_get (&self->over))
    {
      gint n = g_rand_int_range (rand, 1, 10);
      g_autoptr(AiodriveTaskGroup) group = take_group (self, &n);

      for (; n > 0; n--)
        spawn_one (self, group, rand);
      if (group != NULL && g_rand_int_range (rand, 0, 50) == 0)
        aiodrive_task_group_cancel (group);
      g_clear_object (&group);

      while (!plain && g_main_context_iteration (context, FALSE));
      g_thread_yield ();
    }
  while (!plain && g_atomic_int_get (&self->n_spawned) > g_atomic_int_get (&self->n_freed))
    if (!g_main_context_iteration (context, FALSE))
      g_thread_yield ();
  if (!plain)
    g_main_context_pop_thread_default (context);
  return NULL;
}

static AiodriveTaskGroup *
new_group (Random *self,
           GRand  *rand)
{
  AiodriveTaskGroup *group =
    g_rand_boolean (rand) ? aiodrive_task_group_new (NULL)
                          : (AiodriveTaskGroup *) aiodrive_auto_terminated_task_group_new (NULL);

  if (g_rand_boolean (rand))
    aiodrive_task_group_get_tasks (group);
  g_mutex_lock (&self->lock);
  self->group = g_object_ref (group);
  self->n_left = g_rand_int_range (rand, 1, 1000);
  g_mutex_unlock (&self->lock);
  return group;
}

static void
close_group (Random            *self,
             AiodriveTaskGroup *group)
{
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  aiodrive_task_group_close_finish (group, test_call_wait (&call), &error);
  g_assert_true (error == NULL || error->domain == AIODRIVE_ERROR ||
                 g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  g_assert_true (aiodrive_task_group_is_closed (group));

  g_mutex_lock (&self->lock);
  g_clear_object (&self->group);
  self->n_left = 0;
  g_mutex_unlock (&self->lock);
}

/* What comes too late is warned about. */
static void
ignore (const char     *domain,
        GLogLevelFlags  level,
        const char     *message,
        gpointer        data)
{
}

/* Whatever was spawned starts at most once, ends, and is freed once; what comes too late does not start. */
static void
test_random (void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (g_test_rand_int ());
  Random self = { NULL };
  GThread *threads[N_THREADS];
  gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC;
  guint n_groups = 0;
  GLogLevelFlags fatal;
  guint handler;

  fatal = g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  handler = g_log_set_handler (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, ignore, NULL);
  g_mutex_init (&self.lock);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("random", spawn_at_random, &self);

  while (g_get_monotonic_time () < end)
    {
      AiodriveTaskGroup *group = new_group (&self, rand);
      gint until = g_atomic_int_get (&self.n_spawned) + g_rand_int_range (rand, 1, 100);

      while (g_atomic_int_get (&self.n_spawned) < until)
        {
          spawn_one (&self, group, rand);
          g_main_context_iteration (NULL, FALSE);
        }
      close_group (&self, group);
      g_object_unref (group);
      n_groups++;
    }

  g_atomic_int_set (&self.over, TRUE);
  while (g_atomic_int_get (&self.n_freed) < g_atomic_int_get (&self.n_spawned))
    g_main_context_iteration (NULL, FALSE);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  test_settle ();
  g_assert_cmpint (self.n_freed, ==, self.n_spawned);
  g_assert_cmpint (self.n_started, ==, self.n_ended);
  g_assert_cmpint (self.n_started, <=, self.n_spawned);
  g_test_message ("%u groups, %d tasks, %d of them in time", n_groups, self.n_spawned, self.n_started);
  g_log_remove_handler (G_LOG_DOMAIN, handler);
  g_log_set_always_fatal (fatal);
  g_mutex_clear (&self.lock);
}

static void
end_at_once (GTask        *task,
             GCancellable *cancellable,
             gpointer      data)
{
  g_task_return_boolean (task, TRUE);
}

static gpointer
use_own_group (gpointer data)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  AiodrivePool *pool = aiodrive_pool_new (NULL);
  GTask *tasks[2];
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < 3; i++)
    {
      aiodrive_task_group_spawn (group, NULL, end_at_once, NULL, NULL);
      aiodrive_task_group_spawn (AIODRIVE_TASK_GROUP (pool), NULL, end_at_once, NULL, NULL);
    }
  tasks[0] = AIODRIVE_START (NULL, aiodrive_task_group_close_async, group);
  tasks[1] = AIODRIVE_START (NULL, aiodrive_pool_run_async, pool, AIODRIVE_POOL_FLAGS_NONE);
  aiodrive_run (tasks[0]);
  aiodrive_run (tasks[1]);
  g_assert_true (test_group_finish (group, tasks[0], &error));
  g_assert_true (test_pool_finish (pool, tasks[1], &error));
  g_assert_no_error (error);

  g_object_unref (tasks[0]);
  g_object_unref (tasks[1]);
  g_object_unref (group);
  g_object_unref (pool);
  g_atomic_int_set ((gint *) data, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

/* A group of a thread without a context, while another thread iterates the default one. */
static void
test_without_context (void)
{
  for (guint i = 0; i < test_rounds (50); i++)
    {
      gint done = FALSE;
      GThread *thread = g_thread_new ("plain", use_own_group, &done);

      test_iterate_until (g_atomic_int_get (&done));
      g_thread_join (thread);
    }
  test_settle ();
}

static gboolean
do_nothing (gpointer data)
{
  return G_SOURCE_REMOVE;
}

static gpointer
hold_for_moments (gpointer stop)
{
  while (!g_atomic_int_get ((gint *) stop))
    {
      g_autoptr(GTask) task = g_task_new (NULL, NULL, NULL, NULL);
      g_autoptr(GError) error = aiodrive_task_dup_error (task);

      g_main_context_invoke (NULL, do_nothing, NULL);
    }
  return NULL;
}

/* Another thread acquires the default context again and again for a moment; here no call fails. */
static void
test_held_for_a_moment (void)
{
  g_autoptr(AiodriveTaskGroup) other = aiodrive_task_group_new (NULL);
  gint stop = FALSE;
  GThread *thread;

  test_settle ();
  thread = g_thread_new ("hold", hold_for_moments, &stop);
  for (guint i = 0; i < test_rounds (5000); i++)
    {
      g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (NULL);
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(GTask) foreign = g_task_new (NULL, cancellable, NULL, NULL);
      g_autoptr(GError) error = NULL;

      g_assert_true (aiodrive_task_group_add (group, foreign, &error));
      g_assert_no_error (error);
      g_assert_nonnull (aiodrive_task_group_get_tasks (group));
      aiodrive_task_group_cancel (group);
      g_task_return_boolean (foreign, TRUE);
    }
  g_atomic_int_set (&stop, TRUE);
  g_thread_join (thread);
  test_settle ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/group/threads/spawn", test_spawn);
  g_test_add_func ("/aiodrive/group/threads/plain-thread", test_plain_thread);
  g_test_add_func ("/aiodrive/group/threads/closed", test_closed);
  g_test_add_func ("/aiodrive/group/threads/failure", test_failure);
  g_test_add_func ("/aiodrive/group/threads/elsewhere", test_elsewhere);
  g_test_add_func ("/aiodrive/group/threads/close-elsewhere", test_close_elsewhere);
  g_test_add_func ("/aiodrive/group/threads/dropped", test_dropped);
  g_test_add_func ("/aiodrive/group/threads/dropped-meanwhile", test_dropped_meanwhile);
  g_test_add_func ("/aiodrive/group/threads/dropped-while-closing", test_dropped_while_closing);
  g_test_add_func ("/aiodrive/group/threads/dropped-unclosed", test_dropped_unclosed);
  g_test_add_func ("/aiodrive/group/threads/without-context", test_without_context);
  g_test_add_func ("/aiodrive/group/threads/held-for-a-moment", test_held_for_a_moment);
  g_test_add_func ("/aiodrive/group/threads/random", test_random);

  return g_test_run ();
}
