/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-hub-private.h"
#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/clock-private.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/core/suspend-private.h"
#include "aiodrive/core/wait-private.h"

/* A call that blocks its thread. It lives on the stack. */
typedef struct
{
  AiodriveWaiter        waiter;        /* first; without a dispatcher */
  AiodriveCancelLink    link;
  AiodriveDeadlineWatch watch;         /* if the cancellable is a scope */
  AiodriveMonitor      *monitor;
  GCond                 cond;
  gboolean              decided;       /* guarded by monitor, as are the next ones */
  gboolean              cancelled;
  gboolean              stale;         /* the time has come, or the deadline is another one: it has to be read again */
  AiodriveClockBlock    block;
} Blocker;

static void
blocker_decided (AiodriveWorkItem *work)
{
  Blocker *self = (Blocker *) work;

  self->decided = TRUE;
  aiodrive_clock_block_wake (&self->block);
  g_cond_signal (&self->cond);
}

static void
blocker_look_again (Blocker *self)
{
  aiodrive_monitor_lock (self->monitor);
  self->stale = TRUE;
  aiodrive_clock_block_wake (&self->block);
  g_cond_signal (&self->cond);
  aiodrive_monitor_unlock (self->monitor);
}

static void
blocker_expired (AiodriveClockBlock *block)
{
  blocker_look_again (AIODRIVE_CONTAINER_OF (block, Blocker, block));
}

static void
blocker_deadline_changed (AiodriveDeadlineWatch *watch)
{
  blocker_look_again (AIODRIVE_CONTAINER_OF (watch, Blocker, watch));
}

static void
blocker_cancelled (AiodriveCancelLink *link)
{
  Blocker *self = AIODRIVE_CONTAINER_OF (link, Blocker, link);

  aiodrive_monitor_lock (self->monitor);
  if (aiodrive_wait_queue_cancel (&self->waiter))
    {
      self->cancelled = TRUE;
      blocker_decided (&self->waiter.work);
    }
  aiodrive_monitor_unlock (self->monitor);

  aiodrive_cancel_link_done (link, NULL, NULL);
}

/* Waits until there is something new: it is decided, or the time may be over. */
static void
blocker_wait_once (Blocker       *self,
                   gint64         deadline,
                   AiodriveClock *clock)
{
  gboolean timed_out = FALSE;

  self->stale = FALSE;
  aiodrive_clock_block_begin (&self->block, clock, deadline);

  /* what was put off does not wait until we wake */
  aiodrive_monitor_unlock (self->monitor);
  aiodrive_clock_block_settle (&self->block);
  aiodrive_monitor_lock (self->monitor);

  while (!self->decided && !self->stale && !timed_out)
    {
      if (deadline < 0 || clock != NULL)
        g_cond_wait (&self->cond, &self->monitor->mutex);
      else
        timed_out = !g_cond_wait_until (&self->cond, &self->monitor->mutex, deadline);
    }

  if (aiodrive_clock_block_leave (&self->block))
    return;

  aiodrive_monitor_unlock (self->monitor);
  aiodrive_clock_block_end (&self->block);
  aiodrive_monitor_lock (self->monitor);
}

/* Waits until @self is decided, by the deadline at the latest. The timer of a deadline may live in this very thread. */
static void
blocker_wait (Blocker      *self,
              GCancellable *cancellable)
{
  while (!self->decided)
    {
      AiodriveClock *clock;
      gint64 deadline = aiodrive_cancellable_get_deadline (cancellable, &clock);

      if (deadline >= 0 && aiodrive_cancellable_is_cancelled (cancellable) &&
          aiodrive_wait_queue_cancel (&self->waiter))
        {
          self->decided = self->cancelled = TRUE;
          g_clear_pointer (&clock, aiodrive_clock_unref);
        }
      else
        blocker_wait_once (self, deadline, clock);
    }
}

/* Blocks until it is woken, TRUE with what it was @granted; or cancelled, or late. Inside a fiber that is suspended
 * instead. */
gboolean
aiodrive_wait_queue_wait_blocking (AiodriveWaitQueue  *self,
                                   AiodriveMonitor    *monitor,
                                   GCancellable       *cancellable,
                                   gpointer            request,
                                   gpointer           *granted,
                                   GError            **error)
{
  Blocker blocker = { .waiter.work.run = blocker_decided, .waiter.granted = request, .monitor = monitor };
  gboolean watches = cancellable != NULL && AIODRIVE_IS_CANCEL_SCOPE (cancellable);

  if (aiodrive_stack_can_suspend ())
    return aiodrive_wait_queue_suspend (self, monitor, cancellable, request, granted, error);

  blocker.link.try_ref = aiodrive_cancel_link_begin;
  blocker.link.notify = blocker_cancelled;
  blocker.watch.changed = blocker_deadline_changed;
  blocker.block.notify = blocker_expired;
  g_cond_init (&blocker.cond);

  if (watches)
    aiodrive_deadline_watch_add (&blocker.watch, cancellable);
  if (cancellable == NULL || aiodrive_cancel_link_add (&blocker.link, cancellable))
    {
      aiodrive_wait_queue_add (self, &blocker.waiter);
      blocker_wait (&blocker, cancellable);
    }
  else
    {
      blocker.cancelled = TRUE;
      if (self->on_cancelled != NULL)
        self->on_cancelled (self, request);
    }
  aiodrive_monitor_unlock (monitor);

  /* A handler that is busy with us wants nothing but the monitor, for a moment. */
  while (!aiodrive_cancel_link_remove (&blocker.link))
    g_thread_yield ();
  if (watches)
    aiodrive_deadline_watch_remove (&blocker.watch);
  g_cond_clear (&blocker.cond);

  if (blocker.cancelled)
    g_propagate_error (error, aiodrive_error_new_cancelled ());
  else if (granted != NULL)
    *granted = blocker.waiter.granted;
  return !blocker.cancelled;
}
