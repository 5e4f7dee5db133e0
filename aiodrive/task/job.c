/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/record-parts-private.h"

#include "aiodrive/core/work-item-private.h"
#include "aiodrive/core/stack-switch-private.h"

/* The job of a task: the function that returns the task, and its data, which lives until the task has completed and the
 * callbacks of its waiters have run. */

static void
run_job (AiodriveWorkItem *work)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (work, AiodriveTaskRecord, work);
  g_autoptr(GTask) task = self->task;

  self->job (task, g_task_get_cancellable (task), self->job_data);
}

/* The data is freed when the task has completed and the callbacks of its waiters have run, even if the job never
 * started. */
void
aiodrive_task_record_set_job (AiodriveTaskRecord    *self,
                              AiodriveTaskRecordJob  func,
                              gpointer               user_data,
                              GDestroyNotify         user_data_destroy)
{
  self->job = func;
  self->job_data = user_data;
  self->job_data_destroy = user_data_destroy;
  self->planned = func != NULL;
}

/* Whether it has a job that has not begun. */
gboolean
aiodrive_task_record_is_planned (AiodriveTaskRecord *self)
{
  gboolean planned;

  aiodrive_monitor_lock (&self->monitor);
  planned = self->planned;
  aiodrive_monitor_unlock (&self->monitor);

  return planned;
}

/* Runs in the next iteration, in the context of the task. Observers see that the task is not planned any more. */
void
aiodrive_task_record_begin_job (AiodriveTaskRecord *self)
{
  aiodrive_monitor_lock (&self->monitor);
  self->planned = FALSE;
  aiodrive_wait_queue_wake_all (&self->observers, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);

  self->work.stamp = aiodrive_dispatcher_stamp ();
  aiodrive_task_record_post (self, aiodrive_dispatcher_get_thread_default (), run_job);
}

/* No use-after-free. Another thread may iterate the context of the task, and the task may complete there while the
 * job's function still runs here. So this call counts as one more callback before the data is freed.
 * (/aiodrive/task/spawn/primed-elsewhere) */
static void
run_primed_job (AiodriveTaskRecord *self)
{
  g_autoptr(GTask) task = g_object_ref (self->task);
  gboolean ended;

  self->primed = TRUE;   /* no other thread has the task yet */
  self->planned = FALSE;
  g_object_ref (self->task);
  run_job (&self->work);

  aiodrive_monitor_lock (&self->monitor);
  self->primed = FALSE;
  ended = self->state == AIODRIVE_TASK_ENDED;
  aiodrive_monitor_unlock (&self->monitor);
  if (ended)
    aiodrive_task_record_called_back (self);
}

void
aiodrive_task_record_start_job (AiodriveTaskRecord    *self,
                                gboolean               now,
                                AiodriveTaskRecordJob  func,
                                gpointer               user_data,
                                GDestroyNotify         user_data_destroy)
{
  aiodrive_task_record_set_job (self, func, user_data, user_data_destroy);
  if (now)
    run_primed_job (self);
  else
    aiodrive_task_record_begin_job (self);
}

/*
 * Its data
 */

void
aiodrive_task_record_release_job_data (AiodriveTaskRecord *self)
{
  GDestroyNotify destroy = g_steal_pointer (&self->job_data_destroy);

  if (destroy != NULL)
    destroy (self->job_data);
}

static void
release_job_data (AiodriveWorkItem *work)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (work, AiodriveTaskRecord, work);
  g_autoptr(GTask) task = self->task;

  aiodrive_task_record_release_job_data (self);
}

/* No recursion as deep as the nesting of combinators: freeing the data of one counts as a callback of its children,
 * whose data is freed in turn. The outermost call in this thread frees all of it. (/aiodrive/task/depth/timeout) */
static void
release_job_data_here (AiodriveTaskRecord *self)
{
  static __thread AiodriveWorkList *pending;    /* owned by the outermost call; NULL outside any */
  AiodriveWorkList here = { NULL };
  AiodriveWorkItem *work;

  g_object_ref (self->task);
  if (pending != NULL)
    {
      aiodrive_work_list_append (pending, &self->work, &self->work);
      return;
    }

  pending = &here;
  aiodrive_work_list_append (&here, &self->work, &self->work);
  while ((work = aiodrive_work_list_pop (&here)) != NULL)
    release_job_data (work);
  pending = NULL;
}

/* Counts a callback that has run, and once the wakeup of all waiters. After the last one the data of the job is freed,
 * in the context of the task, so every callback may use the data. The caller holds a reference on the task.
 * (/aiodrive/task/spawn/data-in-callbacks) */
void
aiodrive_task_record_called_back (AiodriveTaskRecord *self)
{
  AiodriveDispatcher *dispatcher;
  gboolean last;

  if (g_atomic_int_get (&self->n_callbacks) == 0)
    return;

  aiodrive_monitor_lock (&self->monitor);
  last = self->n_callbacks > 0 && g_atomic_int_dec_and_test (&self->n_callbacks);
  aiodrive_monitor_unlock (&self->monitor);
  if (!last)
    return;

  dispatcher = aiodrive_dispatcher_get_for_context (g_task_get_context (self->task));
  if (aiodrive_dispatcher_runs_here (dispatcher) && !aiodrive_stack_can_suspend ())   /* not on the stack of a fiber */
    release_job_data_here (self);
  else
    aiodrive_task_record_post (self, dispatcher, release_job_data);
}
