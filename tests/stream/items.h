/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/support/support.h"

G_BEGIN_DECLS

/* What the tests of queues and channels share. Items are numbers, or objects where it is to be seen that they go. */

static inline GValue *
int_value (gint64 number)
{
  static GPrivate last = G_PRIVATE_INIT (g_free);
  GValue *value = g_new0 (GValue, 1);

  g_value_init (value, G_TYPE_INT64);
  g_value_set_int64 (value, number);
  g_private_replace (&last, value);
  return value;
}

#define assert_code(error, expected)                   \
  G_STMT_START {                                       \
    g_assert_error (error, G_IO_ERROR, expected);      \
    g_clear_error (&error);                            \
  } G_STMT_END

/* A value was got, or it is initialised and says that there was none. */
static inline void
assert_number (GValue       *value,
               const GError *error,
               gint64        expected)
{
  g_assert_no_error (error);
  g_assert_true (G_VALUE_HOLDS_INT64 (value));
  g_assert_cmpint (g_value_get_int64 (value), ==, expected);
  g_value_unset (value);
}

static inline void
assert_no_value (GValue *value)
{
  g_assert_true (G_VALUE_HOLDS_BOOLEAN (value));
  g_assert_false (g_value_get_boolean (value));
  g_value_unset (value);
}

static inline void
put (gpointer queue,
     gint64   number)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (aiodrive_queue_put (queue, number, int_value (number), &error));
  g_assert_no_error (error);
}

static inline void
assert_put_fails (gpointer      queue,
                  gint64        index,
                  const GValue *value,
                  gint          code)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (aiodrive_queue_put (queue, index, value, &error));
  assert_code (error, code);
}

static inline void
get (gpointer      queue,
     GCancellable *cancellable,
     TestCall     *call)
{
  aiodrive_queue_get_async (queue, cancellable, test_on_ready, call);
}

static inline void
assert_got (TestCall *call,
            gint64    expected)
{
  g_autoptr(GError) error = NULL;
  GValue value;
  GAsyncResult *result = test_call_wait (call);

  aiodrive_queue_get_finish (AIODRIVE_QUEUE (call->source_object), result, &value, &error);
  assert_number (&value, error, expected);
  test_call_clear (call);
}

static inline void
assert_get_fails (TestCall *call,
                  gint      code)
{
  g_autoptr(GError) error = NULL;
  GValue value;
  GAsyncResult *result = test_call_wait (call);

  aiodrive_queue_get_finish (AIODRIVE_QUEUE (call->source_object), result, &value, &error);
  assert_no_value (&value);
  assert_code (error, code);
  test_call_clear (call);
}

static inline void
assert_try_got (gpointer queue,
                gint64   expected)
{
  g_autoptr(GError) error = NULL;
  GValue value;

  g_assert_true (aiodrive_queue_try_get (queue, &value, &error));
  assert_number (&value, error, expected);
}

static inline void
assert_nothing (gpointer queue)
{
  g_autoptr(GError) error = NULL;
  GValue value;

  g_assert_false (aiodrive_queue_try_get (queue, &value, &error));
  g_assert_no_error (error);
  assert_no_value (&value);
}

static inline void
assert_ended (gpointer queue,
              gint     code)
{
  g_autoptr(GError) error = NULL;
  GValue value;

  g_assert_false (aiodrive_queue_try_get (queue, &value, &error));
  assert_code (error, code);
  assert_no_value (&value);
}

static inline guint
count_items (gpointer object)
{
  guint n_items;

  g_object_get (object, "n-items", &n_items, NULL);
  return n_items;
}

static inline gpointer
run_cancel (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

static inline gpointer
run_unref (gpointer object)
{
  g_object_unref (object);
  return NULL;
}

/* A value that is seen to go: its object clears @alive. */
static inline void
object_value (GValue   *value,
              gpointer *alive)
{
  g_value_init (value, G_TYPE_OBJECT);
  *alive = g_object_new (G_TYPE_OBJECT, NULL);
  g_object_add_weak_pointer (*alive, alive);
  g_value_take_object (value, *alive);
}

G_END_DECLS
