/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "aiodrive/core/timer-heap-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveTimeSource AiodriveTimeSource;
typedef struct _AiodriveBlockedThread AiodriveBlockedThread;

/* What the timers of a main context go by instead of the real time, which NULL stands for. A time source wakes the main
 * contexts that go by it when its time has moved: they do not poll with a timeout. */
typedef struct
{
  gboolean   one_by_one;   /* a dispatch runs one work item: a test may act between each two */

  void     (*free)             (AiodriveTimeSource    *self);

  /* These two are called with the lock of a dispatcher held. */
  gint64   (*get_time)         (AiodriveTimeSource    *self);
  void     (*timer_started)    (AiodriveTimeSource    *self);

  /* A thread goes by it, from before the first iteration of its context to after the last one. From leave() to
   * release() the thread counts as busy, as everything does between hold() and release(). */
  void     (*join)             (AiodriveTimeSource    *self,
                                GMainContext          *context);
  void     (*leave)            (AiodriveTimeSource    *self,
                                GMainContext          *context);
  void     (*hold)             (AiodriveTimeSource    *self);
  gboolean (*release)          (AiodriveTimeSource    *self);

  /* These are called with the lock held of what the thread waits for. */
  void     (*start_timeout)    (AiodriveTimeSource    *self,
                                AiodriveBlockedThread *thread,
                                gint64                 due);
  void     (*thread_blocks)    (AiodriveTimeSource    *self,
                                AiodriveBlockedThread *thread);
  void     (*thread_continues) (AiodriveTimeSource    *self,
                                AiodriveBlockedThread *thread);

  /* These are called with nothing locked: after a thread has blocked; and when it has continued, where stop_timeout()
   * waits for a notify() that has begun. */
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

/* A thread that blocks, and counts as one that waits. It is embedded in what the thread waits with. */
struct _AiodriveBlockedThread
{
  void              (*notify) (AiodriveBlockedThread *self);   /* its time is over; nothing is locked */
  AiodriveTimeSource *timeout_source;   /* owned, nullable: by which it has a time */
  AiodriveTimer       timer;            /* belongs to timeout_source, as does the next */
  gboolean            notifying;
  AiodriveTimeSource *own_source;       /* owned, nullable: by which the thread goes; guarded by what it waits for */
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
