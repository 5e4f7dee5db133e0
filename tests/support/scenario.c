/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/scenario.h"

typedef struct
{
  const TestStage    *stage;
  const TestScenario *scenario;
} Run;

static const TestScenario *current;
static TestParty           parties[TEST_N_PARTIES];
static gint                n_jobs;    /* atomic */

static void go_on (TestParty *self);

static void
return_task (TestParty *self)
{
  g_autoptr(GTask) task = g_steal_pointer (&self->task);

  test_release (self);
  g_clear_object (&self->object);
  g_clear_object (&self->iterator);
  if (self->error != NULL)
    g_task_return_error (task, g_steal_pointer (&self->error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_closed (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  TestParty *self = data;
  g_autoptr(GError) error = NULL;

  if (!aiodrive_async_iterator_close_finish (self->iterator, result, &error))
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  return_task (self);
}

static void
end_party (TestParty *self)
{
  if (self->iterator != NULL)
    aiodrive_async_iterator_close_async (self->iterator, NULL, on_closed, self);
  else
    return_task (self);
}

static void
on_ready (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  TestParty *self = data;

  g_assert_true (g_main_context_is_owner (NULL));
  g_assert_null (g_main_context_get_thread_default ());
  g_assert_cmpuint (++self->n_called, ==, self->n_begun);
  if (!self->step->end (self, result, &self->error))
    {
      g_assert_nonnull (self->error);
      end_party (self);
      return;
    }
  g_assert_no_error (self->error);
  self->step++;
  go_on (self);
}

static void
go_on (TestParty *self)
{
  for (; self->step->act != NULL; self->step++)
    self->step->act (self);
  if (self->step->begin == NULL)
    {
      end_party (self);
      return;
    }
  self->n_begun++;
  self->step->begin (self, g_task_get_cancellable (self->task), on_ready, self);
}

static void
party_job (GTask        *task,
           GCancellable *cancellable,
           gpointer      data)
{
  TestParty *self = data;

  self->step = current->scripts[self - parties];
  self->task = g_object_ref (task);
  go_on (self);
}

/* Both at once. */
static void
on_all_ended (GObject      *source_object,
              GAsyncResult *result,
              gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;
  g_autoptr(GPtrArray) tasks = aiodrive_try_all_finish (result, &error);

  if (tasks != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      data)
{
  GTask *tasks[TEST_N_PARTIES];

  for (guint i = 0; i < TEST_N_PARTIES; i++)
    tasks[i] = aiodrive_spawn (cancellable, party_job, &parties[i], NULL);
  aiodrive_try_all_async (tasks, TEST_N_PARTIES, cancellable, on_all_ended, g_object_ref (task));
  for (guint i = 0; i < TEST_N_PARTIES; i++)
    g_object_unref (tasks[i]);
}

static void
check_parties (void)
{
  for (guint i = 0; i < TEST_N_PARTIES; i++)
    {
      g_assert_cmpuint (parties[i].n_called, ==, parties[i].n_begun);
      g_assert_null (parties[i].task);
      parties[i].n_called = parties[i].n_begun = 0;
    }
  g_assert_cmpint (g_atomic_int_get (&n_jobs), ==, 0);
}

static void
test_scenario (gconstpointer data)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  const Run *self = data;
  g_autoptr(GError) error = NULL;
  gboolean more = TRUE;
  guint step;

  current = self->scenario;
  for (step = 0; more; step++)
    {
      self->stage->set_up ();
      more = aiodrive_test_context_cancel_at_step (test, step, job, NULL, NULL, &error);
      g_assert_no_error (error);
      check_parties ();
      self->stage->tear_down ();
    }
  g_test_message ("%u steps", step);
  g_assert_cmpuint (step, >, 4);
}

void
test_add_scenarios (const char         *path,
                    const TestStage    *stage,
                    const TestScenario *scenarios,
                    guint               n_scenarios)
{
  for (guint i = 0; i < n_scenarios; i++)
    {
      g_autofree char *name = g_strconcat (path, "/", scenarios[i].name, NULL);
      Run *run = g_new (Run, 1);

      *run = (Run) { stage, &scenarios[i] };
      g_test_add_data_func_full (name, run, test_scenario, g_free);
    }
}

gboolean
test_end_with_error (GError  *failure,
                     GError **error)
{
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

gboolean
test_end_with_value (TestFinish     finish,
                     gpointer       object,
                     GAsyncResult  *result,
                     GError       **error)
{
  g_auto(GValue) value = G_VALUE_INIT;
  GError *failure = NULL;

  finish (object, result, &value, &failure);
  g_assert_true (G_IS_VALUE (&value));
  return test_end_with_error (failure, error);
}

static void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GTask) task = data;
  g_auto(GValue) value = G_VALUE_INIT;
  GError *error = NULL;

  g_atomic_int_add (&n_jobs, -1);
  g_value_init (&value, G_TYPE_BOOLEAN);
  if (aiodrive_sleep_finish (result, &error))
    g_task_return_value (task, &value);
  else
    g_task_return_error (task, error);
}

void
test_sleep_job (GTask        *task,
                GCancellable *cancellable,
                gpointer      ms)
{
  g_atomic_int_inc (&n_jobs);
  aiodrive_sleep_async (GPOINTER_TO_UINT (ms), cancellable, on_slept, g_object_ref (task));
}

void
test_sleep_begin (TestParty           *self,
                  GCancellable        *cancellable,
                  GAsyncReadyCallback  callback,
                  gpointer             data)
{
  aiodrive_sleep_async (1000, cancellable, callback, data);
}

gboolean
test_sleep_end (TestParty     *self,
                GAsyncResult  *result,
                GError       **error)
{
  return aiodrive_sleep_finish (result, error);
}

void
test_release (TestParty *self)
{
  g_clear_pointer (&self->inner, aiodrive_lock_guard_unref);
  g_clear_pointer (&self->guard, aiodrive_lock_guard_unref);
}
