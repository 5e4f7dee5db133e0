/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/dispatcher-parts-private.h"

/* Where the dispatchers are found: each by its context, and each thread keeps the one that it used last. */

static GMutex      registry_lock;
static GHashTable *registry;       /* GMainContext -> AiodriveDispatcher, both unowned; guarded by registry_lock */

static void        forget_cached    (gpointer cached);
static GPrivate    cached_for_exit = G_PRIVATE_INIT (forget_cached);
static __thread AiodriveDispatcher *cached;   /* the one this thread used last; owned through cached_for_exit */

/* The dispatcher of @context, made if need be. It lives as long as the context. */
AiodriveDispatcher *
aiodrive_dispatcher_get_for_context (GMainContext *context)
{
  AiodriveDispatcher *self;

  g_mutex_lock (&registry_lock);
  if (registry == NULL)
    registry = g_hash_table_new (NULL, NULL);
  self = g_hash_table_lookup (registry, context);
  if (self == NULL)
    {
      self = aiodrive_dispatcher_new (context);
      g_hash_table_insert (registry, context, self);
    }
  g_mutex_unlock (&registry_lock);

  return self;
}

static void
forget_cached (gpointer data)
{
  cached = NULL;
  aiodrive_dispatcher_unref (data);
}

/* The dispatcher of the thread-default main context, where what is called back in this thread is run. */
AiodriveDispatcher *
aiodrive_dispatcher_get_thread_default (void)
{
  GMainContext *context = g_main_context_get_thread_default ();

  if (context == NULL)
    context = g_main_context_default ();

  /* A new context may have the address of an old one: hence closed. */
  if (G_UNLIKELY (cached == NULL || cached->context != context || g_atomic_int_get (&cached->closed)))
    {
      AiodriveDispatcher *found = aiodrive_dispatcher_ref (aiodrive_dispatcher_get_for_context (context));

      g_private_replace (&cached_for_exit, found);   /* forgets the other one */
      cached = found;
    }

  return cached;
}

/* The context goes away. */
void
aiodrive_dispatcher_forget (AiodriveDispatcher *self)
{
  g_mutex_lock (&registry_lock);
  g_hash_table_remove (registry, self->context);
  g_mutex_unlock (&registry_lock);
}
