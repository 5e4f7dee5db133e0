/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* What all primitives have in common that one can wait for, each test run with each of them. */

#define N_ROUNDS test_rounds (200)

typedef void (*Begin) (gpointer             primitive,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data);

typedef struct
{
  const char *name;
  gboolean    lasts;    /* who comes after wake() need not wait */
  gpointer  (*make)   (void);
  Begin       begin;
  gboolean  (*finish) (gpointer       primitive,
                       GAsyncResult  *result,
                       GError       **error);
  void      (*wake)   (gpointer       primitive);
  void      (*rearm)  (gpointer       primitive);   /* nullable: undoes wake() */
  gboolean  (*block)  (gpointer       primitive,    /* nullable */
                       GCancellable  *cancellable,
                       GError       **error);
} Primitive;

/* What a cargo and a future bring is always the same; and it is initialised where they bring nothing. */
static gboolean
is_seven (GValue  *value,
          GError  *own_error,
          GError **error)
{
  g_assert_true (G_IS_VALUE (value));
  if (own_error == NULL)
    g_assert_cmpint (g_value_get_int (value), ==, 7);
  g_value_unset (value);
  if (own_error != NULL)
    g_propagate_error (error, own_error);
  return own_error == NULL;
}

static gboolean
cargo_finish (gpointer       cargo,
              GAsyncResult  *result,
              GError       **error)
{
  GError *own_error = NULL;
  GValue value;

  memset (&value, 0xff, sizeof value);
  aiodrive_cargo_wait_finish (cargo, result, &value, &own_error);
  return is_seven (&value, own_error, error);
}

static void
cargo_send (gpointer cargo)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, 7);
  g_assert_true (aiodrive_cargo_send (cargo, &value, NULL));
}

static gpointer
latch_make_set (void)
{
  AiodriveLatch *latch = aiodrive_latch_new ();

  aiodrive_latch_set (latch);
  return latch;
}

static gboolean
latch_finish (gpointer       latch,
              GAsyncResult  *result,
              GError       **error)
{
  return aiodrive_latch_wait_finish (latch, result, NULL, error);
}

/* Where another thread does the same, one of the two may change nothing; but not both. */
static void
latch_change (gpointer latch)
{
  aiodrive_latch_set (latch);
  aiodrive_latch_unset (latch);
}

static gboolean
future_finish (gpointer       future,
               GAsyncResult  *result,
               GError       **error)
{
  GError *own_error = NULL;
  GValue value;

  memset (&value, 0xff, sizeof value);
  aiodrive_thread_safe_future_wait_finish (future, result, &value, &own_error);
  return is_seven (&value, own_error, error);
}

static gboolean
future_block (gpointer       future,
              GCancellable  *cancellable,
              GError       **error)
{
  GError *own_error = NULL;
  GValue value;

  memset (&value, 0xff, sizeof value);
  aiodrive_thread_safe_future_wait (future, cancellable, &value, &own_error);
  return is_seven (&value, own_error, error);
}

static void
future_set (gpointer future)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, 7);
  aiodrive_thread_safe_future_set_value (future, &value, NULL);
}

#define FUNC(function) ((gpointer) function)

static const Primitive primitives[] =
{
  { "button", FALSE, FUNC (aiodrive_button_new), FUNC (aiodrive_button_wait_async), FUNC (aiodrive_button_wait_finish),
    FUNC (aiodrive_button_press), NULL, NULL },
  { "cargo", FALSE, FUNC (aiodrive_cargo_new), FUNC (aiodrive_cargo_wait_async), cargo_finish, cargo_send, NULL, NULL },
  { "latch", FALSE, FUNC (aiodrive_latch_new), FUNC (aiodrive_latch_wait_async), latch_finish, latch_change,
    NULL, NULL },
  { "latch/set", TRUE, FUNC (aiodrive_latch_new), FUNC (aiodrive_latch_wait_set_async),
    FUNC (aiodrive_latch_wait_set_finish), FUNC (aiodrive_latch_set), FUNC (aiodrive_latch_unset), NULL },
  { "latch/unset", TRUE, latch_make_set, FUNC (aiodrive_latch_wait_unset_async),
    FUNC (aiodrive_latch_wait_unset_finish), FUNC (aiodrive_latch_unset), FUNC (aiodrive_latch_set), NULL },
  { "thread-safe-event", TRUE, FUNC (aiodrive_thread_safe_event_new), FUNC (aiodrive_thread_safe_event_wait_async),
    FUNC (aiodrive_thread_safe_event_wait_finish), FUNC (aiodrive_thread_safe_event_set),
    FUNC (aiodrive_thread_safe_event_clear), FUNC (aiodrive_thread_safe_event_wait) },
  { "thread-safe-future", TRUE, FUNC (aiodrive_thread_safe_future_new), FUNC (aiodrive_thread_safe_future_wait_async),
    future_finish, future_set, NULL, future_block },
};

/*
 * What the tests share
 */

static void
assert_woken (const Primitive *self,
              gpointer         primitive,
              TestCall        *call)
{
  g_autoptr(GError) error = NULL;

  g_assert_cmpuint (call->n_calls, ==, 1);
  g_assert_true (call->source_object == primitive);
  g_assert_true (self->finish (primitive, call->result, &error));
  g_assert_no_error (error);
}

static void
assert_cancelled (const Primitive *self,
                  gpointer         primitive,
                  TestCall        *call)
{
  g_autoptr(GError) error = NULL;

  g_assert_cmpuint (call->n_calls, ==, 1);
  g_assert_true (call->source_object == primitive);
  g_assert_false (self->finish (primitive, call->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* TRUE if it was woken, FALSE if it was cancelled: nothing else is possible. */
static gboolean
was_woken (const Primitive *self,
           gpointer         primitive,
           GAsyncResult    *result)
{
  g_autoptr(GError) error = NULL;
  gboolean woken = self->finish (primitive, result, &error);

  if (woken)
    g_assert_no_error (error);
  else
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  return woken;
}

/* A call begins in a source too, where GTask would call back in the same iteration if it could. */
typedef struct
{
  const Primitive *self;
  gpointer         primitive;
  GCancellable    *cancellable;
  gboolean         wakes;
  gboolean         cancels;
  gboolean         begun;
  TestCall         call;
} InSource;

static gboolean
begin_in_source (gpointer data)
{
  InSource *in = data;

  in->self->begin (in->primitive, in->cancellable, test_on_ready, &in->call);
  g_assert_cmpuint (in->call.n_calls, ==, 0);
  if (in->wakes)
    in->self->wake (in->primitive);
  if (in->cancels)
    g_cancellable_cancel (in->cancellable);
  g_assert_cmpuint (in->call.n_calls, ==, 0);
  in->begun = TRUE;
  return G_SOURCE_REMOVE;
}

/* Two threads that do one thing each, as much at once as can be. */
typedef struct
{
  gint     n_ready;   /* atomic */
  GFunc    func;
  gpointer data;
} AtOnce;

static void
meet (AtOnce *at_once)
{
  g_atomic_int_inc (&at_once->n_ready);
  test_spin_while (g_atomic_int_get (&at_once->n_ready) < 2);
}

static gpointer
at_once_run (gpointer data)
{
  AtOnce *at_once = data;

  meet (at_once);
  at_once->func (at_once->data, NULL);
  return NULL;
}

static void
do_at_once (GFunc    here,
            gpointer here_data,
            GFunc    there,
            gpointer there_data)
{
  AtOnce at_once = { .func = there, .data = there_data };
  GThread *thread = g_thread_new ("at-once", at_once_run, &at_once);

  meet (&at_once);
  here (here_data, NULL);
  g_thread_join (thread);
}

/*
 * Waiting
 */

static void
test_woken (gconstpointer data)
{
  const Primitive *self = data;
  gpointer primitive = self->make ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  self->begin (primitive, NULL, test_on_ready, &call);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);
  self->wake (primitive);
  g_assert_cmpuint (call.n_calls, ==, 0);
  test_call_wait (&call);
  g_assert_true (call.context == g_main_context_default ());
  test_settle ();
  assert_woken (self, primitive, &call);

  test_call_clear (&call);
  g_assert_finalize_object (primitive);
}

static void
test_there_already (gconstpointer data)
{
  const Primitive *self = data;
  gpointer primitive = self->make ();
  InSource in = { .self = self, .primitive = primitive };
  g_auto(TestCall) call = TEST_CALL_INIT;

  self->wake (primitive);
  self->begin (primitive, NULL, test_on_ready, &call);
  g_assert_cmpuint (call.n_calls, ==, 0);
  test_call_wait (&call);
  assert_woken (self, primitive, &call);

  g_idle_add (begin_in_source, &in);
  test_call_wait (&in.call);
  assert_woken (self, primitive, &in.call);

  if (self->rearm != NULL)
    {
      test_call_clear (&call);
      self->rearm (primitive);
      self->begin (primitive, NULL, test_on_ready, &call);
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 0);
      self->wake (primitive);
      test_call_wait (&call);
    }

  test_call_clear (&call);
  test_call_clear (&in.call);
  g_assert_finalize_object (primitive);
}

static void
test_in_source (gconstpointer data)
{
  for (guint i = 1; i < 4; i++)
    {
      const Primitive *self = data;
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      InSource in = { .self = self, .primitive = self->make (), .cancellable = cancellable,
                      .wakes = i & 1, .cancels = i & 2 };

      g_idle_add (begin_in_source, &in);
      test_call_wait (&in.call);
      g_assert_true (in.begun);
      if (in.wakes)
        assert_woken (self, in.primitive, &in.call);
      else
        assert_cancelled (self, in.primitive, &in.call);
      test_call_clear (&in.call);
      g_assert_finalize_object (in.primitive);
    }
}

typedef struct
{
  TestCall call;
  guint    place;
  guint   *n_called;
} Placed;

static void
on_ready_in_order (GObject      *source_object,
                   GAsyncResult *result,
                   gpointer      data)
{
  Placed *placed = data;

  g_assert_cmpuint ((*placed->n_called)++, ==, placed->place);
  test_on_ready (source_object, result, &placed->call);
}

/* Those who wait are served in the order in which they came. */
static void
test_order (gconstpointer data)
{
  const Primitive *self = data;
  gpointer primitive = self->make ();
  Placed placed[100] = { { TEST_CALL_INIT } };
  guint n_called = 0;

  for (guint i = 0; i < G_N_ELEMENTS (placed); i++)
    {
      placed[i].place = i;
      placed[i].n_called = &n_called;
      self->begin (primitive, NULL, on_ready_in_order, &placed[i]);
    }
  self->wake (primitive);
  test_settle ();
  for (guint i = 0; i < G_N_ELEMENTS (placed); i++)
    {
      assert_woken (self, primitive, &placed[i].call);
      test_call_clear (&placed[i].call);
    }
  g_assert_finalize_object (primitive);
}

typedef struct
{
  const Primitive *self;
  TestCall         first;
  TestCall         second;
} Again;

static void
on_ready_wait_again (GObject      *source_object,
                     GAsyncResult *result,
                     gpointer      data)
{
  Again *again = data;

  test_on_ready (source_object, result, &again->first);
  again->self->begin (source_object, NULL, test_on_ready, &again->second);
}

/* Who waits again when he is called back is woken by what comes after that; for what lasts there is no after. */
static void
test_again (gconstpointer data)
{
  const Primitive *self = data;
  gpointer primitive = self->make ();
  Again again = { .self = self };

  self->begin (primitive, NULL, on_ready_wait_again, &again);
  self->wake (primitive);
  test_settle ();
  assert_woken (self, primitive, &again.first);
  if (!self->lasts)
    {
      g_assert_cmpuint (again.second.n_calls, ==, 0);
      self->wake (primitive);
    }
  test_call_wait (&again.second);
  assert_woken (self, primitive, &again.second);

  test_call_clear (&again.first);
  test_call_clear (&again.second);
  g_assert_finalize_object (primitive);
}

static void
test_without_callback (gconstpointer data)
{
  const Primitive *self = data;
  gpointer primitive = self->make ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  self->begin (primitive, cancellable, NULL, NULL);
  self->begin (primitive, NULL, NULL, NULL);
  g_cancellable_cancel (cancellable);
  self->wake (primitive);
  test_settle ();
  g_assert_finalize_object (primitive);
}

static void
wake (gpointer data,
      gpointer unused)
{
  InSource *in = data;

  in->self->wake (in->primitive);
}

static void
wait_in_context (gpointer data,
                 gpointer unused)
{
  InSource *in = data;

  test_call_wait (&in->call);
}

static void
test_woken_from_thread (gconstpointer data)
{
  const Primitive *self = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      InSource in = { .self = self, .primitive = self->make () };

      self->begin (in.primitive, NULL, test_on_ready, &in.call);
      do_at_once (wait_in_context, &in, wake, &in);
      assert_woken (self, in.primitive, &in.call);
      g_assert_true (in.call.context == g_main_context_default ());
      test_call_clear (&in.call);
      g_assert_finalize_object (in.primitive);
    }
}

static void
begin_and_wait (gpointer data,
                gpointer unused)
{
  InSource *in = data;

  in->self->begin (in->primitive, in->cancellable, test_on_ready, &in->call);
  test_call_wait (&in->call);
}

/* The waiter may come just before it is set, or just after. */
static void
test_there_at_that_moment (gconstpointer data)
{
  const Primitive *self = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      InSource in = { .self = self, .primitive = self->make () };

      do_at_once (begin_and_wait, &in, wake, &in);
      assert_woken (self, in.primitive, &in.call);
      test_call_clear (&in.call);
      g_assert_finalize_object (in.primitive);
    }
}

/* Several waiters in each of several contexts, mixed in the queue. */
typedef struct
{
  const Primitive *self;
  gpointer         primitive;
  TestThread      *thread;
  TestCall         calls[5];
  guint            n_begun;
} Context;

static void
context_begin (gpointer data,
               gpointer unused)
{
  Context *context = data;

  context->self->begin (context->primitive, NULL, test_on_ready, &context->calls[context->n_begun++]);
}

static void
context_end (gpointer data,
             gpointer unused)
{
  Context *context = data;

  for (guint i = 0; i < G_N_ELEMENTS (context->calls); i++)
    {
      test_call_wait (&context->calls[i]);
      g_assert_true (context->calls[i].context == test_thread_get_context (context->thread));
      assert_woken (context->self, context->primitive, &context->calls[i]);
    }
  test_settle ();
  for (guint i = 0; i < G_N_ELEMENTS (context->calls); i++)
    {
      g_assert_cmpuint (context->calls[i].n_calls, ==, 1);
      test_call_clear (&context->calls[i]);
    }
}

static void
test_many_contexts (gconstpointer data)
{
  const Primitive *self = data;
  gpointer primitive = self->make ();
  Context contexts[8] = { { NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (contexts); i++)
    contexts[i] = (Context) { .self = self, .primitive = primitive, .thread = test_thread_start () };
  for (guint i = 0; i < G_N_ELEMENTS (contexts[0].calls); i++)
    for (guint j = 0; j < G_N_ELEMENTS (contexts); j++)
      test_thread_call (contexts[j].thread, context_begin, &contexts[j]);
  self->wake (primitive);
  for (guint i = 0; i < G_N_ELEMENTS (contexts); i++)
    {
      test_thread_call (contexts[i].thread, context_end, &contexts[i]);
      test_thread_stop (contexts[i].thread);
    }
  g_assert_finalize_object (primitive);
}

/*
 * Cancelling
 */

static void
check_cancelled_before (const Primitive *self,
                        gboolean         there_already,
                        GCancellable    *cancellable)
{
  gpointer primitive = self->make ();
  InSource in = { .self = self, .primitive = primitive, .cancellable = cancellable };
  TestCall calls[2] = { TEST_CALL_INIT };

  if (there_already)
    self->wake (primitive);
  else
    self->begin (primitive, NULL, test_on_ready, &calls[0]);
  self->begin (primitive, cancellable, test_on_ready, &calls[1]);
  g_assert_cmpuint (calls[1].n_calls, ==, 0);
  test_call_wait (&calls[1]);
  assert_cancelled (self, primitive, &calls[1]);
  g_idle_add (begin_in_source, &in);
  test_call_wait (&in.call);
  assert_cancelled (self, primitive, &in.call);

  if (!there_already)
    {
      g_assert_cmpuint (calls[0].n_calls, ==, 0);
      self->wake (primitive);
      test_call_wait (&calls[0]);
      assert_woken (self, primitive, &calls[0]);
    }
  test_call_clear (&calls[0]);
  test_call_clear (&calls[1]);
  test_call_clear (&in.call);
  g_assert_finalize_object (primitive);
}

static void
test_cancelled_before (gconstpointer data)
{
  for (guint there_already = 0; there_already < 2; there_already++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(AiodriveCancelScope) scope = NULL;
      g_autoptr(AiodriveCancelScope) late = aiodrive_cancel_scope_new_with_timeout (NULL, 0);

      /* before any context can say so */
      check_cancelled_before (data, there_already, G_CANCELLABLE (late));
      g_cancellable_cancel (cancellable);
      check_cancelled_before (data, there_already, cancellable);
      scope = aiodrive_cancel_scope_new (cancellable);
      check_cancelled_before (data, there_already, G_CANCELLABLE (scope));
    }
}

static void
check_cancelled_while_waiting (const Primitive *self,
                               GCancellable    *cancellable,
                               GCancellable    *cancels)
{
  gpointer primitive = self->make ();
  TestCall calls[3] = { TEST_CALL_INIT };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    self->begin (primitive, i == 1 ? cancellable : NULL, test_on_ready, &calls[i]);
  if (cancels != NULL)
    {
      test_settle ();
      g_cancellable_cancel (cancels);
      g_assert_cmpuint (calls[1].n_calls, ==, 0);
    }
  test_call_wait (&calls[1]);
  assert_cancelled (self, primitive, &calls[1]);
  test_settle ();
  g_assert_cmpuint (calls[0].n_calls, ==, 0);
  g_assert_cmpuint (calls[2].n_calls, ==, 0);

  self->wake (primitive);
  test_settle ();
  g_assert_cmpuint (calls[1].n_calls, ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      if (i != 1)
        assert_woken (self, primitive, &calls[i]);
      test_call_clear (&calls[i]);
    }
  g_assert_finalize_object (primitive);
}

static void
test_cancelled_while_waiting (gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) child = aiodrive_cancel_scope_new (parent);

  check_cancelled_while_waiting (data, cancellable, cancellable);
  check_cancelled_while_waiting (data, G_CANCELLABLE (scope), G_CANCELLABLE (scope));
  check_cancelled_while_waiting (data, G_CANCELLABLE (child), parent);
}

static void
test_deadline (gconstpointer data)
{
  g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (G_CANCELLABLE (parent));

  aiodrive_cancel_scope_set_deadline (parent, g_get_monotonic_time () + 2 * G_TIME_SPAN_MILLISECOND);
  check_cancelled_while_waiting (data, G_CANCELLABLE (scope), NULL);
}

static void
test_cancelled_after_being_woken (gconstpointer data)
{
  const Primitive *self = data;
  gpointer primitive = self->make ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  self->begin (primitive, cancellable, test_on_ready, &call);
  self->wake (primitive);
  g_cancellable_cancel (cancellable);
  test_call_wait (&call);
  assert_woken (self, primitive, &call);

  test_call_clear (&call);
  g_assert_finalize_object (primitive);
}

static GCancellable *
new_cancellable (gboolean is_scope)
{
  return is_scope ? G_CANCELLABLE (aiodrive_cancel_scope_new (NULL)) : g_cancellable_new ();
}

static void
cancel (gpointer cancellable,
        gpointer unused)
{
  g_cancellable_cancel (cancellable);
}

static void
test_cancelled_at_the_moment_of_waking (gconstpointer data)
{
  const Primitive *self = data;
  guint n_woken = 0;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      g_autoptr(GCancellable) cancellable = new_cancellable (i % 2);
      InSource in = { .self = self, .primitive = self->make () };
      g_auto(TestCall) other = TEST_CALL_INIT;

      self->begin (in.primitive, cancellable, test_on_ready, &in.call);
      self->begin (in.primitive, NULL, test_on_ready, &other);
      if (i % 4 < 2)
        do_at_once (wake, &in, cancel, cancellable);
      else
        do_at_once (cancel, cancellable, wake, &in);
      test_call_wait (&in.call);
      test_call_wait (&other);
      test_settle ();
      g_assert_cmpuint (in.call.n_calls, ==, 1);
      n_woken += was_woken (self, in.primitive, in.call.result);
      assert_woken (self, in.primitive, &other);
      test_call_clear (&in.call);
      test_call_clear (&other);
      g_assert_finalize_object (in.primitive);
      g_assert_finalize_object (g_steal_pointer (&cancellable));
    }
  g_test_message ("%u of %u were woken", n_woken, N_ROUNDS);
}

static void
test_cancelled_from_thread (gconstpointer data)
{
  const Primitive *self = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      g_autoptr(GCancellable) cancellable = new_cancellable (i % 2);
      InSource in = { .self = self, .primitive = self->make () };

      self->begin (in.primitive, cancellable, test_on_ready, &in.call);
      do_at_once (wait_in_context, &in, cancel, cancellable);
      assert_cancelled (self, in.primitive, &in.call);
      g_assert_true (in.call.context == g_main_context_default ());
      test_call_clear (&in.call);
      g_assert_finalize_object (in.primitive);
      g_assert_finalize_object (g_steal_pointer (&cancellable));
    }
}

/* While it begins, too. */
static void
test_cancelled_at_that_moment (gconstpointer data)
{
  const Primitive *self = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      InSource in = { .self = self, .primitive = self->make (), .cancellable = new_cancellable (i % 2) };

      do_at_once (begin_and_wait, &in, cancel, in.cancellable);
      assert_cancelled (self, in.primitive, &in.call);
      test_call_clear (&in.call);
      g_assert_finalize_object (in.primitive);
      g_assert_finalize_object (in.cancellable);
    }
}

/*
 * Lifetimes
 */

static void
test_finalized_while_waiting (gconstpointer data)
{
  for (guint cancels = 0; cancels < 2; cancels++)
    {
      const Primitive *self = data;
      gpointer primitive = self->make ();
      gpointer weak = primitive;
      GCancellable *cancellable = g_cancellable_new ();
      gpointer weak_cancellable = cancellable;
      g_auto(TestCall) call = TEST_CALL_INIT;

      g_object_add_weak_pointer (primitive, &weak);
      g_object_add_weak_pointer (weak_cancellable, &weak_cancellable);
      self->begin (primitive, cancellable, test_on_ready, &call);
      g_object_unref (primitive);
      g_object_unref (cancellable);
      test_settle ();
      g_assert_nonnull (weak);
      g_assert_nonnull (weak_cancellable);
      if (cancels)
        g_cancellable_cancel (weak_cancellable);
      else
        self->wake (weak);
      test_call_wait (&call);
      g_assert_true (was_woken (self, primitive, call.result) == !cancels);
      g_assert_null (weak_cancellable);

      g_clear_object (&call.result);
      g_assert_finalize_object (g_steal_pointer (&call.source_object));
      g_assert_null (weak);
    }
}

static void
test_disposed (gconstpointer data)
{
  const Primitive *self = data;
  gpointer primitive = self->make ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestCall calls[3] = { TEST_CALL_INIT };

  self->begin (primitive, NULL, test_on_ready, &calls[0]);
  g_object_run_dispose (primitive);
  self->begin (primitive, NULL, test_on_ready, &calls[1]);
  self->begin (primitive, cancellable, test_on_ready, &calls[2]);
  test_settle ();
  g_cancellable_cancel (cancellable);
  self->wake (primitive);
  test_settle ();
  assert_woken (self, primitive, &calls[0]);
  assert_woken (self, primitive, &calls[1]);
  assert_cancelled (self, primitive, &calls[2]);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    test_call_clear (&calls[i]);

  if (self->lasts)
    {
      g_object_run_dispose (primitive);
      self->begin (primitive, NULL, test_on_ready, &calls[0]);
      test_call_wait (&calls[0]);
      assert_woken (self, primitive, &calls[0]);
      test_call_clear (&calls[0]);
    }
  g_assert_finalize_object (primitive);
}

/*
 * Blocking
 */

typedef struct
{
  const Primitive *self;
  gpointer         primitive;
  GCancellable    *cancellable;
  GError          *error;
  GThread         *thread;
} Blocked;

static gpointer
blocked_run (gpointer data)
{
  Blocked *blocked = data;
  gboolean woken = blocked->self->block (blocked->primitive, blocked->cancellable, &blocked->error);

  g_assert_true (woken == (blocked->error == NULL));
  return NULL;
}

/* Blocks a thread. The hub of a cancellable connects when somebody waits with it for the first time, and that under the
 * lock of the primitive: who takes that lock afterwards finds him waiting. */
static void
blocked_start (Blocked *blocked)
{
  guint cancelled = g_signal_lookup ("cancelled", G_TYPE_CANCELLABLE);

  blocked->thread = g_thread_new ("blocked", blocked_run, blocked);
  test_spin_while (!g_signal_has_handler_pending (blocked->cancellable, cancelled, 0, TRUE));
}

static void
assert_blocked_ends (Blocked  *blocked,
                     gboolean  woken)
{
  g_thread_join (blocked->thread);
  if (woken)
    g_assert_no_error (blocked->error);
  else
    g_assert_error (blocked->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&blocked->error);
}

static void
test_block (gconstpointer data)
{
  const Primitive *self = data;
  Blocked blocked[6] = { { NULL } };
  gpointer primitive = self->make ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  self->begin (primitive, NULL, test_on_ready, &call);
  for (guint i = 0; i < G_N_ELEMENTS (blocked); i++)
    {
      blocked[i] = (Blocked) { .self = self, .primitive = primitive, .cancellable = g_cancellable_new () };
      blocked_start (&blocked[i]);
    }
  g_cancellable_cancel (blocked[1].cancellable);
  assert_blocked_ends (&blocked[1], FALSE);
  self->wake (primitive);
  g_cancellable_cancel (blocked[2].cancellable);
  if (self->rearm != NULL)
    self->rearm (primitive);
  for (guint i = 0; i < G_N_ELEMENTS (blocked); i++)
    {
      if (i != 1)
        assert_blocked_ends (&blocked[i], TRUE);
      g_assert_finalize_object (blocked[i].cancellable);
    }
  g_assert_cmpuint (call.n_calls, ==, 0);   /* nobody has run our context */
  test_call_wait (&call);
  assert_woken (self, primitive, &call);

  test_call_clear (&call);
  g_assert_finalize_object (primitive);
}

static void
test_block_there_already (gconstpointer data)
{
  const Primitive *self = data;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(AiodriveCancelScope) late = aiodrive_cancel_scope_new_with_timeout (NULL, 0);
  g_autoptr(GError) error = NULL;
  gpointer primitive = self->make ();

  g_assert_false (self->block (primitive, G_CANCELLABLE (late), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  self->wake (primitive);
  g_assert_true (self->block (primitive, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (self->block (primitive, cancellable, &error));
  g_assert_no_error (error);
  g_assert_false (self->block (primitive, G_CANCELLABLE (late), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_cancellable_cancel (cancellable);
  g_assert_false (self->block (primitive, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (self->block (primitive, cancellable, NULL));

  g_object_run_dispose (primitive);
  g_assert_true (self->block (primitive, NULL, NULL));
  g_assert_finalize_object (primitive);
}

static gboolean
must_not_run (gpointer data)
{
  g_assert_not_reached ();
}

/* The timer of the deadline is in a context that is not iterated. */
static gpointer
block_until_deadline (gpointer data)
{
  Blocked *blocked = data;
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GSource) source = g_idle_source_new ();
  g_autoptr(AiodriveCancelScope) parent = NULL;
  g_autoptr(AiodriveCancelScope) scope = NULL;
  gint64 due = g_get_monotonic_time () + 3 * G_TIME_SPAN_MILLISECOND;

  g_main_context_push_thread_default (context);
  g_source_set_callback (source, must_not_run, NULL, NULL);
  g_source_attach (source, context);
  parent = aiodrive_cancel_scope_new (blocked->cancellable);
  scope = aiodrive_cancel_scope_new (G_CANCELLABLE (parent));
  aiodrive_cancel_scope_set_deadline (parent, due);

  g_assert_false (blocked->self->block (blocked->primitive, G_CANCELLABLE (scope), &blocked->error));
  g_assert_cmpint (g_get_monotonic_time (), >=, due);

  g_source_destroy (source);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_block_deadline (gconstpointer data)
{
  const Primitive *self = data;
  g_autoptr(AiodriveCancelScope) later = aiodrive_cancel_scope_new_with_timeout (NULL, 3600000);
  Blocked blocked = { .self = self, .primitive = self->make () };

  for (guint i = 0; i < 3; i++)
    {
      blocked.thread = g_thread_new ("blocked", block_until_deadline, &blocked);
      assert_blocked_ends (&blocked, FALSE);
    }

  /* one that is not reached */
  blocked.cancellable = G_CANCELLABLE (later);
  blocked.thread = g_thread_new ("blocked", blocked_run, &blocked);
  self->wake (blocked.primitive);
  assert_blocked_ends (&blocked, TRUE);
  g_assert_finalize_object (blocked.primitive);
}

/* A deadline whose timer is in the context of another thread, which goes on. */
static void
test_block_deadline_of_another (gconstpointer data)
{
  const Primitive *self = data;
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, 3);
  Blocked blocked = { .self = self, .primitive = self->make (), .cancellable = G_CANCELLABLE (scope) };

  blocked.thread = g_thread_new ("blocked", blocked_run, &blocked);
  test_iterate_until (g_cancellable_is_cancelled (blocked.cancellable));
  assert_blocked_ends (&blocked, FALSE);
  g_assert_finalize_object (blocked.primitive);
}

static void
block (gpointer data,
       gpointer unused)
{
  blocked_run (data);
}

static void
wake_blocked (gpointer data,
              gpointer unused)
{
  Blocked *blocked = data;

  blocked->self->wake (blocked->primitive);
}

static void
test_block_at_that_moment (gconstpointer data)
{
  const Primitive *self = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      Blocked blocked = { .self = self, .primitive = self->make () };

      do_at_once (block, &blocked, wake_blocked, &blocked);
      g_assert_no_error (blocked.error);
      g_assert_finalize_object (blocked.primitive);
    }
}

static void
test_block_cancelled_at_that_moment (gconstpointer data)
{
  const Primitive *self = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      Blocked blocked = { .self = self, .primitive = self->make (), .cancellable = new_cancellable (i % 2) };

      do_at_once (block, &blocked, cancel, blocked.cancellable);
      g_assert_error (blocked.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&blocked.error);
      g_assert_finalize_object (blocked.primitive);
      g_assert_finalize_object (blocked.cancellable);
    }
}

static void
test_block_cancelled_at_the_moment_of_waking (gconstpointer data)
{
  const Primitive *self = data;
  guint n_woken = 0;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      Blocked blocked = { .self = self, .primitive = self->make (), .cancellable = g_cancellable_new () };

      blocked_start (&blocked);
      if (i % 2)
        do_at_once (wake_blocked, &blocked, cancel, blocked.cancellable);
      else
        do_at_once (cancel, blocked.cancellable, wake_blocked, &blocked);
      g_thread_join (blocked.thread);
      n_woken += blocked.error == NULL;
      if (blocked.error != NULL)
        g_assert_error (blocked.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&blocked.error);
      g_assert_finalize_object (blocked.primitive);
      g_assert_finalize_object (blocked.cancellable);
    }
  g_test_message ("%u of %u were woken", n_woken, N_ROUNDS);
}

/*
 * Everything at once, at random
 */

#define N_WORKERS      4
#define N_CANCELLABLES 8

typedef struct
{
  const Primitive *self;
  gpointer         primitive;
  gint64           end;
  gint             n_resting;       /* atomic: workers that begin nothing more */
  gint             n_left;          /* atomic: waits that have not ended */
  GMutex           mutex;
  GCancellable    *cancellables[N_CANCELLABLES];   /* guarded by mutex */
} Stress;

typedef struct
{
  Stress       *stress;
  GRand        *rand;
  GMainContext *context;
  gboolean      in_call;
  guint         n_begun;
  guint         n_woken;
  guint         n_cancelled;
} Worker;

typedef struct
{
  Worker       *worker;
  GCancellable *cancellable;   /* owned, nullable */
} Waiting;

static void
count_end (Worker       *worker,
           gboolean      woken,
           GCancellable *cancellable)
{
  if (woken)
    {
      worker->n_woken++;
      return;
    }
  worker->n_cancelled++;
  g_assert_nonnull (cancellable);
  if (!g_cancellable_is_cancelled (cancellable))
    g_assert_cmpint (aiodrive_cancel_scope_get_effective_deadline (AIODRIVE_CANCEL_SCOPE (cancellable)), <=,
                     g_get_monotonic_time ());
}

static void
on_ready_in_stress (GObject      *source_object,
                    GAsyncResult *result,
                    gpointer      data)
{
  Waiting *waiting = data;
  Worker *worker = waiting->worker;

  g_assert_false (worker->in_call);
  g_assert_true (g_main_context_get_thread_default () == worker->context);
  count_end (worker, was_woken (worker->stress->self, source_object, result), waiting->cancellable);
  g_atomic_int_add (&worker->stress->n_left, -1);
  g_clear_object (&waiting->cancellable);
  g_free (waiting);   /* a second call would not go unnoticed */
}

/* One of those that all share, or NULL; some with a deadline of their own. */
static GCancellable *
choose_cancellable (Worker   *worker,
                    gboolean  with_deadline)
{
  Stress *stress = worker->stress;
  guint place = g_rand_int_range (worker->rand, 0, 3 * N_CANCELLABLES / 2);
  g_autoptr(GCancellable) chosen = NULL;

  g_mutex_lock (&stress->mutex);
  if (place < N_CANCELLABLES)
    chosen = g_object_ref (stress->cancellables[place]);
  g_mutex_unlock (&stress->mutex);

  if (with_deadline || g_rand_int_range (worker->rand, 0, 4) == 0)
    return G_CANCELLABLE (aiodrive_cancel_scope_new_with_timeout (chosen, g_rand_int_range (worker->rand, 0, 3)));
  return g_steal_pointer (&chosen);
}

static void
cancel_one (Worker *worker)
{
  Stress *stress = worker->stress;
  guint place = g_rand_int_range (worker->rand, 0, N_CANCELLABLES);
  GCancellable *fresh = new_cancellable (g_rand_boolean (worker->rand));
  g_autoptr(GCancellable) cancelled = NULL;

  g_mutex_lock (&stress->mutex);
  cancelled = stress->cancellables[place];
  stress->cancellables[place] = fresh;
  g_mutex_unlock (&stress->mutex);
  g_cancellable_cancel (cancelled);
}

static void
wait_in_stress (Worker *worker)
{
  Waiting *waiting = g_new0 (Waiting, 1);

  waiting->worker = worker;
  waiting->cancellable = choose_cancellable (worker, FALSE);
  worker->n_begun++;
  g_atomic_int_inc (&worker->stress->n_left);
  worker->stress->self->begin (worker->stress->primitive, waiting->cancellable, on_ready_in_stress, waiting);
}

static void
block_in_stress (Worker *worker)
{
  g_autoptr(GCancellable) cancellable = choose_cancellable (worker, TRUE);
  g_autoptr(GError) error = NULL;

  worker->n_begun++;
  count_end (worker, worker->stress->self->block (worker->stress->primitive, cancellable, &error), cancellable);
}

static void
do_something (Worker *worker)
{
  const Primitive *self = worker->stress->self;
  guint choice = g_rand_int_range (worker->rand, 0, 100);

  if (choice < 60)
    wait_in_stress (worker);
  else if (choice < 70)
    cancel_one (worker);
  else if (choice < 72 && self->block != NULL)
    block_in_stress (worker);
  else if (choice < 80)
    self->wake (worker->stress->primitive);
  else if (choice < 90 && self->rearm != NULL)
    self->rearm (worker->stress->primitive);
}

static gpointer
worker_run (gpointer data)
{
  Worker *worker = data;
  Stress *stress = worker->stress;

  g_main_context_push_thread_default (worker->context);
  while (g_get_monotonic_time () < stress->end)
    {
      worker->in_call = TRUE;
      do_something (worker);
      worker->in_call = FALSE;
      if (g_rand_int_range (worker->rand, 0, 4) == 0)
        g_main_context_iteration (worker->context, FALSE);
    }

  g_atomic_int_inc (&stress->n_resting);
  while (worker->n_begun > worker->n_woken + worker->n_cancelled)
    g_main_context_iteration (worker->context, TRUE);
  g_main_context_pop_thread_default (worker->context);
  return NULL;
}

/* Once nobody begins anything more, one wake-up has to end every wait that is left. */
static guint
stress_round (const Primitive *self,
              gint64           duration)
{
  Stress stress = { .self = self, .primitive = self->make (), .end = g_get_monotonic_time () + duration };
  Worker workers[N_WORKERS] = { { NULL } };
  GThread *threads[N_WORKERS];
  guint n_begun = 0;

  g_mutex_init (&stress.mutex);
  for (guint i = 0; i < N_CANCELLABLES; i++)
    stress.cancellables[i] = g_cancellable_new ();
  for (guint i = 0; i < N_WORKERS; i++)
    {
      workers[i] = (Worker) { .stress = &stress, .context = g_main_context_new (),
                              .rand = g_rand_new_with_seed (g_test_rand_int ()) };
      threads[i] = g_thread_new ("stress", worker_run, &workers[i]);
    }
  test_spin_while (g_atomic_int_get (&stress.n_resting) < N_WORKERS);
  self->wake (stress.primitive);

  for (guint i = 0; i < N_WORKERS; i++)
    {
      g_thread_join (threads[i]);
      g_assert_cmpuint (workers[i].n_begun, ==, workers[i].n_woken + workers[i].n_cancelled);
      g_assert_false (g_main_context_iteration (workers[i].context, FALSE));
      n_begun += workers[i].n_begun;
      g_rand_free (workers[i].rand);
      g_main_context_unref (workers[i].context);
    }
  g_assert_cmpint (stress.n_left, ==, 0);
  for (guint i = 0; i < N_CANCELLABLES; i++)
    g_assert_finalize_object (stress.cancellables[i]);
  g_assert_finalize_object (stress.primitive);
  g_mutex_clear (&stress.mutex);
  return n_begun;
}

/* What lasts and cannot be undone is over soon: many short rounds then. Another seed can be given with --seed. */
static void
test_stress (gconstpointer data)
{
  const Primitive *self = data;
  guint n_rounds = self->lasts && self->rearm == NULL ? 50 : 1;
  guint n_begun = 0;

  for (guint i = 0; i < n_rounds; i++)
    n_begun += stress_round (self, 250 * G_TIME_SPAN_MILLISECOND / n_rounds);
  g_test_message ("%u waits", n_begun);
}

static void
add (const Primitive *self,
     const char      *name,
     GTestDataFunc    func)
{
  g_autofree char *path = g_strdup_printf ("/aiodrive/sync/%s/%s", self->name, name);

  g_test_add_data_func (path, self, func);
}

static void
add_all (const Primitive *self)
{
  add (self, "woken", test_woken);
  if (self->lasts)
    add (self, "there-already", test_there_already);
  add (self, "in-source", test_in_source);
  add (self, "order", test_order);
  add (self, "again", test_again);
  add (self, "without-callback", test_without_callback);
  add (self, "woken-from-thread", test_woken_from_thread);
  if (self->lasts)
    add (self, "there-at-that-moment", test_there_at_that_moment);
  add (self, "many-contexts", test_many_contexts);
  add (self, "cancelled-before", test_cancelled_before);
  add (self, "cancelled-while-waiting", test_cancelled_while_waiting);
  add (self, "deadline", test_deadline);
  add (self, "cancelled-after-being-woken", test_cancelled_after_being_woken);
  add (self, "cancelled-at-the-moment-of-waking", test_cancelled_at_the_moment_of_waking);
  add (self, "cancelled-from-thread", test_cancelled_from_thread);
  add (self, "cancelled-at-that-moment", test_cancelled_at_that_moment);
  add (self, "finalized-while-waiting", test_finalized_while_waiting);
  add (self, "disposed", test_disposed);
  if (self->block != NULL)
    {
      add (self, "block", test_block);
      add (self, "block-there-already", test_block_there_already);
      add (self, "block-deadline", test_block_deadline);
      add (self, "block-deadline-of-another", test_block_deadline_of_another);
      add (self, "block-at-that-moment", test_block_at_that_moment);
      add (self, "block-cancelled-at-that-moment", test_block_cancelled_at_that_moment);
      add (self, "block-cancelled-at-the-moment-of-waking", test_block_cancelled_at_the_moment_of_waking);
    }
  add (self, "stress", test_stress);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (primitives); i++)
    add_all (&primitives[i]);

  return g_test_run ();
}
