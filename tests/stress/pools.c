/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/stress.h"

/* Pools with tasks of all depths, planned and opened, run, closed and dropped, while other threads spawn into them and
 * cancel them. No task is cancelled by its pool while a deeper one runs. */

#define N_OPEN     8
#define MIN_DEPTH  -3
#define N_DEPTHS   7

/* What is known of a pool that outlives it. Jobs run in its context, and are cancelled there. */
typedef struct
{
  GThread *thread;               /* unowned: of the context */
  gint     n_running[N_DEPTHS];  /* atomic, as is the next */
  gint     is_over;
} Tally;

typedef struct
{
  Tally    *tally;         /* owned */
  guint     place;         /* of its depth in the tally */
  gulong    handler;       /* 0: it starts cancelled */
  guint     duration_ms;
  gboolean  fails;
} Job;

typedef struct
{
  AiodrivePool *pool;    /* owned */
  Tally        *tally;   /* owned */
} Open;

static GMutex open_lock;
static Open  *open_pools[N_OPEN];   /* owned, nullable; guarded by open_lock */

static gint n_spawned;              /* atomic, as are the next ones: jobs */
static gint n_started;
static gint n_cancelled;            /* ... that were running */
static gint n_ended;
static gint n_freed;
static gint n_described;

static Open *
open_new (AiodrivePool *pool,
          Tally        *tally)
{
  Open *self = g_new (Open, 1);

  *self = (Open) { g_object_ref (pool), g_atomic_rc_box_acquire (tally) };
  return self;
}

static void
open_free (Open *self)
{
  g_object_unref (self->pool);
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
  open = open_pools[slot] != NULL ? open_new (open_pools[slot]->pool, open_pools[slot]->tally) : NULL;
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
  old = open_pools[slot];
  open_pools[slot] = open;
  g_mutex_unlock (&open_lock);
  g_clear_pointer (&old, open_free);
}

static void
on_cancelled (GCancellable *cancellable,
              Job          *self)
{
  g_atomic_int_inc (&n_cancelled);
  if (g_thread_self () != self->tally->thread)
    stress_fail ("a job is cancelled in another thread than that of its pool");
  for (guint place = self->place + 1; place < N_DEPTHS; place++)
    if (g_atomic_int_get (&self->tally->n_running[place]) > 0)
      stress_fail ("depth %d is cancelled while a job of depth %d runs", (gint) self->place + MIN_DEPTH,
                   (gint) place + MIN_DEPTH);
}

static void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GTask) task = data;
  Job *self = g_task_get_task_data (task);
  GError *error = NULL;

  if (self->handler != 0)
    g_signal_handler_disconnect (g_task_get_cancellable (task), self->handler);
  g_atomic_int_add (&self->tally->n_running[self->place], -1);
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
    stress_fail ("a job starts after the end of its pool");
  g_atomic_int_inc (&self->tally->n_running[self->place]);
  g_atomic_int_inc (&n_started);
  g_task_set_task_data (task, self, NULL);
  if (!g_cancellable_is_cancelled (cancellable))
    self->handler = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), self);
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
spawn (AiodrivePool *pool,
       Tally        *tally,
       GRand        *rand)
{
  Job *data = g_new0 (Job, 1);
  g_autoptr(GTask) task = NULL;

  data->tally = g_atomic_rc_box_acquire (tally);
  data->place = stress_below (rand, N_DEPTHS);
  data->duration_ms = stress_below (rand, 4);
  data->fails = stress_chance (rand, 16);
  g_atomic_int_inc (&n_spawned);
  aiodrive_pool_spawn_full (pool, &task, "job", (gint) data->place + MIN_DEPTH, job, data, job_free);
  stress_track (task, STRESS_TASK);
  stress_track (g_task_get_cancellable (task), STRESS_CANCELLABLE);
}

/* In its thread. */
static AiodrivePool *
pool_new (gboolean       opened,
          GCancellable  *parent,
          GRand         *rand,
          Tally        **tally)
{
  AiodrivePool *pool = opened ? aiodrive_pool_open ("opened", parent) : aiodrive_pool_new ("planned");

  *tally = g_atomic_rc_box_new0 (Tally);
  (*tally)->thread = g_thread_self ();
  stress_track (pool, STRESS_PRIMITIVE);
  stress_track (aiodrive_task_group_get_scope (AIODRIVE_TASK_GROUP (pool)), STRESS_CANCELLABLE);
  if (stress_chance (rand, 2))
    aiodrive_task_group_get_tasks (AIODRIVE_TASK_GROUP (pool));
  if (!stress_chance (rand, 4))
    open_put (stress_below (rand, N_OPEN), open_new (pool, *tally));
  for (guint i = stress_below (rand, 8); i > 0; i--)
    spawn (pool, *tally, rand);
  return pool;
}

static void
describe (AiodrivePool *pool)
{
  g_autofree char *text = aiodrive_pool_format (pool);

  if (!g_str_has_prefix (text, "pool ") || !g_str_has_suffix (text, "\n"))
    stress_fail ("a pool is described as \"%s\"", text);
  g_atomic_int_inc (&n_described);
}

static void
on_over (StressCall   *call,
         const GError *error)
{
  Open *self = call->data;

  if (aiodrive_pool_get_status (self->pool) != AIODRIVE_POOL_STATUS_DONE)
    stress_fail ("a pool is not done");
  for (guint place = 0; place < N_DEPTHS; place++)
    if (g_atomic_int_get (&self->tally->n_running[place]) != 0)
      stress_fail ("a job outlives its pool");
  g_atomic_int_set (&self->tally->is_over, TRUE);
  stress_call_count (call, error);
  open_free (self);
}

static void
on_ran (StressCall   *call,
        GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  aiodrive_pool_run_finish (((Open *) call->data)->pool, result, &error);
  on_over (call, error);
}

static void
on_closed (StressCall   *call,
           GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  aiodrive_task_group_close_finish (AIODRIVE_TASK_GROUP (((Open *) call->data)->pool), result, &error);
  on_over (call, error);
}

/* Others may spawn into it as soon as it is there, and while it is run or closed. */
static void
begin_and_end (StressThread *thread,
               GRand        *rand,
               gboolean      opened)
{
  g_autoptr(GCancellable) parent = stress_pick_cancellable (rand);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (parent);
  g_autoptr(AiodrivePool) pool = NULL;
  StressCall *call;
  Tally *tally;

  stress_track (scope, STRESS_CANCELLABLE);
  pool = pool_new (opened, stress_chance (rand, 2) ? parent : NULL, rand, &tally);
  call = stress_call_prepare (thread, G_CANCELLABLE (scope), opened ? on_closed : on_ran, open_new (pool, tally));
  if (stress_chance (rand, 16))
    describe (pool);
  call->unchecked = TRUE;   /* others cancel the pool */
  stress_call_publish (call);
  if (opened)
    aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (pool), G_CANCELLABLE (scope), stress_on_ready, call);
  else
    aiodrive_pool_run_async (pool, stress_chance (rand, 4) ? AIODRIVE_POOL_FLAGS_FOREVER : AIODRIVE_POOL_FLAGS_NONE,
                             G_CANCELLABLE (scope), stress_on_ready, call);
  g_atomic_rc_box_release (tally);
}

static void
plan_and_run (StressThread *thread,
              GRand        *rand)
{
  begin_and_end (thread, rand, FALSE);
}

static void
open_and_close (StressThread *thread,
                GRand        *rand)
{
  begin_and_end (thread, rand, TRUE);
}

/* What is planned or runs is cancelled; it is warned about, unless it had been. */
static void
drop (StressThread *thread,
      GRand        *rand)
{
  g_autoptr(AiodrivePool) pool = NULL;
  Tally *tally;

  pool = pool_new (stress_chance (rand, 2), NULL, rand, &tally);
  g_atomic_rc_box_release (tally);
}

static void
spawn_elsewhere (StressThread *thread,
                 GRand        *rand)
{
  Open *open = open_pick (rand);

  if (open == NULL)
    return;
  spawn (open->pool, open->tally, rand);
  open_free (open);
}

static void
cancel (StressThread *thread,
        GRand        *rand)
{
  Open *open = open_pick (rand);

  if (open == NULL)
    return;
  aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (open->pool));
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
  g_print ("pools: %d jobs spawned, %d of them started, %d cancelled in their turn; described %d times\n", n_spawned,
           n_started, n_cancelled, n_described);
  if (n_freed != n_spawned)
    stress_fail ("%d of %d jobs were not freed", n_spawned - n_freed, n_spawned);
  if (n_ended != n_started)
    stress_fail ("%d of %d jobs have not ended", n_started - n_ended, n_started);
}

static StressKind *kinds[] = { NULL };

static const StressOperation operations[] =
{
  { "pools: run", STRESS_WAITS, 6, plan_and_run },
  { "pools: close", STRESS_WAITS, 6, open_and_close },
  { "pools: drop in use", STRESS_WAITS, 2, drop },
  { "pools: spawn elsewhere", STRESS_WAITS, 8, spawn_elsewhere },
  { "pools: cancel", STRESS_AT_ONCE, 2, cancel },
  { NULL }
};

const StressFamily stress_pools = { kinds, operations, settle, report };
