/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* What is right, and what is wrong in jobs: cancel_at_step() has to see it. */

typedef struct
{
  gboolean fails;     /* if it is cancelled in its second sleep */
  guint    n_left;
  guint    n_ended;
  guint    n_destroyed;
} Job;

static void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GTask) task = data;
  Job *self = g_task_get_task_data (task);
  GError *error = NULL;

  self->n_left--;
  if (!aiodrive_sleep_finish (result, &error))
    {
      self->n_ended++;
      if (self->fails && self->n_left == 1)
        g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "it broke");
      else
        g_task_return_error (task, g_steal_pointer (&error));
      g_clear_error (&error);
    }
  else if (self->n_left == 0)
    {
      self->n_ended++;
      g_task_return_boolean (task, TRUE);
    }
  else
    {
      aiodrive_sleep_async (3600000, g_task_get_cancellable (task), on_slept, g_object_ref (task));
    }
}

static void
sleep_job (GTask        *task,
           GCancellable *cancellable,
           gpointer      data)
{
  Job *self = data;

  self->n_left = 3;
  g_task_set_task_data (task, self, NULL);
  aiodrive_sleep_async (3600000, cancellable, on_slept, g_object_ref (task));
}

static void
on_destroyed (gpointer data)
{
  ((Job *) data)->n_destroyed++;
}

static void
test_every_step (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  Job job = { FALSE };
  guint left[4] = { 0 };
  g_autoptr(GError) error = NULL;
  guint step;

  for (step = 0; aiodrive_test_context_cancel_at_step (test, step, sleep_job, &job, on_destroyed, &error); step++)
    left[job.n_left]++;
  g_assert_no_error (error);
  g_assert_cmpuint (job.n_ended, ==, step + 1);
  g_assert_cmpuint (job.n_destroyed, ==, step + 1);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (left[i], >, 0);   /* cancelled in each of its sleeps */
}

static void
test_own_context (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (context);
  Job job = { FALSE };
  g_autoptr(GError) error = NULL;
  guint step;

  for (step = 0; aiodrive_test_context_cancel_at_step (test, step, sleep_job, &job, NULL, &error); step++)
    ;
  g_assert_no_error (error);
  g_assert_cmpuint (step, >, 3);
  g_assert_cmpuint (job.n_ended, ==, step + 1);
}

static void
test_failure (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  Job job = { .fails = TRUE };
  g_autoptr(GError) error = NULL;
  guint step;

  for (step = 0; aiodrive_test_context_cancel_at_step (test, step, sleep_job, &job, NULL, &error); step++)
    ;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  g_assert_cmpuint (step, >, 1);
  g_assert_true (g_str_has_prefix (error->message, "Cancelled after "));
}

static void
on_leaked (GObject      *source_object,
           GAsyncResult *result,
           gpointer      task)
{
  g_object_unref (task);
}

static void
leak_job (GTask        *task,
          GCancellable *cancellable,
          gpointer      future)
{
  aiodrive_thread_safe_future_wait_async (future, NULL, on_leaked, g_object_ref (task));
  g_task_return_boolean (task, TRUE);
}

static void
test_leak (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveThreadSafeFuture) future = aiodrive_thread_safe_future_new ();
  g_autoptr(GError) error = NULL;

  g_assert_false (aiodrive_test_context_cancel_at_step (test, 100, leak_job, future, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (error->message, ==, "Not cancelled in 100 steps: its task is still in use");
  aiodrive_thread_safe_future_cancel (future, NULL);
  test_settle ();
}

/* What is there already takes no iteration of the main loop, but is a step all the same. */

typedef struct
{
  AiodriveSmartLock *lock;
  guint              n_acquired;
} Acquire;

static void
on_acquired (GObject      *source_object,
             GAsyncResult *result,
             gpointer      data)
{
  g_autoptr(GTask) task = data;
  Acquire *self = g_task_get_task_data (task);
  g_autoptr(AiodriveLockGuard) guard = NULL;
  GError *error = NULL;

  guard = aiodrive_smart_lock_acquire_finish (self->lock, result, &error);
  if (guard == NULL)
    g_task_return_error (task, error);
  else if (++self->n_acquired == 5)
    g_task_return_boolean (task, TRUE);
  else
    aiodrive_smart_lock_acquire_async (self->lock, AIODRIVE_LOCK_MODE_SHARED, G_PRIORITY_DEFAULT,
                                       g_task_get_cancellable (task), on_acquired, g_object_ref (task));
}

static void
acquire_job (GTask        *task,
             GCancellable *cancellable,
             gpointer      data)
{
  Acquire *self = data;

  self->n_acquired = 0;
  g_task_set_task_data (task, self, NULL);
  aiodrive_smart_lock_acquire_async (self->lock, AIODRIVE_LOCK_MODE_SHARED, G_PRIORITY_DEFAULT, cancellable,
                                     on_acquired, g_object_ref (task));
}

static void
test_ready (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  Acquire job = { .lock = lock };
  g_autoptr(GError) error = NULL;
  guint step;

  g_test_summary ("A job that acquires a free lock five times is cancelled after each of them");

  for (step = 0; aiodrive_test_context_cancel_at_step (test, step, acquire_job, &job, NULL, &error); step++)
    g_assert_cmpuint (job.n_acquired, ==, MIN (step, 5));
  g_assert_no_error (error);
  g_assert_cmpuint (step, >=, 6);
}

static gboolean
acquire_in_fiber (GCancellable  *scope,
                  gpointer       data,
                  GValue        *result,
                  GError       **error)
{
  Acquire *self = data;

  for (self->n_acquired = 0; self->n_acquired < 5; self->n_acquired++)
    {
      g_autoptr(AiodriveLockGuard) guard = NULL;
      GAsyncResult *acquired;

      acquired = AIODRIVE_AWAIT (aiodrive_smart_lock_acquire_async, self->lock, AIODRIVE_LOCK_MODE_SHARED, 0);
      guard = aiodrive_smart_lock_acquire_finish (self->lock, acquired, error);
      if (guard == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
sleep_in_fiber (GCancellable  *scope,
                gpointer       data,
                GValue        *result,
                GError       **error)
{
  Acquire *self = data;

  for (self->n_acquired = 0; self->n_acquired < 5; self->n_acquired++)
    if (!aiodrive_sleep (10, scope, error))
      return FALSE;
  return TRUE;
}

/* Cancels a fiber at each step. Returns the number of steps. */
static guint
cancel_fiber (AiodriveFiberFunc  func,
              Acquire           *job)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(GError) error = NULL;
  guint seen = 0;
  guint step;

  for (step = 0; aiodrive_test_context_cancel_at_step (test, step, AIODRIVE_FIBER (func, job, NULL), &error); step++)
    {
      g_assert_cmpuint (job->n_acquired, <=, step);
      seen |= 1u << job->n_acquired;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (seen & 31, ==, 31);   /* cancelled at each of the awaits */
  return step;
}

static void
test_fiber (void)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  Acquire job = { .lock = lock };

  g_test_summary ("A fiber is cancelled at each await, also where it need not wait");

  g_assert_cmpuint (cancel_fiber (acquire_in_fiber, &job), >=, 6);
  g_assert_cmpuint (cancel_fiber (sleep_in_fiber, &job), >=, 6);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/testing/cancel-at-step/every-step", test_every_step);
  g_test_add_func ("/aiodrive/testing/cancel-at-step/own-context", test_own_context);
  g_test_add_func ("/aiodrive/testing/cancel-at-step/failure", test_failure);
  g_test_add_func ("/aiodrive/testing/cancel-at-step/leak", test_leak);
  g_test_add_func ("/aiodrive/testing/cancel-at-step/ready", test_ready);
  g_test_add_func ("/aiodrive/testing/cancel-at-step/fiber", test_fiber);

  return g_test_run ();
}
