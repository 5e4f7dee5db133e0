/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/binding/wake-source.h"

#include "aiodrive/core/dispatcher-private.h"

/* All fields belong to the thread that iterates the context, except the ready time, which has its own lock. */
typedef struct
{
  GSource             source;
  AiodriveDispatcher *dispatcher;  /* owned, nullable; of the context, set in the first iteration */
  gboolean            is_deferred; /* it was ready while our sources yielded */
  gboolean            is_nested;   /* its callback runs, and no nested main loop has called it yet */
  GPollFD             pollfd;      /* its fd is -1 if there is none */
} WakeSource;

static AiodriveFairness *
get_fairness (WakeSource *self)
{
  if (G_UNLIKELY (self->dispatcher == NULL))
    {
      GMainContext *context = g_source_get_context (&self->source);

      self->dispatcher = aiodrive_dispatcher_ref (aiodrive_dispatcher_get_for_context (context));
    }
  return aiodrive_dispatcher_get_fairness (self->dispatcher);
}

static gboolean
wake_source_prepare (GSource *source,
                     gint    *timeout)
{
  WakeSource *self = (WakeSource *) source;

  *timeout = -1;
  return !aiodrive_fairness_is_yielding (get_fairness (self)) && (self->is_deferred || self->is_nested);
}

/* The file descriptor is polled even while our sources yield. With g_source_add_unix_fd() the source would be ready
 * then. */
static gboolean
wake_source_check (GSource *source)
{
  WakeSource *self = (WakeSource *) source;
  AiodriveFairness *fairness = get_fairness (self);

  aiodrive_fairness_check (fairness, source);
  return self->pollfd.fd != -1 && self->pollfd.revents != 0 && !aiodrive_fairness_is_yielding (fairness);
}

static gboolean
wake_source_dispatch (GSource     *source,
                      GSourceFunc  callback,
                      gpointer     user_data)
{
  WakeSource *self = (WakeSource *) source;
  gboolean continues;

  g_source_set_ready_time (source, -1);
  self->is_deferred = aiodrive_fairness_must_yield (get_fairness (self), g_source_get_time (source));
  if (self->is_deferred || callback == NULL)
    return G_SOURCE_CONTINUE;

  self->is_nested = TRUE;
  continues = callback (user_data);
  self->is_nested = FALSE;
  return continues;
}

static void
wake_source_finalize (GSource *source)
{
  g_clear_pointer (&((WakeSource *) source)->dispatcher, aiodrive_dispatcher_unref);
}

static GSourceFuncs wake_source_funcs =
{
  .prepare = wake_source_prepare,
  .check = wake_source_check,
  .dispatch = wake_source_dispatch,
  .finalize = wake_source_finalize,
};

/**
 * aiodrive_wake_source_new:
 *
 * Creates a source that calls its callback at its ready time, and only then: for the event loop of another language
 * that runs in a main context.
 *
 * Set the callback, attach the source, and schedule a call with g_source_set_ready_time(): 0 or a monotonic time, from
 * any thread. The ready time is unset before each call, so the callback sets the next one. (A source of
 * g_timeout_source_new() sets its own afterwards.) Nested main loops dispatch the source too: a nested loop run by the
 * callback calls it at once, so the callback need not set a ready time for its remaining work. Sources of a lower
 * priority get a turn about once a millisecond, even if every callback schedules the next call at once.
 *
 * Returns: (transfer full): a new source
 *
 * Since: 1.0
 */
GSource *
aiodrive_wake_source_new (void)
{
  GSource *source = g_source_new (&wake_source_funcs, sizeof (WakeSource));

  ((WakeSource *) source)->pollfd.fd = -1;
  g_source_set_static_name (source, "AiodriveWakeSource");
  g_source_set_can_recurse (source, TRUE);
  return source;
}

/**
 * aiodrive_wake_source_watch_fd:
 * @source: a source of aiodrive_wake_source_new()
 * @fd: a file descriptor, or -1 to watch none any more
 * @condition: what to watch @fd for
 *
 * Lets @source also call its callback when @fd meets the condition, or has an error or a hang-up.
 *
 * The event loop of another language watches all its file descriptors through one: its epoll or kqueue descriptor. The
 * source is ready as long as the condition holds, so the callback must handle it. A source watches one file descriptor;
 * another call replaces it. @fd must stay open until it is replaced or @source is destroyed.
 *
 * Call it in the thread that iterates the context of @source, or before @source is attached.
 *
 * Since: 1.0
 */
void
aiodrive_wake_source_watch_fd (GSource      *source,
                               gint          fd,
                               GIOCondition  condition)
{
  WakeSource *self = (WakeSource *) source;

  g_return_if_fail (source != NULL && source->source_funcs == &wake_source_funcs);
  g_return_if_fail (fd >= -1);

  if (self->pollfd.fd != -1)
    g_source_remove_poll (source, &self->pollfd);
  self->pollfd = (GPollFD) { .fd = fd, .events = (gushort) (condition | G_IO_ERR | G_IO_HUP), .revents = 0 };
  if (fd != -1)
    g_source_add_poll (source, &self->pollfd);
}
