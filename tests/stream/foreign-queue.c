/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/stream/items.h"
#include "tests/stream/iterate.h"

/* A queue that is not ours. It has no item, and leaves values as they are: whoever calls it finds them initialised. */

#define TEST_TYPE_VOID (test_void_get_type ())
G_DECLARE_FINAL_TYPE (TestVoid, test_void, TEST, VOID, GObject)

struct _TestVoid
{
  GObject  parent_instance;

  gboolean closed;
};

static gboolean
refuse (AiodriveQueue  *queue,
        gint64          index,
        const GValue   *value,
        GError        **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "It takes nothing");
  return FALSE;
}

static void
get_nothing (AiodriveQueue       *queue,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (queue, cancellable, callback, user_data);

  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "It has nothing");
}

static void
get_nothing_finish (AiodriveQueue  *queue,
                    GAsyncResult   *result,
                    GValue         *value,
                    GError        **error)
{
  g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
try_get_nothing (AiodriveQueue  *queue,
                 GValue         *value,
                 GError        **error)
{
  return FALSE;
}

static GArray *
get_none (AiodriveQueue *queue,
          guint          max)
{
  return g_array_new (FALSE, FALSE, sizeof (GValue));
}

static void
note_closed (AiodriveQueue *queue,
             const GError  *error)
{
  TEST_VOID (queue)->closed = TRUE;
}

static gboolean
is_empty (AiodriveQueue *queue)
{
  return TRUE;
}

static void
test_void_queue_init (AiodriveQueueInterface *iface)
{
  iface->put = refuse;
  iface->get_async = get_nothing;
  iface->get_finish = get_nothing_finish;
  iface->try_get = try_get_nothing;
  iface->get_many = get_none;
  iface->close_with_error = note_closed;
  iface->is_empty = is_empty;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestVoid, test_void, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_QUEUE, test_void_queue_init))

static void
test_void_get_property (GObject    *object,
                        guint       property_id,
                        GValue     *value,
                        GParamSpec *pspec)
{
  g_value_set_uint (value, 0);
}

static void
test_void_class_init (TestVoidClass *klass)
{
  G_OBJECT_CLASS (klass)->get_property = test_void_get_property;
  g_object_class_override_property (G_OBJECT_CLASS (klass), 1, "n-items");
}

static void
test_void_init (TestVoid *self)
{
}

static void
test_values (void)
{
  TestVoid *queue = g_object_new (TEST_TYPE_VOID, NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;
  GValue value;

  aiodrive_queue_get_async (AIODRIVE_QUEUE (queue), NULL, test_on_ready, &call);
  aiodrive_queue_get_finish (AIODRIVE_QUEUE (queue), test_call_wait (&call), &value, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  assert_no_value (&value);
  test_call_clear (&call);

  g_assert_false (aiodrive_queue_try_get (AIODRIVE_QUEUE (queue), &value, NULL));
  assert_no_value (&value);
  g_assert_finalize_object (queue);
}

/* They reach it. */
static void
test_calls (void)
{
  TestVoid *queue = g_object_new (TEST_TYPE_VOID, NULL);
  g_autoptr(GArray) items = aiodrive_queue_get_many (AIODRIVE_QUEUE (queue), 0);
  g_autoptr(GError) error = NULL;

  g_assert_cmpuint (items->len, ==, 0);
  g_assert_true (aiodrive_queue_is_empty (AIODRIVE_QUEUE (queue)));
  g_assert_cmpuint (count_items (queue), ==, 0);
  g_assert_false (aiodrive_queue_put (AIODRIVE_QUEUE (queue), 0, int_value (1), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);

  g_assert_false (queue->closed);
  aiodrive_queue_close (AIODRIVE_QUEUE (queue));
  g_assert_true (queue->closed);
  g_assert_finalize_object (queue);
}

/* One that does not even have functions, as a script may make it. */

#define TEST_TYPE_NOTHING (test_nothing_get_type ())
G_DECLARE_FINAL_TYPE (TestNothing, test_nothing, TEST, NOTHING, GObject)

struct _TestNothing
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE_WITH_CODE (TestNothing, test_nothing, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_QUEUE, NULL)
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_ASYNC_ITERATOR, NULL))

static void
test_nothing_class_init (TestNothingClass *klass)
{
  G_OBJECT_CLASS (klass)->get_property = test_void_get_property;
  g_object_class_override_property (G_OBJECT_CLASS (klass), 1, "n-items");
}

static void
test_nothing_init (TestNothing *self)
{
}

static void
test_not_implemented (void)
{
  AiodriveQueue *queue = g_object_new (TEST_TYPE_NOTHING, NULL);
  g_autoptr(GArray) items = aiodrive_queue_get_many (queue, 0);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;
  GValue value;

  g_assert_cmpuint (items->len, ==, 0);
  g_assert_true (aiodrive_queue_is_empty (queue));
  g_assert_false (aiodrive_queue_put (queue, 0, int_value (1), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (aiodrive_queue_try_get (queue, &value, &error));
  assert_no_value (&value);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  aiodrive_queue_get_async (queue, NULL, test_on_ready, &call);
  aiodrive_queue_get_finish (queue, test_call_wait (&call), &value, &error);
  assert_no_value (&value);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  aiodrive_queue_close (queue);

  assert_next_is_none (queue, G_IO_ERROR_NOT_SUPPORTED);
  close_it (queue);
  test_call_clear (&call);
  g_assert_finalize_object (queue);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aiodrive/stream/foreign-queue/values", test_values);
  g_test_add_func ("/aiodrive/stream/foreign-queue/calls", test_calls);
  g_test_add_func ("/aiodrive/stream/foreign-queue/not-implemented", test_not_implemented);
  return g_test_run ();
}
