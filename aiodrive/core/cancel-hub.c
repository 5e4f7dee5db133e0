/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-hub-private.h"

#include "aiodrive/core/cancel-scope-private.h"

/* g_cancellable_connect() and g_cancellable_disconnect() wait for running handlers, so that nobody may call
 * them in a handler, nor while he holds a lock that a handler wants; from GLib 2.84 on handlers even run under a
 * mutex of the cancellable. A hub needs neither: it is told once of the end of its cancellable, and from then
 * on there is only its own lock, which is a leaf.
 *
 * No cancellation is missed. The flag of the cancellable is set before any handler runs. Who finds it unset under
 * the hub's lock, and adds himself under the same lock, is in the list before the handler gets that lock.
 * (/aiodrive/core/cancel-hub/race)
 *
 * Nobody is told after he left, and nothing is freed under the handler. A link is taken off the list before it
 * fires. If its owner comes to remove it just then, remove() says no, and the owner is run again, in his own
 * context, when the handler is done with him; so an owner is freed in his own context alone, and no last reference
 * of his is dropped inside a handler. (.../remove-while-firing) */

static G_DEFINE_QUARK (aiodrive-cancel-hub, hub)

void
aiodrive_cancel_hub_init (AiodriveCancelHub *self)
{
  g_mutex_init (&self->lock);
  g_queue_init (&self->links);
}

void
aiodrive_cancel_hub_clear (AiodriveCancelHub *self)
{
  g_assert (g_queue_is_empty (&self->links));
  g_mutex_clear (&self->lock);
}

/* Tells everybody, in the thread that cancels. */
void
aiodrive_cancel_hub_fire (AiodriveCancelHub *self)
{
  gboolean more = TRUE;

  /* nobody is added any more */
  while (more)
    {
      AiodriveCancelLink *link;

      g_mutex_lock (&self->lock);
      link = g_queue_peek_head (&self->links);
      more = self->links.length > 1;
      if (link != NULL)
        {
          g_queue_unlink (&self->links, &link->node);
          link->linked = FALSE;
          if (!link->take (link))
            link = NULL;
        }
      g_mutex_unlock (&self->lock);
      if (link != NULL)
        link->fire (link);
    }
}

static void
hub_unref (gpointer hub)
{
  g_atomic_rc_box_release_full (hub, (GDestroyNotify) aiodrive_cancel_hub_clear);
}

static void
closure_unref_hub (gpointer  hub,
                   GClosure *closure)
{
  hub_unref (hub);
}

static void
on_cancelled (GCancellable *cancellable,
              gpointer      hub)
{
  aiodrive_cancel_hub_fire (hub);
}

/* A cancellable that is no scope gets its hub when it first needs one. Its handler is connected before
 * others can find the hub: what they add will be seen. The hub belongs to the cancellable and to the closure of the
 * handler, which may be running. */
static AiodriveCancelHub *
attach_hub (GCancellable *cancellable)
{
  AiodriveCancelHub *hub = g_atomic_rc_box_new0 (AiodriveCancelHub);
  gulong handler;

  aiodrive_cancel_hub_init (hub);
  handler = g_signal_connect_data (cancellable, "cancelled", G_CALLBACK (on_cancelled),
                                   g_atomic_rc_box_acquire (hub), closure_unref_hub, 0);
  if (g_object_replace_qdata (G_OBJECT (cancellable), hub_quark (), NULL, hub, hub_unref, NULL))
    return hub;

  /* another thread was faster */
  g_signal_handler_disconnect (cancellable, handler);
  hub_unref (hub);
  return g_object_get_qdata (G_OBJECT (cancellable), hub_quark ());
}

static AiodriveCancelHub *
get_hub (GCancellable *cancellable)
{
  AiodriveCancelHub *hub;

  if (AIODRIVE_IS_CANCEL_SCOPE (cancellable))
    return aiodrive_cancel_scope_get_hub (AIODRIVE_CANCEL_SCOPE (cancellable));

  hub = g_object_get_qdata (G_OBJECT (cancellable), hub_quark ());
  return hub != NULL ? hub : attach_hub (cancellable);
}

/* Adds a link; FALSE, and it is not added, if @cancellable is cancelled already. The owner keeps @cancellable
 * until he has removed the link. */
gboolean
aiodrive_cancel_link_add (AiodriveCancelLink *self,
                          GCancellable       *cancellable)
{
  AiodriveCancelHub *hub = get_hub (cancellable);
  gboolean cancelled;

  g_assert (!self->linked);

  self->hub = hub;
  self->node.data = self;

  g_mutex_lock (&hub->lock);
  cancelled = g_cancellable_is_cancelled (cancellable);
  if (!cancelled)
    {
      g_queue_push_tail_link (&hub->links, &self->node);
      self->linked = TRUE;
    }
  g_mutex_unlock (&hub->lock);

  return !cancelled;
}

/* FALSE if the handler is busy with the link just now: then done() posts the owner's entry later. */
gboolean
aiodrive_cancel_link_remove (AiodriveCancelLink *self)
{
  gboolean removed;

  if (self->hub == NULL)
    return TRUE;

  g_mutex_lock (&self->hub->lock);
  if (self->linked)
    g_queue_unlink (&self->hub->links, &self->node);
  self->linked = FALSE;
  self->left = self->firing;
  removed = !self->firing;
  g_mutex_unlock (&self->hub->lock);

  return removed;
}

/* A take() for owners that live in one context: from here to done() the link cannot be removed. */
gboolean
aiodrive_cancel_link_begin (AiodriveCancelLink *self)
{
  self->firing = TRUE;
  return TRUE;
}

/* The last thing that such an owner's fire() does. An owner without an @entry tries to remove the link again. */
void
aiodrive_cancel_link_done (AiodriveCancelLink *self,
                           AiodriveDispatcher *dispatcher,
                           AiodriveEntry      *entry)
{
  gboolean left;

  g_mutex_lock (&self->hub->lock);
  self->firing = FALSE;
  left = self->left;
  self->left = FALSE;
  g_mutex_unlock (&self->hub->lock);

  if (left && entry != NULL)
    aiodrive_dispatcher_post (dispatcher, entry);
}
