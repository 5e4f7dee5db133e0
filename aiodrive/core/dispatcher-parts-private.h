/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/clock-private.h"
#include "aiodrive/core/work-list-private.h"

G_BEGIN_DECLS

/* What dispatcher.c, dispatcher-registry.c and dispatcher-timers.c share. */

struct _AiodriveDispatcher
{
  GMainContext      *context;     /* unowned; set once */
  GSource           *source;      /* unowned; set once */
  gint               ref_count;   /* atomic */
  gint               closed;      /* atomic; the context is gone */
  GThread           *iterated_by; /* unowned, nullable; atomic: the last thread that iterated the context */

  GMutex             lock;        /* no other lock of ours is taken while it is held, but that of clock */
  AiodriveWorkList   inbox;       /* guarded by lock */
  gint               has_inbox;   /* changed under lock; read atomically too */
  AiodriveTimerHeap  timers;      /* guarded by lock */
  AiodriveClock     *clock;       /* owned, nullable; changed under lock; read atomically too */
  gboolean           polling;     /* guarded by lock; from prepare() to check() or to the first push */

  AiodriveWorkList   next;        /* the rest is touched by the thread that iterates the context alone */
  AiodriveWorkList   running;
  AiodriveWorkList   later;
  gint64             now;         /* when the iteration began */
  AiodriveFairness   fairness;
};

AiodriveDispatcher *aiodrive_dispatcher_new    (GMainContext       *context);
void                aiodrive_dispatcher_forget (AiodriveDispatcher *self);

G_END_DECLS
