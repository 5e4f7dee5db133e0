/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/task/record-private.h"
#include "tests/group/group.h"

static inline void
test_child_spawn_at (TestChild    *self,
                     AiodrivePool *pool,
                     const char   *name,
                     gint          depth)
{
  self->name = name;
  self->future = aiodrive_thread_safe_future_new ();
  aiodrive_pool_spawn_full (pool, &self->task, name, depth, test_child_job, self, test_child_freed);
}

/* Asserts that its job was never started, and clears it. */
static inline void
test_child_assert_never_started (TestChild *self)
{
  g_autoptr(GError) error = aiodrive_task_dup_error (self->task);

  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (self->n_started, ==, 0);
  g_assert_cmpint (self->n_freed, ==, 1);
  test_child_clear (self);
}

static inline gboolean
test_child_is_cancelled (TestChild *self)
{
  return g_cancellable_is_cancelled (g_task_get_cancellable (self->task));
}

/* Waits for the run to end well, or to fail so. */
static inline void
test_assert_ran (AiodrivePool *pool,
                 TestCall     *call)
{
  g_autoptr(GError) error = NULL;
  gboolean succeeded = aiodrive_pool_run_finish (pool, test_call_wait (call), &error);

  g_assert_no_error (error);
  g_assert_true (succeeded);
  g_assert_cmpint (aiodrive_pool_get_status (pool), ==, AIODRIVE_POOL_STATUS_DONE);
  test_call_clear (call);
}

static inline void
test_assert_run_fails (AiodrivePool *pool,
                       TestCall     *call,
                       GQuark        domain,
                       gint          code,
                       const char   *message)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (aiodrive_pool_run_finish (pool, test_call_wait (call), &error));
  g_assert_error (error, domain, code);
  if (message != NULL)
    g_assert_cmpstr (error->message, ==, message);
  test_call_clear (call);
}

static inline void
test_pool_free (AiodrivePool *pool)
{
  test_group_free (AIODRIVE_TASK_GROUP (pool));
}
