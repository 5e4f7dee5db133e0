/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/time-source-private.h"

/* What time is, for the dispatcher and for blocking waits. The real time needs nothing; a test has a time source. */

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

/* Whether any context goes by a time source: then deadlines of several contexts cannot be compared. */
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
 * Threads that block. One that goes by a time source counts as waiting from begin() to wake(), which its waker calls:
 * so there is no moment in which it was woken and still counts as waiting.
 */

/* With the lock held of what it waits for. Takes @own_source and @timeout_source, both nullable. */
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

/* After begin(), with nothing locked: it may be that all threads wait now. */
void
aiodrive_blocked_thread_settle (AiodriveBlockedThread *self)
{
  if (self->own_source != NULL)
    self->own_source->funcs->settle (self->own_source);
  if (self->timeout_source != NULL && self->timeout_source != self->own_source)
    self->timeout_source->funcs->settle (self->timeout_source);
}

/* The thread continues; called by any thread, with the same lock held as for begin(). */
void
aiodrive_blocked_thread_wake (AiodriveBlockedThread *self)
{
  if (self->own_source != NULL)
    self->own_source->funcs->thread_continues (self->own_source, self);
}

/* The thread does not block any more; with the same lock held. FALSE: end() has to follow. */
gboolean
aiodrive_blocked_thread_leave (AiodriveBlockedThread *self)
{
  aiodrive_blocked_thread_wake (self);
  g_clear_pointer (&self->own_source, aiodrive_time_source_unref);
  return self->timeout_source == NULL;
}

/* After leave(), with nothing locked: waits until notify() has returned, if it has begun. */
void
aiodrive_blocked_thread_end (AiodriveBlockedThread *self)
{
  self->timeout_source->funcs->stop_timeout (self->timeout_source, self);
  g_clear_pointer (&self->timeout_source, aiodrive_time_source_unref);
}
