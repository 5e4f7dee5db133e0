/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/time-source-private.h"

/* The clock of dispatchers and blocking waits. The real time needs no time source; a test has one. */

static gint n_sources;   /* atomic */

void
aiodrive_time_source_init (AiodriveTimeSource            *self,
                           const AiodriveTimeSourceFuncs *funcs)
{
  self->funcs = funcs;
  self->ref_count = 1;
  g_atomic_int_inc (&n_sources);
}

AiodriveTimeSource *
aiodrive_time_source_ref (AiodriveTimeSource *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
aiodrive_time_source_unref (AiodriveTimeSource *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_atomic_int_add (&n_sources, -1);
  self->funcs->free (self);
}

/* Returns whether any context has a time source: then deadlines of different contexts cannot be compared. */
gboolean
aiodrive_time_source_any (void)
{
  return g_atomic_int_get (&n_sources) > 0;
}

/* @self is nullable. */
gint64
aiodrive_time_source_get_time (AiodriveTimeSource *self)
{
  return self != NULL ? self->funcs->get_time (self) : g_get_monotonic_time ();
}

/*
 * Blocking threads. A thread with a time source counts as idle from begin() to wake(). Its waker calls wake(), so a
 * thread that has been woken never counts as idle.
 */

/* Called with the lock of the primitive held. Takes @own_source and @timeout_source, both nullable. */
void
aiodrive_blocked_thread_begin (AiodriveBlockedThread *self,
                               AiodriveTimeSource    *own_source,
                               AiodriveTimeSource    *timeout_source,
                               gint64                 due)
{
  self->own_source = own_source;
  self->timeout_source = timeout_source;
  if (timeout_source != NULL)
    timeout_source->funcs->start_timeout (timeout_source, self, due);
  if (own_source != NULL)
    own_source->funcs->thread_blocks (own_source, self);
}

/* Called after begin(), with no lock held: everything may be idle now. */
void
aiodrive_blocked_thread_settle (AiodriveBlockedThread *self)
{
  if (self->own_source != NULL)
    self->own_source->funcs->settle (self->own_source);
  if (self->timeout_source != NULL && self->timeout_source != self->own_source)
    self->timeout_source->funcs->settle (self->timeout_source);
}

/* Marks the thread as busy again; called by any thread, with the lock of begin() held. */
void
aiodrive_blocked_thread_wake (AiodriveBlockedThread *self)
{
  if (self->own_source != NULL)
    self->own_source->funcs->thread_continues (self->own_source, self);
}

/* The thread no longer blocks; called with the same lock held. If it returns FALSE, the caller must call end(). */
gboolean
aiodrive_blocked_thread_leave (AiodriveBlockedThread *self)
{
  aiodrive_blocked_thread_wake (self);
  g_clear_pointer (&self->own_source, aiodrive_time_source_unref);
  return self->timeout_source == NULL;
}

/* Called after leave(), with no lock held: waits until a running notify() has returned. */
void
aiodrive_blocked_thread_end (AiodriveBlockedThread *self)
{
  self->timeout_source->funcs->stop_timeout (self->timeout_source, self);
  g_clear_pointer (&self->timeout_source, aiodrive_time_source_unref);
}
