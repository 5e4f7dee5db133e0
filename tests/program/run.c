/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

static void
return_seven (GTask        *task,
              GCancellable *cancellable,
              gpointer      user_data)
{
  g_task_return_int (task, 7);
}

static void
run_job (void)
{
  GTask *task = aiodrive_spawn (NULL, return_seven, NULL, NULL);

  aiodrive_run (task);
  g_assert_true (g_task_get_completed (task));
  g_assert_cmpint (g_task_propagate_int (aiodrive_task_get_leaf (task, NULL), NULL), ==, 7);
  test_finalize_task (task);
}

static void
test_until_ended (void)
{
  run_job ();
}

static gboolean
end_soon (gpointer task)
{
  test_task_succeed (task);
  return G_SOURCE_REMOVE;
}

/* Every kind, pending and ended: the rest of the context goes on meanwhile, and running again is no harm. */
static void
test_kinds (void)
{
  for (guint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    {
      TestTask *a = test_task_new (kind, "a", NULL);

      test_call_later (5, end_soon, a);
      aiodrive_run (a->task);
      g_assert_true (g_task_get_completed (a->task));
      aiodrive_run (a->task);
      test_assert_value (a->task, "a");
      test_task_free (a);
    }
}

/* A task that has come to its end in the context, which is not iterated afterwards. */
static void
test_leaves_nothing (void)
{
  GTask *task = aiodrive_task_new (NULL);

  g_task_return_boolean (task, TRUE);
  while (!g_task_get_completed (task))
    g_main_context_iteration (NULL, FALSE);
  aiodrive_run (task);
  g_assert_finalize_object (task);
}

/* How it ended is not its matter. */
static void
test_failure (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_autoptr(GError) error = NULL;

  test_task_fail (a, G_IO_ERROR_NOT_FOUND);
  aiodrive_run (a->task);
  error = aiodrive_task_dup_error (a->task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  test_task_free (a);
}

typedef struct
{
  GTask   *outer;
  guint    depth;
  gboolean ran;
} Nested;

static void
run_inside (GTask        *task,
            GCancellable *cancellable,
            gpointer      user_data)
{
  Nested *self = user_data;

  if (self->depth-- > 0)
    {
      g_autoptr(GTask) inner = aiodrive_spawn (cancellable, run_inside, self, NULL);

      aiodrive_run (inner);
      g_assert_true (g_task_get_completed (inner));
    }
  else
    {
      run_job ();
      self->ran = TRUE;
    }
  g_task_return_boolean (task, TRUE);
}

/* In a job, in a job, in a job. */
static void
test_nested (void)
{
  Nested self = { .depth = 10 };
  GTask *task = aiodrive_spawn (NULL, run_inside, &self, NULL);

  aiodrive_run (task);
  g_assert_true (self.ran);
  test_finalize_task (task);
}

static void
run_in_callback (GObject      *source_object,
                 GAsyncResult *result,
                 gpointer      data)
{
  run_job ();
  *(gboolean *) data = TRUE;
}

static gboolean
run_in_source (gpointer data)
{
  run_in_callback (NULL, NULL, data);
  return G_SOURCE_REMOVE;
}

/* In the callback of a wait, of a combinator, of a source: what else was to be called back comes all the same. */
static void
test_in_callback (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  gboolean ran[3] = { FALSE };

  aiodrive_wait_task_async (a->task, NULL, run_in_callback, &ran[0]);
  aiodrive_wait_task_async (a->task, NULL, test_on_ready, &call);
  aiodrive_race_async (&a->task, 1, NULL, run_in_callback, &ran[1]);
  g_idle_add (run_in_source, &ran[2]);
  test_task_succeed (a);
  test_call_wait (&call);
  test_iterate_until (ran[0] && ran[1] && ran[2]);

  test_call_clear (&call);
  test_task_free (a);
}

static void
run_other (GObject      *source_object,
           GAsyncResult *result,
           gpointer      task)
{
  aiodrive_run (task);
}

/* One who waits for the same task runs it in his callback: it has ended. */
static void
test_same_task_in_callback (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);

  aiodrive_wait_task_async (a->task, NULL, run_other, a->task);
  test_task_succeed (a);
  aiodrive_run (a->task);
  test_task_free (a);
}

static void
run_result (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  aiodrive_run (G_TASK (result));
  *(gboolean *) data = TRUE;
}

/* In the very callback of a task that task has ended. */
static void
test_in_its_own_callback (void)
{
  gboolean ran = FALSE;

  aiodrive_try_all_async (NULL, 0, NULL, run_result, &ran);
  test_iterate_until (ran);
}

/* The thread-default context is iterated, and no other. */
static void
test_own_context (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  gboolean ran = FALSE;
  guint id = g_idle_add (run_in_source, &ran);

  g_main_context_push_thread_default (context);
  run_job ();
  g_main_context_pop_thread_default (context);
  g_assert_false (ran);
  g_source_remove (id);
}

typedef struct
{
  GTask *task;
  gint   began;   /* atomic */
  gint   ended;   /* atomic */
} There;

static gpointer
run_there (gpointer data)
{
  There *self = data;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  run_job ();
  g_atomic_int_set (&self->began, TRUE);
  g_main_context_wakeup (NULL);
  aiodrive_run (self->task);
  g_main_context_pop_thread_default (context);
  g_atomic_int_set (&self->ended, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

/* In another thread, there a task of this one, or of a third. */
static void
test_task_of_another_thread (void)
{
  for (guint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    {
      TestTask *a = test_task_new (kind, "a", NULL);
      There self = { .task = a->task };
      GThread *thread = g_thread_new ("run", run_there, &self);

      test_iterate_until (g_atomic_int_get (&self.began));
      test_call_later (100, end_soon, a);
      test_iterate_until (g_atomic_int_get (&self.ended));
      g_thread_join (thread);
      test_assert_value (a->task, "a");
      test_task_free (a);
    }
}

static gpointer
return_in_thread (gpointer task)
{
  g_task_return_int (task, 7);
  g_object_unref (task);
  return NULL;
}

/* Woken from another thread, with nothing else in the context; nobody else holds the task. */
static void
test_woken_from_thread (void)
{
  for (guint i = 0; i < 200; i++)
    {
      GTask *task = aiodrive_task_new (NULL);
      GThread *thread = g_thread_new ("return", return_in_thread, g_object_ref (task));

      aiodrive_run (task);
      g_thread_join (thread);
      test_finalize_task (task);
    }
}

static gboolean
return_and_drop (gpointer task)
{
  g_task_return_int (task, 7);
  g_object_unref (task);
  return G_SOURCE_REMOVE;
}

/* Its caller's reference goes while it runs. */
static void
test_dropped_meanwhile (void)
{
  GTask *task = aiodrive_task_new (NULL);
  gpointer weak = task;

  g_object_add_weak_pointer (G_OBJECT (task), &weak);
  g_idle_add (return_and_drop, task);
  aiodrive_run (task);
  test_settle ();
  g_assert_null (weak);
}

static void
test_wrong_arguments (void)
{
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_TASK (task)*failed*");
  aiodrive_run (NULL);
  g_test_assert_expected_messages ();
}

static gpointer
run_without_context (gpointer came_back)
{
  for (guint i = 0; i < test_rounds (200); i++)
    run_job ();
  g_atomic_int_set ((gint *) came_back, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

/* In a thread without a context: while this one iterates the default one, and when it does so no more. */
static void
test_without_context (void)
{
  for (guint iterates = 0; iterates < 2; iterates++)
    {
      gint came_back = FALSE;
      GThread *thread = g_thread_new ("plain", run_without_context, &came_back);

      if (iterates)
        test_iterate_until (g_atomic_int_get (&came_back));
      g_thread_join (thread);
      test_settle ();
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/program/run/until-ended", test_until_ended);
  g_test_add_func ("/aiodrive/program/run/kinds", test_kinds);
  g_test_add_func ("/aiodrive/program/run/leaves-nothing", test_leaves_nothing);
  g_test_add_func ("/aiodrive/program/run/failure", test_failure);
  g_test_add_func ("/aiodrive/program/run/nested", test_nested);
  g_test_add_func ("/aiodrive/program/run/in-callback", test_in_callback);
  g_test_add_func ("/aiodrive/program/run/same-task-in-callback", test_same_task_in_callback);
  g_test_add_func ("/aiodrive/program/run/in-its-own-callback", test_in_its_own_callback);
  g_test_add_func ("/aiodrive/program/run/own-context", test_own_context);
  g_test_add_func ("/aiodrive/program/run/task-of-another-thread", test_task_of_another_thread);
  g_test_add_func ("/aiodrive/program/run/woken-from-thread", test_woken_from_thread);
  g_test_add_func ("/aiodrive/program/run/dropped-meanwhile", test_dropped_meanwhile);
  g_test_add_func ("/aiodrive/program/run/without-context", test_without_context);
  g_test_add_func ("/aiodrive/program/run/wrong-arguments", test_wrong_arguments);

  return g_test_run ();
}
