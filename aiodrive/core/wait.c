/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/wait-private.h"

#include "aiodrive/core/cancel-hub-private.h"
#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/core/result.h"

/* An asynchronous call that waits, and the GAsyncResult that its callback gets. See wait-queue.c for its invariants.
 *
 * Why it is no GTask. A GTask never completes in the iteration in which it was created, and takes an idle source when
 * its own conditions for an inline return do not hold. Only the dispatcher completes a wait, which needs neither: if
 * its request can be granted at once, the callback runs later in the same dispatch.
 *
 * Exactly-once callback, never inside the call. aiodrive_wait_new() only prepares. Parking and granting push a work
 * item into the dispatcher of the caller's thread-default context, at most once (One outcome, in wait-queue.c); the
 * dispatcher runs it with that context as the thread-default one. (/aiodrive/core/wait/same-dispatch)
 *
 * Waits below a young scope. A GTask that is created and returned in one iteration goes through an idle source, which
 * costs three times as much. A job usually returns its task in the callback of a wait that got the scope of the task.
 * So a wait carries the iteration in which its scope was created, and is postponed to the next one.
 * (/aiodrive/core/wait/young-scope)
 *
 * One pointer serves three purposes, one after the other: the request while the wait is parked, then the value or the
 * error. A value that no finish function unwraps is freed with the wait, by the function that gives it back. */

struct _AiodriveWait
{
  GObject              parent_instance;

  AiodriveWaiter       waiter;          /* waiter.granted is the request, the value, or the error */
  AiodriveCancelLink   link;
  AiodriveMonitor     *monitor;         /* set when it is parked; source_object keeps it alive */
  GCancellable        *cancellable;     /* owned, nullable; until it is completed */
  gpointer             source_object;   /* owned, nullable; set once, as are the next four */
  gpointer             source_tag;
  GAsyncReadyCallback  callback;        /* nullable */
  gpointer             user_data;
  AiodriveWaitReturn   on_woken;
  GDestroyNotify       granted_free;    /* nullable; for waiter.granted */
  GPtrArray           *errors;          /* owned, nullable; of GError: the parts of an error that was unwrapped */
  gboolean             cancelled;       /* guarded by the monitor until it is decided */
  guint                failed : 1;      /* from its completion on, in the context of the wait */
  guint                taken : 1;       /* a finish function has taken the outcome */
};

static void async_result_init (GAsyncResultIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (AiodriveWait, aiodrive_wait, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_RESULT, async_result_init))

static void
set_granted (AiodriveWait   *self,
             gpointer        granted,
             GDestroyNotify  granted_free)
{
  self->waiter.granted = granted;
  self->granted_free = granted_free;
}

static void
free_granted (AiodriveWait *self)
{
  GDestroyNotify granted_free = g_steal_pointer (&self->granted_free);
  gpointer granted = g_steal_pointer (&self->waiter.granted);

  if (granted_free != NULL && granted != NULL)
    granted_free (granted);
}

static void
aiodrive_wait_finalize (GObject *object)
{
  AiodriveWait *self = (AiodriveWait *) object;

  free_granted (self);
  g_clear_pointer (&self->errors, g_ptr_array_unref);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->source_object);
  g_clear_pointer (&self->waiter.dispatcher, aiodrive_dispatcher_unref);

  G_OBJECT_CLASS (aiodrive_wait_parent_class)->finalize (object);
}

static void
aiodrive_wait_class_init (AiodriveWaitClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_wait_finalize;
}

static void
aiodrive_wait_init (AiodriveWait *self)
{
}

static gpointer
get_user_data (GAsyncResult *result)
{
  return ((AiodriveWait *) result)->user_data;
}

static GObject *
get_source_object (GAsyncResult *result)
{
  AiodriveWait *self = (AiodriveWait *) result;

  return self->source_object != NULL ? g_object_ref (self->source_object) : NULL;
}

static gboolean
is_tagged (GAsyncResult *result,
           gpointer      source_tag)
{
  return ((AiodriveWait *) result)->source_tag == source_tag;
}

static void
async_result_init (GAsyncResultIface *iface)
{
  iface->get_user_data = get_user_data;
  iface->get_source_object = get_source_object;
  iface->is_tagged = is_tagged;
}

/*
 * Waiting
 */

/* Completes the wait in its own context. If that context is gone, this runs in any thread and calls no callback: the
 * granted value goes back when the wait is finalized. (/aiodrive/core/wait/context-gone) */
static void
wait_run (AiodriveWorkItem *work)
{
  AiodriveWait *self = AIODRIVE_CONTAINER_OF (work, AiodriveWait, waiter.work);

  if (!aiodrive_cancel_link_remove (&self->link))
    return;   /* posted again when the handler is done */

  if (aiodrive_dispatcher_is_closed (self->waiter.dispatcher))
    self->callback = NULL;
  g_clear_object (&self->cancellable);
  if (self->cancelled)
    {
      free_granted (self);
      aiodrive_wait_return_error (self, aiodrive_error_new_cancelled ());
    }
  else
    {
      self->granted_free = NULL;
      self->on_woken (self, g_steal_pointer (&self->waiter.granted));
    }
}

static void
wait_cancelled (AiodriveCancelLink *link)
{
  AiodriveWait *self = AIODRIVE_CONTAINER_OF (link, AiodriveWait, link);
  AiodriveDispatcher *dispatcher = self->waiter.dispatcher;

  aiodrive_monitor_lock (self->monitor);
  if (aiodrive_wait_queue_cancel (&self->waiter))
    {
      self->cancelled = TRUE;
      aiodrive_waiter_run_soon (&self->waiter, self->monitor);
    }
  aiodrive_monitor_unlock (self->monitor);

  aiodrive_cancel_link_done (link, dispatcher, &self->waiter.work);
}

/* Starts an asynchronous call. The caller then locks the monitor, and grants or parks the wait, which owns itself until
 * its callback has returned. Returns NULL if @cancellable is already cancelled: then the call fails with CANCELLED and
 * has no effect. */
AiodriveWait *
aiodrive_wait_new (gpointer             source_object,
                   GCancellable        *cancellable,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data,
                   gpointer             source_tag,
                   AiodriveWaitReturn   on_woken)
{
  AiodriveWait *self = g_object_new (AIODRIVE_TYPE_WAIT, NULL);

  aiodrive_waiter_init (&self->waiter, wait_run);
  aiodrive_dispatcher_ref (self->waiter.dispatcher);
  self->source_object = source_object != NULL ? g_object_ref (source_object) : NULL;
  self->source_tag = source_tag;
  self->callback = callback;
  self->user_data = user_data;
  self->on_woken = on_woken;
  if (cancellable == NULL)
    return self;

  if (aiodrive_cancellable_is_cancelled (cancellable))
    {
      self->cancelled = TRUE;
      aiodrive_dispatcher_post (self->waiter.dispatcher, &self->waiter.work);
      return NULL;
    }

  self->link.try_ref = aiodrive_cancel_link_begin;
  self->link.notify = wait_cancelled;
  self->cancellable = g_object_ref (cancellable);
  self->waiter.work.stamp = aiodrive_cancellable_get_stamp (cancellable);
  return self;
}

static void
return_granted_error (AiodriveWait *self,
                      gpointer      error)
{
  aiodrive_wait_return_error (self, error);
}

/* Fails a call before it waits. Takes @error. */
void
aiodrive_wait_fail (AiodriveWait *self,
                    GError       *error)
{
  self->on_woken = return_granted_error;
  self->waiter.granted = error;
  aiodrive_dispatcher_post (self->waiter.dispatcher, &self->waiter.work);
}

/* For a wait whose callback returns a GTask created in this iteration: the wait completes in a later one. */
void
aiodrive_wait_postpone (AiodriveWait *self)
{
  self->waiter.work.stamp = aiodrive_dispatcher_stamp ();
}

/* Sets the request of the wait, which is also its value, unless the waker grants another one. */
void
aiodrive_wait_set_request (AiodriveWait   *self,
                           gpointer        request,
                           GDestroyNotify  request_free)
{
  set_granted (self, request, request_free);
}

static void
keep_source_object (AiodriveWait    *self,
                    AiodriveMonitor *monitor)
{
  aiodrive_monitor_keep (monitor, &self->waiter, self->source_object);
}

/* Parks the wait in @queue until it is woken or cancelled. Returns FALSE if it is already cancelled, and does not park
 * it. */
gboolean
aiodrive_wait_park (AiodriveWait      *self,
                    AiodriveWaitQueue *queue,
                    AiodriveMonitor   *monitor)
{
  self->monitor = monitor;
  keep_source_object (self, monitor);
  if (self->cancellable != NULL && !aiodrive_cancel_link_add (&self->link, self->cancellable))
    {
      self->cancelled = TRUE;
      if (queue->on_cancelled != NULL)
        queue->on_cancelled (queue, self->waiter.granted);
      aiodrive_waiter_run_soon (&self->waiter, monitor);
      return FALSE;
    }

  aiodrive_wait_queue_add (queue, &self->waiter);
  return TRUE;
}

/* Grants the request at once: passes @granted to the function that completes the wait. */
void
aiodrive_wait_grant (AiodriveWait    *self,
                     gpointer         granted,
                     AiodriveMonitor *monitor)
{
  keep_source_object (self, monitor);
  self->waiter.granted = granted;
  aiodrive_waiter_run_soon (&self->waiter, monitor);
}

/* FALSE in on_woken(): nobody will hear of the outcome, as there never was a callback or the context is gone. */
gboolean
aiodrive_wait_has_callback (AiodriveWait *self)
{
  return self->callback != NULL;
}

gpointer
aiodrive_wait_get_source_object (AiodriveWait *self)
{
  return self->source_object;
}

gpointer
aiodrive_wait_get_source_tag (AiodriveWait *self)
{
  return self->source_tag;
}

/*
 * The outcome
 */

static void
call_back (AiodriveWait *self)
{
  if (self->callback != NULL)
    self->callback (self->source_object, (GAsyncResult *) self, self->user_data);
  g_object_unref (self);
}

void
aiodrive_wait_return_boolean (AiodriveWait *self,
                              gboolean      value)
{
  aiodrive_wait_return_int (self, !!value);
}

void
aiodrive_wait_return_int (AiodriveWait *self,
                          gint          value)
{
  aiodrive_wait_return_pointer (self, GINT_TO_POINTER (value), NULL);
}

void
aiodrive_wait_return_pointer (AiodriveWait   *self,
                              gpointer        value,
                              GDestroyNotify  value_free)
{
  set_granted (self, value, value_free);
  call_back (self);
}

/* Takes @error. */
void
aiodrive_wait_return_error (AiodriveWait *self,
                            GError       *error)
{
  self->failed = TRUE;
  aiodrive_wait_return_pointer (self, error, (GDestroyNotify) g_error_free);
}

void
aiodrive_wait_return_true (AiodriveWait *self,
                           gpointer      granted)
{
  aiodrive_wait_return_boolean (self, TRUE);
}

gboolean
aiodrive_wait_is_valid (GAsyncResult *result,
                        gpointer      source_object,
                        gpointer      source_tag)
{
  AiodriveWait *self = (AiodriveWait *) result;

  return AIODRIVE_IS_WAIT (self) && self->source_object == source_object && self->source_tag == source_tag;
}

static GPtrArray *
copy_errors (GPtrArray *errors)
{
  GPtrArray *copies = g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free);

  for (guint i = 0; errors != NULL && i < errors->len; i++)
    g_ptr_array_add (copies, g_error_copy (g_ptr_array_index (errors, i)));
  return copies;
}

/* The parts of AIODRIVE_ERROR_MULTIPLE, also when it was unwrapped before; else none. */
GPtrArray *
aiodrive_wait_copy_errors (GAsyncResult *result)
{
  AiodriveWait *self = (AiodriveWait *) result;

  if (self->failed && !self->taken)
    return copy_errors (aiodrive_error_get_errors (self->waiter.granted));
  return copy_errors (self->errors);
}

static gboolean
take (GAsyncResult  *result,
      gpointer      *value,
      GError       **error)
{
  AiodriveWait *self = (AiodriveWait *) result;
  gpointer granted = g_steal_pointer (&self->waiter.granted);

  if (self->taken)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The result was finished before");
      return FALSE;
    }

  self->taken = TRUE;
  self->granted_free = NULL;
  if (self->failed && aiodrive_error_get_errors (granted) != NULL)
    self->errors = copy_errors (aiodrive_error_get_errors (granted));
  if (self->failed)
    g_propagate_error (error, granted);
  else
    *value = granted;
  return !self->failed;
}

/* Returns FALSE with @error set if the call failed. */
gboolean
aiodrive_wait_propagate_boolean (GAsyncResult  *result,
                                 GError       **error)
{
  gpointer value = NULL;

  return take (result, &value, error) && value != NULL;
}

/* Returns -1 with @error set if the call failed. */
gint
aiodrive_wait_propagate_int (GAsyncResult  *result,
                             GError       **error)
{
  gpointer value = NULL;

  return take (result, &value, error) ? GPOINTER_TO_INT (value) : -1;
}

/* Returns NULL with @error set if the call failed. */
gpointer
aiodrive_wait_propagate_pointer (GAsyncResult  *result,
                                 GError       **error)
{
  gpointer value = NULL;

  return take (result, &value, error) ? value : NULL;
}

/* Returns the error of a task that is completed with @result: the error of the wait, or INVALID_ARGUMENT if it was
 * already finished; NULL if it holds a value. */
GError *
aiodrive_wait_steal_error (GAsyncResult *result)
{
  AiodriveWait *self = (AiodriveWait *) result;
  GError *error = NULL;

  if (self->failed || self->taken)
    aiodrive_wait_propagate_pointer (result, &error);
  return error;
}

/**
 * aiodrive_result_had_error:
 * @result: the result of an asynchronous call: of this library, or a #GTask
 *
 * Checks whether the call failed, without taking its outcome. Use it in code that passes on results of any kind, as
 * g_task_had_error() serves for tasks. The answer does not change when the finish function is called.
 *
 * Call it in the callback or later, in the thread of the callback.
 *
 * Returns: whether the call failed; %FALSE also for a result that is neither of this library nor a #GTask
 *
 * Since: 1.0
 */
gboolean
aiodrive_result_had_error (GAsyncResult *result)
{
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), FALSE);

  if (AIODRIVE_IS_WAIT (result))
    return ((AiodriveWait *) result)->failed;
  return G_IS_TASK (result) && g_task_had_error (G_TASK (result));
}
