/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/group/task-group.h"

G_BEGIN_DECLS

/**
 * AiodrivePoolStatus:
 * @AIODRIVE_POOL_STATUS_IDLE: its tasks are planned
 * @AIODRIVE_POOL_STATUS_RUNNING: it has been run, or was opened
 * @AIODRIVE_POOL_STATUS_CLOSING: it has been closed or cancelled, and waits for its tasks
 * @AIODRIVE_POOL_STATUS_DONE: it has completed
 *
 * The status of a pool.
 *
 * Since: 1.0
 */
typedef enum
{
  AIODRIVE_POOL_STATUS_IDLE,
  AIODRIVE_POOL_STATUS_RUNNING,
  AIODRIVE_POOL_STATUS_CLOSING,
  AIODRIVE_POOL_STATUS_DONE,
} AiodrivePoolStatus;

/**
 * AiodrivePoolFlags:
 * @AIODRIVE_POOL_FLAGS_NONE: the pool runs until all its tasks have ended
 * @AIODRIVE_POOL_FLAGS_FOREVER: it goes on without tasks, until it is cancelled or closed, or a task fails
 *
 * How a pool runs.
 *
 * Since: 1.0
 */
typedef enum /*< flags >*/
{
  AIODRIVE_POOL_FLAGS_NONE = 0,
  AIODRIVE_POOL_FLAGS_FOREVER = 1 << 0,
} AiodrivePoolFlags;

/**
 * AIODRIVE_TYPE_POOL_FLAGS:
 *
 * The #GType of #AiodrivePoolFlags.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_POOL_FLAGS (aiodrive_pool_flags_get_type ())

/**
 * AIODRIVE_TYPE_POOL_STATUS:
 *
 * The #GType of #AiodrivePoolStatus.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_POOL_STATUS (aiodrive_pool_status_get_type ())

/**
 * AIODRIVE_TYPE_POOL:
 *
 * The #GType of #AiodrivePool.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_POOL (aiodrive_pool_get_type ())

AIODRIVE_PUBLIC
GType               aiodrive_pool_flags_get_type  (void);
AIODRIVE_PUBLIC
GType               aiodrive_pool_status_get_type (void);

AIODRIVE_PUBLIC
_AIODRIVE_G_DECLARE_INTERNAL_TYPE (AiodrivePool, aiodrive_pool, AIODRIVE, POOL, AiodriveTaskGroup)

AIODRIVE_PUBLIC
AiodrivePool       *aiodrive_pool_new             (const char           *name);
AIODRIVE_PUBLIC
AiodrivePool       *aiodrive_pool_open            (const char           *name,
                                                   GCancellable         *parent);
AIODRIVE_PUBLIC
AiodrivePool       *aiodrive_pool_ref_current     (GCancellable         *cancellable);

AIODRIVE_PUBLIC
const char         *aiodrive_pool_get_name        (AiodrivePool         *self);
AIODRIVE_PUBLIC
AiodrivePoolStatus  aiodrive_pool_get_status      (AiodrivePool         *self);
AIODRIVE_PUBLIC
char               *aiodrive_pool_format          (AiodrivePool         *self);

AIODRIVE_PUBLIC
void                aiodrive_pool_spawn_full      (AiodrivePool         *self,
                                                   GTask               **task,
                                                   const char           *name,
                                                   gint                  depth,
                                                   AiodriveJobFunc       func,
                                                   gpointer              user_data,
                                                   GDestroyNotify        user_data_destroy);

AIODRIVE_PUBLIC
void                aiodrive_pool_run_async       (AiodrivePool         *self,
                                                   AiodrivePoolFlags     flags,
                                                   GCancellable         *cancellable,
                                                   GAsyncReadyCallback   callback,
                                                   gpointer              user_data);
AIODRIVE_PUBLIC
gboolean            aiodrive_pool_run_finish      (AiodrivePool         *self,
                                                   GAsyncResult         *result,
                                                   GError              **error);

G_END_DECLS
