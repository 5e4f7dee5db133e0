/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/stack-switch-private.h"
#include "aiodrive/core/wait-private.h"

G_BEGIN_DECLS

/* A call that suspends the current fiber while it waits. As aiodrive_wait_queue_wait_blocking(), for a caller for whom
 * aiodrive_stack_can_suspend() holds. */
gboolean aiodrive_wait_queue_suspend (AiodriveWaitQueue   *self,
                                      AiodriveMonitor     *monitor,
                                      GCancellable        *cancellable,
                                      gpointer             request,
                                      gpointer            *granted,
                                      GError             **error);

G_END_DECLS
