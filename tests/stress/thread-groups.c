/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/job.h"

/* Groups with a thread of their own that come and go: every thread opens and closes its own, drops some in use, and
 * spawns into and cancels those of the others. */

#define N_OPEN 4

static GMutex open_lock;
static Open  *open_groups[N_OPEN];   /* owned, nullable; guarded by open_lock */

static Open *
open_pick (GRand *rand)
{
  guint slot = stress_below (rand, N_OPEN);
  Open *open;

  g_mutex_lock (&open_lock);
  open = open_groups[slot] != NULL ? g_atomic_rc_box_acquire (open_groups[slot]) : NULL;
  g_mutex_unlock (&open_lock);
  return open;
}

/* Takes @open, which may be NULL. */
static void
open_put (guint  slot,
          Open  *open)
{
  Open *old;

  g_mutex_lock (&open_lock);
  old = open_groups[slot];
  open_groups[slot] = open;
  g_mutex_unlock (&open_lock);
  g_clear_pointer (&old, open_unref);
}

static void
spawn_in_group (StressThread *thread,
                Open         *open,
                GRand        *rand)
{
  GTask *task;

  aiodrive_task_group_spawn (open->group, &task, job_run,
                             job_new (open, NULL, stress_chance (rand, 16) ? JOB_FAILS : stress_below (rand, 3) + 2,
                                      stress_below (rand, 3)), job_free);
  job_await (thread, g_task_get_cancellable (task), task);
}

static Open *
open_new (GRand *rand)
{
  g_autoptr(GCancellable) parent = stress_pick_cancellable (rand);
  Open *self = g_atomic_rc_box_new0 (Open);

  self->group = AIODRIVE_TASK_GROUP (aiodrive_thread_task_group_new (NULL, parent));
  stress_track (self->group, STRESS_PRIMITIVE);
  stress_track (aiodrive_task_group_get_scope (self->group), STRESS_CANCELLABLE);
  if (stress_chance (rand, 2))
    aiodrive_task_group_get_tasks (self->group);
  return self;
}

static void
on_closed (StressCall   *call,
           GAsyncResult *result)
{
  Open *self = call->data;
  g_autoptr(GError) error = NULL;

  aiodrive_task_group_close_finish (self->group, result, &error);
  if (!aiodrive_task_group_is_closed (self->group))
    stress_fail ("a group is not closed");
  if (g_atomic_int_get (&self->n_running) != 0)
    stress_fail ("a job outlives its group");
  stress_call_count (call, error);
  open_unref (self);
}

static void
close_group (StressThread *thread,
             GRand        *rand)
{
  g_autoptr(GCancellable) parent = stress_pick_cancellable (rand);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (parent);
  Open *open = open_new (rand);
  StressCall *call = stress_call_prepare (thread, G_CANCELLABLE (scope), on_closed, open);

  stress_track (scope, STRESS_CANCELLABLE);
  open_put (stress_below (rand, N_OPEN), g_atomic_rc_box_acquire (open));
  for (guint n = stress_below (rand, 4); n > 0; n--)
    spawn_in_group (thread, open, rand);
  stress_call_publish (call);
  aiodrive_task_group_close_async (open->group, G_CANCELLABLE (scope), stress_on_ready, call);
}

static void
drop_group (StressThread *thread,
            GRand        *rand)
{
  Open *open = open_new (rand);

  for (guint n = stress_below (rand, 3); n > 0; n--)
    spawn_in_group (thread, open, rand);
  if (stress_chance (rand, 2))
    open_put (stress_below (rand, N_OPEN), g_atomic_rc_box_acquire (open));
  open_unref (open);
}

static void
spawn_elsewhere (StressThread *thread,
                 GRand        *rand)
{
  Open *open = open_pick (rand);

  if (open == NULL)
    return;
  spawn_in_group (thread, open, rand);
  open_unref (open);
}

static void
cancel_group (StressThread *thread,
              GRand        *rand)
{
  Open *open = open_pick (rand);

  if (open == NULL)
    return;
  aiodrive_task_group_cancel (open->group);
  open_unref (open);
}

static void
settle (void)
{
  for (guint i = 0; i < N_OPEN; i++)
    open_put (i, NULL);
}

static StressKind *kinds[] = { NULL };

static const StressOperation operations[] =
{
  { "thread group: close", STRESS_WAITS, 2, close_group },
  { "thread group: drop in use", STRESS_WAITS, 1, drop_group },
  { "thread group: spawn elsewhere", STRESS_WAITS, 4, spawn_elsewhere },
  { "thread group: cancel", STRESS_AT_ONCE, 1, cancel_group },
  { NULL }
};

/* After the executors: they have waited for all threads. */
const StressFamily stress_thread_groups = { kinds, operations, settle, jobs_report };
