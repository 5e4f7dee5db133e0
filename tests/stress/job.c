/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/job.h"

static gint n_spawned;   /* atomic, as are the next ones: jobs */
static gint n_begun;
static gint n_ended;
static gint n_freed;
static gint n_refused;

static void
open_free (gpointer data)
{
  g_object_unref (((Open *) data)->group);
}

void
open_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, open_free);
}

void
job_free (gpointer data)
{
  Job *self = data;

  if (self->thread != g_thread_self ())
    stress_fail ("a job is freed in another thread than it came from");
  g_atomic_int_inc (&n_freed);
  g_clear_pointer (&self->open, open_unref);
  g_clear_object (&self->executor);
  g_free (self);
}

Job *
job_new (Open                       *open,
         AiodriveBackgroundExecutor *executor,
         guint                       kind,
         guint                       duration_ms)
{
  Job *self = g_new0 (Job, 1);

  self->open = open != NULL ? g_atomic_rc_box_acquire (open) : NULL;
  self->executor = executor != NULL ? g_object_ref (executor) : NULL;
  self->kind = kind;
  self->duration_ms = duration_ms;
  self->thread = g_thread_self ();
  g_atomic_int_inc (&n_spawned);
  return self;
}

static void
end_job (GTask  *task,
         GError *error)
{
  Job *self = g_task_get_task_data (task);

  if (self->open != NULL)
    g_atomic_int_add (&self->open->n_running, -1);
  g_atomic_int_inc (&n_ended);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;

  aiodrive_sleep_finish (result, &error);
  end_job (task, error);
}

static void
on_below_ended (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_autoptr(GTask) task = data;
  g_autoptr(GTask) below = aiodrive_wait_task_finish (result, NULL);

  end_job (task, aiodrive_task_dup_error (below));
}

/* A job of another executor, or one more of the group. */
static void
hand_over (GTask        *task,
           GCancellable *cancellable,
           Job          *self)
{
  g_autoptr(GTask) below = NULL;

  if (self->executor != NULL)
    aiodrive_background_executor_spawn (self->executor, &below, cancellable, job_run,
                                        job_new (NULL, NULL, 0, self->duration_ms), job_free);
  else
    aiodrive_task_group_spawn (self->open->group, &below, job_run, job_new (self->open, NULL, 0, self->duration_ms),
                               job_free);
  if (self->executor != NULL)
    aiodrive_wait_task_async (below, NULL, on_below_ended, g_object_ref (task));
  else
    aiodrive_sleep_async (self->duration_ms, cancellable, on_slept, g_object_ref (task));
}

void
job_run (GTask        *task,
         GCancellable *cancellable,
         gpointer      data)
{
  Job *self = data;
  GMainContext *context = g_main_context_get_thread_default ();

  g_atomic_int_inc (&n_begun);
  if (self->thread == g_thread_self () && self->executor != NULL)
    stress_fail ("a job of an executor runs in the thread that spawned it");
  if (self->open != NULL)
    {
      g_atomic_int_inc (&self->open->n_running);
      if (!g_atomic_pointer_compare_and_exchange (&self->open->context, NULL, context) &&
          g_atomic_pointer_get (&self->open->context) != context)
        stress_fail ("the jobs of a group run in different contexts");
    }
  g_task_set_task_data (task, self, NULL);

  if (self->kind == JOB_FAILS)
    end_job (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "on purpose"));
  else if (self->kind == 2)
    end_job (task, NULL);
  else if (self->kind == 3)
    hand_over (task, cancellable, self);
  else
    aiodrive_sleep_async (self->duration_ms, cancellable, on_slept, g_object_ref (task));
}

static void
on_task_ended (StressCall   *call,
               GAsyncResult *result)
{
  g_autoptr(GTask) task = aiodrive_wait_task_finish (result, NULL);
  g_autoptr(GError) error = aiodrive_task_dup_error (task);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    g_atomic_int_inc (&n_refused);
  else if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) &&
           !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    stress_fail ("a task failed: %s", error->message);
  stress_call_count (call, error);
  g_object_unref (call->data);
}

/* Whoever helps it cancels its scope. Takes @task. */
void
job_await (StressThread *thread,
           GCancellable *scope,
           GTask        *task)
{
  StressCall *call = stress_call_prepare (thread, scope, on_task_ended, task);

  stress_track (task, STRESS_TASK);
  stress_call_publish (call);
  aiodrive_wait_task_async (task, NULL, stress_on_ready, call);
}

void
jobs_report (void)
{
  g_print ("threads: %d jobs spawned, %d begun, %d of their tasks refused\n", n_spawned, n_begun, n_refused);
  if (n_freed != n_spawned)
    stress_fail ("%d of %d jobs were not freed", n_spawned - n_freed, n_spawned);
  if (n_ended != n_begun)
    stress_fail ("%d of %d jobs have not ended", n_begun - n_ended, n_begun);
}
