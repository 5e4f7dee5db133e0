/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/timer-heap-private.h"

/* The timers of a dispatcher: a binary heap in which every timer stores its index, so a timer is removed in O(log n).
 * With one GSource for each timer, every iteration of the main context would walk over all of them.
 *
 * The caller holds the lock. */

static gboolean
is_earlier (const AiodriveTimer *a,
            const AiodriveTimer *b)
{
  return a->due != b->due ? a->due < b->due : a->serial < b->serial;
}

static AiodriveTimer *
timer_at (AiodriveTimerHeap *self,
          guint              place)
{
  return g_ptr_array_index (self->timers, place - 1);
}

static void
put (AiodriveTimerHeap *self,
     AiodriveTimer     *timer,
     guint              place)
{
  g_ptr_array_index (self->timers, place - 1) = timer;
  timer->place = place;
}

static void
sift_up (AiodriveTimerHeap *self,
         AiodriveTimer     *timer)
{
  guint place = timer->place;

  while (place > 1 && is_earlier (timer, timer_at (self, place / 2)))
    {
      put (self, timer_at (self, place / 2), place);
      place /= 2;
    }
  put (self, timer, place);
}

static void
sift_down (AiodriveTimerHeap *self,
           AiodriveTimer     *timer)
{
  guint place = timer->place;

  for (guint child = 2 * place; child <= self->timers->len; child = 2 * place)
    {
      if (child < self->timers->len && is_earlier (timer_at (self, child + 1), timer_at (self, child)))
        child++;
      if (!is_earlier (timer_at (self, child), timer))
        break;
      put (self, timer_at (self, child), place);
      place = child;
    }
  put (self, timer, place);
}

void
aiodrive_timer_heap_add (AiodriveTimerHeap *self,
                         AiodriveTimer     *timer,
                         gint64             due)
{
  g_assert (timer->place == 0);

  if (self->timers == NULL)
    self->timers = g_ptr_array_new ();

  timer->due = due;
  timer->serial = self->n_started++;
  g_ptr_array_add (self->timers, timer);
  timer->place = self->timers->len;
  sift_up (self, timer);
}

/* Does nothing if the timer is not in a heap: fired, removed or never added. */
void
aiodrive_timer_heap_remove (AiodriveTimerHeap *self,
                            AiodriveTimer     *timer)
{
  guint place = timer->place;
  AiodriveTimer *last;

  if (place == 0)
    return;

  last = g_ptr_array_steal_index_fast (self->timers, self->timers->len - 1);
  if (last != timer)
    {
      put (self, last, place);
      sift_up (self, last);
      sift_down (self, last);
    }
  timer->place = 0;
}

AiodriveTimer *
aiodrive_timer_heap_peek (AiodriveTimerHeap *self)
{
  return self->timers != NULL && self->timers->len > 0 ? timer_at (self, 1) : NULL;
}

void
aiodrive_timer_heap_clear (AiodriveTimerHeap *self)
{
  for (guint i = 0; self->timers != NULL && i < self->timers->len; i++)
    timer_at (self, i + 1)->place = 0;
  g_clear_pointer (&self->timers, g_ptr_array_unref);
}
