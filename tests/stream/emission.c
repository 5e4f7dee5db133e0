/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/emission.h"

#include "tests/support/support.h"

#define TEST_TYPE_WIDGET (test_widget_get_type ())
G_DECLARE_FINAL_TYPE (TestWidget, test_widget, TEST, WIDGET, GObject)

struct _TestWidget
{
  GObject parent_instance;
  guint   size;
};

G_DEFINE_FINAL_TYPE (TestWidget, test_widget, G_TYPE_OBJECT)

static guint moved_id;

static void
get_property (GObject    *object,
              guint       property_id,
              GValue     *value,
              GParamSpec *pspec)
{
  g_value_set_uint (value, TEST_WIDGET (object)->size);
}

static void
set_property (GObject      *object,
              guint         property_id,
              const GValue *value,
              GParamSpec   *pspec)
{
  if (property_id == 1)
    TEST_WIDGET (object)->size = g_value_get_uint (value);
}

static void
test_widget_class_init (TestWidgetClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  g_object_class_install_property (object_class, 1,
                                   g_param_spec_uint ("size", NULL, NULL, 0, 1000, 0, G_PARAM_READWRITE));
  g_object_class_install_property (object_class, 2,
                                   g_param_spec_uint ("secret", NULL, NULL, 0, 1000, 0, G_PARAM_WRITABLE));
  moved_id = g_signal_new ("moved", TEST_TYPE_WIDGET, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL, NULL, NULL,
                           G_TYPE_INT, 2, G_TYPE_STRING, G_TYPE_INT);
}

static void
test_widget_init (TestWidget *self)
{
}

static TestWidget *
widget_new (void)
{
  return g_object_new (TEST_TYPE_WIDGET, NULL);
}

static gint
move (TestWidget *self,
      gint        to)
{
  gint answer = -1;

  g_signal_emit (self, moved_id, g_quark_from_static_string ("far"), "where", to, &answer);
  return answer;
}

static void
set_size (TestWidget *self,
          guint       size)
{
  g_object_set (self, "size", size, NULL);
}

static void
wait_moved (TestWidget   *widget,
            const char   *signal,
            GCancellable *cancellable,
            TestCall     *call)
{
  aiodrive_wait_for_emission_async (G_OBJECT (widget), signal, cancellable, test_on_ready, call);
}

static void
wait_size (TestWidget   *widget,
           gint          wanted,
           GCancellable *cancellable,
           TestCall     *call)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, wanted);
  aiodrive_wait_for_property_async (G_OBJECT (widget), "size", wanted >= 0 ? &value : NULL, cancellable, test_on_ready,
                                    call);
}

static void
assert_moved (TestCall *call,
              gint      to)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AiodriveEmission) emission = aiodrive_wait_for_emission_finish (test_call_wait (call), &error);

  g_assert_no_error (error);
  g_assert_null (call->source_object);
  g_assert_cmpuint (aiodrive_emission_get_n_args (emission), ==, 2);
  g_assert_cmpstr (g_value_get_string (aiodrive_emission_get_arg (emission, 0)), ==, "where");
  g_assert_cmpint (g_value_get_int (aiodrive_emission_get_arg (emission, 1)), ==, to);
  g_assert_null (aiodrive_emission_get_arg (emission, 2));
}

static void
assert_not_moved (TestCall *call,
                  gint      code)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (aiodrive_wait_for_emission_finish (test_call_wait (call), &error));
  g_assert_error (error, G_IO_ERROR, code);
}

static void
assert_size (TestCall *call,
             guint     size)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_wait_for_property_finish (test_call_wait (call), &value, &error);
  g_assert_no_error (error);
  g_assert_null (call->source_object);
  g_assert_cmpuint (g_value_get_uint (&value), ==, size);
}

static void
assert_no_size (TestCall *call,
                gint      code)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_wait_for_property_finish (test_call_wait (call), &value, &error);
  g_assert_error (error, G_IO_ERROR, code);
  g_assert_true (G_VALUE_HOLDS_BOOLEAN (&value));
}

/*
 * Waits
 */

static void
test_emission (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_auto(TestCall) all = TEST_CALL_INIT;
  g_auto(TestCall) far = TEST_CALL_INIT;
  g_auto(TestCall) near = TEST_CALL_INIT;

  g_test_summary ("A wait gets the arguments of the first emission; one that wants an answer gets the zero value");

  wait_moved (widget, "moved", NULL, &all);
  wait_moved (widget, "moved::far", NULL, &far);
  wait_moved (widget, "moved::near", NULL, &near);
  g_assert_cmpint (move (widget, 5), ==, 0);
  g_assert_cmpint (move (widget, 6), ==, 0);
  g_assert_cmpuint (all.n_calls, ==, 0);
  assert_moved (&all, 5);
  assert_moved (&far, 5);
  test_settle ();
  g_assert_cmpuint (near.n_calls, ==, 0);
  g_assert_finalize_object (g_steal_pointer (&widget));
  assert_not_moved (&near, G_IO_ERROR_CLOSED);
}

static void
test_property (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_auto(TestCall) now = TEST_CALL_INIT;
  g_auto(TestCall) three = TEST_CALL_INIT;
  g_auto(TestCall) any = TEST_CALL_INIT;

  g_test_summary ("A wait for a value ends when the property has it, or had it meanwhile; else with the next change");

  wait_size (widget, 0, NULL, &now);
  wait_size (widget, 3, NULL, &three);
  wait_size (widget, -1, NULL, &any);
  assert_size (&now, 0);
  test_settle ();
  g_assert_cmpuint (three.n_calls + any.n_calls, ==, 0);
  set_size (widget, 2);
  set_size (widget, 3);
  set_size (widget, 4);
  assert_size (&three, 3);
  assert_size (&any, 2);
}

static void
test_cancelled (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) moved = TEST_CALL_INIT;
  g_auto(TestCall) woken = TEST_CALL_INIT;
  g_auto(TestCall) late = TEST_CALL_INIT;
  g_auto(TestCall) size = TEST_CALL_INIT;
  g_auto(TestCall) late_size = TEST_CALL_INIT;

  g_test_summary ("Cancelled before or while waiting is CANCELLED; an emission that came before counts");

  wait_moved (widget, "moved::near", cancellable, &moved);
  wait_moved (widget, "moved::far", cancellable, &woken);
  wait_size (widget, 3, cancellable, &size);
  move (widget, 1);
  g_cancellable_cancel (cancellable);
  set_size (widget, 3);
  wait_moved (widget, "moved", cancellable, &late);
  wait_size (widget, 3, cancellable, &late_size);
  move (widget, 2);

  assert_moved (&woken, 1);
  assert_not_moved (&moved, G_IO_ERROR_CANCELLED);
  assert_not_moved (&late, G_IO_ERROR_CANCELLED);
  assert_no_size (&size, G_IO_ERROR_CANCELLED);
  assert_no_size (&late_size, G_IO_ERROR_CANCELLED);
}

static void
test_object_gone (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_auto(TestCall) moved = TEST_CALL_INIT;
  g_auto(TestCall) size = TEST_CALL_INIT;

  g_test_summary ("A wait holds no reference on the object, and fails with CLOSED when that is disposed");

  wait_moved (widget, "moved", NULL, &moved);
  wait_size (widget, 3, NULL, &size);
  g_assert_finalize_object (g_steal_pointer (&widget));
  g_assert_cmpuint (moved.n_calls, ==, 0);
  assert_not_moved (&moved, G_IO_ERROR_CLOSED);
  assert_no_size (&size, G_IO_ERROR_CLOSED);
}

static void
test_bad (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  const char *properties[] = { "colour", "secret", "" };
  g_auto(GValue) text = G_VALUE_INIT;
  g_auto(TestCall) wrong_type = TEST_CALL_INIT;
  g_auto(TestCall) no_signal = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Signals and properties that are not there, or of another type, are INVALID_ARGUMENT");

  wait_moved (widget, "turned", NULL, &no_signal);
  assert_not_moved (&no_signal, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_null (aiodrive_wait_for_emission (G_OBJECT (widget), "turned", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (aiodrive_iterate_emissions (G_OBJECT (widget), "turned", 1, AIODRIVE_OVERFLOW_FAIL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (aiodrive_iterate_emissions (G_OBJECT (widget), "moved", 0, AIODRIVE_OVERFLOW_FAIL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  for (guint i = 0; i < G_N_ELEMENTS (properties); i++)
    {
      g_auto(TestCall) call = TEST_CALL_INIT;

      aiodrive_wait_for_property_async (G_OBJECT (widget), properties[i], NULL, NULL, test_on_ready, &call);
      assert_no_size (&call, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_null (aiodrive_iterate_property (G_OBJECT (widget), properties[i], &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_clear_error (&error);
    }

  g_value_init (&text, G_TYPE_STRING);
  aiodrive_wait_for_property_async (G_OBJECT (widget), "size", &text, NULL, test_on_ready, &wrong_type);
  assert_no_size (&wrong_type, G_IO_ERROR_INVALID_ARGUMENT);
}

static gpointer
move_often (gpointer widget)
{
  for (guint i = 0; i < 20; i++)
    {
      move (widget, i);
      set_size (widget, i);
    }
  g_object_unref (widget);
  return NULL;
}

static void
test_threads (void)
{
  g_test_summary ("Another thread may emit, change and drop: each wait ends once, with an outcome");

  for (guint i = 0; i < test_rounds (100); i++)
    {
      TestWidget *widget = widget_new ();
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_auto(TestCall) moved = TEST_CALL_INIT;
      g_auto(TestCall) size = TEST_CALL_INIT;
      g_autoptr(AiodriveEmission) emission = NULL;
      g_auto(GValue) value = G_VALUE_INIT;
      GThread *thread = g_thread_new ("move", move_often, g_object_ref (widget));

      wait_moved (widget, "moved", cancellable, &moved);
      wait_size (widget, 19, cancellable, &size);
      g_object_unref (widget);
      if (i % 4 == 0)
        g_cancellable_cancel (cancellable);
      emission = aiodrive_wait_for_emission_finish (test_call_wait (&moved), NULL);
      aiodrive_wait_for_property_finish (test_call_wait (&size), &value, NULL);
      g_thread_join (thread);
    }
}

static gpointer
wait_blocking (gpointer widget)
{
  g_autoptr(AiodriveEmission) emission = aiodrive_wait_for_emission (widget, "moved", NULL, NULL);
  gint to = g_value_get_int (aiodrive_emission_get_arg (emission, 1));

  return GINT_TO_POINTER (to);
}

static void
test_blocking (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  GThread *thread = g_thread_new ("wait", wait_blocking, widget);

  g_test_summary ("The bare name blocks a thread until another one emits");

  while (!g_signal_has_handler_pending (widget, moved_id, 0, TRUE))
    g_thread_yield ();
  move (widget, 7);
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, 7);
}

static gboolean
watch_twice (GCancellable  *scope,
             gpointer       widget,
             GValue        *result,
             GError       **error)
{
  g_autoptr(AiodriveEmission) emission = aiodrive_wait_for_emission (widget, "moved", scope, error);
  g_auto(GValue) value = G_VALUE_INIT;

  if (emission == NULL)
    return FALSE;
  aiodrive_wait_for_property (widget, "size", NULL, scope, &value, error);
  if (!G_VALUE_HOLDS_UINT (&value))
    return FALSE;
  return aiodrive_return_int (result, g_value_get_uint (&value));
}

static void
test_fiber (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, watch_twice, widget, NULL);
  g_autoptr(GTask) closed = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(GValue) value = G_VALUE_INIT;

  g_test_summary ("The bare names suspend a fiber");

  test_settle ();
  move (widget, 1);
  test_settle ();
  set_size (widget, 8);
  aiodrive_run (task);
  aiodrive_task_propagate (task, &value, NULL);
  g_assert_cmpint (g_value_get_int64 (&value), ==, 8);

  closed = aiodrive_spawn_fiber (NULL, watch_twice, widget, NULL);
  test_settle ();
  g_assert_finalize_object (g_steal_pointer (&widget));
  aiodrive_run (closed);
  error = aiodrive_task_dup_error (closed);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
test_at_each_step (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(GError) error = NULL;
  guint step = 0;

  g_test_summary ("A fiber that waits is cancelled at each step, and nothing stays connected");

  set_size (widget, 3);
  while (aiodrive_test_context_cancel_at_step (test, step, AIODRIVE_FIBER (watch_twice, widget, NULL), &error))
    {
      g_assert_no_error (error);
      move (widget, 1);
      if (++step == 3)
        break;   /* it waits for ever, once it waits */
    }
  g_assert_no_error (error);
  g_assert_cmpuint (step, >=, 1);
  g_assert_false (g_signal_has_handler_pending (widget, moved_id, 0, TRUE));
}

/*
 * Iterators
 */

/* The next item: whether there was one. */
static gboolean
next (AiodriveObjectIterator  *self,
      GValue                  *value,
      GError                 **error)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_async_iterator_next_async (AIODRIVE_ASYNC_ITERATOR (self), NULL, test_on_ready, &call);
  return aiodrive_async_iterator_next_finish (AIODRIVE_ASYNC_ITERATOR (self), test_call_wait (&call), value, error);
}

static void
assert_next_moved (AiodriveObjectIterator *self,
                   gint                    to)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_assert_true (next (self, &value, NULL));
  g_assert_cmpint (g_value_get_int (aiodrive_emission_get_arg (g_value_get_object (&value), 1)), ==, to);
}

static void
assert_next_size (AiodriveObjectIterator *self,
                  guint                   size)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_assert_true (next (self, &value, NULL));
  g_assert_cmpuint (g_value_get_uint (&value), ==, size);
}

static void
assert_end (AiodriveObjectIterator *self,
            gint                    code)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  g_assert_false (next (self, &value, &error));
  if (code < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, G_IO_ERROR, code);
}

static AiodriveObjectIterator *
iterate_moves (TestWidget       *widget,
               guint             max_items,
               AiodriveOverflow  overflow)
{
  g_autoptr(GError) error = NULL;
  AiodriveObjectIterator *self =
    aiodrive_iterate_emissions (G_OBJECT (widget), "moved", max_items, overflow, &error);

  g_assert_no_error (error);
  return self;
}

static void
test_emissions (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(AiodriveObjectIterator) dropping = iterate_moves (widget, 2, AIODRIVE_OVERFLOW_DROP_OLDEST);
  g_autoptr(AiodriveObjectIterator) failing = iterate_moves (widget, 2, AIODRIVE_OVERFLOW_FAIL);
  guint n_items;

  g_test_summary ("Emissions come in order; where there is no room the oldest is dropped, or the iteration fails");

  for (gint i = 1; i <= 3; i++)
    g_assert_cmpint (move (widget, i), ==, 0);
  g_object_get (dropping, "n-items", &n_items, NULL);
  g_assert_cmpuint (n_items, ==, 2);
  assert_next_moved (dropping, 2);
  assert_next_moved (dropping, 3);
  assert_next_moved (failing, 1);
  assert_next_moved (failing, 2);
  assert_end (failing, G_IO_ERROR_NO_SPACE);
  move (widget, 4);
  assert_next_moved (dropping, 4);
}

static void
test_values (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(AiodriveObjectIterator) sizes = aiodrive_iterate_property (G_OBJECT (widget), "size", NULL);

  g_test_summary ("The value now comes first, then the latest after each change");

  assert_next_size (sizes, 0);
  set_size (widget, 1);
  set_size (widget, 2);
  assert_next_size (sizes, 2);
  set_size (widget, 3);
  assert_next_size (sizes, 3);
}

static void
test_iterate_gone (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(AiodriveObjectIterator) moves = iterate_moves (widget, 5, AIODRIVE_OVERFLOW_FAIL);
  g_autoptr(AiodriveObjectIterator) sizes = aiodrive_iterate_property (G_OBJECT (widget), "size", NULL);

  g_test_summary ("An iterator holds no reference on the object: the iteration ends with it, after what is there");

  move (widget, 1);
  g_assert_finalize_object (g_steal_pointer (&widget));
  assert_next_moved (moves, 1);
  assert_end (moves, -1);
  assert_next_size (sizes, 0);
  assert_end (sizes, -1);
}

static void
test_close (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(AiodriveObjectIterator) moves = iterate_moves (widget, 5, AIODRIVE_OVERFLOW_FAIL);
  AiodriveObjectIterator *dropped = iterate_moves (widget, 5, AIODRIVE_OVERFLOW_FAIL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_test_summary ("Once it is closed or dropped an iterator listens no more");

  move (widget, 1);
  aiodrive_async_iterator_close_async (AIODRIVE_ASYNC_ITERATOR (moves), NULL, test_on_ready, &call);
  g_assert_true (aiodrive_async_iterator_close_finish (AIODRIVE_ASYNC_ITERATOR (moves), test_call_wait (&call), NULL));
  g_assert_finalize_object (dropped);
  move (widget, 2);
  g_assert_false (g_signal_has_handler_pending (widget, moved_id, 0, TRUE));
  assert_end (moves, -1);
}

static void
test_iterate_threads (void)
{
  g_test_summary ("Another thread may emit while an iterator is dropped");

  for (guint i = 0; i < test_rounds (100); i++)
    {
      TestWidget *widget = widget_new ();
      AiodriveObjectIterator *moves = iterate_moves (widget, 3, AIODRIVE_OVERFLOW_DROP_OLDEST);
      AiodriveObjectIterator *sizes = aiodrive_iterate_property (G_OBJECT (widget), "size", NULL);
      GThread *thread = g_thread_new ("move", move_often, widget);

      g_object_unref (moves);
      g_object_unref (sizes);
      g_thread_join (thread);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/stream/emission/emission", test_emission);
  g_test_add_func ("/aiodrive/stream/emission/property", test_property);
  g_test_add_func ("/aiodrive/stream/emission/cancelled", test_cancelled);
  g_test_add_func ("/aiodrive/stream/emission/object-gone", test_object_gone);
  g_test_add_func ("/aiodrive/stream/emission/bad", test_bad);
  g_test_add_func ("/aiodrive/stream/emission/threads", test_threads);
  g_test_add_func ("/aiodrive/stream/emission/blocking", test_blocking);
  g_test_add_func ("/aiodrive/stream/emission/fiber", test_fiber);
  g_test_add_func ("/aiodrive/stream/emission/at-each-step", test_at_each_step);
  g_test_add_func ("/aiodrive/stream/emission/emissions", test_emissions);
  g_test_add_func ("/aiodrive/stream/emission/values", test_values);
  g_test_add_func ("/aiodrive/stream/emission/iterate-gone", test_iterate_gone);
  g_test_add_func ("/aiodrive/stream/emission/close", test_close);
  g_test_add_func ("/aiodrive/stream/emission/iterate-threads", test_iterate_threads);

  return g_test_run ();
}
