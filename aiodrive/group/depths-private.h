/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/group/group-core-private.h"

G_BEGIN_DECLS

#define AIODRIVE_BODY_DEPTH -1

AiodriveDepths      *aiodrive_depths_new         (AiodriveGroupCore   *core);
void                 aiodrive_depths_free        (AiodriveDepths      *self);

AiodriveDepth       *aiodrive_depths_enter       (AiodriveDepths      *self,
                                                  gint                 number);
AiodriveDepth       *aiodrive_depths_enter_above (AiodriveDepths      *self,
                                                  GCancellable        *cancellable);
void                 aiodrive_depths_arrive      (AiodriveDepths      *self,
                                                  AiodriveDepth       *depth);
void                 aiodrive_depths_leave       (AiodriveDepths      *self,
                                                  AiodriveDepth       *depth);
void                 aiodrive_depths_advance     (AiodriveDepths      *self);

gint                 aiodrive_depth_get_number   (AiodriveDepth       *self);
AiodriveCancelScope *aiodrive_depth_get_scope    (AiodriveDepth       *self);
GQueue              *aiodrive_depth_get_outside  (AiodriveDepth       *self);

/* The scope of the pool's opener, the body, which counts as a task until end_body(); any thread may call that. */
AiodriveCancelScope *aiodrive_depths_get_body    (AiodriveDepths      *self);
void                 aiodrive_depths_begin_body  (AiodriveDepths      *self);
void                 aiodrive_depths_end_body    (AiodriveDepths      *self);
void                 aiodrive_depths_pass_over   (AiodriveDepths      *self);

G_END_DECLS
