/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_THREAD_SAFE_EVENT:
 *
 * The #GType of #AiodriveThreadSafeEvent.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_THREAD_SAFE_EVENT (aiodrive_thread_safe_event_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_FINAL_TYPE (AiodriveThreadSafeEvent, aiodrive_thread_safe_event, AIODRIVE, THREAD_SAFE_EVENT, GObject)

AIODRIVE_PUBLIC
AiodriveThreadSafeEvent *aiodrive_thread_safe_event_new         (void);
AIODRIVE_PUBLIC
void                     aiodrive_thread_safe_event_set         (AiodriveThreadSafeEvent  *self);
AIODRIVE_PUBLIC
void                     aiodrive_thread_safe_event_clear       (AiodriveThreadSafeEvent  *self);
AIODRIVE_PUBLIC
gboolean                 aiodrive_thread_safe_event_is_set      (AiodriveThreadSafeEvent  *self);

AIODRIVE_PUBLIC
void                     aiodrive_thread_safe_event_wait_async  (AiodriveThreadSafeEvent  *self,
                                                                 GCancellable             *cancellable,
                                                                 GAsyncReadyCallback       callback,
                                                                 gpointer                  user_data);
AIODRIVE_PUBLIC
gboolean                 aiodrive_thread_safe_event_wait_finish (AiodriveThreadSafeEvent  *self,
                                                                 GAsyncResult             *result,
                                                                 GError                  **error);
AIODRIVE_PUBLIC
gboolean                 aiodrive_thread_safe_event_wait        (AiodriveThreadSafeEvent  *self,
                                                                 GCancellable             *cancellable,
                                                                 GError                  **error);

G_END_DECLS
