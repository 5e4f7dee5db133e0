/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/thread-safe-future.h"

#include "aiodrive/core/shared-value-private.h"
#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/core/wait-private.h"

/**
 * AiodriveThreadSafeFuture:
 *
 * A value that is set once, or an error instead. One thread sets it; any number of threads wait for it, before or
 * after, and each waiter gets a copy.
 *
 * Use a #GTask if cancelling the wait should also cancel the producer, and an #AiodriveCargo for recurring values.
 * Cancelling a wait does not cancel the future; aiodrive_thread_safe_future_cancel() does.
 *
 * Any thread may use it; the callback of a waiter runs in the waiter's thread-default main context, or the waiter
 * blocks its thread. A cancelled wait fails with %G_IO_ERROR_CANCELLED, unless the future was already done. A value is
 * freed in the thread that releases it last.
 *
 * |[<!-- language="C" -->
 * static gpointer
 * look_up (gpointer address)
 * {
 *   g_auto(GValue) value = G_VALUE_INIT;
 *
 *   g_value_init (&value, G_TYPE_STRING);
 *   g_value_set_static_string (&value, "192.0.2.7");
 *   aiodrive_thread_safe_future_set_value (address, &value, NULL);
 *   return NULL;
 * }
 *
 * static void
 * on_address (GObject *source, GAsyncResult *result, gpointer loop)
 * {
 *   g_auto(GValue) value = G_VALUE_INIT;
 *   g_autoptr(GError) error = NULL;
 *
 *   aiodrive_thread_safe_future_wait_finish (AIODRIVE_THREAD_SAFE_FUTURE (source), result, &value, &error);
 *   if (error == NULL)
 *     g_print ("%s\n", g_value_get_string (&value));
 *   g_main_loop_quit (loop);
 * }
 *
 * g_autoptr(AiodriveThreadSafeFuture) address = aiodrive_thread_safe_future_new ();
 * GThread *thread = g_thread_new ("look up", look_up, address);
 *
 * aiodrive_thread_safe_future_wait_async (address, NULL, on_address, loop);
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveThreadSafeFuture
{
  GObject              parent_instance;

  AiodriveMonitor      monitor;
  gboolean             done;     /* guarded by monitor, as are the next three; the outcome is never changed */
  AiodriveSharedValue *box;      /* owned; the outcome, or ... */
  GError              *error;    /* owned; ... this */
  AiodriveWaitQueue    waiters;  /* empty once it is done */
};

G_DEFINE_FINAL_TYPE (AiodriveThreadSafeFuture, aiodrive_thread_safe_future, G_TYPE_OBJECT)

static void
aiodrive_thread_safe_future_finalize (GObject *object)
{
  AiodriveThreadSafeFuture *self = AIODRIVE_THREAD_SAFE_FUTURE (object);

  g_clear_pointer (&self->box, aiodrive_shared_value_unref);
  g_clear_error (&self->error);
  aiodrive_monitor_clear (&self->monitor);

  G_OBJECT_CLASS (aiodrive_thread_safe_future_parent_class)->finalize (object);
}

static void
aiodrive_thread_safe_future_class_init (AiodriveThreadSafeFutureClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_thread_safe_future_finalize;
}

static void
aiodrive_thread_safe_future_init (AiodriveThreadSafeFuture *self)
{
  aiodrive_monitor_init (&self->monitor);
}

/**
 * aiodrive_thread_safe_future_new:
 *
 * Creates a future that is not done.
 *
 * Returns: (transfer full): a new future
 *
 * Since: 1.0
 */
AiodriveThreadSafeFuture *
aiodrive_thread_safe_future_new (void)
{
  return g_object_new (AIODRIVE_TYPE_THREAD_SAFE_FUTURE, NULL);
}

/* Takes @box or @cause, whichever is set. */
static gboolean
set_outcome (AiodriveThreadSafeFuture  *self,
             AiodriveSharedValue       *box,
             GError                    *cause,
             GError                   **error)
{
  gboolean first;

  aiodrive_monitor_lock (&self->monitor);
  first = !self->done;
  if (first)
    {
      self->done = TRUE;
      self->box = g_steal_pointer (&box);
      self->error = g_steal_pointer (&cause);
      aiodrive_wait_queue_wake_all (&self->waiters, &self->monitor);
    }
  aiodrive_monitor_unlock (&self->monitor);

  g_clear_pointer (&box, aiodrive_shared_value_unref);
  g_clear_error (&cause);
  if (!first)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "The future is done already");
  return first;
}

/* For a future that is done. */
static void
copy_outcome (AiodriveThreadSafeFuture  *self,
              GValue                    *value,
              GError                   **error)
{
  if (self->error != NULL)
    g_propagate_error (error, g_error_copy (self->error));
  else
    aiodrive_shared_value_unwrap (aiodrive_shared_value_ref (self->box), value);
}

/**
 * aiodrive_thread_safe_future_set_value:
 * @self: a future
 * @value: the value of the future
 * @error: return location for an error
 *
 * Sets the value of the future, and wakes all waiters.
 *
 * It fails with %G_IO_ERROR_INVALID_ARGUMENT if @value has no type, and with %G_IO_ERROR_EXISTS if the future is
 * already done. Either way nothing changes.
 *
 * Returns: %TRUE if it was set; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_thread_safe_future_set_value (AiodriveThreadSafeFuture  *self,
                                       const GValue              *value,
                                       GError                   **error)
{
  AiodriveSharedValue *box;

  g_return_val_if_fail (AIODRIVE_IS_THREAD_SAFE_FUTURE (self), FALSE);

  box = aiodrive_shared_value_new (value, error);
  return box != NULL && set_outcome (self, box, NULL, error);
}

/**
 * aiodrive_thread_safe_future_set_error:
 * @self: a future
 * @cause: the error instead of a value
 * @error: return location for an error
 *
 * Completes the future with an error. Every waiter gets a copy.
 *
 * If the future is already done, it fails with %G_IO_ERROR_EXISTS, and nothing changes.
 *
 * Returns: %TRUE if it was set; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_thread_safe_future_set_error (AiodriveThreadSafeFuture  *self,
                                       const GError              *cause,
                                       GError                   **error)
{
  g_return_val_if_fail (AIODRIVE_IS_THREAD_SAFE_FUTURE (self), FALSE);
  g_return_val_if_fail (cause != NULL, FALSE);

  return set_outcome (self, NULL, g_error_copy (cause), error);
}

/**
 * aiodrive_thread_safe_future_cancel:
 * @self: a future
 * @error: return location for an error
 *
 * Completes the future without a value: every waiter fails with %G_IO_ERROR_CANCELLED.
 *
 * If the future is already done, it fails with %G_IO_ERROR_EXISTS, and nothing changes.
 *
 * Returns: %TRUE if it was cancelled; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_thread_safe_future_cancel (AiodriveThreadSafeFuture  *self,
                                    GError                   **error)
{
  g_return_val_if_fail (AIODRIVE_IS_THREAD_SAFE_FUTURE (self), FALSE);

  return set_outcome (self, NULL, aiodrive_error_new_cancelled (), error);
}

/**
 * aiodrive_thread_safe_future_is_done:
 * @self: a future
 *
 * Gets whether the future has its value or its error, or was cancelled.
 *
 * Returns: whether it is done
 *
 * Since: 1.0
 */
gboolean
aiodrive_thread_safe_future_is_done (AiodriveThreadSafeFuture *self)
{
  gboolean done;

  g_return_val_if_fail (AIODRIVE_IS_THREAD_SAFE_FUTURE (self), FALSE);

  aiodrive_monitor_lock (&self->monitor);
  done = self->done;
  aiodrive_monitor_unlock (&self->monitor);

  return done;
}

/* The value stays in the future. The wait fails if the future did, for aiodrive_result_had_error(). */
static void
return_outcome (AiodriveWait *wait,
                gpointer      unused)
{
  AiodriveThreadSafeFuture *self = aiodrive_wait_get_source_object (wait);

  if (self->error != NULL)
    aiodrive_wait_return_error (wait, g_error_copy (self->error));
  else
    aiodrive_wait_return_boolean (wait, TRUE);
}

/**
 * aiodrive_thread_safe_future_wait_async:
 * @self: a future
 * @cancellable: (nullable): cancels the wait, not the future
 * @callback: (scope async) (closure user_data): called when the future is done
 * @user_data: data for @callback
 *
 * Waits until the future is done. Completes at once if it already is.
 *
 * Since: 1.0
 */
void
aiodrive_thread_safe_future_wait_async (AiodriveThreadSafeFuture *self,
                                        GCancellable             *cancellable,
                                        GAsyncReadyCallback       callback,
                                        gpointer                  user_data)
{
  AiodriveWait *wait;

  g_return_if_fail (AIODRIVE_IS_THREAD_SAFE_FUTURE (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (self, cancellable, callback, user_data, aiodrive_thread_safe_future_wait_async,
                            return_outcome);
  if (wait == NULL)
    return;

  aiodrive_monitor_lock (&self->monitor);
  if (self->done)
    aiodrive_wait_grant (wait, NULL, &self->monitor);
  else
    aiodrive_wait_park (wait, &self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/**
 * aiodrive_thread_safe_future_wait_finish:
 * @self: a future
 * @result: the result of aiodrive_thread_safe_future_wait_async(), which is not a #GTask
 * @value: (out caller-allocates): return location for the value; initialised even if @error is set
 * @error: return location for an error
 *
 * Completes aiodrive_thread_safe_future_wait_async(): with the value or the error of the future, or with
 * %G_IO_ERROR_CANCELLED.
 *
 * There is no return value, since other languages would get it beside @value: look at @error.
 *
 * Since: 1.0
 */
void
aiodrive_thread_safe_future_wait_finish (AiodriveThreadSafeFuture  *self,
                                         GAsyncResult              *result,
                                         GValue                    *value,
                                         GError                   **error)
{
  g_return_if_fail (value != NULL);

  aiodrive_shared_value_unwrap (NULL, value);
  g_return_if_fail (aiodrive_wait_is_valid (result, self, aiodrive_thread_safe_future_wait_async));

  if (aiodrive_wait_propagate_boolean (result, error))
    copy_outcome (self, value, error);
}

/**
 * aiodrive_thread_safe_future_wait:
 * @self: a future
 * @cancellable: (nullable): cancels the wait, not the future
 * @value: (out caller-allocates): return location for the value; initialised even if @error is set
 * @error: return location for an error
 *
 * Blocks the thread until the future is done. Returns at once if it already is. No main context is iterated meanwhile:
 * in a thread that iterates one use aiodrive_thread_safe_future_wait_async().
 *
 * It fails with the error of the future, or with %G_IO_ERROR_CANCELLED when @cancellable is cancelled or a deadline
 * that reaches it has passed.
 *
 * There is no return value, since other languages would get it beside @value: look at @error.
 *
 * Since: 1.0
 */
void
aiodrive_thread_safe_future_wait (AiodriveThreadSafeFuture  *self,
                                  GCancellable              *cancellable,
                                  GValue                    *value,
                                  GError                   **error)
{
  g_return_if_fail (value != NULL);

  aiodrive_shared_value_unwrap (NULL, value);
  g_return_if_fail (AIODRIVE_IS_THREAD_SAFE_FUTURE (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  if (!aiodrive_checkpoint (cancellable, error))
    return;

  aiodrive_monitor_lock (&self->monitor);
  if (self->done)
    aiodrive_monitor_unlock (&self->monitor);
  else if (!aiodrive_wait_queue_wait_blocking (&self->waiters, &self->monitor, cancellable, NULL, NULL, error))
    return;

  copy_outcome (self, value, error);
}
