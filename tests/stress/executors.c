/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/job.h"

/* Executors, which the threads share, and some that come and go: they are stopped and dropped while they are used. */

static guint n_files;

/* GLib may have threads of its own. */
static guint
count_executor_threads (void)
{
  g_autoptr(GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", name, "comm", NULL);
      g_autofree char *comm = NULL;

      if (g_file_get_contents (path, &comm, NULL, NULL) && g_str_equal (comm, "aiodrive\n"))
        n++;
    }
  return n;
}

static GObject *
make_executor (StressShared *shared,
               GRand        *rand)
{
  if (n_files == 0)
    {
      g_main_context_default ();
      n_files = stress_count_entries ("/proc/self/fd");   /* no thread runs yet */
    }
  return G_OBJECT (aiodrive_background_executor_new (NULL));
}

/* Its thread has a pace of its own. */
static gboolean
may_wait_always (const StressCall *call)
{
  return TRUE;
}

static StressKind executors = { "executor", sizeof (StressShared), make_executor, NULL, may_wait_always };

static void
spawn_in_executor (StressThread               *thread,
                   AiodriveBackgroundExecutor *executor,
                   GRand                      *rand)
{
  g_autoptr(StressShared) other = stress_pick (&executors, rand);
  g_autoptr(GCancellable) parent = stress_pick_cancellable (rand);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (parent);
  GTask *task;

  stress_track (scope, STRESS_CANCELLABLE);
  aiodrive_background_executor_spawn (executor, &task, G_CANCELLABLE (scope), job_run,
                                      job_new (NULL, other->object, stress_below (rand, JOB_N_KINDS),
                                               stress_below (rand, 3)), job_free);
  job_await (thread, G_CANCELLABLE (scope), task);
}

static void
spawn (StressThread *thread,
       GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&executors, rand);

  spawn_in_executor (thread, shared->object, rand);
}

static void
on_stopped (StressCall   *call,
            GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  aiodrive_background_executor_stop_finish (call->shared[0]->object, result, &error);
  stress_call_count (call, error);
}

static void
stop (StressThread *thread,
      GRand        *rand)
{
  StressCall *call = stress_call_new (thread, &executors, on_stopped);

  aiodrive_background_executor_stop_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
}

static void
block_to_stop (StressThread *thread,
               GRand        *rand)
{
  StressCall *call = stress_call_new_blocking (thread, &executors);
  g_autoptr(GError) error = NULL;

  aiodrive_background_executor_stop (call->shared[0]->object, call->cancellable, &error);
  stress_call_end (call, error);
}

static void
start (StressThread *thread,
       GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&executors, rand);
  g_autoptr(GError) error = NULL;

  if (!aiodrive_background_executor_start (shared->object, &error) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    stress_fail ("an executor does not start: %s", error->message);
}

/* One of its own, dropped while it is in use. */
static void
come_and_go (StressThread *thread,
             GRand        *rand)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);

  stress_track (executor, STRESS_PRIMITIVE);
  if (stress_chance (rand, 2))
    aiodrive_background_executor_start (executor, NULL);
  for (guint n = stress_below (rand, 3); n > 0; n--)
    spawn_in_executor (thread, executor, rand);
}

/* Their threads end by themselves, and nothing is left of them. */
static void
report (void)
{
  gint64 end = g_get_monotonic_time () + STRESS_PATIENCE_USEC;

  while (count_executor_threads () > 0)
    {
      if (g_get_monotonic_time () > end)
        stress_fail ("%u threads are left", count_executor_threads ());
      g_usleep (1000);
    }
  if (stress_count_entries ("/proc/self/fd") > n_files + stress_count_entries ("/proc/self/task") - 1)
    stress_fail ("there were %u files, now there are %u", n_files, stress_count_entries ("/proc/self/fd"));
}

static StressKind *kinds[] = { &executors, NULL };

static const StressOperation operations[] =
{
  { "executor: spawn", STRESS_WAITS, 8, spawn },
  { "executor: start", STRESS_AT_ONCE, 1, start },
  { "executor: stop", STRESS_WAITS, 2, stop },
  { "executor: block to stop", STRESS_BLOCKS, 1, block_to_stop },
  { "executor: come and go", STRESS_WAITS, 1, come_and_go },
  { NULL }
};

const StressFamily stress_executors = { kinds, operations, NULL, report };
