/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AiodriveJobFunc:
 * @task: the task to return
 * @cancellable: (not nullable): the scope of @task
 * @user_data: the data given with the function
 *
 * A job: a function that gets a task and must return it, now or later, with one of the `g_task_return_*` functions.
 * Keep a reference on @task until then. Pass @cancellable to every call of the job; when it is cancelled, clean up, and
 * return the task with the error %G_IO_ERROR_CANCELLED.
 *
 * Since: 1.0
 */
typedef void (*AiodriveJobFunc) (GTask        *task,
                                 GCancellable *cancellable,
                                 gpointer      user_data);

AIODRIVE_PUBLIC
GTask *aiodrive_spawn (GCancellable    *parent,
                       AiodriveJobFunc  func,
                       gpointer         user_data,
                       GDestroyNotify   user_data_destroy) G_GNUC_WARN_UNUSED_RESULT;

AIODRIVE_PUBLIC
GTask *aiodrive_prime (GCancellable    *parent,
                       AiodriveJobFunc  func,
                       gpointer         user_data,
                       GDestroyNotify   user_data_destroy) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
