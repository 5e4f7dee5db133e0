/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/task/record-private.h"

G_BEGIN_DECLS

/* The structure, for the files that own fields in it: record.c, job.c, progress.c, propagate.c and retry.c. */

typedef enum
{
  AIODRIVE_TASK_PENDING,
  AIODRIVE_TASK_RETURNED,   /* in the callback, or soon after it: only the task's own context knows */
  AIODRIVE_TASK_ENDED,
} AiodriveTaskRecordState;

struct _AiodriveTaskRecord
{
  GTask                   *task;        /* unowned: it outlives every use; a posted work item owns a reference */
  gboolean                 is_own;      /* a task of ours; set once */
  AiodriveWorkItem         work;        /* starts the job, inspects a foreign task, or announces the completion */

  AiodriveMonitor          monitor;
  AiodriveWaitQueue        waiters;     /* guarded by monitor, as are the next ones */
  AiodriveTaskRecordState  state;
  guint                    n_weak;      /* waiters that do not keep the task */
  gint                     n_callbacks; /* after completion: the callbacks before job_data is freed; read atomically */
  gboolean                 primed;      /* the function of the job runs in aiodrive_prime(), and uses its data */
  gboolean                 failed;
  gboolean                 awaited;     /* some party has seen, or will see, the outcome */
  gboolean                 taken;       /* its value has been unwrapped */
  gboolean                 final;       /* aiodrive_retry() does not start its job again */
  GError                  *error;       /* owned; moved from the task by its first reader */
  double                   progress;
  gboolean                 shown_above; /* the task above shows this progress too */
  gboolean                 planned;     /* the job has not begun */
  AiodriveWaitQueue        observers;   /* of progress, and of planned */

  GTask                   *leaf;        /* owned; set before it completes, as is the next */
  gboolean                 adopted;
  gboolean                 combines;    /* its data is an AiodriveCombinator */
  gboolean                 has_value;   /* this library returned it with a GValue */
  GAsyncReadyCallback      callback;    /* the fields below belong to the task's own context */
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
