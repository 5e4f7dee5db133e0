/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/wake-source.h"

#include "aiodrive/core/clock-private.h"

/* For so long, in microseconds, it is dispatched in one iteration after the other. */
#define BUSY_TIME 1000

typedef enum
{
  AWAKE,
  RESTS,    /* lets one iteration go by */
  RESTED,
} WakeState;

/* All but the ready time, which has a lock of its own, belongs to who iterates the context. */
typedef struct
{
  GSource   source;
  gint64    busy_since;   /* monotonic; 0: it was not asked for again when it was dispatched */
  WakeState state;
} WakeSource;

/* An iteration that it leaves to others is no sign that everything waits. */
static void
keep_time (void)
{
  g_autoptr(AiodriveClock) clock = aiodrive_clock_of_thread ();

  if (clock != NULL)
    aiodrive_clock_touch (clock);
}

static gboolean
wake_source_prepare (GSource *source,
                     gint    *timeout)
{
  WakeSource *self = (WakeSource *) source;

  if (self->state == RESTED)
    return TRUE;
  if (self->state == RESTS)
    {
      self->state = RESTED;
      *timeout = 0;
      keep_time ();
    }
  return FALSE;
}

static gboolean
wake_source_check (GSource *source)
{
  return FALSE;
}

static gboolean
wake_source_dispatch (GSource     *source,
                      GSourceFunc  callback,
                      gpointer     user_data)
{
  WakeSource *self = (WakeSource *) source;
  gint64 begin = g_get_monotonic_time ();
  gint64 ready_time;

  self->state = AWAKE;
  g_source_set_ready_time (source, -1);
  if (callback != NULL && !callback (user_data))
    return G_SOURCE_REMOVE;

  ready_time = g_source_get_ready_time (source);
  if (ready_time == -1 || ready_time > begin)
    self->busy_since = 0;
  else if (self->busy_since == 0)
    self->busy_since = begin;
  else if (g_get_monotonic_time () - self->busy_since > BUSY_TIME)
    {
      self->busy_since = 0;
      self->state = RESTS;
      g_source_set_ready_time (source, -1);
    }
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs wake_source_funcs =
{
  .prepare = wake_source_prepare,
  .check = wake_source_check,
  .dispatch = wake_source_dispatch,
};

/**
 * aiodrive_wake_source_new:
 *
 * Makes a source that calls its callback when its ready time has come, and only then: for an event loop of another
 * language that is to run in a main context.
 *
 * Set the callback, attach it, and call g_source_set_ready_time() with 0 or with a monotonic time, from any thread,
 * whenever there will be something to do. The ready time is unset before each call, so the callback sets the next one.
 * (A source of g_timeout_source_new() sets one of its own afterwards.) It is dispatched in nested main loops too; and
 * where its callback asks for the next call at once, again and again, it leaves one iteration in a millisecond to
 * the sources of a lower priority.
 *
 * Returns: (transfer full): a new source
 *
 * Since: 1.0
 */
GSource *
aiodrive_wake_source_new (void)
{
  GSource *source = g_source_new (&wake_source_funcs, sizeof (WakeSource));

  g_source_set_static_name (source, "AiodriveWakeSource");
  g_source_set_can_recurse (source, TRUE);
  return source;
}
