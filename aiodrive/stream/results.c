/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/results-private.h"

#include "aiodrive/stream/queue-core-private.h"
#include "aiodrive/stream/unordered-queue.h"

/* A queue for the callers of an iterator's next function.
 *
 * Nothing is lost. A wait for a result is one of the queue: as long as nobody has unwrapped the value the item belongs
 * to the queue, and goes back when the wait is dropped, or when its context is gone.
 * (/aiodrive/stream/as-completed/dropped-result, /aiodrive/stream/map/context-gone)
 *
 * The failure comes last, exactly once. It is set before the queue is closed, and read when the queue reports that no
 * items are left. (/aiodrive/stream/map/failure-once) */

void
aiodrive_results_init (AiodriveResults *self)
{
  self->queue = AIODRIVE_QUEUE (aiodrive_unordered_queue_new ());
  self->failure = NULL;
}

void
aiodrive_results_clear (AiodriveResults *self)
{
  g_clear_object (&self->queue);
  g_clear_error (&self->failure);
}

/* Returns FALSE if the output has ended. */
gboolean
aiodrive_results_add (AiodriveResults *self,
                      const GValue    *value)
{
  return aiodrive_queue_put (self->queue, 0, value, NULL);
}

/* Takes @failure (nullable). If the output has already ended it only keeps the failure. */
void
aiodrive_results_end (AiodriveResults *self,
                      GError          *failure)
{
  if (failure != NULL)
    {
      g_assert (self->failure == NULL);
      g_atomic_pointer_set (&self->failure, failure);
    }
  aiodrive_queue_close (self->queue);
}

/* Frees the remaining values. */
void
aiodrive_results_drop (AiodriveResults *self)
{
  g_array_unref (aiodrive_queue_get_many (self->queue, 0));
}

GError *
aiodrive_results_steal_failure (AiodriveResults *self)
{
  return g_atomic_pointer_exchange (&self->failure, NULL);
}

/* Whether a call waits for more than there is. */
gboolean
aiodrive_results_has_waiters (AiodriveResults *self)
{
  AiodriveQueueCore *core = (AiodriveQueueCore *) self->queue;
  gboolean any;

  aiodrive_monitor_lock (&core->monitor);
  any = aiodrive_wait_queue_get_first (&core->getters) != NULL;
  aiodrive_monitor_unlock (&core->monitor);

  return any;
}

/* A failure that nobody would hear of stays for the next one. */
void
aiodrive_results_return (AiodriveResults *self,
                         AiodriveWait    *wait,
                         gpointer         item)
{
  GError *failure = NULL;

  if (item == NULL && aiodrive_wait_has_callback (wait))
    failure = aiodrive_results_steal_failure (self);
  if (failure != NULL)
    aiodrive_wait_return_error (wait, failure);
  else
    aiodrive_queue_core_return_item ((AiodriveQueueCore *) self->queue, wait, item);
}

/* Begins a wait of @iterator, whose on_woken() calls aiodrive_results_return(). */
void
aiodrive_results_next_async (AiodriveResults     *self,
                             gpointer             iterator,
                             AiodriveWaitReturn   on_woken,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  AiodriveWait *wait = aiodrive_wait_new (iterator, cancellable, callback, user_data,
                                          aiodrive_results_next_async, on_woken);

  if (wait != NULL)
    aiodrive_queue_core_wait ((AiodriveQueueCore *) self->queue, wait);
}

gboolean
aiodrive_results_next_finish (gpointer       iterator,
                              GAsyncResult  *result,
                              GValue        *value,
                              GError       **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, iterator, aiodrive_results_next_async), FALSE);

  return aiodrive_queue_core_unwrap (result, value, error);
}
