/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/sleep.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/stack-switch-private.h"
#include "aiodrive/core/wait-private.h"

typedef struct
{
  AiodriveMonitor     monitor;
  AiodriveWaitQueue   queue;        /* of one waiter */
  AiodriveDispatcher *dispatcher;   /* unowned: the wait owns it */
  AiodriveTimer       timer;
} Sleep;

static void
sleep_clear (gpointer data)
{
  aiodrive_monitor_clear (&((Sleep *) data)->monitor);
}

static void
sleep_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, sleep_clear);
}

/* No use-after-free: the waiter and the timer run in the same context, so neither can outlive the other unnoticed. */
static void
on_time (AiodriveTimer *timer)
{
  Sleep *self = AIODRIVE_CONTAINER_OF (timer, Sleep, timer);

  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_queue_wake_one (&self->queue, self, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/* The context may go away in one thread while another one cancels the sleep, which stops the timer first: so this finds
 * the sleep alive. (/aiodrive/core/wait/context-gone/sleep) */
static gboolean
ref_sleep (AiodriveTimer *timer)
{
  g_atomic_rc_box_acquire (AIODRIVE_CONTAINER_OF (timer, Sleep, timer));
  return TRUE;
}

static void
on_time_or_left (AiodriveTimer *timer)
{
  on_time (timer);
  sleep_unref (AIODRIVE_CONTAINER_OF (timer, Sleep, timer));
}

static void
return_slept (AiodriveWait *wait,
              gpointer      self)
{
  sleep_unref (self);
  aiodrive_wait_return_boolean (wait, TRUE);
}

static void
on_cancelled (AiodriveWaitQueue *queue,
              gpointer           request)
{
  Sleep *self = AIODRIVE_CONTAINER_OF (queue, Sleep, queue);

  aiodrive_dispatcher_stop_timer (self->dispatcher, &self->timer);
}

static void
sleep_init (Sleep *self)
{
  aiodrive_monitor_init (&self->monitor);
  self->queue.on_cancelled = on_cancelled;
  self->dispatcher = aiodrive_dispatcher_get_thread_default ();
  self->timer.notify = on_time;
}

/* Called with the monitor locked. */
static void
sleep_start_timer (Sleep *self,
                   guint  duration_ms)
{
  aiodrive_dispatcher_start_timer (self->dispatcher, &self->timer,
                                   aiodrive_time_after (aiodrive_dispatcher_get_time (self->dispatcher),
                                                        duration_ms * G_GINT64_CONSTANT (1000)));
}

/**
 * aiodrive_sleep_async:
 * @duration_ms: how long, in milliseconds
 * @cancellable: (nullable): ends it early
 * @callback: (scope async) (closure user_data): called when the time has passed
 * @user_data: data for @callback
 *
 * Waits for a time. A @duration_ms of 0 yields to the main loop.
 *
 * Since: 1.0
 */
void
aiodrive_sleep_async (guint                duration_ms,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  AiodriveWait *wait;
  Sleep *self;

  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (NULL, cancellable, callback, user_data, aiodrive_sleep_async, return_slept);
  if (wait == NULL)
    return;

  self = g_atomic_rc_box_new0 (Sleep);
  sleep_init (self);
  self->timer.try_ref = ref_sleep;
  self->timer.notify = on_time_or_left;
  self->timer.left = TRUE;
  aiodrive_wait_set_request (wait, g_atomic_rc_box_acquire (self), sleep_unref);

  aiodrive_monitor_lock (&self->monitor);
  if (aiodrive_wait_park (wait, &self->queue, &self->monitor))
    sleep_start_timer (self, duration_ms);
  aiodrive_monitor_unlock (&self->monitor);
  sleep_unref (self);
}

/**
 * aiodrive_sleep_finish:
 * @result: the result of aiodrive_sleep_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_sleep_async().
 *
 * Returns: %TRUE if the time has passed; %FALSE with %G_IO_ERROR_CANCELLED if it was cancelled before
 *
 * Since: 1.0
 */
gboolean
aiodrive_sleep_finish (GAsyncResult  *result,
                       GError       **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, NULL, aiodrive_sleep_async), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return aiodrive_wait_propagate_boolean (result, error);
}

/* The timer fires in the main loop that resumed the fiber. */
static gboolean
suspend_for (guint          duration_ms,
             GCancellable  *cancellable,
             GError       **error)
{
  Sleep self = { .timer = { 0 } };
  gboolean slept;

  sleep_init (&self);
  aiodrive_monitor_lock (&self.monitor);
  sleep_start_timer (&self, duration_ms);
  slept = aiodrive_wait_queue_wait_blocking (&self.queue, &self.monitor, cancellable, NULL, NULL, error);
  aiodrive_monitor_clear (&self.monitor);
  return slept;
}

/* A deadline, not a timer: this thread does not iterate its main context while it blocks. */
static gboolean
block_for (guint          duration_ms,
           GCancellable  *cancellable,
           GError       **error)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (cancellable, duration_ms);
  AiodriveMonitor monitor;
  AiodriveWaitQueue queue = { .first = NULL };

  aiodrive_monitor_init (&monitor);
  aiodrive_monitor_lock (&monitor);
  aiodrive_wait_queue_wait_blocking (&queue, &monitor, G_CANCELLABLE (scope), NULL, NULL, NULL);
  aiodrive_monitor_clear (&monitor);
  return !aiodrive_cancellable_set_error (cancellable, error);
}

/**
 * aiodrive_sleep:
 * @duration_ms: how long, in milliseconds
 * @cancellable: (nullable): ends it early
 * @error: return location for an error
 *
 * Waits for a time: suspends the current fiber, or blocks the thread.
 *
 * Returns: %TRUE if the time has passed; %FALSE with %G_IO_ERROR_CANCELLED if it was cancelled before
 *
 * Since: 1.0
 */
gboolean
aiodrive_sleep (guint          duration_ms,
                GCancellable  *cancellable,
                GError       **error)
{
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (aiodrive_cancellable_set_error (cancellable, error))
    return FALSE;
  return aiodrive_stack_can_suspend () ? suspend_for (duration_ms, cancellable, error)
                                       : block_for (duration_ms, cancellable, error);
}

/**
 * aiodrive_yield_after: (skip)
 * @slice_us: the time slice, in microseconds
 * @cancellable: (nullable): ends the work early
 * @error: return location for an error
 *
 * Lets a fiber do long work of the main thread in slices. Call it between the parts of the work. It returns at once
 * until the fiber has worked for @slice_us since its first such call; then it suspends the fiber until the main context
 * has gone on with everything else, what has a lower priority included. A slice of 5000 keeps an animation smooth. With
 * a @slice_us of 0 it yields each time.
 *
 * Under an #AiodriveTestContext only a @slice_us of 0 yields, so that a test takes the same steps each time. Outside of
 * a fiber it does not yield: it looks at @cancellable alone. Work that needs no object of the main thread belongs into
 * another thread.
 *
 * Returns: %TRUE to go on; %FALSE with %G_IO_ERROR_CANCELLED if @cancellable is cancelled
 *
 * Since: 1.0
 */
gboolean
aiodrive_yield_after (guint          slice_us,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return aiodrive_checkpoint_after (slice_us, cancellable, error);
}
