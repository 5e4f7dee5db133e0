/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* A pointer to an object, for finders that have no reference on it. GWeakRef takes its reference under a lock of its
 * own before GLib 2.80, and a finder of ours would take it under a lock of ours. Neither may happen: taking a reference
 * calls the toggle notify of a binding, which waits for the lock of the interpreter.
 *
 * So a finder first claims, which is one atomic increment, and takes the reference afterwards, with nothing locked. The
 * object is lost in its dispose(), and that waits until no claim is open. No deadlock: an object that is being disposed
 * of has no toggle reference, so that a finder does nothing but count until it gives its claim up.
 *
 * The reference may be taken after the last one has begun to go. From GLib 2.80 on the object survives that. Earlier
 * versions use an object after they have dropped such a reference; there a GWeakRef says whether it is too late. The
 * finder has a reference by then, so that GWeakRef calls no toggle notify.
 * (/aiodrive/core/weak/child, .../threads, .../toggle) */
typedef struct
{
  gpointer object;    /* atomic, unowned; NULL: it is lost */
  gint     claims;    /* atomic */
#if !GLIB_CHECK_VERSION (2, 79, 1)
  GWeakRef survivor;
#endif
} AiodriveWeak;

/* Once, before another thread sees it. */
static inline void
aiodrive_weak_init (AiodriveWeak *self,
                    gpointer      object)
{
  self->object = object;
#if !GLIB_CHECK_VERSION (2, 79, 1)
  g_weak_ref_init (&self->survivor, object);
#endif
}

/* Where *@self may be freed with the object, it is called under a lock that dispose() takes before it loses the
 * object. The claim ends with aiodrive_weak_take(). */
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
    g_object_unref (object);   /* not the last one */
  return object != NULL;
#endif
}

/* With nothing locked. Returns: (transfer full) (nullable): the object */
static inline gpointer
aiodrive_weak_take (AiodriveWeak *self)
{
  gpointer object = g_atomic_pointer_get (&self->object);

  if (object != NULL)
    {
      g_object_ref (object);
      if (!aiodrive_weak_survives (self))
        g_clear_object (&object);   /* dispose() waits for us, and has the last one */
    }
  g_atomic_int_add (&self->claims, -1);
  return object;
}

/* With nothing locked, where *@self outlives the object. */
static inline gpointer
aiodrive_weak_get (AiodriveWeak *self)
{
  aiodrive_weak_claim (self);
  return aiodrive_weak_take (self);
}

/* In dispose(), with nothing locked, when it cannot be claimed any more: nobody finds the object after this. */
static inline void
aiodrive_weak_lose (AiodriveWeak *self)
{
  g_atomic_pointer_set (&self->object, NULL);
  while (g_atomic_int_get (&self->claims) > 0)
    g_thread_yield ();
}

/* Before an object is claimed that may have been disposed of by force, and where one is revived in dispose(). */
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

/* The same for an object that the user may get: nobody finds one whose last reference is going. From GLib 2.80 on
 * that is what a GWeakRef does, with nothing locked while it takes the reference. */
#if GLIB_CHECK_VERSION (2, 79, 1)
typedef GWeakRef AiodriveStrictWeak;
#define aiodrive_strict_weak_init g_weak_ref_init
#define aiodrive_strict_weak_get  g_weak_ref_get
#define aiodrive_strict_weak_lose(self) g_weak_ref_set ((self), NULL)
#else
typedef AiodriveWeak AiodriveStrictWeak;
#define aiodrive_strict_weak_init aiodrive_weak_init
#define aiodrive_strict_weak_get  aiodrive_weak_get
#define aiodrive_strict_weak_lose aiodrive_weak_lose
#endif

G_END_DECLS
