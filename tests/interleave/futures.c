/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

/* A future that two want to fulfil, each in his way, and that others wait for. One of them does; whoever waits sees
 * what that one has given, unless he is cancelled himself. */

static AiodriveThreadSafeFuture *future;        /* a reference for each body */
static GCancellable             *cancellable;
static guint                     n_fulfilled;
static gboolean                  has_value;     /* says who was first */
static gboolean                  saw_value;     /* says who waited */
static Outcome                   waited;

static void
set_up (void)
{
  future = watch_object (aiodrive_thread_safe_future_new ());
  g_object_ref (future);
  g_object_ref (future);
  cancellable = G_CANCELLABLE (aiodrive_cancel_scope_new (NULL));
  n_fulfilled = 0;
}

static void
fulfilled (gboolean      was_first,
           const GError *error,
           gboolean      with_value)
{
  scheduler_assert (was_first || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS));
  scheduler_assert (aiodrive_thread_safe_future_is_done (future));
  if (!was_first)
    return;
  n_fulfilled++;
  has_value = with_value;
}

/* begin scenario */
static void
set_value (void)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;
  gboolean was_first;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, "value");
  was_first = aiodrive_thread_safe_future_set_value (future, &value, &error);
  fulfilled (was_first, error, TRUE);
  g_object_unref (future);
}

/* end */

static void
set_error (void)
{
  g_autoptr(GError) cause = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "cause");
  g_autoptr(GError) error = NULL;
  gboolean was_first = aiodrive_thread_safe_future_set_error (future, cause, &error);

  fulfilled (was_first, error, FALSE);
  g_cancellable_cancel (cancellable);
  g_object_unref (future);
}

/* Takes the error. Gives whether it was a value. */
static gboolean
see (const GValue *value,
     GError       *error)
{
  scheduler_assert (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED));
  scheduler_assert (error != NULL || g_strcmp0 (g_value_get_string (value), "value") == 0);
  if (error == NULL)
    return TRUE;
  g_error_free (error);
  return FALSE;
}

static void
on_waited (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  g_auto(GValue) value = G_VALUE_INIT;
  GError *error = NULL;

  aiodrive_thread_safe_future_wait_finish (AIODRIVE_THREAD_SAFE_FUTURE (source_object), result, &value, &error);
  outcome_set (&waited, error);
}

static void
wait_twice (void)
{
  g_auto(GValue) value = G_VALUE_INIT;
  GError *error = NULL;

  outcome_begin (&waited);
  aiodrive_thread_safe_future_wait_async (future, cancellable, on_waited, NULL);
  aiodrive_thread_safe_future_wait (future, NULL, &value, &error);
  saw_value = see (&value, error);
  g_object_unref (future);
  iterate_until (&waited.called);
  scheduler_assert (outcome_matches (&waited, G_IO_ERROR_CANCELLED) || saw_value == (waited.error == NULL));
}

/* begin scenario */
static void
check (void)
{
  scheduler_assert (n_fulfilled == 1);
  scheduler_assert (saw_value == has_value);
  outcome_clear (&waited);
  check_objects_gone ();
  g_assert_finalize_object (cancellable);
}

const Scenario fulfil_twice =
{
  "fulfil-twice", set_up, { set_value, set_error, wait_twice }, check,
};
/* end */
