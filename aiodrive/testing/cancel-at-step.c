/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/testing/cancel-at-step.h"

#include "aiodrive/binding/bound-language-private.h"
#include "aiodrive/core/cancel-scope.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

/* Under a test context a dispatch completes one wait, or starts one job. So a cancellation between any two iterations
 * reaches every wait, even one that takes no iteration of its own. (/aiodrive/testing/cancel-at-step/ready) */

typedef struct
{
  AiodriveWaiter      waiter;   /* first */
  AiodriveTaskRecord *record;
  gboolean            ended;
} Run;

static void
on_ended (AiodriveWorkItem *work)
{
  Run *self = (Run *) work;

  aiodrive_task_record_called_back (self->record);
  self->ended = TRUE;
}

/* Returns whether it was cancelled before it completed. */
static gboolean
run (GMainContext *context,
     GTask        *task,
     GCancellable *cancellable,
     guint         step)
{
  Run self = { .record = aiodrive_task_record_get (task) };
  guint n_steps = 0;

  aiodrive_waiter_init (&self.waiter, on_ended);
  aiodrive_task_record_watch (self.record, &self.waiter);
  while (!self.ended)
    {
      if (n_steps >= step)
        g_cancellable_cancel (cancellable);
      n_steps += g_main_context_iteration (context, TRUE) ? 1 : 0;
    }
  return g_cancellable_is_cancelled (cancellable);
}

/* No work started for the task may hold a reference on it, or on its scope, once it has completed. */
static gboolean
release (gpointer   object,
         GError   **error)
{
  const char *name = G_IS_TASK (object) ? "task" : "scope";

  g_object_add_weak_pointer (object, &object);
  g_object_unref (object);
  if (object == NULL)
    return TRUE;

  g_object_remove_weak_pointer (object, &object);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY, "its %s is still in use", name);
  return FALSE;
}

static gboolean
check (AiodriveTestContext  *self,
       GTask                *task,
       AiodriveCancelScope  *scope,
       gboolean              collected,
       GError              **error)
{
  GError *failure = aiodrive_task_dup_error (task);

  aiodrive_test_context_wait_all_blocked (self);
  if (aiodrive_error_is_cancelled (failure))
    g_clear_error (&failure);
  if (collected)
    {
      g_object_unref (task);
      g_object_unref (scope);
    }
  else
    {
      release (task, failure == NULL ? &failure : NULL);
      release (scope, failure == NULL ? &failure : NULL);
    }

  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

/**
 * aiodrive_test_context_cancel_at_step:
 * @self: a test context that is not closed
 * @step: the number of steps before the cancellation
 * @func: (scope notified) (closure user_data) (destroy user_data_destroy): a job
 * @user_data: data for @func
 * @user_data_destroy: (nullable): frees @user_data
 * @error: return location for an error
 *
 * Runs a job, and cancels it after @step steps; a step is an iteration of the main context that dispatched a source.
 * Under virtual time an iteration completes at most one wait of this library, so a wait that completes at once is a
 * step too. Called with 0, 1, 2 and so on until it returns %FALSE, it cancels the job at every await point:
 *
 * |[<!-- language="C" -->
 * for (guint step = 0; aiodrive_test_context_cancel_at_step (test, step, transfer, &accounts, NULL, &error); step++)
 *   g_assert_cmpint (accounts.here + accounts.there, ==, 1000);
 * g_assert_no_error (error);
 * ]|
 *
 * The job may succeed or fail with %G_IO_ERROR_CANCELLED; any other error is set in @error. A job that never completes
 * hangs the test. When the job has completed and everything is idle, no reference on its task or its scope may be left;
 * a wait that still runs holds one, as does a kept Python exception. Then the call fails with %G_IO_ERROR_BUSY. (It
 * does not check a JavaScript job, because a garbage collector frees objects later.) Check all other invariants
 * yourself after each call.
 *
 * It iterates the context, so call it in the thread that does.
 *
 * Returns: %TRUE if the job was cancelled, so there may be more steps; %FALSE if it completed first, or with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_test_context_cancel_at_step (AiodriveTestContext  *self,
                                      guint                 step,
                                      AiodriveJobFunc       func,
                                      gpointer              user_data,
                                      GDestroyNotify        user_data_destroy,
                                      GError              **error)
{
  AiodriveCancelScope *scope;
  GMainContext *context;
  gboolean cancelled;
  GTask *task;

  g_return_val_if_fail (AIODRIVE_IS_TEST_CONTEXT (self), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  context = aiodrive_test_context_get_context (self);
  g_main_context_push_thread_default (context);
  scope = aiodrive_cancel_scope_new (NULL);
  task = aiodrive_spawn (G_CANCELLABLE (scope), func, user_data, user_data_destroy);
  cancelled = run (context, task, G_CANCELLABLE (scope), step);
  if (!check (self, task, scope, aiodrive_get_bound_language (G_CALLBACK (func)) != NULL, error))
    {
      g_prefix_error (error, cancelled ? "Cancelled after %u steps: " : "Not cancelled in %u steps: ", step);
      cancelled = FALSE;
    }
  g_main_context_pop_thread_default (context);
  return cancelled;
}
