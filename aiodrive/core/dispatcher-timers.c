/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/dispatcher-parts-private.h"

/* The timers of a dispatcher, and the clock that they go by. */

/* Starts @timer, or starts it anew. A closed dispatcher fires no timer. */
void
aiodrive_dispatcher_start_timer (AiodriveDispatcher *self,
                                 AiodriveTimer      *timer,
                                 gint64              due)
{
  GMainContext *to_wake = NULL;

  g_mutex_lock (&self->lock);
  if (!self->closed)
    {
      aiodrive_timer_heap_remove (&self->timers, timer);
      aiodrive_timer_heap_add (&self->timers, timer, due);
      if (self->clock != NULL)
        aiodrive_clock_touch (self->clock);
      if (self->polling && timer->place == 1)
        {
          self->polling = FALSE;
          to_wake = g_main_context_ref (self->context);
        }
    }
  g_mutex_unlock (&self->lock);

  aiodrive_dispatcher_wake (to_wake);
}

/* After this the timer is not taken any more. It does not wait for a notify() that has begun. */
void
aiodrive_dispatcher_stop_timer (AiodriveDispatcher *self,
                                AiodriveTimer      *timer)
{
  g_mutex_lock (&self->lock);
  aiodrive_timer_heap_remove (&self->timers, timer);
  g_mutex_unlock (&self->lock);
}

/* When the next timer is due; G_MAXINT64: there is none. */
gint64
aiodrive_dispatcher_get_due (AiodriveDispatcher *self)
{
  AiodriveTimer *timer;
  gint64 due;

  g_mutex_lock (&self->lock);
  timer = aiodrive_timer_heap_peek (&self->timers);
  due = timer != NULL ? timer->due : G_MAXINT64;
  g_mutex_unlock (&self->lock);

  return due;
}

/* The time that timers here go by. */
gint64
aiodrive_dispatcher_get_time (AiodriveDispatcher *self)
{
  gint64 now = 0;

  if (G_UNLIKELY (g_atomic_pointer_get (&self->clock) != NULL))
    {
      g_mutex_lock (&self->lock);
      now = self->clock != NULL ? aiodrive_clock_get_time (self->clock) : 0;
      g_mutex_unlock (&self->lock);
    }
  return now > 0 ? now : g_get_monotonic_time ();
}

/* What the timers here go by; NULL: the real time. */
void
aiodrive_dispatcher_set_clock (AiodriveDispatcher *self,
                               AiodriveClock      *clock)
{
  AiodriveClock *previous;

  g_mutex_lock (&self->lock);
  previous = self->clock;
  g_atomic_pointer_set (&self->clock, clock != NULL ? aiodrive_clock_ref (clock) : NULL);
  g_mutex_unlock (&self->lock);

  g_clear_pointer (&previous, aiodrive_clock_unref);
}

/* Gives a reference, or NULL. */
AiodriveClock *
aiodrive_dispatcher_dup_clock (AiodriveDispatcher *self)
{
  AiodriveClock *clock;

  g_mutex_lock (&self->lock);
  clock = self->clock != NULL ? aiodrive_clock_ref (self->clock) : NULL;
  g_mutex_unlock (&self->lock);

  return clock;
}
