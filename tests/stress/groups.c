/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/stress.h"

/* Groups that come and go: every thread opens and closes its own, drops some in use, and spawns into and cancels
 * those of the others. */

#define N_OPEN 8

/* What is known of a group that outlives it. */
typedef struct
{
  gint n_running;   /* atomic, as is the next */
  gint is_over;
} Tally;

typedef struct
{
  Tally    *tally;         /* owned */
  guint     duration_ms;
  gboolean  fails;
} Job;

typedef struct
{
  AiodriveTaskGroup *group;   /* owned */
  Tally             *tally;   /* owned */
} Open;

static GMutex open_lock;
static Open  *open_groups[N_OPEN];   /* owned, nullable; guarded by open_lock */

static gint n_spawned;               /* atomic, as are the next ones: jobs */
static gint n_started;
static gint n_ended;
static gint n_freed;

static Open *
open_new (AiodriveTaskGroup *group,
          Tally             *tally)
{
  Open *self = g_new (Open, 1);

  *self = (Open) { g_object_ref (group), g_atomic_rc_box_acquire (tally) };
  return self;
}

static void
open_free (Open *self)
{
  g_object_unref (self->group);
  g_atomic_rc_box_release (self->tally);
  g_free (self);
}

/* One that somebody has open, or had; or NULL. */
static Open *
open_pick (GRand *rand)
{
  guint slot = stress_below (rand, N_OPEN);
  Open *open;

  g_mutex_lock (&open_lock);
  open = open_groups[slot] != NULL ? open_new (open_groups[slot]->group, open_groups[slot]->tally) : NULL;
  g_mutex_unlock (&open_lock);
  return open;
}

/* Lets the others have it. Takes @open, which may be NULL. */
static void
open_put (guint  slot,
          Open  *open)
{
  Open *old;

  g_mutex_lock (&open_lock);
  old = open_groups[slot];
  open_groups[slot] = open;
  g_mutex_unlock (&open_lock);
  g_clear_pointer (&old, open_free);
}

static void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GTask) task = data;
  Job *self = g_task_get_task_data (task);
  GError *error = NULL;

  aiodrive_task_set_progress (task, 1);
  g_atomic_int_add (&self->tally->n_running, -1);
  g_atomic_int_inc (&n_ended);
  if (!aiodrive_sleep_finish (result, &error))
    g_task_return_error (task, error);
  else if (self->fails)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "on purpose");
  else
    g_task_return_boolean (task, TRUE);
}

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      data)
{
  Job *self = data;

  if (g_atomic_int_get (&self->tally->is_over))
    stress_fail ("a job starts after the end of its group");
  g_atomic_int_inc (&self->tally->n_running);
  g_atomic_int_inc (&n_started);
  g_task_set_task_data (task, self, NULL);
  aiodrive_task_set_progress (task, 0.5);
  aiodrive_sleep_async (self->duration_ms, cancellable, on_slept, g_object_ref (task));
}

static void
job_free (gpointer data)
{
  Job *self = data;

  g_atomic_int_inc (&n_freed);
  g_atomic_rc_box_release (self->tally);
  g_free (self);
}

static void
spawn (AiodriveTaskGroup *group,
       Tally             *tally,
       GRand             *rand)
{
  Job *data = g_new (Job, 1);
  g_autoptr(GTask) task = NULL;

  *data = (Job) { g_atomic_rc_box_acquire (tally), stress_below (rand, 3), stress_chance (rand, 16) };
  g_atomic_int_inc (&n_spawned);
  if (stress_chance (rand, 2))
    {
      aiodrive_task_group_spawn (group, NULL, job, data, job_free);
      return;
    }

  aiodrive_task_group_spawn (group, &task, job, data, job_free);
  stress_track (task, STRESS_TASK);
  stress_track (g_task_get_cancellable (task), STRESS_CANCELLABLE);
  if (stress_chance (rand, 8))
    g_cancellable_cancel (g_task_get_cancellable (task));
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
  if (g_atomic_int_get (&self->tally->n_running) != 0)
    stress_fail ("a job outlives its group");
  g_atomic_int_set (&self->tally->is_over, TRUE);
  stress_call_count (call, error);
  open_free (self);
}

static AiodriveTaskGroup *
group_new (GCancellable *parent,
           GRand        *rand)
{
  AiodriveTaskGroup *group =
    stress_chance (rand, 2) ? aiodrive_task_group_new (parent)
                            : AIODRIVE_TASK_GROUP (aiodrive_auto_terminated_task_group_new (parent));

  stress_track (group, STRESS_PRIMITIVE);
  stress_track (aiodrive_task_group_get_scope (group), STRESS_CANCELLABLE);
  if (stress_chance (rand, 2))
    aiodrive_task_group_get_tasks (group);
  return group;
}

/* Others may spawn into it as soon as it is there, and while it is closed. */
static void
open_and_close (StressThread *thread,
                GRand        *rand)
{
  g_autoptr(GCancellable) parent = stress_pick_cancellable (rand);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (parent);
  g_autoptr(AiodriveTaskGroup) group = group_new (stress_chance (rand, 2) ? parent : NULL, rand);
  Tally *tally = g_atomic_rc_box_new0 (Tally);
  StressCall *call = stress_call_prepare (thread, G_CANCELLABLE (scope), on_closed, open_new (group, tally));

  stress_track (scope, STRESS_CANCELLABLE);
  open_put (stress_below (rand, N_OPEN), open_new (group, tally));
  for (guint i = stress_below (rand, 5); i > 0; i--)
    spawn (group, tally, rand);
  stress_call_publish (call);
  aiodrive_task_group_close_async (group, G_CANCELLABLE (scope), stress_on_ready, call);
  g_atomic_rc_box_release (tally);
}

/* Its tasks are cancelled; it is warned about, unless they had been. */
static void
open_and_drop (StressThread *thread,
               GRand        *rand)
{
  g_autoptr(AiodriveTaskGroup) group = group_new (NULL, rand);
  Tally *tally = g_atomic_rc_box_new0 (Tally);

  for (guint i = stress_below (rand, 3); i > 0; i--)
    spawn (group, tally, rand);
  if (stress_chance (rand, 2))
    open_put (stress_below (rand, N_OPEN), open_new (group, tally));
  g_atomic_rc_box_release (tally);
}

static void
spawn_elsewhere (StressThread *thread,
                 GRand        *rand)
{
  Open *open = open_pick (rand);

  if (open == NULL)
    return;
  spawn (open->group, open->tally, rand);
  open_free (open);
}

static void
cancel (StressThread *thread,
        GRand        *rand)
{
  Open *open = open_pick (rand);

  if (open == NULL)
    return;
  aiodrive_task_group_cancel (open->group);
  open_free (open);
}

static void
settle (void)
{
  for (guint i = 0; i < N_OPEN; i++)
    open_put (i, NULL);
}

static void
report (void)
{
  g_print ("groups: %d jobs spawned, %d of them in time\n", n_spawned, n_started);
  if (n_freed != n_spawned)
    stress_fail ("%d of %d jobs were not freed", n_spawned - n_freed, n_spawned);
  if (n_ended != n_started)
    stress_fail ("%d of %d jobs have not ended", n_started - n_ended, n_started);
}

static StressKind *kinds[] = { NULL };

static const StressOperation operations[] =
{
  { "groups: close", STRESS_WAITS, 8, open_and_close },
  { "groups: drop in use", STRESS_WAITS, 2, open_and_drop },
  { "groups: spawn elsewhere", STRESS_WAITS, 8, spawn_elsewhere },
  { "groups: cancel", STRESS_AT_ONCE, 2, cancel },
  { NULL }
};

const StressFamily stress_groups = { kinds, operations, settle, report };
