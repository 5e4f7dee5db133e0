/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "aiodrive/core/cancel-hub-private.h"
#include "aiodrive/core/dispatcher-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveMonitor AiodriveMonitor;
typedef struct _AiodriveWaiter AiodriveWaiter;
typedef struct _AiodriveWaitQueue AiodriveWaitQueue;
typedef struct _AiodriveWait AiodriveWait;

/* The lock of a primitive. It wakes the contexts that have got something to run only when it is unlocked. */
struct _AiodriveMonitor
{
  GMutex        mutex;
  GMainContext *to_wake;    /* owned; guarded by mutex */
};

/* A place in a wait queue. Its entry is run in the context of the dispatcher once it has been woken. */
struct _AiodriveWaiter
{
  AiodriveEntry       entry;        /* first; entry.next is also the next in the queue */
  AiodriveWaiter     *prev;         /* guarded by the monitor, as are the next two */
  AiodriveWaitQueue  *queue;        /* NULL: not in a queue */
  guint64             generation;   /* of the queue when the waiter came; another one: woken */
  AiodriveDispatcher *dispatcher;   /* set once */
  gpointer            granted;      /* guarded by the monitor until it is decided: what it was woken with */
};

struct _AiodriveWaitQueue
{
  AiodriveWaiter *first;            /* guarded by the monitor, as is everything here */
  AiodriveWaiter *last;
  guint64         generation;       /* how often all were woken */
  gboolean        mixed;            /* waiters of several contexts have been in it since it was last empty */
  void          (*on_cancelled) (AiodriveWaitQueue *self);   /* nullable, set once; under the monitor: somebody was
                                                                cancelled and has left */
};

void            aiodrive_monitor_init        (AiodriveMonitor    *self);
void            aiodrive_monitor_clear       (AiodriveMonitor    *self);
void            aiodrive_monitor_lock        (AiodriveMonitor    *self);
void            aiodrive_monitor_unlock      (AiodriveMonitor    *self);

void            aiodrive_waiter_init         (AiodriveWaiter     *self,
                                              void              (*run) (AiodriveEntry *entry));
void            aiodrive_waiter_run_soon     (AiodriveWaiter     *self,
                                              AiodriveMonitor    *monitor);

void            aiodrive_wait_queue_add      (AiodriveWaitQueue  *self,
                                              AiodriveWaiter     *waiter);
gboolean        aiodrive_wait_queue_remove   (AiodriveWaitQueue  *self,
                                              AiodriveWaiter     *waiter);
gboolean        aiodrive_wait_queue_wake_one (AiodriveWaitQueue  *self,
                                              gpointer            granted,
                                              AiodriveMonitor    *monitor);
void            aiodrive_wait_queue_wake_all (AiodriveWaitQueue  *self,
                                              AiodriveMonitor    *monitor);

/* An asynchronous call that waits: a GTask in a queue. It is returned by its AiodriveWaitReturn once it was woken. */
typedef void (*AiodriveWaitReturn) (GTask    *task,
                                    gpointer  granted);

AiodriveWait   *aiodrive_wait_new            (gpointer             source_object,
                                              GCancellable        *cancellable,
                                              GAsyncReadyCallback  callback,
                                              gpointer             user_data,
                                              gpointer             source_tag,
                                              AiodriveWaitReturn   on_woken);
GTask          *aiodrive_wait_get_task       (AiodriveWait        *self);
gboolean        aiodrive_wait_park           (AiodriveWait        *self,
                                              AiodriveWaitQueue   *queue,
                                              AiodriveMonitor     *monitor);
void            aiodrive_wait_grant          (AiodriveWait        *self,
                                              gpointer             granted,
                                              AiodriveMonitor     *monitor);

G_END_DECLS
