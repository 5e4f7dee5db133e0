/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Adds a number of microseconds to a time, and saturates at the maximum. */
static inline gint64
aiodrive_time_after (gint64 time,
                     gint64 usec)
{
  return time > G_MAXINT64 - usec ? G_MAXINT64 : time + usec;
}

typedef struct _AiodriveTimer AiodriveTimer;
typedef struct _AiodriveTimerHeap AiodriveTimerHeap;

struct _AiodriveTimer
{
  gint64     due;                             /* monotonic, in microseconds */
  guint64    serial;                          /* timers due at the same time fire in the order of their start */
  guint      place;                           /* 1 is the top of the heap; 0: not in a heap */
  gboolean (*try_ref) (AiodriveTimer *timer); /* nullable; while the heap is locked: keeps the owner alive until
                                               * notify(). FALSE: it is too late for that, and for notify() */
  void     (*notify) (AiodriveTimer *timer);  /* called with no lock held; the last use of the timer */
  gboolean   left;                            /* notify() is called, too, when the timer is left behind in a context
                                               * that goes away */
};

struct _AiodriveTimerHeap
{
  GPtrArray *timers;                          /* a binary heap; NULL until it is first used */
  guint64    n_started;
};

void           aiodrive_timer_heap_add    (AiodriveTimerHeap *self,
                                           AiodriveTimer     *timer,
                                           gint64             due);
void           aiodrive_timer_heap_remove (AiodriveTimerHeap *self,
                                           AiodriveTimer     *timer);
AiodriveTimer *aiodrive_timer_heap_peek   (AiodriveTimerHeap *self);
void           aiodrive_timer_heap_clear  (AiodriveTimerHeap *self);

G_END_DECLS
