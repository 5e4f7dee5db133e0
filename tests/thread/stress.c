/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/thread/executor.h"

/* Threads that spawn, cancel, start, stop and drop, at random. Every task ends, with an outcome that it may have; every
 * job that began has ended, its data are freed in the thread that gave them, and nothing is left in the process. */

#define N_WORKERS    4
#define N_EXECUTORS  3
#define N_PENDING    8

typedef struct
{
  AiodriveBackgroundExecutor *executors[N_EXECUTORS];
  gint64                      end;          /* when to stop */
  gint                        n_begun;      /* atomic, as are the next two */
  gint                        n_cleaned;    /* those whose tasks have been freed */
  gint                        n_ended[4];   /* success, failure, cancelled, closed */
} Stress;

typedef struct
{
  Stress       *stress;
  GRand        *rand;
  GTask        *tasks[N_PENDING];          /* owned, nullable */
  GCancellable *cancellables[N_PENDING];   /* owned, nullable */
  guint         n_given;                   /* jobs with data */
  guint         n_freed;
} Worker;

typedef struct
{
  Worker  *worker;
  GThread *thread;   /* that gave it */
  guint32  random;
} JobData;

static void
job_data_free (gpointer data)
{
  JobData *self = data;

  g_assert_true (self->thread == g_thread_self ());
  self->worker->n_freed++;
  g_free (self);
}

static void
on_below_ended (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_autoptr(GTask) task = data;
  g_autoptr(GTask) below = aiodrive_wait_task_finish (result, NULL);
  GError *error = aiodrive_task_dup_error (below);

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
  JobData *self = data;
  Stress *stress = self->worker->stress;
  g_autoptr(GTask) below = NULL;

  g_atomic_int_inc (&stress->n_begun);
  g_task_set_task_data (task, &stress->n_cleaned, (GDestroyNotify) g_atomic_int_inc);
  switch (self->random % 6)
    {
    case 0:
      return_true (task, cancellable, NULL);
      break;
    case 1:
      fail (task, cancellable, NULL);
      break;
    case 2:
      g_usleep (self->random % 200);
      return_true (task, cancellable, NULL);
      break;
    case 3:
      aiodrive_sleep_async (self->random % 3, cancellable, on_slept, g_object_ref (task));
      break;
    case 4:
      hang (task, cancellable, NULL);
      break;
    default:
      below = spawn (stress->executors[self->random / 6 % N_EXECUTORS], cancellable,
                     self->random % 4 == 1 ? hang : return_true, NULL);
      aiodrive_wait_task_async (below, NULL, on_below_ended, g_object_ref (task));
    }
}

static void
count_outcome (Stress *stress,
               GTask  *task)
{
  g_autoptr(GError) error = NULL;
  guint kind = 0;

  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    kind = 1;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    kind = 2;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    kind = 3;
  else
    g_assert_no_error (error);
  g_atomic_int_inc (&stress->n_ended[kind]);
}

/* Awaits one of the pending tasks, having cancelled it in one of two ways. */
static void
await_one (Worker *self,
           guint   i)
{
  g_autoptr(GTask) task = g_steal_pointer (&self->tasks[i]);
  g_autoptr(GCancellable) cancellable = g_steal_pointer (&self->cancellables[i]);

  if (task == NULL)
    return;

  if (g_rand_boolean (self->rand))
    {
      g_cancellable_cancel (cancellable);
    }
  else
    {
      g_autoptr(GTask) cancelling = aiodrive_cancel_task (task, NULL);
      g_autoptr(GError) error = NULL;

      aiodrive_run (cancelling);
      error = aiodrive_task_dup_error (cancelling);   /* that it failed shows below */
    }
  count_outcome (self->stress, task);
}

static void
spawn_one (Worker                     *self,
           AiodriveBackgroundExecutor *executor)
{
  guint i = g_rand_int_range (self->rand, 0, N_PENDING);
  JobData *data = g_new (JobData, 1);

  await_one (self, i);
  *data = (JobData) { self, g_thread_self (), g_rand_int (self->rand) };
  self->n_given++;
  self->cancellables[i] = g_cancellable_new ();
  aiodrive_background_executor_spawn (executor, &self->tasks[i], self->cancellables[i], job, data, job_data_free);
}

/* One that comes and goes. */
static void
use_new_executor (Worker *self)
{
  g_autoptr(AiodriveBackgroundExecutor) executor = aiodrive_background_executor_new (NULL);

  if (g_rand_boolean (self->rand))
    g_assert_true (aiodrive_background_executor_start (executor, NULL));
  for (gint n = g_rand_int_range (self->rand, 0, 4); n > 0; n--)
    spawn_one (self, executor);
  assert_stops (executor);
}

static void
stop_one (AiodriveBackgroundExecutor *executor,
          gboolean                    blocking)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  if (blocking)
    {
      g_assert_true (aiodrive_background_executor_stop (executor, NULL, NULL));
      return;
    }

  aiodrive_background_executor_stop_async (executor, NULL, test_on_ready, &call);
  g_assert_true (aiodrive_background_executor_stop_finish (executor, test_call_wait (&call), NULL));
}

static void
step (Worker *self)
{
  AiodriveBackgroundExecutor *executor = self->stress->executors[g_rand_int_range (self->rand, 0, N_EXECUTORS)];
  guint what = g_rand_int_range (self->rand, 0, 40);
  g_autoptr(GError) error = NULL;

  if (what == 0)
    stop_one (executor, TRUE);
  else if (what == 1)
    stop_one (executor, FALSE);
  else if (what == 2 && !aiodrive_background_executor_start (executor, &error))
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  else if (what == 3)
    use_new_executor (self);
  else if (what < 10)
    await_one (self, g_rand_int_range (self->rand, 0, N_PENDING));
  else
    spawn_one (self, executor);
}

static gpointer
work (gpointer data)
{
  Worker *self = data;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  while (g_get_monotonic_time () < self->stress->end)
    step (self);
  for (guint i = 0; i < N_PENDING; i++)
    await_one (self, i);
  g_main_context_pop_thread_default (context);

  g_assert_cmpuint (self->n_freed, ==, self->n_given);
  return NULL;
}

static void
test_random (void)
{
  guint n_threads = count_entries ("/proc/self/task");
  guint n_files = count_entries ("/proc/self/fd");
  Stress stress = { .end = g_get_monotonic_time () + (g_test_thorough () ? 20 : 1) * G_USEC_PER_SEC };
  Worker workers[N_WORKERS] = { 0 };
  GThread *threads[N_WORKERS];
  guint32 seed = g_test_rand_int ();
  guint n_given = 0;

  g_test_message ("seed %u", seed);
  for (guint i = 0; i < N_EXECUTORS; i++)
    stress.executors[i] = aiodrive_background_executor_new (NULL);
  for (guint i = 0; i < N_WORKERS; i++)
    {
      workers[i].stress = &stress;
      workers[i].rand = g_rand_new_with_seed (seed + i);
      threads[i] = g_thread_new ("worker", work, &workers[i]);
    }
  for (guint i = 0; i < N_WORKERS; i++)
    {
      g_thread_join (threads[i]);
      n_given += workers[i].n_given;
      g_rand_free (workers[i].rand);
    }
  for (guint i = 0; i < N_EXECUTORS; i++)
    {
      assert_stops (stress.executors[i]);
      g_assert_finalize_object (stress.executors[i]);
    }

  g_test_message ("%d succeeded, %d failed, %d were cancelled, %d came too late", stress.n_ended[0], stress.n_ended[1],
                  stress.n_ended[2], stress.n_ended[3]);
  g_assert_cmpuint (stress.n_ended[0] + stress.n_ended[1] + stress.n_ended[2] + stress.n_ended[3], ==, n_given);
  g_assert_cmpint (stress.n_begun, ==, stress.n_cleaned);
  wait_for_threads (n_threads);
  g_assert_cmpuint (count_entries ("/proc/self/fd"), ==, n_files);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* what GLib starts and opens once, and keeps */
  g_type_ensure (G_TYPE_TASK);
  g_main_context_default ();

  g_test_add_func ("/aiodrive/thread/stress/random", test_random);

  return g_test_run ();
}
