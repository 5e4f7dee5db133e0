/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

/* A group, or a pool, that comes to its end in its thread, while other threads cancel it, or look for it. It ends once,
 * without an error, when its last task has ended; each task ends once, in that thread, with or without what it waits
 * for; whoever finds the pool has it. */

static AiodriveTaskGroup       *group;        /* owned by its own thread and by the first of the others */
static AiodriveCancelScope     *scope;        /* of the body; owned by the last */
static AiodriveLatch           *latch;
static AiodriveThreadSafeEvent *runs;
static Outcome                  ended;        /* of a task that waits for the latch */
static Outcome                  closed;

static void
set_up (void)
{
  latch = aiodrive_latch_new ();
  runs = aiodrive_thread_safe_event_new ();
}

static void
on_latch (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;

  scheduler_assert (!closed.called);
  aiodrive_latch_wait_set_finish (latch, result, &error);
  outcome_set (&ended, error != NULL ? g_error_copy (error) : NULL);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      data)
{
  aiodrive_latch_wait_set_async (latch, cancellable, on_latch, g_object_ref (task));
}

static void
on_closed (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  GError *error = NULL;

  scheduler_assert (aiodrive_task_group_close_finish (AIODRIVE_TASK_GROUP (source_object), result, &error));
  scheduler_assert (ended.called);
  outcome_set (&closed, error);
}

/* Takes the group. */
static void
spawn_and_close (AiodriveTaskGroup *new_group)
{
  group = g_object_ref (watch_object (new_group));
  scope = g_object_ref (aiodrive_task_group_get_scope (group));
  watch_object (scope);
  outcome_begin (&ended);
  outcome_begin (&closed);
  aiodrive_task_group_spawn (group, NULL, job, NULL, NULL);
  aiodrive_thread_safe_event_set (runs);
  aiodrive_task_group_close_async (new_group, NULL, on_closed, NULL);
  g_object_unref (new_group);
  iterate_until (&closed.called);
}

static void
close_group (void)
{
  spawn_and_close (aiodrive_task_group_new (NULL));
}

static void
close_pool (void)
{
  spawn_and_close (AIODRIVE_TASK_GROUP (aiodrive_pool_open (NULL, NULL)));
}

static void
cancel_group (void)
{
  aiodrive_thread_safe_event_wait (runs, NULL, NULL);
  aiodrive_task_group_cancel (group);
  g_object_unref (group);
}

static void
set_latch (void)
{
  aiodrive_latch_set (latch);
  aiodrive_thread_safe_event_wait (runs, NULL, NULL);
  g_object_unref (scope);
}

static void
cancel_scope (void)
{
  aiodrive_thread_safe_event_wait (runs, NULL, NULL);
  g_cancellable_cancel (G_CANCELLABLE (scope));
  g_object_unref (scope);
}

static void
check (void)
{
  scheduler_assert (ended.error == NULL || outcome_matches (&ended, G_IO_ERROR_CANCELLED));
  outcome_clear (&ended);
  outcome_clear (&closed);
  check_objects_gone ();
  g_assert_finalize_object (latch);
  g_assert_finalize_object (runs);
}

/* Its last task ends while it is cancelled, and it closes. */

const Scenario cancel_ending_group =
{
  "cancel-ending-group", set_up, { close_group, cancel_group, set_latch }, check,
};

const Scenario cancel_ending_pool =
{
  "cancel-ending-pool", set_up, { close_pool, cancel_group, set_latch }, check,
};

/* The pool and the scope that it shows are cancelled by two. */

static void
check_cancelled (void)
{
  scheduler_assert (outcome_matches (&ended, G_IO_ERROR_CANCELLED));
  check ();
}

const Scenario cancel_pool_twice =
{
  "cancel-pool-twice", set_up, { close_pool, cancel_group, cancel_scope }, check_cancelled,
};

/* The scope is cancelled when the last of all that was the group may be going. */

static void
set_latch_and_drop (void)
{
  aiodrive_latch_set (latch);
  aiodrive_thread_safe_event_wait (runs, NULL, NULL);
  g_object_unref (group);
}

const Scenario cancel_scope_of_group =
{
  "cancel-scope-of-group", set_up, { close_group, set_latch_and_drop, cancel_scope }, check,
};

const Scenario cancel_scope_of_pool =
{
  "cancel-scope-of-pool", set_up, { close_pool, set_latch_and_drop, cancel_scope }, check,
};

/* One looks for a pool that goes: he has the last reference then, or there is none. */

static void
find_pool (void)
{
  g_autoptr(AiodrivePool) found = NULL;

  aiodrive_thread_safe_event_wait (runs, NULL, NULL);
  found = aiodrive_pool_ref_current (G_CANCELLABLE (scope));
  g_object_unref (scope);
  if (found == NULL)
    return;

  scheduler_assert (G_OBJECT (found)->ref_count > 0);
  scheduler_assert (aiodrive_pool_get_name (found) == NULL);
}

const Scenario find_ending_pool =
{
  "find-ending-pool", set_up, { close_pool, set_latch_and_drop, find_pool }, check,
};
