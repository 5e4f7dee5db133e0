/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

typedef struct
{
  GString      *log;          /* owned: what happened, a letter each */
  GTask        *task;         /* as the job got it; not owned but by those jobs that return it later */
  GCancellable *cancellable;
  gboolean      was_cancelled;
  GThread      *destroyed_in;
  gint          n_destroyed;  /* atomic */
} Job;

static void
destroyed (gpointer data)
{
  Job *self = data;

  self->destroyed_in = g_thread_self ();
  g_atomic_int_inc (&self->n_destroyed);
}

static void
note (Job          *self,
      GTask        *task,
      GCancellable *cancellable)
{
  self->task = task;
  self->cancellable = cancellable;
  self->was_cancelled = g_cancellable_is_cancelled (cancellable);
  if (self->log != NULL)
    g_string_append (self->log, g_task_get_name (task));
}

static void
return_at_once (GTask        *task,
                GCancellable *cancellable,
                gpointer      user_data)
{
  note (user_data, task, cancellable);
  if (!g_task_return_error_if_cancelled (task))
    g_task_return_int (task, 7);
}

static void
return_later (GTask        *task,
              GCancellable *cancellable,
              gpointer      user_data)
{
  note (user_data, task, cancellable);
  g_object_ref (task);
}

static void
assert_int (GTask *task)
{
  g_autoptr(GError) error = NULL;
  GTask *leaf = aiodrive_task_get_leaf (task, &error);

  g_assert_no_error (error);
  g_assert_cmpint (g_task_propagate_int (leaf, &error), ==, 7);
  g_assert_no_error (error);
}

/* Not inside the call, but in the next iteration, with a scope below the parent. */
static void
test_spawn (void)
{
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  Job job = { 0 };
  GTask *task = aiodrive_spawn (parent, return_at_once, &job, destroyed);
  AiodriveCancelScope *scope = AIODRIVE_CANCEL_SCOPE (g_task_get_cancellable (task));
  g_autoptr(GTask) of_scope = aiodrive_cancel_scope_ref_task (scope);

  g_assert_null (job.task);
  g_assert_true (of_scope == task);
  g_assert_true (aiodrive_cancel_scope_get_parent (scope) == parent);
  g_main_context_iteration (NULL, FALSE);
  g_assert_true (job.task == task);
  g_assert_true (job.cancellable == G_CANCELLABLE (scope));
  aiodrive_run (task);
  assert_int (task);
  g_assert_cmpint (job.n_destroyed, ==, 1);

  g_clear_object (&of_scope);
  test_finalize_task (task);
  g_assert_cmpint (job.n_destroyed, ==, 1);
}

/* At once, also where it is returned inside the call; its user data is freed after the end. */
static void
test_prime (void)
{
  Job job = { 0 };
  GTask *task = aiodrive_prime (NULL, return_at_once, &job, destroyed);

  g_assert_true (job.task == task);
  g_assert_cmpint (job.n_destroyed, ==, 0);
  g_assert_false (g_task_get_completed (task));
  aiodrive_run (task);
  assert_int (task);
  g_assert_cmpint (job.n_destroyed, ==, 1);

  test_finalize_task (task);
}

typedef struct
{
  GTask *spawned;
  GTask *primed;
  Job    jobs[2];
} InCallback;

static gboolean
start_both (gpointer data)
{
  InCallback *self = data;

  self->spawned = aiodrive_spawn (NULL, return_at_once, &self->jobs[0], destroyed);
  self->primed = aiodrive_prime (NULL, return_at_once, &self->jobs[1], destroyed);
  g_assert_null (self->jobs[0].task);
  g_assert_nonnull (self->jobs[1].task);
  return G_SOURCE_REMOVE;
}

static void
test_in_callback (void)
{
  InCallback self = { NULL };

  g_idle_add (start_both, &self);
  test_iterate_until (self.primed != NULL);
  aiodrive_run (self.spawned);
  aiodrive_run (self.primed);
  assert_int (self.spawned);
  assert_int (self.primed);

  test_finalize_task (self.spawned);
  test_finalize_task (self.primed);
}

/* Jobs start in the order in which they were spawned. */
static void
test_order (void)
{
  g_autoptr(GString) log = g_string_new (NULL);
  Job job = { .log = log };
  const char *names[] = { "a", "b", "c", "d" };
  GTask *tasks[4];

  for (guint i = 0; i < 4; i++)
    {
      tasks[i] = aiodrive_spawn (NULL, return_at_once, &job, NULL);
      g_task_set_name (tasks[i], names[i]);
    }
  test_settle ();
  g_assert_cmpstr (log->str, ==, "abcd");
  for (guint i = 0; i < 4; i++)
    test_finalize_task (tasks[i]);
}

/* A job below a cancelled parent starts, and sees it. */
static void
test_cancelled_parent (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(GCancellable) parent = i == 0 ? g_cancellable_new () : G_CANCELLABLE (aiodrive_cancel_scope_new (NULL));
      Job job = { 0 };
      g_autoptr(GError) error = NULL;
      GTask *task;

      if (i < 2)
        g_cancellable_cancel (parent);
      task = i == 1 ? aiodrive_prime (parent, return_at_once, &job, destroyed)
                    : aiodrive_spawn (parent, return_at_once, &job, destroyed);
      g_cancellable_cancel (parent);   /* before the job starts, if it was not before */
      aiodrive_run (task);
      g_assert_true (job.task == task);
      g_assert_true (job.was_cancelled);
      error = aiodrive_task_dup_error (task);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpint (job.n_destroyed, ==, 1);

      test_finalize_task (task);
    }
}

/* The job decides how it ends: being cancelled does not undo a value. */
static void
test_value_in_spite_of_cancel (void)
{
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  Job job = { 0 };
  GTask *task = aiodrive_prime (parent, return_later, &job, NULL);

  g_cancellable_cancel (parent);
  g_assert_true (g_cancellable_is_cancelled (job.cancellable));
  g_task_return_int (job.task, 7);
  g_object_unref (job.task);
  aiodrive_run (task);
  assert_int (task);
  test_finalize_task (task);
}

/* A parent does not keep its tasks, nor a task without a job anybody. */
static void
test_parent_outlives (void)
{
  g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
  Job job = { 0 };
  GTask *task = aiodrive_spawn (G_CANCELLABLE (parent), return_at_once, &job, destroyed);

  g_object_unref (task);   /* the job runs all the same */
  test_settle ();
  g_assert_nonnull (job.task);
  g_assert_cmpint (job.n_destroyed, ==, 1);
  g_cancellable_cancel (G_CANCELLABLE (parent));
  g_assert_finalize_object (g_steal_pointer (&parent));
}

static gpointer
return_int (gpointer task)
{
  g_task_return_int (task, 7);
  g_object_unref (task);
  return NULL;
}

/* Returned from another thread: who waits is called back, and the data freed, where it was spawned. */
static void
test_returned_in_thread (void)
{
  for (guint i = 0; i < 50; i++)
    {
      Job job = { 0 };
      GTask *task = aiodrive_prime (NULL, return_later, &job, destroyed);
      g_auto(TestCall) call = TEST_CALL_INIT;
      GThread *thread;

      aiodrive_wait_task_async (task, NULL, test_on_ready, &call);
      thread = g_thread_new ("return", return_int, job.task);
      test_call_wait (&call);
      g_assert_true (call.context == g_main_context_default ());
      g_thread_join (thread);
      assert_int (task);
      g_assert_true (job.destroyed_in == g_thread_self ());
      g_assert_cmpint (job.n_destroyed, ==, 1);

      test_call_clear (&call);
      test_finalize_task (task);
    }
}

typedef struct
{
  Job    job;
  GTask *task;
} InThread;

static void
spawn_there (gpointer data,
             gpointer unused)
{
  InThread *self = data;

  self->task = aiodrive_spawn (NULL, return_later, &self->job, destroyed);
  test_settle ();
}

static void
note_self (gpointer data,
           gpointer unused)
{
  *(GThread **) data = g_thread_self ();
}

/* Spawned in one thread, ended and dropped in another: the data is freed where it came from. */
static void
test_destroyed_in_its_context (void)
{
  TestThread *thread = test_thread_start ();
  InThread self = { 0 };
  g_auto(TestCall) call = TEST_CALL_INIT;
  GThread *there = NULL;

  test_thread_call (thread, note_self, &there);
  test_thread_call (thread, spawn_there, &self);
  g_assert_cmpint (g_atomic_int_get (&self.job.n_destroyed), ==, 0);
  aiodrive_wait_task_async (self.task, NULL, test_on_ready, &call);
  return_int (self.job.task);
  test_call_wait (&call);
  while (g_atomic_int_get (&self.job.n_destroyed) == 0)
    g_thread_yield ();
  g_assert_true (self.job.destroyed_in == there);
  assert_int (self.task);

  test_call_clear (&call);
  test_thread_stop (thread);
  test_finalize_task (self.task);
}

static void
no_job (GTask        *task,
        GCancellable *cancellable,
        gpointer      user_data)
{
  g_assert_not_reached ();
}

/* Data that is freed, but the memory of which is there to be looked at. */
typedef struct
{
  gint     n_freed;     /* atomic, as are the next */
  gint     n_waiters;
  GThread *freed_in;
} Data;

static void
data_freed (gpointer data)
{
  Data *self = data;

  self->freed_in = g_thread_self ();
  g_atomic_int_inc (&self->n_freed);
}

static void
lend_data (GTask        *task,
           GCancellable *cancellable,
           gpointer      data)
{
  g_task_set_task_data (task, data, NULL);
  g_task_return_boolean (task, TRUE);
}

static void
look_at_data (GObject      *source_object,
              GAsyncResult *result,
              gpointer      task)
{
  Data *data = g_task_get_task_data (task);

  g_assert_cmpint (g_atomic_int_get (&data->n_freed), ==, 0);
  g_atomic_int_add (&data->n_waiters, -1);
}

static void
wait_there (gpointer task,
            gpointer unused)
{
  aiodrive_wait_task_async (task, NULL, look_at_data, task);
}

/* Whatever waits when the task ends finds in its callback what the data of the job points to: here, in another thread,
 * and behind combinators. */
static void
test_data_in_callbacks (void)
{
  TestThread *thread = test_thread_start ();

  for (guint elsewhere = 0; elsewhere < 2; elsewhere++)
    {
      Data data = { .n_waiters = 3 };
      GTask *task = aiodrive_spawn (NULL, lend_data, &data, data_freed);
      GTask *timeout = aiodrive_timeout (task, 1000000, NULL);
      GTask *all = aiodrive_try_all (&timeout, 1, NULL);

      if (elsewhere)
        {
          g_atomic_int_inc (&data.n_waiters);
          test_thread_call (thread, wait_there, task);
        }
      aiodrive_wait_task_async (task, NULL, look_at_data, task);
      aiodrive_wait_all_async (&task, 1, NULL, look_at_data, task);
      aiodrive_wait_task_async (all, NULL, look_at_data, task);
      test_iterate_until (g_atomic_int_get (&data.n_freed) > 0);
      g_assert_cmpint (data.n_waiters, ==, 0);
      g_assert_cmpint (data.n_freed, ==, 1);
      g_assert_true (data.freed_in == g_thread_self ());

      test_thread_call (thread, (GFunc) (void (*) (void)) g_main_context_get_thread_default, NULL);
      test_finalize_task (all);
      test_finalize_task (timeout);
      test_finalize_task (task);
    }
  test_thread_stop (thread);
}

/* Primed in a thread without a context, while another thread iterates the default one. */

typedef struct
{
  gint n_called;   /* atomic, as is the next */
  gint n_freed;
} Primed;

static void
count_call (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  g_atomic_int_inc (&((Primed *) data)->n_called);
}

static gboolean
count_iteration (gpointer data)
{
  g_atomic_int_inc (&((Primed *) data)->n_called);
  return G_SOURCE_REMOVE;
}

static void
count_free (gpointer data)
{
  g_atomic_int_inc (&((Primed *) data)->n_freed);
}

static void
use_after_return (GTask        *task,
                  GCancellable *cancellable,
                  gpointer      data)
{
  Primed *self = data;

  aiodrive_wait_task_async (task, NULL, count_call, self);
  g_task_return_boolean (task, TRUE);
  test_spin_while (g_atomic_int_get (&self->n_called) < 1);
  g_idle_add (count_iteration, self);
  test_spin_while (g_atomic_int_get (&self->n_called) < 2);
  g_assert_cmpint (g_atomic_int_get (&self->n_freed), ==, 0);
}

static gpointer
prime_there (gpointer data)
{
  GTask *task = aiodrive_prime (NULL, use_after_return, data, count_free);

  test_spin_while (g_atomic_int_get (&((Primed *) data)->n_freed) < 1);
  g_object_unref (task);
  g_main_context_wakeup (NULL);
  return NULL;
}

static void
test_primed_elsewhere (void)
{
  Primed data = { 0 };
  GThread *thread;

  g_test_summary ("The data of a job is freed after its function has returned, also if the task ends before");

  thread = g_thread_new ("plain", prime_there, &data);
  test_iterate_until (g_atomic_int_get (&data.n_freed) > 0);
  g_thread_join (thread);
  test_settle ();
  g_assert_cmpint (data.n_freed, ==, 1);
}

/* One that begins to wait while others are called back is counted, too. */
static void
wait_once_more (GObject      *source_object,
                GAsyncResult *result,
                gpointer      task)
{
  look_at_data (source_object, result, task);
  aiodrive_wait_task_async (task, NULL, look_at_data, task);
}

static void
test_data_and_late_waiter (void)
{
  Data data = { .n_waiters = 2 };
  GTask *task = aiodrive_spawn (NULL, lend_data, &data, data_freed);

  aiodrive_wait_task_async (task, NULL, wait_once_more, task);
  test_settle ();
  g_assert_cmpint (data.n_waiters, ==, 0);
  g_assert_cmpint (data.n_freed, ==, 1);
  test_finalize_task (task);
}

/* A wait that is cancelled is not waited for. */
static void
test_data_and_cancelled_waiter (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Data data = { 0 };
  GTask *task = aiodrive_spawn (NULL, lend_data, &data, data_freed);
  TestCall call = TEST_CALL_INIT;

  aiodrive_wait_task_async (task, cancellable, test_on_ready, &call);
  g_cancellable_cancel (cancellable);
  test_settle ();
  g_assert_cmpint (data.n_freed, ==, 1);
  g_assert_null (aiodrive_wait_task_finish (call.result, NULL));
  test_call_clear (&call);
  test_finalize_task (task);
}

/* GLib complains as well, from 2.76 on. */
static void
expect_dropped (const char *message)
{
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, message);
  if (glib_check_version (2, 76, 0) == NULL)
    g_test_expect_message ("GLib-GIO", G_LOG_LEVEL_CRITICAL, "*without ever returning*");
}

static void
forget_task (GTask        *task,
             GCancellable *cancellable,
             gpointer      data)
{
  g_task_set_name (task, "forgotten");
}

/* A job that does not return its task is reported with the name of the task. */
static void
test_dropped (void)
{
  Data data = { 0 };
  GTask *task = aiodrive_prime (NULL, forget_task, &data, data_freed);

  expect_dropped ("Task forgotten was dropped before it was returned");
  g_object_unref (task);
  g_test_assert_expected_messages ();
  g_assert_cmpint (data.n_freed, ==, 1);
}

static void
test_wrong_arguments (void)
{
  g_autoptr(GObject) object = g_object_new (G_TYPE_OBJECT, NULL);

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*func != NULL*failed*");
  g_assert_null (aiodrive_spawn (NULL, NULL, NULL, NULL));
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*func != NULL*failed*");
  g_assert_null (aiodrive_prime (NULL, NULL, NULL, NULL));
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_CANCELLABLE (parent)*failed*");
  g_assert_null (aiodrive_spawn ((GCancellable *) object, no_job, NULL, NULL));
  g_test_assert_expected_messages ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/spawn/spawn", test_spawn);
  g_test_add_func ("/aiodrive/task/spawn/prime", test_prime);
  g_test_add_func ("/aiodrive/task/spawn/in-callback", test_in_callback);
  g_test_add_func ("/aiodrive/task/spawn/order", test_order);
  g_test_add_func ("/aiodrive/task/spawn/cancelled-parent", test_cancelled_parent);
  g_test_add_func ("/aiodrive/task/spawn/value-in-spite-of-cancel", test_value_in_spite_of_cancel);
  g_test_add_func ("/aiodrive/task/spawn/parent-outlives", test_parent_outlives);
  g_test_add_func ("/aiodrive/task/spawn/returned-in-thread", test_returned_in_thread);
  g_test_add_func ("/aiodrive/task/spawn/destroyed-in-its-context", test_destroyed_in_its_context);
  g_test_add_func ("/aiodrive/task/spawn/data-in-callbacks", test_data_in_callbacks);
  g_test_add_func ("/aiodrive/task/spawn/primed-elsewhere", test_primed_elsewhere);
  g_test_add_func ("/aiodrive/task/spawn/data-and-late-waiter", test_data_and_late_waiter);
  g_test_add_func ("/aiodrive/task/spawn/data-and-cancelled-waiter", test_data_and_cancelled_waiter);
  g_test_add_func ("/aiodrive/task/spawn/dropped", test_dropped);
  g_test_add_func ("/aiodrive/task/spawn/wrong-arguments", test_wrong_arguments);

  return g_test_run ();
}
