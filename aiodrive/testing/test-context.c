/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/testing/test-context.h"

#include "aiodrive/testing/virtual-clock-private.h"

/**
 * AiodriveTestContext:
 *
 * A main context for tests in which the time of this library is virtual: the clock is frozen while there is work, and
 * autojumps to the next timer when everything is idle. A test of a one-hour timeout takes a millisecond, and is
 * deterministic.
 *
 * Virtual time applies to everything based on aiodrive_get_monotonic_time(): aiodrive_sleep_async(),
 * aiodrive_timeout(), the deadlines of scopes, also in blocking calls, and aiodrive_repeat_periodically(). It applies
 * in the given main context, and in the threads of executors started from there. Other sources, such as
 * g_timeout_add(), use the real time.
 *
 * The clock advances only during an iteration of the context (or while its thread blocks in a call of this library),
 * and only if no source is ready, there or in a thread that shares the clock. Timers that are due at the same time fire
 * in the order in which they were started. The clock cannot see work in the thread pool of #GTask, in another process,
 * or in a thread of g_thread_new(). Announce that with aiodrive_test_context_hold() and
 * aiodrive_test_context_release(); otherwise the clock does not wait for it.
 *
 * aiodrive_test_context_wait_all_blocked() runs everything that can run while the clock is frozen. Use it, not a sleep,
 * before you check that an event has not occurred.
 *
 * When it is closed or dropped, the time is the real one again; no wait should be pending then. Any thread may use it,
 * except for the functions that iterate the context. Cancelling takes no virtual time, as everything that waits for no
 * timer.
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
 * Makes the time virtual in a main context. It starts at the real time. If the time there is already virtual both test
 * contexts share one clock, until both are closed.
 *
 * Call it in the thread that iterates @context.
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
 * Gets the virtual time elapsed since @self was created.
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
 * Announces work that the clock cannot see: the clock is frozen until aiodrive_test_context_release() has been called
 * as often. Do not release it before the result of the work is in flight to the main context.
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
 * Ends the work that aiodrive_test_context_hold() announced.
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
 * Iterates the main context until everything is idle, there and in the threads that share the clock. The clock is
 * frozen meanwhile. Call it in the thread that iterates the context; in a task call
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
 * @callback: (scope async) (closure user_data): called when everything is idle
 * @user_data: data for @callback
 *
 * Waits until everything else is idle, in the main context and in the threads that share the clock. The clock is frozen
 * until @callback has been called. If @self is closed, the call completes at once.
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
 * Completes aiodrive_test_context_wait_all_blocked_async().
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
 * Ends the test: the time is the real one again, there and in the threads that shared the clock. A pending wait lasts
 * until the real time reaches its deadline. Closing it twice has no effect.
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
