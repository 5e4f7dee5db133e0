/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/monotonic-time-private.h"

#include "aiodrive/core/dispatcher-private.h"

/* The time of the calling thread is the time of the dispatcher of its thread-default main context. */

/* Returns a new reference on the time source, or NULL for the real time. */
AiodriveTimeSource *
aiodrive_time_source_ref_thread_default (void)
{
  if (!aiodrive_time_source_any ())
    return NULL;
  return aiodrive_dispatcher_ref_time_source (aiodrive_dispatcher_get_thread_default ());
}

/* For a thread that is about to iterate @context: it shares the time source of the calling thread. Returns a new
 * reference, or NULL for the real time. The new thread calls leave() after its last iteration, and release() before it
 * exits. */
AiodriveTimeSource *
aiodrive_time_source_share (GMainContext *context)
{
  AiodriveTimeSource *self = aiodrive_time_source_ref_thread_default ();

  if (self != NULL)
    self->funcs->join (self, context);
  return self;
}

/**
 * aiodrive_get_monotonic_time:
 *
 * Gets the current time of the calling thread's deadlines: g_get_monotonic_time(), or the virtual time of an
 * #AiodriveTestContext. Use it to calculate a deadline, and to measure a time that a test must be able to control.
 *
 * Returns: a time in microseconds
 *
 * Since: 1.0
 */
gint64
aiodrive_get_monotonic_time (void)
{
  g_autoptr(AiodriveTimeSource) source = aiodrive_time_source_ref_thread_default ();

  return aiodrive_time_source_get_time (source);
}
