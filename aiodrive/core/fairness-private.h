/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How long our callbacks may run back to back; and how many dispatches there may be where time is virtual. */
#define AIODRIVE_SLICE_USEC        1000
#define AIODRIVE_SLICE_DISPATCHES  1000

typedef enum
{
  AIODRIVE_NOT_YIELDING,
  AIODRIVE_YIELDING,    /* none of our sources is ready ... */
  AIODRIVE_HAS_YIELDED, /* ... and GLib has asked the sources of lower priority */
} AiodriveYielding;

/* The fairness of all our sources in one main context. It belongs to the thread that iterates the context. */
typedef struct
{
  GSource         *others;      /* unowned, set once, as is the next */
  GSource         *keeper;
  gint64           busy_since;  /* when the first of our sources was dispatched in this slice */
  gint64           asked_at;    /* when GLib asked the others before the context polled; 0: it did not */
  AiodriveYielding yielding;
  guint            n_yields;    /* iterations since our sources began to yield */
  gint             counts;      /* atomic: a slice is a number of dispatches */
  guint            n_dispatches;/* in this slice */
} AiodriveFairness;

void      aiodrive_fairness_init        (AiodriveFairness *self,
                                         GMainContext     *context);
void      aiodrive_fairness_prepare     (AiodriveFairness *self);
void      aiodrive_fairness_check       (AiodriveFairness *self,
                                         GSource          *source);
gboolean  aiodrive_fairness_must_yield  (AiodriveFairness *self,
                                         gint64            now);

static inline gboolean
aiodrive_fairness_is_yielding (AiodriveFairness *self)
{
  return self->yielding == AIODRIVE_YIELDING;
}

G_END_DECLS
