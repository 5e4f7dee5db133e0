/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "aiodrive/core/fairness-private.h"
#include "aiodrive/core/time-source-private.h"
#include "aiodrive/core/work-item-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveDispatcher AiodriveDispatcher;

AiodriveDispatcher *aiodrive_dispatcher_get_thread_default   (void);
AiodriveDispatcher *aiodrive_dispatcher_get_for_context      (GMainContext        *context);
AiodriveDispatcher *aiodrive_dispatcher_ref                  (AiodriveDispatcher  *self);
void                aiodrive_dispatcher_unref                (AiodriveDispatcher  *self);

gboolean            aiodrive_dispatcher_runs_here            (AiodriveDispatcher  *self);
gint64              aiodrive_dispatcher_stamp                (void);

/* Returns FALSE if the context is gone: then the caller runs the work items, with no lock held. */
G_GNUC_WARN_UNUSED_RESULT
gboolean            aiodrive_dispatcher_push                 (AiodriveDispatcher  *self,
                                                              AiodriveWorkItem    *first,
                                                              AiodriveWorkItem    *last,
                                                              GMainContext       **to_wake);
gboolean            aiodrive_dispatcher_is_closed            (AiodriveDispatcher  *self);
void                aiodrive_dispatcher_wake                 (GMainContext        *context);
void                aiodrive_dispatcher_post                 (AiodriveDispatcher  *self,
                                                              AiodriveWorkItem    *work);
void                aiodrive_dispatcher_post_next            (AiodriveDispatcher  *self,
                                                              AiodriveWorkItem    *work);
gboolean            aiodrive_dispatcher_is_idle              (AiodriveDispatcher  *self);
GMainContext       *aiodrive_dispatcher_get_context          (AiodriveDispatcher  *self);
GThread            *aiodrive_dispatcher_get_iterating_thread (AiodriveDispatcher  *self);
AiodriveFairness   *aiodrive_dispatcher_get_fairness         (AiodriveDispatcher  *self);

void                aiodrive_dispatcher_start_timer          (AiodriveDispatcher  *self,
                                                              AiodriveTimer       *timer,
                                                              gint64               due);
void                aiodrive_dispatcher_stop_timer           (AiodriveDispatcher  *self,
                                                              AiodriveTimer       *timer);
gint64              aiodrive_dispatcher_get_due              (AiodriveDispatcher  *self);

gint64              aiodrive_dispatcher_get_time             (AiodriveDispatcher  *self);
void                aiodrive_dispatcher_set_time_source      (AiodriveDispatcher  *self,
                                                              AiodriveTimeSource  *source);
AiodriveTimeSource *aiodrive_dispatcher_ref_time_source      (AiodriveDispatcher  *self);

G_END_DECLS
