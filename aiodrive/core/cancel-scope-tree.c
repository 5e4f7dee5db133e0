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

static guint n_attached;   /* atomic */

/* How many scopes have got a parent after aiodrive_cancel_scope_expect_parent() had found none. */
guint
aiodrive_cancel_scope_count_attached (void)
{
  return g_atomic_int_get (&n_attached);
}

/* The parent. If there is none, and there comes to be one, aiodrive_cancel_scope_count_attached() says so afterwards:
 * who attaches the scope either finds it expected, or has set the parent before we look again. */
GCancellable *
aiodrive_cancel_scope_expect_parent (AiodriveCancelScope *self)
{
  if (aiodrive_cancel_scope_peek_parent (self) == NULL)
    g_atomic_int_set (&self->expected, TRUE);
  return aiodrive_cancel_scope_peek_parent (self);
}

/* For a scope that has got its parent just now. */
static void
note_attached (AiodriveCancelScope *self)
{
  if (g_atomic_int_get (&self->expected))
    g_atomic_int_inc (&n_attached);
}

/* The next scope up whose cancellation reaches @self; or NULL. */
AiodriveCancelScope *
aiodrive_cancel_scope_get_reaching_parent (AiodriveCancelScope *self)
{
  return g_atomic_int_get (&self->shielded) ? NULL : as_scope (aiodrive_cancel_scope_peek_parent (self));
}

/* No cycles. Only here does a scope get a parent when there may be scopes below it, and that is done under one lock: of
 * two scopes that are attached below each other at once, the second one sees that it is above its parent.
 * (/aiodrive/core/cancel-scope/attach/cycle, attach-below-each-other in tests/interleave) */
static gboolean
set_parent (AiodriveCancelScope *self,
            GCancellable        *parent)
{
  static GMutex lock;
  gboolean set;

  g_mutex_lock (&lock);
  set = self->parent == NULL && !aiodrive_cancellable_is_within (parent, G_CANCELLABLE (self));
  if (set)
    g_atomic_pointer_set (&self->parent, parent);
  g_mutex_unlock (&lock);

  return set;
}

/* Whoever cancels @parent meanwhile either finds the link in its hub, or has set the flag before: then the link is not
 * added. A shield that falls meanwhile either falls before we look, or afterwards: then the parent can be seen.
 * (/aiodrive/core/cancel-scope/attach-race) */
gboolean
aiodrive_cancel_scope_attach (AiodriveCancelScope *self,
                              GCancellable        *parent)
{
  gboolean attached;

  g_object_ref (parent);
  attached = set_parent (self, parent);
  if (!attached)
    {
      g_object_unref (parent);
      return FALSE;
    }

  aiodrive_weak_restore (&self->itself, self);
  note_attached (self);
  if (!aiodrive_cancel_link_add (&self->link, parent) && !g_atomic_int_get (&self->shielded))
    aiodrive_cancel_scope_cancel_late (self, parent);
  aiodrive_deadline_changed (self);
  g_object_notify (G_OBJECT (self), "parent");
  return TRUE;
}
