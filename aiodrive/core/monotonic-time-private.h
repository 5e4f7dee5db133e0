/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/monotonic-time.h"
#include "aiodrive/core/time-source-private.h"

G_BEGIN_DECLS

AiodriveTimeSource *aiodrive_time_source_ref_thread_default (void);
AiodriveTimeSource *aiodrive_time_source_share              (GMainContext *context);

G_END_DECLS
