/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/testing/virtual-clock-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveClockMember AiodriveClockMember;

/* A main context that is a member of a clock. */
struct _AiodriveClockMember
{
  AiodriveVirtualClock *clock;       /* owned, set once */
  AiodriveDispatcher   *dispatcher;  /* owned, set once */
  GSource              *sources[2];  /* owned, set once; the first and the last */
  GMainContext         *context;     /* owned; NULL when it has left; guarded by the clock, as is the rest */
  GThread              *thread;      /* unowned, nullable: the one that iterates it */
  gboolean              quiet;       /* whether the last iteration was idle */
  gboolean              moved;       /* another member was busy since this one confirmed a round */
  gboolean              blocked;
  guint64               looked;      /* the round in which the iteration started */
  guint64               confirmed;
};

struct _AiodriveVirtualClock
{
  AiodriveTimeSource source;         /* first */
  GMutex             lock;
  gint64             now;            /* guarded by lock, as is all down to timers */
  GPtrArray         *members;        /* the first is that of the test */
  guint              n_tests;
  guint              n_holds;
  guint64            round;
  guint64            settled;        /* the last round that ended idle */
  AiodriveTimerHeap  timers;         /* of blocking threads */
  AiodriveMonitor    monitor;
  AiodriveWaitQueue  waiters;        /* for quiescence; guarded by monitor */
};

/* Called with the lock held. */
gboolean             aiodrive_virtual_clock_is_quiescent (AiodriveVirtualClock  *self);
gboolean             aiodrive_virtual_clock_must_look    (AiodriveVirtualClock  *self,
                                                          AiodriveClockMember   *member);
gboolean             aiodrive_virtual_clock_must_move    (AiodriveVirtualClock  *self,
                                                          AiodriveClockMember   *member);
void                 aiodrive_clock_member_wake          (AiodriveClockMember   *member);
void                 aiodrive_virtual_clock_wake_others  (AiodriveVirtualClock  *self,
                                                          AiodriveClockMember   *member);
gboolean             aiodrive_virtual_clock_begin_round  (AiodriveVirtualClock  *self);
AiodriveClockMember *aiodrive_virtual_clock_find         (AiodriveVirtualClock  *self,
                                                          GMainContext          *context);

/* Called with no lock held. */
void                 aiodrive_virtual_clock_settle       (AiodriveVirtualClock  *self);
void                 aiodrive_virtual_clock_join         (AiodriveVirtualClock  *self,
                                                          GMainContext          *context,
                                                          GThread               *thread);
void                 aiodrive_virtual_clock_block        (AiodriveVirtualClock  *self,
                                                          AiodriveBlockedThread *thread);
void                 aiodrive_virtual_clock_unblock      (AiodriveVirtualClock  *self,
                                                          AiodriveBlockedThread *thread);
void                 aiodrive_clock_member_unref         (AiodriveClockMember   *self);
void                 aiodrive_clock_member_leave         (AiodriveClockMember   *self,
                                                          GMainContext          *context);

G_END_DECLS
