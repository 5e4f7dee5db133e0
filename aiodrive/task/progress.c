/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/progress.h"

#include "aiodrive/core/cancel-scope.h"
#include "aiodrive/task/record-parts-private.h"

/*
 * In the record
 */

gboolean
aiodrive_task_record_set_progress (AiodriveTaskRecord *self,
                                   double              progress)
{
  gboolean shown_above;

  aiodrive_monitor_lock (&self->monitor);
  self->progress = progress;
  shown_above = self->shown_above;
  aiodrive_wait_queue_wake_all (&self->observers, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);

  return shown_above;
}

/* Whoever sets the progress sees this, or it is seen here. */
double
aiodrive_task_record_show_above (AiodriveTaskRecord *self)
{
  double progress;

  aiodrive_monitor_lock (&self->monitor);
  self->shown_above = TRUE;
  progress = self->progress;
  aiodrive_monitor_unlock (&self->monitor);

  return progress;
}

double
aiodrive_task_record_watch_progress (AiodriveTaskRecord *self,
                                     AiodriveWaiter     *waiter)
{
  double progress;

  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_queue_add (&self->observers, waiter);
  progress = self->progress;
  aiodrive_monitor_unlock (&self->monitor);

  return progress;
}

/* FALSE if it has been woken, and is going to be run. */
gboolean
aiodrive_task_record_unwatch_progress (AiodriveTaskRecord *self,
                                       AiodriveWaiter     *waiter)
{
  gboolean removed;

  aiodrive_monitor_lock (&self->monitor);
  removed = aiodrive_wait_queue_remove (&self->observers, waiter);
  aiodrive_monitor_unlock (&self->monitor);

  return removed;
}

/*
 * Up to the tasks for which it works
 */

/* The task above, for which @task does the work; a reference, or NULL. */
static GTask *
get_outer (GTask *task)
{
  GCancellable *above = aiodrive_cancel_scope_get_parent (AIODRIVE_CANCEL_SCOPE (g_task_get_cancellable (task)));

  return aiodrive_cancel_scope_get_task (AIODRIVE_CANCEL_SCOPE (above));
}

/* Sets the progress of @task, or NULL, and of the tasks above that it is shown at. */
static void
set_progress (GTask  *task,
              double  fraction)
{
  g_autoptr(GTask) shown = task != NULL ? g_object_ref (task) : NULL;
  AiodriveTaskRecord *record;

  while (shown != NULL && (record = aiodrive_task_record_peek (shown)) != NULL &&
         aiodrive_task_record_set_progress (record, fraction))
    {
      g_autoptr(GTask) inner = g_steal_pointer (&shown);

      shown = get_outer (inner);
    }
}

/* For a task that does the work of the one above. */
void
aiodrive_task_show_progress_above (GTask *task)
{
  double progress = aiodrive_task_record_show_above (aiodrive_task_record_get (task));
  g_autoptr(GTask) outer = progress > 0 ? get_outer (task) : NULL;

  set_progress (outer, progress);
}

/**
 * aiodrive_task_set_progress:
 * @task: a task of this library
 * @fraction: how much of its work it has done, from 0 to 1
 *
 * Says how far a task has come, for those who show it: see #AiodriveTaskInfo. It may be called from every thread, as
 * often as is convenient: those who show it are told in their own context, and of the latest only. What is below 0 or
 * above 1 is taken for 0 or 1. For a task that this library does not know it does nothing. What runs in another thread,
 * for an #AiodriveBackgroundExecutor say, comes as far as the task that stands for it.
 *
 * Since: 1.0
 */
void
aiodrive_task_set_progress (GTask  *task,
                            double  fraction)
{
  g_return_if_fail (G_IS_TASK (task));

  set_progress (task, fraction > 0 ? MIN (fraction, 1) : 0);
}
