/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_CHANNEL:
 *
 * The #GType of #AiodriveChannel.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_CHANNEL (aiodrive_channel_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveChannel, aiodrive_channel, AIODRIVE, CHANNEL, GObject)

AIODRIVE_PUBLIC
AiodriveChannel *aiodrive_channel_new              (guint                 capacity);

AIODRIVE_PUBLIC
gboolean         aiodrive_channel_try_send         (AiodriveChannel      *self,
                                                    const GValue         *value,
                                                    GError              **error);
AIODRIVE_PUBLIC
gboolean         aiodrive_channel_send             (AiodriveChannel      *self,
                                                    const GValue         *value,
                                                    GCancellable         *cancellable,
                                                    GError              **error);
AIODRIVE_PUBLIC
void             aiodrive_channel_send_async       (AiodriveChannel      *self,
                                                    const GValue         *value,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
AIODRIVE_PUBLIC
gboolean         aiodrive_channel_send_finish      (AiodriveChannel      *self,
                                                    GAsyncResult         *result,
                                                    GError              **error);

AIODRIVE_PUBLIC
gboolean         aiodrive_channel_try_receive      (AiodriveChannel      *self,
                                                    GValue               *value,
                                                    GError              **error);
AIODRIVE_PUBLIC
void             aiodrive_channel_receive          (AiodriveChannel      *self,
                                                    GCancellable         *cancellable,
                                                    GValue               *value,
                                                    GError              **error);
AIODRIVE_PUBLIC
void             aiodrive_channel_receive_async    (AiodriveChannel      *self,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
AIODRIVE_PUBLIC
void             aiodrive_channel_receive_finish   (AiodriveChannel      *self,
                                                    GAsyncResult         *result,
                                                    GValue               *value,
                                                    GError              **error);

AIODRIVE_PUBLIC
void             aiodrive_channel_close_send       (AiodriveChannel      *self);
AIODRIVE_PUBLIC
void             aiodrive_channel_close_receive    (AiodriveChannel      *self);
AIODRIVE_PUBLIC
void             aiodrive_channel_close_with_error (AiodriveChannel      *self,
                                                    const GError         *error);

G_END_DECLS
