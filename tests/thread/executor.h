/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* What the tests of executors share: jobs, and what there is in the process. */

static inline guint
count_entries (const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* A thread that was joined is there for a moment still. */
static inline void
wait_for_threads (guint n_threads)
{
  test_spin_while (count_entries ("/proc/self/task") > n_threads && (g_main_context_iteration (NULL, FALSE) || TRUE));
}

static inline GTask *
spawn (AiodriveBackgroundExecutor *executor,
       GCancellable               *parent,
       AiodriveJobFunc             func,
       gpointer                    data)
{
  GTask *task = NULL;

  aiodrive_background_executor_spawn (executor, &task, parent, func, data, NULL);
  g_assert_true (G_IS_TASK (task));
  return task;
}

/* Awaits a task, and asserts how it ended: 0 for a success. */
static inline void
assert_ends (GTask *task,
             gint   code)
{
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  if (code == 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, G_IO_ERROR, code);
}

static inline void
assert_stops (AiodriveBackgroundExecutor *executor)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (aiodrive_background_executor_stop (executor, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (aiodrive_background_executor_is_running (executor));
}

/* It ends by itself. */
static inline void
wait_for_end (AiodriveBackgroundExecutor *executor)
{
  test_spin_while (aiodrive_background_executor_is_running (executor));
}

static inline void
return_true (GTask        *task,
             GCancellable *cancellable,
             gpointer      data)
{
  g_task_return_boolean (task, TRUE);
}

static inline void
fail (GTask        *task,
      GCancellable *cancellable,
      gpointer      data)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "not found");
}

static inline void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      task)
{
  GError *error = NULL;

  if (aiodrive_sleep_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  g_object_unref (task);
}

/* Waits in its context until it is cancelled. Data, if there is some, is an event that is set when it waits. */
static inline void
hang (GTask        *task,
      GCancellable *cancellable,
      gpointer      event)
{
  aiodrive_sleep_async (G_MAXUINT, cancellable, on_slept, g_object_ref (task));
  if (event != NULL)
    aiodrive_thread_safe_event_set (event);
}

/* Blocks the thread until it is cancelled. */
static inline void
block (GTask        *task,
       GCancellable *cancellable,
       gpointer      event)
{
  g_autoptr(AiodriveThreadSafeEvent) never = aiodrive_thread_safe_event_new ();
  GError *error = NULL;

  if (event != NULL)
    aiodrive_thread_safe_event_set (event);
  aiodrive_thread_safe_event_wait (never, cancellable, &error);
  g_task_return_error (task, error);
}

/* Blocks this thread until the job has said that it runs. */
static inline void
wait_for (AiodriveThreadSafeEvent *event)
{
  g_assert_true (aiodrive_thread_safe_event_wait (event, NULL, NULL));
}
