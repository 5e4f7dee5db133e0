/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "aiodrive/core/dispatcher-private.h"
#include "aiodrive/core/work-item-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveMonitor AiodriveMonitor;
typedef struct _AiodriveWaiter AiodriveWaiter;
typedef struct _AiodriveWaitQueue AiodriveWaitQueue;

/* The lock of a primitive, with actions deferred until it is unlocked: waking contexts that have got work items, one
 * deferred call, and releasing a reference on the primitive. */
struct _AiodriveMonitor
{
  GMutex           mutex;
  GSList          *to_wake;        /* of GMainContext, owned; guarded by mutex, as are the next two */
  GDestroyNotify   deferred;
  gpointer         deferred_data;
  AiodriveWorkList stranded;       /* of waiters whose contexts are gone: unlocking runs them */
  GObject         *kept;           /* owned, nullable, until it is unlocked: the primitive */
};

/* A place in a wait queue. Its work item runs in the context of the dispatcher once it has been woken or cancelled. */
struct _AiodriveWaiter
{
  AiodriveWorkItem    work;         /* first; work.next is also the next in the queue */
  AiodriveWaiter     *prev;         /* guarded by the monitor, as are the next two */
  AiodriveWaitQueue  *queue;        /* NULL: not in a queue */
  guint64             generation;   /* of the queue when the waiter was added; a different one: woken */
  AiodriveDispatcher *dispatcher;   /* set once; NULL: runs at once, with the monitor locked */
  gpointer            granted;      /* guarded by the monitor: the request, then the granted value */
};

struct _AiodriveWaitQueue
{
  AiodriveWaiter *first;            /* guarded by the monitor, as is everything here */
  AiodriveWaiter *last;
  guint64         generation;       /* counts the calls that woke all waiters */
  gboolean        mixed;            /* waiters of several contexts have been in it since it was last empty */
  GCompareFunc    compare;          /* nullable, set once: orders waiters by their requests */
  GTree          *firsts;           /* owned; the first waiter of each priority; NULL if there is only one priority */
  /* nullable, set once; called with the monitor locked, after a waiter and its request have been added */
  void          (*on_added)     (AiodriveWaitQueue *self,
                                 AiodriveWaiter    *waiter);
  /* nullable, set once; called with the monitor locked, when a waiter is about to be cancelled: the last chance to wake
   * it */
  void          (*on_cancel)    (AiodriveWaitQueue *self);
  /* nullable, set once; called with the monitor locked, after the waiter with this request was cancelled and removed */
  void          (*on_cancelled) (AiodriveWaitQueue *self,
                                 gpointer           request);
};

void            aiodrive_monitor_init        (AiodriveMonitor    *self);
void            aiodrive_monitor_clear       (AiodriveMonitor    *self);
void            aiodrive_monitor_lock        (AiodriveMonitor    *self);
void            aiodrive_monitor_unlock      (AiodriveMonitor    *self);
void            aiodrive_monitor_defer       (AiodriveMonitor    *self,
                                              GDestroyNotify      func,
                                              gpointer            data);

void            aiodrive_monitor_keep        (AiodriveMonitor    *self,
                                              AiodriveWaiter     *waiter,
                                              gpointer            object);

void            aiodrive_waiter_init         (AiodriveWaiter     *self,
                                              void              (*run) (AiodriveWorkItem *work));
void            aiodrive_waiter_run_soon     (AiodriveWaiter     *self,
                                              AiodriveMonitor    *monitor);

void            aiodrive_wait_queue_add      (AiodriveWaitQueue  *self,
                                              AiodriveWaiter     *waiter);
gboolean        aiodrive_wait_queue_remove   (AiodriveWaitQueue  *self,
                                              AiodriveWaiter     *waiter);
gboolean        aiodrive_wait_queue_cancel   (AiodriveWaiter     *waiter);
gboolean        aiodrive_wait_queue_wake_one (AiodriveWaitQueue  *self,
                                              gpointer            granted,
                                              AiodriveMonitor    *monitor);
AiodriveWaiter *aiodrive_wait_queue_get_first (AiodriveWaitQueue *self);
AiodriveWaiter *aiodrive_waiter_get_next     (AiodriveWaiter     *self);
void            aiodrive_wait_queue_wake     (AiodriveWaitQueue  *self,
                                              AiodriveWaiter     *waiter,
                                              AiodriveMonitor    *monitor);
void            aiodrive_wait_queue_wake_all (AiodriveWaitQueue  *self,
                                              AiodriveMonitor    *monitor);

G_END_DECLS
