/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/binding.h"
#include "tests/support/support.h"

static guint n_alive;

static void
on_gone (gpointer  data,
         GObject  *gone)
{
  n_alive--;
}

/* The code of a new exception, which n_alive counts. */
static gint
hold_exception (GObject **out_exception)
{
  g_autoptr(GObject) exception = g_object_new (G_TYPE_OBJECT, NULL);
  g_auto(GValue) value = G_VALUE_INIT;

  g_object_weak_ref (exception, on_gone, NULL);
  n_alive++;
  g_value_init (&value, G_TYPE_OBJECT);
  g_value_set_object (&value, exception);
  if (out_exception != NULL)
    *out_exception = exception;
  return aiodrive_exception_hold (&value);
}

static GError *
error_of (gint code)
{
  return g_error_new_literal (aiodrive_exception_quark (), code, "thrown");
}

static void
test_copies (void)
{
  GObject *exception;
  gint code = hold_exception (&exception);
  GError *error = error_of (code);
  GError *copy = g_error_copy (error);
  g_auto(GValue) value = G_VALUE_INIT;

  g_test_summary ("An exception lives as long as an error that stands for it, and until the next iteration");

  aiodrive_exception_release (code);
  g_error_free (error);
  test_settle ();
  g_assert_cmpuint (n_alive, ==, 1);

  g_error_free (copy);
  aiodrive_exception_get (code, &value);
  g_assert_true (g_value_get_object (&value) == exception);
  g_value_unset (&value);
  g_assert_cmpuint (n_alive, ==, 1);
  test_settle ();
  g_assert_cmpuint (n_alive, ==, 0);

  aiodrive_exception_get (code, &value);
  g_assert_true (G_VALUE_HOLDS_BOOLEAN (&value));
  g_assert_false (g_value_get_boolean (&value));
}

static void
test_revived (void)
{
  gint code = hold_exception (NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("An error that is made before the exception is let go of keeps it");

  aiodrive_exception_release (code);
  error = error_of (code);
  test_settle ();
  g_assert_cmpuint (n_alive, ==, 1);
  g_clear_error (&error);
  test_settle ();
  g_assert_cmpuint (n_alive, ==, 0);
}

static void
test_two (void)
{
  gint first = hold_exception (NULL);
  gint second = hold_exception (NULL);

  g_test_summary ("Each exception has a code of its own");

  g_assert_cmpint (first, !=, second);
  aiodrive_exception_release (first);
  test_settle ();
  g_assert_cmpuint (n_alive, ==, 1);
  aiodrive_exception_release (second);
  test_settle ();
  g_assert_cmpuint (n_alive, ==, 0);
}

static void
test_unknown (void)
{
  g_autoptr(GError) error = error_of (G_MAXINT);

  g_test_summary ("An error with a code that was never given out is one like any other");

  g_assert_cmpstr (error->message, ==, "thrown");
}

static void
test_dead_context (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_test_summary ("With the context in which the last error was freed the exception goes too");

  g_main_context_push_thread_default (context);
  aiodrive_exception_release (hold_exception (NULL));
  g_main_context_pop_thread_default (context);
  g_assert_cmpuint (n_alive, ==, 1);
  g_clear_pointer (&context, g_main_context_unref);
  g_assert_cmpuint (n_alive, ==, 0);
}

static void
test_task (void)
{
  gint code = hold_exception (NULL);
  GTask *task = aiodrive_task_new (NULL);

  g_test_summary ("An exception goes through a task");

  g_task_return_error (task, error_of (code));
  aiodrive_exception_release (code);
  aiodrive_run (task);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (aiodrive_task_get_leaf (task, &error));
      g_assert_error (error, aiodrive_exception_quark (), code);
    }
  test_settle ();
  g_assert_cmpuint (n_alive, ==, 1);
  test_finalize_task (task);
  test_settle ();
  g_assert_cmpuint (n_alive, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/binding/exception/copies", test_copies);
  g_test_add_func ("/aiodrive/binding/exception/revived", test_revived);
  g_test_add_func ("/aiodrive/binding/exception/two", test_two);
  g_test_add_func ("/aiodrive/binding/exception/unknown", test_unknown);
  g_test_add_func ("/aiodrive/binding/exception/dead-context", test_dead_context);
  g_test_add_func ("/aiodrive/binding/exception/task", test_task);

  return g_test_run ();
}
