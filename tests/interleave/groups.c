/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

/* A group in one thread, and other threads that spawn into it, or cancel it. Whatever comes first, a job of another one
 * either runs, and the group waits for it, or is refused; and all that happens to a job happens where the group is, but
 * for one that has a thread for its jobs. */

static AiodriveTaskGroup       *group;
static AiodriveLatch           *never;
static AiodriveThreadSafeEvent *runs;
static Outcome                  first;            /* of a task that was spawned at home */
static GThread                 *home;
static GMainContext            *home_context;
static guint                    n_running;
static guint                    n_begun;
static guint                    n_ended;
static gboolean                 has_thread;
static gboolean                 dropped;          /* which cancels a group where that is done */
static gboolean                 pool_cancelled;   /* as its tasks were told */
static gboolean                 closed;
static gboolean                 refused;
static gboolean                 over;             /* for the other thread */

static void
set_up (void)
{
  never = aiodrive_latch_new ();
  runs = aiodrive_thread_safe_event_new ();
  n_running = n_begun = n_ended = 0;
  has_thread = dropped = pool_cancelled = closed = refused = over = FALSE;
}

static void
on_cancelled (GCancellable *cancellable,
              gpointer      data)
{
  scheduler_assert (g_thread_self () == home || has_thread || dropped);
  pool_cancelled = TRUE;
}

static void
on_waited (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;

  scheduler_assert ((g_thread_self () == home) == !has_thread);
  scheduler_assert (!aiodrive_latch_wait_set_finish (never, result, &error));
  n_running--;
  n_ended++;
  g_task_return_error (task, error);
}

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      data)
{
  scheduler_assert ((g_thread_self () == home) == !has_thread);
  scheduler_assert (!closed);
  scheduler_assert (!pool_cancelled || has_thread || dropped || g_cancellable_is_cancelled (cancellable));
  n_begun++;
  n_running++;
  if (!g_cancellable_is_cancelled (cancellable))
    g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), NULL);
  aiodrive_latch_wait_set_async (never, cancellable, on_waited, g_object_ref (task));
}

static void
on_closed (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  scheduler_assert (aiodrive_task_group_close_finish (group, result, NULL));
  scheduler_assert (n_running == 0);
  closed = TRUE;
}

static void
on_first_ended (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_autoptr(GTask) task = aiodrive_wait_task_finish (result, NULL);

  outcome_set (&first, aiodrive_task_dup_error (task));
}

/* Takes the group, which runs a job by then. */
static void
begin (AiodriveTaskGroup *new_group)
{
  g_autoptr(GTask) task = NULL;

  group = watch_object (new_group);
  g_object_ref (group);   /* for the other thread */
  home = g_thread_self ();
  home_context = g_main_context_get_thread_default ();
  outcome_begin (&first);
  aiodrive_task_group_spawn (group, &task, job, NULL, NULL);
  aiodrive_wait_task_async (task, NULL, on_first_ended, NULL);
  while (n_begun == 0 && !has_thread)
    g_main_context_iteration (home_context, TRUE);
  aiodrive_thread_safe_event_set (runs);
}

static void
cancel_and_close (AiodriveTaskGroup *new_group)
{
  begin (new_group);
  aiodrive_task_group_cancel (group);
  aiodrive_task_group_close_async (group, NULL, on_closed, NULL);
  iterate_until (&closed);
  g_object_unref (new_group);
  iterate_until (&over);   /* who comes late is refused here */
}

static void
drop (AiodriveTaskGroup *new_group)
{
  dropped = TRUE;
  begin (new_group);
  g_object_unref (new_group);
  iterate_until (&over);
  iterate_until (&first.called);
}

static void
use_group (void)
{
  cancel_and_close (aiodrive_task_group_new (NULL));
}

static void
use_pool (void)
{
  cancel_and_close (AIODRIVE_TASK_GROUP (aiodrive_pool_open (NULL, NULL)));
}

static void
use_thread_group (void)
{
  has_thread = TRUE;
  cancel_and_close (AIODRIVE_TASK_GROUP (aiodrive_thread_task_group_new (NULL, NULL)));
}

static void
drop_group (void)
{
  drop (aiodrive_task_group_new (NULL));
}

static void
drop_pool (void)
{
  drop (AIODRIVE_TASK_GROUP (aiodrive_pool_open (NULL, NULL)));
}

static void
drop_thread_group (void)
{
  has_thread = TRUE;
  drop (AIODRIVE_TASK_GROUP (aiodrive_thread_task_group_new (NULL, NULL)));
}

static void
on_task_ended (GObject      *source_object,
               GAsyncResult *result,
               gpointer      data)
{
  g_autoptr(GTask) task = aiodrive_wait_task_finish (result, NULL);
  g_autoptr(GError) error = aiodrive_task_dup_error (task);

  refused = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  scheduler_assert (refused || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  over = TRUE;
}

static void
spawn (void)
{
  g_autoptr(GTask) task = NULL;

  aiodrive_thread_safe_event_wait (runs, NULL, NULL);
  aiodrive_task_group_spawn (group, &task, job, NULL, NULL);
  aiodrive_wait_task_async (task, NULL, on_task_ended, NULL);
  g_object_unref (group);
  iterate_until (&over);
  g_main_context_wakeup (home_context);
}

static void
check (void)
{
  scheduler_assert (n_begun == (refused ? 1 : 2));
  scheduler_assert (n_ended == n_begun);
  scheduler_assert (outcome_matches (&first, G_IO_ERROR_CANCELLED));
  outcome_clear (&first);
  check_objects_gone ();
  g_assert_finalize_object (never);
  g_assert_finalize_object (runs);
}

const Scenario spawn_into_group =
{
  "spawn-into-group", set_up, { use_group, spawn }, check,
};

const Scenario spawn_into_pool =
{
  "spawn-into-pool", set_up, { use_pool, spawn }, check,
};

const Scenario spawn_into_thread_group =
{
  "spawn-into-thread-group", set_up, { use_thread_group, spawn }, check,
};

/* Nobody closes it: who drops it last cancels what runs, and says so. */

static void
check_dropped (void)
{
  scheduler_assert (scheduler_take_warnings () == 1);
  scheduler_assert (!refused);
  check ();
}

const Scenario spawn_into_dropped_group =
{
  "spawn-into-dropped-group", set_up, { drop_group, spawn }, check_dropped,
};

const Scenario spawn_into_dropped_pool =
{
  "spawn-into-dropped-pool", set_up, { drop_pool, spawn }, check_dropped,
};

/* Where what comes late is not begun. */
static void
check_dropped_thread_group (void)
{
  scheduler_assert (n_begun == n_ended);
  n_begun = n_ended = 2;
  check_dropped ();
}

const Scenario spawn_into_dropped_thread_group =
{
  "spawn-into-dropped-thread-group", set_up, { drop_thread_group, spawn }, check_dropped_thread_group,
};
