/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

/* Fibers that wait while other threads wake and cancel them. Each wait has one outcome; an item and a lock go to the
 * fiber, or stay where they are; the stack of the fiber is left before it is used again. */

static AiodriveChannel   *channel;
static AiodriveSmartLock *lock;
static GCancellable      *cancellable;
static gboolean           ended;
static gboolean           received;
static gboolean           entered;
static guint              n_inside;

static void
set_up (void)
{
  channel = watch_object (aiodrive_channel_new (1));
  lock = watch_object (aiodrive_smart_lock_new ());
  cancellable = watch_object (aiodrive_cancel_scope_new (NULL));
  ended = received = entered = FALSE;
  n_inside = 0;
}

static void
cancel (void)
{
  g_cancellable_cancel (cancellable);
}

static void
on_ended (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_task_propagate (data, &value, &error);
  scheduler_assert (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  ended = TRUE;
}

static void
run_fiber (AiodriveFiberFunc func)
{
  g_autoptr(GTask) task = aiodrive_spawn_fiber (cancellable, func, NULL, NULL);

  aiodrive_wait_task_async (task, NULL, on_ended, task);
  iterate_until (&ended);
}

/*
 * An item
 */

static gboolean
receive (GCancellable  *scope,
         gpointer       data,
         GValue        *result,
         GError       **error)
{
  aiodrive_channel_receive (channel, scope, result, error);
  received = G_VALUE_HOLDS_INT (result);
  return received;
}

static void
receive_in_fiber (void)
{
  run_fiber (receive);
}

static gboolean
await_item (GCancellable  *scope,
            gpointer       data,
            GValue        *result,
            GError       **error)
{
  aiodrive_channel_receive_finish (channel, AIODRIVE_AWAIT (aiodrive_channel_receive_async, channel), result, error);
  received = G_VALUE_HOLDS_INT (result);
  return received;
}

static void
await_in_fiber (void)
{
  run_fiber (await_item);
}

static void
send (void)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_set_int (g_value_init (&value, G_TYPE_INT), 7);
  scheduler_assert (aiodrive_channel_try_send (channel, &value, NULL));
}

static void
check_item (void)
{
  g_auto(GValue) value = G_VALUE_INIT;

  aiodrive_channel_try_receive (channel, &value, NULL);
  scheduler_assert (received != G_VALUE_HOLDS_INT (&value));
  g_object_unref (channel);
  g_object_unref (lock);
  g_object_unref (cancellable);
  check_objects_gone ();
}

/*
 * A lock
 */

static void
enter_and_leave (AiodriveLockGuard *guard)
{
  scheduler_assert (++n_inside == 1);
  scheduler_yield ();
  n_inside--;
  aiodrive_lock_guard_unref (guard);
}

static gboolean
acquire (GCancellable  *scope,
         gpointer       data,
         GValue        *result,
         GError       **error)
{
  AiodriveLockGuard *guard = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, 0, scope, error);

  if (guard == NULL)
    return FALSE;
  entered = TRUE;
  enter_and_leave (guard);
  return TRUE;
}

static void
acquire_in_fiber (void)
{
  run_fiber (acquire);
}

static void
acquire_in_thread (void)
{
  enter_and_leave (aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, 0, NULL, NULL));
}

static void
check_lock (void)
{
  g_autoptr(AiodriveLockGuard) guard = NULL;

  guard = aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, NULL);
  scheduler_assert (guard != NULL);
  scheduler_assert (entered || g_cancellable_is_cancelled (cancellable));
  g_clear_pointer (&guard, aiodrive_lock_guard_unref);
  received = TRUE;
  check_item ();
}

const Scenario fiber_receives =
{
  "fiber-receives", set_up, { receive_in_fiber, send, cancel }, check_item,
};

const Scenario fiber_awaits =
{
  "fiber-awaits", set_up, { await_in_fiber, send, cancel }, check_item,
};

const Scenario fiber_acquires =
{
  "fiber-acquires", set_up, { acquire_in_fiber, acquire_in_thread, cancel }, check_lock,
};
