/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/wait-private.h"
#include "aiodrive/sync/latch.h"

G_BEGIN_DECLS

struct _AiodriveLatch
{
  GObject           parent_instance;

  AiodriveMonitor   monitor;
  gboolean          state;      /* guarded by monitor, as are the next two */
  AiodriveWaitQueue for_set;    /* empty while it is set */
  AiodriveWaitQueue for_unset;  /* empty while it is not */
};

G_END_DECLS
