/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-hub-private.h"
#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/wait-private.h"
#include "aiodrive/error-private.h"

/* A call that blocks its thread. It lives on the stack. */
typedef struct
{
  AiodriveWaiter      waiter;          /* first; without a dispatcher */
  AiodriveCancelLink  link;
  AiodriveMonitor    *monitor;
  GCond               cond;
  gboolean            decided;         /* guarded by monitor, as is the next */
  gboolean            cancelled;
} Blocker;

static void
blocker_decided (AiodriveEntry *entry)
{
  Blocker *self = (Blocker *) entry;

  self->decided = TRUE;
  g_cond_signal (&self->cond);
}

static void
blocker_cancelled (AiodriveCancelLink *link)
{
  Blocker *self = AIODRIVE_CONTAINER_OF (link, Blocker, link);

  aiodrive_monitor_lock (self->monitor);
  if (aiodrive_wait_queue_cancel (&self->waiter))
    {
      self->cancelled = TRUE;
      blocker_decided (&self->waiter.entry);
    }
  aiodrive_monitor_unlock (self->monitor);

  aiodrive_cancel_link_done (link, NULL, NULL);
}

/* Waits until @self is decided, be it by the clock. The timer of a deadline may live in this very thread. */
static void
blocker_wait (Blocker      *self,
              GCancellable *cancellable)
{
  /* what was put off does not wait until we wake */
  aiodrive_monitor_unlock (self->monitor);
  aiodrive_monitor_lock (self->monitor);

  while (!self->decided)
    {
      gint64 deadline = aiodrive_cancellable_get_deadline (cancellable);

      if (deadline < 0)
        g_cond_wait (&self->cond, &self->monitor->mutex);
      else if (!g_cond_wait_until (&self->cond, &self->monitor->mutex, deadline) &&
               aiodrive_cancellable_is_cancelled (cancellable) && aiodrive_wait_queue_cancel (&self->waiter))
        self->decided = self->cancelled = TRUE;
    }
}

/* Blocks until it is woken, TRUE with what it was @granted; or cancelled, or late. */
gboolean
aiodrive_wait_queue_block (AiodriveWaitQueue  *self,
                           AiodriveMonitor    *monitor,
                           GCancellable       *cancellable,
                           gpointer            request,
                           gpointer           *granted,
                           GError            **error)
{
  Blocker blocker = { .waiter.entry.run = blocker_decided, .waiter.granted = request, .monitor = monitor };

  blocker.link.take = aiodrive_cancel_link_begin;
  blocker.link.fire = blocker_cancelled;
  g_cond_init (&blocker.cond);

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
  g_cond_clear (&blocker.cond);

  if (blocker.cancelled)
    g_propagate_error (error, aiodrive_error_new_cancelled ());
  else if (granted != NULL)
    *granted = blocker.waiter.granted;
  return !blocker.cancelled;
}
