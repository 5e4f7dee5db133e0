/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-scope.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_SIGNAL_HANDLER:
 *
 * The #GType of #AiodriveSignalHandler.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_SIGNAL_HANDLER (aiodrive_signal_handler_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveSignalHandler, aiodrive_signal_handler, AIODRIVE, SIGNAL_HANDLER, GObject)

AIODRIVE_PUBLIC
AiodriveSignalHandler *aiodrive_handle_signal           (gint                    signum,
                                                         AiodriveCancelScope    *scope,
                                                         GError                **error);
AIODRIVE_PUBLIC
void                   aiodrive_signal_handler_release  (AiodriveSignalHandler  *self);

AIODRIVE_PUBLIC
void                   aiodrive_wait_for_signal_async   (const gint             *signums,
                                                         gsize                   n_signums,
                                                         GCancellable           *cancellable,
                                                         GAsyncReadyCallback     callback,
                                                         gpointer                user_data);
AIODRIVE_PUBLIC
gint                   aiodrive_wait_for_signal_finish  (GAsyncResult           *result,
                                                         GError                **error);

G_END_DECLS
