/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/stream/channel.h"
#include "aiodrive/stream/queue-core-private.h"

G_BEGIN_DECLS

struct _AiodriveChannel
{
  AiodriveQueueCore core;

  guint             capacity;   /* set once */
  AiodriveWaitQueue senders;    /* each with its AiodriveItem; empty while there is room; guarded as core is */
};

G_END_DECLS
