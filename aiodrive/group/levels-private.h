/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/group/group-core-private.h"

G_BEGIN_DECLS

#define AIODRIVE_BODY_DEPTH -1

AiodriveLevels      *aiodrive_levels_new         (AiodriveGroupCore   *core);
void                 aiodrive_levels_free        (AiodriveLevels      *self);

AiodriveLevel       *aiodrive_levels_enter       (AiodriveLevels      *self,
                                                  gint                 depth);
AiodriveLevel       *aiodrive_levels_enter_above (AiodriveLevels      *self,
                                                  GCancellable        *cancellable);
void                 aiodrive_levels_arrive      (AiodriveLevels      *self,
                                                  AiodriveLevel       *level);
void                 aiodrive_levels_leave       (AiodriveLevels      *self,
                                                  AiodriveLevel       *level);
void                 aiodrive_levels_advance     (AiodriveLevels      *self);

gint                 aiodrive_level_get_depth    (AiodriveLevel       *self);
AiodriveCancelScope *aiodrive_level_get_scope    (AiodriveLevel       *self);
GQueue              *aiodrive_level_get_outside  (AiodriveLevel       *self);

/* The scope of the one who has opened the pool; he counts as a task until end_body(), which comes from any thread. */
AiodriveCancelScope *aiodrive_levels_get_body    (AiodriveLevels      *self);
void                 aiodrive_levels_begin_body  (AiodriveLevels      *self);
void                 aiodrive_levels_end_body    (AiodriveLevels      *self);

G_END_DECLS
