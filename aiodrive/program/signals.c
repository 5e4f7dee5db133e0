/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/program/signals.h"

#include "aiodrive/core/error.h"
#include "aiodrive/program/signals-private.h"

/**
 * AiodriveSignalHandler:
 *
 * The handling of a Unix signal that cancels a scope; aiodrive_handle_signal() returns it.
 *
 * While a handler exists, the signal has no other effect on the process. Releasing the handler, or dropping its last
 * reference, ends the handling, in any thread; so `g_autoptr(AiodriveSignalHandler)` handles the signal until the end
 * of a block. In a language with a garbage collector release it explicitly.
 *
 * When the last handler and the last aiodrive_wait_for_signal_async() of a signal end, the previous disposition of the
 * signal is restored. Sources of g_unix_signal_add() for the same signal are dispatched too, unless the signal was
 * ignored or had a foreign handler before: then the latest installation gets the signal alone.
 *
 * |[<!-- language="C" -->
 * g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
 * g_autoptr(AiodriveSignalHandler) interrupt = aiodrive_handle_signal (SIGINT, scope, NULL);
 * g_autoptr(GTask) task = AIODRIVE_START (G_CANCELLABLE (scope), aiodrive_sleep_async, 60000);
 * g_autoptr(GError) reason = NULL;
 *
 * aiodrive_run (task);
 * reason = aiodrive_cancel_scope_dup_reason (scope);
 * if (g_error_matches (reason, AIODRIVE_ERROR, AIODRIVE_ERROR_SIGNAL))
 *   g_print ("interrupted\n");
 * ]|
 *
 * Since: 1.0
 */

/* The waiter of a handler. It outlives the handler if it has been woken. */
typedef struct
{
  AiodriveWaiter       waiter;    /* first */
  GMainContext        *context;   /* owned: of the waiter */
  AiodriveCancelScope *scope;     /* owned */
  AiodriveSignalRequest request;
} Watch;

struct _AiodriveSignalHandler
{
  GObject  parent_instance;

  Watch   *watch;   /* a reference of g_atomic_rc_box; guarded by the monitor of the signals; NULL: released */
};

G_DEFINE_FINAL_TYPE (AiodriveSignalHandler, aiodrive_signal_handler, G_TYPE_OBJECT)

static void
watch_clear (gpointer data)
{
  Watch *self = data;

  g_object_unref (self->scope);
  g_main_context_unref (self->context);
}

static void
watch_unref (Watch *self)
{
  g_atomic_rc_box_release_full (self, watch_clear);
}

/* Called in the context of the handler when the signal has arrived. */
static void
watch_run (AiodriveWorkItem *work)
{
  Watch *self = (Watch *) work;
  g_autoptr(GError) reason = g_error_new (AIODRIVE_ERROR, AIODRIVE_ERROR_SIGNAL, "Cancelled by %s",
                                          aiodrive_signals_get_name (self->request.signum));

  aiodrive_cancel_scope_cancel_with_reason (self->scope, reason);
  watch_unref (self);
}

static Watch *
watch_new (AiodriveCancelScope *scope,
           AiodriveSignalSet    wanted)
{
  Watch *self = g_atomic_rc_box_new0 (Watch);

  aiodrive_waiter_init (&self->waiter, watch_run);
  self->waiter.granted = &self->request;
  self->context = g_main_context_ref_thread_default ();
  self->scope = g_object_ref (scope);
  self->request.wanted = wanted;
  return self;
}

static void
aiodrive_signal_handler_dispose (GObject *object)
{
  aiodrive_signal_handler_release (AIODRIVE_SIGNAL_HANDLER (object));

  G_OBJECT_CLASS (aiodrive_signal_handler_parent_class)->dispose (object);
}

static void
aiodrive_signal_handler_class_init (AiodriveSignalHandlerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = aiodrive_signal_handler_dispose;
}

static void
aiodrive_signal_handler_init (AiodriveSignalHandler *self)
{
}

/**
 * aiodrive_handle_signal:
 * @signum: `SIGHUP`, `SIGINT`, `SIGTERM`, `SIGUSR1`, `SIGUSR2` or `SIGWINCH`
 * @scope: the scope to cancel
 * @error: return location for an error
 *
 * Lets a Unix signal cancel @scope, with the reason %AIODRIVE_ERROR_SIGNAL. A second signal has no further effect. To
 * run other code on a signal use aiodrive_wait_for_signal_async().
 *
 * The current thread-default main context cancels the scope. One signal may have any number of handlers, in any
 * threads: all their scopes are cancelled.
 *
 * Returns: (transfer full): a handler, active until it is dropped; or %NULL with @error set:
 *   %G_IO_ERROR_INVALID_ARGUMENT for any other signal
 *
 * Since: 1.0
 */
AiodriveSignalHandler *
aiodrive_handle_signal (gint                  signum,
                        AiodriveCancelScope  *scope,
                        GError              **error)
{
  AiodriveSignalHandler *self;
  AiodriveSignalSet wanted;
  AiodriveMonitor *monitor;

  g_return_val_if_fail (AIODRIVE_IS_CANCEL_SCOPE (scope), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!aiodrive_signals_begin (&signum, 1, &wanted, error))
    return NULL;

  self = g_object_new (AIODRIVE_TYPE_SIGNAL_HANDLER, NULL);
  self->watch = watch_new (scope, wanted);
  g_atomic_rc_box_acquire (self->watch);   /* dropped when it has run or will not run */

  monitor = aiodrive_signals_lock ();
  aiodrive_signals_take (wanted);
  aiodrive_wait_queue_add (aiodrive_signals_get_queue (), &self->watch->waiter);
  aiodrive_signals_tell ();
  aiodrive_monitor_unlock (monitor);

  return self;
}

/**
 * aiodrive_signal_handler_release:
 * @self: a handler
 *
 * Ends the handling of the signal. A signal that has already arrived still cancels the scope, when the context of the
 * handler processes it. A second release has no effect.
 *
 * Since: 1.0
 */
void
aiodrive_signal_handler_release (AiodriveSignalHandler *self)
{
  AiodriveMonitor *monitor;
  Watch *watch;
  gboolean waits = FALSE;

  g_return_if_fail (AIODRIVE_IS_SIGNAL_HANDLER (self));

  monitor = aiodrive_signals_lock ();
  watch = g_steal_pointer (&self->watch);
  if (watch != NULL)
    {
      aiodrive_signals_tell ();
      waits = aiodrive_wait_queue_remove (aiodrive_signals_get_queue (), &watch->waiter);
      aiodrive_signals_give_back (&watch->request.wanted);
    }
  aiodrive_monitor_unlock (monitor);

  if (waits)
    watch_unref (watch);
  if (watch != NULL)
    watch_unref (watch);
}

/* The signals are released after the callback, so the callback can wait again without a gap. */
static void
return_signum (AiodriveWait *wait,
               gpointer      granted)
{
  g_autofree AiodriveSignalRequest *request = granted;
  AiodriveMonitor *monitor;

  monitor = aiodrive_signals_lock ();
  aiodrive_signals_tell ();   /* the signals so far merge into one */
  aiodrive_monitor_unlock (monitor);

  aiodrive_wait_return_int (wait, request->signum);

  monitor = aiodrive_signals_lock ();
  aiodrive_signals_give_back (&request->wanted);
  aiodrive_monitor_unlock (monitor);
}

/**
 * aiodrive_wait_for_signal_async:
 * @signums: (array length=n_signums): `SIGHUP`, `SIGINT`, `SIGTERM`, `SIGUSR1`, `SIGUSR2` or `SIGWINCH`, one or several
 * @n_signums: the length of @signums
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when a signal has arrived
 * @user_data: data for @callback
 *
 * Waits for the next Unix signal of @signums. Meanwhile the signals have no other effect on the process. When the
 * callback has returned, and no other waiter is left, their previous disposition is restored. To miss no signal, wait
 * again at the start of the callback, or hold an #AiodriveSignalHandler throughout. To cancel work use
 * aiodrive_handle_signal().
 *
 * Any number of calls may wait for one signal, in any threads: all are woken. The wait fails with
 * %G_IO_ERROR_INVALID_ARGUMENT if @signums is empty or contains any other signal, and with %G_IO_ERROR_CANCELLED if it
 * is cancelled, unless a signal had already arrived.
 *
 * Since: 1.0
 */
void
aiodrive_wait_for_signal_async (const gint          *signums,
                                gsize                n_signums,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  AiodriveSignalRequest *request;
  AiodriveMonitor *monitor;
  AiodriveWait *wait;
  GError *error = NULL;

  g_return_if_fail (signums != NULL || n_signums == 0);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (NULL, cancellable, callback, user_data, aiodrive_wait_for_signal_async, return_signum);
  if (wait == NULL)
    return;

  request = g_new0 (AiodriveSignalRequest, 1);
  if (!aiodrive_signals_begin (signums, n_signums, &request->wanted, &error))
    {
      g_free (request);
      aiodrive_wait_fail (wait, error);
      return;
    }

  monitor = aiodrive_signals_lock ();
  aiodrive_wait_set_request (wait, request, g_free);
  aiodrive_signals_take (request->wanted);
  aiodrive_wait_park (wait, aiodrive_signals_get_queue (), monitor);
  aiodrive_signals_tell ();
  aiodrive_monitor_unlock (monitor);
}

/**
 * aiodrive_wait_for_signal_finish:
 * @result: the result of aiodrive_wait_for_signal_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_wait_for_signal_async().
 *
 * Returns: the number of the signal, or -1 with @error set
 *
 * Since: 1.0
 */
gint
aiodrive_wait_for_signal_finish (GAsyncResult  *result,
                                 GError       **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, NULL, aiodrive_wait_for_signal_async), -1);
  g_return_val_if_fail (error == NULL || *error == NULL, -1);

  return aiodrive_wait_propagate_int (result, error);
}
