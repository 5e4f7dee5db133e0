/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/wait-queue-private.h"

#include "aiodrive/core/cancel-scope-private.h"

/* The one place where somebody waits: a GTask is parked in a queue, woken or cancelled, and called back in
 * its own context. A primitive is its state, a monitor, and wait queues under that monitor.
 *
 * One outcome. A waiter is in a queue, or it is decided; both are known under the monitor alone. Who wakes
 * takes it out of the queue, who cancels finds it there or does nothing. So a waiter that was woken
 * keeps what it was granted however soon it is cancelled, and one that was cancelled is no longer there to be
 * granted anything: that goes to the next. (/aiodrive/core/wait-queue/cancel-after-wake, .../cancel-before-wake)
 *
 * Nothing slips between looking and parking. wait_park() adds the waiter to the queue and to the hub of its
 * cancellable under the monitor. A cancellation that comes before is found by cancel_link_add(); one that
 * comes later waits for the monitor and finds the waiter parked. The monitor may be held there, for the hub's lock
 * is a leaf and the hub does not hold it when it calls us. (.../cancel-from-thread)
 *
 * Everybody is called back once, in order, in his own context. A decided waiter is pushed into its dispatcher under the
 * monitor, so that callbacks come in the order of the decisions; it is run and freed by that dispatcher, once no
 * handler is busy with it. (.../many-contexts, /aiodrive/core/cancel-hub/remove-while-firing)
 *
 * Nothing of the user's is called under a lock, and no context is woken under it: it would run into the lock at once.
 *
 * Waking all is O(1). The waiters leave as one chain and are told apart from those in the queue by the queue's generation;
 * only where several contexts wait, the chain is walked. (.../wake-all-generations) */

struct _AiodriveWait
{
  AiodriveWaiter      waiter;          /* first */
  AiodriveCancelLink  link;
  AiodriveMonitor    *monitor;         /* set when it is parked; the source object of task keeps it */
  GCancellable       *cancellable;     /* owned, nullable */
  GTask              *task;            /* owned */
  AiodriveWaitReturn  on_woken;
  gboolean            cancelled;       /* guarded by the monitor until it is decided */
};

void
aiodrive_monitor_init (AiodriveMonitor *self)
{
  g_mutex_init (&self->mutex);
  self->to_wake = NULL;
}

void
aiodrive_monitor_clear (AiodriveMonitor *self)
{
  g_mutex_clear (&self->mutex);
}

void
aiodrive_monitor_lock (AiodriveMonitor *self)
{
  g_mutex_lock (&self->mutex);
}

void
aiodrive_monitor_unlock (AiodriveMonitor *self)
{
  GMainContext *to_wake = g_steal_pointer (&self->to_wake);

  g_mutex_unlock (&self->mutex);
  aiodrive_dispatcher_wake (to_wake);
}

static void
monitor_push (AiodriveMonitor *self,
              AiodriveWaiter  *first,
              AiodriveWaiter  *last)
{
  GMainContext *to_wake = aiodrive_dispatcher_push (first->dispatcher, &first->entry, &last->entry);

  if (to_wake != NULL)
    {
      /* where several contexts are to be woken, all but the last one are woken here */
      aiodrive_dispatcher_wake (self->to_wake);
      self->to_wake = to_wake;
    }
}

/* @run is called in the main context that is thread-default now. */
void
aiodrive_waiter_init (AiodriveWaiter *self,
                      void          (*run) (AiodriveEntry *entry))
{
  *self = (AiodriveWaiter) { .entry.run = run, .dispatcher = aiodrive_dispatcher_get_thread_default () };
}

/* Runs a waiter that is in no queue. */
void
aiodrive_waiter_run_soon (AiodriveWaiter  *self,
                          AiodriveMonitor *monitor)
{
  monitor_push (monitor, self, self);
}

static AiodriveWaiter *
next_of (AiodriveWaiter *waiter)
{
  return (AiodriveWaiter *) waiter->entry.next;
}

void
aiodrive_wait_queue_add (AiodriveWaitQueue *self,
                         AiodriveWaiter    *waiter)
{
  if (self->first == NULL)
    self->mixed = FALSE;
  else if (self->last->dispatcher != waiter->dispatcher)
    self->mixed = TRUE;

  waiter->queue = self;
  waiter->generation = self->generation;
  waiter->prev = self->last;
  waiter->entry.next = NULL;

  if (self->last != NULL)
    self->last->entry.next = &waiter->entry;
  else
    self->first = waiter;
  self->last = waiter;
}

/* Whether @waiter was in the queue still: it is not any more. */
gboolean
aiodrive_wait_queue_remove (AiodriveWaitQueue *self,
                            AiodriveWaiter    *waiter)
{
  AiodriveWaiter *next;

  if (waiter->queue != self || waiter->generation != self->generation)
    return FALSE;

  next = next_of (waiter);
  if (waiter->prev != NULL)
    waiter->prev->entry.next = waiter->entry.next;
  else
    self->first = next;
  if (next != NULL)
    next->prev = waiter->prev;
  else
    self->last = waiter->prev;

  waiter->queue = NULL;
  return TRUE;
}

/* Wakes who has waited longest, with what he is granted. FALSE if nobody waits. */
gboolean
aiodrive_wait_queue_wake_one (AiodriveWaitQueue *self,
                              gpointer           granted,
                              AiodriveMonitor   *monitor)
{
  AiodriveWaiter *waiter = self->first;

  if (waiter == NULL)
    return FALSE;

  aiodrive_wait_queue_remove (self, waiter);
  waiter->granted = granted;
  aiodrive_waiter_run_soon (waiter, monitor);
  return TRUE;
}

void
aiodrive_wait_queue_wake_all (AiodriveWaitQueue *self,
                              AiodriveMonitor   *monitor)
{
  AiodriveWaiter *first = self->first;
  AiodriveWaiter *last = self->last;

  self->first = self->last = NULL;
  self->generation++;

  while (first != NULL)
    {
      AiodriveWaiter *end = self->mixed ? first : last;
      AiodriveWaiter *rest;

      while (end != last && next_of (end)->dispatcher == first->dispatcher)
        end = next_of (end);
      rest = next_of (end);
      monitor_push (monitor, first, end);
      first = rest;
    }
}

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
  if (self->cancelled)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Operation was cancelled");
  else
    self->on_woken (task, self->waiter.granted);
  g_free (self);
}

static void
wait_cancelled (AiodriveCancelLink *link)
{
  AiodriveWait *self = AIODRIVE_CONTAINER_OF (link, AiodriveWait, link);
  AiodriveDispatcher *dispatcher = self->waiter.dispatcher;
  AiodriveWaitQueue *queue;

  aiodrive_monitor_lock (self->monitor);
  queue = self->waiter.queue;
  if (queue != NULL && aiodrive_wait_queue_remove (queue, &self->waiter))
    {
      self->cancelled = TRUE;
      aiodrive_waiter_run_soon (&self->waiter, self->monitor);
      if (queue->on_cancelled != NULL)
        queue->on_cancelled (queue);
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

/* Waits in @queue until it is woken or cancelled. FALSE if it has been cancelled by now, and does not wait. */
gboolean
aiodrive_wait_park (AiodriveWait      *self,
                    AiodriveWaitQueue *queue,
                    AiodriveMonitor   *monitor)
{
  self->monitor = monitor;
  if (self->cancellable != NULL && !aiodrive_cancel_link_add (&self->link, self->cancellable))
    {
      self->cancelled = TRUE;
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
  self->waiter.granted = granted;
  aiodrive_waiter_run_soon (&self->waiter, monitor);
}
