/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
void   aiodrive_task_set_progress      (GTask    *task,
                                        double    fraction);
AIODRIVE_PUBLIC
double aiodrive_task_get_progress      (GTask    *task);
AIODRIVE_PUBLIC
void   aiodrive_task_set_file_progress (goffset   current_num_bytes,
                                        goffset   total_num_bytes,
                                        gpointer  task);

G_END_DECLS
