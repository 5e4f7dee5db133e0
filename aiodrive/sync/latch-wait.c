/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/latch-private.h"

/* The three ways to wait for a latch: for a change, for it to be set, and for it not to be. */

#define ANY_CHANGE (-1)

static void
return_state (AiodriveWait *wait,
              gpointer      state)
{
  aiodrive_wait_return_int (wait, GPOINTER_TO_INT (state));
}

/* Waits for a state, which may be there, or for the one that is not there now. */
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
 * Waits until the latch changes the next time, in whichever direction.
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
 * @result: the result of aiodrive_latch_wait_async()
 * @state: (out) (optional): the state that ended the wait; the latch may have another one by now
 * @error: return location for an error
 *
 * Ends a wait for a change.
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
 * Waits until the latch is set, which it may be already.
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
 * @result: the result of aiodrive_latch_wait_set_async()
 * @error: return location for an error
 *
 * Ends a wait for the latch to be set.
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
 * Waits until the latch is not set, which may be so already.
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
 * @result: the result of aiodrive_latch_wait_unset_async()
 * @error: return location for an error
 *
 * Ends a wait for the latch to be unset.
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
