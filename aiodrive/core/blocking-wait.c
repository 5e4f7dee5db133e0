/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-hub-private.h"
#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/monotonic-time-private.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/core/stack-switch-private.h"
#include "aiodrive/core/wait-private.h"

/* Bare names: a call inside a fiber suspends the fiber; any other call blocks its thread. */

/*
 * Blocking the thread
 */

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
  gboolean              stale;         /* the timeout has expired, or the deadline has changed: read it again */
  AiodriveBlockedThread thread;
} Blocker;

static void
blocker_decided (AiodriveWorkItem *work)
{
  Blocker *self = (Blocker *) work;

  self->decided = TRUE;
  aiodrive_blocked_thread_wake (&self->thread);
  g_cond_signal (&self->cond);
}

static void
blocker_look_again (Blocker *self)
{
  aiodrive_monitor_lock (self->monitor);
  self->stale = TRUE;
  aiodrive_blocked_thread_wake (&self->thread);
  g_cond_signal (&self->cond);
  aiodrive_monitor_unlock (self->monitor);
}

static void
blocker_expired (AiodriveBlockedThread *thread)
{
  blocker_look_again (AIODRIVE_CONTAINER_OF (thread, Blocker, thread));
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

/* Waits until the call is decided, or its deadline may have passed. */
static void
blocker_wait_once (Blocker            *self,
                   gint64              deadline,
                   AiodriveTimeSource *source)
{
  gboolean timed_out = FALSE;

  self->stale = FALSE;
  aiodrive_blocked_thread_begin (&self->thread, aiodrive_time_source_ref_thread_default (), source, deadline);

  /* deferred work must not wait until this thread wakes */
  aiodrive_monitor_unlock (self->monitor);
  aiodrive_blocked_thread_settle (&self->thread);
  aiodrive_monitor_lock (self->monitor);

  while (!self->decided && !self->stale && !timed_out)
    {
      if (deadline < 0 || source != NULL)
        g_cond_wait (&self->cond, &self->monitor->mutex);
      else
        timed_out = !g_cond_wait_until (&self->cond, &self->monitor->mutex, deadline);
    }

  if (aiodrive_blocked_thread_leave (&self->thread))
    return;

  aiodrive_monitor_unlock (self->monitor);
  aiodrive_blocked_thread_end (&self->thread);
  aiodrive_monitor_lock (self->monitor);
}

/* Waits until @self is decided or the deadline passes. The deadline's timer may belong to this very thread, which does
 * not iterate it while it blocks. */
static void
blocker_wait (Blocker      *self,
              GCancellable *cancellable)
{
  while (!self->decided)
    {
      AiodriveTimeSource *source;
      gint64 deadline = aiodrive_cancellable_get_deadline (cancellable, &source);

      if (deadline >= 0 && aiodrive_cancellable_is_cancelled (cancellable) &&
          aiodrive_wait_queue_cancel (&self->waiter))
        {
          self->decided = self->cancelled = TRUE;
          g_clear_pointer (&source, aiodrive_time_source_unref);
        }
      else
        blocker_wait_once (self, deadline, source);
    }
}

/*
 * Suspending the fiber
 */

/* A call that suspends its fiber. It lives on the stack of the fiber, and allocates nothing.
 *
 * No lost wakeups. The fiber suspends after it has unlocked the monitor, and another thread may decide in between. The
 * work item then runs in the main loop that resumed the fiber, and that loop continues only once the fiber is
 * suspended. */
typedef struct
{
  AiodriveWaiter      waiter;      /* first */
  AiodriveCancelLink  link;
  AiodriveMonitor    *monitor;
  AiodriveStack      *stack;
  gboolean            cancelled;   /* guarded by monitor until it is decided */
} Sleeper;

static void
sleeper_run (AiodriveWorkItem *work)
{
  Sleeper *self = (Sleeper *) work;

  if (aiodrive_cancel_link_remove (&self->link))   /* else posted again when the handler has returned */
    aiodrive_stack_resume (self->stack);
}

static void
sleeper_cancelled (AiodriveCancelLink *link)
{
  Sleeper *self = AIODRIVE_CONTAINER_OF (link, Sleeper, link);
  AiodriveDispatcher *dispatcher = self->waiter.dispatcher;

  aiodrive_monitor_lock (self->monitor);
  if (aiodrive_wait_queue_cancel (&self->waiter))
    {
      self->cancelled = TRUE;
      aiodrive_waiter_run_soon (&self->waiter, self->monitor);
    }
  aiodrive_monitor_unlock (self->monitor);

  aiodrive_cancel_link_done (link, dispatcher, &self->waiter.work);
}

static gboolean
suspend (AiodriveWaitQueue  *self,
         AiodriveMonitor    *monitor,
         GCancellable       *cancellable,
         gpointer            request,
         gpointer           *granted,
         GError            **error)
{
  Sleeper sleeper = { .monitor = monitor, .stack = aiodrive_stack_get_current () };

  aiodrive_waiter_init (&sleeper.waiter, sleeper_run);
  sleeper.waiter.granted = request;
  sleeper.link.try_ref = aiodrive_cancel_link_begin;
  sleeper.link.notify = sleeper_cancelled;

  if (cancellable == NULL || aiodrive_cancel_link_add (&sleeper.link, cancellable))
    {
      aiodrive_wait_queue_add (self, &sleeper.waiter);
      aiodrive_monitor_unlock (monitor);
      aiodrive_stack_suspend ();
    }
  else
    {
      sleeper.cancelled = TRUE;
      if (self->on_cancelled != NULL)
        self->on_cancelled (self, request);
      aiodrive_monitor_unlock (monitor);
    }

  if (sleeper.cancelled)
    g_propagate_error (error, aiodrive_error_new_cancelled ());
  else if (granted != NULL)
    *granted = sleeper.waiter.granted;
  return !sleeper.cancelled;
}

/* A fiber that yields to its main loop. It lives on the stack of the fiber. */
typedef struct
{
  AiodriveWorkItem work;    /* first */
  AiodriveStack   *stack;
} Yielder;

static void
yielder_run (AiodriveWorkItem *work)
{
  aiodrive_stack_resume (((Yielder *) work)->stack);
}

/* Resumes the fiber in another iteration. The dispatch that resumed it before has ended by then, and has checked its
 * time slice. */
static void
yield (AiodriveStack *stack)
{
  Yielder self = { .work.run = yielder_run, .work.stamp = aiodrive_dispatcher_stamp (), .stack = stack };

  aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &self.work);
  aiodrive_stack_suspend ();
}

/* Fairness. A fiber does not suspend when it need not wait, so a loop over ready values would starve the main loop. A
 * fiber yields once its time slice is used up. Under a test context it does not yield, because a test counts each
 * callback as a step. (/aiodrive/task/fiber/fair)
 *
 * A slice of 0 is used up at once, under a test context too. */
static void
yield_if_due (gint64 slice_usec)
{
  AiodriveStack *stack = aiodrive_stack_get_current ();
  gint64 now = g_get_monotonic_time ();

  if (stack->busy_since == 0 && slice_usec > 0)
    stack->busy_since = now;
  else if (now - stack->busy_since >= slice_usec)
    {
      g_autoptr(AiodriveTimeSource) source = aiodrive_time_source_ref_thread_default ();

      stack->busy_since = 0;
      if (source == NULL || slice_usec == 0)
        yield (stack);
    }
}

/*
 * Either
 */

/* Waits until the call is woken, cancelled, or past its deadline. Returns TRUE with the @granted value if it was woken.
 * Suspends the current fiber, if there is one; otherwise blocks the thread. */
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
    return suspend (self, monitor, cancellable, request, granted, error);

  blocker.link.try_ref = aiodrive_cancel_link_begin;
  blocker.link.notify = blocker_cancelled;
  blocker.watch.changed = blocker_deadline_changed;
  blocker.thread.notify = blocker_expired;
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

  /* A running handler of ours needs only the monitor, and only briefly: this loop is bounded. */
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

gboolean
aiodrive_checkpoint_after (gint64         slice_usec,
                           GCancellable  *cancellable,
                           GError       **error)
{
  if (aiodrive_stack_can_suspend ())
    yield_if_due (slice_usec);
  return !aiodrive_cancellable_set_error (cancellable, error);
}

/* For a bare call that need not wait. Returns FALSE with @error set if @cancellable is cancelled. */
gboolean
aiodrive_checkpoint (GCancellable  *cancellable,
                     GError       **error)
{
  return aiodrive_checkpoint_after (AIODRIVE_SLICE_USEC, cancellable, error);
}
