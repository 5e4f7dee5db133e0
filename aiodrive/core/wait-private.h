/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/wait-queue-private.h"

G_BEGIN_DECLS

#define AIODRIVE_TYPE_WAIT (aiodrive_wait_get_type ())
G_DECLARE_FINAL_TYPE (AiodriveWait, aiodrive_wait, AIODRIVE, WAIT, GObject)

/* Completes a woken wait, with one of the aiodrive_wait_return_*() functions. It runs in the context of the wait. */
typedef void (*AiodriveWaitReturn) (AiodriveWait *self,
                                    gpointer      granted);

AiodriveWait   *aiodrive_wait_new                (gpointer             source_object,
                                                  GCancellable        *cancellable,
                                                  GAsyncReadyCallback  callback,
                                                  gpointer             user_data,
                                                  gpointer             source_tag,
                                                  AiodriveWaitReturn   on_woken);
void            aiodrive_wait_fail               (AiodriveWait        *self,
                                                  GError              *error);
void            aiodrive_wait_postpone          (AiodriveWait        *self);
void            aiodrive_wait_set_request        (AiodriveWait        *self,
                                                  gpointer             request,
                                                  GDestroyNotify       request_free);
gboolean        aiodrive_wait_park               (AiodriveWait        *self,
                                                  AiodriveWaitQueue   *queue,
                                                  AiodriveMonitor     *monitor);
void            aiodrive_wait_grant              (AiodriveWait        *self,
                                                  gpointer             granted,
                                                  AiodriveMonitor     *monitor);

gboolean        aiodrive_wait_has_callback       (AiodriveWait        *self);
gpointer        aiodrive_wait_get_source_object  (AiodriveWait        *self);
gpointer        aiodrive_wait_get_source_tag     (AiodriveWait        *self);

/* These run the callback before they return. */
void            aiodrive_wait_return_boolean     (AiodriveWait        *self,
                                                  gboolean             value);
void            aiodrive_wait_return_int         (AiodriveWait        *self,
                                                  gint                 value);
void            aiodrive_wait_return_pointer     (AiodriveWait        *self,
                                                  gpointer             value,
                                                  GDestroyNotify       value_free);
void            aiodrive_wait_return_error       (AiodriveWait        *self,
                                                  GError              *error);

/* For finish functions: is_valid() checks that @result comes from the function given as the tag; the others return its
 * outcome, once. */
gboolean        aiodrive_wait_is_valid           (GAsyncResult        *result,
                                                  gpointer             source_object,
                                                  gpointer             source_tag);
gboolean        aiodrive_wait_propagate_boolean  (GAsyncResult        *result,
                                                  GError             **error);
gint            aiodrive_wait_propagate_int      (GAsyncResult        *result,
                                                  GError             **error);
gpointer        aiodrive_wait_propagate_pointer  (GAsyncResult        *result,
                                                  GError             **error);

GError         *aiodrive_wait_steal_error        (GAsyncResult        *result);
GPtrArray      *aiodrive_wait_copy_errors        (GAsyncResult        *result);

/* An AiodriveWaitReturn for a wait without a value. */
void            aiodrive_wait_return_true        (AiodriveWait        *self,
                                                  gpointer             granted);

/* Every call starts with a checkpoint, in trio's sense: a fiber that has used up its time slice yields. Returns FALSE
 * with G_IO_ERROR_CANCELLED if @cancellable is cancelled. */
gboolean        aiodrive_checkpoint              (GCancellable        *cancellable,
                                                  GError             **error);
/* The same with a time slice of the caller's choice. */
gboolean        aiodrive_checkpoint_after        (gint64               slice_usec,
                                                  GCancellable        *cancellable,
                                                  GError             **error);

/* A call that blocks its thread. It starts with the monitor locked, and returns with it unlocked. */
gboolean        aiodrive_wait_queue_wait_blocking (AiodriveWaitQueue  *self,
                                                   AiodriveMonitor    *monitor,
                                                   GCancellable       *cancellable,
                                                   gpointer            request,
                                                   gpointer           *granted,
                                                   GError            **error);

G_END_DECLS
