/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope-private.h"

/* Looks up the tree of scopes. A scope keeps its parent, and gets one at most once, so that no lock is needed. */

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
    scope = as_scope (aiodrive_cancel_scope_peek_parent (scope));
  return scope;
}

gboolean
aiodrive_cancellable_is_within (GCancellable *cancellable,
                                GCancellable *other)
{
  while (cancellable != NULL && cancellable != other)
    cancellable =
      as_scope (cancellable) != NULL ? aiodrive_cancel_scope_peek_parent (as_scope (cancellable)) : NULL;
  return cancellable != NULL;
}

void
aiodrive_cancellable_count_entrant (GCancellable *cancellable,
                                    gint          change)
{
  AiodriveCancelScope *scope = as_scope (cancellable);

  while (scope != NULL)
    {
      gint before = g_atomic_int_add (&scope->n_entrants, change * AIODRIVE_ONE_ENTRANT);

      scope = before & AIODRIVE_HAS_PARENT ? as_scope (aiodrive_cancel_scope_peek_parent (scope)) : NULL;
    }
}

/* For a scope that has got its parent just now. Those who wait are counted above before anybody who goes counts himself
 * off there: at no time do more wait than are counted. (/aiodrive/core/cancel-scope/attach-race/entrants-lost) */
void
aiodrive_cancel_scope_raise_entrants (AiodriveCancelScope *self)
{
  GCancellable *parent = aiodrive_cancel_scope_peek_parent (self);
  gint raised = 0;
  gint count;

  do
    {
      count = g_atomic_int_get (&self->n_entrants);
      aiodrive_cancellable_count_entrant (parent, count / AIODRIVE_ONE_ENTRANT - raised);
      raised = count / AIODRIVE_ONE_ENTRANT;
    }
  while (!g_atomic_int_compare_and_exchange (&self->n_entrants, count, count | AIODRIVE_HAS_PARENT));
}

gboolean
aiodrive_cancel_scope_has_entrants (AiodriveCancelScope *self)
{
  return g_atomic_int_get (&self->n_entrants) >= AIODRIVE_ONE_ENTRANT;
}

/* The next scope up whose cancellation reaches @self; or NULL. */
AiodriveCancelScope *
aiodrive_cancel_scope_get_reaching_parent (AiodriveCancelScope *self)
{
  return g_atomic_int_get (&self->shielded) ? NULL : as_scope (aiodrive_cancel_scope_peek_parent (self));
}
