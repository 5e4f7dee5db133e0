/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope.h"

#include "tests/support/support.h"

#define TEST_TYPE_WIDGET (test_widget_get_type ())
G_DECLARE_FINAL_TYPE (TestWidget, test_widget, TEST, WIDGET, GObject)

/* With a signal that has a detail and an answer, and one with arguments that are not objects. */
struct _TestWidget
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE (TestWidget, test_widget, G_TYPE_OBJECT)

static guint closing_id;

static void
test_widget_class_init (TestWidgetClass *klass)
{
  closing_id = g_signal_new ("closing", TEST_TYPE_WIDGET, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL, NULL, NULL,
                             G_TYPE_INT, 1, G_TYPE_STRING);
}

static void
test_widget_init (TestWidget *self)
{
}

static TestWidget *
widget_new (void)
{
  return g_object_new (TEST_TYPE_WIDGET, NULL);
}

static gint
emit_closing (TestWidget *self,
              const char *detail)
{
  gint answer = -1;

  g_signal_emit (self, closing_id, g_quark_from_string (detail), "why", &answer);
  return answer;
}

static gboolean
is_cancelled (AiodriveCancelScope *self)
{
  return g_cancellable_is_cancelled (G_CANCELLABLE (self));
}

static AiodriveCancelScope *
new_for (gpointer    object,
         const char *signal)
{
  return aiodrive_cancel_scope_new_for_object (object, signal, NULL);
}

static void
test_disposed (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(AiodriveCancelScope) scope = new_for (widget, NULL);
  g_autoptr(AiodriveCancelScope) with_signal = new_for (widget, "closing");
  TestWidget *weak = widget;

  g_test_summary ("A scope is cancelled with its object, at once, and does not keep it");

  g_object_add_weak_pointer (G_OBJECT (widget), (gpointer *) &weak);
  g_assert_false (is_cancelled (scope));
  g_clear_object (&widget);
  g_assert_null (weak);
  g_assert_true (is_cancelled (scope));
  g_assert_true (is_cancelled (with_signal));
}

static void
test_dropped (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  AiodriveCancelScope *scope = new_for (widget, "closing");

  g_test_summary ("An object does not keep its scopes");

  g_object_add_weak_pointer (G_OBJECT (scope), (gpointer *) &scope);
  g_object_unref (scope);
  g_assert_null (scope);
  emit_closing (widget, NULL);
}

static void
test_signal (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(AiodriveCancelScope) all = new_for (widget, "closing");
  g_autoptr(AiodriveCancelScope) one = new_for (widget, "closing::one");
  g_autoptr(AiodriveCancelScope) later = NULL;

  g_test_summary ("A signal cancels what asked for it, and its detail; the handler gives the zero value");

  g_assert_cmpint (emit_closing (widget, "two"), ==, 0);
  g_assert_true (is_cancelled (all));
  g_assert_false (is_cancelled (one));
  emit_closing (widget, "one");
  g_assert_true (is_cancelled (one));

  later = new_for (widget, "closing::one");
  g_assert_false (is_cancelled (later));
  emit_closing (widget, "one");
  g_assert_true (is_cancelled (later));
}

static gulong
find_handler (TestWidget      *self,
              GSignalMatchType which)
{
  return g_signal_handler_find (self, G_SIGNAL_MATCH_ID | which, closing_id, 0, NULL, NULL, NULL);
}

static void
test_one_handler (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  gulong handler;

  g_test_summary ("An object has one handler for a signal, until it finds no scope");

  for (guint i = 0; i < 5; i++)
    {
      g_autoptr(AiodriveCancelScope) scope = new_for (widget, "closing");
    }
  handler = find_handler (widget, 0);
  g_assert_cmpuint (handler, !=, 0);
  g_signal_handler_block (widget, handler);
  g_assert_cmpuint (find_handler (widget, G_SIGNAL_MATCH_UNBLOCKED), ==, 0);

  g_signal_handler_unblock (widget, handler);
  emit_closing (widget, "later");
  g_assert_cmpuint (find_handler (widget, 0), ==, 0);
}

static void
test_parent (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_for_object (G_OBJECT (widget), NULL, parent);
  g_autoptr(AiodriveCancelScope) late = NULL;

  g_test_summary ("A parent cancels it too");

  g_assert_true (aiodrive_cancel_scope_get_parent (scope) == parent);
  g_cancellable_cancel (parent);
  g_assert_true (is_cancelled (scope));
  late = aiodrive_cancel_scope_new_for_object (G_OBJECT (widget), NULL, parent);
  g_assert_true (is_cancelled (late));
}

static void
test_by_force (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(AiodriveCancelScope) scope = new_for (widget, "closing");
  g_autoptr(AiodriveCancelScope) later = NULL;
  g_autoptr(AiodriveCancelScope) last = NULL;

  g_test_summary ("g_object_run_dispose() cancels, and a scope may be tied to the object again");

  g_object_run_dispose (G_OBJECT (widget));
  g_assert_true (is_cancelled (scope));
  g_assert_null (aiodrive_cancel_scope_dup_object (scope));

  later = new_for (widget, "closing");
  last = new_for (widget, NULL);
  g_assert_false (is_cancelled (later));
  emit_closing (widget, NULL);
  g_assert_true (is_cancelled (later));
  g_assert_false (is_cancelled (last));
  g_clear_object (&widget);
  g_assert_true (is_cancelled (last));
}

static void
test_dup_object (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(AiodriveCancelScope) scope = new_for (widget, NULL);
  g_autoptr(AiodriveCancelScope) below = aiodrive_cancel_scope_new (G_CANCELLABLE (scope));
  g_autoptr(AiodriveCancelScope) bottom = aiodrive_cancel_scope_new (G_CANCELLABLE (below));
  g_autoptr(AiodriveCancelScope) alone = aiodrive_cancel_scope_new (NULL);
  g_autoptr(GCancellable) plain = g_cancellable_new ();
  g_autoptr(AiodriveCancelScope) below_plain = aiodrive_cancel_scope_new (plain);
  g_autoptr(TestWidget) found = aiodrive_cancel_scope_dup_object (scope);

  g_test_summary ("The object is that of the nearest scope, and NULL once it is disposed");

  g_assert_true (found == widget);
  g_clear_object (&found);
  found = aiodrive_cancel_scope_dup_object (bottom);
  g_assert_true (found == widget);
  g_assert_null (aiodrive_cancel_scope_dup_object (alone));
  g_assert_null (aiodrive_cancel_scope_dup_object (below_plain));

  g_clear_object (&widget);
  g_assert_false (is_cancelled (scope));   /* found keeps it */
  g_clear_object (&found);
  g_assert_true (is_cancelled (bottom));
  g_assert_null (aiodrive_cancel_scope_dup_object (bottom));
}

static void
test_callback (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(AiodriveCancelScope) scope = new_for (widget, NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A call below the scope is called back once, with CANCELLED, after the object has gone");

  aiodrive_sleep_async (3600000, G_CANCELLABLE (scope), test_on_ready, &call);
  g_clear_object (&widget);
  g_assert_cmpuint (call.n_calls, ==, 0);
  g_assert_false (aiodrive_sleep_finish (test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gboolean
sleep_long (GCancellable  *scope,
            gpointer       where,
            GValue        *result,
            GError       **error)
{
  gboolean slept = aiodrive_sleep (3600000, scope, error);

  *(gpointer *) where = aiodrive_cancel_scope_dup_object (AIODRIVE_CANCEL_SCOPE (scope));
  return slept;
}

static void
test_fiber (void)
{
  g_autoptr(TestWidget) widget = widget_new ();
  g_autoptr(AiodriveCancelScope) scope = new_for (widget, NULL);
  gpointer found = widget;
  g_autoptr(GTask) task = aiodrive_spawn_fiber (G_CANCELLABLE (scope), sleep_long, &found, NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A suspended fiber does not keep the object, and finds that it has gone");

  test_settle ();
  g_clear_object (&widget);
  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (found);
}

static void
test_bad_signal (void)
{
  const char *signals[] = { "opening", "", "notify::", "closing:one" };

  g_test_summary ("A signal that the type does not have is a critical warning, and a scope that is cancelled");

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      g_autoptr(TestWidget) widget = widget_new ();
      g_autoptr(AiodriveCancelScope) scope = NULL;
      g_autoptr(GError) reason = NULL;

      g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*TestWidget has no signal*");
      scope = new_for (widget, signals[i]);
      g_test_assert_expected_messages ();
      g_assert_true (is_cancelled (scope));
      reason = aiodrive_cancel_scope_dup_reason (scope);
      g_assert_error (reason, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
}

/* Ties scopes to the object and drops them, and keeps the last. */
static gpointer
tie_and_drop (gpointer widget)
{
  AiodriveCancelScope *scope = NULL;

  for (guint i = 0; i < test_rounds (200); i++)
    {
      g_autoptr(TestWidget) found = NULL;

      g_clear_object (&scope);
      scope = new_for (widget, i % 2 == 0 ? "closing" : NULL);
      found = aiodrive_cancel_scope_dup_object (scope);
      g_assert_true (found == widget);
      if (i % 16 == 0)
        emit_closing (widget, NULL);
    }
  g_object_unref (widget);
  return scope;
}

static void
test_threads (void)
{
  g_test_summary ("Any thread may tie scopes to an object, emit its signal, and drop the last reference");

  for (guint round = 0; round < test_rounds (20); round++)
    {
      TestWidget *widget = widget_new ();
      GThread *threads[3];

      for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        threads[i] = g_thread_new ("tie", tie_and_drop, g_object_ref (widget));
      g_object_unref (widget);
      for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        {
          g_autoptr(AiodriveCancelScope) scope = g_thread_join (threads[i]);

          if (i == G_N_ELEMENTS (threads) - 1)
            g_assert_true (is_cancelled (scope));
        }
    }
}

static gpointer
dup_until_gone (gpointer scope)
{
  TestWidget *found;

  while ((found = aiodrive_cancel_scope_dup_object (scope)) != NULL)
    g_object_unref (found);
  return NULL;
}

static void
test_find_while_dropped (void)
{
  g_test_summary ("A thread may look for the object while another one drops it");

  for (guint round = 0; round < test_rounds (200); round++)
    {
      TestWidget *widget = widget_new ();
      g_autoptr(AiodriveCancelScope) scope = new_for (widget, NULL);
      GThread *thread = g_thread_new ("find", dup_until_gone, scope);

      g_object_unref (widget);
      g_thread_join (thread);
      g_assert_true (is_cancelled (scope));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/core/cancel-scope-object/disposed", test_disposed);
  g_test_add_func ("/aiodrive/core/cancel-scope-object/dropped", test_dropped);
  g_test_add_func ("/aiodrive/core/cancel-scope-object/signal", test_signal);
  g_test_add_func ("/aiodrive/core/cancel-scope-object/one-handler", test_one_handler);
  g_test_add_func ("/aiodrive/core/cancel-scope-object/parent", test_parent);
  g_test_add_func ("/aiodrive/core/cancel-scope-object/by-force", test_by_force);
  g_test_add_func ("/aiodrive/core/cancel-scope-object/dup-object", test_dup_object);
  g_test_add_func ("/aiodrive/core/cancel-scope-object/callback", test_callback);
  g_test_add_func ("/aiodrive/core/cancel-scope-object/fiber", test_fiber);
  g_test_add_func ("/aiodrive/core/cancel-scope-object/bad-signal", test_bad_signal);
  g_test_add_func ("/aiodrive/core/cancel-scope-object/threads", test_threads);
  g_test_add_func ("/aiodrive/core/cancel-scope-object/find-while-dropped", test_find_while_dropped);

  return g_test_run ();
}
