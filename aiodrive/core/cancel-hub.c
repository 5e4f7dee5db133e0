/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-hub-private.h"

/* Notifies the links of a cancellable when it is cancelled.
 *
 * Why not g_cancellable_connect(). It and g_cancellable_disconnect() wait for running handlers: a call from inside a
 * handler deadlocks, and so does a call with a lock held that a handler takes. From GLib 2.84 on handlers even run with
 * a mutex of the cancellable held. A hub connects once, and takes only its own lock, a leaf lock.
 *
 * No missed cancellation. The flag of the cancellable is set before any handler runs. A caller finds the flag unset
 * with the hub's lock held, and adds its link in the same critical section. So its link is in the list before the
 * handler takes that lock. (/aiodrive/core/cancel-hub/race)
 *
 * No notification after removal, no use-after-free. A link leaves the list before its handler runs. When remove() races
 * a running handler it returns FALSE, and the hub posts the owner's work item again, to the owner's context, once the
 * handler has returned. So an owner is freed only in its own context, and never inside a handler.
 * (.../remove-while-notifying)
 *
 * No recursion as deep as the tree. The outermost cancellation in a thread walks the tree depth first, with an explicit
 * stack. A hub whose cancellable is cancelled by that drain is pushed there, and its links are notified after the
 * emission, in which GLib holds a mutex. The drain completes before the outermost g_cancellable_cancel() returns. A
 * user's handler that cancels another cancellable starts a nested drain, which completes before the handler returns.
 * (/aiodrive/task/depth/scope, /aiodrive/core/cancel-hub/order, .../nested)
 *
 * Generation counter. A cancellable can be reset. Its generation counts its cancellations, and a drain notifies only
 * the links that were added before its own generation. A link behind a shield is skipped, and stays for the next
 * cancellation. (.../reset/on-the-way, .../reset/with-shield) */

static G_DEFINE_QUARK (aiodrive-cancel-hub, hub)

/* A step of the drain that is still to run: it cancels @cancellable, or notifies the links of its hub. */
typedef struct
{
  GCancellable      *cancellable;   /* owned; NULL: no frame */
  AiodriveCancelHub *hub;           /* the hub of cancellable; NULL: not cancelled yet */
  guint              generation;    /* links of this generation are too late */
} Frame;

typedef struct _Drain Drain;

struct _Drain
{
  Drain        *outer;        /* nullable: the drain that runs the handler which started this one */
  GCancellable *cancelling;   /* unowned, nullable: its handler pushes the hub here */
  Frame         top;
  GArray       *rest;         /* owned, nullable: of Frame; the last one is the next step */
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
 * The drain
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

/* Takes the next link of a hub to notify. A skipped link stays for the next cancellation, because the cancellable may
 * be reset. Sets *@more if this cancellation has further links. */
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

/* Runs one step: cancels a cancellable, or notifies one link of a hub. It pops the hub before it notifies the last
 * link, so a chain of any length needs one frame. */
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

/* Called by the handler of @cancellable, whose hub is @self: notifies all links, now or in the drain that cancelled it.
 */
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

/* For notify(), as its last action: cancels a cancellable, and everything below it, before the next link. */
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

/* A cancellable that is not a scope gets its hub on first use. The handler is connected before another thread can find
 * the hub, so it sees every link added. The hub is owned by the cancellable and by the closure of the handler, which
 * may be running. */
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

/* Called once, by the class initialiser of @type: its instances have their hub at @offset, and notify it themselves. */
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

/* Adds a link. Returns FALSE without adding it if @cancellable is already cancelled. The owner keeps @cancellable alive
 * until it has removed the link. */
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

/* Returns FALSE if the handler is notifying the link now: then done() posts the owner's work item later. */
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

/* Removes a link whose hub may go before its owner does. Only for links that are never busy with their handler. */
void
aiodrive_cancel_link_detach (AiodriveCancelLink *self)
{
  aiodrive_cancel_link_remove (self);
  self->hub = NULL;
}

/* A try_ref() for owners that live in one context: the link cannot be removed from here to done(). */
gboolean
aiodrive_cancel_link_begin (AiodriveCancelLink *self)
{
  self->notifying = TRUE;
  return TRUE;
}

/* The last action in the notify() of such an owner. An owner without @work calls remove() again. */
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
