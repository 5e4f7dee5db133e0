/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* A pointer to an object, for finders without a reference on it. Before GLib 2.80, GWeakRef takes its reference with a
 * lock of its own held, and our finder would take it with one of ours held. Neither may happen: taking a reference
 * calls the toggle notify of a binding, which waits for the lock of the interpreter.
 *
 * So a finder first claims the object, which is one atomic increment, and takes the reference later, with no lock held.
 * dispose() clears the pointer, and waits until no claim is open. No deadlock: an object in its dispose() has no toggle
 * reference, so a finder with an open claim only counts until it gives the claim up.
 *
 * No use-after-free. A finder may take its reference while the last one is being released. From GLib 2.80 on the object
 * survives that. Earlier versions use the object after its last reference is gone; there a GWeakRef tells whether it is
 * too late. The finder has a reference by then, so GWeakRef calls no toggle notify. (/aiodrive/core/weak/child,
 * .../threads, .../toggle) */
typedef struct
{
  gpointer object;    /* atomic, unowned; NULL: disposed of */
  gint     claims;    /* atomic */
#if !GLIB_CHECK_VERSION (2, 79, 1)
  GWeakRef survivor;
#endif
} AiodriveWeak;

/* Called once, before another thread sees it. */
static inline void
aiodrive_weak_init (AiodriveWeak *self,
                    gpointer      object)
{
  self->object = object;
#if !GLIB_CHECK_VERSION (2, 79, 1)
  g_weak_ref_init (&self->survivor, object);
#endif
}

/* Claims the object. If *@self may be freed with the object, the caller holds a lock that dispose() takes before it
 * clears the pointer. aiodrive_weak_take() ends the claim. */
static inline void
aiodrive_weak_claim (AiodriveWeak *self)
{
  g_atomic_int_inc (&self->claims);
}

static inline gboolean
aiodrive_weak_survives (AiodriveWeak *self)
{
#if GLIB_CHECK_VERSION (2, 79, 1)
  return g_atomic_pointer_get (&self->object) != NULL;
#else
  gpointer object = g_weak_ref_get (&self->survivor);

  if (object != NULL)
    g_object_unref (object);   /* not the last reference */
  return object != NULL;
#endif
}

/* Called with no lock held. Returns: (transfer full) (nullable): the object */
static inline gpointer
aiodrive_weak_take (AiodriveWeak *self)
{
  gpointer object = g_atomic_pointer_get (&self->object);

  if (object != NULL)
    {
      g_object_ref (object);
      if (!aiodrive_weak_survives (self))
        g_clear_object (&object);   /* dispose() waits for us, and holds the last reference */
    }
  g_atomic_int_add (&self->claims, -1);
  return object;
}

/* Called with no lock held, if *@self outlives the object. */
static inline gpointer
aiodrive_weak_get (AiodriveWeak *self)
{
  aiodrive_weak_claim (self);
  return aiodrive_weak_take (self);
}

/* Called in dispose(), with no lock held, once no finder can claim the object: no finder gets it after this. */
static inline void
aiodrive_weak_lose (AiodriveWeak *self)
{
  g_atomic_pointer_set (&self->object, NULL);
  while (g_atomic_int_get (&self->claims) > 0)
    g_thread_yield ();
}

/* Called before a claim of an object that may have been disposed of by force, and when dispose() revives one. */
static inline void
aiodrive_weak_restore (AiodriveWeak *self,
                       gpointer      object)
{
  if (G_LIKELY (g_atomic_pointer_get (&self->object) != NULL))
    return;
#if !GLIB_CHECK_VERSION (2, 79, 1)
  g_weak_ref_set (&self->survivor, object);
#endif
  g_atomic_pointer_set (&self->object, object);
}

/* The same for an object that is handed to the user: no finder gets one whose last reference is being released. From
 * GLib 2.80 on a GWeakRef does just that, and holds no lock while it takes the reference. It is cleared before it is
 * freed, where the object may outlive it. */
#if GLIB_CHECK_VERSION (2, 79, 1)
typedef GWeakRef AiodriveStrictWeak;
#define aiodrive_strict_weak_init g_weak_ref_init
#define aiodrive_strict_weak_get  g_weak_ref_get
#define aiodrive_strict_weak_lose(self) g_weak_ref_set ((self), NULL)
#define aiodrive_strict_weak_clear g_weak_ref_clear
#else
typedef AiodriveWeak AiodriveStrictWeak;
#define aiodrive_strict_weak_init aiodrive_weak_init
#define aiodrive_strict_weak_get  aiodrive_weak_get
#define aiodrive_strict_weak_lose aiodrive_weak_lose
#define aiodrive_strict_weak_clear(self) g_weak_ref_clear (&(self)->survivor)
#endif

G_END_DECLS
