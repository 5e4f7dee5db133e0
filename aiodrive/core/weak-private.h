/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* A pointer to an object by which others get a reference that they did not have. They hold a lock that the object takes
 * in its dispose(), to be found no more; so the object is there, but its last reference may be going.
 *
 * Before GLib 2.80 it must be left alone then: a g_object_unref() that finds another reference after dispose() drops
 * its own and still thaws the notifications of the object, which the other one may have freed. There a GWeakRef says
 * whether it is too late; that costs as much as half an object, and later versions do without.
 * (/aiodrive/core/weak/child, .../threads) */
#if GLIB_CHECK_VERSION (2, 79, 1)
typedef gpointer AiodriveWeak;
#else
typedef GWeakRef AiodriveWeak;
#endif

/* Once, before anybody else can see it. */
static inline void
aiodrive_weak_init (AiodriveWeak *self,
                    gpointer      object)
{
#if GLIB_CHECK_VERSION (2, 79, 1)
  *self = object;
#else
  g_weak_ref_init (self, object);
#endif
}

/* Returns: (transfer full) (nullable): the object */
static inline gpointer
aiodrive_weak_get (AiodriveWeak *self)
{
#if GLIB_CHECK_VERSION (2, 79, 1)
  return *self != NULL ? g_object_ref (*self) : NULL;
#else
  return g_weak_ref_get (self);
#endif
}

/* The object is not to be found any more. */
static inline void
aiodrive_weak_clear (AiodriveWeak *self)
{
#if GLIB_CHECK_VERSION (2, 79, 1)
  *self = NULL;
#else
  g_weak_ref_clear (self);
#endif
}

G_END_DECLS
