/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/support.h"

#define FOR_EVER G_MAXUINT

/* A job that fails a few times, and what there is to know of it. */
typedef struct
{
  guint    n_failures;  /* how many tries fail */
  guint    final;       /* the try that nothing can help; 0: none */
  gboolean forgets;     /* its tasks */
  gboolean cancels;     /* they fail with G_IO_ERROR_CANCELLED */
  guint    duration_ms; /* of a try */
  guint    n_tries;
  guint    n_freed;
  GTask   *last;        /* owned, nullable: that of the last try */
  GArray  *starts;      /* of gint64, nullable: when each try began */
} Plan;

static void
plan_clear (Plan *self)
{
  g_clear_object (&self->last);
  g_clear_pointer (&self->starts, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Plan, plan_clear)

static void
count_freed (gpointer plan)
{
  ((Plan *) plan)->n_freed++;
}

static void
return_try (GTask *task,
            Plan  *plan)
{
  g_autofree char *name = g_strdup_printf ("try %u", plan->n_tries);

  if (plan->final == plan->n_tries)
    aiodrive_task_set_final (task);
  if (plan->n_tries <= plan->n_failures)
    g_task_return_new_error (task, G_IO_ERROR,
                             plan->cancels ? G_IO_ERROR_CANCELLED : G_IO_ERROR_CONNECTION_REFUSED, "%s", name);
  else
    g_task_return_pointer (task, g_steal_pointer (&name), g_free);
}

static void
on_worked (GObject      *source_object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;

  if (aiodrive_sleep_finish (result, &error))
    return_try (task, g_object_get_data (G_OBJECT (task), "plan"));
  else
    g_task_return_error (task, error);
}

static void
work (GTask        *task,
      GCancellable *cancellable,
      gpointer      user_data)
{
  Plan *plan = user_data;
  gint64 now = aiodrive_get_monotonic_time ();

  plan->n_tries++;
  if (!plan->forgets)
    g_set_object (&plan->last, task);
  if (plan->starts != NULL)
    g_array_append_val (plan->starts, now);
  if (plan->duration_ms == 0)
    {
      return_try (task, plan);
      return;
    }
  g_object_set_data (G_OBJECT (task), "plan", plan);
  aiodrive_sleep_async (plan->duration_ms, cancellable, on_worked, g_object_ref (task));
}

static gint64
start_of (Plan  *self,
          guint  i)
{
  return g_array_index (self->starts, gint64, i);
}

static GTask *
retry (Plan         *plan,
       GCancellable *parent,
       guint         max_tries)
{
  return aiodrive_retry (parent, max_tries, 100, 1000, work, plan, count_freed);
}

/* Asserts how it went, and that nothing is left of it. */
static void
assert_failed (GTask *task,
               Plan  *plan,
               gint   code,
               guint  n_tries)
{
  g_autoptr(GError) error = aiodrive_task_dup_error (task);

  g_assert_error (error, G_IO_ERROR, code);
  g_assert_cmpuint (plan->n_tries, ==, n_tries);
  g_clear_object (&plan->last);
  test_settle ();
  test_finalize_task (task);
  g_assert_cmpuint (plan->n_freed, ==, 1);
}

static void
assert_succeeded (GTask      *task,
                  Plan       *plan,
                  const char *value,
                  guint       n_tries)
{
  g_autofree char *given = NULL;
  g_autoptr(GError) error = aiodrive_task_dup_error (task);
  GTask *leaf;

  g_assert_no_error (error);
  leaf = aiodrive_task_get_leaf (task, NULL);
  g_assert_true (leaf == plan->last);
  given = g_task_propagate_pointer (leaf, NULL);
  g_assert_cmpstr (given, ==, value);
  g_assert_cmpuint (plan->n_tries, ==, n_tries);
  g_clear_object (&plan->last);
  test_settle ();
  test_finalize_task (task);
  g_assert_cmpuint (plan->n_freed, ==, 1);
}

static void
test_success (void)
{
  g_auto(Plan) plan = { .n_failures = 0 };
  GTask *task = retry (&plan, NULL, 3);

  g_assert_cmpuint (plan.n_tries, ==, 0);   /* not inside the call */
  aiodrive_run (task);
  assert_succeeded (task, &plan, "try 1", 1);
}

static void
test_later_success (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_auto(Plan) plan = { .n_failures = 2 };
  GTask *task = retry (&plan, NULL, 5);

  aiodrive_run (task);
  assert_succeeded (task, &plan, "try 3", 3);
}

static void
test_last_error (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_auto(Plan) plan = { .n_failures = FOR_EVER };
  GTask *task = retry (&plan, NULL, 4);
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_cmpstr (error->message, ==, "try 4");
  assert_failed (task, &plan, G_IO_ERROR_CONNECTION_REFUSED, 4);
}

static void
test_one_try (void)
{
  g_auto(Plan) plan = { .n_failures = FOR_EVER };
  GTask *task = retry (&plan, NULL, 1);

  aiodrive_run (task);
  assert_failed (task, &plan, G_IO_ERROR_CONNECTION_REFUSED, 1);
}

static void
test_no_try (void)
{
  g_auto(Plan) plan = { .n_failures = 0 };
  GTask *task = retry (&plan, NULL, 0);

  g_assert_false (g_task_get_completed (task));
  aiodrive_run (task);
  assert_failed (task, &plan, G_IO_ERROR_INVALID_ARGUMENT, 0);
}

static void
test_final (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_auto(Plan) plan = { .n_failures = FOR_EVER, .final = 2 };
  g_auto(Plan) success = { .n_failures = 0, .final = 1 };
  GTask *task = retry (&plan, NULL, 10);

  aiodrive_run (task);
  assert_failed (task, &plan, G_IO_ERROR_CONNECTION_REFUSED, 2);

  task = retry (&success, NULL, 10);
  aiodrive_run (task);
  assert_succeeded (task, &success, "try 1", 1);
}

static void
test_final_of_others (void)
{
  g_autoptr(GTask) foreign = g_task_new (NULL, NULL, NULL, NULL);

  g_test_summary ("a task that the library does not know is left alone");
  aiodrive_task_set_final (foreign);
  g_task_return_boolean (foreign, TRUE);
  test_iterate_until (g_task_get_completed (foreign));
}

static void
test_cancelled_error (void)
{
  g_auto(Plan) plan = { .n_failures = FOR_EVER, .cancels = TRUE };
  GTask *task = retry (&plan, NULL, 10);

  aiodrive_run (task);
  assert_failed (task, &plan, G_IO_ERROR_CANCELLED, 1);
}

/* The bound doubles up to the greatest, and each delay is somewhere below it. */
static void
test_delays (void)
{
  static const guint bounds_ms[] = { 100, 200, 400, 800, 1000, 1000 };
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_auto(Plan) plan = { .n_failures = 6, .starts = g_array_new (FALSE, FALSE, sizeof (gint64)) };
  GTask *task = retry (&plan, NULL, FOR_EVER);

  aiodrive_run (task);
  for (guint i = 0; i < G_N_ELEMENTS (bounds_ms); i++)
    {
      gint64 delay = start_of (&plan, i + 1) - start_of (&plan, i);

      g_assert_cmpint (delay, >=, 0);
      g_assert_cmpint (delay, <=, bounds_ms[i] * G_GINT64_CONSTANT (1000));
    }
  assert_succeeded (task, &plan, "try 7", 7);
}

/* Over many delays with one bound there are short ones and long ones. */
static void
test_jitter (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_auto(Plan) plan = { .n_failures = 200, .starts = g_array_new (FALSE, FALSE, sizeof (gint64)) };
  GTask *task = aiodrive_retry (NULL, FOR_EVER, 1000, 1000, work, &plan, count_freed);
  gint64 least = G_MAXINT64;
  gint64 most = 0;

  aiodrive_run (task);
  for (guint i = 0; i < 200; i++)
    {
      gint64 delay = start_of (&plan, i + 1) - start_of (&plan, i);

      least = MIN (least, delay);
      most = MAX (most, delay);
    }
  g_assert_cmpint (least, <, 250000);
  g_assert_cmpint (most, >, 750000);
  g_assert_cmpint (most, <=, 1000000);
  assert_succeeded (task, &plan, "try 201", 201);
}

static void
test_no_delay (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_auto(Plan) plan = { .n_failures = 50 };
  GTask *task = aiodrive_retry (NULL, 100, 5000, 0, work, &plan, count_freed);

  aiodrive_run (task);
  g_assert_cmpint (aiodrive_test_context_get_elapsed (test), ==, 0);
  assert_succeeded (task, &plan, "try 51", 51);
}

static void
test_longest_delays (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_auto(Plan) plan = { .n_failures = 40 };
  GTask *task = aiodrive_retry (NULL, 100, 1, G_MAXUINT, work, &plan, count_freed);

  aiodrive_run (task);
  g_assert_cmpint (aiodrive_test_context_get_elapsed (test), >, 0);
  assert_succeeded (task, &plan, "try 41", 41);
}

static void
test_cancelled_before (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(Plan) plan = { .n_failures = FOR_EVER };
  GTask *task;

  g_test_summary ("the job runs once, as that of aiodrive_spawn() does");
  g_cancellable_cancel (cancellable);
  task = retry (&plan, cancellable, 3);
  aiodrive_run (task);
  assert_failed (task, &plan, G_IO_ERROR_CANCELLED, 1);
}

static void
test_cancelled_in_last_try (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(Plan) plan = { .n_failures = FOR_EVER };
  GTask *task;

  g_test_summary ("its real error comes out");
  g_cancellable_cancel (cancellable);
  task = retry (&plan, cancellable, 1);
  aiodrive_run (task);
  assert_failed (task, &plan, G_IO_ERROR_CONNECTION_REFUSED, 1);
}

static void
test_cancelled_in_try (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(Plan) plan = { .n_failures = FOR_EVER, .duration_ms = G_MAXUINT };
  GTask *task = retry (&plan, cancellable, 3);

  test_settle ();
  g_assert_cmpuint (plan.n_tries, ==, 1);
  g_cancellable_cancel (cancellable);
  aiodrive_run (task);
  assert_failed (task, &plan, G_IO_ERROR_CANCELLED, 1);
}

static void
test_cancelled_in_delay (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(Plan) plan = { .n_failures = FOR_EVER };
  GTask *task;

  /* the random delay is a long one, however it turns out */
  task = aiodrive_retry (cancellable, 3, G_MAXUINT, G_MAXUINT, work, &plan, count_freed);
  test_settle ();
  g_assert_cmpuint (plan.n_tries, ==, 1);
  g_cancellable_cancel (cancellable);
  aiodrive_run (task);
  assert_failed (task, &plan, G_IO_ERROR_CANCELLED, 1);
}

static gpointer
cancel (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_cancelled_from_thread (void)
{
  for (guint i = test_rounds (500); i-- > 0;)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_auto(Plan) plan = { .n_failures = FOR_EVER };
      GTask *task = aiodrive_retry (cancellable, FOR_EVER, 0, 0, work, &plan, count_freed);
      GThread *thread = g_thread_new (NULL, cancel, cancellable);
      g_autoptr(GError) error = NULL;

      aiodrive_run (task);
      g_thread_join (thread);
      error = aiodrive_task_dup_error (task);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpuint (plan.n_tries, >, 0);
      g_clear_object (&plan.last);
      test_settle ();
      test_finalize_task (task);
      g_assert_cmpuint (plan.n_freed, ==, 1);
    }
}

/* A call in the context of another thread. */
typedef struct
{
  Plan   plan;
  GTask *task;    /* owned */
  gint   ended;   /* atomic */
} Elsewhere;

static void
on_ended_elsewhere (GObject      *source_object,
                    GAsyncResult *result,
                    gpointer      data)
{
  Elsewhere *self = data;
  g_autoptr(GTask) task = aiodrive_wait_task_finish (result, NULL);

  g_assert_true (g_task_get_context (task) == g_main_context_get_thread_default ());
  g_atomic_int_set (&self->ended, TRUE);
}

static void
begin_elsewhere (gpointer data,
                 gpointer user_data)
{
  Elsewhere *self = data;

  self->task = aiodrive_retry (NULL, 10, 0, 0, work, &self->plan, count_freed);
  aiodrive_wait_task_async (self->task, NULL, on_ended_elsewhere, self);
}

static void
assert_elsewhere (gpointer data,
                  gpointer user_data)
{
  Elsewhere *self = data;

  assert_succeeded (self->task, &self->plan, "try 6", 6);
}

static void
test_in_thread (void)
{
  TestThread *thread = test_thread_start ();
  Elsewhere self = { { .n_failures = 5 }, NULL, FALSE };

  g_test_summary ("the tries run where the call was made");
  test_thread_call (thread, begin_elsewhere, &self);
  test_spin_while (!g_atomic_int_get (&self.ended));
  test_thread_call (thread, assert_elsewhere, &self);
  test_thread_stop (thread);
}

static void
test_budget (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_auto(Plan) plan = { .n_failures = FOR_EVER, .duration_ms = 3000 };
  GTask *task = retry (&plan, NULL, FOR_EVER);
  g_autoptr(GTask) limited = aiodrive_timeout (task, 60000, NULL);
  g_autoptr(GError) error = NULL;

  aiodrive_run (limited);
  error = aiodrive_task_dup_error (limited);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpint (aiodrive_test_context_get_elapsed (test), ==, 60 * G_USEC_PER_SEC);
  g_assert_cmpuint (plan.n_tries, >=, 15);
  test_settle ();
  g_clear_object (&limited);
  g_clear_object (&plan.last);
  test_finalize_task (task);
}

static void
drop (GTask        *task,
      GCancellable *cancellable,
      gpointer      n_tries)
{
  (*(guint *) n_tries)++;
}

static void
test_dropped_by_job (void)
{
  guint n_tries = 0;
  GTask *task = aiodrive_retry (NULL, 3, 0, 0, drop, &n_tries, NULL);
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_cmpuint (n_tries, ==, 3);
  test_settle ();
  test_finalize_task (task);
}

static void
show_half (GTask        *task,
           GCancellable *cancellable,
           gpointer      fraction)
{
  aiodrive_task_set_progress (task, *(double *) fraction);
  g_task_return_boolean (task, TRUE);
}

static void
test_progress (void)
{
  g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (NULL);
  double fraction = 0.5;
  g_autoptr(GTask) task = aiodrive_retry (NULL, 3, 0, 0, show_half, &fraction, NULL);
  g_autoptr(AiodriveTaskInfo) info = NULL;
  g_autoptr(GTask) closed = NULL;

  g_task_set_name (task, "load");
  g_assert_true (aiodrive_task_group_add (group, task, NULL));
  info = g_list_model_get_item (aiodrive_task_group_get_tasks (group), 0);
  closed = AIODRIVE_START (NULL, aiodrive_task_group_close_async, group);
  aiodrive_run (closed);
  g_assert_cmpfloat (aiodrive_task_info_get_progress (info), ==, 0.5);
}

/* In a fiber. */
static gboolean
fail_in_fiber (GCancellable  *scope,
               gpointer       data,
               GValue        *result,
               GError       **error)
{
  guint *n_tries = data;

  if (!aiodrive_sleep (1000, scope, error))
    return FALSE;
  if (++*n_tries == 3)
    aiodrive_task_set_final (aiodrive_fiber_get_task ());
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY, "try %u", *n_tries);
  return FALSE;
}

static void
test_fiber (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  guint n_tries = 0;
  GTask *task = aiodrive_retry (NULL, 10, 0, 0, AIODRIVE_FIBER (fail_in_fiber, &n_tries, NULL));
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (error->message, ==, "try 3");
  g_assert_cmpint (aiodrive_test_context_get_elapsed (test), ==, 3 * G_USEC_PER_SEC);
  test_settle ();
  test_finalize_task (task);
}

static void
retry_job (GTask        *task,
           GCancellable *cancellable,
           gpointer      plan)
{
  g_autoptr(GTask) inner = retry (plan, cancellable, 3);

  aiodrive_wait_task_async (inner, NULL, aiodrive_task_complete, g_object_ref (task));
}

static void
test_cancel_at_step (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(GError) error = NULL;
  guint n_steps = 0;

  for (gboolean more = TRUE; more; n_steps++)
    {
      g_auto(Plan) plan = { .n_failures = 2, .duration_ms = 10, .forgets = TRUE };

      more = aiodrive_test_context_cancel_at_step (test, n_steps, retry_job, &plan, NULL, &error);
      g_assert_no_error (error);
      aiodrive_test_context_wait_all_blocked (test);
      g_assert_cmpuint (plan.n_freed, ==, 1);
      g_assert_cmpuint (plan.n_tries, <=, 3);
    }
  g_assert_cmpuint (n_steps, >=, 6);   /* three tries and two delays */
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/retry/success", test_success);
  g_test_add_func ("/aiodrive/task/retry/later-success", test_later_success);
  g_test_add_func ("/aiodrive/task/retry/last-error", test_last_error);
  g_test_add_func ("/aiodrive/task/retry/one-try", test_one_try);
  g_test_add_func ("/aiodrive/task/retry/no-try", test_no_try);
  g_test_add_func ("/aiodrive/task/retry/final", test_final);
  g_test_add_func ("/aiodrive/task/retry/final-of-others", test_final_of_others);
  g_test_add_func ("/aiodrive/task/retry/cancelled-error", test_cancelled_error);
  g_test_add_func ("/aiodrive/task/retry/delays", test_delays);
  g_test_add_func ("/aiodrive/task/retry/jitter", test_jitter);
  g_test_add_func ("/aiodrive/task/retry/no-delay", test_no_delay);
  g_test_add_func ("/aiodrive/task/retry/longest-delays", test_longest_delays);
  g_test_add_func ("/aiodrive/task/retry/cancelled-before", test_cancelled_before);
  g_test_add_func ("/aiodrive/task/retry/cancelled-in-last-try", test_cancelled_in_last_try);
  g_test_add_func ("/aiodrive/task/retry/cancelled-in-try", test_cancelled_in_try);
  g_test_add_func ("/aiodrive/task/retry/cancelled-in-delay", test_cancelled_in_delay);
  g_test_add_func ("/aiodrive/task/retry/cancelled-from-thread", test_cancelled_from_thread);
  g_test_add_func ("/aiodrive/task/retry/in-thread", test_in_thread);
  g_test_add_func ("/aiodrive/task/retry/budget", test_budget);
  g_test_add_func ("/aiodrive/task/retry/dropped-by-job", test_dropped_by_job);
  g_test_add_func ("/aiodrive/task/retry/progress", test_progress);
  g_test_add_func ("/aiodrive/task/retry/fiber", test_fiber);
  g_test_add_func ("/aiodrive/task/retry/cancel-at-step", test_cancel_at_step);

  return g_test_run ();
}
