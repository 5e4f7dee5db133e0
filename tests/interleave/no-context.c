/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

/* Asynchronous calls in a thread without a main context of its own, while another thread iterates the default one.
 * Callbacks come in that other thread, perhaps before the call has returned. The first body iterates; the second makes
 * the calls, and gives its references away with them: callbacks drop the last ones. The third cancels, or sets what the
 * second waits for. Each call has one outcome; nothing remains. */

static AiodriveLatch *latch;
static GCancellable  *cancellable;
static guint          n_expected;   /* callbacks */
static guint          n_called;
static guint          n_over;       /* bodies, without the first */

static void
expect (guint n)
{
  latch = watch_object (aiodrive_latch_new ());
  cancellable = watch_object (aiodrive_cancel_scope_new (NULL));
  n_expected = n;
  n_called = n_over = 0;
}

static void
set_up_one (void)
{
  expect (1);
}

static void
set_up_two (void)
{
  expect (2);
}

static void
check (void)
{
  scheduler_assert (n_called == n_expected);
  g_object_unref (latch);
  g_object_unref (cancellable);
  check_objects_gone ();
}

/* aiodrive_run() in the second body may iterate too, until the first one has the context. */
static void
iterate (void)
{
  while (!g_main_context_acquire (NULL))
    scheduler_spin ();
  while (n_called < n_expected || n_over < 2)
    g_main_context_iteration (NULL, TRUE);
  scheduler_iterate_until_idle (NULL);
  g_main_context_release (NULL);
}

static void
end_body (void)
{
  n_over++;
  g_main_context_wakeup (NULL);
}

static void
note_call (const GError *error)
{
  scheduler_assert (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  n_called++;
}

static void
cancel (void)
{
  g_cancellable_cancel (cancellable);
  end_body ();
}

static void
set_latch (void)
{
  aiodrive_latch_set (latch);
  end_body ();
}

static void
succeed (GTask        *task,
         GCancellable *scope,
         gpointer      data)
{
  g_task_return_boolean (task, TRUE);
}

static void
fail (GTask        *task,
      GCancellable *scope,
      gpointer      data)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "failed");
}

static GTask *
new_task (AiodriveJobFunc func)
{
  return watch_object (aiodrive_spawn (NULL, func, NULL, NULL));
}

static GTask *
new_waiting_task (void)
{
  return watch_object (AIODRIVE_START (NULL, aiodrive_latch_wait_set_async, latch));
}

/*
 * Combinators
 */

static void
on_raced (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GError) error = NULL;
  gint winner;
  g_autoptr(GTask) task = aiodrive_race_finish (result, &winner, &error);

  scheduler_assert (task == NULL || winner == 0);
  note_call (error);
}

static void
race (void)
{
  GTask *tasks[] = { new_task (succeed), new_waiting_task () };

  scheduler_yield ();
  aiodrive_race_async (tasks, 2, cancellable, on_raced, NULL);
  g_object_unref (tasks[0]);
  g_object_unref (tasks[1]);
  end_body ();
}

const Scenario race_without_context =
{
  "race-without-context", set_up_one, { iterate, race, cancel }, check, TRUE,
};

static void
on_all (GObject      *source_object,
        GAsyncResult *result,
        gpointer      data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) tasks = aiodrive_try_all_finish (result, &error);

  scheduler_assert (tasks == NULL);
  scheduler_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
                    g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  n_called++;
}

static void
try_all (void)
{
  GTask *tasks[] = { new_task (fail), new_waiting_task () };

  scheduler_yield ();
  aiodrive_try_all_async (tasks, 2, cancellable, on_all, NULL);
  g_object_unref (tasks[0]);
  g_object_unref (tasks[1]);
  end_body ();
}

const Scenario try_all_without_context =
{
  "try-all-without-context", set_up_one, { iterate, try_all, cancel }, check, TRUE,
};

static void
on_timeout (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GTask) task = aiodrive_timeout_finish (result, &error);

  scheduler_assert ((task != NULL) == (error == NULL));
  scheduler_assert (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
  n_called++;
}

static void
time_out (void)
{
  GTask *task = new_waiting_task ();

  aiodrive_timeout_async (task, 0, NULL, on_timeout, NULL);
  g_object_unref (task);
  end_body ();
}

const Scenario timeout_without_context =
{
  "timeout-without-context", set_up_one, { iterate, time_out, set_latch }, check, TRUE,
};

static void
on_shielded (GObject      *source_object,
             GAsyncResult *result,
             gpointer      scope)
{
  g_autoptr(GTask) task = aiodrive_shield_finish (result, NULL);

  scheduler_assert (task != NULL);
  scheduler_assert (!aiodrive_cancel_scope_get_shielded (scope));
  g_object_unref (scope);
  n_called++;
}

static void
shield (void)
{
  GTask *task = new_task (succeed);

  scheduler_yield ();
  aiodrive_shield_async (task, NULL, on_shielded, g_object_ref (g_task_get_cancellable (task)));
  g_object_unref (task);
  end_body ();
}

const Scenario shield_without_context =
{
  "shield-without-context", set_up_one, { iterate, shield, set_latch }, check, TRUE,
};

static void
on_waited (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GTask) task = aiodrive_wait_task_finish (result, &error);

  note_call (error);
  if (data != NULL)
    g_object_unref (data);
}

static void
on_task_cancelled (GObject      *source_object,
                   GAsyncResult *result,
                   gpointer      task)
{
  scheduler_assert (aiodrive_cancel_task_finish (result, NULL));
  g_object_unref (task);
  n_called++;
}

/* The last references go with the callbacks. */
static void
wait_and_cancel_task (void)
{
  GTask *task = new_task (succeed);
  GTask *waiting = new_waiting_task ();

  aiodrive_wait_task_async (task, cancellable, on_waited, task);
  aiodrive_cancel_task_async (waiting, NULL, on_task_cancelled, waiting);
  end_body ();
}

const Scenario tasks_without_context =
{
  "tasks-without-context", set_up_two, { iterate, wait_and_cancel_task, cancel }, check, TRUE,
};

/* A task of g_task_new(), which is looked at where the context is iterated. */
static void
wait_for_foreign (void)
{
  GTask *task = watch_object (g_task_new (NULL, NULL, NULL, NULL));

  g_task_return_boolean (task, TRUE);
  aiodrive_wait_task_async (task, NULL, on_waited, task);
  end_body ();
}

const Scenario foreign_without_context =
{
  "foreign-without-context", set_up_one, { iterate, wait_for_foreign, cancel }, check, TRUE,
};

/*
 * aiodrive_run()
 */

static void
run (void)
{
  GTask *task = new_task (succeed);
  GTask *waiting = new_waiting_task ();

  aiodrive_run (task);
  aiodrive_run (waiting);
  scheduler_assert (aiodrive_task_get_leaf (task, NULL) == task);
  scheduler_assert (aiodrive_task_get_leaf (waiting, NULL) == waiting);
  g_object_unref (task);
  g_object_unref (waiting);
  end_body ();
}

static void
set_up_none (void)
{
  expect (0);
}

const Scenario run_without_context =
{
  "run-without-context", set_up_none, { iterate, run, set_latch }, check, TRUE,
};

/* The thread that iterates stops before the task has ended: the one that waits goes on with it. */
static void
iterate_once (void)
{
  while (!g_main_context_acquire (NULL))
    scheduler_spin ();
  g_main_context_iteration (NULL, FALSE);
  g_main_context_release (NULL);
}

const Scenario run_without_owner =
{
  "run-without-owner", set_up_none, { iterate_once, run, set_latch }, check, TRUE,
};

/*
 * Primitives
 */

static void
on_latch (GObject      *source_object,
          GAsyncResult *result,
          gpointer      its_latch)
{
  g_autoptr(GError) error = NULL;

  aiodrive_latch_wait_set_finish (AIODRIVE_LATCH (source_object), result, &error);
  note_call (error);
  g_object_unref (its_latch);
}

static void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GError) error = NULL;

  aiodrive_sleep_finish (result, &error);
  note_call (error);
}

static void
wait_for_latch_and_sleep (void)
{
  AiodriveLatch *mine = watch_object (aiodrive_latch_new ());

  aiodrive_latch_set (mine);
  aiodrive_latch_wait_set_async (mine, NULL, on_latch, mine);
  aiodrive_sleep_async (0, cancellable, on_slept, NULL);
  end_body ();
}

const Scenario waits_without_context =
{
  "waits-without-context", set_up_two, { iterate, wait_for_latch_and_sleep, cancel }, check, TRUE,
};

static AiodriveSmartLock *lock;
static AiodriveCondition *condition;
static gboolean           inside;

static void
on_acquired (GObject      *source_object,
             GAsyncResult *result,
             gpointer      data)
{
  g_autoptr(AiodriveLockGuard) guard = aiodrive_smart_lock_acquire_finish (AIODRIVE_SMART_LOCK (source_object), result,
                                                                           NULL);

  scheduler_assert (!inside);
  n_called++;
}

static void
on_condition (GObject      *source_object,
              GAsyncResult *result,
              gpointer      data)
{
  AiodriveLockGuard *guard = data;
  g_autoptr(GError) error = NULL;

  aiodrive_condition_wait_finish (AIODRIVE_CONDITION (source_object), result, &error);
  note_call (error);
  scheduler_assert (!inside);
  inside = TRUE;
  scheduler_yield ();
  inside = FALSE;
  aiodrive_lock_guard_unref (guard);
  g_object_unref (condition);
}

static void
set_up_condition (void)
{
  expect (2);
  lock = watch_object (aiodrive_smart_lock_new ());
  condition = watch_object (aiodrive_condition_new ());
  inside = FALSE;
}

/* The wait ends with the lock held, however early it is cancelled; and another gets the lock meanwhile, or after. */
static void
wait_for_condition (void)
{
  AiodriveLockGuard *guard = aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, NULL);

  scheduler_assert (guard != NULL);
  aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, 0, NULL, on_acquired, NULL);
  inside = TRUE;
  scheduler_yield ();
  inside = FALSE;
  aiodrive_condition_wait_async (condition, guard, cancellable, on_condition, guard);
  g_object_unref (lock);
  end_body ();
}

const Scenario condition_without_context =
{
  "condition-without-context", set_up_condition, { iterate, wait_for_condition, cancel }, check, TRUE,
};

/*
 * Iterators
 */

static void
on_next (GObject      *source_object,
         GAsyncResult *result,
         gpointer      data)
{
  g_autoptr(GError) error = NULL;
  g_auto(GValue) value = G_VALUE_INIT;

  aiodrive_async_iterator_next_finish (AIODRIVE_ASYNC_ITERATOR (source_object), result, &value, &error);
  note_call (error);
}

static void
on_closed (GObject      *source_object,
           GAsyncResult *result,
           gpointer      iterator)
{
  g_autoptr(GError) error = NULL;

  aiodrive_async_iterator_close_finish (AIODRIVE_ASYNC_ITERATOR (source_object), result, &error);
  note_call (error);
  g_object_unref (iterator);
}

static void
use (gpointer iterator)
{
  watch_object (iterator);
  aiodrive_async_iterator_next_async (iterator, cancellable, on_next, NULL);
  aiodrive_async_iterator_close_async (iterator, NULL, on_closed, iterator);
  end_body ();
}

static void
iterate_completed (void)
{
  GTask *tasks[] = { new_task (succeed), new_waiting_task () };
  AiodriveAsyncIterator *iterator = aiodrive_as_completed (tasks, 2, NULL);

  g_object_unref (tasks[0]);
  g_object_unref (tasks[1]);
  use (iterator);
}

const Scenario as_completed_without_context =
{
  "as-completed-without-context", set_up_two, { iterate, iterate_completed, cancel }, check, TRUE,
};

static void
iterate_periodically (void)
{
  use (aiodrive_repeat_periodically (0));
}

const Scenario periodic_without_context =
{
  "periodic-without-context", set_up_two, { iterate, iterate_periodically, cancel }, check, TRUE,
};

static void
map_item (GTask        *task,
          GCancellable *scope,
          const GValue *item,
          gpointer      data)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_task_return_value (task, &value);
}

static void
iterate_mapped (void)
{
  g_auto(GValue) value = G_VALUE_INIT;
  AiodriveQueue *items = watch_object (aiodrive_unordered_queue_new ());
  AiodriveAsyncIterator *iterator;

  g_value_init (&value, G_TYPE_INT);
  aiodrive_queue_put (items, 0, &value, NULL);
  aiodrive_queue_close (items);
  iterator = aiodrive_map (AIODRIVE_ASYNC_ITERATOR (items), 1, AIODRIVE_MAP_FLAGS_ORDERED, NULL, map_item, NULL, NULL);
  g_object_unref (items);
  use (iterator);
}

const Scenario map_without_context =
{
  "map-without-context", set_up_two, { iterate, iterate_mapped, cancel }, check, TRUE,
};

static void
on_sent (GObject      *source_object,
         GAsyncResult *result,
         gpointer      channel)
{
  g_autoptr(GError) error = NULL;

  aiodrive_channel_send_finish (AIODRIVE_CHANNEL (source_object), result, &error);
  note_call (error);
  g_object_unref (channel);
}

static void
on_received (GObject      *source_object,
             GAsyncResult *result,
             gpointer      channel)
{
  g_autoptr(GError) error = NULL;
  g_auto(GValue) value = G_VALUE_INIT;

  aiodrive_channel_receive_finish (AIODRIVE_CHANNEL (source_object), result, &value, &error);
  note_call (error);
  g_object_unref (channel);
}

/* Each call owns a reference on the channel. */
static void
send_and_receive (void)
{
  AiodriveChannel *channel = watch_object (aiodrive_channel_new (0));
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  aiodrive_channel_send_async (g_object_ref (channel), &value, cancellable, on_sent, channel);
  aiodrive_channel_receive_async (channel, cancellable, on_received, channel);
  end_body ();
}

const Scenario channel_without_context =
{
  "channel-without-context", set_up_two, { iterate, send_and_receive, cancel }, check, TRUE,
};

/*
 * Groups and executors
 */

static void
on_group_closed (GObject      *source_object,
                 GAsyncResult *result,
                 gpointer      group)
{
  g_autoptr(GError) error = NULL;

  aiodrive_task_group_close_finish (AIODRIVE_TASK_GROUP (source_object), result, &error);
  note_call (error);
  g_object_unref (group);
}

static void
close_group (void)
{
  AiodriveTaskGroup *group = watch_object (aiodrive_task_group_new (cancellable));

  aiodrive_task_group_spawn (group, NULL, succeed, NULL, NULL);
  aiodrive_task_group_close_async (group, NULL, on_group_closed, group);
  end_body ();
}

const Scenario group_without_context =
{
  "group-without-context", set_up_one, { iterate, close_group, cancel }, check, TRUE,
};

static void
on_pool_run (GObject      *source_object,
             GAsyncResult *result,
             gpointer      pool)
{
  g_autoptr(GError) error = NULL;

  aiodrive_pool_run_finish (AIODRIVE_POOL (source_object), result, &error);
  note_call (error);
  g_object_unref (pool);
}

static void
run_pool (void)
{
  AiodrivePool *pool = watch_object (aiodrive_pool_new (NULL));

  aiodrive_task_group_spawn (AIODRIVE_TASK_GROUP (pool), NULL, succeed, NULL, NULL);
  aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, cancellable, on_pool_run, pool);
  end_body ();
}

const Scenario pool_without_context =
{
  "pool-without-context", set_up_one, { iterate, run_pool, cancel }, check, TRUE,
};

static void
open_pool (void)
{
  AiodrivePool *pool = watch_object (aiodrive_pool_open (NULL, cancellable));

  aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (pool), NULL, on_group_closed, pool);
  end_body ();
}

const Scenario open_pool_without_context =
{
  "open-pool-without-context", set_up_one, { iterate, open_pool, cancel }, check, TRUE,
};

static void
on_stopped (GObject      *source_object,
            GAsyncResult *result,
            gpointer      executor)
{
  g_autoptr(GError) error = NULL;

  aiodrive_background_executor_stop_finish (AIODRIVE_BACKGROUND_EXECUTOR (source_object), result, &error);
  note_call (error);
  g_object_unref (executor);
}

static void
stop_executor (void)
{
  AiodriveBackgroundExecutor *executor = watch_object (aiodrive_background_executor_new (NULL));
  GTask *task;

  aiodrive_background_executor_spawn (executor, &task, NULL, succeed, NULL, NULL);
  aiodrive_wait_task_async (task, NULL, on_waited, task);
  aiodrive_background_executor_stop_async (executor, NULL, on_stopped, executor);
  end_body ();
}

const Scenario executor_without_context =
{
  "executor-without-context", set_up_two, { iterate, stop_executor, cancel }, check, TRUE,
};
