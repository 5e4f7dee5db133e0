/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-scope.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/stream/map-core-private.h"

G_BEGIN_DECLS

/* What the parts of a map have in common. */
struct _AiodriveMapCore
{
  GMainContext          *context;          /* owned: where dispatcher is */
  AiodriveDispatcher    *dispatcher;       /* set once, as are the next ones */
  AiodriveAsyncIterator *items;            /* owned */
  AiodriveCancelScope   *scope;            /* owned; of the jobs, and of the wait for an item */
  guint                  max_concurrent;
  gboolean               ordered;
  AiodriveMapFunc        func;
  gpointer               user_data;
  GDestroyNotify         user_data_destroy;
  AiodriveResults        results;

  AiodriveMonitor        monitor;
  AiodriveWaitQueue      closers;          /* guarded by monitor, as are the next ones */
  gboolean               posted;           /* entry is on its way */
  gboolean               started;
  gboolean               closing;
  gboolean               dropped;
  gboolean               over;             /* no job runs, and none will */
  gboolean               closed;           /* and the items are closed */
  GError                *close_error;      /* owned, nullable: for who asks first */
  guint                  n_untaken;        /* jobs that run, or whose result has not been taken */
  AiodriveEntry          entry;            /* owns a reference while it is posted */

  /* used in context alone */
  GQueue                 jobs;             /* by their nodes, in the order of their items */
  guint                  n_running;
  guint                  n_jobs;           /* how many there were */
  AiodriveFailures       failures;
  gboolean               pulling;
  gboolean               exhausted;        /* there are no more items */
  gboolean               stopping;         /* no more jobs are to be started */
  gboolean               closing_items;
  gboolean               closed_items;
};

void aiodrive_map_core_unref           (AiodriveMapCore *self);

/* In the context of the map. */
void aiodrive_map_core_stop            (AiodriveMapCore *self);
void aiodrive_map_core_fail            (AiodriveMapCore *self,
                                        GError          *error,
                                        const char      *name);
void aiodrive_map_core_settle          (AiodriveMapCore *self);
void aiodrive_map_core_pull            (AiodriveMapCore *self);
void aiodrive_map_core_close_items     (AiodriveMapCore *self);
void aiodrive_map_core_start_job       (AiodriveMapCore *self,
                                        GValue          *item);
void aiodrive_map_core_warn_about_jobs (AiodriveMapCore *self);
void aiodrive_map_core_release_jobs    (AiodriveMapCore *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AiodriveMapCore, aiodrive_map_core_unref)

G_END_DECLS
