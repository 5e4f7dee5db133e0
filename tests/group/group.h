/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/support/support.h"

/* A job of a group that ends when it is told to, or when it is cancelled. */
typedef struct
{
  const char               *name;
  AiodriveThreadSafeFuture *future;          /* owned: what it waits for */
  GTask                    *task;            /* owned, nullable: as spawning gave it */
  gboolean                  lingers;         /* when it is cancelled it goes on until it is told to end */
  gint                      n_started;       /* atomic, as is the next */
  gint                      n_freed;
  GTask                    *inner;           /* unowned: as the job got it */
  GCancellable             *cancellable;     /* unowned: of inner */
  gboolean                  was_cancelled;   /* when it started */
  GThread                  *started_in;
  GThread                  *freed_in;
} TestChild;

static inline void
test_child_job (GTask        *task,
                GCancellable *cancellable,
                gpointer      data)
{
  TestChild *self = data;

  self->inner = task;
  self->cancellable = cancellable;
  self->was_cancelled = g_cancellable_is_cancelled (cancellable);
  self->started_in = g_thread_self ();
  g_task_set_name (task, self->name);
  aiodrive_thread_safe_future_wait_async (self->future, self->lingers ? NULL : cancellable, aiodrive_task_complete,
                                          g_object_ref (task));
  g_atomic_int_inc (&self->n_started);
}

static inline void
test_child_freed (gpointer data)
{
  TestChild *self = data;

  self->freed_in = g_thread_self ();
  g_atomic_int_inc (&self->n_freed);
}

static inline void
test_child_spawn (TestChild         *self,
                  AiodriveTaskGroup *group,
                  const char        *name)
{
  self->name = name;
  self->future = aiodrive_thread_safe_future_new ();
  aiodrive_task_group_spawn (group, &self->task, test_child_job, self, test_child_freed);
  g_task_set_name (self->task, name);
}

static inline void
test_child_succeed (TestChild *self)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_BOOLEAN);
  aiodrive_thread_safe_future_set_value (self->future, &value, NULL);
}

static inline void
test_child_fail (TestChild *self)
{
  g_autoptr(GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s failed", self->name);

  aiodrive_thread_safe_future_set_error (self->future, error, NULL);
}

/* Asserts that nobody else holds its task. */
static inline void
test_child_clear (TestChild *self)
{
  g_clear_object (&self->future);
  if (self->task != NULL)
    test_finalize_task (g_steal_pointer (&self->task));
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TestChild, test_child_clear)

/* Waits for the closing of @group to end well. */
static inline void
test_assert_closes (AiodriveTaskGroup *group,
                    TestCall          *call)
{
  g_autoptr(GError) error = NULL;
  gboolean succeeded = aiodrive_task_group_close_finish (group, test_call_wait (call), &error);

  g_assert_no_error (error);
  g_assert_true (succeeded);
  g_assert_true (aiodrive_task_group_is_closed (group));
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 0);
}

/* Waits for the closing of @group to fail so. */
static inline void
test_assert_close_fails (AiodriveTaskGroup *group,
                         TestCall          *call,
                         GQuark             domain,
                         gint               code,
                         const char        *message)
{
  g_autoptr(GError) error = NULL;
  gboolean succeeded = aiodrive_task_group_close_finish (group, test_call_wait (call), &error);

  g_assert_false (succeeded);
  g_assert_error (error, domain, code);
  if (message != NULL)
    g_assert_cmpstr (error->message, ==, message);
  g_assert_true (aiodrive_task_group_is_closed (group));
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 0);
}

static inline gboolean
test_group_is_cancelled (AiodriveTaskGroup *group)
{
  return g_cancellable_is_cancelled (G_CANCELLABLE (aiodrive_task_group_get_scope (group)));
}

/* Asserts that nobody holds the group, nor its scope. */
static inline void
test_group_free (AiodriveTaskGroup *group)
{
  AiodriveCancelScope *scope = g_object_ref (aiodrive_task_group_get_scope (group));

  test_settle ();
  g_assert_finalize_object (group);
  test_settle ();
  g_assert_finalize_object (scope);
}

/* Ends AIODRIVE_START (parent, aiodrive_task_group_close_async, group). */
static inline gboolean
test_group_finish (AiodriveTaskGroup  *group,
                   GTask              *task,
                   GError            **error)
{
  g_autoptr(GAsyncResult) result = aiodrive_task_propagate_result (task, error);

  return result != NULL && aiodrive_task_group_close_finish (group, result, error);
}

/* Ends AIODRIVE_START (parent, aiodrive_pool_run_async, pool, ...). */
static inline gboolean
test_pool_finish (AiodrivePool  *pool,
                  GTask         *task,
                  GError       **error)
{
  g_autoptr(GAsyncResult) result = aiodrive_task_propagate_result (task, error);

  return result != NULL && aiodrive_pool_run_finish (pool, result, error);
}
