/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/fairness-private.h"

/* Bounded unfairness. Our sources have the default priority, and all of them in one main context share one time slice.
 * A slice starts with the first dispatch of one of them. When it is used up our sources yield: none of them is ready
 * until GLib has asked the sources of a lower priority. Alternating sources do not reset the slice: an iteration in
 * which only a foreign source of the default priority was ready does not end it.
 * (/aiodrive/core/dispatcher/lower-priorities, .../chain-of-timers, .../alternating,
 * /aiodrive/binding/wake-source/alternating)
 *
 * GLib asks sources in the order of their priorities, and stops at the first priority that has a ready one. So GLib
 * calls the check function of `others`, right below the default priority, if and only if no source of the default
 * priority is ready: that is the turn of the others. A context that blocked in its poll was idle, and starts a new
 * slice as well.
 *
 * A foreign source of the default priority that is always ready starves the others, and we cannot prevent that. Our
 * sources stop yielding after a few iterations even then.
 *
 * The source of the lowest priority, `keeper`, is ready while our sources yield, so code that iterates the context
 * until it is idle continues. (.../until-nothing-is-to-be-done) */

#define BLOCKED_USEC  100
#define MAX_YIELDS    4

typedef struct
{
  GSource           source;
  AiodriveFairness *fairness;  /* unowned */
} FairnessSource;

static gboolean
others_prepare (GSource *source,
                gint    *timeout)
{
  ((FairnessSource *) source)->fairness->asked_at = g_source_get_time (source);
  *timeout = -1;
  return FALSE;
}

static gboolean
others_check (GSource *source)
{
  AiodriveFairness *self = ((FairnessSource *) source)->fairness;

  self->busy_since = 0;
  if (self->yielding == AIODRIVE_YIELDING)
    self->yielding = AIODRIVE_HAS_YIELDED;
  return FALSE;
}

static gboolean
dispatch (GSource     *source,
          GSourceFunc  callback,
          gpointer     data)
{
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs others_funcs = { others_prepare, others_check, dispatch, NULL, NULL, NULL };
static GSourceFuncs keeper_funcs = { NULL, NULL, dispatch, NULL, NULL, NULL };

static GSource *
attach_source (AiodriveFairness *self,
               GMainContext     *context,
               GSourceFuncs     *funcs,
               gint              priority,
               const char       *name)
{
  GSource *source = g_source_new (funcs, sizeof (FairnessSource));

  ((FairnessSource *) source)->fairness = self;
  g_source_set_name (source, name);
  g_source_set_priority (source, priority);
  g_source_set_can_recurse (source, TRUE);
  g_source_attach (source, context);
  g_source_unref (source);

  return source;   /* the context owns it */
}

/* @self lives as long as @context is iterated. */
void
aiodrive_fairness_init (AiodriveFairness *self,
                        GMainContext     *context)
{
  self->others = attach_source (self, context, &others_funcs, G_PRIORITY_DEFAULT + 1, "aiodrive fairness");
  self->keeper = attach_source (self, context, &keeper_funcs, G_MAXINT, "aiodrive yielding");
}

static void
stop_yielding (AiodriveFairness *self)
{
  self->yielding = AIODRIVE_NOT_YIELDING;
  g_source_set_ready_time (self->keeper, -1);
}

/* Called once in each iteration in which GLib asks the sources of the default priority. */
void
aiodrive_fairness_prepare (AiodriveFairness *self)
{
  self->asked_at = 0;
  if (G_LIKELY (self->yielding == AIODRIVE_NOT_YIELDING))
    return;

  if (self->yielding == AIODRIVE_HAS_YIELDED || self->n_yields++ == MAX_YIELDS)
    stop_yielding (self);
}

/* For the check function of @source. A poll that did not block takes next to no time. */
void
aiodrive_fairness_check (AiodriveFairness *self,
                         GSource          *source)
{
  if (self->asked_at != 0 && g_source_get_time (source) - self->asked_at > BLOCKED_USEC)
    self->busy_since = 0;
  self->asked_at = 0;
}

/* For a source that is dispatched @now. Returns TRUE if the source must do nothing, because our sources yield. */
gboolean
aiodrive_fairness_must_yield (AiodriveFairness *self,
                              gint64            now)
{
  if (self->yielding == AIODRIVE_YIELDING)
    return TRUE;
  if (self->busy_since == 0)
    {
      self->busy_since = now;
      self->n_dispatches = 0;
    }
  if (G_UNLIKELY (g_atomic_int_get (&self->counts)) ? self->n_dispatches++ < AIODRIVE_SLICE_DISPATCHES
                                                    : now - self->busy_since < AIODRIVE_SLICE_USEC)
    return FALSE;

  self->busy_since = 0;
  self->n_yields = 0;
  self->yielding = AIODRIVE_YIELDING;
  g_source_set_ready_time (self->keeper, 0);
  return TRUE;
}
