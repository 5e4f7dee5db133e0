/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/wait-private.h"

#include "aiodrive/core/cancel-hub-private.h"
#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/error-private.h"

/* An asynchronous call that waits. See wait-queue.c for why it can lose nothing. */

struct _AiodriveWait
{
  AiodriveWaiter      waiter;          /* first */
  AiodriveCancelLink  link;
  AiodriveMonitor    *monitor;         /* set when it is parked; the source object of task keeps it */
  GCancellable       *cancellable;     /* owned, nullable */
  GTask              *task;            /* owned */
  AiodriveWaitReturn  on_woken;
  GDestroyNotify      request_free;    /* nullable; what waiter.granted is before it is woken */
  gboolean            cancelled;       /* guarded by the monitor until it is decided */
};

/* Returns the task, in its own context. */
static void
wait_run (AiodriveEntry *entry)
{
  AiodriveWait *self = (AiodriveWait *) entry;
  g_autoptr(GTask) task = NULL;

  if (!aiodrive_cancel_link_remove (&self->link))
    return;   /* again when the handler is done */

  task = g_steal_pointer (&self->task);
  g_clear_object (&self->cancellable);
  if (!self->cancelled)
    {
      self->on_woken (task, self->waiter.granted);
    }
  else
    {
      if (self->request_free != NULL)
        self->request_free (self->waiter.granted);
      g_task_return_error (task, aiodrive_error_new_cancelled ());
    }
  g_free (self);
}

static void
wait_cancelled (AiodriveCancelLink *link)
{
  AiodriveWait *self = AIODRIVE_CONTAINER_OF (link, AiodriveWait, link);
  AiodriveDispatcher *dispatcher = self->waiter.dispatcher;

  aiodrive_monitor_lock (self->monitor);
  if (aiodrive_wait_queue_cancel (&self->waiter))
    {
      self->cancelled = TRUE;
      aiodrive_waiter_run_soon (&self->waiter, self->monitor);
    }
  aiodrive_monitor_unlock (self->monitor);

  aiodrive_cancel_link_done (link, dispatcher, &self->waiter.entry);
}

/* Begins an asynchronous call. Afterwards, under the monitor, it is granted or parked. NULL if it is cancelled already:
 * then it is over, and has no effect.
 *
 * The GTask has no cancellable of its own: the queue decides. */
AiodriveWait *
aiodrive_wait_new (gpointer             source_object,
                   GCancellable        *cancellable,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data,
                   gpointer             source_tag,
                   AiodriveWaitReturn   on_woken)
{
  AiodriveWait *self = g_new0 (AiodriveWait, 1);

  aiodrive_waiter_init (&self->waiter, wait_run);
  self->waiter.entry.stamp = aiodrive_dispatcher_stamp ();
  self->link.take = aiodrive_cancel_link_begin;
  self->link.fire = wait_cancelled;
  self->on_woken = on_woken;
  self->task = g_task_new (source_object, NULL, callback, user_data);
  (g_task_set_source_tag) (self->task, source_tag);

  if (aiodrive_cancellable_is_cancelled (cancellable))
    {
      self->cancelled = TRUE;
      aiodrive_dispatcher_post (self->waiter.dispatcher, &self->waiter.entry);
      return NULL;
    }

  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  return self;
}

/* The task that will be returned: for the data that the wait needs. */
GTask *
aiodrive_wait_get_task (AiodriveWait *self)
{
  return self->task;
}

/* What it asks for, while it waits; what it gets, unless it is woken with something else. */
void
aiodrive_wait_set_request (AiodriveWait   *self,
                           gpointer        request,
                           GDestroyNotify  request_free)
{
  self->waiter.granted = request;
  self->request_free = request_free;
}

static void
keep_source_object (AiodriveWait    *self,
                    AiodriveMonitor *monitor)
{
  aiodrive_monitor_keep (monitor, &self->waiter, g_task_get_source_object (self->task));
}

/* Waits in @queue until it is woken or cancelled. FALSE if it has been cancelled by now, and does not wait. */
gboolean
aiodrive_wait_park (AiodriveWait      *self,
                    AiodriveWaitQueue *queue,
                    AiodriveMonitor   *monitor)
{
  self->monitor = monitor;
  keep_source_object (self, monitor);
  if (self->cancellable != NULL && !aiodrive_cancel_link_add (&self->link, self->cancellable))
    {
      self->cancelled = TRUE;
      if (queue->on_cancelled != NULL)
        queue->on_cancelled (queue, self->waiter.granted);
      aiodrive_waiter_run_soon (&self->waiter, monitor);
      return FALSE;
    }

  aiodrive_wait_queue_add (queue, &self->waiter);
  return TRUE;
}

/* Gives what there is already: @granted goes to the function that returns the task. */
void
aiodrive_wait_grant (AiodriveWait    *self,
                     gpointer         granted,
                     AiodriveMonitor *monitor)
{
  keep_source_object (self, monitor);
  self->waiter.granted = granted;
  aiodrive_waiter_run_soon (&self->waiter, monitor);
}

void
aiodrive_wait_return_true (GTask    *task,
                           gpointer  granted)
{
  g_task_return_boolean (task, TRUE);
}

gboolean
aiodrive_wait_is_valid (GAsyncResult *result,
                        gpointer      source_object,
                        gpointer      source_tag)
{
  return g_task_is_valid (result, source_object) && g_task_get_source_tag (G_TASK (result)) == source_tag;
}
