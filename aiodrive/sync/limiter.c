/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/limiter.h"

#include "aiodrive/sync/lock-core-private.h"

/**
 * AiodriveLimiter:
 *
 * A counting semaphore with a capacity: it limits how many tasks work at the same time, for example four downloads.
 * When it is full, further callers wait, and are admitted in FIFO order.
 *
 * Use an #AiodriveSmartLock to protect a single resource, and an #AiodriveChannel to limit the items in flight.
 *
 * Any thread may use it; the callback of a waiter runs in the waiter's thread-default main context. A cancelled wait
 * fails with %G_IO_ERROR_CANCELLED, unless the waiter had already been admitted.
 *
 * |[<!-- language="C" -->
 * static void
 * on_room (GObject *source, GAsyncResult *result, gpointer loop)
 * {
 *   g_autoptr(GError) error = NULL;
 *   g_autoptr(AiodriveLockGuard) guard = aiodrive_limiter_acquire_finish (AIODRIVE_LIMITER (source), result, &error);
 *
 *   if (guard != NULL)
 *     g_print ("now it is in\n");   // to the end of this block
 *   g_main_loop_quit (loop);
 * }
 *
 * g_autoptr(AiodriveLimiter) downloads = aiodrive_limiter_new (2);
 * g_autoptr(AiodriveLockGuard) first = aiodrive_limiter_try_acquire (downloads);
 * g_autoptr(AiodriveLockGuard) second = aiodrive_limiter_try_acquire (downloads);
 *
 * aiodrive_limiter_acquire_async (downloads, NULL, on_room, loop);
 * g_print ("the third one has to wait\n");
 * aiodrive_lock_guard_release (first);
 * ]|
 *
 * It follows trio's CapacityLimiter.
 *
 * Since: 1.0
 */

struct _AiodriveLimiter
{
  GObject          parent_instance;

  AiodriveLockCore core;
  guint            capacity;   /* guarded by the core's monitor, as is the next */
  guint            n_inside;
};

enum
{
  PROP_CAPACITY = 1,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (AiodriveLimiter, aiodrive_limiter, G_TYPE_OBJECT)

static gboolean
can_enter (AiodriveLockCore  *core,
           AiodriveLockGuard *guard,
           gboolean           behind)
{
  AiodriveLimiter *self = AIODRIVE_CONTAINER_OF (core, AiodriveLimiter, core);

  return !behind && self->n_inside < self->capacity;
}

static void
enter (AiodriveLockCore  *core,
       AiodriveLockGuard *guard)
{
  AIODRIVE_CONTAINER_OF (core, AiodriveLimiter, core)->n_inside++;
}

static void
leave (AiodriveLockCore  *core,
       AiodriveLockGuard *guard)
{
  AIODRIVE_CONTAINER_OF (core, AiodriveLimiter, core)->n_inside--;
}

static const AiodriveLockCoreClass core_class =
{
  .guard_size = sizeof (AiodriveLockGuard),
  .can_enter = can_enter,
  .enter = enter,
  .leave = leave,
};

static void
aiodrive_limiter_finalize (GObject *object)
{
  AiodriveLimiter *self = AIODRIVE_LIMITER (object);

  aiodrive_lock_core_clear (&self->core);

  G_OBJECT_CLASS (aiodrive_limiter_parent_class)->finalize (object);
}

static void
aiodrive_limiter_get_property (GObject    *object,
                               guint       property_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  if (property_id == PROP_CAPACITY)
    g_value_set_uint (value, aiodrive_limiter_get_capacity (AIODRIVE_LIMITER (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_limiter_set_property (GObject      *object,
                               guint         property_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  if (property_id == PROP_CAPACITY)
    aiodrive_limiter_set_capacity (AIODRIVE_LIMITER (object), g_value_get_uint (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_limiter_class_init (AiodriveLimiterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = aiodrive_limiter_finalize;
  object_class->get_property = aiodrive_limiter_get_property;
  object_class->set_property = aiodrive_limiter_set_property;

  /**
   * AiodriveLimiter:capacity:
   *
   * The maximum number of holders. It is notified in the thread that changes it.
   *
   * Since: 1.0
   */
  properties[PROP_CAPACITY] =
    g_param_spec_uint ("capacity", NULL, NULL, 0, G_MAXUINT, 1,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
aiodrive_limiter_init (AiodriveLimiter *self)
{
  self->capacity = 1;
  aiodrive_lock_core_init (&self->core, &core_class, self);
}

/**
 * aiodrive_limiter_new:
 * @capacity: the maximum number of holders
 *
 * Creates a limiter. With a @capacity of 0 no caller is admitted until the capacity is raised.
 *
 * Returns: (transfer full): a new limiter
 *
 * Since: 1.0
 */
AiodriveLimiter *
aiodrive_limiter_new (guint capacity)
{
  return g_object_new (AIODRIVE_TYPE_LIMITER, "capacity", capacity, NULL);
}

/**
 * aiodrive_limiter_get_capacity:
 * @self: a limiter
 *
 * Gets the maximum number of holders.
 *
 * Returns: the capacity
 *
 * Since: 1.0
 */
guint
aiodrive_limiter_get_capacity (AiodriveLimiter *self)
{
  guint capacity;

  g_return_val_if_fail (AIODRIVE_IS_LIMITER (self), 0);

  aiodrive_monitor_lock (&self->core.monitor);
  capacity = self->capacity;
  aiodrive_monitor_unlock (&self->core.monitor);

  return capacity;
}

/**
 * aiodrive_limiter_set_capacity:
 * @self: a limiter
 * @capacity: the maximum number of holders
 *
 * Sets the capacity. If it grows, waiters are admitted; if it shrinks, the current holders stay.
 *
 * Since: 1.0
 */
void
aiodrive_limiter_set_capacity (AiodriveLimiter *self,
                               guint            capacity)
{
  gboolean changed;

  g_return_if_fail (AIODRIVE_IS_LIMITER (self));

  aiodrive_monitor_lock (&self->core.monitor);
  changed = self->capacity != capacity;
  self->capacity = capacity;
  aiodrive_lock_core_admit (&self->core);
  aiodrive_monitor_unlock (&self->core.monitor);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CAPACITY]);
}

/**
 * aiodrive_limiter_acquire_async:
 * @self: a limiter
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the caller is admitted
 * @user_data: data for @callback
 *
 * Waits until the caller is admitted.
 *
 * Since: 1.0
 */
void
aiodrive_limiter_acquire_async (AiodriveLimiter     *self,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_return_if_fail (AIODRIVE_IS_LIMITER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  aiodrive_lock_core_acquire_async (&self->core, aiodrive_lock_core_request (&self->core, cancellable), callback,
                                    user_data, aiodrive_limiter_acquire_async);
}

/**
 * aiodrive_limiter_acquire_finish:
 * @self: a limiter
 * @result: the result of aiodrive_limiter_acquire_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_limiter_acquire_async().
 *
 * Returns: (transfer full): the guard that holds the place; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_limiter_acquire_finish (AiodriveLimiter  *self,
                                 GAsyncResult     *result,
                                 GError          **error)
{
  g_return_val_if_fail (AIODRIVE_IS_LIMITER (self), NULL);

  return aiodrive_lock_core_acquire_finish (&self->core, result, aiodrive_limiter_acquire_async, error);
}

/**
 * aiodrive_limiter_acquire:
 * @self: a limiter
 * @cancellable: (nullable): cancels the wait
 * @error: return location for an error
 *
 * Blocks the calling thread until it is admitted. No main context is iterated meanwhile.
 *
 * Returns: (transfer full): the guard that holds the place; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_limiter_acquire (AiodriveLimiter  *self,
                          GCancellable     *cancellable,
                          GError          **error)
{
  g_return_val_if_fail (AIODRIVE_IS_LIMITER (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  return aiodrive_lock_core_acquire (&self->core, aiodrive_lock_core_request (&self->core, cancellable), error);
}

/**
 * aiodrive_limiter_try_acquire:
 * @self: a limiter
 *
 * Acquires a guard if there is room and no waiter.
 *
 * Returns: (transfer full) (nullable): the guard that holds the place; or %NULL
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_limiter_try_acquire (AiodriveLimiter *self)
{
  g_return_val_if_fail (AIODRIVE_IS_LIMITER (self), NULL);

  return aiodrive_lock_core_try_acquire (&self->core, aiodrive_lock_core_request (&self->core, NULL));
}
