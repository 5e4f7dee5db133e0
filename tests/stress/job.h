/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/stress/stress.h"

G_BEGIN_DECLS

/* The jobs of executors and of groups with a thread of their own: they end, fail, wait, or hand a task to another
 * thread. Whoever spawns awaits: the tasks end in threads of which nobody here knows. */

/* A group that one thread has open, for all. */
typedef struct
{
  AiodriveTaskGroup *group;       /* owned */
  GMainContext      *context;     /* atomic, unowned: that of its thread */
  gint               n_running;   /* atomic */
} Open;

typedef struct
{
  Open                       *open;       /* owned; NULL: it is for an executor */
  AiodriveBackgroundExecutor *executor;   /* owned, nullable: for a job of a job */
  guint                       kind;       /* below JOB_N_KINDS */
  guint                       duration_ms;
  GThread                    *thread;     /* that spawned it */
} Job;

#define JOB_N_KINDS 5
#define JOB_FAILS   1

void  open_unref  (gpointer                    open);

Job  *job_new     (Open                       *open,
                   AiodriveBackgroundExecutor *executor,
                   guint                       kind,
                   guint                       duration_ms);
void  job_free    (gpointer                    job);
void  job_run     (GTask                      *task,
                   GCancellable               *cancellable,
                   gpointer                    job);
void  job_await   (StressThread               *thread,
                   GCancellable               *scope,
                   GTask                      *task);
void  jobs_report (void);

G_END_DECLS
