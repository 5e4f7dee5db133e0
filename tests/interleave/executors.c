/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

/* An executor, whose thread comes and goes, and those who use it from others. Each job begins once and ends once, in
 * that thread, one at a time, or is refused; who spawned it is told in his own thread, where the data is freed; who
 * stops it goes on when the jobs that he found have ended; no thread is left. */

#define N_SPAWNED 2

typedef struct
{
  Outcome  outcome;
  GTask   *task;        /* owned */
  guint    n_begun;
  guint    n_ended;
  guint    n_destroyed;
} Spawned;

static AiodriveBackgroundExecutor *executor;   /* a reference for each body */
static AiodriveLatch              *latch;
static AiodriveThreadSafeEvent    *spawned_all;
static Spawned                     spawned[N_SPAWNED];
static gboolean                    in_job;

static void
set_up (guint n_bodies)
{
  executor = watch_object (aiodrive_background_executor_new (NULL));
  for (guint i = 1; i < n_bodies; i++)
    g_object_ref (executor);
  latch = aiodrive_latch_new ();
  spawned_all = aiodrive_thread_safe_event_new ();
  for (guint i = 0; i < N_SPAWNED; i++)
    spawned[i] = (Spawned) { .task = NULL };
  in_job = FALSE;
}

static void
set_up_one (void)
{
  set_up (1);
}

static void
set_up_two (void)
{
  set_up (2);
}

static void
set_up_three (void)
{
  set_up (3);
}

static void
begin_job (Spawned *self)
{
  scheduler_assert (self->outcome.thread != g_thread_self ());
  scheduler_assert (++self->n_begun == 1);
}

static void
end_job (Spawned *self,
         GTask   *task,
         GError  *error)
{
  self->n_ended++;
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_int (task, 42);
}

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      data)
{
  GError *error = NULL;

  begin_job (data);
  scheduler_assert (!in_job);
  in_job = TRUE;
  scheduler_yield ();
  in_job = FALSE;
  g_cancellable_set_error_if_cancelled (cancellable, &error);
  end_job (data, task, error);
}

static void
on_latch (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;

  aiodrive_latch_wait_set_finish (latch, result, &error);
  end_job (g_task_get_task_data (task), task, error);
}

static void
waiting_job (GTask        *task,
             GCancellable *cancellable,
             gpointer      data)
{
  begin_job (data);
  g_task_set_task_data (task, data, NULL);
  aiodrive_latch_wait_set_async (latch, cancellable, on_latch, g_object_ref (task));
}

static void
on_destroyed (gpointer data)
{
  Spawned *self = data;

  scheduler_assert (self->outcome.thread == g_thread_self ());
  scheduler_assert (++self->n_destroyed == 1);
}

static void
on_ended (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  Spawned *self = data;
  g_autoptr(GTask) task = aiodrive_wait_task_finish (result, NULL);
  GError *error = aiodrive_task_dup_error (task);
  gboolean refused = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED);

  scheduler_assert (self->n_destroyed == 0);   /* the data is there in the callbacks */
  scheduler_assert (self->n_begun == (refused ? 0 : 1));
  scheduler_assert (self->n_ended == self->n_begun);
  if (error == NULL)
    scheduler_assert (g_task_propagate_int (aiodrive_task_get_leaf (task, NULL), NULL) == 42);
  outcome_set (&self->outcome, error);
}

static void
spawn (Spawned         *self,
       AiodriveJobFunc  func)
{
  outcome_begin (&self->outcome);
  aiodrive_background_executor_spawn (executor, &self->task, NULL, func, self, on_destroyed);
  aiodrive_wait_task_async (self->task, NULL, on_ended, self);
}

static void
spawn_and_wait (Spawned         *self,
                AiodriveJobFunc  func)
{
  spawn (self, func);
  iterate_until (&self->outcome.called);
}

static void
spawn_first (void)
{
  spawn_and_wait (&spawned[0], job);
  g_object_unref (executor);
}

static void
spawn_second (void)
{
  spawn_and_wait (&spawned[1], job);
  g_object_unref (executor);
}

static void
check (void)
{
  for (guint i = 0; i < N_SPAWNED; i++)
    if (spawned[i].task != NULL)
      {
        g_assert_finalize_object (spawned[i].task);
        g_assert_cmpuint (spawned[i].n_destroyed, ==, 1);
        outcome_clear (&spawned[i].outcome);
      }
  check_objects_gone ();
  g_assert_finalize_object (latch);
  g_assert_finalize_object (spawned_all);
}

/* Whatever was spawned before has ended when the executor is stopped; what comes later starts it again. */

static void
stop (void)
{
  gboolean came_before = spawned[0].task != NULL;

  scheduler_assert (aiodrive_background_executor_stop (executor, NULL, NULL));
  scheduler_assert (!came_before || spawned[0].n_ended == 1);
  g_object_unref (executor);
}

const Scenario spawn_and_stop =
{
  "spawn-and-stop", set_up_two, { spawn_first, stop }, check,
};

/* Two at once, the last of whom takes the executor with him. */

const Scenario spawn_two =
{
  "spawn-two", set_up_two, { spawn_first, spawn_second }, check,
};

/* One after the other: the thread is about to end when the second comes. */

static void
spawn_both (void)
{
  spawn_and_wait (&spawned[0], job);
  spawn_second ();
}

const Scenario spawn_again =
{
  "spawn-again", set_up_one, { spawn_both }, check,
};

/* It is stopped by two, in two ways, while the one who spawned drops it. */

static void
spawn_and_drop (void)
{
  spawn (&spawned[0], waiting_job);
  aiodrive_thread_safe_event_set (spawned_all);
  g_object_unref (executor);
  iterate_until (&spawned[0].outcome.called);
  scheduler_assert (outcome_matches (&spawned[0].outcome, G_IO_ERROR_CANCELLED));
}

static void
stop_when_spawned (void)
{
  aiodrive_thread_safe_event_wait (spawned_all, NULL, NULL);
  stop ();
}

static void
on_stopped (GObject      *source_object,
            GAsyncResult *result,
            gpointer      outcome)
{
  GError *error = NULL;

  scheduler_assert (aiodrive_background_executor_stop_finish (executor, result, &error));
  scheduler_assert (spawned[0].n_ended == 1);
  outcome_set (outcome, error);
}

static void
stop_async_and_drop (void)
{
  Outcome stopped;

  aiodrive_thread_safe_event_wait (spawned_all, NULL, NULL);
  outcome_begin (&stopped);
  aiodrive_background_executor_stop_async (executor, NULL, on_stopped, &stopped);
  g_object_unref (executor);
  iterate_until (&stopped.called);
}

const Scenario stop_and_drop =
{
  "stop-and-drop", set_up_three, { spawn_and_drop, stop_when_spawned, stop_async_and_drop }, check,
};

/* Nobody stops it: who drops it last cancels what runs, and says so. */

static void
spawn_second_and_drop (void)
{
  spawn (&spawned[1], waiting_job);
  g_object_unref (executor);
  iterate_until (&spawned[1].outcome.called);
  scheduler_assert (outcome_matches (&spawned[1].outcome, G_IO_ERROR_CANCELLED));
}

static void
check_warned (void)
{
  scheduler_assert (scheduler_take_warnings () == 1);
  check ();
}

const Scenario drop_executor =
{
  "drop-executor", set_up_two, { spawn_and_drop, spawn_second_and_drop }, check_warned,
};

/* A job has a reference, perhaps the last. */

static void
dropping_job (GTask        *task,
              GCancellable *cancellable,
              gpointer      data)
{
  begin_job (data);
  g_object_unref (executor);
  end_job (data, task, NULL);
}

static void
spawn_dropping (void)
{
  spawn (&spawned[0], dropping_job);
  g_object_unref (executor);
  iterate_until (&spawned[0].outcome.called);
  scheduler_assert (spawned[0].outcome.error == NULL);
}

static void
check_perhaps_warned (void)
{
  scheduler_assert (scheduler_take_warnings () <= 1);
  check ();
}

const Scenario drop_inside =
{
  "drop-inside", set_up_two, { spawn_dropping }, check_perhaps_warned,
};

/* Two start it and stop it. The last one to stop it comes after all that start it. */

static void
start_and_stop_once (void)
{
  g_autoptr(GError) error = NULL;

  if (!aiodrive_background_executor_start (executor, &error))
    scheduler_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED));
  scheduler_assert (aiodrive_background_executor_stop (executor, NULL, NULL));
}

static void
check_stopped (void)
{
  scheduler_assert (!aiodrive_background_executor_is_running (executor));
  g_object_unref (executor);
  check ();
}

const Scenario start_and_stop =
{
  "start-and-stop", set_up_one, { start_and_stop_once, start_and_stop_once }, check_stopped,
};

/* A task is cancelled while it comes to its end. */

static void
set_latch (void)
{
  aiodrive_thread_safe_event_wait (spawned_all, NULL, NULL);
  aiodrive_latch_set (latch);
  g_object_unref (executor);
}

static void
on_task_cancelled (GObject      *source_object,
                   GAsyncResult *result,
                   gpointer      outcome)
{
  GError *error = NULL;

  scheduler_assert (aiodrive_cancel_task_finish (result, &error));
  scheduler_assert (spawned[0].n_ended == 1);
  outcome_set (outcome, error);
}

static void
cancel_task (void)
{
  Outcome cancelled;

  aiodrive_thread_safe_event_wait (spawned_all, NULL, NULL);
  outcome_begin (&cancelled);
  aiodrive_cancel_task_async (spawned[0].task, NULL, on_task_cancelled, &cancelled);
  iterate_until (&cancelled.called);
  g_object_unref (executor);
}

static void
spawn_for_all (void)
{
  spawn (&spawned[0], waiting_job);
  aiodrive_thread_safe_event_set (spawned_all);
  iterate_until (&spawned[0].outcome.called);
  if (spawned[0].outcome.error != NULL)
    scheduler_assert (outcome_matches (&spawned[0].outcome, G_IO_ERROR_CANCELLED));
  g_object_unref (executor);
}

const Scenario cancel_and_end =
{
  "cancel-and-end", set_up_three, { spawn_for_all, set_latch, cancel_task }, check,
};
