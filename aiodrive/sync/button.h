/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_BUTTON:
 *
 * The #GType of #AiodriveButton.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_BUTTON (aiodrive_button_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveButton, aiodrive_button, AIODRIVE, BUTTON, GObject)

AIODRIVE_PUBLIC
AiodriveButton *aiodrive_button_new         (void);
AIODRIVE_PUBLIC
void            aiodrive_button_press       (AiodriveButton       *self);
AIODRIVE_PUBLIC
void            aiodrive_button_wait_async  (AiodriveButton       *self,
                                             GCancellable         *cancellable,
                                             GAsyncReadyCallback   callback,
                                             gpointer              user_data);
AIODRIVE_PUBLIC
gboolean        aiodrive_button_wait_finish (AiodriveButton       *self,
                                             GAsyncResult         *result,
                                             GError              **error);

G_END_DECLS
