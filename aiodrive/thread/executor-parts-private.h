/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/weak-private.h"
#include "aiodrive/thread/executor-core-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveExecutorRun AiodriveExecutorRun;

/* What the parts of an executor share. A run is one of its threads, which come one after the other; what is said to
 * be guarded is so by the monitor of the executor. */

struct _AiodriveExecutorCore
{
  char                *name;        /* owned, nullable; set once, as are the next three */
  gboolean             keeps;       /* its threads stay until they are stopped */
  GMainContext        *home;        /* owned: where object is notified */
  AiodriveStrictWeak   weak;        /* to object */

  AiodriveMonitor      monitor;
  GObject             *object;      /* unowned; NULL when it was disposed; guarded, as are the next ones */
  gboolean             abandoned;   /* there will be no other run */
  AiodriveExecutorRun *run;         /* owned, nullable: the last */
  AiodriveWaiter       notifier;    /* in home; in no queue */
  gboolean             notifying;   /* it was posted, with a reference on this */
};

struct _AiodriveExecutorRun
{
  AiodriveExecutorCore *core;         /* owned by the thread */
  AiodriveExecutorRun  *previous;     /* owned, nullable; used in the thread */
  AiodriveDispatcher   *dispatcher;   /* of context */
  AiodriveTimeSource   *time_source;  /* owned, nullable; set once: that of who has started it */

  GMainContext         *context;      /* owned; NULL when it has left; guarded, as are the next ones */
  GQueue                cancellables; /* of those of its tasks whose jobs have begun */
  guint                 n_tasks;      /* the others too */
  gboolean              kept;         /* it stays until it is stopped */
  gboolean              stopping;
  AiodriveWorkItem      stop;         /* run when that is set: so that it is seen */
  gboolean              gone;         /* there is nothing left but to join it */
  AiodriveWaitQueue     stoppers;     /* empty when it is gone */

  GMutex                join_lock;
  GThread              *thread;       /* owned; NULL once it was joined; guarded by join_lock, once it has started */
};

/* executor-run.c */

gboolean             aiodrive_executor_run_start        (AiodriveExecutorCore *core,
                                                         GError              **error);
gboolean             aiodrive_executor_core_is_here     (AiodriveExecutorCore *core);
void                 aiodrive_executor_run_join         (AiodriveExecutorRun  *self);
void                 aiodrive_executor_run_unref        (AiodriveExecutorRun  *self);

/* executor-core.c; under the monitor */

void                 aiodrive_executor_core_notify_soon (AiodriveExecutorCore *self);

G_END_DECLS
