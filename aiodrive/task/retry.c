/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/retry.h"

#include "aiodrive/core/error-private.h"
#include "aiodrive/task/record-parts-private.h"
#include "aiodrive/task/sleep.h"

/* One task for the caller, and one after the other for the job. All of it runs in the context of the caller. The record
 * passes from try to delay to try; exactly one of them has it. */
typedef struct
{
  AiodriveWaiter   waiter;         /* first; runs when a try has ended */
  GTask           *outer;          /* owned: what the caller has */
  GTask           *attempt;        /* unowned until it has ended */
  AiodriveJobFunc  func;
  gpointer         user_data;      /* unowned: the record of outer has it */
  guint            n_left;         /* tries */
  guint            delay_ms;       /* the bound of the next delay */
  guint            max_delay_ms;
} Retry;

static void
retry_end (Retry  *self,
           GError *error)
{
  g_autoptr(GTask) outer = self->outer;

  g_free (self);
  if (error != NULL)
    g_task_return_error (outer, error);
  else
    aiodrive_task_return_true (outer);
}

/* Safe publication: another thread may iterate the context, so that watching is the last use of @self. */
static void
retry_begin_try (Retry *self)
{
  g_autoptr(GTask) attempt = aiodrive_task_record_new_task (NULL, g_task_get_cancellable (self->outer), NULL, NULL,
                                                            aiodrive_retry);
  AiodriveTaskRecord *record = aiodrive_task_record_get (attempt);

  self->n_left--;
  self->attempt = attempt;
  if (g_task_get_name (self->outer) != NULL)
    g_task_set_name (attempt, g_task_get_name (self->outer));
  aiodrive_task_show_progress_above (attempt);
  aiodrive_task_record_set_job (record, self->func, self->user_data, NULL);
  aiodrive_task_record_begin_job (record);
  aiodrive_task_record_watch_weakly (record, &self->waiter);
}

static void
on_delayed (GObject      *source_object,
            GAsyncResult *result,
            gpointer      user_data)
{
  Retry *self = user_data;
  GError *error = NULL;

  if (aiodrive_sleep_finish (result, &error))
    retry_begin_try (self);
  else
    retry_end (self, error);
}

/* Exponential backoff with full jitter: a random time up to a bound that doubles, so that clients that failed together
 * do not come back together. (/aiodrive/task/retry/jitter) */
static void
retry_delay (Retry *self)
{
  guint delay_ms = g_random_double () * (self->delay_ms + 1.0);

  self->delay_ms = self->delay_ms > self->max_delay_ms / 2 ? self->max_delay_ms : self->delay_ms * 2;
  aiodrive_sleep_async (delay_ms, g_task_get_cancellable (self->outer), on_delayed, self);
}

static gboolean
is_final (GTask *task)
{
  AiodriveTaskRecord *record = aiodrive_task_record_get (task);
  gboolean final;

  aiodrive_monitor_lock (&record->monitor);
  final = record->final;
  aiodrive_monitor_unlock (&record->monitor);

  return final;
}

static void
try_ended (AiodriveWorkItem *work)
{
  Retry *self = (Retry *) work;
  g_autoptr(GTask) attempt = self->attempt;
  GError *error = aiodrive_task_record_copy_error (aiodrive_task_record_get (attempt));

  if (error == NULL)
    aiodrive_task_record_set_leaf (aiodrive_task_record_get (self->outer), attempt);
  else if (self->n_left > 0 && !aiodrive_error_is_cancelled (error) && !is_final (attempt))
    {
      g_error_free (error);
      retry_delay (self);
      return;
    }

  retry_end (self, error);
}

/**
 * aiodrive_retry:
 * @parent: (nullable): what cancels the task
 * @max_tries: how often the job runs at most, from 1 on
 * @delay_ms: the bound of the first delay, in milliseconds
 * @max_delay_ms: the bound of all delays, in milliseconds
 * @func: (scope notified) (closure user_data) (destroy user_data_destroy): the job
 * @user_data: data for @func
 * @user_data_destroy: (nullable): frees @user_data
 *
 * Starts a job as a task, as aiodrive_spawn() does, and starts it again when it has failed. Each try is a task of its
 * own. The call stands for the last one: see aiodrive_task_get_leaf(), aiodrive_task_propagate() and
 * aiodrive_task_propagate_result().
 *
 * Every error but %G_IO_ERROR_CANCELLED is tried again, unless the job has called aiodrive_task_set_final(), or
 * @max_tries is reached: then the call fails with it. The errors before that one are dropped.
 *
 * Before the next try the call waits. The wait is a random time from zero up to a bound, which is @delay_ms at first
 * and doubles up to @max_delay_ms. To limit the time of all tries together use aiodrive_timeout() on the returned task;
 * to limit the time of each use it in the job.
 *
 * A cancelled call cancels the try that runs, and waits for it. It succeeds if that try does. It fails with the error
 * of that try if nothing would have followed, with %G_IO_ERROR_CANCELLED otherwise. If @max_tries is 0 it fails with
 * %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * The tries run in the main context that is thread-default now. @user_data is freed there, when the call has ended.
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
GTask *
aiodrive_retry (GCancellable    *parent,
                guint            max_tries,
                guint            delay_ms,
                guint            max_delay_ms,
                AiodriveJobFunc  func,
                gpointer         user_data,
                GDestroyNotify   user_data_destroy)
{
  Retry *self;
  GTask *task;

  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  task = aiodrive_task_record_new_task (NULL, parent, NULL, NULL, aiodrive_retry);
  aiodrive_task_record_set_job (aiodrive_task_record_get (task), NULL, user_data, user_data_destroy);
  if (max_tries == 0)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The number of tries is 0");
      return task;
    }

  self = g_new0 (Retry, 1);
  self->outer = g_object_ref (task);
  self->func = func;
  self->user_data = user_data;
  self->n_left = max_tries;
  self->delay_ms = MIN (delay_ms, max_delay_ms);
  self->max_delay_ms = max_delay_ms;
  aiodrive_waiter_init (&self->waiter, try_ended);
  self->waiter.work.stamp = aiodrive_dispatcher_stamp ();
  retry_begin_try (self);
  return task;
}

/**
 * aiodrive_task_set_final:
 * @task: the task of a job
 *
 * Declares that trying again would not help: if @task fails, aiodrive_retry() does not start its job again. A job calls
 * it on the task that it got, a fiber on that of aiodrive_fiber_get_task(), before it returns the task. Any thread may
 * call it. A task that succeeds, or that nothing tries again, is not affected.
 *
 * Since: 1.0
 */
void
aiodrive_task_set_final (GTask *task)
{
  AiodriveTaskRecord *record;

  g_return_if_fail (G_IS_TASK (task));

  record = aiodrive_task_record_peek (task);
  if (record == NULL)
    return;

  aiodrive_monitor_lock (&record->monitor);
  record->final = TRUE;
  aiodrive_monitor_unlock (&record->monitor);
}
