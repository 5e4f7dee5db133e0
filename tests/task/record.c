/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

#define N_THREADS 4

static void
expect_unawaited (const char *name)
{
  g_autofree char *message = g_strdup_printf ("Task %s failed and nobody awaited it: %s failed", name, name);

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, message);
}

typedef struct
{
  GTask    *task;
  TestCall  call;
  gint     *n_values;   /* atomic: how many got one */
} Waiter;

static void
start_waiting (gpointer data,
               gpointer unused)
{
  Waiter *self = data;

  aiodrive_wait_task_async (self->task, NULL, test_on_ready, &self->call);
}

static void
end_waiting (gpointer data,
             gpointer unused)
{
  Waiter *self = data;
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) again = NULL;

  test_call_wait (&self->call);
  g_assert_true (g_task_get_completed (self->task));   /* set before anybody was woken */
  aiodrive_task_propagate (self->task, &value, &error);
  if (error == NULL)
    g_atomic_int_inc (self->n_values);
  again = aiodrive_task_dup_error (self->task);
  if (again != NULL)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  else if (error != NULL)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);   /* somebody else has the value */
  test_call_clear (&self->call);
}

/* Many threads wait for one task: all see its error, one gets its value. */
static void
test_threads (void)
{
  TestThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = test_thread_start ();
  for (guint round = 0; round < 200; round++)
    {
      TestTask *a = test_task_new (round % TEST_N_TASK_KINDS, "a", NULL);
      gboolean fails = round & 4;
      Waiter waiters[N_THREADS] = { 0 };
      gint n_values = 0;

      for (guint i = 0; i < N_THREADS; i++)
        {
          waiters[i] = (Waiter) { .task = a->task, .n_values = &n_values };
          test_thread_call (threads[i], start_waiting, &waiters[i]);
        }
      if (fails)
        test_task_fail (a, G_IO_ERROR_NOT_FOUND);
      else
        test_task_succeed (a);
      test_task_settle (a);
      for (guint i = 0; i < N_THREADS; i++)
        test_thread_call (threads[i], end_waiting, &waiters[i]);
      g_assert_cmpint (n_values, ==, fails ? 0 : 1);

      test_task_free (a);
    }
  for (guint i = 0; i < N_THREADS; i++)
    test_thread_stop (threads[i]);
}

static void
note_thread (GTask      *task,
             GParamSpec *pspec,
             gpointer    data)
{
  g_atomic_pointer_set ((gpointer *) data, g_thread_self ());
}

typedef struct
{
  gint   entered;   /* atomic */
  GMutex mutex;
} Block;

static gboolean
block (gpointer data)
{
  Block *self = data;

  g_atomic_int_set (&self->entered, TRUE);
  g_mutex_lock (&self->mutex);
  g_mutex_unlock (&self->mutex);
  return G_SOURCE_REMOVE;
}

/* A task of another thread's context is looked at there alone, so that it takes a while until it is known here. */
static void
test_foreign_context (void)
{
  TestTask *a = test_task_new (TEST_TASK_REMOTE, "a", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;
  Block there = { FALSE };
  gpointer thread = NULL;

  g_signal_connect (a->task, "notify::completed", G_CALLBACK (note_thread), &thread);
  test_task_fail (a, G_IO_ERROR_NOT_FOUND);
  test_task_settle (a);

  /* it has ended, but that thread is busy: nobody has looked */
  g_mutex_init (&there.mutex);
  g_mutex_lock (&there.mutex);
  g_main_context_invoke (test_thread_get_context (a->thread), block, &there);
  test_spin_while (!g_atomic_int_get (&there.entered));
  g_assert_null (aiodrive_task_get_leaf (a->task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_clear_error (&error);
  g_mutex_unlock (&there.mutex);

  aiodrive_wait_task_async (a->task, NULL, test_on_ready, &call);
  test_call_wait (&call);
  g_assert_null (aiodrive_task_get_leaf (a->task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (thread);
  g_assert_true (thread != g_thread_self ());

  test_task_settle (a);
  g_mutex_clear (&there.mutex);
  test_call_clear (&call);
  test_task_free (a);
}

typedef struct
{
  GTask  *task;
  GError *error;
} Look;

static void
look (gpointer data,
      gpointer unused)
{
  Look *self = data;

  aiodrive_task_get_leaf (self->task, &self->error);
}

static void
look_in_both (GTask      *task,
              GParamSpec *pspec,
              gpointer    thread)
{
  g_autoptr(GError) error = aiodrive_task_dup_error (task);
  Look there = { .task = task };

  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  test_thread_call (thread, look, &there);
  g_assert_error (there.error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_clear_error (&there.error);
  g_object_set_data (G_OBJECT (task), "looked", thread);
}

/* In its own context the outcome is known as soon as the task was called back; elsewhere somewhat later. */
static void
test_known_at_once (void)
{
  TestThread *thread = test_thread_start ();
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);

  g_signal_connect (a->task, "notify::completed", G_CALLBACK (look_in_both), thread);
  test_task_fail (a, G_IO_ERROR_NOT_FOUND);
  aiodrive_run (a->task);
  g_assert_nonnull (g_object_get_data (G_OBJECT (a->task), "looked"));

  test_task_free (a);
  test_thread_stop (thread);
}

/* Drops @task, asserting that it warns, or not. */
static void
check_drop (TestTask   *task,
            const char *warned)
{
  if (warned != NULL)
    expect_unawaited (warned);
  test_task_free (task);
  g_test_assert_expected_messages ();
}

static void
test_unawaited (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  TestTask *b = test_task_new (TEST_TASK_STARTED, "b", NULL);
  TestTask *foreign = test_task_new (TEST_TASK_FOREIGN, "foreign", NULL);

  test_task_fail (a, G_IO_ERROR_NOT_FOUND);
  check_drop (a, "a");
  test_task_fail (b, G_IO_ERROR_EXISTS);
  check_drop (b, "b");
  test_task_fail (foreign, G_IO_ERROR_NOT_FOUND);
  check_drop (foreign, NULL);   /* that is for others to say */
}

static void
fail_at_once (GTask        *task,
              GCancellable *cancellable,
              gpointer      user_data)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "broken");
}

static void
test_unawaited_unnamed (void)
{
  GTask *task = aiodrive_spawn (NULL, fail_at_once, NULL, NULL);

  g_object_unref (task);   /* nobody holds it any more */
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "Task (unnamed) failed and nobody awaited it: broken");
  test_settle ();
  g_test_assert_expected_messages ();
}

static void
on_completed (void)
{
}

/* Who looks, waits or watches has seen it. */
static void
test_awaited (void)
{
  for (guint i = 0; i < 8; i++)
    {
      TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_autoptr(GError) error = NULL;
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();

      switch (i)
        {
        case 0:
          aiodrive_wait_task_async (a->task, NULL, test_on_ready, &call);
          break;
        case 1:
          aiodrive_try_all_async (&a->task, 1, NULL, test_on_ready, &call);
          break;
        case 2:
          g_signal_connect (a->task, "notify::completed", G_CALLBACK (on_completed), NULL);
          break;
        case 3:
          /* a wait that was given up is one all the same */
          aiodrive_wait_task_async (a->task, cancellable, test_on_ready, &call);
          g_cancellable_cancel (cancellable);
          break;
        default:
          break;
        }
      test_task_fail (a, i == 4 ? G_IO_ERROR_CANCELLED : G_IO_ERROR_NOT_FOUND);
      test_settle ();
      if (i == 5)
        error = aiodrive_task_dup_error (a->task);
      else if (i == 6)
        aiodrive_run (a->task);
      else if (i == 7)
        g_assert_null (aiodrive_task_get_leaf (a->task, NULL));
      test_call_clear (&call);
      check_drop (a, NULL);
    }
}

/* One who looks before it has ended has not seen how it ends; one with a value needs nobody. */
static void
test_looked_too_early (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  TestTask *b = test_task_new (TEST_TASK_JOB, "b", NULL);

  g_assert_null (aiodrive_task_dup_error (a->task));
  g_assert_null (aiodrive_task_get_leaf (a->task, NULL));
  test_task_fail (a, G_IO_ERROR_NOT_FOUND);
  check_drop (a, "a");
  test_task_succeed (b);
  check_drop (b, NULL);
}

static void
take_error (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (g_task_propagate_pointer (G_TASK (result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* A foreign task whose error somebody took is somebody's mistake: GLib says so, and nobody waits for ever. */
static void
test_error_taken (void)
{
  GTask *foreign = g_task_new (NULL, NULL, take_error, NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  g_task_set_name (foreign, "foreign");
  aiodrive_wait_task_async (foreign, NULL, test_on_ready, &call);
  g_task_return_new_error (foreign, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "not found");
  g_test_expect_message ("GLib-GIO", G_LOG_LEVEL_CRITICAL, "*g_task_propagate_pointer*failed*");
  test_call_wait (&call);
  g_test_assert_expected_messages ();
  error = aiodrive_task_dup_error (foreign);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "foreign"));

  test_call_clear (&call);
  test_finalize_task (foreign);
}

static void
answer (GTask        *task,
        gpointer      source_object,
        gpointer      task_data,
        GCancellable *cancellable)
{
  g_task_return_int (task, 42);
}

/* Once it is known how a foreign task ended, cancelling it does not undo that. */
static void
test_outcome_kept (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      GTask *foreign = g_task_new (NULL, cancellable, NULL, NULL);
      g_autoptr(GError) error = NULL;

      if (i == 1)
        g_task_set_return_on_cancel (foreign, TRUE);
      g_task_run_in_thread (foreign, answer);
      aiodrive_run (foreign);
      g_cancellable_cancel (cancellable);
      g_assert_true (aiodrive_task_get_leaf (foreign, &error) == foreign);
      g_assert_no_error (error);
      g_assert_cmpint (g_task_propagate_int (foreign, &error), ==, 42);
      g_assert_no_error (error);

      test_settle ();
      /* a thread of GLib may be about to let go of it */
      test_spin_while (g_atomic_int_get (&G_OBJECT (foreign)->ref_count) > 1);
      test_finalize_task (foreign);
    }
}

static gpointer
make_record (gpointer task)
{
  g_autoptr(GError) error = aiodrive_task_dup_error (task);

  return NULL;
}

/* Many threads look at the same foreign task for the first time, while it is returned. */
static void
test_first_look_in_threads (void)
{
  for (guint round = 0; round < 200; round++)
    {
      TestTask *a = test_task_new (TEST_TASK_FOREIGN, "a", NULL);
      GThread *threads[N_THREADS];
      g_autoptr(GError) error = NULL;

      for (guint i = 0; i < N_THREADS; i++)
        threads[i] = g_thread_new ("look", make_record, a->task);
      test_task_fail (a, G_IO_ERROR_NOT_FOUND);
      for (guint i = 0; i < N_THREADS; i++)
        g_thread_join (threads[i]);
      aiodrive_run (a->task);
      error = aiodrive_task_dup_error (a->task);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);

      test_task_free (a);
    }
}

static void
drop_in_thread (gpointer task,
                gpointer unused)
{
  g_object_unref (task);
}

/* The last reference may be dropped anywhere: the warning comes from there. */
static void
test_dropped_in_thread (void)
{
  TestThread *thread = test_thread_start ();
  GTask *task = aiodrive_spawn (NULL, fail_at_once, NULL, NULL);

  test_settle ();
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "Task (unnamed) failed and nobody awaited it: broken");
  test_thread_call (thread, drop_in_thread, task);
  g_test_assert_expected_messages ();
  test_thread_stop (thread);
}

/* An error domain that looks at what the error belongs to whenever the error is copied. */
typedef struct
{
  GTask               *task;    /* unowned, nullable */
  AiodriveCancelScope *scope;   /* unowned, nullable */
  guint               *n_looks;
} CuriousErrorPrivate;

GQuark curious_error_quark (void);

static void
curious_error_private_init (CuriousErrorPrivate *self)
{
}

static void
curious_error_private_copy (const CuriousErrorPrivate *source,
                            CuriousErrorPrivate       *target)
{
  *target = *source;
  ++*source->n_looks;
  if (*source->n_looks > 1)
    return;
  if (source->task != NULL)
    g_error_free (aiodrive_task_dup_error (source->task));
  if (source->scope != NULL)
    aiodrive_cancel_scope_set_deadline (source->scope, aiodrive_cancel_scope_get_deadline (source->scope));
}

static void
curious_error_private_clear (CuriousErrorPrivate *self)
{
}

G_DEFINE_EXTENDED_ERROR (CuriousError, curious_error)

static void
test_curious_task (void)
{
  g_autoptr(GTask) task = aiodrive_task_new (NULL);
  g_autoptr(GError) copy = NULL;
  GError *error = g_error_new_literal (curious_error_quark (), 1, "curious");
  guint n_looks = 0;

  g_test_summary ("An error of a task may look at the task while it is copied");

  *curious_error_get_private (error) = (CuriousErrorPrivate) { task, NULL, &n_looks };
  g_task_return_error (task, error);
  test_settle ();
  copy = aiodrive_task_dup_error (task);
  g_assert_error (copy, curious_error_quark (), 1);
  g_assert_cmpuint (n_looks, ==, 2);
}

static void
test_curious_scope (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(GError) error = g_error_new_literal (curious_error_quark (), 1, "curious");
  g_autoptr(GError) reason = NULL;
  guint n_looks = 0;

  g_test_summary ("The reason of a scope may look at the scope while it is copied");

  *curious_error_get_private (error) = (CuriousErrorPrivate) { NULL, scope, &n_looks };
  aiodrive_cancel_scope_cancel_with_reason (scope, error);
  n_looks = 0;
  reason = aiodrive_cancel_scope_dup_reason (scope);
  g_assert_error (reason, curious_error_quark (), 1);
  g_assert_cmpuint (n_looks, ==, 1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/record/threads", test_threads);
  g_test_add_func ("/aiodrive/task/record/foreign-context", test_foreign_context);
  g_test_add_func ("/aiodrive/task/record/known-at-once", test_known_at_once);
  g_test_add_func ("/aiodrive/task/record/unawaited", test_unawaited);
  g_test_add_func ("/aiodrive/task/record/unawaited-unnamed", test_unawaited_unnamed);
  g_test_add_func ("/aiodrive/task/record/awaited", test_awaited);
  g_test_add_func ("/aiodrive/task/record/looked-too-early", test_looked_too_early);
  g_test_add_func ("/aiodrive/task/record/error-taken", test_error_taken);
  g_test_add_func ("/aiodrive/task/record/outcome-kept", test_outcome_kept);
  g_test_add_func ("/aiodrive/task/record/first-look-in-threads", test_first_look_in_threads);
  g_test_add_func ("/aiodrive/task/record/dropped-in-thread", test_dropped_in_thread);
  g_test_add_func ("/aiodrive/task/record/curious-error", test_curious_task);
  g_test_add_func ("/aiodrive/task/record/curious-error/reason", test_curious_scope);

  return g_test_run ();
}
