/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/wait-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveTaskRecord AiodriveTaskRecord;

/* Creates a task of this library, with a scope below @parent. If @callback is set it is the first one called when the
 * task completes, and the task counts as awaited. */
GTask              *aiodrive_task_record_new_task     (gpointer             source_object,
                                                       GCancellable        *parent,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data,
                                                       gpointer             source_tag);
/* Returns the record of a task, or NULL. */
AiodriveTaskRecord *aiodrive_task_record_peek         (GTask               *task);
/* Returns the record of any task, and creates it on first use. */
AiodriveTaskRecord *aiodrive_task_record_get          (GTask               *task);

gboolean            aiodrive_task_has_ended           (GTask               *task);
/* For the finish functions of calls that are tasks. */
gboolean            aiodrive_task_is_valid                 (GAsyncResult          *result,
                                                            gpointer               source_object,
                                                            gpointer               source_tag);

const char         *aiodrive_task_describe            (GTask               *task);
void                aiodrive_task_keep_outcome        (GTask               *task);
void                aiodrive_task_return_true         (GTask               *task);
void                aiodrive_task_return_value        (GTask               *task,
                                                       GValue              *value);

void                aiodrive_task_record_set_awaited  (AiodriveTaskRecord  *self);
void                aiodrive_task_record_watch        (AiodriveTaskRecord  *self,
                                                       AiodriveWaiter      *waiter);
void                aiodrive_task_record_watch_weakly (AiodriveTaskRecord  *self,
                                                       AiodriveWaiter      *waiter);
void                aiodrive_task_record_called_back  (AiodriveTaskRecord  *self);
void                aiodrive_task_record_wait         (AiodriveTaskRecord  *self,
                                                       AiodriveWait        *wait,
                                                       gpointer             granted);
gboolean            aiodrive_task_record_block        (AiodriveTaskRecord  *self,
                                                       GCancellable        *cancellable,
                                                       GError             **error);

/* The outcome, once the task has completed. */
gboolean            aiodrive_task_record_is_known     (AiodriveTaskRecord  *self);
gboolean            aiodrive_task_record_is_ending    (AiodriveTaskRecord  *self);
GError             *aiodrive_task_record_copy_error   (AiodriveTaskRecord  *self);
gboolean            aiodrive_task_record_has_value    (AiodriveTaskRecord  *self);
gboolean            aiodrive_task_record_take_value   (AiodriveTaskRecord  *self);
void                aiodrive_task_record_leave_value  (AiodriveTaskRecord  *self);
void                aiodrive_task_pass_error          (GTask               *task,
                                                       GError              *failure,
                                                       GError             **error);

/* Set before it completes: the task that it stands for; whether its value is the result of another asynchronous
 * call. */
void                aiodrive_task_record_set_leaf     (AiodriveTaskRecord  *self,
                                                       GTask               *leaf);
GTask              *aiodrive_task_record_get_leaf     (AiodriveTaskRecord  *self);
void                aiodrive_task_record_set_adopted  (AiodriveTaskRecord  *self);
gboolean            aiodrive_task_record_get_adopted  (AiodriveTaskRecord  *self);

/* That its data is an AiodriveCombinator. */
void                aiodrive_task_record_set_combines (AiodriveTaskRecord  *self);
gboolean            aiodrive_task_record_get_combines (AiodriveTaskRecord  *self);

/* The progress. The next change wakes a watcher once, unless it is removed first. The first function sets whether the
 * task above, whose scope is the parent of this one's, shows the progress too. */
gboolean            aiodrive_task_record_set_progress     (AiodriveTaskRecord *self,
                                                           double              progress);
double              aiodrive_task_record_get_progress     (AiodriveTaskRecord *self);
double              aiodrive_task_record_show_above       (AiodriveTaskRecord *self);
void                aiodrive_task_show_progress_above     (GTask              *task);
double              aiodrive_task_record_watch_progress   (AiodriveTaskRecord *self,
                                                           AiodriveWaiter     *waiter);
gboolean            aiodrive_task_record_unwatch_progress (AiodriveTaskRecord *self,
                                                           AiodriveWaiter     *waiter);

/* The job of a task, started now or in the next iteration. */
typedef void (*AiodriveTaskRecordJob) (GTask        *task,
                                       GCancellable *cancellable,
                                       gpointer      user_data);

void                aiodrive_task_record_set_job      (AiodriveTaskRecord    *self,
                                                       AiodriveTaskRecordJob  func,
                                                       gpointer               user_data,
                                                       GDestroyNotify         user_data_destroy);
void                aiodrive_task_record_begin_job    (AiodriveTaskRecord    *self);
gboolean            aiodrive_task_record_is_planned   (AiodriveTaskRecord    *self);
void                aiodrive_task_record_start_job    (AiodriveTaskRecord    *self,
                                                       gboolean               now,
                                                       AiodriveTaskRecordJob  func,
                                                       gpointer               user_data,
                                                       GDestroyNotify         user_data_destroy);

G_END_DECLS
