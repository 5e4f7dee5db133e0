/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/support/support.h"

/* What the tests of iterators share: calls that were begun, and how they ended. */

#define LONG_MS 3600000
#define AT_END  -1

static inline void
begin_next (gpointer      iterator,
            GCancellable *cancellable,
            TestCall     *call)
{
  aiodrive_async_iterator_next_async (AIODRIVE_ASYNC_ITERATOR (iterator), cancellable, test_on_ready, call);
  g_assert_cmpuint (call->n_calls, ==, 0);
}

/* Waits for the call, and asserts that there was an item. */
static inline void
take_item (gpointer  iterator,
           TestCall *call,
           GValue   *item)
{
  g_autoptr(GError) error = NULL;
  GAsyncResult *result = test_call_wait (call);
  gboolean found = aiodrive_async_iterator_next_finish (AIODRIVE_ASYNC_ITERATOR (iterator), result, item, &error);

  g_assert_no_error (error);
  g_assert_true (found);
  g_assert_true (call->source_object == iterator);
  test_call_clear (call);
}

/* Waits for the call, and asserts that there was none: at the end, or with an error of GIO. */
static inline void
assert_no_item (gpointer  iterator,
                TestCall *call,
                gint      code)
{
  g_autoptr(GError) error = NULL;
  g_auto(GValue) item = G_VALUE_INIT;
  GAsyncResult *result = test_call_wait (call);
  gboolean found = aiodrive_async_iterator_next_finish (AIODRIVE_ASYNC_ITERATOR (iterator), result, &item, &error);

  if (code == AT_END)
    g_assert_no_error (error);
  else
    g_assert_error (error, G_IO_ERROR, code);
  g_assert_false (found);
  g_assert_true (G_IS_VALUE (&item));
  test_call_clear (call);
}

static inline void
assert_next_is_none (gpointer iterator,
                     gint     code)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  begin_next (iterator, NULL, &call);
  assert_no_item (iterator, &call, code);
}

static inline void
begin_close (gpointer      iterator,
             GCancellable *cancellable,
             TestCall     *call)
{
  aiodrive_async_iterator_close_async (AIODRIVE_ASYNC_ITERATOR (iterator), cancellable, test_on_ready, call);
  g_assert_cmpuint (call->n_calls, ==, 0);
}

/* Waits for the call; @code -1: with success. */
static inline void
assert_closed (gpointer  iterator,
               TestCall *call,
               gint      code)
{
  g_autoptr(GError) error = NULL;
  GAsyncResult *result = test_call_wait (call);
  gboolean closed = aiodrive_async_iterator_close_finish (AIODRIVE_ASYNC_ITERATOR (iterator), result, &error);

  if (code < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, G_IO_ERROR, code);
  g_assert_true (closed == (code < 0));
  test_call_clear (call);
}

static inline void
close_it (gpointer iterator)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  begin_close (iterator, NULL, &call);
  assert_closed (iterator, &call, -1);
}

/* Asserts that nobody else holds the iterator. */
static inline void
finalize_it (gpointer iterator)
{
  test_settle ();
  g_assert_finalize_object (iterator);
  test_settle ();
}
