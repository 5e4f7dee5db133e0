/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/map.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/stream/map-core-private.h"
#include "aiodrive/task/record-private.h"

#define AIODRIVE_TYPE_MAP_ITERATOR (aiodrive_map_iterator_get_type ())
G_DECLARE_FINAL_TYPE (AiodriveMapIterator, aiodrive_map_iterator, AIODRIVE, MAP_ITERATOR, GObject)

struct _AiodriveMapIterator
{
  GObject          parent_instance;

  AiodriveMapCore *core;   /* owned; set once */
};

static void async_iterator_init (AiodriveAsyncIteratorInterface *iface);

G_DEFINE_FLAGS_TYPE (AiodriveMapFlags, aiodrive_map_flags,
                     G_DEFINE_ENUM_VALUE (AIODRIVE_MAP_FLAGS_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (AIODRIVE_MAP_FLAGS_ORDERED, "ordered"))

G_DEFINE_FINAL_TYPE_WITH_CODE (AiodriveMapIterator, aiodrive_map_iterator, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_ASYNC_ITERATOR, async_iterator_init))

static void
return_next (AiodriveWait *wait,
             gpointer      item)
{
  AiodriveMapIterator *self = aiodrive_wait_get_source_object (wait);

  aiodrive_results_return (aiodrive_map_core_get_results (self->core), wait, item);
}

static void
aiodrive_map_iterator_next_async (AiodriveAsyncIterator *iterator,
                                  GCancellable          *cancellable,
                                  GAsyncReadyCallback    callback,
                                  gpointer               user_data)
{
  AiodriveMapIterator *self = AIODRIVE_MAP_ITERATOR (iterator);

  if (!aiodrive_cancellable_is_cancelled (cancellable))
    aiodrive_map_core_start (self->core);
  aiodrive_results_next_async (aiodrive_map_core_get_results (self->core), self, return_next, cancellable, callback,
                               user_data);
}

static gboolean
aiodrive_map_iterator_next_finish (AiodriveAsyncIterator  *iterator,
                                   GAsyncResult           *result,
                                   GValue                 *value,
                                   GError                **error)
{
  AiodriveMapIterator *self = AIODRIVE_MAP_ITERATOR (iterator);

  if (!aiodrive_results_next_finish (self, result, value, error))
    return FALSE;

  aiodrive_map_core_count_taken (self->core);
  return TRUE;
}

/* What nobody would hear of stays, and is warned about. */
static void
return_closed (AiodriveWait *wait,
               gpointer      granted)
{
  AiodriveMapIterator *self = aiodrive_wait_get_source_object (wait);
  GError *error = aiodrive_wait_has_callback (wait) ? aiodrive_map_core_steal_error (self->core) : NULL;

  if (error != NULL)
    aiodrive_wait_return_error (wait, error);
  else
    aiodrive_wait_return_boolean (wait, TRUE);
}

static void
aiodrive_map_iterator_close_async (AiodriveAsyncIterator *iterator,
                                   GCancellable          *cancellable,
                                   GAsyncReadyCallback    callback,
                                   gpointer               user_data)
{
  g_autoptr(AiodriveMapIterator) self = AIODRIVE_MAP_ITERATOR (g_object_ref (iterator));
  AiodriveWait *wait = aiodrive_wait_new (self, cancellable, callback, user_data, aiodrive_map_iterator_close_async,
                                          return_closed);

  aiodrive_map_core_close (self->core, wait);
}

static gboolean
aiodrive_map_iterator_close_finish (AiodriveAsyncIterator  *iterator,
                                    GAsyncResult           *result,
                                    GError                **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, iterator, aiodrive_map_iterator_close_async), FALSE);

  return aiodrive_wait_propagate_boolean (result, error);
}

static void
async_iterator_init (AiodriveAsyncIteratorInterface *iface)
{
  iface->next_async = aiodrive_map_iterator_next_async;
  iface->next_finish = aiodrive_map_iterator_next_finish;
  iface->close_async = aiodrive_map_iterator_close_async;
  iface->close_finish = aiodrive_map_iterator_close_finish;
}

static void
aiodrive_map_iterator_finalize (GObject *object)
{
  AiodriveMapIterator *self = AIODRIVE_MAP_ITERATOR (object);

  aiodrive_map_core_drop (self->core);

  G_OBJECT_CLASS (aiodrive_map_iterator_parent_class)->finalize (object);
}

static void
aiodrive_map_iterator_class_init (AiodriveMapIteratorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_map_iterator_finalize;
}

static void
aiodrive_map_iterator_init (AiodriveMapIterator *self)
{
}

/**
 * aiodrive_map:
 * @items: the source of items
 * @max_concurrent: the maximum number of jobs that run or whose result has not been taken
 * @flags: how it gives its results
 * @parent: (nullable): cancels the jobs
 * @func: (scope notified) (closure user_data) (destroy user_data_destroy): the job
 * @user_data: data for @func
 * @user_data_destroy: (nullable): frees @user_data
 *
 * Starts a job for each item, and delivers the results. The first wait for a result starts it; from then on it takes
 * items one after another, while there is room for their jobs. Back-pressure: if the consumer takes no results, it
 * takes no more items.
 *
 * A failed job ends the iteration. No more jobs start, and the running ones are cancelled and awaited. The results that
 * precede the failure are delivered, then the next wait fails with the error, several as %AIODRIVE_ERROR_MULTIPLE. An
 * error of @items comes after the results of all earlier items: no more jobs start, and the running ones continue.
 * After the error the iterator has ended. If @parent is cancelled, the error is %G_IO_ERROR_CANCELLED. If
 * @max_concurrent is 0, it is %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * Any number of parties may wait for a result at once. A cancelled wait fails with %G_IO_ERROR_CANCELLED and loses no
 * result: its result goes to the next waiter, as does a result granted to a wait that drops it.
 *
 * Closing the iterator ends the waits, cancels the jobs, closes @items, and waits for both. It fails with the real
 * errors that no wait has reported. An iterator that is dropped while jobs run logs a warning and cancels them.
 *
 * The iterator belongs to the current thread-default main context, which calls @func, and frees @user_data when no job
 * runs or will start. The callback of a waiter runs in the waiter's own context.
 *
 * Returns: (transfer full): a new iterator
 *
 * Since: 1.0
 */
AiodriveAsyncIterator *
aiodrive_map (AiodriveAsyncIterator *items,
              guint                  max_concurrent,
              AiodriveMapFlags       flags,
              GCancellable          *parent,
              AiodriveMapFunc        func,
              gpointer               user_data,
              GDestroyNotify         user_data_destroy)
{
  AiodriveMapIterator *self;

  g_return_val_if_fail (AIODRIVE_IS_ASYNC_ITERATOR (items), NULL);
  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  self = g_object_new (AIODRIVE_TYPE_MAP_ITERATOR, NULL);
  self->core = aiodrive_map_core_new (items, max_concurrent, flags, parent, func, user_data, user_data_destroy);
  return AIODRIVE_ASYNC_ITERATOR (self);
}
