/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/wait-queue-private.h"

/* The one place where somebody waits: a GTask is parked in a queue, woken or cancelled, and called back in
 * its own context. A primitive is its state, a monitor, and wait queues under that monitor.
 *
 * One outcome. A waiter is in a queue, or it is decided; both are known under the monitor alone. Who wakes
 * takes it out of the queue, who cancels finds it there or does nothing. So a waiter that was woken
 * keeps what it was granted however soon it is cancelled, and one that was cancelled is no longer there to be
 * granted anything: that goes to the next. (/aiodrive/core/wait-queue/cancel-after-wake, .../cancel-before-wake)
 *
 * Nothing slips between looking and parking. aiodrive_wait_park() adds the waiter to the queue and to the hub of its
 * cancellable under the monitor. A cancellation that comes before is found by aiodrive_cancel_link_add(); one that
 * comes later waits for the monitor and finds the waiter parked. The monitor may be held there, for the hub's lock
 * is a leaf and the hub does not hold it when it calls us. (.../cancel-from-thread)
 *
 * Everybody is called back once, in order, in his own context. A decided waiter is pushed into its dispatcher under the
 * monitor, so that callbacks come in the order of the decisions (a wait that began in this very iteration is called
 * back in the next one, all the same); it is run and freed by that dispatcher, once no handler is busy with it.
 * (.../many-contexts, /aiodrive/core/cancel-hub/remove-while-notifying)
 *
 * Nothing of the user's is called under a lock, and no context is woken under it: it would run into the lock at once,
 * or end there, for who wakes it may be the last who keeps it. (.../many-contexts/one-leaves)
 *
 * Waiting by priority takes O(log n), for n priorities: a tree has the first waiter of each, and a new waiter goes
 * before the first one of the next priority. With one priority, the usual case, there is no tree.
 * (/aiodrive/core/wait-queue/priorities)
 *
 * No turn is lost to a context that is gone. A waiter does not keep its context, if it keeps the dispatcher. Pushing it
 * fails then: what one waiter is woken with goes to the next one, and a lock that was granted is given back as soon as
 * the monitor is unlocked. (.../context-gone, .../context-gone-before-it-runs)
 *
 * Waking all is O(1). The waiters leave as one chain and are told apart from those in the queue by the queue's
 * generation; only where several contexts wait, the chain is walked. (.../wake-all-generations) */

void
aiodrive_monitor_init (AiodriveMonitor *self)
{
  *self = (AiodriveMonitor) { .to_wake = NULL };
  g_mutex_init (&self->mutex);
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
  GSList *to_wake = g_steal_pointer (&self->to_wake);
  GDestroyNotify deferred = g_steal_pointer (&self->deferred);
  gpointer deferred_data = self->deferred_data;
  GObject *kept = g_steal_pointer (&self->kept);
  AiodriveWorkList stranded = self->stranded;
  AiodriveWorkItem *work;

  self->stranded = (AiodriveWorkList) { NULL, NULL };
  g_mutex_unlock (&self->mutex);
  if (to_wake != NULL)
    g_slist_free_full (to_wake, (GDestroyNotify) aiodrive_dispatcher_wake);
  if (deferred != NULL)
    deferred (deferred_data);
  while ((work = aiodrive_work_list_pop (&stranded)) != NULL)
    work->run (work);
  if (kept != NULL)
    g_object_unref (kept);
}

/* Calls @func once the monitor is unlocked. There can be one call at a time. */
void
aiodrive_monitor_defer (AiodriveMonitor *self,
                        GDestroyNotify   func,
                        gpointer         data)
{
  g_assert (self->deferred == NULL);

  self->deferred = func;
  self->deferred_data = data;
}

/* Before @waiter is published: keeps @object, of which the monitor is a part, until it is unlocked. Another thread may
 * iterate the context of @waiter, and its callback may drop the last reference before we get there. Where this thread
 * runs the context, no callback comes before the call has returned. The wait owns a reference too, so that no toggle
 * reference acts here, with the lock held. (waits-without-context in tests/interleave/no-context.c) */
void
aiodrive_monitor_keep (AiodriveMonitor *self,
                       AiodriveWaiter  *waiter,
                       gpointer         object)
{
  if (object != NULL && self->kept == NULL && !aiodrive_dispatcher_runs_here (waiter->dispatcher))
    self->kept = g_object_ref (object);
}

static AiodriveWaiter *
next_of (AiodriveWaiter *waiter)
{
  return (AiodriveWaiter *) waiter->work.next;
}

/* Runs those who have no dispatcher. */
static void
run_chain (AiodriveWaiter *first,
           AiodriveWaiter *last)
{
  while (first != last)
    {
      AiodriveWaiter *next = next_of (first);

      first->work.run (&first->work);
      first = next;
    }
  last->work.run (&last->work);
}

/* FALSE if the context of the waiters is gone: they give back what they were granted, once the monitor is unlocked. */
static gboolean
monitor_push (AiodriveMonitor *self,
              AiodriveWaiter  *first,
              AiodriveWaiter  *last)
{
  GMainContext *to_wake;

  if (first->dispatcher == NULL)
    {
      run_chain (first, last);
      return TRUE;
    }

  if (!aiodrive_dispatcher_push (first->dispatcher, &first->work, &last->work, &to_wake))
    {
      aiodrive_work_list_append (&self->stranded, &first->work, &last->work);
      return FALSE;
    }
  if (to_wake != NULL)
    self->to_wake = g_slist_prepend (self->to_wake, to_wake);
  return TRUE;
}

/* @run is called in the main context that is thread-default now. */
void
aiodrive_waiter_init (AiodriveWaiter *self,
                      void          (*run) (AiodriveWorkItem *work))
{
  *self = (AiodriveWaiter) { .work.run = run, .dispatcher = aiodrive_dispatcher_get_thread_default () };
}

/* Runs a waiter that is in no queue. */
void
aiodrive_waiter_run_soon (AiodriveWaiter  *self,
                          AiodriveMonitor *monitor)
{
  monitor_push (monitor, self, self);
}

static gint
compare_waiters (gconstpointer a,
                 gconstpointer b,
                 gpointer      queue)
{
  return ((AiodriveWaitQueue *) queue)->compare (((const AiodriveWaiter *) a)->granted,
                                                 ((const AiodriveWaiter *) b)->granted);
}

/* Returns the waiter that @waiter, which is about to be added, goes before, or NULL to append it. */
static AiodriveWaiter *
find_place (AiodriveWaitQueue *self,
            AiodriveWaiter    *waiter)
{
  GTreeNode *node;
  AiodriveWaiter *next;

  if (self->compare == NULL || self->first == NULL)
    return NULL;

  if (self->firsts == NULL)
    {
      if (compare_waiters (self->first, waiter, self) == 0)
        return NULL;
      self->firsts = g_tree_new_with_data (compare_waiters, self);
      g_tree_insert (self->firsts, self->first, self->first);
    }

  node = g_tree_upper_bound (self->firsts, waiter);
  next = node != NULL ? g_tree_node_key (node) : NULL;
  if (g_tree_lookup (self->firsts, waiter) == NULL)
    g_tree_insert (self->firsts, waiter, waiter);
  return next;
}

/* Takes @waiter, which is about to be removed, out of the tree, if it is the first one of its priority. */
static void
leave_tree (AiodriveWaitQueue *self,
            AiodriveWaiter    *waiter)
{
  AiodriveWaiter *next = next_of (waiter);

  if (g_tree_lookup (self->firsts, waiter) != waiter)
    return;

  if (next != NULL && compare_waiters (next, waiter, self) == 0)
    g_tree_replace (self->firsts, next, next);
  else
    g_tree_remove (self->firsts, waiter);
  if (g_tree_nnodes (self->firsts) == 0)
    g_clear_pointer (&self->firsts, g_tree_unref);
}

void
aiodrive_wait_queue_add (AiodriveWaitQueue *self,
                         AiodriveWaiter    *waiter)
{
  AiodriveWaiter *next = find_place (self, waiter);

  if (self->first == NULL)
    self->mixed = FALSE;
  else if (self->last->dispatcher != waiter->dispatcher)
    self->mixed = TRUE;

  waiter->queue = self;
  waiter->generation = self->generation;
  waiter->prev = next != NULL ? next->prev : self->last;
  waiter->work.next = (AiodriveWorkItem *) next;

  if (waiter->prev != NULL)
    waiter->prev->work.next = &waiter->work;
  else
    self->first = waiter;
  if (next != NULL)
    next->prev = waiter;
  else
    self->last = waiter;

  if (self->on_added != NULL)
    self->on_added (self, waiter);
}

/* Whether @waiter was in the queue still: it is not any more. */
gboolean
aiodrive_wait_queue_remove (AiodriveWaitQueue *self,
                            AiodriveWaiter    *waiter)
{
  AiodriveWaiter *next;

  if (waiter->queue != self || waiter->generation != self->generation)
    return FALSE;

  if (self->firsts != NULL)
    leave_tree (self, waiter);
  next = next_of (waiter);
  if (waiter->prev != NULL)
    waiter->prev->work.next = waiter->work.next;
  else
    self->first = next;
  if (next != NULL)
    next->prev = waiter->prev;
  else
    self->last = waiter->prev;

  waiter->queue = NULL;
  return TRUE;
}

AiodriveWaiter *
aiodrive_wait_queue_get_first (AiodriveWaitQueue *self)
{
  return self->first;
}

AiodriveWaiter *
aiodrive_waiter_get_next (AiodriveWaiter *self)
{
  return next_of (self);
}

/* Wakes one who waits, with what he asked for. */
void
aiodrive_wait_queue_wake (AiodriveWaitQueue *self,
                          AiodriveWaiter    *waiter,
                          AiodriveMonitor   *monitor)
{
  aiodrive_wait_queue_remove (self, waiter);
  aiodrive_waiter_run_soon (waiter, monitor);
}

/* Wakes who is first, with what he is granted. FALSE if nobody waits. */
gboolean
aiodrive_wait_queue_wake_one (AiodriveWaitQueue *self,
                              gpointer           granted,
                              AiodriveMonitor   *monitor)
{
  AiodriveWaiter *waiter;

  while ((waiter = self->first) != NULL)
    {
      gpointer request = waiter->granted;

      aiodrive_wait_queue_remove (self, waiter);   /* with what it asked for */
      waiter->granted = granted;
      if (monitor_push (monitor, waiter, waiter))
        return TRUE;
      waiter->granted = request;
    }
  return FALSE;
}

void
aiodrive_wait_queue_wake_all (AiodriveWaitQueue *self,
                              AiodriveMonitor   *monitor)
{
  AiodriveWaiter *first = self->first;
  AiodriveWaiter *last = self->last;

  self->first = self->last = NULL;
  self->generation++;
  g_clear_pointer (&self->firsts, g_tree_unref);

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

/* Takes a waiter that is cancelled out of its queue. FALSE if it was woken before. */
gboolean
aiodrive_wait_queue_cancel (AiodriveWaiter *waiter)
{
  AiodriveWaitQueue *queue = waiter->queue;

  if (queue != NULL && queue->on_cancel != NULL)
    queue->on_cancel (queue);
  if (queue == NULL || !aiodrive_wait_queue_remove (queue, waiter))
    return FALSE;

  if (queue->on_cancelled != NULL)
    queue->on_cancelled (queue, waiter->granted);
  return TRUE;
}
