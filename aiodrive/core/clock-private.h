/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/clock.h"
#include "aiodrive/core/wait-private.h"

G_BEGIN_DECLS

/* The time of a test. A dispatcher that has no clock goes by the real time. */

AiodriveClock      *aiodrive_clock_begin         (GMainContext        *context);
void                aiodrive_clock_end           (AiodriveClock       *self);
AiodriveClock      *aiodrive_clock_ref           (AiodriveClock       *self);
void                aiodrive_clock_unref         (AiodriveClock       *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AiodriveClock, aiodrive_clock_unref)

AiodriveClock      *aiodrive_clock_of_thread     (void);
gboolean            aiodrive_clock_any           (void);
gint64              aiodrive_clock_get_time      (AiodriveClock       *self);
void                aiodrive_clock_hold          (AiodriveClock       *self);
gboolean            aiodrive_clock_release       (AiodriveClock       *self);
void                aiodrive_clock_wait          (AiodriveClock       *self,
                                                  AiodriveWait        *wait);

/* For a thread that is about to iterate @context, and was started by one that goes by a clock: it goes by it too. */
AiodriveClock      *aiodrive_clock_share         (GMainContext        *context);
void                aiodrive_clock_leave         (AiodriveClock       *self,
                                                  GMainContext        *context);

/* For the dispatcher, under its lock: there is more to wait for. */
void                aiodrive_clock_touch         (AiodriveClock       *self);

/* A thread that blocks, and counts as one that waits. */
typedef struct _AiodriveClockBlock AiodriveClockBlock;

struct _AiodriveClockBlock
{
  void              (*notify) (AiodriveClockBlock *self);  /* the time that it had is over; nothing is locked */
  AiodriveClock      *clock;    /* owned, nullable: by which it has a time */
  AiodriveTimer       timer;    /* guarded by clock, as is the next */
  gboolean            firing;
  AiodriveClock      *own;      /* owned, nullable: by which its thread goes; guarded by what it waits for */
  gpointer            member;   /* owned; guarded by own; NULL: it does not block */
};

void                aiodrive_clock_block_begin   (AiodriveClockBlock  *self,
                                                  AiodriveClock       *clock,
                                                  gint64               due);
void                aiodrive_clock_block_settle  (AiodriveClockBlock  *self);
void                aiodrive_clock_block_wake    (AiodriveClockBlock  *self);
gboolean            aiodrive_clock_block_leave   (AiodriveClockBlock  *self);
void                aiodrive_clock_block_end     (AiodriveClockBlock  *self);

G_END_DECLS
