/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_QUEUE:
 *
 * The #GType of #AiodriveQueue.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_QUEUE (aiodrive_queue_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_INTERFACE (AiodriveQueue, aiodrive_queue, AIODRIVE, QUEUE, GObject)

/**
 * AiodriveQueueInterface:
 * @parent_interface: the parent interface
 * @put: puts an item in
 * @get_async: starts to get an item
 * @get_finish: completes it; it need not initialise the value if there is no item
 * @try_get: gets an available item; it need not initialise the value if there is none
 * @get_many: gets the available items
 * @close_with_error: closes the queue, with or without an error
 * @is_empty: whether there is no item
 *
 * The interface of queues. If a class lacks a function, a call that needs it fails with %G_IO_ERROR_NOT_SUPPORTED, or
 * finds no items.
 *
 * Since: 1.0
 */
struct _AiodriveQueueInterface
{
  GTypeInterface parent_interface;

  gboolean   (*put)              (AiodriveQueue        *self,
                                  gint64                index,
                                  const GValue         *value,
                                  GError              **error);
  void       (*get_async)        (AiodriveQueue        *self,
                                  GCancellable         *cancellable,
                                  GAsyncReadyCallback   callback,
                                  gpointer              user_data);
  void       (*get_finish)       (AiodriveQueue        *self,
                                  GAsyncResult         *result,
                                  GValue               *value,
                                  GError              **error);
  gboolean   (*try_get)          (AiodriveQueue        *self,
                                  GValue               *value,
                                  GError              **error);
  GArray    *(*get_many)         (AiodriveQueue        *self,
                                  guint                 max);
  void       (*close_with_error) (AiodriveQueue        *self,
                                  const GError         *error);
  gboolean   (*is_empty)         (AiodriveQueue        *self);
};

AIODRIVE_PUBLIC
gboolean   aiodrive_queue_put              (AiodriveQueue        *self,
                                            gint64                index,
                                            const GValue         *value,
                                            GError              **error);
AIODRIVE_PUBLIC
void       aiodrive_queue_get_async        (AiodriveQueue        *self,
                                            GCancellable         *cancellable,
                                            GAsyncReadyCallback   callback,
                                            gpointer              user_data);
AIODRIVE_PUBLIC
void       aiodrive_queue_get_finish       (AiodriveQueue        *self,
                                            GAsyncResult         *result,
                                            GValue               *value,
                                            GError              **error);
AIODRIVE_PUBLIC
gboolean   aiodrive_queue_try_get          (AiodriveQueue        *self,
                                            GValue               *value,
                                            GError              **error);
AIODRIVE_PUBLIC
GArray    *aiodrive_queue_get_many         (AiodriveQueue        *self,
                                            guint                 max);
AIODRIVE_PUBLIC
void       aiodrive_queue_close            (AiodriveQueue        *self);
AIODRIVE_PUBLIC
void       aiodrive_queue_close_with_error (AiodriveQueue        *self,
                                            const GError         *error);
AIODRIVE_PUBLIC
gboolean   aiodrive_queue_is_empty         (AiodriveQueue        *self);

G_END_DECLS
