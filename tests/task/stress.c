/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* Several threads spawn tasks, combine their own and each other's, wait for them and cancel them at random moments.
 * Every call is called back once, in its own thread, when all its children have ended; and nothing is left.
 * Run it with --seed to repeat a run, as far as threads allow. */

#define N_WORKERS       4
#define N_SHARED        32
#define MAX_IN_FLIGHT   40
#define MAX_CHILDREN    4
#define DURATION_USEC   1500000

typedef struct
{
  GThread      *thread;      /* unowned */
  GMainContext *context;
  GRand        *rand;
  guint         in_flight;   /* calls, and jobs whose data has not been freed */
  guint         n_calls;
  guint         n_cancelled;
  guint         n_failed;
} Worker;

typedef struct
{
  Worker *worker;
  GTask  *children[MAX_CHILDREN];   /* owned */
  guint   n_children;
  guint   n_callbacks;
} Call;

typedef struct
{
  Worker *worker;
  guint   outcome;   /* 0: stubborn, 1: fails, else obeys */
} Job;

static Worker        workers[N_WORKERS];
static gint          n_busy;        /* atomic */
static gint          n_tasks;       /* atomic: tasks that have not been finalized */
static GMutex        lock;
static GTask        *tasks[N_SHARED];          /* owned, guarded by lock, as are the next */
static GCancellable *cancellables[N_SHARED];

static guint
below (Worker *self,
       guint   n)
{
  return g_rand_int_range (self->rand, 0, n);
}

static void
task_finalized (gpointer  data,
                GObject  *task)
{
  g_atomic_int_add (&n_tasks, -1);
}

/* Lets others have it. */
static void
share_task (Worker *self,
            GTask  *task)
{
  guint place = below (self, N_SHARED);
  GTask *old;

  g_mutex_lock (&lock);
  old = tasks[place];
  tasks[place] = g_object_ref (task);
  g_mutex_unlock (&lock);
  g_clear_object (&old);
}

static GTask *
get_shared_task (Worker *self)
{
  guint place = below (self, N_SHARED);
  GTask *task;

  g_mutex_lock (&lock);
  task = tasks[place] != NULL ? g_object_ref (tasks[place]) : NULL;
  g_mutex_unlock (&lock);
  return task;
}

static GCancellable *
get_cancellable (Worker *self)
{
  guint place = below (self, N_SHARED);
  GCancellable *cancellable;

  if (below (self, 3) == 0)
    return NULL;

  g_mutex_lock (&lock);
  if (cancellables[place] == NULL)
    cancellables[place] = place % 2 == 0 ? g_cancellable_new () : G_CANCELLABLE (aiodrive_cancel_scope_new (NULL));
  cancellable = g_object_ref (cancellables[place]);
  g_mutex_unlock (&lock);
  return cancellable;
}

static void
cancel_one (Worker *self)
{
  guint place = below (self, N_SHARED);
  g_autoptr(GCancellable) cancellable = NULL;

  g_mutex_lock (&lock);
  cancellable = g_steal_pointer (&cancellables[place]);
  g_mutex_unlock (&lock);
  g_cancellable_cancel (cancellable);
}

static void
job_free (gpointer data)
{
  Job *self = data;

  g_assert_true (self->worker->thread == g_thread_self ());
  self->worker->in_flight--;
  g_free (self);
}

static gboolean
return_true (gpointer task)
{
  g_task_return_boolean (task, TRUE);
  return G_SOURCE_REMOVE;
}

static void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GTask) task = data;
  Job *self = g_task_get_task_data (task);
  GError *error = NULL;

  if (!aiodrive_sleep_finish (result, &error) && self->outcome != 0)
    {
      g_task_return_error (task, error);
      return;
    }
  g_clear_error (&error);
  if (self->outcome == 1)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "not found");
  else if (self->outcome == 2)
    g_main_context_invoke_full (workers[below (self->worker, N_WORKERS)].context, G_PRIORITY_DEFAULT, return_true,
                                g_object_ref (task), g_object_unref);
  else
    g_task_return_boolean (task, TRUE);
}

static void
run_job (GTask        *task,
         GCancellable *cancellable,
         gpointer      user_data)
{
  Job *self = user_data;

  g_task_set_task_data (task, self, NULL);
  aiodrive_sleep_async (below (self->worker, 3), cancellable, on_slept, g_object_ref (task));
}

static void
on_foreign_slept (GObject      *source_object,
                  GAsyncResult *result,
                  gpointer      data)
{
  g_autoptr(GTask) task = data;

  aiodrive_sleep_finish (result, NULL);
  g_task_return_boolean (task, TRUE);
}

/* A task of somebody else; the check of its cancellable is on, as it is by default. */
static GTask *
new_foreign (Worker *self)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  GTask *task = g_task_new (NULL, cancellable, NULL, NULL);

  self->in_flight++;
  g_task_set_task_data (task, self, NULL);
  aiodrive_sleep_async (below (self, 3), cancellable, on_foreign_slept, g_object_ref (task));
  return task;
}

static void
foreign_completed (GTask      *task,
                   GParamSpec *pspec,
                   gpointer    data)
{
  ((Worker *) data)->in_flight--;
}

static GTask *
new_task (Worker *self)
{
  g_autoptr(GCancellable) parent = get_cancellable (self);
  GTask *task;

  g_atomic_int_inc (&n_tasks);
  if (below (self, 4) == 0)
    {
      task = new_foreign (self);
      g_signal_connect (task, "notify::completed", G_CALLBACK (foreign_completed), self);
    }
  else
    {
      Job *job = g_new0 (Job, 1);

      *job = (Job) { self, below (self, 6) };
      self->in_flight++;
      task = below (self, 2) == 0 ? aiodrive_spawn (parent, run_job, job, job_free)
                                  : aiodrive_prime (parent, run_job, job, job_free);
    }
  g_object_weak_ref (G_OBJECT (task), task_finalized, NULL);
  share_task (self, task);
  return task;
}

static void
on_called_back (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  Call *self = data;
  Worker *worker = self->worker;
  gboolean is_wait = g_async_result_is_tagged (result, aiodrive_wait_task_async);
  g_autoptr(GTask) waited = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_cmpuint (++self->n_callbacks, ==, 1);
  g_assert_true (g_thread_self () == worker->thread);

  if (is_wait)
    waited = aiodrive_wait_task_finish (result, &error);
  else
    error = aiodrive_task_dup_error (G_TASK (result));
  if (error != NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    worker->n_cancelled++;
  else if (error != NULL)
    worker->n_failed++;

  /* a wait may be given up, and a call may refuse its children; any other one has awaited them */
  if (!is_wait && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    for (guint i = 0; i < self->n_children; i++)
      {
        g_autoptr(GError) outcome = NULL;

        aiodrive_task_get_leaf (self->children[i], &outcome);
        g_assert_false (g_error_matches (outcome, G_IO_ERROR, G_IO_ERROR_PENDING));
      }

  for (guint i = 0; i < self->n_children; i++)
    g_clear_object (&self->children[i]);
  worker->in_flight--;
  g_free (self);
}

/* Begins something. */
static void
call (Worker *self)
{
  g_autoptr(GCancellable) cancellable = get_cancellable (self);
  Call *data = g_new0 (Call, 1);
  GTask *first;

  data->worker = self;
  data->n_children = 1 + below (self, MAX_CHILDREN);
  for (guint i = 0; i < data->n_children; i++)
    {
      GTask *shared = below (self, 3) == 0 ? get_shared_task (self) : NULL;

      data->children[i] = shared != NULL ? shared : new_task (self);
    }
  first = data->children[0];
  self->in_flight++;
  self->n_calls++;

  switch (below (self, 8))
    {
    case 0:
      aiodrive_race_async (data->children, data->n_children, cancellable, on_called_back, data);
      break;
    case 1:
      aiodrive_first_success_async (data->children, data->n_children, cancellable, on_called_back, data);
      break;
    case 2:
      aiodrive_try_all_async (data->children, data->n_children, cancellable, on_called_back, data);
      break;
    case 3:
      aiodrive_wait_all_async (data->children, data->n_children, cancellable, on_called_back, data);
      break;
    default:
      for (guint i = 1; i < data->n_children; i++)
        g_clear_object (&data->children[i]);
      data->n_children = 1;
      switch (below (self, 4))
        {
        case 0:
          aiodrive_timeout_async (first, below (self, 3), cancellable, on_called_back, data);
          break;
        case 1:
          aiodrive_shield_async (first, cancellable, on_called_back, data);
          break;
        case 2:
          aiodrive_cancel_task_async (first, cancellable, on_called_back, data);
          break;
        default:
          aiodrive_wait_task_async (first, cancellable, on_called_back, data);
          break;
        }
    }
}

/* All serve their contexts until the last one has ended: a task is looked at where it lives. */
static gpointer
work (gpointer data)
{
  Worker *self = data;
  gint64 end = g_get_monotonic_time () + DURATION_USEC;

  self->thread = g_thread_self ();
  g_main_context_push_thread_default (self->context);
  while (g_get_monotonic_time () < end || self->in_flight > 0)
    {
      gboolean full = self->in_flight >= MAX_IN_FLIGHT || g_get_monotonic_time () >= end;

      if (!full)
        call (self);
      if (below (self, 3) == 0)
        cancel_one (self);
      g_main_context_iteration (self->context, full && self->in_flight > 0);
    }
  if (g_atomic_int_dec_and_test (&n_busy))
    for (guint i = 0; i < N_WORKERS; i++)
      g_main_context_wakeup (workers[i].context);
  while (g_atomic_int_get (&n_busy) > 0)
    g_main_context_iteration (self->context, TRUE);
  test_settle ();
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static gboolean
is_fatal (const char     *domain,
          GLogLevelFlags  level,
          const char     *message,
          gpointer        data)
{
  return level & G_LOG_LEVEL_CRITICAL || g_strcmp0 (domain, G_LOG_DOMAIN) != 0;
}

static void
ignore (const char     *domain,
        GLogLevelFlags  level,
        const char     *message,
        gpointer        data)
{
}

static void
test_stress (void)
{
  guint n_calls = 0;
  guint n_cancelled = 0;
  guint n_failed = 0;
  GThread *threads[N_WORKERS];
  guint handler;

  /* that a loser failed, or that nobody awaited a task */
  g_test_log_set_fatal_handler (is_fatal, NULL);
  handler = g_log_set_handler (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING | G_LOG_FLAG_FATAL, ignore, NULL);

  n_busy = N_WORKERS;
  for (guint i = 0; i < N_WORKERS; i++)
    {
      workers[i].context = g_main_context_new ();
      workers[i].rand = g_rand_new_with_seed (g_test_rand_int ());
    }
  for (guint i = 0; i < N_WORKERS; i++)
    threads[i] = g_thread_new ("worker", work, &workers[i]);
  for (guint i = 0; i < N_WORKERS; i++)
    {
      g_thread_join (threads[i]);
      n_calls += workers[i].n_calls;
      n_cancelled += workers[i].n_cancelled;
      n_failed += workers[i].n_failed;
      g_assert_cmpuint (workers[i].in_flight, ==, 0);
    }
  g_test_message ("%u calls, %u cancelled, %u failed", n_calls, n_cancelled, n_failed);
  g_assert_cmpuint (n_cancelled, >, 0);
  g_assert_cmpuint (n_failed, >, 0);
  g_assert_cmpuint (n_calls, >, n_cancelled + n_failed);

  for (guint i = 0; i < N_SHARED; i++)
    {
      g_clear_object (&tasks[i]);
      g_clear_object (&cancellables[i]);
    }
  g_assert_cmpint (g_atomic_int_get (&n_tasks), ==, 0);
  for (guint i = 0; i < N_WORKERS; i++)
    {
      g_main_context_unref (workers[i].context);
      g_rand_free (workers[i].rand);
    }
  g_log_remove_handler (G_LOG_DOMAIN, handler);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/stress/random", test_stress);

  return g_test_run ();
}
