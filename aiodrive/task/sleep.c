/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/sleep.h"

#include "aiodrive/core/wait-private.h"

typedef struct
{
  AiodriveMonitor     monitor;
  AiodriveWaitQueue   queue;        /* of one */
  AiodriveDispatcher *dispatcher;   /* unowned: the waiter keeps its context */
  AiodriveTimer       timer;
} Sleep;

static void
sleep_free (gpointer data)
{
  Sleep *self = data;

  aiodrive_monitor_clear (&self->monitor);
  g_free (self);
}

/* The waiter is run in the context of the timer, so that neither can find the other one gone. */
static void
on_time (AiodriveTimer *timer)
{
  Sleep *self = AIODRIVE_CONTAINER_OF (timer, Sleep, timer);

  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_queue_wake_one (&self->queue, NULL, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

static void
on_cancelled (AiodriveWaitQueue *queue,
              gpointer           request)
{
  Sleep *self = AIODRIVE_CONTAINER_OF (queue, Sleep, queue);

  aiodrive_dispatcher_stop_timer (self->dispatcher, &self->timer);
}

/**
 * aiodrive_sleep_async:
 * @duration_ms: how long, in milliseconds
 * @cancellable: (nullable): ends it early
 * @callback: (scope async) (closure user_data): called when the time has passed
 * @user_data: data for @callback
 *
 * Waits for a time. With a @duration_ms of 0 others get their turn.
 *
 * Since: 1.0
 */
void
aiodrive_sleep_async (guint                duration_ms,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  AiodriveWait *wait;
  Sleep *self;

  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (NULL, cancellable, callback, user_data, aiodrive_sleep_async, aiodrive_wait_return_true);
  if (wait == NULL)
    return;

  self = g_new0 (Sleep, 1);
  aiodrive_monitor_init (&self->monitor);
  self->queue.on_cancelled = on_cancelled;
  self->dispatcher = aiodrive_dispatcher_get_thread_default ();
  self->timer.fire = on_time;
  task = g_object_ref (aiodrive_wait_get_task (wait));
  g_task_set_task_data (task, self, sleep_free);

  aiodrive_monitor_lock (&self->monitor);
  if (aiodrive_wait_park (wait, &self->queue, &self->monitor))
    aiodrive_dispatcher_start_timer (self->dispatcher, &self->timer,
                                     aiodrive_dispatcher_get_time (self->dispatcher) +
                                       duration_ms * G_GINT64_CONSTANT (1000));
  aiodrive_monitor_unlock (&self->monitor);
}

/**
 * aiodrive_sleep_finish:
 * @result: the result of aiodrive_sleep_async()
 * @error: return location for an error
 *
 * Ends a wait for a time.
 *
 * Returns: %TRUE if the time has passed; %FALSE with %G_IO_ERROR_CANCELLED if it was cancelled before
 *
 * Since: 1.0
 */
gboolean
aiodrive_sleep_finish (GAsyncResult  *result,
                       GError       **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_sleep_async), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
