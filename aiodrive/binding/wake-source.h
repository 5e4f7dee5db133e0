/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
GSource *aiodrive_wake_source_new      (void);

AIODRIVE_PUBLIC
void     aiodrive_wake_source_watch_fd (GSource      *source,
                                        gint          fd,
                                        GIOCondition  condition);

G_END_DECLS
