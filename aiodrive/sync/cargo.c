/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/cargo.h"

#include "aiodrive/core/shared-value-private.h"
#include "aiodrive/core/wait-private.h"

/**
 * AiodriveCargo:
 *
 * A stateless event with a value: aiodrive_cargo_send() wakes all current waiters, each with a copy of the value, and
 * has no effect on later ones.
 *
 * Use an #AiodriveButton if there is no value to pass, an #AiodriveThreadSafeFuture for a value that is set once and
 * stays, and an #AiodriveChannel if every value must arrive.
 *
 * Any thread may use it; the callback of a waiter runs in the waiter's thread-default main context. A cancelled wait
 * fails with %G_IO_ERROR_CANCELLED, unless a value had already been sent. A value is freed in the thread that releases
 * it last.
 *
 * |[<!-- language="C" -->
 * static void
 * on_position (GObject *source, GAsyncResult *result, gpointer user_data)
 * {
 *   g_auto(GValue) position = G_VALUE_INIT;
 *   g_autoptr(GError) error = NULL;
 *
 *   aiodrive_cargo_wait_finish (AIODRIVE_CARGO (source), result, &position, &error);
 *   if (error == NULL)
 *     g_print ("at %d\n", g_value_get_int (&position));
 * }
 *
 * aiodrive_cargo_wait_async (positions, NULL, on_position, NULL);
 * aiodrive_cargo_send (positions, &position, NULL);
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveCargo
{
  GObject           parent_instance;

  AiodriveMonitor   monitor;
  AiodriveWaitQueue waiters;   /* guarded by monitor */
};

G_DEFINE_FINAL_TYPE (AiodriveCargo, aiodrive_cargo, G_TYPE_OBJECT)

static void
aiodrive_cargo_finalize (GObject *object)
{
  AiodriveCargo *self = AIODRIVE_CARGO (object);

  aiodrive_monitor_clear (&self->monitor);

  G_OBJECT_CLASS (aiodrive_cargo_parent_class)->finalize (object);
}

static void
aiodrive_cargo_class_init (AiodriveCargoClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_cargo_finalize;
}

static void
aiodrive_cargo_init (AiodriveCargo *self)
{
  aiodrive_monitor_init (&self->monitor);
}

/**
 * aiodrive_cargo_new:
 *
 * Creates a cargo.
 *
 * Returns: (transfer full): a new cargo
 *
 * Since: 1.0
 */
AiodriveCargo *
aiodrive_cargo_new (void)
{
  return g_object_new (AIODRIVE_TYPE_CARGO, NULL);
}

/**
 * aiodrive_cargo_send:
 * @self: a cargo
 * @value: the value to send
 * @error: return location for an error
 *
 * Wakes all current waiters, each with a copy of @value. Without waiters it still succeeds.
 *
 * If @value has no type the call fails with %G_IO_ERROR_INVALID_ARGUMENT, and wakes no waiter.
 *
 * Returns: %TRUE if it was sent; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_cargo_send (AiodriveCargo  *self,
                     const GValue   *value,
                     GError        **error)
{
  AiodriveSharedValue *box;

  g_return_val_if_fail (AIODRIVE_IS_CARGO (self), FALSE);

  box = aiodrive_shared_value_new (value, error);
  if (box == NULL)
    return FALSE;

  aiodrive_monitor_lock (&self->monitor);
  while (aiodrive_wait_queue_get_first (&self->waiters) != NULL)
    if (!aiodrive_wait_queue_wake_one (&self->waiters, aiodrive_shared_value_ref (box), &self->monitor))
      aiodrive_shared_value_unref (box); /* the remaining waiters had lost their contexts; not the last reference */
  aiodrive_monitor_unlock (&self->monitor);

  aiodrive_shared_value_unref (box);
  return TRUE;
}

static void
return_box (AiodriveWait *wait,
            gpointer      box)
{
  aiodrive_wait_return_pointer (wait, box, (GDestroyNotify) aiodrive_shared_value_unref);
}

/**
 * aiodrive_cargo_wait_async:
 * @self: a cargo
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when a value was sent
 * @user_data: data for @callback
 *
 * Waits for the next value.
 *
 * Since: 1.0
 */
void
aiodrive_cargo_wait_async (AiodriveCargo       *self,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  AiodriveWait *wait;

  g_return_if_fail (AIODRIVE_IS_CARGO (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (self, cancellable, callback, user_data, aiodrive_cargo_wait_async, return_box);
  if (wait == NULL)
    return;

  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_park (wait, &self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/**
 * aiodrive_cargo_wait_finish:
 * @self: a cargo
 * @result: the result of aiodrive_cargo_wait_async(), which is not a #GTask
 * @value: (out caller-allocates): return location for the value; initialised even if @error is set
 * @error: return location for an error
 *
 * Completes aiodrive_cargo_wait_async().
 *
 * There is no return value, since other languages would get it beside @value: look at @error.
 *
 * Since: 1.0
 */
void
aiodrive_cargo_wait_finish (AiodriveCargo  *self,
                            GAsyncResult   *result,
                            GValue         *value,
                            GError        **error)
{
  g_return_if_fail (value != NULL);

  aiodrive_shared_value_unwrap (NULL, value);
  g_return_if_fail (aiodrive_wait_is_valid (result, self, aiodrive_cargo_wait_async));

  aiodrive_shared_value_unwrap (aiodrive_wait_propagate_pointer (result, error), value);
}
