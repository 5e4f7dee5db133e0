/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/stack-private.h"

G_BEGIN_DECLS

AiodriveStack *aiodrive_stack_get_current    (void);
void           aiodrive_stack_set_current    (AiodriveStack *self);

void           aiodrive_stack_watch_overflow (void);

G_END_DECLS
