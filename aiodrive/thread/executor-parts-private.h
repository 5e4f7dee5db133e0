/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/weak-private.h"
#include "aiodrive/thread/executor-core-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveExecutorRun AiodriveExecutorRun;

/* The shared state of the parts of an executor. A run is one of its threads, of which one exists at a time; "guarded"
 * means by the monitor of the executor. */

struct _AiodriveExecutorCore
{
  char                *name;        /* owned, nullable; set once, as are the next three */
  gboolean             keeps;       /* its threads run until they are stopped */
  GMainContext        *home;        /* owned: where object is notified */
  AiodriveStrictWeak   weak;        /* to object */

  AiodriveMonitor      monitor;
  GObject             *object;      /* unowned; NULL when it was disposed; guarded, as are the next ones */
  gboolean             abandoned;   /* there will be no further run */
  AiodriveExecutorRun *run;         /* owned, nullable: the last */
  AiodriveWaiter       notifier;    /* in home; in no queue */
  gboolean             notifying;   /* it was posted, with a reference on this */
};

struct _AiodriveExecutorRun
{
  AiodriveExecutorCore *core;         /* owned by the thread */
  AiodriveExecutorRun  *previous;     /* owned, nullable; used in the thread */
  AiodriveDispatcher   *dispatcher;   /* of context */
  AiodriveTimeSource   *time_source;  /* owned, nullable; set once: of the starting thread */

  GMainContext         *context;      /* owned; NULL when it has left; guarded, as are the next ones */
  GQueue                cancellables; /* of its tasks whose jobs have started */
  guint                 n_tasks;      /* all tasks, including those in flight */
  gboolean              kept;         /* runs until it is stopped */
  gboolean              stopping;
  AiodriveWorkItem      stop;         /* posted when that is set, to wake the thread */
  gboolean              gone;         /* only joining it is left */
  AiodriveWaitQueue     stoppers;     /* empty when the thread has exited */

  GMutex                join_lock;
  GThread              *thread;       /* owned; NULL once it was joined; guarded by join_lock, once it has started */
};

/* executor-run.c */

gboolean             aiodrive_executor_run_start        (AiodriveExecutorCore *core,
                                                         GError              **error);
gboolean             aiodrive_executor_core_is_here     (AiodriveExecutorCore *core);
void                 aiodrive_executor_run_join         (AiodriveExecutorRun  *self);
void                 aiodrive_executor_run_unref        (AiodriveExecutorRun  *self);

/* executor-core.c; called with the monitor locked */

void                 aiodrive_executor_core_notify_soon (AiodriveExecutorCore *self);

G_END_DECLS
