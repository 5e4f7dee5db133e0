/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/periodic.h"

#include "aiodrive/core/wait-private.h"
#include "aiodrive/stream/periodic-private.h"

/**
 * AiodrivePeriodicIterator:
 *
 * An #AiodriveAsyncIterator that ticks at regular intervals without end; its items are the numbers of the ticks, from 0
 * on, as #guint64. aiodrive_repeat_periodically() creates one.
 *
 * The first tick comes at once. If the consumer works for less than the interval it waits for the rest, so the ticks do
 * not drift. If it works longer it gets the next tick at once, and the interval restarts with that tick: missed ticks
 * are skipped.
 *
 * A cancelled wait fails with %G_IO_ERROR_CANCELLED and loses no tick: the next wait is for the same one. Only one
 * caller may wait at a time; a second one fails with %G_IO_ERROR_PENDING. Closing it ends the iteration, and a pending
 * wait. Any thread may use it; the callback of a waiter runs in the waiter's thread-default main context.
 *
 * |[<!-- language="C" -->
 * static void
 * on_tick (GObject *source, GAsyncResult *result, gpointer scope)
 * {
 *   AiodriveAsyncIterator *seconds = AIODRIVE_ASYNC_ITERATOR (source);
 *   g_auto(GValue) number = G_VALUE_INIT;
 *   g_autoptr(GError) error = NULL;
 *
 *   if (!aiodrive_async_iterator_next_finish (seconds, result, &number, &error))
 *     return;   // the scope was cancelled
 *
 *   g_print ("tick\n");
 *   aiodrive_async_iterator_next_async (seconds, scope, on_tick, scope);
 * }
 *
 * g_autoptr(AiodrivePeriodicIterator) seconds = aiodrive_repeat_periodically (1000);
 *
 * aiodrive_async_iterator_next_async (AIODRIVE_ASYNC_ITERATOR (seconds), scope, on_tick, scope);
 * ]|
 *
 * Since: 1.0
 */

/* The request of a wait. The wait keeps the iterator alive. */
typedef struct
{
  AiodrivePeriodicIterator *iterator;     /* unowned */
  AiodriveDispatcher       *dispatcher;   /* unowned: the wait owns it */
  AiodriveTimer             timer;        /* in the waiter's context, so neither outlives the other */
  gint64                    due;
  guint64                   number;
  gboolean                  over;         /* guarded by the monitor: the tick has been skipped */
} Tick;

struct _AiodrivePeriodicIterator
{
  GObject           parent_instance;

  gint64            interval;       /* in microseconds; set once */
  AiodriveMonitor   monitor;
  AiodriveWaitQueue waiters;        /* of one waiter; guarded by monitor, as is the rest */
  Tick             *waited_for;     /* unowned, nullable */
  gint64            previous_due;
  guint64           n_ticks;
  gboolean          closed;
};

static void async_iterator_init (AiodriveAsyncIteratorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (AiodrivePeriodicIterator, aiodrive_periodic_iterator, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_ASYNC_ITERATOR, async_iterator_init))

gint64
aiodrive_periodic_get_due (gint64 previous_due,
                           gint64 interval,
                           gint64 now)
{
  return MAX (aiodrive_time_after (previous_due, interval), now);
}

/* A tick counts from the moment when it is decided. */
static void
count_tick (AiodrivePeriodicIterator *self,
            Tick                     *tick)
{
  tick->number = self->n_ticks++;
  self->previous_due = tick->due;
}

static void
on_time (AiodriveTimer *timer)
{
  Tick *tick = AIODRIVE_CONTAINER_OF (timer, Tick, timer);
  AiodrivePeriodicIterator *self = tick->iterator;

  aiodrive_monitor_lock (&self->monitor);
  if (self->waited_for == tick)
    {
      self->waited_for = NULL;
      count_tick (self, tick);
      aiodrive_wait_queue_wake_one (&self->waiters, tick, &self->monitor);
    }
  aiodrive_monitor_unlock (&self->monitor);
}

static void
stop_waiting (AiodrivePeriodicIterator *self)
{
  aiodrive_dispatcher_stop_timer (self->waited_for->dispatcher, &self->waited_for->timer);
  self->waited_for = NULL;
}

/* Ends the wait without a tick. */
static void
end_wait (AiodrivePeriodicIterator *self)
{
  Tick *tick = self->waited_for;

  stop_waiting (self);
  tick->over = TRUE;
  aiodrive_wait_queue_wake_one (&self->waiters, tick, &self->monitor);
}

static void
on_cancelled (AiodriveWaitQueue *queue,
              gpointer           tick)
{
  AiodrivePeriodicIterator *self = AIODRIVE_CONTAINER_OF (queue, AiodrivePeriodicIterator, waiters);

  if (self->waited_for != NULL && self->waited_for == tick)
    stop_waiting (self);
}

/* NULL, or a skipped tick, means the end. */
static void
return_tick (AiodriveWait *wait,
             gpointer      granted)
{
  Tick *tick = granted;

  if (tick != NULL && tick->over)
    g_clear_pointer (&tick, g_free);
  aiodrive_wait_return_pointer (wait, tick, g_free);
}

/* With the monitor locked. */
static void
begin_wait (AiodrivePeriodicIterator *self,
            AiodriveWait             *wait)
{
  Tick *tick = g_new0 (Tick, 1);
  gint64 now;

  tick->iterator = self;
  tick->dispatcher = aiodrive_dispatcher_get_thread_default ();
  tick->timer.notify = on_time;
  aiodrive_wait_set_request (wait, tick, g_free);

  now = aiodrive_dispatcher_get_time (tick->dispatcher);
  tick->due = aiodrive_periodic_get_due (self->previous_due, self->interval, now);
  if (tick->due == now)
    {
      count_tick (self, tick);
      aiodrive_wait_grant (wait, tick, &self->monitor);
    }
  else if (aiodrive_wait_park (wait, &self->waiters, &self->monitor))
    {
      self->waited_for = tick;
      aiodrive_dispatcher_start_timer (tick->dispatcher, &tick->timer, tick->due);
    }
}

static void
aiodrive_periodic_iterator_next_async (AiodriveAsyncIterator *iterator,
                                       GCancellable          *cancellable,
                                       GAsyncReadyCallback    callback,
                                       gpointer               user_data)
{
  AiodrivePeriodicIterator *self = AIODRIVE_PERIODIC_ITERATOR (iterator);
  AiodriveWait *wait;
  gboolean pending;

  wait = aiodrive_wait_new (self, cancellable, callback, user_data, aiodrive_periodic_iterator_next_async, return_tick);
  if (wait == NULL)
    return;

  aiodrive_monitor_lock (&self->monitor);
  if (self->waited_for != NULL && aiodrive_dispatcher_is_closed (self->waited_for->dispatcher))
    end_wait (self);   /* no callback runs there any more */
  pending = self->waited_for != NULL;
  if (!pending && self->closed)
    aiodrive_wait_grant (wait, NULL, &self->monitor);
  else if (!pending)
    begin_wait (self, wait);
  aiodrive_monitor_unlock (&self->monitor);

  if (pending)
    aiodrive_wait_fail (wait, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_PENDING,
                                                   "Somebody waits for the next tick already"));
}

static gboolean
aiodrive_periodic_iterator_next_finish (AiodriveAsyncIterator  *iterator,
                                        GAsyncResult           *result,
                                        GValue                 *value,
                                        GError                **error)
{
  g_autofree Tick *tick = NULL;

  g_return_val_if_fail (aiodrive_wait_is_valid (result, iterator, aiodrive_periodic_iterator_next_async), FALSE);

  tick = aiodrive_wait_propagate_pointer (result, error);
  if (tick == NULL)
    return FALSE;

  g_value_init (value, G_TYPE_UINT64);
  g_value_set_uint64 (value, tick->number);
  return TRUE;
}

static void
aiodrive_periodic_iterator_close_async (AiodriveAsyncIterator *iterator,
                                        GCancellable          *cancellable,
                                        GAsyncReadyCallback    callback,
                                        gpointer               user_data)
{
  g_autoptr(AiodrivePeriodicIterator) self = AIODRIVE_PERIODIC_ITERATOR (g_object_ref (iterator));
  AiodriveWait *wait = aiodrive_wait_new (self, cancellable, callback, user_data,
                                          aiodrive_periodic_iterator_close_async, aiodrive_wait_return_true);

  aiodrive_monitor_lock (&self->monitor);
  self->closed = TRUE;
  if (self->waited_for != NULL)
    end_wait (self);
  if (wait != NULL)
    aiodrive_wait_grant (wait, NULL, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

static gboolean
aiodrive_periodic_iterator_close_finish (AiodriveAsyncIterator  *iterator,
                                         GAsyncResult           *result,
                                         GError                **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, iterator, aiodrive_periodic_iterator_close_async), FALSE);

  return aiodrive_wait_propagate_boolean (result, error);
}

static void
async_iterator_init (AiodriveAsyncIteratorInterface *iface)
{
  iface->next_async = aiodrive_periodic_iterator_next_async;
  iface->next_finish = aiodrive_periodic_iterator_next_finish;
  iface->close_async = aiodrive_periodic_iterator_close_async;
  iface->close_finish = aiodrive_periodic_iterator_close_finish;
}

static void
aiodrive_periodic_iterator_finalize (GObject *object)
{
  AiodrivePeriodicIterator *self = AIODRIVE_PERIODIC_ITERATOR (object);

  aiodrive_monitor_clear (&self->monitor);

  G_OBJECT_CLASS (aiodrive_periodic_iterator_parent_class)->finalize (object);
}

static void
aiodrive_periodic_iterator_class_init (AiodrivePeriodicIteratorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_periodic_iterator_finalize;
}

static void
aiodrive_periodic_iterator_init (AiodrivePeriodicIterator *self)
{
  aiodrive_monitor_init (&self->monitor);
  self->waiters.on_cancelled = on_cancelled;
  self->previous_due = AIODRIVE_NEVER;
}

/**
 * aiodrive_repeat_periodically:
 * @interval_ms: the time from one tick to the next, in milliseconds
 *
 * Creates an iterator that ticks at regular intervals. With an @interval_ms of 0 it ticks in every iteration of the
 * main context.
 *
 * To wait once use aiodrive_sleep_async().
 *
 * Returns: (transfer full): a new iterator
 *
 * Since: 1.0
 */
AiodrivePeriodicIterator *
aiodrive_repeat_periodically (guint interval_ms)
{
  AiodrivePeriodicIterator *self = g_object_new (AIODRIVE_TYPE_PERIODIC_ITERATOR, NULL);

  self->interval = interval_ms * G_GINT64_CONSTANT (1000);
  return self;
}
