/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stream/items.h"
#include "tests/stream/iterate.h"

/* The queues and the channel as iterators; each test is run with every one of them. */

static gpointer
new_iterator (gconstpointer type)
{
  if (GPOINTER_TO_SIZE (type) == AIODRIVE_TYPE_CHANNEL)
    return aiodrive_channel_new (10);

  return g_object_new (GPOINTER_TO_SIZE (type), NULL);
}

static gboolean
give (gpointer   iterator,
      gint64     number,
      GError   **error)
{
  if (AIODRIVE_IS_CHANNEL (iterator))
    return aiodrive_channel_try_send (iterator, int_value (number), error);

  return aiodrive_queue_put (iterator, number, int_value (number), error);
}

static void
end (gpointer      iterator,
     const GError *error)
{
  if (AIODRIVE_IS_CHANNEL (iterator) && error != NULL)
    aiodrive_channel_close_with_error (iterator, error);
  else if (AIODRIVE_IS_CHANNEL (iterator))
    aiodrive_channel_close_send (iterator);
  else if (error != NULL)
    aiodrive_queue_close_with_error (iterator, error);
  else
    aiodrive_queue_close (iterator);
}

static void
assert_next (gpointer iterator,
             gint64   expected)
{
  TestCall call = TEST_CALL_INIT;
  GValue item;

  begin_next (iterator, NULL, &call);
  take_item (iterator, &call, &item);
  assert_number (&item, NULL, expected);
}

static void
test_to_the_end (gconstpointer type)
{
  gpointer iterator = new_iterator (type);

  for (guint i = 0; i < 3; i++)
    g_assert_true (give (iterator, i, NULL));
  end (iterator, NULL);
  for (guint i = 0; i < 3; i++)
    assert_next (iterator, i);
  assert_next_is_none (iterator, AT_END);
  assert_next_is_none (iterator, AT_END);
  finalize_it (iterator);
}

static void
test_end_while_waiting (gconstpointer type)
{
  gpointer iterator = new_iterator (type);
  TestCall first = TEST_CALL_INIT, second = TEST_CALL_INIT;
  GValue item;

  begin_next (iterator, NULL, &first);
  begin_next (iterator, NULL, &second);
  g_assert_true (give (iterator, 0, NULL));
  end (iterator, NULL);
  take_item (iterator, &first, &item);
  assert_number (&item, NULL, 0);
  assert_no_item (iterator, &second, AT_END);
  finalize_it (iterator);
}

static void
test_end_with_error (gconstpointer type)
{
  g_autoptr(GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "it broke");
  gpointer iterator = new_iterator (type);
  TestCall first = TEST_CALL_INIT, second = TEST_CALL_INIT;
  GValue item;

  begin_next (iterator, NULL, &first);
  begin_next (iterator, NULL, &second);
  g_assert_true (give (iterator, 0, NULL));
  end (iterator, error);
  take_item (iterator, &first, &item);
  assert_number (&item, NULL, 0);
  assert_no_item (iterator, &second, G_IO_ERROR_BROKEN_PIPE);
  assert_next_is_none (iterator, G_IO_ERROR_BROKEN_PIPE);
  finalize_it (iterator);
}

static void
test_cancel (gconstpointer type)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  gpointer iterator = new_iterator (type);
  TestCall waiting = TEST_CALL_INIT, after = TEST_CALL_INIT;

  begin_next (iterator, cancellable, &waiting);
  g_cancellable_cancel (cancellable);
  g_assert_true (give (iterator, 0, NULL));
  begin_next (iterator, cancellable, &after);
  assert_no_item (iterator, &waiting, G_IO_ERROR_CANCELLED);
  assert_no_item (iterator, &after, G_IO_ERROR_CANCELLED);
  assert_next (iterator, 0);
  finalize_it (iterator);
}

static void
test_dropped (gconstpointer type)
{
  gpointer iterator = new_iterator (type);
  TestCall call = TEST_CALL_INIT;

  g_assert_true (give (iterator, 0, NULL));
  g_assert_true (give (iterator, 1, NULL));
  begin_next (iterator, NULL, &call);
  test_call_wait (&call);
  test_call_clear (&call);
  assert_next (iterator, 0);
  assert_next (iterator, 1);
  finalize_it (iterator);
}

static void
test_close (gconstpointer type)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  gpointer iterator = new_iterator (type);
  TestCall waiting = TEST_CALL_INIT, closing = TEST_CALL_INIT;

  g_test_summary ("a cancelled call does not wait, but the iterator is closed");
  g_cancellable_cancel (cancellable);
  begin_next (iterator, NULL, &waiting);
  begin_close (iterator, cancellable, &closing);
  assert_closed (iterator, &closing, G_IO_ERROR_CANCELLED);
  assert_no_item (iterator, &waiting, AT_END);
  close_it (iterator);
  g_assert_false (give (iterator, 0, &error));
  assert_code (error, G_IO_ERROR_CLOSED);
  assert_next_is_none (iterator, AT_END);
  finalize_it (iterator);
}

static void
add (const char   *name,
     GTestDataFunc func)
{
  GType types[] = { AIODRIVE_TYPE_CHANNEL, AIODRIVE_TYPE_ORDERED_QUEUE, AIODRIVE_TYPE_UNORDERED_QUEUE };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autofree char *path = g_strdup_printf ("/aiodrive/stream/async-iterator/%s/%s", name, g_type_name (types[i]));

      g_test_add_data_func (path, GSIZE_TO_POINTER (types[i]), func);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("to-the-end", test_to_the_end);
  add ("end-while-waiting", test_end_while_waiting);
  add ("end-with-error", test_end_with_error);
  add ("cancel", test_cancel);
  add ("dropped", test_dropped);
  add ("close", test_close);

  return g_test_run ();
}
