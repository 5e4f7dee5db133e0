/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/stream/async-iterator.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
AiodriveAsyncIterator *aiodrive_as_completed (GTask        **tasks,
                                              gsize          n_tasks,
                                              GCancellable  *parent);

G_END_DECLS
