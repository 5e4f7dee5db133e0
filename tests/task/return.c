/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

static void
test_fail (void)
{
  g_autoptr(GTask) task = aiodrive_task_new (NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A task fails with a domain, a code and a message");

  aiodrive_task_fail (task, G_IO_ERROR, G_IO_ERROR_BUSY, "100 % busy");
  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (error->message, ==, "100 % busy");
}

/* What the task @a has ended with is what another task ends with. */
static GTask *
end_as (TestTask *a)
{
  GTask *task = aiodrive_task_new (NULL);

  aiodrive_task_return_task (task, a->task);
  aiodrive_run (task);
  return task;
}

static void
test_value (void)
{
  for (guint kind = TEST_TASK_JOB; kind <= TEST_TASK_STARTED; kind++)
    {
      TestTask *a = test_task_new (kind, "a", NULL);
      GTask *task;

      test_task_succeed (a);
      test_settle ();
      task = end_as (a);
      g_assert_true (aiodrive_task_get_leaf (task, NULL) == a->task);
      test_assert_value (task, "a");

      test_finalize_task (task);
      test_task_free (a);
    }
}

static void
test_deep (void)
{
  TestTask *a = test_task_new (TEST_TASK_JOB, "a", NULL);
  g_autoptr(GTask) shielded = aiodrive_shield (a->task, NULL);
  GTask *task = aiodrive_task_new (NULL);
  GTask *outer = aiodrive_timeout (task, 3600000, NULL);

  g_test_summary ("What stands for a task that stands for another one has its leaf");

  test_task_succeed (a);
  aiodrive_run (shielded);
  aiodrive_task_return_task (task, shielded);
  aiodrive_run (outer);
  g_assert_true (aiodrive_task_get_leaf (outer, NULL) == a->task);
  test_assert_value (outer, "a");

  test_finalize_task (outer);
  test_finalize_task (task);
  g_clear_object (&shielded);
  test_task_free (a);
}

static void
test_errors (void)
{
  GTask *failing[2];
  g_autoptr(GTask) both = NULL;
  g_autoptr(GTask) task = aiodrive_task_new (NULL);
  g_autoptr(GPtrArray) errors = NULL;

  g_test_summary ("Errors are those of the other task, several too");

  for (guint i = 0; i < 2; i++)
    failing[i] = aiodrive_task_new (NULL);
  both = aiodrive_wait_all ((GTask *[]) { failing[0], failing[1] }, 2, NULL);
  aiodrive_task_fail (failing[0], G_IO_ERROR, G_IO_ERROR_BUSY, "first");
  aiodrive_task_fail (failing[1], G_IO_ERROR, G_IO_ERROR_CLOSED, "second");
  aiodrive_run (both);

  aiodrive_task_return_task (task, both);
  aiodrive_run (task);
  errors = aiodrive_task_dup_errors (task);
  g_assert_cmpuint (errors->len, ==, 2);
  g_assert_error ((GError *) g_ptr_array_index (errors, 0), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_error ((GError *) g_ptr_array_index (errors, 1), G_IO_ERROR, G_IO_ERROR_CLOSED);
  for (guint i = 0; i < 2; i++)
    g_clear_object (&failing[i]);
}

static void
note_progress (GTask        *task,
               GCancellable *cancellable,
               gpointer      from)
{
  aiodrive_task_return_task (task, from);
}

static void
test_progress (void)
{
  g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (NULL);
  GListModel *tasks = aiodrive_task_group_get_tasks (group);
  g_autoptr(AiodriveTaskInfo) info = NULL;
  g_autoptr(GTask) from = aiodrive_task_new (NULL);
  g_autoptr(GTask) task = NULL;

  g_test_summary ("The progress is that of the other task");

  aiodrive_task_set_progress (from, 0.75);
  g_task_return_boolean (from, TRUE);
  aiodrive_run (from);
  aiodrive_task_group_spawn (group, &task, note_progress, from, NULL);
  info = g_list_model_get_item (tasks, 0);
  aiodrive_run (task);
  test_settle ();
  g_assert_cmpfloat (aiodrive_task_info_get_progress (info), ==, 0.75);
}

static void
test_pending (void)
{
  g_autoptr(GTask) from = aiodrive_task_new (NULL);
  g_autoptr(GTask) task = aiodrive_task_new (NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A task that has not ended is refused");

  aiodrive_task_return_task (task, from);
  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_task_return_boolean (from, TRUE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aiodrive/task/return/fail", test_fail);
  g_test_add_func ("/aiodrive/task/return/value", test_value);
  g_test_add_func ("/aiodrive/task/return/deep", test_deep);
  g_test_add_func ("/aiodrive/task/return/errors", test_errors);
  g_test_add_func ("/aiodrive/task/return/progress", test_progress);
  g_test_add_func ("/aiodrive/task/return/pending", test_pending);
  return g_test_run ();
}
