/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/condition.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/sync/lock-core-private.h"

/**
 * AiodriveCondition:
 *
 * A condition variable, as #GCond is for threads: a wait for a state that a lock protects. It releases the lock while
 * it waits, and acquires it again before it completes. Check the state after every wait, and wait again if it does not
 * hold.
 *
 * Use an #AiodriveLatch for a state that needs no lock, and an #AiodriveButton for a stateless event.
 *
 * Any thread may use it; the callback of a waiter runs in the waiter's thread-default main context. A cancelled wait
 * fails with %G_IO_ERROR_CANCELLED, unless it had already been signalled; either way it completes with the lock held.
 * If a signalled caller drops its result without aiodrive_condition_wait_finish(), the signal goes to the next waiter.
 *
 * |[<!-- language="C" -->
 * static void
 * on_not_empty (GObject *source, GAsyncResult *result, gpointer user_data)
 * {
 *   Basket *self = user_data;
 *   g_autoptr(GError) error = NULL;
 *
 *   if (aiodrive_condition_wait_finish (AIODRIVE_CONDITION (source), result, &error))
 *     {
 *       if (self->n_items == 0)
 *         return aiodrive_condition_wait_async (self->not_empty, self->guard, NULL, on_not_empty, self);
 *       g_print ("got %u item\n", self->n_items);
 *     }
 *   g_clear_pointer (&self->guard, aiodrive_lock_guard_unref);   // it is held in any case
 * }
 *
 * aiodrive_condition_wait_async (self->not_empty, self->guard, NULL, on_not_empty, self);   // the lock is open now
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveCondition
{
  GObject           parent_instance;

  AiodriveMonitor   monitor;
  AiodriveWaitQueue waiters;   /* guarded by monitor */
};

G_DEFINE_FINAL_TYPE (AiodriveCondition, aiodrive_condition, G_TYPE_OBJECT)

static void
aiodrive_condition_finalize (GObject *object)
{
  AiodriveCondition *self = AIODRIVE_CONDITION (object);

  aiodrive_monitor_clear (&self->monitor);

  G_OBJECT_CLASS (aiodrive_condition_parent_class)->finalize (object);
}

static void
aiodrive_condition_class_init (AiodriveConditionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_condition_finalize;
}

static void
aiodrive_condition_init (AiodriveCondition *self)
{
  aiodrive_monitor_init (&self->monitor);
}

/**
 * aiodrive_condition_new:
 *
 * Creates a condition. It is not bound to a lock, but concurrent waiters should hold guards of the same lock.
 *
 * Returns: (transfer full): a new condition
 *
 * Since: 1.0
 */
AiodriveCondition *
aiodrive_condition_new (void)
{
  return g_object_new (AIODRIVE_TYPE_CONDITION, NULL);
}

/**
 * aiodrive_condition_signal:
 * @self: a condition
 *
 * Wakes the waiter that has waited longest, if there is one.
 *
 * Since: 1.0
 */
void
aiodrive_condition_signal (AiodriveCondition *self)
{
  g_return_if_fail (AIODRIVE_IS_CONDITION (self));

  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_queue_wake_one (&self->waiters, self, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/**
 * aiodrive_condition_broadcast:
 * @self: a condition
 *
 * Wakes all current waiters.
 *
 * Since: 1.0
 */
void
aiodrive_condition_broadcast (AiodriveCondition *self)
{
  g_return_if_fail (AIODRIVE_IS_CONDITION (self));

  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_queue_wake_all (&self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

typedef struct
{
  AiodriveWait      *wait;        /* the call; completes when the lock is held again */
  AiodriveLockGuard *guard;       /* owned */
  GError            *error;       /* owned; the result of the wait for the signal */
  gboolean           has_turn;    /* woken by a signal, not by a broadcast */
  gint               n_to_come;   /* atomic: how many of the two events before acquiring the lock again are pending */
} Waiting;

/* Frees a signalled result that no caller unwrapped: a binding drops it when its caller was cancelled. */
static void
pass_on (gpointer data)
{
  g_autoptr(AiodriveCondition) self = data;

  aiodrive_condition_signal (self);
}

static void
on_reacquired (GObject      *lock,
               GAsyncResult *result,
               gpointer      user_data)
{
  Waiting *self = user_data;
  AiodriveWait *wait = self->wait;
  GError *error = self->error;
  gboolean has_turn = self->has_turn;

  /* from here on only the caller's references hold the lock */
  aiodrive_lock_guard_unref (aiodrive_wait_propagate_pointer (result, NULL));
  aiodrive_lock_guard_unref (self->guard);
  g_free (self);

  if (error != NULL)
    aiodrive_wait_return_error (wait, error);
  else
    aiodrive_wait_return_pointer (wait, g_object_ref (aiodrive_wait_get_source_object (wait)),
                                  has_turn ? pass_on : g_object_unref);
}

/* Called when the lock has been released, and when the wait for the signal has completed. If these callbacks run in
 * another thread than the waiter's, as they do for a thread without a context, either may come first. */
static void
go_on (Waiting *self)
{
  if (g_atomic_int_dec_and_test (&self->n_to_come))
    aiodrive_lock_guard_reacquire (self->guard, on_reacquired, self);
}

static void
return_turn (AiodriveWait *wait,
             gpointer      granted)
{
  aiodrive_wait_return_boolean (wait, granted != NULL);
}

static void
on_woken (GObject      *condition,
          GAsyncResult *result,
          gpointer      user_data)
{
  Waiting *self = user_data;

  self->has_turn = aiodrive_wait_propagate_boolean (result, &self->error);
  go_on (self);
}

/**
 * aiodrive_condition_wait_async:
 * @self: a condition
 * @guard: the guard of the held lock
 * @cancellable: (nullable): cancels the wait for the signal
 * @callback: (scope async) (closure user_data): called when the condition was signalled, and the lock is held again
 * @user_data: data for @callback
 *
 * Releases the lock and waits for a signal, atomically: no signal between the two is lost. Then it acquires the lock
 * again, with the same guard, and calls @callback. It acquires the lock again even if the wait is cancelled. If @guard
 * has been released, the call fails with %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * Since: 1.0
 */
void
aiodrive_condition_wait_async (AiodriveCondition   *self,
                               AiodriveLockGuard   *guard,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  AiodriveWait *call, *wait;
  Waiting *waiting;

  g_return_if_fail (AIODRIVE_IS_CONDITION (self));
  g_return_if_fail (guard != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  call = aiodrive_wait_new (self, cancellable, callback, user_data, aiodrive_condition_wait_async, NULL);
  if (call == NULL)
    return;

  /* From here on no other call can release the guard or wait with it. */
  if (!aiodrive_lock_guard_begin_release (guard))
    {
      aiodrive_wait_fail (call, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The lock is not held"));
      return;
    }

  waiting = g_new0 (Waiting, 1);
  waiting->wait = call;
  waiting->guard = aiodrive_lock_guard_ref (guard);
  waiting->n_to_come = 2;

  wait = aiodrive_wait_new (self, cancellable, on_woken, waiting, on_woken, return_turn);
  aiodrive_monitor_lock (&self->monitor);
  if (wait != NULL)
    aiodrive_wait_park (wait, &self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);

  /* No lost wakeups: the waiter is parked before the lock is released, so the next holder's signal reaches it. */
  aiodrive_lock_guard_end_release (guard);
  go_on (waiting);
}

/**
 * aiodrive_condition_wait_finish:
 * @self: a condition
 * @result: the result of aiodrive_condition_wait_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_condition_wait_async(). Whatever it returns, the lock is held again, unless @guard had been
 * released before the call.
 *
 * Returns: %TRUE if the condition was signalled; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_condition_wait_finish (AiodriveCondition  *self,
                                GAsyncResult       *result,
                                GError            **error)
{
  g_autoptr(AiodriveCondition) woken = NULL;

  g_return_val_if_fail (aiodrive_wait_is_valid (result, self, aiodrive_condition_wait_async), FALSE);

  woken = aiodrive_wait_propagate_pointer (result, error);
  return woken != NULL;
}
