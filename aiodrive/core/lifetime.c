/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/lifetime-private.h"

#include "aiodrive/core/weak-private.h"

/* What ends with an object, or listens to its signals.
 *
 * Neither keeps the other. An object has one lifetime, which lists what is tied to it. A tie leaves the list in any
 * thread, and does not touch the object, which may be disposed in another one. So nothing is disconnected there: an
 * object has one weak notification, and one handler for each signal that was asked for. A handler that finds no tie
 * disconnects itself.
 *
 * No use after free. A tie in the list is claimed with the lock held; a tie that leaves takes the lock, and then waits
 * for its claims. All are taken before the first one fires, as that may call anything.
 * (/aiodrive/core/cancel-scope-object/threads)
 *
 * The lock is a leaf. */

typedef struct
{
  AiodriveLifetime *lifetime;   /* owned */
  guint             id;
  GQuark            detail;
} Signal;

/* Reference counted: the object, the handlers and the ties keep it. */
struct _AiodriveLifetime
{
  AiodriveStrictWeak object;
  GMutex             lock;
  GQueue             ties;       /* guarded by lock, as are the next two */
  GSList            *signals;    /* unowned: the closures own them; those that are connected */
  gboolean           over;       /* the object was disposed: the next tie needs a new lifetime */
};

static G_DEFINE_QUARK (aiodrive-lifetime, lifetime)

static void
lifetime_clear (gpointer data)
{
  AiodriveLifetime *self = data;

  aiodrive_strict_weak_clear (&self->object);
  g_slist_free (self->signals);
  g_mutex_clear (&self->lock);
}

static void
lifetime_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, lifetime_clear);
}

/* This may be called in a walk. */
gpointer
aiodrive_lifetime_ref (AiodriveLifetime *self)
{
  return g_atomic_rc_box_acquire (self);
}

/* Gives back a reference. Returns: (transfer full) (nullable): the object */
gpointer
aiodrive_lifetime_end (AiodriveLifetime *self)
{
  gpointer object = aiodrive_strict_weak_get (&self->object);

  lifetime_unref (self);
  return object;
}

static gpointer
ref_nullable (gpointer self,
              gpointer unused)
{
  return self != NULL ? g_atomic_rc_box_acquire (self) : NULL;
}

/* Fires the ties to @signal, or all of them. */
static void
fire (AiodriveLifetime *self,
      const Signal     *signal,
      const GValue     *params,
      guint             n_params)
{
  g_autoptr(GPtrArray) ties = g_ptr_array_new ();
  GList *node, *next;

  g_mutex_lock (&self->lock);
  for (node = self->ties.head; node != NULL; node = next)
    {
      AiodriveTie *tie = node->data;

      next = node->next;
      if (signal != NULL && (tie->id != signal->id || tie->detail != signal->detail))
        continue;
      tie->kind->claim (tie);
      g_ptr_array_add (ties, tie);
      if (signal != NULL && tie->kind->stays)
        continue;
      g_queue_unlink (&self->ties, node);
      node->data = NULL;
    }
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < ties->len; i++)
    {
      AiodriveTie *tie = ties->pdata[i];

      if (!tie->kind->take (tie))
        ties->pdata[i] = NULL;
    }
  for (guint i = 0; i < ties->len; i++)
    {
      AiodriveTie *tie = ties->pdata[i];

      if (tie != NULL)
        tie->kind->fire (tie, params, n_params);
    }
}

/* In the dispose() of the object. */
static void
on_disposed (gpointer  data,
             GObject  *object)
{
  AiodriveLifetime *self = data;

  g_mutex_lock (&self->lock);
  self->over = TRUE;
  g_mutex_unlock (&self->lock);
  if (g_object_replace_qdata (object, lifetime_quark (), self, NULL, NULL, NULL))
    lifetime_unref (self);

  aiodrive_strict_weak_lose (&self->object);
  fire (self, NULL, NULL, 0);
  lifetime_unref (self);
}

/* The lifetime of an object that the caller keeps. */
static AiodriveLifetime *
lifetime_get (gpointer object)
{
  AiodriveLifetime *self = g_object_dup_qdata (object, lifetime_quark (), ref_nullable, NULL);

  if (self != NULL)
    return self;

  self = g_atomic_rc_box_new0 (AiodriveLifetime);
  g_mutex_init (&self->lock);
  aiodrive_strict_weak_init (&self->object, object);
  g_atomic_rc_box_acquire (self);
  if (g_object_replace_qdata (object, lifetime_quark (), NULL, self, lifetime_unref, NULL))
    {
      g_object_weak_ref (object, on_disposed, g_atomic_rc_box_acquire (self));
      return self;
    }

  lifetime_unref (self);   /* another thread was faster */
  lifetime_unref (self);
  return lifetime_get (object);
}

/* Whether no tie wants the signal any more: then it is not connected from here on. */
static gboolean
give_up (AiodriveLifetime *self,
         Signal           *signal)
{
  gboolean wanted = FALSE;

  g_mutex_lock (&self->lock);
  for (GList *node = self->ties.head; node != NULL && !wanted; node = node->next)
    {
      AiodriveTie *tie = node->data;

      wanted = tie->id == signal->id && tie->detail == signal->detail;
    }
  if (!wanted)
    self->signals = g_slist_remove (self->signals, signal);
  g_mutex_unlock (&self->lock);

  return !wanted;
}

/* The value that the handler returns is the zero value of its type: it is not set. */
static void
on_signal (GClosure     *closure,
           GValue       *return_value,
           guint         n_params,
           const GValue *params,
           gpointer      hint,
           gpointer      marshal_data)
{
  Signal *signal = closure->data;

  fire (signal->lifetime, signal, params, n_params);
  if (give_up (signal->lifetime, signal))
    g_signal_handlers_disconnect_matched (g_value_peek_pointer (&params[0]), G_SIGNAL_MATCH_CLOSURE, 0, 0, closure,
                                          NULL, NULL);
}

static void
signal_free (gpointer  data,
             GClosure *closure)
{
  Signal *self = data;

  g_mutex_lock (&self->lifetime->lock);
  self->lifetime->signals = g_slist_remove (self->lifetime->signals, self);
  g_mutex_unlock (&self->lifetime->lock);
  lifetime_unref (self->lifetime);
  g_free (self);
}

static void
listen (AiodriveLifetime *self,
        gpointer          object,
        Signal           *signal)
{
  GClosure *closure = g_closure_new_simple (sizeof (GClosure), signal);

  signal->lifetime = g_atomic_rc_box_acquire (self);
  g_closure_set_marshal (closure, on_signal);
  g_closure_add_finalize_notifier (closure, signal, signal_free);
  g_signal_connect_closure_by_id (object, signal->id, signal->detail, closure, FALSE);
}

/* FALSE: the object was disposed of meanwhile, by force. */
static gboolean
join (AiodriveLifetime *self,
      AiodriveTie      *tie,
      gpointer          object)
{
  Signal *signal = tie->id != 0 ? g_new0 (Signal, 1) : NULL;
  gboolean over;

  g_mutex_lock (&self->lock);
  over = self->over;
  if (!over)
    {
      tie->node.data = tie;
      g_queue_push_tail_link (&self->ties, &tie->node);
    }
  for (GSList *link = self->signals; link != NULL && signal != NULL; link = link->next)
    {
      Signal *other = link->data;

      if (other->id == tie->id && other->detail == tie->detail)
        g_clear_pointer (&signal, g_free);
    }
  if (signal != NULL && !over)
    {
      *signal = (Signal) { NULL, tie->id, tie->detail };
      self->signals = g_slist_prepend (self->signals, signal);
    }
  g_mutex_unlock (&self->lock);

  if (signal != NULL && !over)
    listen (self, object, signal);
  else
    g_free (signal);
  return !over;
}

/* FALSE with @error set if the type has no such signal. */
gboolean
aiodrive_tie_parse (gpointer      object,
                    const char   *signal,
                    guint        *id,
                    GQuark       *detail,
                    GError      **error)
{
  if (g_signal_parse_name (signal, G_OBJECT_TYPE (object), id, detail, TRUE))
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s has no signal “%s”", G_OBJECT_TYPE_NAME (object),
               signal);
  return FALSE;
}

/* From here on it may fire, in any thread. */
void
aiodrive_tie_init (AiodriveTie           *self,
                   const AiodriveTieKind *kind,
                   gpointer               object,
                   guint                  id,
                   GQuark                 detail)
{
  self->kind = kind;
  self->id = id;
  self->detail = detail;
  self->lifetime = lifetime_get (object);
  while (!join (self->lifetime, self, object))
    {
      lifetime_unref (self->lifetime);
      self->lifetime = lifetime_get (object);
    }
}

/* It is not claimed any more after this. */
void
aiodrive_tie_leave (AiodriveTie *self)
{
  g_mutex_lock (&self->lifetime->lock);
  if (self->node.data != NULL)
    g_queue_unlink (&self->lifetime->ties, &self->node);
  self->node.data = NULL;
  g_mutex_unlock (&self->lifetime->lock);
}

/* After it has left. */
void
aiodrive_tie_clear (AiodriveTie *self)
{
  g_clear_pointer (&self->lifetime, lifetime_unref);
}
