/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

/* A virtual time that several threads go by, and that one holds. It stands while anybody does something, or holds it,
 * and everything happens at its time. */

#define MSEC G_GINT64_CONSTANT (1000)

static AiodriveTestContext     *test;       /* of the first body */
static AiodriveThreadSafeEvent *begun;
static gboolean                 ended;      /* the last of the others */
static Outcome                  slept;
static gint64                   woken_at;
static gint64                   woken_there_at;

static void
set_up (void)
{
  begun = aiodrive_thread_safe_event_new ();
  ended = FALSE;
  woken_at = woken_there_at = -1;
}

static void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  GError *error = NULL;

  scheduler_assert (aiodrive_sleep_finish (result, &error));
  woken_at = aiodrive_test_context_get_elapsed (test);
  outcome_set (&slept, error);
}

static void
check (void)
{
  outcome_clear (&slept);
  scheduler_assert (woken_at == 20 * MSEC);
  g_assert_finalize_object (begun);
  check_objects_gone ();
}

/* Another thread holds the time: it stands. */

static void
sleep_in_test (void)
{
  test = watch_object (aiodrive_test_context_new (NULL));
  g_object_ref (test);
  outcome_begin (&slept);
  aiodrive_sleep_async (20, NULL, on_slept, NULL);
  aiodrive_thread_safe_event_set (begun);
  iterate_until (&slept.called);
}

static void
sleep_in_test_and_drop (void)
{
  sleep_in_test ();
  g_object_unref (test);
}

static void
hold (void)
{
  gint64 before;

  aiodrive_thread_safe_event_wait (begun, NULL, NULL);
  aiodrive_test_context_hold (test);
  before = aiodrive_test_context_get_elapsed (test);
  scheduler_yield ();
  scheduler_assert (aiodrive_test_context_get_elapsed (test) == before);
  aiodrive_test_context_release (test);
  g_object_unref (test);
}

const Scenario hold_time =
{
  "hold-time", set_up, { sleep_in_test_and_drop, hold }, check,
};

/* Another thread sends something there, and waits until all that has been done. */

static AiodriveLatch *latch;
static gboolean       woken;
static Outcome        blocked;

static void
on_latch (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  scheduler_assert (aiodrive_latch_wait_set_finish (latch, result, NULL));
  woken = TRUE;
}

static void
on_blocked (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  GError *error = NULL;

  scheduler_assert (aiodrive_test_context_wait_all_blocked_finish (test, result, &error));
  scheduler_assert (woken);
  outcome_set (&blocked, error);
}

static void
send_and_wait (void)
{
  aiodrive_thread_safe_event_wait (begun, NULL, NULL);
  aiodrive_latch_set (latch);
  outcome_begin (&blocked);
  aiodrive_test_context_wait_all_blocked_async (test, NULL, on_blocked, NULL);
  iterate_until (&blocked.called);
  g_main_context_wakeup (aiodrive_test_context_get_context (test));
  g_object_unref (test);
}

static void
wait_in_test (void)
{
  latch = watch_object (aiodrive_latch_new ());
  woken = FALSE;
  aiodrive_latch_wait_set_async (latch, NULL, on_latch, NULL);
  blocked = (Outcome) { .called = FALSE };
  sleep_in_test ();
  iterate_until (&blocked.called);
  g_object_unref (latch);
  g_object_unref (test);
}

static void
check_blocked (void)
{
  outcome_clear (&blocked);
  check ();
}

const Scenario wait_all_blocked =
{
  "wait-all-blocked", set_up, { wait_in_test, send_and_wait }, check_blocked,
};

/* The thread of an executor goes by it too, and sleeps for less. */

static void
on_slept_there (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_autoptr(GTask) task = data;

  scheduler_assert (aiodrive_sleep_finish (result, NULL));
  woken_there_at = aiodrive_test_context_get_elapsed (test);
  g_task_return_boolean (task, TRUE);
}

static void
sleep_there (GTask        *task,
             GCancellable *cancellable,
             gpointer      data)
{
  aiodrive_sleep_async (10, cancellable, on_slept_there, g_object_ref (task));
}

static void
sleep_in_two_threads (void)
{
  AiodriveBackgroundExecutor *executor;

  test = watch_object (aiodrive_test_context_new (NULL));
  executor = watch_object (aiodrive_background_executor_new (NULL));
  outcome_begin (&slept);
  aiodrive_background_executor_spawn (executor, NULL, NULL, sleep_there, NULL, NULL);
  aiodrive_sleep_async (20, NULL, on_slept, NULL);
  iterate_until (&slept.called);
  scheduler_assert (woken_there_at == 10 * MSEC);
  scheduler_assert (aiodrive_background_executor_stop (executor, NULL, NULL));
  g_object_unref (executor);
  g_object_unref (test);
}

const Scenario share_time =
{
  "share-time", set_up, { sleep_in_two_threads }, check,
};

/* One blocks, and is woken by a thread that sleeps. */

static void
on_slept_to_wake (GObject      *source_object,
                  GAsyncResult *result,
                  gpointer      data)
{
  on_slept_there (source_object, result, data);
  aiodrive_thread_safe_event_set (begun);
}

static void
sleep_to_wake (GTask        *task,
               GCancellable *cancellable,
               gpointer      data)
{
  aiodrive_sleep_async (20, cancellable, on_slept_to_wake, g_object_ref (task));
}

static void
block (void)
{
  AiodriveBackgroundExecutor *executor;

  test = watch_object (aiodrive_test_context_new (NULL));
  executor = watch_object (aiodrive_background_executor_new (NULL));
  outcome_begin (&slept);
  aiodrive_background_executor_spawn (executor, NULL, NULL, sleep_to_wake, NULL, NULL);
  scheduler_assert (aiodrive_thread_safe_event_wait (begun, NULL, NULL));
  woken_at = aiodrive_test_context_get_elapsed (test);
  outcome_set (&slept, NULL);
  scheduler_assert (aiodrive_background_executor_stop (executor, NULL, NULL));
  g_object_unref (executor);
  g_object_unref (test);
}

const Scenario block_in_time =
{
  "block-in-time", set_up, { block }, check,
};
