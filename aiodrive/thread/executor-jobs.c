/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/thread/executor-parts-private.h"

#include "aiodrive/binding/bound-language-private.h"
#include "aiodrive/task/record-private.h"
#include "aiodrive/task/remote-private.h"
#include "aiodrive/task/start.h"

/* The jobs of an executor: each is counted before it gets to the thread, and known there while it runs. */

typedef struct
{
  AiodriveWaiter       ended;         /* first; without a dispatcher */
  AiodriveExecutorRun *run;           /* unowned: it is counted there */
  GCancellable        *cancellable;   /* owned; from its beginning to its end, as is the next */
  GList                node;
  AiodriveJobFunc      func;
  gpointer             user_data;
  GDestroyNotify       user_data_destroy;
} Job;

/* In the thread, and under the monitor of the task: who sees that it has ended does not find it counted any more. */
static void
job_ended (AiodriveEntry *entry)
{
  Job *self = (Job *) entry;
  AiodriveExecutorRun *run = self->run;
  g_autoptr(GCancellable) cancellable = g_steal_pointer (&self->cancellable);

  aiodrive_monitor_lock (&run->core->monitor);
  g_queue_unlink (&run->cancellables, &self->node);
  run->n_tasks--;
  aiodrive_monitor_unlock (&run->core->monitor);
}

static void
job_run (GTask        *task,
         GCancellable *cancellable,
         gpointer      data)
{
  Job *self = data;
  AiodriveExecutorRun *run = self->run;
  gboolean stopping;

  self->ended.entry.run = job_ended;
  self->cancellable = g_object_ref (cancellable);
  self->node.data = cancellable;

  aiodrive_monitor_lock (&run->core->monitor);
  g_queue_push_tail_link (&run->cancellables, &self->node);
  stopping = run->stopping;
  aiodrive_monitor_unlock (&run->core->monitor);

  aiodrive_task_record_watch (aiodrive_task_record_get (task), &self->ended);
  if (stopping)
    g_cancellable_cancel (cancellable);
  self->func (task, cancellable, self->user_data);
}

/* In the context of who spawned it. */
static void
job_free (gpointer data)
{
  Job *self = data;

  if (self->user_data_destroy != NULL)
    self->user_data_destroy (self->user_data);
  g_free (self);
}

/* Counts one more task; NULL if it cannot be taken. */
static AiodriveExecutorRun *
enter_with_task (AiodriveExecutorCore  *self,
                 AiodriveJobFunc        func,
                 GError               **error)
{
  const char *language = aiodrive_get_bound_language (G_CALLBACK (func));
  AiodriveExecutorRun *run;

  if (language != NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "A %s function cannot run in another thread", language);
      return NULL;
    }

  aiodrive_monitor_lock (&self->monitor);
  run = aiodrive_executor_core_enter (self, error);
  if (run != NULL)
    run->n_tasks++;
  aiodrive_monitor_unlock (&self->monitor);

  return run;
}

GTask *
aiodrive_executor_core_spawn (AiodriveExecutorCore *self,
                              GCancellable         *parent,
                              AiodriveJobFunc       func,
                              gpointer              user_data,
                              GDestroyNotify        user_data_destroy)
{
  GError *error = NULL;
  AiodriveExecutorRun *run = enter_with_task (self, func, &error);
  GTask *task;
  Job *job;

  if (run == NULL)
    {
      task = aiodrive_task_new (parent);
      g_task_return_error (task, error);
      if (user_data_destroy != NULL)
        user_data_destroy (user_data);
      return task;
    }

  /* what was counted keeps the run and its context */
  job = g_new0 (Job, 1);
  job->run = run;
  job->func = func;
  job->user_data = user_data;
  job->user_data_destroy = user_data_destroy;
  return aiodrive_remote_spawn (run->dispatcher, run->context, parent, NULL, job_run, job, job_free, NULL, NULL, NULL);
}
