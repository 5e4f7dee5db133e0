/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/stream/async-iterator.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
AiodriveAsyncIterator *aiodrive_as_completed (GTask        **tasks,
                                              gsize          n_tasks,
                                              GCancellable  *parent);
AIODRIVE_PUBLIC
gboolean               aiodrive_as_completed_add (AiodriveAsyncIterator  *iterator,
                                                  GTask                  *task,
                                                  GError                **error);

G_END_DECLS
