/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
GPtrArray *aiodrive_task_dup_children     (GTask *task);
AIODRIVE_PUBLIC
GTask     *aiodrive_task_ref_failed_child (GTask *task);

G_END_DECLS
