/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the table of the README says of a GTask by hand. Each test has the path of ours in rows.txt. */
#include <gio/gio.h>

static GTask *
failed_task (void)
{
  GTask *task = g_task_new (NULL, NULL, NULL, NULL);

  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "broken");
  while (!g_task_get_completed (task))
    g_main_context_iteration (NULL, TRUE);
  return task;
}

static void
test_many (void)
{
  g_autoptr(GTask) task = failed_task ();
  g_autoptr(GError) first = NULL;
  g_autoptr(GError) second = NULL;

  g_assert_false (g_task_propagate_boolean (task, &first));
  g_assert_error (first, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_test_expect_message ("GLib-GIO", G_LOG_LEVEL_CRITICAL, "*result_set*");
  g_assert_false (g_task_propagate_boolean (task, &second));
  g_test_assert_expected_messages ();
  g_assert_no_error (second);   /* who comes second does not learn of it */
}

static void
test_unawaited (void)
{
  g_object_unref (failed_task ());   /* a warning would be fatal */
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/wait/many", test_many);
  g_test_add_func ("/aiodrive/task/record/unawaited", test_unawaited);

  return g_test_run ();
}
