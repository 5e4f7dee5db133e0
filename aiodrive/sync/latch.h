/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_LATCH:
 *
 * The #GType of #AiodriveLatch.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_LATCH (aiodrive_latch_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveLatch, aiodrive_latch, AIODRIVE, LATCH, GObject)

AIODRIVE_PUBLIC
AiodriveLatch *aiodrive_latch_new               (void);
AIODRIVE_PUBLIC
void           aiodrive_latch_set               (AiodriveLatch        *self);
AIODRIVE_PUBLIC
void           aiodrive_latch_unset             (AiodriveLatch        *self);
AIODRIVE_PUBLIC
void           aiodrive_latch_set_state         (AiodriveLatch        *self,
                                                 gboolean              state);
AIODRIVE_PUBLIC
gboolean       aiodrive_latch_get_state         (AiodriveLatch        *self);

AIODRIVE_PUBLIC
void           aiodrive_latch_wait_async        (AiodriveLatch        *self,
                                                 GCancellable         *cancellable,
                                                 GAsyncReadyCallback   callback,
                                                 gpointer              user_data);
AIODRIVE_PUBLIC
gboolean       aiodrive_latch_wait_finish       (AiodriveLatch        *self,
                                                 GAsyncResult         *result,
                                                 gboolean             *state,
                                                 GError              **error);
AIODRIVE_PUBLIC
void           aiodrive_latch_wait_set_async    (AiodriveLatch        *self,
                                                 GCancellable         *cancellable,
                                                 GAsyncReadyCallback   callback,
                                                 gpointer              user_data);
AIODRIVE_PUBLIC
gboolean       aiodrive_latch_wait_set_finish   (AiodriveLatch        *self,
                                                 GAsyncResult         *result,
                                                 GError              **error);
AIODRIVE_PUBLIC
void           aiodrive_latch_wait_unset_async  (AiodriveLatch        *self,
                                                 GCancellable         *cancellable,
                                                 GAsyncReadyCallback   callback,
                                                 gpointer              user_data);
AIODRIVE_PUBLIC
gboolean       aiodrive_latch_wait_unset_finish (AiodriveLatch        *self,
                                                 GAsyncResult         *result,
                                                 GError              **error);

G_END_DECLS
