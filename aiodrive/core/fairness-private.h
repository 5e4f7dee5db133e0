/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How long callbacks of ours may follow each other. */
#define AIODRIVE_SLICE_USEC  1000

typedef enum
{
  AIODRIVE_NO_REST,
  AIODRIVE_RESTING,     /* nothing of ours is ready ... */
  AIODRIVE_HAS_RESTED,  /* ... and now the sources of lower priority have been asked */
} AiodriveRest;

/* The fairness of all our sources in one main context. It belongs to the thread that iterates the context. */
typedef struct
{
  GSource      *others;      /* unowned, set once, as is the next */
  GSource      *keeper;
  gint64        busy_since;  /* when a source of ours was dispatched, for the first time since the turn of the others */
  gint64        asked_at;    /* when the others were asked before the context polled; 0: they were not */
  AiodriveRest  rest;
  guint         n_rests;     /* iterations of this rest */
} AiodriveFairness;

void      aiodrive_fairness_init        (AiodriveFairness *self,
                                         GMainContext     *context);
void      aiodrive_fairness_prepare     (AiodriveFairness *self);
void      aiodrive_fairness_check       (AiodriveFairness *self,
                                         GSource          *source);
gboolean  aiodrive_fairness_must_yield  (AiodriveFairness *self,
                                         gint64            now);

static inline gboolean
aiodrive_fairness_is_resting (AiodriveFairness *self)
{
  return self->rest == AIODRIVE_RESTING;
}

G_END_DECLS
