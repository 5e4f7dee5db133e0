/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope-private.h"

#include "aiodrive/core/error-private.h"

/* The reason of a scope's cancellation, and how it passes to the code outside the scope. */

/* Stores why @self is about to be cancelled, unless it is already cancelled. The error is copied and freed with no lock
 * held, because the functions of its domain are foreign code. */
void
aiodrive_cancel_scope_set_reason (AiodriveCancelScope *self,
                                  const GError        *reason)
{
  g_autoptr(GError) copy = reason != NULL ? g_error_copy (reason) : NULL;

  g_mutex_lock (&self->hub.lock);
  if (self->reason == NULL && !g_cancellable_is_cancelled (G_CANCELLABLE (self)))
    self->reason = g_steal_pointer (&copy);
  g_mutex_unlock (&self->hub.lock);
}

/* Constant cost, however deep the tree: before a scope is cancelled from above, it stores a pointer to the scope whose
 * reason applies. That scope is above it, so it stays alive. (/aiodrive/core/cancel-scope/reason/origin) */

static AiodriveCancelScope *
get_origin (AiodriveCancelScope *self)
{
  AiodriveCancelScope *origin;

  g_mutex_lock (&self->hub.lock);
  origin = self->reason == NULL && self->origin != NULL ? self->origin : self;
  g_mutex_unlock (&self->hub.lock);

  return origin;
}

/* Called before the cancelled @parent cancels @self. */
void
aiodrive_cancel_scope_inherit_reason (AiodriveCancelScope *self,
                                      GCancellable        *parent)
{
  AiodriveCancelScope *origin;

  if (!AIODRIVE_IS_CANCEL_SCOPE (parent))
    return;

  origin = get_origin (AIODRIVE_CANCEL_SCOPE (parent));
  g_mutex_lock (&self->hub.lock);
  if (self->origin == NULL && !g_cancellable_is_cancelled (G_CANCELLABLE (self)))
    self->origin = origin;
  g_mutex_unlock (&self->hub.lock);
}

/**
 * aiodrive_cancel_scope_cancel_with_reason:
 * @self: a scope
 * @reason: (nullable): why, for aiodrive_cancel_scope_dup_reason()
 *
 * Cancels the scope, as g_cancellable_cancel() does, and stores the reason. If the scope is already cancelled, nothing
 * changes.
 *
 * Since: 1.0
 */
void
aiodrive_cancel_scope_cancel_with_reason (AiodriveCancelScope *self,
                                          const GError        *reason)
{
  g_return_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self));

  aiodrive_cancel_scope_set_reason (self, reason);
  g_cancellable_cancel (G_CANCELLABLE (self));
}

/**
 * aiodrive_cancel_scope_cancel_with_message:
 * @self: a scope
 * @domain: the domain of the reason
 * @code: the code of the reason
 * @message: why, for a person to read
 *
 * Cancels the scope for a reason, as aiodrive_cancel_scope_cancel_with_reason() does. It is for languages whose
 * bindings cannot pass a #GError: Lua, Perl and Ruby.
 *
 * Since: 1.0
 */
void
aiodrive_cancel_scope_cancel_with_message (AiodriveCancelScope *self,
                                           GQuark               domain,
                                           gint                 code,
                                           const char          *message)
{
  g_autoptr(GError) reason = NULL;

  g_return_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self));
  g_return_if_fail (domain != 0);
  g_return_if_fail (message != NULL);

  reason = g_error_new_literal (domain, code, message);
  aiodrive_cancel_scope_cancel_with_reason (self, reason);
}

/* A reason, once set, does not change until the scope is finalized. */
static GError *
copy_own_reason (AiodriveCancelScope *self)
{
  const GError *reason;

  g_mutex_lock (&self->hub.lock);
  reason = self->reason;
  g_mutex_unlock (&self->hub.lock);

  return reason != NULL ? g_error_copy (reason) : NULL;
}

/**
 * aiodrive_cancel_scope_dup_reason:
 * @self: a scope
 *
 * Gets why the scope was cancelled: its own reason, else that of the scope above from which the cancellation came. If a
 * deadline passed, the reason is %G_IO_ERROR_TIMED_OUT.
 *
 * Returns: (transfer full) (nullable): the reason, or %NULL if the scope is not cancelled or was cancelled without one
 *
 * Since: 1.0
 */
GError *
aiodrive_cancel_scope_dup_reason (AiodriveCancelScope *self)
{
  g_return_val_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self), NULL);

  return g_cancellable_is_cancelled (G_CANCELLABLE (self)) ? copy_own_reason (get_origin (self)) : NULL;
}

/* Returns whether the cancellation of @self also comes from above. */
static gboolean
is_cancelled_from_above (AiodriveCancelScope *self)
{
  return !g_atomic_int_get (&self->shielded) &&
         aiodrive_cancellable_is_cancelled (aiodrive_cancel_scope_peek_parent (self));
}

/**
 * aiodrive_cancel_scope_leave:
 * @self: a scope
 * @error: (nullable): the error of the work in the scope, or %NULL if it succeeded
 * @out_error: (out) (optional) (nullable) (transfer full): return location for the error to pass on
 *
 * Leaves a scope after its work has completed, and decides which error to pass on.
 *
 * A scope that was cancelled makes its work fail with %G_IO_ERROR_CANCELLED. The code outside must see that error only
 * if the cancellation came from outside. So if this scope alone caused the cancellation, the reason of the scope
 * replaces the error (%G_IO_ERROR_TIMED_OUT for a deadline); without a reason the error is dropped. Any other @error is
 * copied to @out_error.
 *
 * Returns: %TRUE if there is no error to pass on; %FALSE with @out_error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_cancel_scope_leave (AiodriveCancelScope *self,
                             const GError        *error,
                             GError             **out_error)
{
  GError *reason;

  g_return_val_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self), FALSE);
  g_return_val_if_fail (out_error == NULL || *out_error == NULL, FALSE);

  if (error == NULL)
    return TRUE;

  aiodrive_cancel_scope_cancel_if_late (self);
  if (!aiodrive_error_is_cancelled (error) || !g_cancellable_is_cancelled (G_CANCELLABLE (self)) ||
      is_cancelled_from_above (self))
    reason = g_error_copy (error);
  else
    reason = copy_own_reason (self);

  if (reason == NULL)
    return TRUE;
  g_propagate_error (out_error, reason);
  return FALSE;
}
