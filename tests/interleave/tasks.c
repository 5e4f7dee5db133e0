/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

/* Tasks that belong to one thread, and are waited for, ended and cancelled by others. Each ends once; who waits for
 * one, or cancels it, is told after its end, once, in his own thread. */

#define N_TASKS 2

static GTask                   *tasks[N_TASKS];      /* a reference for each body that uses it */
static AiodriveLatch           *latches[N_TASKS];    /* what each waits for */
static AiodriveThreadSafeEvent *made;                /* all tasks */
static guint                    n_made;
static guint                    n_ended[N_TASKS];
static Outcome                  outcomes[MAX_BODIES];
static GCancellable            *parent;

static void
set_up (void)
{
  for (guint i = 0; i < N_TASKS; i++)
    {
      latches[i] = aiodrive_latch_new ();
      tasks[i] = NULL;
      n_ended[i] = 0;
    }
  made = aiodrive_thread_safe_event_new ();
  n_made = 0;
  for (guint i = 0; i < MAX_BODIES; i++)
    outcomes[i] = (Outcome) { .called = FALSE };
  parent = G_CANCELLABLE (aiodrive_cancel_scope_new (NULL));
}

static void
check (void)
{
  for (guint i = 0; i < N_TASKS; i++)
    {
      scheduler_assert (n_ended[i] == (tasks[i] != NULL ? 1 : 0));
      g_assert_finalize_object (latches[i]);
    }
  for (guint i = 0; i < MAX_BODIES; i++)
    g_clear_error (&outcomes[i].error);
  check_objects_gone ();
  g_assert_finalize_object (made);
  g_assert_finalize_object (parent);
}

/* Takes a reference for each of @n_users. */
static void
publish (guint  i,
         GTask *task,
         guint  n_users,
         guint  n_needed)
{
  tasks[i] = watch_object (task);
  for (guint n = 1; n < n_users; n++)
    g_object_ref (task);
  if (++n_made == n_needed)
    aiodrive_thread_safe_event_set (made);
}

static void
on_latch (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;
  guint i = task == tasks[1] ? 1 : 0;

  scheduler_assert (++n_ended[i] == 1);
  if (aiodrive_latch_wait_set_finish (AIODRIVE_LATCH (source_object), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      latch)
{
  aiodrive_latch_wait_set_async (latch, cancellable, on_latch, g_object_ref (task));
}

static void
on_waited (GObject      *source_object,
           GAsyncResult *result,
           gpointer      outcome)
{
  g_autoptr(GTask) task = aiodrive_wait_task_finish (result, NULL);
  GError *error = aiodrive_task_dup_error (task);

  scheduler_assert (n_ended[task == tasks[1] ? 1 : 0] == 1);
  scheduler_assert (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  outcome_set (outcome, error);
}

/* Drops the reference before it waits. */
static void
wait_for (guint i,
          guint body)
{
  outcome_begin (&outcomes[body]);
  aiodrive_wait_task_async (tasks[i], NULL, on_waited, &outcomes[body]);
  g_object_unref (tasks[i]);
  iterate_until (&outcomes[body].called);
}

static void
on_cancelled (GObject      *source_object,
              GAsyncResult *result,
              gpointer      outcome)
{
  GError *error = NULL;

  scheduler_assert (aiodrive_cancel_task_finish (result, &error));
  scheduler_assert (n_ended[0] == 1);
  outcome_set (outcome, error);
}

static void
cancel_first (void)
{
  aiodrive_thread_safe_event_wait (made, NULL, NULL);
  outcome_begin (&outcomes[1]);
  aiodrive_cancel_task_async (tasks[0], NULL, on_cancelled, &outcomes[1]);
  g_object_unref (tasks[0]);
  iterate_until (&outcomes[1].called);
}

/* A task of ours is cancelled by one, and comes to its end by another. */

static void
spawn_and_wait (void)
{
  publish (0, aiodrive_spawn (NULL, job, latches[0], NULL), 2, 1);
  wait_for (0, 0);
}

static void
set_latch (void)
{
  aiodrive_latch_set (latches[0]);
}

const Scenario cancel_task_at_end =
{
  "cancel-task-at-end", set_up, { spawn_and_wait, cancel_first, set_latch }, check,
};

/* A task of others is returned by one thread, belongs to another, and is waited for and cancelled by a third. */

static void
make_foreign (void)
{
  publish (0, g_task_new (NULL, parent, NULL, NULL), 3, 1);
  wait_for (0, 0);
}

static void
return_foreign (void)
{
  aiodrive_thread_safe_event_wait (made, NULL, NULL);
  scheduler_assert (++n_ended[0] == 1);
  g_task_return_boolean (tasks[0], TRUE);
  g_object_unref (tasks[0]);
}

const Scenario foreign_task =
{
  "foreign-task", set_up, { make_foreign, cancel_first, return_foreign }, check,
};

/* Two tasks of two threads race in a third: the race ends when both have. */

static void
spawn_first (void)
{
  publish (0, aiodrive_spawn (NULL, job, latches[0], NULL), 2, 2);
  wait_for (0, 0);
}

static void
spawn_second (void)
{
  publish (1, aiodrive_spawn (NULL, job, latches[1], NULL), 2, 2);
  wait_for (1, 1);
}

static void
on_raced (GObject      *source_object,
          GAsyncResult *result,
          gpointer      outcome)
{
  GError *error = NULL;
  gint winner = -1;
  g_autoptr(GTask) task = aiodrive_race_finish (result, &winner, &error);

  scheduler_assert (error == NULL);
  scheduler_assert (winner >= 0 && winner < N_TASKS && task == tasks[winner]);
  scheduler_assert (g_task_propagate_boolean (task, NULL));
  for (guint i = 0; i < N_TASKS; i++)
    scheduler_assert (n_ended[i] == 1);
  outcome_set (outcome, error);
}

static void
race (void)
{
  aiodrive_thread_safe_event_wait (made, NULL, NULL);
  outcome_begin (&outcomes[2]);
  aiodrive_race_async (tasks, N_TASKS, NULL, on_raced, &outcomes[2]);
  for (guint i = 0; i < N_TASKS; i++)
    {
      g_object_unref (tasks[i]);
      aiodrive_latch_set (latches[i]);
    }
  iterate_until (&outcomes[2].called);
}

const Scenario race_between_threads =
{
  "race-between-threads", set_up, { spawn_first, spawn_second, race }, check,
};

/* What is shielded is not cancelled from above, however close to its end. */

static void
on_shielded (GObject      *source_object,
             GAsyncResult *result,
             gpointer      outcome)
{
  GError *error = NULL;
  g_autoptr(GTask) task = aiodrive_shield_finish (result, &error);

  scheduler_assert (error == NULL);
  scheduler_assert (task == tasks[0] && n_ended[0] == 1);
  outcome_set (outcome, error);
}

static void
shield (void)
{
  GTask *task = aiodrive_spawn (parent, job, latches[0], NULL);

  outcome_begin (&outcomes[0]);
  aiodrive_shield_async (task, NULL, on_shielded, &outcomes[0]);
  publish (0, task, 1, 1);
  g_object_unref (task);
  iterate_until (&outcomes[0].called);
}

static void
cancel_parent (void)
{
  aiodrive_thread_safe_event_wait (made, NULL, NULL);
  g_cancellable_cancel (parent);
}

const Scenario shield_from_parent =
{
  "shield-from-parent", set_up, { shield, cancel_parent, set_latch }, check,
};
