/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AiodriveTaskState:
 * @AIODRIVE_TASK_STATE_PLANNED: it has not been started
 * @AIODRIVE_TASK_STATE_RUNNING: it has been started
 * @AIODRIVE_TASK_STATE_SUCCEEDED: it has succeeded
 * @AIODRIVE_TASK_STATE_FAILED: it has failed with an error
 * @AIODRIVE_TASK_STATE_CANCELLED: it has failed with %G_IO_ERROR_CANCELLED
 *
 * The state of a task.
 *
 * Since: 1.0
 */
typedef enum
{
  AIODRIVE_TASK_STATE_PLANNED,
  AIODRIVE_TASK_STATE_RUNNING,
  AIODRIVE_TASK_STATE_SUCCEEDED,
  AIODRIVE_TASK_STATE_FAILED,
  AIODRIVE_TASK_STATE_CANCELLED,
} AiodriveTaskState;

/**
 * AIODRIVE_TYPE_TASK_STATE:
 *
 * The #GType of #AiodriveTaskState.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_TASK_STATE (aiodrive_task_state_get_type ())

/**
 * AIODRIVE_TYPE_TASK_INFO:
 *
 * The #GType of #AiodriveTaskInfo.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_TASK_INFO (aiodrive_task_info_get_type ())

AIODRIVE_PUBLIC
GType              aiodrive_task_state_get_type         (void);

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveTaskInfo, aiodrive_task_info, AIODRIVE, TASK_INFO, GObject)

AIODRIVE_PUBLIC
AiodriveTaskInfo  *aiodrive_task_info_new               (GTask            *task);
AIODRIVE_PUBLIC
const char        *aiodrive_task_info_get_name          (AiodriveTaskInfo *self);
AIODRIVE_PUBLIC
AiodriveTaskState  aiodrive_task_info_get_state         (AiodriveTaskInfo *self);
AIODRIVE_PUBLIC
double             aiodrive_task_info_get_progress      (AiodriveTaskInfo *self);
AIODRIVE_PUBLIC
const char        *aiodrive_task_info_get_error_message (AiodriveTaskInfo *self);
AIODRIVE_PUBLIC
gint64             aiodrive_task_info_get_elapsed       (AiodriveTaskInfo *self);
AIODRIVE_PUBLIC
void               aiodrive_task_info_cancel            (AiodriveTaskInfo *self);

G_END_DECLS
