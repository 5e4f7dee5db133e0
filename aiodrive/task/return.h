/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
void aiodrive_task_fail        (GTask      *task,
                                GQuark      domain,
                                gint        code,
                                const char *message);

AIODRIVE_PUBLIC
void aiodrive_task_return_task (GTask      *task,
                                GTask      *from);

G_END_DECLS
