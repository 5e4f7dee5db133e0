/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/button.h"

#include "aiodrive/core/wait-private.h"

/**
 * AiodriveButton:
 *
 * A stateless event: aiodrive_button_press() wakes all current waiters, and has no effect on later ones.
 *
 * Use an #AiodriveLatch for a lasting state, an #AiodriveCargo to pass a value to the waiters, and an
 * #AiodriveCondition to wait for a state that a lock protects.
 *
 * Any thread may use it; the callback of a waiter runs in the waiter's thread-default main context. A cancelled wait
 * fails with %G_IO_ERROR_CANCELLED, unless the button had already been pressed.
 *
 * |[<!-- language="C" -->
 * static void
 * on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
 * {
 *   if (aiodrive_button_wait_finish (AIODRIVE_BUTTON (source), result, NULL))
 *     g_print ("saved\n");
 * }
 *
 * aiodrive_button_wait_async (saved, G_CANCELLABLE (scope), on_saved, NULL);
 * aiodrive_button_press (saved);
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveButton
{
  GObject           parent_instance;

  AiodriveMonitor   monitor;
  AiodriveWaitQueue waiters;   /* guarded by monitor */
};

G_DEFINE_FINAL_TYPE (AiodriveButton, aiodrive_button, G_TYPE_OBJECT)

static void
aiodrive_button_finalize (GObject *object)
{
  AiodriveButton *self = AIODRIVE_BUTTON (object);

  aiodrive_monitor_clear (&self->monitor);

  G_OBJECT_CLASS (aiodrive_button_parent_class)->finalize (object);
}

static void
aiodrive_button_class_init (AiodriveButtonClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_button_finalize;
}

static void
aiodrive_button_init (AiodriveButton *self)
{
  aiodrive_monitor_init (&self->monitor);
}

/**
 * aiodrive_button_new:
 *
 * Creates a button.
 *
 * Returns: (transfer full): a new button
 *
 * Since: 1.0
 */
AiodriveButton *
aiodrive_button_new (void)
{
  return g_object_new (AIODRIVE_TYPE_BUTTON, NULL);
}

/**
 * aiodrive_button_press:
 * @self: a button
 *
 * Wakes all current waiters.
 *
 * Since: 1.0
 */
void
aiodrive_button_press (AiodriveButton *self)
{
  g_return_if_fail (AIODRIVE_IS_BUTTON (self));

  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_queue_wake_all (&self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/**
 * aiodrive_button_wait_async:
 * @self: a button
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the button was pressed
 * @user_data: data for @callback
 *
 * Waits for the next press of the button.
 *
 * Since: 1.0
 */
void
aiodrive_button_wait_async (AiodriveButton      *self,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  AiodriveWait *wait;

  g_return_if_fail (AIODRIVE_IS_BUTTON (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (self, cancellable, callback, user_data, aiodrive_button_wait_async,
                            aiodrive_wait_return_true);
  if (wait == NULL)
    return;

  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_park (wait, &self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/**
 * aiodrive_button_wait_finish:
 * @self: a button
 * @result: the result of aiodrive_button_wait_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_button_wait_async().
 *
 * Returns: %TRUE if the button was pressed; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_button_wait_finish (AiodriveButton  *self,
                             GAsyncResult    *result,
                             GError         **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, self, aiodrive_button_wait_async), FALSE);

  return aiodrive_wait_propagate_boolean (result, error);
}
