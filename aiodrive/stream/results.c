/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/results-private.h"

#include "aiodrive/core/result.h"
#include "aiodrive/stream/unordered-queue.h"
#include "aiodrive/task/record-private.h"

/* A queue for those who call the next function of an iterator.
 *
 * Nothing is lost. The task of a wait is returned with the result of the queue, not unwrapped: as long as nobody has
 * asked for the value the item belongs to the queue, and goes back when the task is dropped.
 * (/aiodrive/stream/as-completed/dropped-result)
 *
 * The failure comes last, and once. It is set before the queue is closed, and looked for when the queue says that
 * nothing is left. (/aiodrive/stream/map/failure-once) */

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

/* FALSE if it has ended. */
gboolean
aiodrive_results_add (AiodriveResults *self,
                      const GValue    *value)
{
  return aiodrive_queue_put (self->queue, 0, value, NULL);
}

/* Takes @failure, which may be NULL. Nothing happens if it has ended before, but for a failure: that is kept. */
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

/* Frees what is there. */
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

static void
on_got (GObject      *source_object,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  AiodriveResults *self = g_task_get_task_data (task);
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;
  GError *failure;

  if (!aiodrive_result_had_error (result))
    {
      g_task_return_pointer (task, g_object_ref (result), g_object_unref);
      return;
    }

  aiodrive_queue_get_finish (self->queue, result, &value, &error);
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    g_task_return_error (task, g_steal_pointer (&error));
  else if ((failure = aiodrive_results_steal_failure (self)) != NULL)
    g_task_return_error (task, failure);
  else
    g_task_return_pointer (task, NULL, NULL);
}

void
aiodrive_results_next_async (AiodriveResults     *self,
                             gpointer             iterator,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  GTask *task = g_task_new (iterator, NULL, callback, user_data);

  (g_task_set_source_tag) (task, aiodrive_results_next_async);
  g_task_set_task_data (task, self, NULL);
  aiodrive_queue_get_async (self->queue, cancellable, on_got, task);
}

gboolean
aiodrive_results_next_finish (AiodriveResults  *self,
                              gpointer          iterator,
                              GAsyncResult     *result,
                              GValue           *value,
                              GError          **error)
{
  g_autoptr(GAsyncResult) got = NULL;
  GError *failure = NULL;

  g_return_val_if_fail (aiodrive_task_is_valid (result, iterator, aiodrive_results_next_async), FALSE);

  got = g_task_propagate_pointer (G_TASK (result), &failure);
  if (failure != NULL)
    aiodrive_task_pass_error (G_TASK (result), failure, error);
  if (got == NULL)
    return FALSE;

  aiodrive_queue_get_finish (self->queue, got, value, NULL);
  return TRUE;
}
