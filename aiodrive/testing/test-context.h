/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_TEST_CONTEXT:
 *
 * The #GType of #AiodriveTestContext.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_TEST_CONTEXT (aiodrive_test_context_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveTestContext, aiodrive_test_context, AIODRIVE, TEST_CONTEXT, GObject)

AIODRIVE_PUBLIC
AiodriveTestContext *aiodrive_test_context_new                     (GMainContext         *context);
AIODRIVE_PUBLIC
GMainContext        *aiodrive_test_context_get_context             (AiodriveTestContext  *self);
AIODRIVE_PUBLIC
gint64               aiodrive_test_context_get_elapsed             (AiodriveTestContext  *self);
AIODRIVE_PUBLIC
void                 aiodrive_test_context_hold                    (AiodriveTestContext  *self);
AIODRIVE_PUBLIC
void                 aiodrive_test_context_release                 (AiodriveTestContext  *self);
AIODRIVE_PUBLIC
void                 aiodrive_test_context_wait_all_blocked        (AiodriveTestContext  *self);
AIODRIVE_PUBLIC
void                 aiodrive_test_context_wait_all_blocked_async  (AiodriveTestContext  *self,
                                                                    GCancellable         *cancellable,
                                                                    GAsyncReadyCallback   callback,
                                                                    gpointer              user_data);
AIODRIVE_PUBLIC
gboolean             aiodrive_test_context_wait_all_blocked_finish (AiodriveTestContext  *self,
                                                                    GAsyncResult         *result,
                                                                    GError              **error);
AIODRIVE_PUBLIC
void                 aiodrive_test_context_close                   (AiodriveTestContext  *self);

G_END_DECLS
