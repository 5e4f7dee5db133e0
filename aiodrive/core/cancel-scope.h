/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_CANCEL_SCOPE:
 *
 * The #GType of #AiodriveCancelScope.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_CANCEL_SCOPE (aiodrive_cancel_scope_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveCancelScope, aiodrive_cancel_scope, AIODRIVE, CANCEL_SCOPE, GCancellable)

AIODRIVE_PUBLIC
AiodriveCancelScope *aiodrive_cancel_scope_new                    (GCancellable         *parent);
AIODRIVE_PUBLIC
AiodriveCancelScope *aiodrive_cancel_scope_new_with_timeout       (GCancellable         *parent,
                                                                   guint                 timeout_ms);
AIODRIVE_PUBLIC
AiodriveCancelScope *aiodrive_cancel_scope_new_for_object         (GObject              *object,
                                                                   const char           *signal,
                                                                   GCancellable         *parent);
AIODRIVE_PUBLIC
gpointer             aiodrive_cancel_scope_dup_object             (AiodriveCancelScope  *self);

AIODRIVE_PUBLIC
GCancellable        *aiodrive_cancel_scope_get_parent             (AiodriveCancelScope  *self);
AIODRIVE_PUBLIC
GTask               *aiodrive_cancel_scope_ref_task               (AiodriveCancelScope  *self);

AIODRIVE_PUBLIC
void                 aiodrive_cancel_scope_cancel_with_reason     (AiodriveCancelScope  *self,
                                                                   const GError         *reason);
AIODRIVE_PUBLIC
void                 aiodrive_cancel_scope_cancel_with_message    (AiodriveCancelScope  *self,
                                                                   GQuark                domain,
                                                                   gint                  code,
                                                                   const char           *message);
AIODRIVE_PUBLIC
GError              *aiodrive_cancel_scope_dup_reason             (AiodriveCancelScope  *self);

AIODRIVE_PUBLIC
void                 aiodrive_cancel_scope_set_deadline           (AiodriveCancelScope  *self,
                                                                   gint64                deadline);
AIODRIVE_PUBLIC
gint64               aiodrive_cancel_scope_get_deadline           (AiodriveCancelScope  *self);
AIODRIVE_PUBLIC
gint64               aiodrive_cancel_scope_get_effective_deadline (AiodriveCancelScope  *self);

AIODRIVE_PUBLIC
void                 aiodrive_cancel_scope_set_shielded           (AiodriveCancelScope  *self,
                                                                   gboolean              shielded);
AIODRIVE_PUBLIC
gboolean             aiodrive_cancel_scope_get_shielded           (AiodriveCancelScope  *self);
AIODRIVE_PUBLIC
void                 aiodrive_cancel_scope_move_up                (AiodriveCancelScope  *self);

AIODRIVE_PUBLIC
gboolean             aiodrive_cancel_scope_leave                  (AiodriveCancelScope  *self,
                                                                   const GError         *error,
                                                                   GError              **out_error);

G_END_DECLS
