/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_TYPE_ASYNC_ITERATOR:
 *
 * The #GType of #AiodriveAsyncIterator.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_ASYNC_ITERATOR (aiodrive_async_iterator_get_type ())

AIODRIVE_PUBLIC
G_DECLARE_INTERFACE (AiodriveAsyncIterator, aiodrive_async_iterator, AIODRIVE, ASYNC_ITERATOR, GObject)

/**
 * AiodriveAsyncIteratorInterface:
 * @parent_interface: the parent interface
 * @next_async: starts to get the next item
 * @next_finish: completes it; it need not initialise the value if there is no item
 * @close_async: starts to end the iteration
 * @close_finish: completes that
 *
 * The interface of asynchronous iterators. An iterator without work behind it need not implement the last two.
 *
 * Since: 1.0
 */
struct _AiodriveAsyncIteratorInterface
{
  GTypeInterface parent_interface;

  void     (*next_async)   (AiodriveAsyncIterator  *self,
                            GCancellable           *cancellable,
                            GAsyncReadyCallback     callback,
                            gpointer                user_data);
  gboolean (*next_finish)  (AiodriveAsyncIterator  *self,
                            GAsyncResult           *result,
                            GValue                 *value,
                            GError                **error);
  void     (*close_async)  (AiodriveAsyncIterator  *self,
                            GCancellable           *cancellable,
                            GAsyncReadyCallback     callback,
                            gpointer                user_data);
  gboolean (*close_finish) (AiodriveAsyncIterator  *self,
                            GAsyncResult           *result,
                            GError                **error);
};

AIODRIVE_PUBLIC
void     aiodrive_async_iterator_next_async   (AiodriveAsyncIterator  *self,
                                               GCancellable           *cancellable,
                                               GAsyncReadyCallback     callback,
                                               gpointer                user_data);
AIODRIVE_PUBLIC
gboolean aiodrive_async_iterator_next_finish  (AiodriveAsyncIterator  *self,
                                               GAsyncResult           *result,
                                               GValue                 *value,
                                               GError                **error);
AIODRIVE_PUBLIC
void     aiodrive_async_iterator_close_async  (AiodriveAsyncIterator  *self,
                                               GCancellable           *cancellable,
                                               GAsyncReadyCallback     callback,
                                               gpointer                user_data);
AIODRIVE_PUBLIC
gboolean aiodrive_async_iterator_close_finish (AiodriveAsyncIterator  *self,
                                               GAsyncResult           *result,
                                               GError                **error);

G_END_DECLS
