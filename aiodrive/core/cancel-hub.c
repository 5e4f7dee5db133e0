/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-hub-private.h"

/* Notifies the links of a cancellable when it is cancelled.
 *
 * Why not g_cancellable_connect(). It and g_cancellable_disconnect() wait for running handlers: they deadlock in a
 * handler, and with a lock held that a handler takes. From GLib 2.84 on handlers even run with a mutex of the
 * cancellable held. A hub connects once, and takes only its own lock, which is a leaf.
 *
 * No missed cancellation. The flag of the cancellable is set before any handler runs. A caller that finds it unset with
 * the hub's lock held, and adds its link before it unlocks, is in the list before the handler takes that lock.
 * (/aiodrive/core/cancel-hub/race)
 *
 * No notification after removal, and no use after free. A link leaves the list before it is notified. If its owner
 * removes it just then, remove() returns FALSE, and the owner's work item is posted again, to its own context, when the
 * handler has returned. So an owner is freed in its own context alone, and never inside a handler.
 * (.../remove-while-notifying)
 *
 * No recursion as deep as the tree. The outermost cancellation in a thread goes down depth first, with a stack of its
 * own. A hub whose cancellable is cancelled by that drain is pushed there, and its links are notified after the
 * emission, in which GLib holds a mutex. All of it is done before the outermost g_cancellable_cancel() returns. A
 * handler of the user that cancels something else starts a drain of its own, which has ended when it returns.
 * (/aiodrive/task/depth/scope, /aiodrive/core/cancel-hub/order, .../nested)
 *
 * A cancellable can be reset. Its generation counts its cancellations; a drain notifies the links that were added
 * before its own generation. A link behind a shield is not notified, and stays for the next cancellation.
 * (.../reset/on-the-way, .../reset/with-shield) */

static G_DEFINE_QUARK (aiodrive-cancel-hub, hub)

/* What is left to do on the way down from a cancellable: to cancel @cancellable, or to notify the links of its hub. */
typedef struct
{
  GCancellable      *cancellable;   /* owned; NULL: no frame */
  AiodriveCancelHub *hub;           /* that of cancellable; NULL: it is not cancelled yet */
  guint              generation;    /* links of this one are too late */
} Frame;

typedef struct _Drain Drain;

struct _Drain
{
  Drain        *outer;        /* nullable: it runs a handler that has begun this one */
  GCancellable *cancelling;   /* unowned, nullable: its hub is to be pushed here */
  Frame         top;
  GArray       *rest;         /* owned, nullable: of Frame, the next one last */
};

static __thread Drain *draining;

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

/*
 * The way down
 */

static void
drain_push (Drain *self,
            Frame  frame)
{
  if (self->top.cancellable != NULL)
    {
      if (self->rest == NULL)
        self->rest = g_array_new (FALSE, FALSE, sizeof (Frame));
      g_array_append_val (self->rest, self->top);
    }
  self->top = frame;
}

static Frame
drain_pop (Drain *self)
{
  Frame frame = self->top;

  self->top = (Frame) { NULL };
  if (self->rest != NULL && self->rest->len > 0)
    {
      self->top = g_array_index (self->rest, Frame, self->rest->len - 1);
      g_array_set_size (self->rest, self->rest->len - 1);
    }
  return frame;
}

static gboolean
is_due (AiodriveCancelLink *link,
        guint               generation)
{
  return link != NULL && (gint) (link->generation - generation) < 0;
}

/* Takes the next link of a hub that is to be notified. One that is not stays, for the next cancellation: the
 * cancellable may be reset. *@more: there are others in this cancellation. */
static AiodriveCancelLink *
take_link (AiodriveCancelHub *self,
           guint              generation,
           gboolean          *more)
{
  AiodriveCancelLink *link;

  g_mutex_lock (&self->lock);
  link = g_queue_peek_head (&self->links);
  if (is_due (link, generation))
    {
      g_queue_unlink (&self->links, &link->node);
      link->linked = !link->try_ref (link);
      if (link->linked)
        {
          link->generation = self->generation;
          g_queue_push_tail_link (&self->links, &link->node);
          link = NULL;
        }
    }
  else
    link = NULL;
  *more = is_due (g_queue_peek_head (&self->links), generation);
  g_mutex_unlock (&self->lock);

  return link;
}

static void
drain_cancel (Drain        *self,
              GCancellable *cancellable)
{
  self->cancelling = cancellable;
  g_cancellable_cancel (cancellable);
  self->cancelling = NULL;
}

/* One step: cancels a cancellable, or notifies one link of a hub. A hub is popped before its last link is notified: a
 * chain of any length needs one frame. */
static void
drain_step (Drain *self)
{
  Frame frame = self->top;
  AiodriveCancelLink *link = NULL;
  gboolean more = FALSE;

  if (frame.hub != NULL)
    link = take_link (frame.hub, frame.generation, &more);
  if (!more)
    drain_pop (self);

  if (link != NULL)
    link->notify (link);
  else if (frame.hub == NULL)
    drain_cancel (self, frame.cancellable);
  if (!more)
    g_object_unref (frame.cancellable);
}

static gboolean
begin_generation (AiodriveCancelHub *self,
                  guint             *generation)
{
  gboolean any;

  g_mutex_lock (&self->lock);
  *generation = ++self->generation;
  any = !g_queue_is_empty (&self->links);
  g_mutex_unlock (&self->lock);

  return any;
}

/* In the handler of @cancellable, whose hub this is: notifies all links, now or in the drain that has cancelled it. */
void
aiodrive_cancel_hub_notify (AiodriveCancelHub *self,
                            GCancellable      *cancellable)
{
  Frame frame = { NULL, self, 0 };
  Drain drain = { .outer = draining };

  if (!begin_generation (self, &frame.generation))
    return;

  frame.cancellable = g_object_ref (cancellable);
  if (draining != NULL && draining->cancelling == cancellable)
    {
      drain_push (draining, frame);
      return;
    }

  draining = &drain;
  drain_push (&drain, frame);
  while (drain.top.cancellable != NULL)
    drain_step (&drain);
  draining = drain.outer;
  g_clear_pointer (&drain.rest, g_array_unref);
}

/* For notify(), as the last thing that it does: cancels a cancellable, and what is below it before the next link. */
void
aiodrive_cancel_hub_cancel (GCancellable *cancellable)
{
  drain_cancel (draining, cancellable);
}

/* For notify(): cancels each cancellable, in this order, before the next link. */
void
aiodrive_cancel_hub_cancel_all (GPtrArray *cancellables)
{
  for (guint i = cancellables->len; i > 0; i--)
    drain_push (draining, (Frame) { g_object_ref (g_ptr_array_index (cancellables, i - 1)), NULL, 0 });
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
  aiodrive_cancel_hub_notify (hub, cancellable);
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

/* The class of cancellables that have a hub as a field, and where. */
static gsize embedding_type;     /* a GType; atomic */
static gint  embedding_offset;   /* atomic; set before embedding_type */

/* In the initialisation of the class @type, once: its instances have their hub at @offset, and notify it themselves. */
void
aiodrive_cancel_hub_embed (GType type,
                           gint  offset)
{
  g_atomic_int_set (&embedding_offset, offset);
  g_atomic_pointer_set (&embedding_type, type);
}

static AiodriveCancelHub *
get_hub (GCancellable *cancellable)
{
  AiodriveCancelHub *hub;

  if (G_OBJECT_TYPE (cancellable) == (GType) g_atomic_pointer_get (&embedding_type))
    return (AiodriveCancelHub *) ((guint8 *) cancellable + g_atomic_int_get (&embedding_offset));

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
      self->generation = hub->generation;
      g_queue_push_tail_link (&hub->links, &self->node);
      self->linked = TRUE;
    }
  g_mutex_unlock (&hub->lock);

  return !cancelled;
}

/* FALSE if the handler is busy with the link just now: then done() posts the owner's work item later. */
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
  self->left = self->notifying;
  removed = !self->notifying;
  g_mutex_unlock (&self->hub->lock);

  return removed;
}

/* A try_ref() for owners that live in one context: from here to done() the link cannot be removed. */
gboolean
aiodrive_cancel_link_begin (AiodriveCancelLink *self)
{
  self->notifying = TRUE;
  return TRUE;
}

/* The last thing that such an owner's notify() does. An owner without an @work tries to remove the link again. */
void
aiodrive_cancel_link_done (AiodriveCancelLink *self,
                           AiodriveDispatcher *dispatcher,
                           AiodriveWorkItem   *work)
{
  gboolean left;

  g_mutex_lock (&self->hub->lock);
  self->notifying = FALSE;
  left = self->left;
  self->left = FALSE;
  g_mutex_unlock (&self->hub->lock);

  if (left && work != NULL)
    aiodrive_dispatcher_post (dispatcher, work);
}
