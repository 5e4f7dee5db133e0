/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/lock-guard.h"

#include "aiodrive/core/error.h"
#include "aiodrive/sync/lock-core-private.h"

/**
 * AiodriveLockGuard:
 *
 * The hold on a lock: acquiring an #AiodriveSmartLock, an #AiodriveNestableLock or an #AiodriveLimiter returns a guard.
 *
 * Releasing the guard, or dropping its last reference, releases the lock, in any thread; so
 * `g_autoptr(AiodriveLockGuard)` holds the lock until the end of a block. A guard keeps its lock alive. A later
 * cancellation of the acquiring call does not release it.
 *
 * |[<!-- language="C" -->
 * static void
 * on_wanted (GCancellable *scope, gpointer user_data)
 * {
 *   g_print ("somebody else wants it\n");
 * }
 *
 * g_autoptr(AiodriveLockGuard) guard = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE,
 *                                                                   G_PRIORITY_DEFAULT, NULL, NULL);
 * AiodriveCancelScope *scope = aiodrive_lock_guard_get_scope (guard);   // for all that is done under the lock
 *
 * g_signal_connect (scope, "cancelled", G_CALLBACK (on_wanted), NULL);
 *
 * aiodrive_lock_guard_release (guard);   // else the lock opens with the last reference
 * ]|
 *
 * Since: 1.0
 */

G_DEFINE_BOXED_TYPE (AiodriveLockGuard, aiodrive_lock_guard, aiodrive_lock_guard_ref, aiodrive_lock_guard_unref)

/**
 * aiodrive_lock_guard_ref:
 * @self: a guard
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_lock_guard_ref (AiodriveLockGuard *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * aiodrive_lock_guard_unref:
 * @self: (transfer full): a guard
 *
 * Drops a reference. Dropping the last one releases the lock, unless it has already been released.
 *
 * Since: 1.0
 */
void
aiodrive_lock_guard_unref (AiodriveLockGuard *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  aiodrive_lock_guard_release (self);
  if (self->core->klass->clear != NULL)
    self->core->klass->clear (self);
  g_clear_object (&self->scope);
  g_clear_object (&self->cancellable);
  g_object_unref (self->lock);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/**
 * aiodrive_lock_guard_release:
 * @self: a guard
 *
 * Releases the lock, and hands it to the next waiter. A second release has no effect.
 *
 * Since: 1.0
 */
void
aiodrive_lock_guard_release (AiodriveLockGuard *self)
{
  g_return_if_fail (self != NULL);

  if (aiodrive_lock_guard_begin_release (self))
    aiodrive_lock_guard_end_release (self);
}

/* Returns whether the guard was held: then the caller, and no other thread, must release the lock. */
gboolean
aiodrive_lock_guard_begin_release (AiodriveLockGuard *self)
{
  return g_atomic_int_compare_and_exchange (&self->held, TRUE, FALSE);
}

void
aiodrive_lock_guard_end_release (AiodriveLockGuard *self)
{
  AiodriveLockCore *core = self->core;

  aiodrive_monitor_lock (&core->monitor);
  core->klass->leave (core, self);
  aiodrive_lock_core_admit (core);
  aiodrive_monitor_unlock (&core->monitor);
}

static void
cancel_preempted (AiodriveCancelScope *scope)
{
  g_autoptr(GError) reason = g_error_new_literal (AIODRIVE_ERROR, AIODRIVE_ERROR_PREEMPTED,
                                                  "Somebody else asked for the lock");

  aiodrive_cancel_scope_cancel_with_reason (scope, reason);
}

/**
 * aiodrive_lock_guard_get_scope:
 * @self: a guard
 *
 * Gets a scope for the work in the critical section, below the cancellable of the call that acquired the lock. If the
 * lock is held weakly (%AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE), another caller that asks for it preempts the holder: its
 * call cancels this scope, in its own thread, with the reason %AIODRIVE_ERROR_PREEMPTED.
 *
 * Returns: (transfer none): the scope
 *
 * Since: 1.0
 */
AiodriveCancelScope *
aiodrive_lock_guard_get_scope (AiodriveLockGuard *self)
{
  gboolean is_late;

  g_return_val_if_fail (self != NULL, NULL);

  g_mutex_lock (&self->mutex);
  is_late = self->scope == NULL && self->preempted;
  if (self->scope == NULL)
    self->scope = aiodrive_cancel_scope_new (self->cancellable);
  g_mutex_unlock (&self->mutex);

  if (is_late)
    cancel_preempted (self->scope);
  return self->scope;
}

/* Takes a reference and drops it. */
static void
preempt (gpointer data)
{
  g_autoptr(AiodriveLockGuard) self = data;
  g_autoptr(AiodriveCancelScope) scope = NULL;

  g_mutex_lock (&self->mutex);
  self->preempted = TRUE;
  g_set_object (&scope, self->scope);
  g_mutex_unlock (&self->mutex);

  if (scope != NULL)
    cancel_preempted (scope);
}

void
aiodrive_lock_guard_preempt (AiodriveLockGuard *self)
{
  gint count = g_atomic_int_get (&self->ref_count);

  /* A guard without references is about to be released, and waits for the monitor. */
  while (count > 0 && !g_atomic_int_compare_and_exchange (&self->ref_count, count, count + 1))
    count = g_atomic_int_get (&self->ref_count);

  if (count > 0)
    aiodrive_monitor_defer (&self->core->monitor, preempt, self);
}
