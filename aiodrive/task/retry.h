/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
GTask *aiodrive_retry          (GCancellable    *parent,
                                guint            max_tries,
                                guint            delay_ms,
                                guint            max_delay_ms,
                                AiodriveJobFunc  func,
                                gpointer         user_data,
                                GDestroyNotify   user_data_destroy) G_GNUC_WARN_UNUSED_RESULT;

AIODRIVE_PUBLIC
void   aiodrive_task_set_final (GTask           *task);

G_END_DECLS
