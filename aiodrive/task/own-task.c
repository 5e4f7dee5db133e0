/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/record-parts-private.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/core/release-private.h"

/* Tasks of ours: their callback is ours, and announces the end; their record is in their scope. */

static void
announce (AiodriveEntry *entry)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (entry, AiodriveTaskRecord, entry);
  g_autoptr(GTask) task = self->task;

  aiodrive_task_record_set_ended (self);
}

/* In the context of a task whose outcome is known: whether the context has still to announce that it ended. In the
 * callback of the task that is not posted yet. */
gboolean
aiodrive_task_record_is_ending (AiodriveTaskRecord *self)
{
  gboolean ended;

  aiodrive_monitor_lock (&self->monitor);
  ended = self->state == AIODRIVE_TASK_ENDED;
  aiodrive_monitor_unlock (&self->monitor);

  return !ended && self->entry.run == announce;
}

static gboolean
is_watched_with_a_signal (GTask *task)
{
  return g_signal_has_handler_pending (task, g_signal_lookup ("notify", G_TYPE_OBJECT),
                                       g_quark_from_static_string ("completed"), FALSE);
}

static void
on_returned (GObject      *source_object,
             GAsyncResult *result,
             gpointer      user_data)
{
  AiodriveTaskRecord *self = user_data;
  gboolean failed = g_task_had_error (self->task);

  aiodrive_monitor_lock (&self->monitor);
  self->state = AIODRIVE_TASK_RETURNED;
  self->failed = failed;
  self->awaited |= failed && is_watched_with_a_signal (self->task);
  aiodrive_monitor_unlock (&self->monitor);

  if (self->callback != NULL)
    self->callback (source_object, result, self->callback_data);

  /* Not now: the completion flag is set after this. Nor before the callback: it may run a main loop. */
  g_object_ref (self->task);
  self->entry.run = announce;
  aiodrive_dispatcher_post_next (aiodrive_dispatcher_get_thread_default (), &self->entry);
}

/* FALSE if the task lives on. */
static gboolean
on_disposed (GTask    *task,
             gpointer  task_record)
{
  AiodriveTaskRecord *self = task_record;

  if (aiodrive_task_record_revive (self))
    return FALSE;
  if (self->state == AIODRIVE_TASK_PENDING)
    g_warning ("Task %s was dropped before it was returned", aiodrive_task_describe (task));

  if (self->state == AIODRIVE_TASK_ENDED && self->failed && !self->awaited)
    {
      aiodrive_task_record_take_error (self);
      if (!aiodrive_error_is_cancelled (self->error))
        g_warning ("Task %s failed and nobody awaited it: %s", aiodrive_task_describe (task), self->error->message);
    }

  /* The scope, and with it the record, may be kept. */
  aiodrive_task_record_release_job_data (self);
  g_clear_error (&self->error);
  aiodrive_release_object (g_steal_pointer (&self->leaf));
  return TRUE;
}

GTask *
aiodrive_task_record_new_task (gpointer             source_object,
                               GCancellable        *parent,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data,
                               gpointer             source_tag)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (parent);
  AiodriveTaskRecord *self = aiodrive_task_record_new (NULL);

  self->task = g_task_new (source_object, G_CANCELLABLE (scope), on_returned, self);
  (g_task_set_source_tag) (self->task, source_tag);
  g_task_set_check_cancellable (self->task, FALSE);
  self->is_own = TRUE;
  self->callback = callback;
  self->callback_data = user_data;
  aiodrive_cancel_scope_set_task (scope, self->task, self, on_disposed, aiodrive_task_record_free);

  return self->task;
}

static void
run_job (AiodriveEntry *entry)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (entry, AiodriveTaskRecord, entry);
  g_autoptr(GTask) task = self->task;

  self->job (task, g_task_get_cancellable (task), self->job_data);
}

/* The data is freed when the task has ended, and its waiters have called back; even if the job was not begun. */
void
aiodrive_task_record_set_job (AiodriveTaskRecord    *self,
                              AiodriveTaskRecordJob  func,
                              gpointer               user_data,
                              GDestroyNotify         user_data_destroy)
{
  self->job = func;
  self->job_data = user_data;
  self->job_data_destroy = user_data_destroy;
}

/* In the next iteration; in the context of the task. */
void
aiodrive_task_record_begin_job (AiodriveTaskRecord *self)
{
  self->entry.stamp = aiodrive_dispatcher_stamp ();
  aiodrive_task_record_post (self, aiodrive_dispatcher_get_thread_default (), run_job);
}

/* Another thread may iterate the context of the task, which may end there while the function of the job still runs
 * here: then this call counts as one more callback that the data waits for. (/aiodrive/task/spawn/primed-elsewhere) */
static void
run_primed_job (AiodriveTaskRecord *self)
{
  g_autoptr(GTask) task = g_object_ref (self->task);
  gboolean ended;

  self->primed = TRUE;   /* no other thread knows of the task yet */
  g_object_ref (self->task);
  run_job (&self->entry);

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
