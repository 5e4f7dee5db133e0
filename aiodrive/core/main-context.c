/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/main-context-private.h"

#include "aiodrive/core/dispatcher-private.h"

/* Exclusive use of a main context by a thread that may not be iterating it.
 *
 * One thread at a time touches the data of a context: the owner of the context, in GLib's sense. The global default
 * context is the thread-default one of every thread without a context of its own, so such a thread must acquire it
 * first.
 *
 * No spurious failure. Another thread can own the context briefly without iterating it: g_main_context_invoke() does,
 * and so does this function. The thread that usually iterates the context waits until the other has released it; so
 * does a caller that knows the context to be its thread's own. Any other thread does not acquire the context, because
 * then the next iteration of its owner would fail. (/aiodrive/core/dispatcher/held-for-a-moment, .../held-elsewhere)
 *
 * No deadlock. As long as no thread is known to iterate the context, the holder may be that thread, and may itself wait
 * for the caller: then the caller's wait is bounded. */

#define N_TRIES  1000

gboolean
aiodrive_main_context_enter (GMainContext *context,
                           gboolean      is_home)
{
  AiodriveDispatcher *dispatcher = aiodrive_dispatcher_get_thread_default ();
  guint n_tries = 0;

  if (aiodrive_dispatcher_get_context (dispatcher) != context)
    return FALSE;
  if (g_main_context_is_owner (context))
    return g_main_context_acquire (context);

  for (;;)
    {
      GThread *iterated_by = aiodrive_dispatcher_get_iterating_thread (dispatcher);
      gboolean elsewhere = iterated_by != NULL && iterated_by != g_thread_self ();

      if (elsewhere && !is_home)
        return FALSE;
      if (g_main_context_acquire (context))
        return TRUE;
      if (elsewhere || (iterated_by == NULL && ++n_tries == N_TRIES))
        return FALSE;
      g_thread_yield ();
    }
}

void
aiodrive_main_context_leave (GMainContext *context)
{
  g_main_context_release (context);
}
