/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "aiodrive/core/timer-heap-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveTimeSource AiodriveTimeSource;
typedef struct _AiodriveBlockedThread AiodriveBlockedThread;

/* The clock of the timers of a main context; NULL stands for the real time. A time source wakes its main contexts when
 * its time has advanced, so they poll without a timeout. */
typedef struct
{
  gboolean   one_by_one;   /* a dispatch runs one work item, so a test may act between any two */

  void     (*free)             (AiodriveTimeSource    *self);

  /* These two are called with the lock of a dispatcher held. */
  gint64   (*get_time)         (AiodriveTimeSource    *self);
  void     (*timer_started)    (AiodriveTimeSource    *self);

  /* A thread is a member from before the first iteration of its context until after the last one. The time is frozen
   * between hold() and release(), and between leave() and release(). */
  void     (*join)             (AiodriveTimeSource    *self,
                                GMainContext          *context);
  void     (*leave)            (AiodriveTimeSource    *self,
                                GMainContext          *context);
  void     (*hold)             (AiodriveTimeSource    *self);
  gboolean (*release)          (AiodriveTimeSource    *self);

  /* These are called with the lock held of the primitive that the thread waits for. */
  void     (*start_timeout)    (AiodriveTimeSource    *self,
                                AiodriveBlockedThread *thread,
                                gint64                 due);
  void     (*thread_blocks)    (AiodriveTimeSource    *self,
                                AiodriveBlockedThread *thread);
  void     (*thread_continues) (AiodriveTimeSource    *self,
                                AiodriveBlockedThread *thread);

  /* These are called with no lock held: settle() after a thread has announced that it blocks, and stop_timeout() after
   * it has continued; that one waits for a running notify(). */
  void     (*settle)           (AiodriveTimeSource    *self);
  void     (*stop_timeout)     (AiodriveTimeSource    *self,
                                AiodriveBlockedThread *thread);
} AiodriveTimeSourceFuncs;

/* The first field of an implementation. */
struct _AiodriveTimeSource
{
  const AiodriveTimeSourceFuncs *funcs;
  gint                           ref_count;   /* atomic */
};

void                aiodrive_time_source_init      (AiodriveTimeSource            *self,
                                                    const AiodriveTimeSourceFuncs *funcs);
AiodriveTimeSource *aiodrive_time_source_ref       (AiodriveTimeSource            *self);
void                aiodrive_time_source_unref     (AiodriveTimeSource            *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AiodriveTimeSource, aiodrive_time_source_unref)

gboolean            aiodrive_time_source_any       (void);
gint64              aiodrive_time_source_get_time  (AiodriveTimeSource            *self);

/* A thread that blocks, and counts as idle. It is embedded in the blocking call. */
struct _AiodriveBlockedThread
{
  void              (*notify) (AiodriveBlockedThread *self);   /* its timeout has expired; called with no lock held */
  AiodriveTimeSource *timeout_source;   /* owned, nullable: of its timeout */
  AiodriveTimer       timer;            /* belongs to timeout_source, as does the next */
  gboolean            notifying;
  AiodriveTimeSource *own_source;       /* owned, nullable: of the thread; guarded by the primitive's lock */
  gpointer            member;           /* belongs to own_source; NULL: the thread does not block */
};

void                aiodrive_blocked_thread_begin  (AiodriveBlockedThread         *self,
                                                    AiodriveTimeSource            *own_source,
                                                    AiodriveTimeSource            *timeout_source,
                                                    gint64                         due);
void                aiodrive_blocked_thread_settle (AiodriveBlockedThread         *self);
void                aiodrive_blocked_thread_wake   (AiodriveBlockedThread         *self);
gboolean            aiodrive_blocked_thread_leave  (AiodriveBlockedThread         *self);
void                aiodrive_blocked_thread_end    (AiodriveBlockedThread         *self);

G_END_DECLS
