/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope-private.h"

/* Tells blocking calls that a deadline above them has changed. A blocking call sleeps until the deadline that it has
 * read; a thread that sets another one has to wake it.
 *
 * No lost wakeups: the blocked call adds its watch, then reads the deadline; the setter writes the deadline, then looks
 * for watches. (block-and-set-deadline, block-and-lower-shield in tests/interleave/scopes.c)
 *
 * The lock is a leaf lock. A watch is pinned while its owner is told, without the lock: remove() waits for that. */

static GMutex lock;
static GQueue watches;     /* of AiodriveDeadlineWatch, by their nodes; guarded by lock */
static gint   n_watches;   /* atomic */

void
aiodrive_deadline_watch_add (AiodriveDeadlineWatch *self,
                             GCancellable          *cancellable)
{
  self->cancellable = cancellable;
  self->node.data = self;

  g_mutex_lock (&lock);
  g_queue_push_tail_link (&watches, &self->node);
  g_atomic_int_inc (&n_watches);
  g_mutex_unlock (&lock);
}

static gboolean
try_remove (AiodriveDeadlineWatch *self)
{
  gboolean pinned;

  g_mutex_lock (&lock);
  pinned = self->n_pins > 0;
  if (!pinned)
    {
      g_queue_unlink (&watches, &self->node);
      g_atomic_int_add (&n_watches, -1);
    }
  g_mutex_unlock (&lock);

  return !pinned;
}

/* Not while a lock is held that changed() takes. */
void
aiodrive_deadline_watch_remove (AiodriveDeadlineWatch *self)
{
  while (!try_remove (self))
    g_thread_yield ();
}

static void
tell (gpointer data)
{
  AiodriveDeadlineWatch *self = data;

  self->changed (self);

  g_mutex_lock (&lock);
  self->n_pins--;
  g_mutex_unlock (&lock);
}

/* The deadlines that reach what is at or below @scope may have changed. */
void
aiodrive_deadline_changed (AiodriveCancelScope *scope)
{
  GSList *below = NULL;

  aiodrive_deadline_forget_nearest (scope);
  if (g_atomic_int_get (&n_watches) == 0)
    return;

  g_mutex_lock (&lock);
  for (GList *node = watches.head; node != NULL; node = node->next)
    {
      AiodriveDeadlineWatch *watch = node->data;

      if (!aiodrive_cancellable_is_within (watch->cancellable, G_CANCELLABLE (scope)))
        continue;
      watch->n_pins++;
      below = g_slist_prepend (below, watch);
    }
  g_mutex_unlock (&lock);

  g_slist_free_full (below, tell);
}
