/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/scenario.h"

#include <signal.h>

/* Tasks below the one that is cancelled: none outlives it. */

#define N_CHILDREN 3

static AiodriveBackgroundExecutor *executor;
static AiodriveTestContext        *test;

static void
set_up (void)
{
  executor = aiodrive_background_executor_new (NULL);
  test = aiodrive_test_context_new (NULL);
}

static void
tear_down (void)
{
  g_assert_true (aiodrive_background_executor_stop (executor, NULL, NULL));
  g_assert_finalize_object (executor);
  aiodrive_test_context_close (test);
  g_assert_finalize_object (test);
}

/* How a combinator ends is in the task. */
static gboolean
end_as_task (GAsyncResult  *result,
             GError       **error)
{
  return test_end_with_error (aiodrive_task_dup_error (G_TASK (result)), error);
}

static gboolean
end_too_late (GAsyncResult  *result,
              GError       **error)
{
  GError *failure = aiodrive_task_dup_error (G_TASK (result));

  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    g_clear_error (&failure);
  else
    g_assert_nonnull (failure);
  return test_end_with_error (failure, error);
}

typedef void (*Combine) (GTask               **tasks,
                         gsize                 n_tasks,
                         GCancellable         *cancellable,
                         GAsyncReadyCallback   callback,
                         gpointer              data);

static void
combine (Combine              combinator,
         GCancellable        *cancellable,
         GAsyncReadyCallback  callback,
         gpointer             data)
{
  GTask *tasks[N_CHILDREN];

  for (guint i = 0; i < N_CHILDREN; i++)
    tasks[i] = aiodrive_spawn (cancellable, test_sleep_job, GUINT_TO_POINTER (1000 * i + 1), NULL);
  combinator (tasks, N_CHILDREN, cancellable, callback, data);
  for (guint i = 0; i < N_CHILDREN; i++)
    g_object_unref (tasks[i]);
}

static GTask *
new_child (TestParty *self)
{
  GTask *task = aiodrive_spawn (g_task_get_cancellable (self->task), test_sleep_job, GUINT_TO_POINTER (2000), NULL);

  g_set_object (&self->object, G_OBJECT (task));
  g_object_unref (task);
  return task;
}

static gboolean
end_wait (TestParty     *self,
          GAsyncResult  *result,
          GError       **error)
{
  g_autoptr(GTask) task = aiodrive_wait_task_finish (result, error);

  g_assert_true (task == NULL || task == G_TASK (self->object));
  return task != NULL;
}

TEST_DEFINE_CALL (race,
                  combine (aiodrive_race_async, cancellable, callback, data),
                  end_as_task (result, error))
TEST_DEFINE_CALL (first_success,
                  combine (aiodrive_first_success_async, cancellable, callback, data),
                  end_as_task (result, error))
TEST_DEFINE_CALL (try_all,
                  combine (aiodrive_try_all_async, cancellable, callback, data),
                  end_as_task (result, error))
TEST_DEFINE_CALL (wait_all,
                  combine (aiodrive_wait_all_async, cancellable, callback, data),
                  end_as_task (result, error))
TEST_DEFINE_CALL (timeout,
                  aiodrive_timeout_async (new_child (self), 3000, cancellable, callback, data),
                  end_as_task (result, error))
TEST_DEFINE_CALL (too_late,
                  aiodrive_timeout_async (new_child (self), 1000, cancellable, callback, data),
                  end_too_late (result, error))
TEST_DEFINE_CALL (shield,
                  aiodrive_shield_async (new_child (self), cancellable, callback, data),
                  end_as_task (result, error))
TEST_DEFINE_CALL (cancel,
                  aiodrive_cancel_task_async (new_child (self), cancellable, callback, data),
                  aiodrive_cancel_task_finish (result, error))
TEST_DEFINE_CALL (wait,
                  aiodrive_wait_task_async (new_child (self), cancellable, callback, data),
                  end_wait (self, result, error))

/*
 * Groups
 */

static void
fill_group (TestParty         *self,
            AiodriveTaskGroup *group)
{
  for (guint i = 0; i < N_CHILDREN; i++)
    aiodrive_task_group_spawn (group, NULL, test_sleep_job, GUINT_TO_POINTER (1000 * i + 1), NULL);
  g_set_object (&self->object, G_OBJECT (group));
  g_object_unref (group);
}

static void
group (TestParty *self)
{
  fill_group (self, aiodrive_task_group_new (g_task_get_cancellable (self->task)));
}

static void
auto_group (TestParty *self)
{
  fill_group (self, AIODRIVE_TASK_GROUP (aiodrive_auto_terminated_task_group_new (
                                           g_task_get_cancellable (self->task))));
}

static void
thread_group (TestParty *self)
{
  fill_group (self, AIODRIVE_TASK_GROUP (aiodrive_thread_task_group_new (NULL, g_task_get_cancellable (self->task))));
}

static void
open_pool (TestParty *self)
{
  fill_group (self, AIODRIVE_TASK_GROUP (aiodrive_pool_open (NULL, g_task_get_cancellable (self->task))));
}

static void
pool (TestParty *self)
{
  AiodrivePool *planned = aiodrive_pool_new (NULL);

  for (gint depth = 0; depth < N_CHILDREN; depth++)
    aiodrive_pool_spawn_full (planned, NULL, NULL, depth, test_sleep_job, GUINT_TO_POINTER (1000), NULL);
  g_set_object (&self->object, G_OBJECT (planned));
  g_object_unref (planned);
}

static void
make_latest (TestParty *self)
{
  AiodriveLatest *one = aiodrive_latest_new (g_task_get_cancellable (self->task), 0);

  aiodrive_latest_spawn (one, NULL, test_sleep_job, GUINT_TO_POINTER (1000), NULL);
  g_set_object (&self->object, G_OBJECT (one));
  g_object_unref (one);
}

TEST_DEFINE_CALL (close_latest,
                  aiodrive_latest_close_async (AIODRIVE_LATEST (self->object), cancellable, callback, data),
                  aiodrive_latest_close_finish (AIODRIVE_LATEST (self->object), result, error))
TEST_DEFINE_CALL (close,
                  aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (self->object), cancellable, callback, data),
                  aiodrive_task_group_close_finish (AIODRIVE_TASK_GROUP (self->object), result, error))
TEST_DEFINE_CALL (run,
                  aiodrive_pool_run_async (AIODRIVE_POOL (self->object), AIODRIVE_POOL_FLAGS_NONE, cancellable,
                                           callback, data),
                  aiodrive_pool_run_finish (AIODRIVE_POOL (self->object), result, error))

/*
 * Threads, and what comes from outside
 */

static void
spawn_there (GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             data)
{
  g_autoptr(GTask) task = NULL;

  aiodrive_background_executor_spawn (executor, &task, cancellable, test_sleep_job, GUINT_TO_POINTER (1000), NULL);
  aiodrive_wait_all_async (&task, 1, cancellable, callback, data);
}

static const gint usr2 = SIGUSR2;

TEST_DEFINE_CALL (executor,
                  spawn_there (cancellable, callback, data),
                  end_as_task (result, error))
TEST_DEFINE_CALL (stop,
                  aiodrive_background_executor_stop_async (executor, cancellable, callback, data),
                  aiodrive_background_executor_stop_finish (executor, result, error))
TEST_DEFINE_CALL (signal,
                  aiodrive_wait_for_signal_async (&usr2, 1, cancellable, callback, data),
                  aiodrive_wait_for_signal_finish (result, error) == usr2)
TEST_DEFINE_CALL (all_blocked,
                  aiodrive_test_context_wait_all_blocked_async (test, cancellable, callback, data),
                  aiodrive_test_context_wait_all_blocked_finish (test, result, error))

/* The signal comes as soon as GLib's own thread has seen it. */
static void
send_signal (TestParty *self)
{
  raise (usr2);
}

#define SLEEP TEST_CALL (test_sleep)
#define CLOSE TEST_CALL (close)

static const TestStep nothing[] = { TEST_END };
static const TestStep sleeps[] = { SLEEP, SLEEP, TEST_END };
static const TestStep races[] = { TEST_CALL (race), TEST_CALL (first_success), TEST_END };
static const TestStep gathers[] = { TEST_CALL (try_all), TEST_CALL (wait_all), TEST_END };
static const TestStep times_out[] = { TEST_CALL (timeout), TEST_CALL (too_late), TEST_END };
static const TestStep shields[] = { TEST_CALL (shield), SLEEP, TEST_END };
static const TestStep cancels[] = { TEST_CALL (cancel), SLEEP, TEST_CALL (wait), TEST_END };
static const TestStep groups[] = { TEST_ACT (group), CLOSE, SLEEP, TEST_ACT (auto_group), SLEEP, CLOSE, TEST_END };
static const TestStep pools[] = { TEST_ACT (pool), TEST_CALL (run), TEST_ACT (open_pool), SLEEP, CLOSE, TEST_END };
static const TestStep threads[] = { TEST_CALL (executor), SLEEP, TEST_CALL (executor), TEST_END };
static const TestStep stops[] = { TEST_CALL (executor), TEST_CALL (stop), SLEEP, TEST_END };
static const TestStep thread_groups[] = { TEST_ACT (thread_group), SLEEP, CLOSE, TEST_END };
static const TestStep receives[] = { TEST_CALL (signal), SLEEP, TEST_END };
static const TestStep raises[] = { SLEEP, TEST_ACT (send_signal), TEST_END };
static const TestStep settles[] = { TEST_CALL (all_blocked), SLEEP, TEST_CALL (all_blocked), TEST_END };
static const TestStep latest[] = { TEST_ACT (make_latest), SLEEP, TEST_CALL (close_latest), TEST_END };

static const TestScenario scenarios[] =
{
  { "race", { races, nothing } },
  { "gather", { gathers, nothing } },
  { "timeout", { times_out, nothing } },
  { "shield", { shields, nothing } },
  { "cancel-and-wait", { cancels, nothing } },
  { "groups", { groups, nothing } },
  { "two-groups", { groups, groups } },
  { "pools", { pools, groups } },
  { "executor", { threads, threads } },
  { "executor-stops", { stops, sleeps } },
  { "thread-group", { thread_groups, nothing } },
  { "signal", { receives, raises } },
  { "latest", { latest, nothing } },
  { "everything-waits", { settles, sleeps } },
};

int
main (int   argc,
      char *argv[])
{
  static const TestStage stage = { set_up, tear_down };

  g_test_init (&argc, &argv, NULL);
  signal (usr2, SIG_IGN);   /* also while nobody waits for it any more */

  test_add_scenarios ("/aiodrive/testing/conformance/task", &stage, scenarios, G_N_ELEMENTS (scenarios));

  return g_test_run ();
}
