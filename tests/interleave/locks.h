/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/interleave/scenarios.h"

/* What the scenarios with locks share. */

typedef struct
{
  gpointer           (*make)    (void);
  void               (*acquire) (gpointer            lock,
                                 GCancellable       *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer            data);
  AiodriveLockGuard *(*finish)  (gpointer       lock,
                                 GAsyncResult  *result,
                                 GError       **error);
} Kind;

typedef struct
{
  Outcome            outcome;
  AiodriveLockGuard *guard;     /* owned */
} Acquired;

extern gpointer                 lock;
extern GCancellable            *cancellable;
extern AiodriveThreadSafeEvent *handed;      /* there is a guard for another thread */
extern AiodriveLockGuard       *guard;       /* owned: that one */
extern gint                     n_inside;
extern gint                     n_may;       /* be inside */
extern Acquired                 first;
extern Acquired                 second;
extern const Kind               nestable;

void set_up            (const Kind        *new_kind);
void check             (void);

/* Between the two it is inside. */
void enter             (void);
void leave             (AiodriveLockGuard *entered);   /* takes it */

/* As a body does: until there is an outcome. */
void acquire           (Acquired          *self,
                        GCancellable      *its_cancellable);
void acquire_and_leave (Acquired          *self,
                        GCancellable      *its_cancellable);
