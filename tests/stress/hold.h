/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/stress/stress.h"

G_BEGIN_DECLS

/* What the holder of a guard does with it, and what may not happen meanwhile. */

typedef struct
{
  StressShared shared;
  gint         inside;       /* atomic: the marks of those who are in */
  gpointer     owner;        /* atomic: the thread that shares it, or the family that is nested in it */
  guint        most;         /* of a limiter */
  guint        n_entered;    /* of those who were alone in it; guarded by the very lock */
  gint         n_counted;    /* atomic: the same */
} SharedLock;

typedef enum
{
  HOLD_SHARED,          /* each a bit field of `inside` */
  HOLD_THREAD_SHARED,
  HOLD_EXCLUSIVE,
  HOLD_NESTED,
  HOLD_LIMITED,
} HoldManner;

/* A family of tasks, of which several may be in a nestable lock. */
typedef struct
{
  gint ref_count;   /* atomic, as is the next */
  gint n_guards;
} Root;

typedef struct
{
  AiodriveLockGuard *guard;   /* owned */
  SharedLock        *lock;    /* owned */
  HoldManner         manner;
  Root              *root;    /* owned, nullable */
} Hold;

Root *root_new      (void);
Root *root_ref      (Root              *self);
void  root_unref    (Root              *self);

Hold *hold_new      (AiodriveLockGuard *guard,
                     StressShared      *lock,
                     HoldManner         manner,
                     Root              *root);
void  hold_enter    (Hold              *self);
void  hold_leave    (Hold              *self);
void  hold_end      (Hold              *self,
                     guint              how);
void  hold_keep     (Hold              *self,
                     GRand             *rand);
void  hold_end_all  (void);

/* For the kinds of locks. */
void  hold_kick_lock   (StressShared   *lock);
void  hold_finish_lock (StressShared   *lock);

G_END_DECLS
