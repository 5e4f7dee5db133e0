/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope-private.h"

/* Looks up the tree of scopes. A scope keeps its parent, and never changes it, so that no lock is needed. */

static AiodriveCancelScope *
as_scope (GCancellable *cancellable)
{
  return cancellable != NULL && AIODRIVE_IS_CANCEL_SCOPE (cancellable) ? AIODRIVE_CANCEL_SCOPE (cancellable) : NULL;
}

AiodriveCancelScope *
aiodrive_cancellable_find_task_scope (GCancellable *cancellable)
{
  AiodriveCancelScope *scope = as_scope (cancellable);

  while (scope != NULL && scope->task_record == NULL)
    scope = as_scope (scope->parent);
  return scope;
}

gboolean
aiodrive_cancellable_is_within (GCancellable *cancellable,
                                GCancellable *other)
{
  while (cancellable != NULL && cancellable != other)
    cancellable = as_scope (cancellable) != NULL ? as_scope (cancellable)->parent : NULL;
  return cancellable != NULL;
}

void
aiodrive_cancellable_count_entrant (GCancellable *cancellable,
                                    gint          change)
{
  for (AiodriveCancelScope *scope = as_scope (cancellable); scope != NULL; scope = as_scope (scope->parent))
    g_atomic_int_add (&scope->n_entrants, change);
}

gboolean
aiodrive_cancel_scope_has_entrants (AiodriveCancelScope *self)
{
  return g_atomic_int_get (&self->n_entrants) > 0;
}

/* The next scope up whose cancellation reaches @self; or NULL. */
AiodriveCancelScope *
aiodrive_cancel_scope_get_reaching_parent (AiodriveCancelScope *self)
{
  if (self->parent == NULL || !AIODRIVE_IS_CANCEL_SCOPE (self->parent) || g_atomic_int_get (&self->shielded))
    return NULL;
  return AIODRIVE_CANCEL_SCOPE (self->parent);
}
