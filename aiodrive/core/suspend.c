/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/suspend-private.h"

#include "aiodrive/core/cancel-hub-private.h"
#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/clock-private.h"
#include "aiodrive/core/error-private.h"

/* A call that suspends its fiber. It lives on the stack of the fiber, and allocates nothing.
 *
 * No lost wakeups. The fiber is suspended after the monitor was unlocked. Another thread may decide in between, but the
 * work item is run by the main loop that resumed the fiber, which goes on when the fiber is suspended. */
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

  if (aiodrive_cancel_link_remove (&self->link))   /* else it runs again when the handler has returned */
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

gboolean
aiodrive_wait_queue_suspend (AiodriveWaitQueue  *self,
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

/* A fiber that yields to its main loop. Lives on the stack of the fiber. */
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

/* Resumes in another iteration. The dispatch that resumed the fiber is over by then, and looks at its time slice. */
static void
yield (AiodriveStack *stack)
{
  Yielder self = { .work.run = yielder_run, .work.stamp = aiodrive_dispatcher_stamp (), .stack = stack };

  aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &self.work);
  aiodrive_stack_suspend ();
}

/* Fairness. A fiber does not suspend where it need not wait, so that a loop over what is ready would keep the main loop
 * to itself. It yields when it has used up a time slice. Under a test context it does not, for there each callback is a
 * step that a test counts. (/aiodrive/task/fiber/fair) */
static void
yield_if_due (void)
{
  AiodriveStack *stack = aiodrive_stack_get_current ();
  gint64 now = g_get_monotonic_time ();

  if (stack->busy_since == 0)
    stack->busy_since = now;
  else if (now - stack->busy_since >= AIODRIVE_SLICE_USEC)
    {
      g_autoptr(AiodriveClock) clock = aiodrive_dispatcher_dup_clock (aiodrive_dispatcher_get_thread_default ());

      stack->busy_since = 0;
      if (clock == NULL)
        yield (stack);
    }
}

gboolean
aiodrive_checkpoint (GCancellable  *cancellable,
                     GError       **error)
{
  if (aiodrive_stack_can_suspend ())
    yield_if_due ();
  return !aiodrive_cancellable_set_error (cancellable, error);
}
