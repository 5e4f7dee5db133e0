/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/thread-safe-event.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/wait-private.h"

/**
 * AiodriveThreadSafeEvent:
 *
 * A flag with waiters in any thread, with or without a main context: "the worker is ready", "it is time to stop".
 *
 * Setting it wakes all waiters, even if it is cleared again before their callbacks run. Use an #AiodriveLatch to wait
 * for both directions or to bind the state to a property, and an #AiodriveThreadSafeFuture if the flag comes with a
 * value.
 *
 * Any thread may use it; the callback of a waiter runs in the waiter's thread-default main context, or the waiter
 * blocks its thread. A cancelled wait fails with %G_IO_ERROR_CANCELLED, unless the event had already been set.
 *
 * |[<!-- language="C" -->
 * static gpointer
 * work (gpointer ready)
 * {
 *   aiodrive_thread_safe_event_set (ready);
 *   return NULL;
 * }
 *
 * g_autoptr(AiodriveThreadSafeEvent) ready = aiodrive_thread_safe_event_new ();
 * GThread *thread = g_thread_new ("worker", work, ready);
 *
 * if (aiodrive_thread_safe_event_wait (ready, NULL, &error))
 *   g_print ("the worker is ready\n");
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveThreadSafeEvent
{
  GObject           parent_instance;

  AiodriveMonitor   monitor;
  gboolean          state;     /* guarded by monitor, as is the next */
  AiodriveWaitQueue waiters;   /* empty while it is set */
};

G_DEFINE_FINAL_TYPE (AiodriveThreadSafeEvent, aiodrive_thread_safe_event, G_TYPE_OBJECT)

static void
aiodrive_thread_safe_event_finalize (GObject *object)
{
  AiodriveThreadSafeEvent *self = AIODRIVE_THREAD_SAFE_EVENT (object);

  aiodrive_monitor_clear (&self->monitor);

  G_OBJECT_CLASS (aiodrive_thread_safe_event_parent_class)->finalize (object);
}

static void
aiodrive_thread_safe_event_class_init (AiodriveThreadSafeEventClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_thread_safe_event_finalize;
}

static void
aiodrive_thread_safe_event_init (AiodriveThreadSafeEvent *self)
{
  aiodrive_monitor_init (&self->monitor);
}

/**
 * aiodrive_thread_safe_event_new:
 *
 * Creates an event that is not set.
 *
 * Returns: (transfer full): a new event
 *
 * Since: 1.0
 */
AiodriveThreadSafeEvent *
aiodrive_thread_safe_event_new (void)
{
  return g_object_new (AIODRIVE_TYPE_THREAD_SAFE_EVENT, NULL);
}

/**
 * aiodrive_thread_safe_event_set:
 * @self: an event
 *
 * Sets the event, and wakes all waiters. Until it is cleared, later waits complete at once.
 *
 * Since: 1.0
 */
void
aiodrive_thread_safe_event_set (AiodriveThreadSafeEvent *self)
{
  g_return_if_fail (AIODRIVE_IS_THREAD_SAFE_EVENT (self));

  aiodrive_monitor_lock (&self->monitor);
  self->state = TRUE;
  aiodrive_wait_queue_wake_all (&self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/**
 * aiodrive_thread_safe_event_clear:
 * @self: an event
 *
 * Clears the event: a later wait lasts until it is set again. Waiters that have been woken are not affected.
 *
 * Since: 1.0
 */
void
aiodrive_thread_safe_event_clear (AiodriveThreadSafeEvent *self)
{
  g_return_if_fail (AIODRIVE_IS_THREAD_SAFE_EVENT (self));

  aiodrive_monitor_lock (&self->monitor);
  self->state = FALSE;
  aiodrive_monitor_unlock (&self->monitor);
}

/**
 * aiodrive_thread_safe_event_is_set:
 * @self: an event
 *
 * Gets whether the event is set.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
aiodrive_thread_safe_event_is_set (AiodriveThreadSafeEvent *self)
{
  gboolean state;

  g_return_val_if_fail (AIODRIVE_IS_THREAD_SAFE_EVENT (self), FALSE);

  aiodrive_monitor_lock (&self->monitor);
  state = self->state;
  aiodrive_monitor_unlock (&self->monitor);

  return state;
}

/**
 * aiodrive_thread_safe_event_wait_async:
 * @self: an event
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the event is set, or has been since
 * @user_data: data for @callback
 *
 * Waits until the event is set. Completes at once if it already is.
 *
 * Since: 1.0
 */
void
aiodrive_thread_safe_event_wait_async (AiodriveThreadSafeEvent *self,
                                       GCancellable            *cancellable,
                                       GAsyncReadyCallback      callback,
                                       gpointer                 user_data)
{
  AiodriveWait *wait;

  g_return_if_fail (AIODRIVE_IS_THREAD_SAFE_EVENT (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (self, cancellable, callback, user_data, aiodrive_thread_safe_event_wait_async,
                            aiodrive_wait_return_true);
  if (wait == NULL)
    return;

  aiodrive_monitor_lock (&self->monitor);
  if (self->state)
    aiodrive_wait_grant (wait, NULL, &self->monitor);
  else
    aiodrive_wait_park (wait, &self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/**
 * aiodrive_thread_safe_event_wait_finish:
 * @self: an event
 * @result: the result of aiodrive_thread_safe_event_wait_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_thread_safe_event_wait_async().
 *
 * Returns: %TRUE if it was set; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_thread_safe_event_wait_finish (AiodriveThreadSafeEvent  *self,
                                        GAsyncResult             *result,
                                        GError                  **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, self, aiodrive_thread_safe_event_wait_async), FALSE);

  return aiodrive_wait_propagate_boolean (result, error);
}

/**
 * aiodrive_thread_safe_event_wait:
 * @self: an event
 * @cancellable: (nullable): cancels the wait
 * @error: return location for an error
 *
 * Blocks the thread until the event is set. Returns at once if it already is. No main context is iterated meanwhile: in
 * a thread that iterates one use aiodrive_thread_safe_event_wait_async().
 *
 * The wait fails with %G_IO_ERROR_CANCELLED when @cancellable is cancelled, or when a deadline that reaches it has
 * passed.
 *
 * Returns: %TRUE if it was set; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_thread_safe_event_wait (AiodriveThreadSafeEvent  *self,
                                 GCancellable             *cancellable,
                                 GError                  **error)
{
  g_return_val_if_fail (AIODRIVE_IS_THREAD_SAFE_EVENT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (!aiodrive_checkpoint (cancellable, error))
    return FALSE;

  aiodrive_monitor_lock (&self->monitor);
  if (!self->state)
    return aiodrive_wait_queue_wait_blocking (&self->waiters, &self->monitor, cancellable, NULL, NULL, error);
  aiodrive_monitor_unlock (&self->monitor);

  return TRUE;
}
