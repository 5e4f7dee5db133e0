/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/wait-private.h"
#include "aiodrive/sync/lock-guard.h"

G_BEGIN_DECLS

typedef struct _AiodriveLockCore AiodriveLockCore;
typedef struct _AiodriveLockCoreClass AiodriveLockCoreClass;

/* The common part of all locks: acquire, wait, release. The lock itself only decides which request to grant. The core
 * is embedded in the object of the lock. A request is the guard that will be granted. */
struct _AiodriveLockCore
{
  const AiodriveLockCoreClass *klass;
  GObject                     *lock;      /* the object around it */
  AiodriveMonitor              monitor;
  AiodriveWaitQueue            waiters;   /* guarded by monitor */
};

/* All of these are called with the monitor locked. */
struct _AiodriveLockCoreClass
{
  gsize            guard_size;                            /* of the structure that starts with AiodriveLockGuard */
  gboolean       (*can_enter) (AiodriveLockCore  *core,   /* whether @guard can be granted now */
                               AiodriveLockGuard *guard,
                               gboolean           behind);   /* a waiter precedes it */
  void           (*enter)     (AiodriveLockCore  *core,
                               AiodriveLockGuard *guard);
  void           (*leave)     (AiodriveLockCore  *core,
                               AiodriveLockGuard *guard);
  void           (*waits)     (AiodriveLockCore  *core,   /* nullable: it has started to wait ... */
                               AiodriveWaiter    *waiter);
  void           (*waited)    (AiodriveLockCore  *core,   /* nullable: ... and is going to enter, or was
                                                             cancelled, maybe before it has begun */
                               AiodriveLockGuard *guard);
  void           (*clear)     (AiodriveLockGuard *guard);  /* nullable: before it is freed; called with no lock held */
  AiodriveWaiter *(*find_next) (AiodriveLockCore *core);  /* nullable: the next request; by default the first */
};

struct _AiodriveLockGuard
{
  gint                 ref_count;     /* atomic */
  gint                 held;          /* atomic: the lock is held */
  AiodriveLockCore    *core;          /* set once, as are the next two */
  GObject             *lock;          /* owned */
  GCancellable        *cancellable;   /* owned, nullable: of the call that acquired it */

  GMutex               mutex;
  AiodriveCancelScope *scope;         /* owned, created on first use; guarded by mutex */
  gboolean             preempted;     /* guarded by mutex */
};

void               aiodrive_lock_core_init           (AiodriveLockCore             *self,
                                                      const AiodriveLockCoreClass  *klass,
                                                      gpointer                      lock);
void               aiodrive_lock_core_clear          (AiodriveLockCore             *self);
void               aiodrive_lock_core_admit          (AiodriveLockCore             *self);

/* A request, and the functions that make it. Each of them takes it. */
gpointer           aiodrive_lock_core_request        (AiodriveLockCore             *self,
                                                      GCancellable                 *cancellable);
void               aiodrive_lock_core_acquire_async  (AiodriveLockCore             *self,
                                                      gpointer                      request,
                                                      GAsyncReadyCallback           callback,
                                                      gpointer                      user_data,
                                                      gpointer                      source_tag);
AiodriveLockGuard *aiodrive_lock_core_acquire_finish (AiodriveLockCore             *self,
                                                      GAsyncResult                 *result,
                                                      gpointer                      source_tag,
                                                      GError                      **error);
AiodriveLockGuard *aiodrive_lock_core_acquire        (AiodriveLockCore             *self,
                                                      gpointer                      request,
                                                      GError                      **error);
AiodriveLockGuard *aiodrive_lock_core_try_acquire    (AiodriveLockCore             *self,
                                                      gpointer                      request);

/* For AiodriveCondition: a release in two steps, and an acquisition that no cancellation stops. */
gboolean           aiodrive_lock_guard_begin_release (AiodriveLockGuard            *self);
void               aiodrive_lock_guard_end_release   (AiodriveLockGuard            *self);
void               aiodrive_lock_guard_reacquire     (AiodriveLockGuard            *self,
                                                      GAsyncReadyCallback           callback,
                                                      gpointer                      user_data);

/* Preempts the holder, once the monitor is unlocked. */
void               aiodrive_lock_guard_preempt       (AiodriveLockGuard            *self);

G_END_DECLS
