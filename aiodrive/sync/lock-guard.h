/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-scope.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_LOCK_GUARD:
 *
 * The #GType of #AiodriveLockGuard.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_LOCK_GUARD (aiodrive_lock_guard_get_type ())

typedef struct _AiodriveLockGuard AiodriveLockGuard;

AIODRIVE_PUBLIC
GType                aiodrive_lock_guard_get_type  (void);

AIODRIVE_PUBLIC
AiodriveLockGuard   *aiodrive_lock_guard_ref       (AiodriveLockGuard *self);
AIODRIVE_PUBLIC
void                 aiodrive_lock_guard_unref     (AiodriveLockGuard *self);
AIODRIVE_PUBLIC
void                 aiodrive_lock_guard_release   (AiodriveLockGuard *self);
AIODRIVE_PUBLIC
AiodriveCancelScope *aiodrive_lock_guard_get_scope (AiodriveLockGuard *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AiodriveLockGuard, aiodrive_lock_guard_unref)

G_END_DECLS
