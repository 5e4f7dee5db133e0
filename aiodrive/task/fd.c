/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/fd.h"

#include <glib-unix.h>

#include "aiodrive/core/wait-private.h"

/* The source of a wait. It is reference counted: the source keeps it, and the wait. */
typedef struct
{
  AiodriveMonitor   monitor;
  AiodriveWaitQueue queue;       /* of one */
  GSource          *source;      /* owned; set once */
  GIOCondition      condition;   /* guarded by monitor: what was found */
} Watch;

static void
watch_clear (gpointer data)
{
  Watch *self = data;

  g_source_unref (self->source);
  aiodrive_monitor_clear (&self->monitor);
}

static void
watch_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, watch_clear);
}

static gboolean
on_ready (gint         fd,
          GIOCondition condition,
          gpointer     data)
{
  Watch *self = data;

  aiodrive_monitor_lock (&self->monitor);
  self->condition = condition;
  aiodrive_wait_queue_wake_one (&self->queue, self, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
  return G_SOURCE_REMOVE;
}

static void
return_condition (AiodriveWait *wait,
                  gpointer      granted)
{
  Watch *self = granted;
  GIOCondition condition = self->condition;

  watch_unref (self);
  if ((condition & G_IO_NVAL) == 0)
    aiodrive_wait_return_int (wait, condition);
  else
    aiodrive_wait_return_error (wait, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                                                           "The file descriptor is not open"));
}

static void
destroy_source (gpointer source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

/* The source is destroyed with nothing locked, and may be in another thread. */
static void
on_cancelled (AiodriveWaitQueue *queue,
              gpointer           request)
{
  Watch *self = AIODRIVE_CONTAINER_OF (queue, Watch, queue);

  aiodrive_monitor_defer (&self->monitor, destroy_source, g_source_ref (self->source));
}

static Watch *
watch_new (gint         fd,
           GIOCondition condition)
{
  Watch *self = g_atomic_rc_box_new0 (Watch);

  aiodrive_monitor_init (&self->monitor);
  self->queue.on_cancelled = on_cancelled;
  self->source = g_unix_fd_source_new (fd, condition);
  g_source_set_static_name (self->source, "[aiodrive] wait for fd");
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_ready), g_atomic_rc_box_acquire (self), watch_unref);
  return self;
}

/**
 * aiodrive_wait_for_fd_async:
 * @fd: a file descriptor
 * @condition: what to wait for: %G_IO_IN, %G_IO_OUT, %G_IO_PRI, or several
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the condition holds
 * @user_data: data for @callback
 *
 * Waits until a file descriptor is ready: for a library that has one of its own. Keep @fd open until the callback. In a
 * fiber write `AIODRIVE_AWAIT (aiodrive_wait_for_fd_async, fd, G_IO_IN)`.
 *
 * The file descriptor is polled by the main context that is thread-default now, which has to be iterated. The wait
 * fails with %G_IO_ERROR_INVALID_ARGUMENT if @fd is not open, or @condition is empty, and with %G_IO_ERROR_CANCELLED if
 * it is cancelled before.
 *
 * Since: 1.0
 */
void
aiodrive_wait_for_fd_async (gint                 fd,
                            GIOCondition         condition,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_autoptr(GMainContext) context = NULL;
  AiodriveWait *wait;
  Watch *self;

  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (NULL, cancellable, callback, user_data, aiodrive_wait_for_fd_async, return_condition);
  if (wait == NULL)
    return;
  if (fd < 0 || (condition & (G_IO_IN | G_IO_OUT | G_IO_PRI)) == 0)
    {
      aiodrive_wait_fail (wait, g_error_new (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                                             "Nothing can be waited for on file descriptor %d", fd));
      return;
    }

  self = watch_new (fd, condition);
  context = g_main_context_ref_thread_default ();
  aiodrive_wait_set_request (wait, g_atomic_rc_box_acquire (self), watch_unref);
  aiodrive_monitor_lock (&self->monitor);
  if (aiodrive_wait_park (wait, &self->queue, &self->monitor))
    g_source_attach (self->source, context);   /* under the monitor: a cancellation destroys it afterwards */
  aiodrive_monitor_unlock (&self->monitor);
  watch_unref (self);
}

/**
 * aiodrive_wait_for_fd_finish:
 * @result: the result of aiodrive_wait_for_fd_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes a wait for a file descriptor.
 *
 * Returns: what holds: of what was waited for, and %G_IO_ERR or %G_IO_HUP; 0 with @error set
 *
 * Since: 1.0
 */
GIOCondition
aiodrive_wait_for_fd_finish (GAsyncResult  *result,
                             GError       **error)
{
  gint condition;

  g_return_val_if_fail (aiodrive_wait_is_valid (result, NULL, aiodrive_wait_for_fd_async), 0);
  g_return_val_if_fail (error == NULL || *error == NULL, 0);

  condition = aiodrive_wait_propagate_int (result, error);
  return condition > 0 ? condition : 0;
}
