/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "aiodrive/core/dispatcher-private.h"
#include "aiodrive/core/work-item-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveMonitor AiodriveMonitor;
typedef struct _AiodriveWaiter AiodriveWaiter;
typedef struct _AiodriveWaitQueue AiodriveWaitQueue;

/* The lock of a primitive. What may not be done under it is put off until it is unlocked: waking contexts that have got
 * something to run, one call of whatever is handed over, and dropping a reference on the primitive. */
struct _AiodriveMonitor
{
  GMutex           mutex;
  GSList          *to_wake;        /* of GMainContext, owned; guarded by mutex, as are the next two */
  GDestroyNotify   deferred;
  gpointer         deferred_data;
  AiodriveWorkList stranded;       /* of waiters whose contexts are gone: they are run then */
  GObject         *kept;           /* owned, nullable: what the monitor is part of, until it is unlocked */
};

/* A place in a wait queue. Its work item runs in the context of the dispatcher once it has been woken or cancelled. */
struct _AiodriveWaiter
{
  AiodriveWorkItem    work;         /* first; work.next is also the next in the queue */
  AiodriveWaiter     *prev;         /* guarded by the monitor, as are the next two */
  AiodriveWaitQueue  *queue;        /* NULL: not in a queue */
  guint64             generation;   /* of the queue when the waiter came; another one: woken */
  AiodriveDispatcher *dispatcher;   /* set once; NULL: it is run at once, under the monitor */
  gpointer            granted;      /* guarded by the monitor: what it asks for, then what it gets */
};

struct _AiodriveWaitQueue
{
  AiodriveWaiter *first;            /* guarded by the monitor, as is everything here */
  AiodriveWaiter *last;
  guint64         generation;       /* how often all were woken */
  gboolean        mixed;            /* waiters of several contexts have been in it since it was last empty */
  GCompareFunc    compare;          /* nullable, set once: orders waiters by what they ask for */
  GTree          *firsts;           /* owned; the first waiter of each priority; NULL if there is only one priority */
  /* nullable, set once; under the monitor: a waiter has been added, with what it asks for */
  void          (*on_added)     (AiodriveWaitQueue *self,
                                 AiodriveWaiter    *waiter);
  /* nullable, set once; under the monitor: somebody is about to be cancelled; the last moment to wake him */
  void          (*on_cancel)    (AiodriveWaitQueue *self);
  /* nullable, set once; under the monitor: who asked for this was cancelled, and is not in the queue any more */
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
