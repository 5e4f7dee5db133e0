/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_CARGO:
 *
 * The #GType of #AiodriveCargo.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_CARGO (aiodrive_cargo_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveCargo, aiodrive_cargo, AIODRIVE, CARGO, GObject)

AIODRIVE_PUBLIC
AiodriveCargo *aiodrive_cargo_new         (void);
AIODRIVE_PUBLIC
gboolean       aiodrive_cargo_send        (AiodriveCargo        *self,
                                           const GValue         *value,
                                           GError              **error);
AIODRIVE_PUBLIC
void           aiodrive_cargo_wait_async  (AiodriveCargo        *self,
                                           GCancellable         *cancellable,
                                           GAsyncReadyCallback   callback,
                                           gpointer              user_data);
AIODRIVE_PUBLIC
void           aiodrive_cargo_wait_finish (AiodriveCargo        *self,
                                           GAsyncResult         *result,
                                           GValue               *value,
                                           GError              **error);

G_END_DECLS
