/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stream/items.h"

/* What it does as every queue does is tested in queue.c. */

static void
test_disorder (void)
{
  gpointer queue = aiodrive_ordered_queue_new ();
  gint64 order[] = { 3, 1, 0, 5, 4, 2 };
  TestCall calls[2] = { TEST_CALL_INIT, TEST_CALL_INIT };

  get (queue, NULL, &calls[0]);
  get (queue, NULL, &calls[1]);
  put (queue, 3);
  put (queue, 1);
  test_settle ();
  g_assert_cmpuint (calls[0].n_calls, ==, 0);
  assert_nothing (queue);
  g_assert_cmpuint (count_items (queue), ==, 2);
  g_assert_false (aiodrive_queue_is_empty (queue));

  for (guint i = 2; i < G_N_ELEMENTS (order); i++)
    put (queue, order[i]);
  assert_got (&calls[0], 0);
  assert_got (&calls[1], 1);
  for (gint64 i = 2; i < 6; i++)
    assert_try_got (queue, i);
  assert_nothing (queue);
  g_assert_finalize_object (queue);
}

static void
test_indexes (void)
{
  gpointer queue = aiodrive_ordered_queue_new ();
  TestCall call = TEST_CALL_INIT;

  assert_put_fails (queue, -1, int_value (0), G_IO_ERROR_INVALID_ARGUMENT);
  assert_put_fails (queue, G_MININT64, int_value (0), G_IO_ERROR_INVALID_ARGUMENT);
  put (queue, 0);
  put (queue, 1);
  put (queue, 3);
  put (queue, G_MAXINT64);
  assert_put_fails (queue, 0, int_value (0), G_IO_ERROR_EXISTS);
  assert_put_fails (queue, 1, int_value (0), G_IO_ERROR_EXISTS);
  assert_put_fails (queue, 3, int_value (0), G_IO_ERROR_EXISTS);
  assert_put_fails (queue, G_MAXINT64, int_value (0), G_IO_ERROR_EXISTS);
  g_assert_cmpuint (count_items (queue), ==, 4);

  /* delivered; it may come back yet */
  get (queue, NULL, &call);
  assert_put_fails (queue, 0, int_value (0), G_IO_ERROR_INVALID_ARGUMENT);
  test_call_wait (&call);
  test_call_clear (&call);
  assert_put_fails (queue, 0, int_value (0), G_IO_ERROR_EXISTS);
  assert_try_got (queue, 0);
  assert_put_fails (queue, 0, int_value (0), G_IO_ERROR_INVALID_ARGUMENT);
  assert_try_got (queue, 1);
  assert_nothing (queue);
  put (queue, 2);
  assert_try_got (queue, 2);
  assert_try_got (queue, 3);
  assert_nothing (queue);
  g_assert_finalize_object (queue);
}

static void
test_close_skips (void)
{
  gpointer queue = aiodrive_ordered_queue_new ();
  TestCall calls[3] = { TEST_CALL_INIT, TEST_CALL_INIT, TEST_CALL_INIT };

  put (queue, 7);
  put (queue, 2);
  put (queue, 5);
  get (queue, NULL, &calls[0]);
  aiodrive_queue_close (queue);
  assert_got (&calls[0], 2);
  g_assert_cmpuint (count_items (queue), ==, 2);
  assert_try_got (queue, 5);
  assert_try_got (queue, 7);
  assert_ended (queue, G_IO_ERROR_CLOSED);
  g_object_unref (queue);

  queue = aiodrive_ordered_queue_new ();
  put (queue, 4);
  put (queue, 2);
  for (guint i = 0; i < 3; i++)
    get (queue, NULL, &calls[i]);
  aiodrive_queue_close (queue);
  assert_got (&calls[0], 2);
  assert_got (&calls[1], 4);
  assert_get_fails (&calls[2], G_IO_ERROR_CLOSED);
  g_assert_finalize_object (queue);
}

static void
on_notify (GObject    *queue,
           GParamSpec *pspec,
           gpointer    n_calls)
{
  (*(guint *) n_calls)++;
}

/* A gap that is filled is one change, and none if who waits gets what was missing and nothing more. */
static void
test_n_items (void)
{
  gpointer queue = aiodrive_ordered_queue_new ();
  TestCall call = TEST_CALL_INIT;
  guint n_calls = 0;

  g_signal_connect (queue, "notify::n-items", G_CALLBACK (on_notify), &n_calls);
  put (queue, 1);
  g_assert_cmpuint (n_calls, ==, 1);
  get (queue, NULL, &call);
  put (queue, 0);
  g_assert_cmpuint (n_calls, ==, 1);
  assert_got (&call, 0);
  assert_try_got (queue, 1);
  g_assert_cmpuint (n_calls, ==, 2);
  g_assert_finalize_object (queue);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/stream/ordered-queue/disorder", test_disorder);
  g_test_add_func ("/aiodrive/stream/ordered-queue/indexes", test_indexes);
  g_test_add_func ("/aiodrive/stream/ordered-queue/close-skips", test_close_skips);
  g_test_add_func ("/aiodrive/stream/ordered-queue/n-items", test_n_items);

  return g_test_run ();
}
