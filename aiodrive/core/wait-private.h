/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/wait-queue-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveWait AiodriveWait;

/* An asynchronous call that waits: a GTask in a queue. It is returned by its AiodriveWaitReturn once it was woken. */
typedef void (*AiodriveWaitReturn) (GTask    *task,
                                    gpointer  granted);

AiodriveWait   *aiodrive_wait_new            (gpointer             source_object,
                                              GCancellable        *cancellable,
                                              GAsyncReadyCallback  callback,
                                              gpointer             user_data,
                                              gpointer             source_tag,
                                              AiodriveWaitReturn   on_woken);
GTask          *aiodrive_wait_get_task       (AiodriveWait        *self);
void            aiodrive_wait_set_request    (AiodriveWait        *self,
                                              gpointer             request,
                                              GDestroyNotify       request_free);
gboolean        aiodrive_wait_park           (AiodriveWait        *self,
                                              AiodriveWaitQueue   *queue,
                                              AiodriveMonitor     *monitor);
void            aiodrive_wait_grant          (AiodriveWait        *self,
                                              gpointer             granted,
                                              AiodriveMonitor     *monitor);

/* What most of them need: an AiodriveWaitReturn for a wait that brings nothing but its end, and a check for finish
 * functions. */
void            aiodrive_wait_return_true    (GTask               *task,
                                              gpointer             granted);
gboolean        aiodrive_wait_is_valid       (GAsyncResult        *result,
                                              gpointer             source_object,
                                              gpointer             source_tag);

/* A call that blocks its thread while it waits. It begins under the monitor, and ends without it. */
gboolean        aiodrive_wait_queue_block    (AiodriveWaitQueue   *self,
                                              AiodriveMonitor     *monitor,
                                              GCancellable        *cancellable,
                                              gpointer             request,
                                              gpointer            *granted,
                                              GError             **error);

G_END_DECLS
