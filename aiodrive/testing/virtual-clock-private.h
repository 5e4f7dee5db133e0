/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/time-source-private.h"
#include "aiodrive/core/wait-private.h"

G_BEGIN_DECLS

/* The time source of a test. */
typedef struct _AiodriveVirtualClock AiodriveVirtualClock;

AiodriveVirtualClock *aiodrive_virtual_clock_begin    (GMainContext         *context);
void                  aiodrive_virtual_clock_end      (AiodriveVirtualClock *self);

gint64                aiodrive_virtual_clock_get_time (AiodriveVirtualClock *self);
void                  aiodrive_virtual_clock_hold     (AiodriveVirtualClock *self);
gboolean              aiodrive_virtual_clock_release  (AiodriveVirtualClock *self);
void                  aiodrive_virtual_clock_wait     (AiodriveVirtualClock *self,
                                                       AiodriveWait         *wait);

G_END_DECLS
