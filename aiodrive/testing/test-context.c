/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/testing/test-context.h"

#include "aiodrive/testing/virtual-clock-private.h"

/**
 * AiodriveTestContext:
 *
 * A main context for tests in which the time of this library is virtual: it stands while there is something to do, and
 * jumps to the next timer when everything waits. A timeout of an hour is tested in a millisecond, and always ends the
 * same way.
 *
 * Virtual is what goes by aiodrive_get_monotonic_time(): aiodrive_sleep_async(), aiodrive_timeout(), the deadlines of
 * scopes, also in calls that block, and aiodrive_repeat_periodically(). It is so in the main context given, and in the
 * threads of executors that were started from there. Other sources, g_timeout_add() say, go by the real time.
 *
 * The time moves only inside of iterations of the context (or while its thread blocks in a call of this library), and
 * only if no source is ready, in it or in a thread that goes by the same time. Timers that are due at the same time
 * fire in the order in which they were started. Work that cannot be seen, in the thread pool of #GTask, in another
 * process or in a thread of g_thread_new(), is announced with aiodrive_test_context_hold() and
 * aiodrive_test_context_release(); without it the time does not wait for it.
 *
 * aiodrive_test_context_wait_all_blocked() lets everything happen that can happen without time going by. Use that, and
 * no sleep, before looking whether something has not happened.
 *
 * When it is closed, or dropped, the time is the real one again; nothing should wait then.
 * It may be used from every thread, except where it is said that it iterates the context. Cancelling happens in no
 * time, as everything does that waits for no timer.
 *
 * |[<!-- language="C" -->
 * g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
 * g_autoptr(GTask) stuck = AIODRIVE_START (NULL, aiodrive_sleep_async, G_MAXUINT);
 * g_autoptr(GTask) limited = aiodrive_timeout (stuck, 3600 * 1000, NULL);
 *
 * aiodrive_run (limited);
 * g_assert_cmpint (aiodrive_test_context_get_elapsed (test), ==, G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC);
 * ]|
 *
 * Since: 1.0
 */
struct _AiodriveTestContext
{
  GObject               parent_instance;

  GMainContext         *context;  /* owned; set once, as is the rest */
  AiodriveVirtualClock *clock;    /* owned */
  gint64                started;
  gint                  closed;   /* atomic */
};

enum
{
  PROP_CONTEXT = 1,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (AiodriveTestContext, aiodrive_test_context, G_TYPE_OBJECT)

static void
aiodrive_test_context_constructed (GObject *object)
{
  AiodriveTestContext *self = AIODRIVE_TEST_CONTEXT (object);

  if (self->context == NULL)
    self->context = g_main_context_ref_thread_default ();
  self->clock = aiodrive_virtual_clock_begin (self->context);
  self->started = aiodrive_virtual_clock_get_time (self->clock);

  G_OBJECT_CLASS (aiodrive_test_context_parent_class)->constructed (object);
}

static void
aiodrive_test_context_dispose (GObject *object)
{
  aiodrive_test_context_close (AIODRIVE_TEST_CONTEXT (object));

  G_OBJECT_CLASS (aiodrive_test_context_parent_class)->dispose (object);
}

static void
aiodrive_test_context_finalize (GObject *object)
{
  AiodriveTestContext *self = AIODRIVE_TEST_CONTEXT (object);

  aiodrive_time_source_unref ((AiodriveTimeSource *) self->clock);
  g_main_context_unref (self->context);

  G_OBJECT_CLASS (aiodrive_test_context_parent_class)->finalize (object);
}

static void
aiodrive_test_context_get_property (GObject    *object,
                                    guint       property_id,
                                    GValue     *value,
                                    GParamSpec *pspec)
{
  if (property_id == PROP_CONTEXT)
    g_value_set_boxed (value, AIODRIVE_TEST_CONTEXT (object)->context);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_test_context_set_property (GObject      *object,
                                    guint         property_id,
                                    const GValue *value,
                                    GParamSpec   *pspec)
{
  if (property_id == PROP_CONTEXT)
    AIODRIVE_TEST_CONTEXT (object)->context = g_value_dup_boxed (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_test_context_class_init (AiodriveTestContextClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = aiodrive_test_context_constructed;
  object_class->dispose = aiodrive_test_context_dispose;
  object_class->finalize = aiodrive_test_context_finalize;
  object_class->get_property = aiodrive_test_context_get_property;
  object_class->set_property = aiodrive_test_context_set_property;

  /**
   * AiodriveTestContext:context:
   *
   * The main context in which the time is virtual; the thread-default one if none was given.
   *
   * Since: 1.0
   */
  properties[PROP_CONTEXT] =
    g_param_spec_boxed ("context", NULL, NULL, G_TYPE_MAIN_CONTEXT,
                        G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
aiodrive_test_context_init (AiodriveTestContext *self)
{
}

/**
 * aiodrive_test_context_new:
 * @context: (nullable): a main context; %NULL for the thread-default one
 *
 * Makes the time virtual in a main context. It begins with the real time. Where it is virtual already both go by the
 * same, which becomes real again when both are closed.
 *
 * To be called by the thread that iterates @context.
 *
 * Returns: (transfer full): a new test context
 *
 * Since: 1.0
 */
AiodriveTestContext *
aiodrive_test_context_new (GMainContext *context)
{
  return g_object_new (AIODRIVE_TYPE_TEST_CONTEXT, "context", context, NULL);
}

/**
 * aiodrive_test_context_get_context:
 * @self: a test context
 *
 * Gets the main context in which the time is virtual.
 *
 * Returns: (transfer none): the main context
 *
 * Since: 1.0
 */
GMainContext *
aiodrive_test_context_get_context (AiodriveTestContext *self)
{
  g_return_val_if_fail (AIODRIVE_IS_TEST_CONTEXT (self), NULL);

  return self->context;
}

/**
 * aiodrive_test_context_get_elapsed:
 * @self: a test context
 *
 * Gets how much virtual time has gone by since @self was made.
 *
 * Returns: the time in microseconds
 *
 * Since: 1.0
 */
gint64
aiodrive_test_context_get_elapsed (AiodriveTestContext *self)
{
  g_return_val_if_fail (AIODRIVE_IS_TEST_CONTEXT (self), 0);

  return aiodrive_virtual_clock_get_time (self->clock) - self->started;
}

/**
 * aiodrive_test_context_hold:
 * @self: a test context
 *
 * Announces work that cannot be seen: the time stands until aiodrive_test_context_release() was called as often. Do not
 * release it before the end of the work is on its way to the main context.
 *
 * Since: 1.0
 */
void
aiodrive_test_context_hold (AiodriveTestContext *self)
{
  g_return_if_fail (AIODRIVE_IS_TEST_CONTEXT (self));

  aiodrive_virtual_clock_hold (self->clock);
}

/**
 * aiodrive_test_context_release:
 * @self: a test context
 *
 * Says that the work is done that was announced with aiodrive_test_context_hold().
 *
 * Since: 1.0
 */
void
aiodrive_test_context_release (AiodriveTestContext *self)
{
  gboolean held;

  g_return_if_fail (AIODRIVE_IS_TEST_CONTEXT (self));

  held = aiodrive_virtual_clock_release (self->clock);
  g_return_if_fail (held);
}

static void
on_blocked (GObject      *source_object,
            GAsyncResult *result,
            gpointer      blocked)
{
  *(gboolean *) blocked = TRUE;
}

/**
 * aiodrive_test_context_wait_all_blocked:
 * @self: a test context that is not closed
 *
 * Iterates the main context until there is nothing to do, neither there nor in the threads that go by the same time.
 * No time goes by meanwhile. In the thread that iterates the context; a task calls
 * aiodrive_test_context_wait_all_blocked_async() instead.
 *
 * Since: 1.0
 */
void
aiodrive_test_context_wait_all_blocked (AiodriveTestContext *self)
{
  gboolean blocked = FALSE;

  g_return_if_fail (AIODRIVE_IS_TEST_CONTEXT (self));
  g_return_if_fail (!g_atomic_int_get (&self->closed));

  g_main_context_push_thread_default (self->context);
  aiodrive_test_context_wait_all_blocked_async (self, NULL, on_blocked, &blocked);
  g_main_context_pop_thread_default (self->context);
  while (!blocked)
    g_main_context_iteration (self->context, TRUE);
}

/**
 * aiodrive_test_context_wait_all_blocked_async:
 * @self: a test context
 * @cancellable: (nullable): ends it early
 * @callback: (scope async) (closure user_data): called when everything waits
 * @user_data: data for @callback
 *
 * Waits until everything else waits: until there is nothing to do in the main context, nor in the threads that go by
 * the same time. No time goes by before @callback was called. If @self is closed, nobody is waited for.
 *
 * Since: 1.0
 */
void
aiodrive_test_context_wait_all_blocked_async (AiodriveTestContext *self,
                                              GCancellable        *cancellable,
                                              GAsyncReadyCallback  callback,
                                              gpointer             user_data)
{
  AiodriveWait *wait;

  g_return_if_fail (AIODRIVE_IS_TEST_CONTEXT (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (self, cancellable, callback, user_data, aiodrive_test_context_wait_all_blocked_async,
                            aiodrive_wait_return_true);
  if (wait != NULL)
    aiodrive_virtual_clock_wait (self->clock, wait);
}

/**
 * aiodrive_test_context_wait_all_blocked_finish:
 * @self: a test context
 * @result: the result of aiodrive_test_context_wait_all_blocked_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Ends a wait until everything waits.
 *
 * Returns: %TRUE; or %FALSE with %G_IO_ERROR_CANCELLED if it was cancelled before
 *
 * Since: 1.0
 */
gboolean
aiodrive_test_context_wait_all_blocked_finish (AiodriveTestContext  *self,
                                               GAsyncResult         *result,
                                               GError              **error)
{
  g_return_val_if_fail (AIODRIVE_IS_TEST_CONTEXT (self), FALSE);
  g_return_val_if_fail (aiodrive_wait_is_valid (result, self, aiodrive_test_context_wait_all_blocked_async), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return aiodrive_wait_propagate_boolean (result, error);
}

/**
 * aiodrive_test_context_close:
 * @self: a test context
 *
 * Ends the test: the time is the real one again, there and in the threads that went by the same time. What waits still,
 * waits until the real time is what it waited for. Closing it twice does nothing.
 *
 * Since: 1.0
 */
void
aiodrive_test_context_close (AiodriveTestContext *self)
{
  g_return_if_fail (AIODRIVE_IS_TEST_CONTEXT (self));

  if (g_atomic_int_compare_and_exchange (&self->closed, FALSE, TRUE))
    aiodrive_virtual_clock_end (self->clock);
}
