/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

/* A group in one thread, and another thread that spawns into it. Whatever comes first, the job of the other one either
 * runs, and the group waits for it, or is refused; and all that happens to a job happens where the group is. */

static AiodriveTaskGroup       *group;
static gpointer                 weak_group;
static AiodriveLatch           *never;
static AiodriveThreadSafeEvent *runs;
static GThread                 *home;
static GMainContext            *home_context;
static guint                    n_running;
static guint                    n_begun;
static guint                    n_ended;
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
  pool_cancelled = closed = refused = over = FALSE;
}

static void
on_cancelled (GCancellable *cancellable,
              gpointer      data)
{
  scheduler_assert (g_thread_self () == home);
  pool_cancelled = TRUE;
}

static void
on_waited (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;

  scheduler_assert (g_thread_self () == home);
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
  scheduler_assert (g_thread_self () == home);
  scheduler_assert (!closed);
  scheduler_assert (!pool_cancelled || g_cancellable_is_cancelled (cancellable));
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

/* Takes the group, which runs a job by then. */
static void
cancel_and_close (AiodriveTaskGroup *new_group)
{
  weak_group = group = new_group;
  g_object_add_weak_pointer (weak_group, &weak_group);
  g_object_ref (group);   /* for the other thread */
  home = g_thread_self ();
  home_context = g_main_context_get_thread_default ();
  aiodrive_task_group_spawn (group, NULL, job, NULL, NULL);
  while (n_begun == 0)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  aiodrive_thread_safe_event_set (runs);

  aiodrive_task_group_cancel (group);
  aiodrive_task_group_close_async (group, NULL, on_closed, NULL);
  iterate_until (&closed);
  g_object_unref (new_group);
  iterate_until (&over);   /* who comes late is refused here */
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
on_task_ended (GObject      *source_object,
               GAsyncResult *result,
               gpointer      data)
{
  g_autoptr(GTask) task = aiodrive_wait_task_finish (result, NULL);
  g_autoptr(GError) error = aiodrive_task_get_error (task);

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
  iterate_until (&over);
  g_object_unref (group);
  g_main_context_wakeup (home_context);
}

static void
check (void)
{
  scheduler_assert (n_begun == (refused ? 1 : 2));
  scheduler_assert (n_ended == n_begun);
  scheduler_assert (weak_group == NULL);
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
