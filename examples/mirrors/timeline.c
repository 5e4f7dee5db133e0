/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/mirrors/timeline.h"

#include <aiodrive/aiodrive.h>
#include <stdarg.h>
#include <string.h>

#define NAME_WIDTH 25
#define BAR_WIDTH 28

typedef enum
{
  NOT_STARTED,
  RUNNING,
  ENDED,
  WON,
  CANCELLED,
  TIMED_OUT,
  INTERRUPTED,
  FAILED,
} State;

static const struct
{
  const char *text;
  char        mark;    /* at the end of the bar */
} states[] =
{
  [NOT_STARTED] = { "", ' ' },
  [RUNNING] = { "still running", '?' },
  [ENDED] = { "ended", '|' },
  [WON] = { "won", '*' },
  [CANCELLED] = { "cancelled", 'x' },
  [TIMED_OUT] = { "timed out", 'T' },
  [INTERRUPTED] = { "interrupted", '^' },
  [FAILED] = { "failed", '!' },
};

typedef struct
{
  char   *name;
  GTask  *task;     /* owned, nullable */
  gint64  start;
  gint64  end;
  State   state;
} Line;

static GNode *
line_new (char *name)
{
  Line *self = g_new0 (Line, 1);

  self->name = name;
  self->start = self->end = g_get_monotonic_time ();
  return g_node_new (self);
}

GNode *
timeline_new (void)
{
  return line_new (NULL);
}

static gboolean
free_line (GNode    *node,
           gpointer  data)
{
  Line *self = node->data;

  if (self->task != NULL)
    g_signal_handlers_disconnect_by_data (self->task, self);
  g_clear_object (&self->task);
  g_free (self->name);
  g_free (self);
  return FALSE;
}

void
timeline_free (GNode *timeline)
{
  g_node_traverse (timeline, G_POST_ORDER, G_TRAVERSE_ALL, -1, free_line, NULL);
  g_node_destroy (timeline);
}

GNode *
timeline_add (GNode      *parent,
              const char *format,
              ...)
{
  va_list args;
  char *name;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);
  return g_node_append (parent, line_new (name));
}

/* The scope of a cancelled task holds the reason, if there is one. */
static State
state_of (GTask *task)
{
  g_autoptr(GError) error = aiodrive_task_dup_error (task);
  g_autoptr(GError) reason = NULL;

  if (error == NULL)
    return ENDED;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return TIMED_OUT;
  if (!aiodrive_error_is_cancelled (error))
    return FAILED;

  reason = aiodrive_cancel_scope_dup_reason (AIODRIVE_CANCEL_SCOPE (g_task_get_cancellable (task)));
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return TIMED_OUT;
  return g_error_matches (reason, AIODRIVE_ERROR, AIODRIVE_ERROR_SIGNAL) ? INTERRUPTED : CANCELLED;
}

static void
on_completed (GTask      *task,
              GParamSpec *pspec,
              gpointer    user_data)
{
  Line *self = user_data;

  self->end = g_get_monotonic_time ();
  self->state = state_of (task);
}

void
timeline_watch (GNode *line,
                GTask *task)
{
  Line *self = line->data;

  self->task = g_object_ref (task);
  self->start = g_get_monotonic_time ();
  self->state = RUNNING;
  g_task_set_name (task, self->name);
  g_signal_connect (task, "notify::completed", G_CALLBACK (on_completed), self);
}

static gboolean
mark_winner (GNode    *node,
             gpointer  winner)
{
  Line *self = node->data;

  if (self->task != winner)
    return FALSE;
  self->state = WON;
  return TRUE;
}

void
timeline_set_won (GNode *timeline,
                  GTask *winner)
{
  g_node_traverse (timeline, G_PRE_ORDER, G_TRAVERSE_ALL, -1, mark_winner, winner);
}

typedef struct
{
  guint n_started;
  guint n_ended;
} Counts;

static gboolean
count (GNode    *node,
       gpointer  data)
{
  const Line *self = node->data;
  Counts *counts = data;

  counts->n_started += self->state != NOT_STARTED;
  counts->n_ended += self->state > RUNNING;
  return FALSE;
}

gboolean
timeline_is_over (GNode *timeline,
                  guint *n_started,
                  guint *n_ended)
{
  Counts counts = { 0, 0 };

  g_node_traverse (timeline, G_PRE_ORDER, G_TRAVERSE_ALL, -1, count, &counts);
  *n_started = counts.n_started;
  *n_ended = counts.n_ended;
  return counts.n_started == counts.n_ended;
}

/* In milliseconds, or in whatever @per_unit microseconds are. */
static guint
time_of (const Line *origin,
         gint64      time,
         gint64      per_unit)
{
  return (time - origin->start) / per_unit;
}

static gboolean
print_line (GNode    *node,
            gpointer  timeline)
{
  const Line *self = node->data;
  const Line *origin = ((GNode *) timeline)->data;
  gint64 per_column = (origin->end - origin->start) / (BAR_WIDTH - 1) + 1;
  int indent = 2 * (g_node_depth (node) - 2);
  guint from = time_of (origin, self->start, per_column);
  guint to = time_of (origin, self->end, per_column);
  char bar[BAR_WIDTH + 1];

  if (G_NODE_IS_ROOT (node) || self->state == NOT_STARTED)
    return FALSE;

  memset (bar, ' ', BAR_WIDTH);
  memset (bar + from, '=', to - from);
  bar[to] = states[self->state].mark;
  bar[BAR_WIDTH] = '\0';
  g_print ("%*s%-*.*s %5u %5u |%s| %s\n", indent, "", NAME_WIDTH - indent, NAME_WIDTH - indent, self->name,
           time_of (origin, self->start, 1000), time_of (origin, self->end, 1000), bar, states[self->state].text);
  return FALSE;
}

void
timeline_print (GNode *timeline)
{
  ((Line *) timeline->data)->end = g_get_monotonic_time ();
  g_print ("%-*s %5s %5s  what ran when, in milliseconds\n", NAME_WIDTH, "task", "start", "end");
  g_node_traverse (timeline, G_PRE_ORDER, G_TRAVERSE_ALL, -1, print_line, timeline);
}
