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

/* No lost wakeups: either the setter sees this watcher, or this function sees the new progress. */
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
aiodrive_task_record_get_progress (AiodriveTaskRecord *self)
{
  double progress;

  aiodrive_monitor_lock (&self->monitor);
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

/* Returns FALSE if the watcher has been woken and will run. */
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
 * Propagation to the tasks above
 */

/* Returns a reference on the task above, for which @task does the work, or NULL. */
static GTask *
get_outer (GTask *task)
{
  GCancellable *above = aiodrive_cancel_scope_get_parent (AIODRIVE_CANCEL_SCOPE (g_task_get_cancellable (task)));

  return aiodrive_cancel_scope_ref_task (AIODRIVE_CANCEL_SCOPE (above));
}

/* Sets the progress of @task (nullable), and of the tasks above that show it. */
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
 * @fraction: the completed part of its work, from 0 to 1
 *
 * Sets the progress of a task, which #AiodriveTaskInfo shows. Any thread may call it, as often as convenient: an
 * observer is notified in its own context, and only of the latest value. @fraction is clamped to the range from 0 to 1.
 * For a task unknown to this library the call does nothing. The progress of a task in another thread, such as a task of
 * an #AiodriveBackgroundExecutor, passes to the task that stands for it.
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

/**
 * aiodrive_task_get_progress:
 * @task: a task
 *
 * Gets how much of its work a task has done, as aiodrive_task_set_progress() says. It may be called from every thread.
 * To follow the progress use aiodrive_task_info_new().
 *
 * Returns: the progress, from 0 to 1; 0 for a task that this library does not know
 *
 * Since: 1.0
 */
double
aiodrive_task_get_progress (GTask *task)
{
  AiodriveTaskRecord *record;

  g_return_val_if_fail (G_IS_TASK (task), 0);

  record = aiodrive_task_record_peek (task);
  return record != NULL ? aiodrive_task_record_get_progress (record) : 0;
}

/**
 * aiodrive_task_set_file_progress:
 * @current_num_bytes: how many bytes were transferred
 * @total_num_bytes: how many there are; 0 if that is not known
 * @task: (type Gio.Task): a task of this library
 *
 * Shows the progress of a call of GIO as that of a task: a #GFileProgressCallback whose data is the task. It may be
 * called from every thread. While the total is not known the progress stays as it was.
 *
 * Since: 1.0
 */
void
aiodrive_task_set_file_progress (goffset  current_num_bytes,
                                 goffset  total_num_bytes,
                                 gpointer task)
{
  g_return_if_fail (G_IS_TASK (task));

  if (total_num_bytes > 0)
    aiodrive_task_set_progress (task, (double) current_num_bytes / total_num_bytes);
}
