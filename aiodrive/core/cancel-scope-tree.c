/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope-private.h"

#include "aiodrive/core/release-private.h"

/* Walks up the tree of scopes. A scope owns a reference on its parent, so a step up needs no lock. Only a shielded
 * scope may move up. */

static AiodriveCancelScope *
as_scope (GCancellable *cancellable)
{
  return cancellable != NULL && AIODRIVE_IS_CANCEL_SCOPE (cancellable) ? AIODRIVE_CANCEL_SCOPE (cancellable) : NULL;
}

static gint n_walks;   /* atomic */

void
aiodrive_scope_walk_begin (void)
{
  g_atomic_int_inc (&n_walks);
}

void
aiodrive_scope_walk_end (void)
{
  g_atomic_int_add (&n_walks, -1);
}

/* Claims a scope in the walk that finds it, and takes the reference after the walk. FALSE: the scope has been disposed
 * of meanwhile. */
static gboolean
take_found (AiodriveCancelScope **scope)
{
  AiodriveCancelScope *found = *scope;

  *scope = aiodrive_weak_take (&found->itself);
  return *scope != NULL;
}

GCancellable *
aiodrive_cancel_scope_dup_parent (AiodriveCancelScope *self)
{
  GCancellable *parent;
  AiodriveCancelScope *scope;

  do
    {
      aiodrive_scope_walk_begin ();
      parent = aiodrive_cancel_scope_peek_parent (self);
      scope = as_scope (parent);
      if (scope != NULL)
        aiodrive_weak_claim (&scope->itself);
      aiodrive_scope_walk_end ();

      if (scope == NULL)
        return parent != NULL ? g_object_ref (parent) : NULL;   /* such a scope cannot move */
    }
  while (!take_found (&scope) && aiodrive_cancel_scope_peek_parent (self) != parent);

  return (GCancellable *) scope;
}

static AiodriveCancelScope *
claim_task_scope (AiodriveCancelScope *scope)
{
  aiodrive_scope_walk_begin ();
  while (scope != NULL && scope->task_record == NULL)
    scope = as_scope (aiodrive_cancel_scope_peek_parent (scope));
  if (scope != NULL)
    aiodrive_weak_claim (&scope->itself);
  aiodrive_scope_walk_end ();

  return scope;
}

AiodriveCancelScope *
aiodrive_cancellable_find_task_scope (GCancellable *cancellable)
{
  AiodriveCancelScope *found, *scope;

  if (as_scope (cancellable) == NULL || as_scope (cancellable)->task_record != NULL)
    return as_scope (cancellable) != NULL ? g_object_ref (as_scope (cancellable)) : NULL;

  do
    {
      scope = found = claim_task_scope (as_scope (cancellable));
    }
  while (found != NULL && !take_found (&scope) &&
         !aiodrive_cancellable_is_within (cancellable, G_CANCELLABLE (found)));

  return scope;
}

gboolean
aiodrive_cancellable_is_within (GCancellable *cancellable,
                                GCancellable *other)
{
  if (cancellable == other)
    return other != NULL;

  aiodrive_scope_walk_begin ();
  while (cancellable != NULL && cancellable != other)
    cancellable =
      as_scope (cancellable) != NULL ? aiodrive_cancel_scope_peek_parent (as_scope (cancellable)) : NULL;
  aiodrive_scope_walk_end ();

  return cancellable != NULL;
}

gsize
aiodrive_cancel_scope_get_number (AiodriveCancelScope *self)
{
  static gpointer last;   /* atomic */

  if (g_atomic_pointer_get (&self->number) == NULL)
    {
      gsize number = (gsize) g_atomic_pointer_add (&last, 1) + 1;

      g_atomic_pointer_compare_and_exchange (&self->number, NULL, GSIZE_TO_POINTER (number));
    }
  return GPOINTER_TO_SIZE (g_atomic_pointer_get (&self->number));
}

static guint n_attached;   /* atomic */

/* Returns how many scopes got a parent after aiodrive_cancel_scope_expect_parent() had found none. */
guint
aiodrive_cancel_scope_count_attached (void)
{
  return g_atomic_int_get (&n_attached);
}

/* Returns the parent. If there is none, a parent that is set later increments aiodrive_cancel_scope_count_attached().
 * No missed parent: the attaching thread either finds the scope marked as expecting, or has set the parent before this
 * function reads it again. */
GCancellable *
aiodrive_cancel_scope_expect_parent (AiodriveCancelScope *self)
{
  if (aiodrive_cancel_scope_peek_parent (self) == NULL)
    g_atomic_int_set (&self->expected, TRUE);
  return aiodrive_cancel_scope_peek_parent (self);
}

/* For a scope that has just got its parent. */
static void
note_attached (AiodriveCancelScope *self)
{
  if (g_atomic_int_get (&self->expected))
    g_atomic_int_inc (&n_attached);
}

/* Returns the next scope up whose cancellation reaches @self, or NULL. */
AiodriveCancelScope *
aiodrive_cancel_scope_get_reaching_parent (AiodriveCancelScope *self)
{
  return g_atomic_int_get (&self->shielded) ? NULL : as_scope (aiodrive_cancel_scope_peek_parent (self));
}

/* No cycles. Only this function sets the parent of a scope that may already have scopes below it, and one lock
 * serialises all its calls. When two threads attach two scopes below each other, the second call finds that its scope
 * is above the new parent. (/aiodrive/core/cancel-scope/attach/cycle, attach-below-each-other in tests/interleave) */
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

/* No missed cancellation. A thread that cancels @parent meanwhile either finds the link in the hub, or has set the flag
 * before the link is added, and add() fails. A shield removed meanwhile is removed either before this function reads
 * it, or later, when the remover sees the parent. (/aiodrive/core/cancel-scope/attach-race) */
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

void
aiodrive_cancel_scope_pass_over (AiodriveCancelScope *self)
{
  g_atomic_int_set (&self->passed_over, TRUE);
}

/* Returns the first scope above the parent of @self whose work has not completed. */
static GCancellable *
dup_place_above (AiodriveCancelScope *self)
{
  g_autoptr(GCancellable) parent = aiodrive_cancel_scope_dup_parent (self);
  GCancellable *above = parent != NULL ? aiodrive_cancel_scope_dup_parent (AIODRIVE_CANCEL_SCOPE (parent)) : NULL;
  AiodriveCancelScope *scope;

  while ((scope = as_scope (above)) != NULL && g_atomic_int_get (&scope->passed_over))
    {
      above = aiodrive_cancel_scope_dup_parent (scope);
      g_object_unref (scope);
    }
  return above;
}

static gboolean
begin_move (AiodriveCancelScope *self)
{
  return g_atomic_int_get (&self->shielded) && !g_cancellable_is_cancelled (G_CANCELLABLE (self)) &&
         as_scope (aiodrive_cancel_scope_peek_parent (self)) != NULL &&
         g_atomic_int_compare_and_exchange (&self->passed_over, FALSE, TRUE);
}

/**
 * aiodrive_cancel_scope_move_up:
 * @self: a scope that is shielded
 *
 * Removes the parent of the scope from the chain above it: the parent of its parent becomes its parent. Scopes that
 * have moved up themselves, and the scopes of closed groups, are skipped too.
 *
 * Use it in bindings, and wherever a scope holds the work that a task leaves behind. If every task starts its successor
 * and completes, each successor has one more scope above it, and the chain grows without bound. To keep it short, start
 * the successor below a shielded scope of the task, and move that scope up when the task has completed.
 *
 * A scope moves up once. The call has no effect if the scope is not shielded, if it is cancelled, or if its parent is
 * not an #AiodriveCancelScope. The shield must stay. #AiodriveCancelScope:parent is notified in the calling thread.
 *
 * Since: 1.0
 */
void
aiodrive_cancel_scope_move_up (AiodriveCancelScope *self)
{
  GCancellable *above, *old;

  g_return_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self));

  if (!begin_move (self))
    return;

  above = dup_place_above (self);
  aiodrive_cancel_link_detach (&self->link);
  old = g_atomic_pointer_get (&self->parent);
  g_atomic_pointer_set (&self->parent, above);
  if (above != NULL)
    aiodrive_cancel_link_add (&self->link, above);   /* the shield holds off a cancellation missed meanwhile */

  while (g_atomic_int_get (&n_walks) > 0)
    g_thread_yield ();
  aiodrive_release_object (old);
  g_object_notify (G_OBJECT (self), "parent");
}
