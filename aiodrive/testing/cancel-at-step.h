/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/testing/test-context.h"
#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
gboolean aiodrive_test_context_cancel_at_step (AiodriveTestContext  *self,
                                               guint                 step,
                                               AiodriveJobFunc       func,
                                               gpointer              user_data,
                                               GDestroyNotify        user_data_destroy,
                                               GError              **error);

G_END_DECLS
