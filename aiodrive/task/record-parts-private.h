/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/task/record-private.h"

G_BEGIN_DECLS

/* The structure, for the files that keep something in it: record.c, job.c, progress.c and propagate.c. */

typedef enum
{
  AIODRIVE_TASK_PENDING,
  AIODRIVE_TASK_RETURNED,   /* in the callback, or soon after it: known in the task's own context only */
  AIODRIVE_TASK_ENDED,
} AiodriveTaskRecordState;

struct _AiodriveTaskRecord
{
  GTask                   *task;        /* unowned: it outlives every use; a posted work item owns a reference */
  gboolean                 is_own;      /* a task of ours; set once */
  AiodriveWorkItem         work;        /* starts the job, looks at a foreign task, or announces the end */

  AiodriveMonitor          monitor;
  AiodriveWaitQueue        waiters;     /* guarded by monitor, as are the next ones */
  AiodriveTaskRecordState  state;
  guint                    n_weak;      /* waiters that do not keep the task */
  gint                     n_callbacks; /* once it has ended: those that job_data waits for; read atomically */
  gboolean                 primed;      /* the function of the job runs in aiodrive_prime(), and uses its data */
  gboolean                 failed;
  gboolean                 awaited;     /* somebody has seen, or will see, how it ends */
  gboolean                 taken;       /* its value has been unwrapped */
  GError                  *error;       /* owned; moved here from the task by the first that looks */
  double                   progress;
  gboolean                 shown_above; /* the progress is that of the task above too */
  AiodriveWaitQueue        observers;   /* of progress */

  GTask                   *leaf;        /* owned; set before it ends, as is the next */
  gboolean                 adopted;
  gboolean                 has_value;   /* it was returned with a GValue by this library */
  GAsyncReadyCallback      callback;    /* the rest is used in the task's own context */
  gpointer                 callback_data;
  AiodriveTaskRecordJob    job;
  gpointer                 job_data;
  GDestroyNotify           job_data_destroy;
};

void aiodrive_task_record_release_job_data (AiodriveTaskRecord  *self);
void aiodrive_task_record_post             (AiodriveTaskRecord  *self,
                                            AiodriveDispatcher  *dispatcher,
                                            void               (*run) (AiodriveWorkItem *work));

G_END_DECLS
