/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/record-parts-private.h"

#include "aiodrive/core/cancel-scope-private.h"

/* Tasks that are dropped before they are returned: whatever should have returned them has lost them. A group or an
 * executor would wait for such a task for ever. It does not keep the task, so that the task is disposed, comes back to
 * life there, and fails in its own context as any other. (/aiodrive/group/task-group/dropped-by-job) */

static void
on_foreign_disposed (gpointer  task_record,
                     GObject  *task)
{
  aiodrive_task_record_revive (task_record);
}

/* For a task of others; one of ours has its scope tell of its dispose. The caller holds a reference on the task. */
void
aiodrive_task_record_watch_dispose (AiodriveTaskRecord *self)
{
  g_object_weak_ref (G_OBJECT (self->task), on_foreign_disposed, self);
}

/* What dispose has disconnected is connected again. */
static void
fail (AiodriveEntry *entry)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (entry, AiodriveTaskRecord, entry);
  g_autoptr(GTask) task = self->task;

  if (self->is_own)
    {
      aiodrive_cancel_scope_renew_task (AIODRIVE_CANCEL_SCOPE (g_task_get_cancellable (task)));
    }
  else
    {
      aiodrive_task_record_watch_dispose (self);
      aiodrive_task_record_look (self);
    }
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "Task %s was dropped before it was returned",
                           aiodrive_task_describe (task));
}

static void
on_revived (GTask      *task,
            GParamSpec *pspec,
            gpointer    task_record)
{
  AiodriveTaskRecord *self = task_record;

  g_signal_handlers_disconnect_by_func (task, on_revived, self);
  self->entry.run = fail;
  aiodrive_dispatcher_post (aiodrive_dispatcher_get_for_context (g_task_get_context (task)), &self->entry);
}

/* In the dispose of the task. TRUE if it lives on, because something waits for it: with a reference that fail() drops.
 *
 * The notification is frozen in dispose, and comes when g_object_unref() is about to return: before GLib 2.80 nobody
 * else may have the last reference until then. */
gboolean
aiodrive_task_record_revive (AiodriveTaskRecord *self)
{
  gboolean awaited;

  aiodrive_monitor_lock (&self->monitor);
  awaited = self->state == AIODRIVE_TASK_PENDING && self->n_weak > 0;
  aiodrive_monitor_unlock (&self->monitor);
  if (!awaited)
    return FALSE;

  g_object_ref (self->task);
  g_signal_connect (self->task, "notify::completed", G_CALLBACK (on_revived), self);
  g_object_notify (G_OBJECT (self->task), "completed");
  return TRUE;
}
