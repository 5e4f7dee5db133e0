/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/wait-private.h"
#include "aiodrive/stream/queue.h"

G_BEGIN_DECLS

/* The output of an iterator: values, then possibly an error, then the end. It is embedded in a structure that the
 * iterator owns. Any thread may use it. */
typedef struct
{
  AiodriveQueue *queue;     /* owned */
  GError        *failure;   /* owned, nullable, atomic */
} AiodriveResults;

void      aiodrive_results_init          (AiodriveResults      *self);
void      aiodrive_results_clear         (AiodriveResults      *self);

gboolean  aiodrive_results_add           (AiodriveResults      *self,
                                          const GValue         *value);
void      aiodrive_results_end           (AiodriveResults      *self,
                                          GError               *failure);
void      aiodrive_results_drop          (AiodriveResults      *self);
GError   *aiodrive_results_steal_failure (AiodriveResults      *self);
gboolean  aiodrive_results_has_waiters   (AiodriveResults      *self);

void      aiodrive_results_return        (AiodriveResults      *self,
                                          AiodriveWait         *wait,
                                          gpointer              item);
void      aiodrive_results_next_async    (AiodriveResults      *self,
                                          gpointer              iterator,
                                          AiodriveWaitReturn    on_woken,
                                          GCancellable         *cancellable,
                                          GAsyncReadyCallback   callback,
                                          gpointer              user_data);
gboolean  aiodrive_results_next_finish   (gpointer              iterator,
                                          GAsyncResult         *result,
                                          GValue               *value,
                                          GError              **error);

G_END_DECLS
