/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/wait-queue-private.h"

/* The only waiting code of the library (trio's ParkingLot): a waiter is parked in a queue, woken or cancelled, and
 * called back in its own context. A primitive is its state, a monitor, and wait queues guarded by that monitor.
 *
 * One outcome. A waiter is either in a queue or decided, and only the holder of the monitor knows which. A waker
 * removes the waiter from the queue; a canceller finds it there, or does nothing. So a woken waiter keeps the granted
 * value however soon it is cancelled. A cancelled waiter is no longer in the queue, and the value goes to the next one.
 * (/aiodrive/core/wait-queue/cancel-after-wake, .../cancel-before-wake)
 *
 * No lost wakeups, no missed cancellation. aiodrive_wait_park() adds the waiter to the queue and to the hub of its
 * cancellable in one critical section. aiodrive_cancel_link_add() finds an earlier cancellation; a later one waits for
 * the monitor, and finds the waiter parked. Lock order: monitor > hub. The hub's lock is a leaf lock, and the hub does
 * not hold it when it calls us. (.../cancel-from-thread)
 *
 * Exactly-once callback, FIFO, in the waiter's own context. A decided waiter is pushed into its dispatcher with the
 * monitor locked, so callbacks run in the order of the decisions. (A wait below a scope of the current iteration is
 * still called back in the next one.) That dispatcher runs and frees the waiter, once no handler is notifying it.
 * (.../many-contexts, /aiodrive/core/cancel-hub/remove-while-notifying)
 *
 * No foreign code in a critical section, and no context is woken there: a woken thread would contend for the lock, and
 * ours may be the last reference to its context. (.../many-contexts/one-leaves)
 *
 * Priorities in O(log n), for n priorities. A tree holds the first waiter of each priority, and a new waiter is
 * inserted before the first one of the next priority. With one priority, the usual case, there is no tree.
 * (/aiodrive/core/wait-queue/priorities)
 *
 * No grant is lost to a dead context. A waiter may keep its dispatcher, but not its context. Pushing it fails once the
 * context is gone: the value goes to the next waiter, and a granted lock is given back as soon as the monitor is
 * unlocked. (.../context-gone, .../context-gone-before-it-runs)
 *
 * Waking all is O(1). The waiters leave as one chain; the queue's generation counter distinguishes them from the
 * waiters still queued. The chain is walked only if its waiters have several contexts. (.../wake-all-generations) */

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

/* Calls @func once the monitor is unlocked. At most one call can be pending. */
void
aiodrive_monitor_defer (AiodriveMonitor *self,
                        GDestroyNotify   func,
                        gpointer         data)
{
  g_assert (self->deferred == NULL);

  self->deferred = func;
  self->deferred_data = data;
}

/* No use-after-free. Called before @waiter is published: keeps @object, which contains the monitor, alive until the
 * monitor is unlocked. Another thread may iterate the context of @waiter, and the callback there may release the last
 * reference before this thread unlocks. If this thread runs the context, no callback runs before the call returns. The
 * wait owns a reference too, so no toggle reference is notified here, with the lock held. (waits-without-context in
 * tests/interleave/no-context.c) */
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

/* Runs the waiters without a dispatcher. */
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

/* Returns FALSE if the context of the waiters is gone: they give back the granted values once the monitor is
 * unlocked. */
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

/* @run is called in the current thread-default main context. */
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

/* Returns the waiter before which to insert @waiter, or NULL to append it. */
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

/* Removes @waiter, which is about to leave the queue, from the tree, if it is the first one of its priority. */
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

/* Removes @waiter. Returns whether it was still in the queue. */
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

/* Wakes one waiter, and grants its request. */
void
aiodrive_wait_queue_wake (AiodriveWaitQueue *self,
                          AiodriveWaiter    *waiter,
                          AiodriveMonitor   *monitor)
{
  aiodrive_wait_queue_remove (self, waiter);
  aiodrive_waiter_run_soon (waiter, monitor);
}

/* Wakes the first waiter with @granted. Returns FALSE if the queue is empty. */
gboolean
aiodrive_wait_queue_wake_one (AiodriveWaitQueue *self,
                              gpointer           granted,
                              AiodriveMonitor   *monitor)
{
  AiodriveWaiter *waiter;

  while ((waiter = self->first) != NULL)
    {
      gpointer request = waiter->granted;

      aiodrive_wait_queue_remove (self, waiter);   /* granted its request */
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

/* Removes a cancelled waiter from its queue. Returns FALSE if it had already been woken. */
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
