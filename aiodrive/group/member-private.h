/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/monotonic-time.h"
#include "aiodrive/group/group-core-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveMember AiodriveMember;
typedef struct _AiodrivePlan AiodrivePlan;

/* A task of a group that has not completed, or whose completion the group has not seen. It belongs to the context of
 * the group. */
struct _AiodriveMember
{
  AiodriveWaiter     waiter;    /* first */
  AiodriveGroupCore *core;      /* owned */
  GTask             *task;      /* unowned until it has completed: a task that its job drops fails */
  AiodriveDepth     *depth;     /* unowned, nullable: in which it counts */
  AiodrivePlan      *plan;      /* owned; NULL: it has been started */
  gint64             since;     /* monotonic, in microseconds: when it started */
  GQueue            *outside;   /* its cancellable is not below the scope of the group, or of its depth: then this
                                   is the list that has outside_node; unowned, nullable */
  GList              outside_node;
  gboolean           noted;     /* its cancellable is among those of the group */
  gboolean           helps;     /* it is cancelled when nothing but helpers is left */
  gboolean           dismissed; /* that has happened */
  GList              node;

  AiodriveTaskInfo  *info;      /* owned; NULL until it is shown, as are the next */
  GSequenceIter     *place;     /* in the list */
  AiodriveWaiter     progress;
};

/* Plans a task of this library before it is started. If the task is cancelled first it completes as cancelled. */
void         aiodrive_member_plan       (AiodriveMember    *self);
void         aiodrive_group_core_begin  (AiodriveGroupCore *core);

void         aiodrive_member_show       (AiodriveMember    *self);
/* Frees it. */
void         aiodrive_member_hide       (AiodriveMember    *self);

G_END_DECLS
