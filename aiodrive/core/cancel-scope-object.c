/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/lifetime-private.h"

/* Scopes that end with an object. A scope leaves the lifetime of the object in its dispose().
 * (/aiodrive/core/cancel-scope-object/threads) */

struct _AiodriveScopeTie
{
  AiodriveTie          tie;     /* first */
  AiodriveCancelScope *scope;   /* unowned: the scope owns this */
};

static void
claim (AiodriveTie *tie)
{
  aiodrive_weak_claim (&((AiodriveScopeTie *) tie)->scope->itself);
}

static gboolean
take (AiodriveTie *tie)
{
  return aiodrive_weak_take (&((AiodriveScopeTie *) tie)->scope->itself) != NULL;
}

static void
fire (AiodriveTie  *tie,
      const GValue *params,
      guint         n_params)
{
  AiodriveCancelScope *scope = ((AiodriveScopeTie *) tie)->scope;

  g_cancellable_cancel (G_CANCELLABLE (scope));
  g_object_unref (scope);
}

/* In the dispose() of the scope. */
void
aiodrive_scope_tie_leave (AiodriveScopeTie *self)
{
  aiodrive_tie_leave (&self->tie);
}

void
aiodrive_scope_tie_free (AiodriveScopeTie *self)
{
  aiodrive_tie_clear (&self->tie);
  g_free (self);
}

/**
 * aiodrive_cancel_scope_new_for_object:
 * @object: an object, such as a widget
 * @signal: (nullable): a signal of @object, with a detail if need be: "unrealize", "notify::visible"
 * @parent: (nullable): what cancels the new scope too
 *
 * Creates a scope that is cancelled when @object is disposed, or emits @signal. Give it to everything that is of no use
 * without the object: to what loads the contents of a widget, or listens for it.
 *
 * Scope and object do not keep each other alive. So that the object can be disposed at all, the calls below the scope
 * must hold no reference on it. Their callbacks and fibers get it with aiodrive_cancel_scope_dup_object(). They are
 * still called back exactly once, with %G_IO_ERROR_CANCELLED, after it has gone.
 *
 * The scope is cancelled at once, in the thread that drops the last reference or emits @signal. The handler ignores the
 * arguments of the signal, and answers with the zero value of its type. It stays connected until the signal is emitted
 * again. A signal that asks whether something may happen is a trap: `GtkWindow::close-request` cancels the scope even
 * where another handler vetoes, so that the window stays, with nothing behind it. Use "unrealize", or no signal.
 *
 * It may be called from every thread that has a reference on @object. A @signal that the type does not have is a
 * programming error: the scope is cancelled from the start, for the reason %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * Returns: (transfer full): a new scope
 *
 * Since: 1.0
 */
AiodriveCancelScope *
aiodrive_cancel_scope_new_for_object (GObject      *object,
                                      const char   *signal,
                                      GCancellable *parent)
{
  static const AiodriveTieKind kind = { .claim = claim, .take = take, .fire = fire };
  g_autoptr(GError) error = NULL;
  AiodriveCancelScope *self;
  guint id = 0;
  GQuark detail = 0;

  g_return_val_if_fail (G_IS_OBJECT (object), NULL);
  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);

  self = aiodrive_cancel_scope_new (parent);
  if (signal != NULL && !aiodrive_tie_parse (object, signal, &id, &detail, &error))
    {
      g_critical ("%s: %s", G_STRFUNC, error->message);
      aiodrive_cancel_scope_cancel_with_reason (self, error);
      return self;
    }

  self->tie = g_new0 (AiodriveScopeTie, 1);
  self->tie->scope = self;
  aiodrive_tie_init (&self->tie->tie, &kind, object, id, detail);
  return self;
}

static AiodriveLifetime *
find_lifetime (AiodriveCancelScope *self)
{
  AiodriveLifetime *lifetime = NULL;
  GCancellable *above = G_CANCELLABLE (self);

  aiodrive_scope_walk_begin ();
  while (lifetime == NULL && above != NULL && AIODRIVE_IS_CANCEL_SCOPE (above))
    {
      AiodriveScopeTie *tie = AIODRIVE_CANCEL_SCOPE (above)->tie;

      if (tie != NULL)
        lifetime = aiodrive_lifetime_ref (tie->tie.lifetime);
      above = aiodrive_cancel_scope_peek_parent (AIODRIVE_CANCEL_SCOPE (above));
    }
  aiodrive_scope_walk_end ();

  return lifetime;
}

/**
 * aiodrive_cancel_scope_dup_object:
 * @self: a scope
 *
 * Gets the object that the scope ends with: that of aiodrive_cancel_scope_new_for_object() for this scope, or else for
 * the nearest one above it. So a job or fiber that was started below such a scope gets the object from its own scope.
 *
 * Keep the reference for as long as the object is used, and not while something is awaited: the object is not disposed
 * as long as there is one. It may be called from every thread. The last reference on a widget must not be dropped in
 * another thread than that of the widgets.
 *
 * Returns: (transfer full) (nullable) (type GObject): the object, or %NULL if there is none or it is disposed
 *
 * Since: 1.0
 */
gpointer
aiodrive_cancel_scope_dup_object (AiodriveCancelScope *self)
{
  AiodriveLifetime *lifetime;

  g_return_val_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self), NULL);

  lifetime = find_lifetime (self);
  return lifetime != NULL ? aiodrive_lifetime_end (lifetime) : NULL;
}
