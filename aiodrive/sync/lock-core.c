/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/lock-core-private.h"

#include "aiodrive/core/cancel-scope-private.h"

/* No barging. A request is granted at once only if no waiter precedes it. A released guard hands the lock to the
 * waiters directly, in the critical section of the release. No lost wakeups. Every departure, of a waiter from the
 * queue or of a holder from the lock, admits all requests that can be granted then.
 * (/aiodrive/sync/smart-lock/no-barging, .../cancelled-writer) */

static AiodriveWaiter *
find_next (AiodriveLockCore *self)
{
  AiodriveWaiter *first;

  if (self->klass->find_next != NULL)
    return self->klass->find_next (self);

  first = aiodrive_wait_queue_get_first (&self->waiters);
  return first != NULL && self->klass->can_enter (self, first->granted, FALSE) ? first : NULL;
}

static void
enter (AiodriveLockCore  *self,
       AiodriveLockGuard *guard)
{
  g_atomic_int_set (&guard->held, TRUE);
  self->klass->enter (self, guard);
}

static void
waited (AiodriveLockCore  *self,
        AiodriveLockGuard *guard)
{
  if (self->klass->waited != NULL)
    self->klass->waited (self, guard);
}

/* Admits all requests that can be granted now; called with the monitor locked. */
void
aiodrive_lock_core_admit (AiodriveLockCore *self)
{
  AiodriveWaiter *waiter;

  while ((waiter = find_next (self)) != NULL)
    {
      waited (self, waiter->granted);
      enter (self, waiter->granted);
      aiodrive_wait_queue_wake (&self->waiters, waiter, &self->monitor);
    }
}

static void
on_added (AiodriveWaitQueue *queue,
          AiodriveWaiter    *waiter)
{
  AiodriveLockCore *self = AIODRIVE_CONTAINER_OF (queue, AiodriveLockCore, waiters);

  if (self->klass->waits != NULL)
    self->klass->waits (self, waiter);
}

static void
on_cancelled (AiodriveWaitQueue *queue,
              gpointer           request)
{
  AiodriveLockCore *self = AIODRIVE_CONTAINER_OF (queue, AiodriveLockCore, waiters);

  waited (self, request);
  aiodrive_lock_core_admit (self);
}

void
aiodrive_lock_core_init (AiodriveLockCore            *self,
                         const AiodriveLockCoreClass *klass,
                         gpointer                     lock)
{
  self->klass = klass;
  self->lock = lock;
  self->waiters.on_added = on_added;
  self->waiters.on_cancelled = on_cancelled;
  aiodrive_monitor_init (&self->monitor);
}

void
aiodrive_lock_core_clear (AiodriveLockCore *self)
{
  aiodrive_monitor_clear (&self->monitor);
}

gpointer
aiodrive_lock_core_request (AiodriveLockCore *self,
                            GCancellable     *cancellable)
{
  AiodriveLockGuard *guard = g_malloc0 (self->klass->guard_size);

  guard->ref_count = 1;
  guard->core = self;
  guard->lock = g_object_ref (self->lock);
  guard->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  g_mutex_init (&guard->mutex);

  return guard;
}

/* Grants @guard if it can be granted now; called with the monitor locked. */
static gboolean
try_enter (AiodriveLockCore  *self,
           AiodriveLockGuard *guard)
{
  AiodriveWaiter *first = aiodrive_wait_queue_get_first (&self->waiters);
  gboolean behind = first != NULL &&
                    (self->waiters.compare == NULL || self->waiters.compare (first->granted, guard) <= 0);

  if (!self->klass->can_enter (self, guard, behind))
    return FALSE;

  enter (self, guard);
  return TRUE;
}

static void
return_guard (AiodriveWait *wait,
              gpointer      guard)
{
  aiodrive_wait_return_pointer (wait, guard, (GDestroyNotify) aiodrive_lock_guard_unref);
}

static void
acquire_async (AiodriveLockCore    *self,
               AiodriveLockGuard   *guard,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data,
               gpointer             source_tag)
{
  AiodriveWait *wait = aiodrive_wait_new (self->lock, cancellable, callback, user_data, source_tag, return_guard);

  if (wait == NULL)
    {
      aiodrive_lock_guard_unref (guard);
      return;
    }

  aiodrive_wait_set_request (wait, guard, (GDestroyNotify) aiodrive_lock_guard_unref);
  aiodrive_monitor_lock (&self->monitor);
  if (try_enter (self, guard))
    aiodrive_wait_grant (wait, guard, &self->monitor);
  else
    aiodrive_wait_park (wait, &self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

void
aiodrive_lock_core_acquire_async (AiodriveLockCore    *self,
                                  gpointer             request,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data,
                                  gpointer             source_tag)
{
  AiodriveLockGuard *guard = request;

  acquire_async (self, guard, guard->cancellable, callback, user_data, source_tag);
}

AiodriveLockGuard *
aiodrive_lock_core_acquire_finish (AiodriveLockCore  *self,
                                   GAsyncResult      *result,
                                   gpointer           source_tag,
                                   GError           **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, self->lock, source_tag), NULL);

  return aiodrive_wait_propagate_pointer (result, error);
}

AiodriveLockGuard *
aiodrive_lock_core_acquire (AiodriveLockCore  *self,
                            gpointer           request,
                            GError           **error)
{
  g_autoptr(AiodriveLockGuard) guard = request;

  if (!aiodrive_checkpoint (guard->cancellable, error))
    return NULL;

  aiodrive_monitor_lock (&self->monitor);
  if (try_enter (self, guard))
    {
      aiodrive_monitor_unlock (&self->monitor);
      return g_steal_pointer (&guard);
    }

  if (!aiodrive_wait_queue_wait_blocking (&self->waiters, &self->monitor, guard->cancellable, guard, NULL, error))
    return NULL;
  return g_steal_pointer (&guard);
}

AiodriveLockGuard *
aiodrive_lock_core_try_acquire (AiodriveLockCore *self,
                                gpointer          request)
{
  g_autoptr(AiodriveLockGuard) guard = request;
  gboolean entered;

  aiodrive_monitor_lock (&self->monitor);
  entered = try_enter (self, guard);
  aiodrive_monitor_unlock (&self->monitor);

  return entered ? g_steal_pointer (&guard) : NULL;
}

void
aiodrive_lock_guard_reacquire (AiodriveLockGuard   *self,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  acquire_async (self->core, aiodrive_lock_guard_ref (self), NULL, callback, user_data, aiodrive_lock_guard_reacquire);
}
