/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
GTask        *aiodrive_task_get_leaf         (GTask   *task,
                                              GError **error);
AIODRIVE_PUBLIC
GAsyncResult *aiodrive_task_propagate_result (GTask   *task,
                                              GError **error);
AIODRIVE_PUBLIC
void          aiodrive_task_propagate        (GTask   *task,
                                              GValue  *value,
                                              GError **error);
AIODRIVE_PUBLIC
GError       *aiodrive_task_dup_error        (GTask   *task);
AIODRIVE_PUBLIC
GPtrArray    *aiodrive_task_dup_errors       (GTask   *task);
AIODRIVE_PUBLIC
GPtrArray    *aiodrive_result_dup_errors     (GAsyncResult *result);

G_END_DECLS
