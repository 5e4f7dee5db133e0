/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/latch.h"

#include "aiodrive/core/wait-private.h"

/**
 * AiodriveLatch:
 *
 * A boolean state with waiters for either value: "there is a network", "the dialog is open".
 *
 * The change itself wakes a waiter, even if the latch changes back before the callback runs: setting and unsetting it
 * at once wakes the waiters of both states. Use an #AiodriveButton for an event without a state, and an
 * #AiodriveThreadSafeEvent if a thread must block.
 *
 * Any thread may use it; the callback of a waiter runs in the waiter's thread-default main context. A cancelled wait
 * fails with %G_IO_ERROR_CANCELLED, unless the latch had already changed.
 *
 * |[<!-- language="C" -->
 * static void
 * on_online (GObject *source, GAsyncResult *result, gpointer user_data)
 * {
 *   if (aiodrive_latch_wait_set_finish (AIODRIVE_LATCH (source), result, NULL))
 *     g_print ("online\n");
 * }
 *
 * g_autoptr(AiodriveLatch) online = aiodrive_latch_new ();
 *
 * g_object_bind_property (network, "enabled", online, "state", G_BINDING_SYNC_CREATE);
 * aiodrive_latch_wait_set_async (online, NULL, on_online, NULL);
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveLatch
{
  GObject           parent_instance;

  AiodriveMonitor   monitor;
  gboolean          state;      /* guarded by monitor, as are the next two */
  AiodriveWaitQueue for_set;    /* empty while it is set */
  AiodriveWaitQueue for_unset;  /* empty while it is not */
};

enum
{
  PROP_STATE = 1,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (AiodriveLatch, aiodrive_latch, G_TYPE_OBJECT)

static void
aiodrive_latch_finalize (GObject *object)
{
  AiodriveLatch *self = AIODRIVE_LATCH (object);

  aiodrive_monitor_clear (&self->monitor);

  G_OBJECT_CLASS (aiodrive_latch_parent_class)->finalize (object);
}

static void
aiodrive_latch_get_property (GObject    *object,
                             guint       property_id,
                             GValue     *value,
                             GParamSpec *pspec)
{
  if (property_id == PROP_STATE)
    g_value_set_boolean (value, aiodrive_latch_get_state (AIODRIVE_LATCH (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_latch_set_property (GObject      *object,
                             guint         property_id,
                             const GValue *value,
                             GParamSpec   *pspec)
{
  if (property_id == PROP_STATE)
    aiodrive_latch_set_state (AIODRIVE_LATCH (object), g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_latch_class_init (AiodriveLatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = aiodrive_latch_finalize;
  object_class->get_property = aiodrive_latch_get_property;
  object_class->set_property = aiodrive_latch_set_property;

  /**
   * AiodriveLatch:state:
   *
   * Whether the latch is set. It is notified in the thread that changes it; if two threads do so at the same time, one
   * of them may notify for both.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] =
    g_param_spec_boolean ("state", NULL, NULL, FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
aiodrive_latch_init (AiodriveLatch *self)
{
  aiodrive_monitor_init (&self->monitor);
}

/**
 * aiodrive_latch_new:
 *
 * Creates a latch that is not set.
 *
 * Returns: (transfer full): a new latch
 *
 * Since: 1.0
 */
AiodriveLatch *
aiodrive_latch_new (void)
{
  return g_object_new (AIODRIVE_TYPE_LATCH, NULL);
}

/**
 * aiodrive_latch_set:
 * @self: a latch
 *
 * Sets the latch, and wakes the waiters for that.
 *
 * Since: 1.0
 */
void
aiodrive_latch_set (AiodriveLatch *self)
{
  aiodrive_latch_set_state (self, TRUE);
}

/**
 * aiodrive_latch_unset:
 * @self: a latch
 *
 * Unsets the latch, and wakes the waiters for that.
 *
 * Since: 1.0
 */
void
aiodrive_latch_unset (AiodriveLatch *self)
{
  aiodrive_latch_set_state (self, FALSE);
}

/**
 * aiodrive_latch_set_state:
 * @self: a latch
 * @state: %TRUE to set the latch, %FALSE to unset it
 *
 * Sets or unsets the latch, and wakes the waiters for that state.
 *
 * Since: 1.0
 */
void
aiodrive_latch_set_state (AiodriveLatch *self,
                          gboolean       state)
{
  gboolean changed;

  g_return_if_fail (AIODRIVE_IS_LATCH (self));

  state = !!state;
  aiodrive_monitor_lock (&self->monitor);
  changed = self->state != state;
  self->state = state;
  if (changed)
    aiodrive_wait_queue_wake_all (state ? &self->for_set : &self->for_unset, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

/**
 * aiodrive_latch_get_state:
 * @self: a latch
 *
 * Gets whether the latch is set.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
aiodrive_latch_get_state (AiodriveLatch *self)
{
  gboolean state;

  g_return_val_if_fail (AIODRIVE_IS_LATCH (self), FALSE);

  aiodrive_monitor_lock (&self->monitor);
  state = self->state;
  aiodrive_monitor_unlock (&self->monitor);

  return state;
}

/*
 * Waiting for a change, for the set state, and for the unset state
 */

#define ANY_CHANGE (-1)

static void
return_state (AiodriveWait *wait,
              gpointer      state)
{
  aiodrive_wait_return_int (wait, GPOINTER_TO_INT (state));
}

/* Waits for a state, which may already hold, or for the opposite of the current one. */
static void
wait_for (AiodriveLatch       *self,
          gint                 wanted,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data,
          gpointer             source_tag)
{
  AiodriveWait *wait;

  g_return_if_fail (AIODRIVE_IS_LATCH (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (self, cancellable, callback, user_data, source_tag, return_state);
  if (wait == NULL)
    return;

  aiodrive_monitor_lock (&self->monitor);
  if (wanted == ANY_CHANGE)
    wanted = !self->state;
  aiodrive_wait_set_request (wait, GINT_TO_POINTER (wanted), NULL);
  if (self->state == wanted)
    aiodrive_wait_grant (wait, GINT_TO_POINTER (wanted), &self->monitor);
  else
    aiodrive_wait_park (wait, wanted ? &self->for_set : &self->for_unset, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

static gboolean
wait_finish (AiodriveLatch  *self,
             GAsyncResult   *result,
             gpointer        source_tag,
             gboolean       *state,
             GError        **error)
{
  gint woken_by;

  g_return_val_if_fail (aiodrive_wait_is_valid (result, self, source_tag), FALSE);

  woken_by = aiodrive_wait_propagate_int (result, error);
  if (state != NULL)
    *state = woken_by > 0;
  return woken_by >= 0;
}

/**
 * aiodrive_latch_wait_async:
 * @self: a latch
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the latch has changed
 * @user_data: data for @callback
 *
 * Waits for the next change of the latch, in either direction.
 *
 * Since: 1.0
 */
void
aiodrive_latch_wait_async (AiodriveLatch       *self,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  wait_for (self, ANY_CHANGE, cancellable, callback, user_data, aiodrive_latch_wait_async);
}

/**
 * aiodrive_latch_wait_finish:
 * @self: a latch
 * @result: the result of aiodrive_latch_wait_async(), which is not a #GTask
 * @state: (out) (optional): the state that completed the wait; the latch may have changed since
 * @error: return location for an error
 *
 * Completes aiodrive_latch_wait_async().
 *
 * Returns: %TRUE if the latch has changed; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_latch_wait_finish (AiodriveLatch  *self,
                            GAsyncResult   *result,
                            gboolean       *state,
                            GError        **error)
{
  return wait_finish (self, result, aiodrive_latch_wait_async, state, error);
}

/**
 * aiodrive_latch_wait_set_async:
 * @self: a latch
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the latch is set, or has been since
 * @user_data: data for @callback
 *
 * Waits until the latch is set. Completes at once if it already is.
 *
 * Since: 1.0
 */
void
aiodrive_latch_wait_set_async (AiodriveLatch       *self,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  wait_for (self, TRUE, cancellable, callback, user_data, aiodrive_latch_wait_set_async);
}

/**
 * aiodrive_latch_wait_set_finish:
 * @self: a latch
 * @result: the result of aiodrive_latch_wait_set_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_latch_wait_set_async().
 *
 * Returns: %TRUE if it was set; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_latch_wait_set_finish (AiodriveLatch  *self,
                                GAsyncResult   *result,
                                GError        **error)
{
  return wait_finish (self, result, aiodrive_latch_wait_set_async, NULL, error);
}

/**
 * aiodrive_latch_wait_unset_async:
 * @self: a latch
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the latch is unset, or has been since
 * @user_data: data for @callback
 *
 * Waits until the latch is unset. Completes at once if it already is.
 *
 * Since: 1.0
 */
void
aiodrive_latch_wait_unset_async (AiodriveLatch       *self,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  wait_for (self, FALSE, cancellable, callback, user_data, aiodrive_latch_wait_unset_async);
}

/**
 * aiodrive_latch_wait_unset_finish:
 * @self: a latch
 * @result: the result of aiodrive_latch_wait_unset_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_latch_wait_unset_async().
 *
 * Returns: %TRUE if it was unset; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_latch_wait_unset_finish (AiodriveLatch  *self,
                                  GAsyncResult   *result,
                                  GError        **error)
{
  return wait_finish (self, result, aiodrive_latch_wait_unset_async, NULL, error);
}
