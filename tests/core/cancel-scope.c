/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "tests/support/support.h"

static gboolean
is_cancelled (AiodriveCancelScope *self)
{
  return g_cancellable_is_cancelled (G_CANCELLABLE (self));
}

static void
cancel (AiodriveCancelScope *self)
{
  g_cancellable_cancel (G_CANCELLABLE (self));
}

static AiodriveCancelScope *
new_below (AiodriveCancelScope *parent)
{
  return aiodrive_cancel_scope_new (G_CANCELLABLE (parent));
}

static void
cancel_because (AiodriveCancelScope *self,
                gint                 code)
{
  g_autoptr(GError) reason = g_error_new (G_IO_ERROR, code, "because of %d", code);

  aiodrive_cancel_scope_cancel_with_reason (self, reason);
}

/* @code is -1 where there is no reason. */
static void
assert_reason (AiodriveCancelScope *self,
               gint                 code)
{
  g_autoptr(GError) reason = aiodrive_cancel_scope_dup_reason (self);

  if (code < 0)
    g_assert_no_error (reason);
  else
    g_assert_error (reason, G_IO_ERROR, code);
}

static void
on_cancelled (GCancellable *cancellable,
              gpointer      data)
{
  GThread **thread = data;

  g_assert_null (*thread);
  *thread = g_thread_self ();
}

/*
 * The tree
 */

static void
test_parents (void)
{
  g_autoptr(GCancellable) plain = g_cancellable_new ();
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (plain);
  g_autoptr(AiodriveCancelScope) middle = new_below (top);
  g_autoptr(AiodriveCancelScope) bottom = new_below (middle);
  g_autoptr(AiodriveCancelScope) beside = new_below (top);
  g_autoptr(AiodriveCancelScope) none = aiodrive_cancel_scope_new (NULL);
  GThread *thread = NULL;

  g_test_summary ("Cancelling goes down, at once and in the thread that cancels, not up and not to the side");

  g_assert_true (aiodrive_cancel_scope_get_parent (top) == plain);
  g_assert_true (aiodrive_cancel_scope_get_parent (bottom) == G_CANCELLABLE (middle));
  g_assert_null (aiodrive_cancel_scope_get_parent (none));

  g_signal_connect (bottom, "cancelled", G_CALLBACK (on_cancelled), &thread);
  cancel (middle);
  g_assert_true (thread == g_thread_self ());
  g_assert_true (is_cancelled (bottom));
  g_assert_false (is_cancelled (top));
  g_assert_false (is_cancelled (beside));

  g_cancellable_cancel (plain);
  g_assert_true (is_cancelled (top));
  g_assert_true (is_cancelled (beside));
}

static gpointer
cancel_in_thread (gpointer data)
{
  g_cancellable_cancel (data);
  return g_thread_self ();
}

static void
test_cancelling_thread (void)
{
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) bottom = new_below (top);
  GThread *thread = NULL, *canceller;

  g_test_summary ("The handlers of a scope below run in the thread that cancels the scope above");

  g_signal_connect (bottom, "cancelled", G_CALLBACK (on_cancelled), &thread);
  canceller = g_thread_new ("cancel", cancel_in_thread, top);
  g_assert_true (g_thread_join (canceller) == canceller);
  g_assert_true (thread == canceller);
}

static void
test_below_cancelled (void)
{
  g_autoptr(GCancellable) plain = g_cancellable_new ();
  g_autoptr(AiodriveCancelScope) first = NULL;
  g_autoptr(AiodriveCancelScope) second = NULL;

  g_test_summary ("A scope that is made below something cancelled is cancelled from the start");

  g_cancellable_cancel (plain);
  first = aiodrive_cancel_scope_new (plain);
  second = new_below (first);
  g_assert_true (is_cancelled (first));
  g_assert_true (is_cancelled (second));
}

static void
test_references (void)
{
  AiodriveCancelScope *parent = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope *child = new_below (parent);
  gpointer weak = parent;

  g_test_summary ("A scope keeps its parent alive, and not its children");

  g_object_add_weak_pointer (weak, &weak);
  g_object_unref (parent);
  g_assert_nonnull (weak);
  g_assert_finalize_object (child);
  g_assert_null (weak);

  parent = aiodrive_cancel_scope_new (NULL);
  child = new_below (parent);
  g_assert_finalize_object (child);
  cancel (parent);
  g_assert_finalize_object (parent);
}

/*
 * Shields
 */

static void
test_shield (void)
{
  g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) shielded = new_below (parent);
  g_autoptr(AiodriveCancelScope) below = new_below (shielded);
  g_autoptr(AiodriveCancelScope) other = new_below (parent);

  g_test_summary ("A shielded scope ignores its parent until it is unshielded, but not itself");

  g_assert_false (aiodrive_cancel_scope_get_shielded (shielded));
  aiodrive_cancel_scope_set_shielded (shielded, TRUE);
  aiodrive_cancel_scope_set_shielded (other, TRUE);
  g_assert_true (aiodrive_cancel_scope_get_shielded (shielded));

  cancel (parent);
  g_assert_false (is_cancelled (shielded));
  g_assert_false (is_cancelled (below));
  cancel (other);
  g_assert_true (is_cancelled (other));

  aiodrive_cancel_scope_set_shielded (shielded, FALSE);
  g_assert_true (is_cancelled (shielded));
  g_assert_true (is_cancelled (below));
}

static void
test_shield_below_shield (void)
{
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) middle = new_below (top);
  g_autoptr(AiodriveCancelScope) bottom = new_below (middle);

  g_test_summary ("A shield under a shield: what the upper one lets through the lower one holds back");

  aiodrive_cancel_scope_set_shielded (middle, TRUE);
  aiodrive_cancel_scope_set_shielded (bottom, TRUE);
  cancel (top);
  aiodrive_cancel_scope_set_shielded (middle, FALSE);
  g_assert_true (is_cancelled (middle));
  g_assert_false (is_cancelled (bottom));
  aiodrive_cancel_scope_set_shielded (bottom, FALSE);
  g_assert_true (is_cancelled (bottom));
}

static void
test_shield_open (void)
{
  g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) child = new_below (parent);
  g_autoptr(AiodriveCancelScope) none = aiodrive_cancel_scope_new (NULL);

  g_test_summary ("A shield that is taken away before anything happens changes nothing, and protects no more");

  for (guint i = 0; i < 3; i++)
    {
      aiodrive_cancel_scope_set_shielded (child, TRUE);
      aiodrive_cancel_scope_set_shielded (child, FALSE);
      aiodrive_cancel_scope_set_shielded (none, TRUE);
      aiodrive_cancel_scope_set_shielded (none, FALSE);
    }
  g_assert_false (is_cancelled (child));
  g_assert_false (is_cancelled (none));
  cancel (parent);
  g_assert_true (is_cancelled (child));
  aiodrive_cancel_scope_set_shielded (child, TRUE);
  g_assert_true (is_cancelled (child));
}

/*
 * Deadlines
 */

static void
test_deadline (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) below = new_below (scope);
  gint64 deadline = g_get_monotonic_time () + 3000;
  GThread *thread = NULL;

  g_test_summary ("A scope is cancelled by its deadline, not before, with a reason; and all that is below it");

  g_assert_cmpint (aiodrive_cancel_scope_get_deadline (scope), ==, -1);
  g_signal_connect (below, "cancelled", G_CALLBACK (on_cancelled), &thread);
  aiodrive_cancel_scope_set_deadline (scope, deadline);
  g_assert_cmpint (aiodrive_cancel_scope_get_deadline (scope), ==, deadline);
  test_iterate_until (is_cancelled (scope));
  g_assert_cmpint (g_get_monotonic_time (), >=, deadline);
  g_assert_true (thread == g_thread_self ());
  assert_reason (scope, G_IO_ERROR_TIMED_OUT);
  assert_reason (below, G_IO_ERROR_TIMED_OUT);
}

static void
test_deadline_passed (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) now = aiodrive_cancel_scope_new_with_timeout (NULL, 0);

  g_test_summary ("A deadline in the past cancels in the next iteration, not in the call");

  aiodrive_cancel_scope_set_deadline (scope, 0);
  g_assert_false (is_cancelled (scope));
  g_assert_false (is_cancelled (now));
  test_settle ();
  g_assert_true (is_cancelled (scope));
  g_assert_true (is_cancelled (now));
  assert_reason (scope, G_IO_ERROR_TIMED_OUT);
}

static void
test_deadline_moved (void)
{
  g_autoptr(AiodriveCancelScope) sooner = aiodrive_cancel_scope_new_with_timeout (NULL, G_MAXUINT);
  g_autoptr(AiodriveCancelScope) later = aiodrive_cancel_scope_new_with_timeout (NULL, 0);
  g_autoptr(AiodriveCancelScope) removed = aiodrive_cancel_scope_new_with_timeout (NULL, 0);
  g_autoptr(AiodriveCancelScope) far = aiodrive_cancel_scope_new (NULL);

  g_test_summary ("A deadline can be moved and removed before it passes");

  aiodrive_cancel_scope_set_deadline (later, g_get_monotonic_time () + G_TIME_SPAN_HOUR);
  aiodrive_cancel_scope_set_deadline (removed, -5);
  g_assert_cmpint (aiodrive_cancel_scope_get_deadline (removed), ==, -1);
  aiodrive_cancel_scope_set_deadline (far, G_MAXINT64);
  aiodrive_cancel_scope_set_deadline (sooner, g_get_monotonic_time () + 2000);
  test_iterate_until (is_cancelled (sooner));
  test_settle ();
  g_assert_false (is_cancelled (later));
  g_assert_false (is_cancelled (removed));
  g_assert_false (is_cancelled (far));
  g_assert_finalize_object (g_steal_pointer (&far));
}

static void
test_deadline_dropped (void)
{
  g_test_summary ("A deadline keeps no scope alive");

  for (guint i = 0; i < 1000; i++)
    {
      AiodriveCancelScope *scope = aiodrive_cancel_scope_new_with_timeout (NULL, 0);

      g_assert_finalize_object (scope);
    }
  test_settle ();
}

static void
test_deadline_context_gone (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) below = new_below (scope);
  g_autoptr(GError) error = NULL;
  TestCall call = TEST_CALL_INIT;

  g_test_summary ("A deadline whose context is gone is in effect by the clock in the calls of this library, and can "
                  "be moved "
                  "to a context that is there");

  g_main_context_push_thread_default (context);
  aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time ());
  g_main_context_pop_thread_default (context);
  g_clear_pointer (&context, g_main_context_unref);

  test_settle ();
  g_assert_false (is_cancelled (scope));
  g_assert_true (aiodrive_cancellable_is_cancelled (G_CANCELLABLE (below)));
  g_assert_true (aiodrive_cancellable_set_error (G_CANCELLABLE (below), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  aiodrive_sleep_async (G_MAXUINT, G_CANCELLABLE (below), test_on_ready, &call);
  g_assert_false (aiodrive_sleep_finish (test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  test_call_clear (&call);

  aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time ());
  test_iterate_until (is_cancelled (below));
}

static void
settle (gpointer data,
        gpointer unused)
{
  test_settle ();
}

static void
drop_in_thread (gpointer data,
                gpointer unused)
{
  g_object_unref (data);
}

static void
set_deadline_now (gpointer data,
                  gpointer unused)
{
  aiodrive_cancel_scope_set_deadline (data, g_get_monotonic_time ());
}

static void
test_deadline_threads (void)
{
  TestThread *thread = test_thread_start ();

  g_test_summary ("A deadline that passes in one thread while another one drops the scope or moves the deadline");

  for (guint i = 0; i < 1000; i++)
    {
      AiodriveCancelScope *scope = aiodrive_cancel_scope_new (NULL);
      gpointer weak = scope;

      g_object_add_weak_pointer (weak, &weak);
      test_thread_call (thread, set_deadline_now, scope);
      if (i % 2 == 0)
        aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time () + G_TIME_SPAN_HOUR);
      g_object_unref (scope);
      test_thread_call (thread, settle, NULL);
      g_assert_null (weak);

      scope = aiodrive_cancel_scope_new_with_timeout (NULL, 0);
      test_thread_call (thread, drop_in_thread, scope);
    }
  test_thread_stop (thread);
}

static void
test_effective_deadline (void)
{
  g_autoptr(GCancellable) plain = g_cancellable_new ();
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (plain);
  g_autoptr(AiodriveCancelScope) middle = new_below (top);
  g_autoptr(AiodriveCancelScope) bottom = new_below (middle);
  gint64 hour = g_get_monotonic_time () + G_TIME_SPAN_HOUR;

  g_test_summary ("The nearest deadline of a scope and those above it counts, up to a shield");

  g_assert_cmpint (aiodrive_cancel_scope_get_effective_deadline (bottom), ==, -1);
  aiodrive_cancel_scope_set_deadline (top, hour + 2);
  g_assert_cmpint (aiodrive_cancel_scope_get_effective_deadline (bottom), ==, hour + 2);
  aiodrive_cancel_scope_set_deadline (bottom, hour + 3);
  g_assert_cmpint (aiodrive_cancel_scope_get_effective_deadline (bottom), ==, hour + 2);
  aiodrive_cancel_scope_set_deadline (middle, hour + 1);
  g_assert_cmpint (aiodrive_cancel_scope_get_effective_deadline (bottom), ==, hour + 1);
  g_assert_cmpint (aiodrive_cancel_scope_get_effective_deadline (top), ==, hour + 2);

  aiodrive_cancel_scope_set_shielded (bottom, TRUE);
  g_assert_cmpint (aiodrive_cancel_scope_get_effective_deadline (bottom), ==, hour + 3);
  aiodrive_cancel_scope_set_shielded (bottom, FALSE);
  aiodrive_cancel_scope_set_shielded (middle, TRUE);
  aiodrive_cancel_scope_set_deadline (middle, -1);
  g_assert_cmpint (aiodrive_cancel_scope_get_effective_deadline (bottom), ==, hour + 3);

  aiodrive_cancel_scope_set_deadline (top, 0);
  g_assert_false (aiodrive_cancellable_is_cancelled (G_CANCELLABLE (bottom)));
  aiodrive_cancel_scope_set_shielded (middle, FALSE);
  g_assert_true (aiodrive_cancellable_is_cancelled (G_CANCELLABLE (bottom)));
}

/*
 * Reasons, and leaving
 */

static void
test_reason (void)
{
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) middle = new_below (top);
  g_autoptr(AiodriveCancelScope) bottom = new_below (middle);

  g_test_summary ("A scope has its own reason, else that of the nearest scope above; the first that is given stays");

  assert_reason (top, -1);
  cancel_because (bottom, G_IO_ERROR_BUSY);
  assert_reason (bottom, G_IO_ERROR_BUSY);
  assert_reason (middle, -1);
  cancel_because (bottom, G_IO_ERROR_CLOSED);
  assert_reason (bottom, G_IO_ERROR_BUSY);

  cancel_because (top, G_IO_ERROR_CLOSED);
  assert_reason (top, G_IO_ERROR_CLOSED);
  assert_reason (middle, G_IO_ERROR_CLOSED);
  assert_reason (bottom, G_IO_ERROR_BUSY);
}

static void
test_no_reason (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) plain = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) below = new_below (plain);

  g_test_summary ("A scope cancelled without a reason gets none later");

  aiodrive_cancel_scope_cancel_with_reason (scope, NULL);
  g_assert_true (is_cancelled (scope));
  cancel_because (scope, G_IO_ERROR_BUSY);
  assert_reason (scope, -1);

  cancel (plain);
  cancel_because (plain, G_IO_ERROR_BUSY);
  cancel_because (below, G_IO_ERROR_BUSY);
  assert_reason (plain, -1);
  assert_reason (below, -1);
}

static void
test_reason_origin (void)
{
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) middle = new_below (top);
  g_autoptr(AiodriveCancelScope) own = new_below (middle);
  g_autoptr(AiodriveCancelScope) below_own = new_below (own);
  g_autoptr(AiodriveCancelScope) shielded = new_below (middle);
  g_autoptr(AiodriveCancelScope) attached = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) below_attached = new_below (attached);
  g_autoptr(AiodriveCancelScope) late = NULL;

  g_test_summary ("A scope has the reason of the scope that cancelled it, by whatever way, and no later one");

  aiodrive_cancel_scope_set_shielded (shielded, TRUE);
  cancel (own);
  cancel_because (top, G_IO_ERROR_CLOSED);
  late = new_below (middle);
  aiodrive_cancel_scope_set_shielded (shielded, FALSE);
  g_assert_true (aiodrive_cancel_scope_attach (attached, G_CANCELLABLE (middle)));
  assert_reason (middle, G_IO_ERROR_CLOSED);
  assert_reason (late, G_IO_ERROR_CLOSED);
  assert_reason (shielded, G_IO_ERROR_CLOSED);
  assert_reason (attached, G_IO_ERROR_CLOSED);
  assert_reason (below_attached, G_IO_ERROR_CLOSED);
  assert_reason (own, -1);
  assert_reason (below_own, -1);
}

static void
test_reason_shielded (void)
{
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) middle = new_below (top);
  g_autoptr(AiodriveCancelScope) bottom = new_below (middle);

  g_test_summary ("A reason does not go through a shield");

  aiodrive_cancel_scope_set_shielded (middle, TRUE);
  cancel_because (top, G_IO_ERROR_CLOSED);
  assert_reason (bottom, -1);
  cancel (middle);
  assert_reason (middle, -1);
  assert_reason (bottom, -1);
}

/* The @code that a scope is left with, where its work ended with @error; -1: without an error. */
static void
assert_leaves (AiodriveCancelScope *self,
               const GError        *error,
               gint                 code)
{
  g_autoptr(GError) out_error = NULL;
  gboolean left = aiodrive_cancel_scope_leave (self, error, &out_error);

  g_assert_true (aiodrive_cancel_scope_leave (self, error, NULL) == left);
  g_assert_true (left == (code < 0));
  if (left)
    g_assert_no_error (out_error);
  else
    g_assert_error (out_error, G_IO_ERROR, code);
}

static void
test_leave (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) reasoned = aiodrive_cancel_scope_new (NULL);
  g_autoptr(GError) cancelled = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
  g_autoptr(GError) failed = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "failed");

  g_test_summary ("A CANCELLED that the scope alone caused becomes its reason, or nothing; any other error goes on");

  assert_leaves (scope, NULL, -1);
  assert_leaves (scope, failed, G_IO_ERROR_FAILED);
  assert_leaves (scope, cancelled, G_IO_ERROR_CANCELLED);

  cancel (scope);
  assert_leaves (scope, NULL, -1);
  assert_leaves (scope, failed, G_IO_ERROR_FAILED);
  assert_leaves (scope, cancelled, -1);

  cancel_because (reasoned, G_IO_ERROR_BUSY);
  assert_leaves (reasoned, NULL, -1);
  assert_leaves (reasoned, failed, G_IO_ERROR_FAILED);
  assert_leaves (reasoned, cancelled, G_IO_ERROR_BUSY);
}

static void
test_leave_below (void)
{
  g_autoptr(GCancellable) plain = g_cancellable_new ();
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (plain);
  g_autoptr(AiodriveCancelScope) middle = new_below (top);
  g_autoptr(AiodriveCancelScope) bottom = new_below (middle);
  g_autoptr(GError) cancelled = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");

  g_test_summary ("A CANCELLED that came from above goes on, whatever this scope was cancelled for, unless a shield is "
                  "between");

  cancel_because (bottom, G_IO_ERROR_BUSY);
  assert_leaves (bottom, cancelled, G_IO_ERROR_BUSY);
  aiodrive_cancel_scope_set_shielded (middle, TRUE);
  g_cancellable_cancel (plain);
  assert_leaves (top, cancelled, G_IO_ERROR_CANCELLED);
  assert_leaves (bottom, cancelled, G_IO_ERROR_BUSY);
  assert_leaves (middle, cancelled, G_IO_ERROR_CANCELLED);
  aiodrive_cancel_scope_set_shielded (middle, FALSE);
  assert_leaves (bottom, cancelled, G_IO_ERROR_CANCELLED);
  aiodrive_cancel_scope_set_shielded (bottom, TRUE);
  assert_leaves (bottom, cancelled, G_IO_ERROR_BUSY);
}

static void
test_leave_late (void)
{
  g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = new_below (parent);
  g_autoptr(GError) cancelled = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");

  g_test_summary ("A deadline counts by the clock: its own makes TIMED_OUT of a CANCELLED, one above lets it go on");

  aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time ());
  assert_leaves (scope, cancelled, G_IO_ERROR_TIMED_OUT);
  aiodrive_cancel_scope_set_deadline (parent, g_get_monotonic_time ());
  assert_leaves (scope, cancelled, G_IO_ERROR_CANCELLED);
  g_assert_false (is_cancelled (parent));
}

/*
 * Tasks and properties
 */

static void
keep_task (GTask        *task,
           GCancellable *cancellable,
           gpointer      data)
{
  *(GTask **) data = g_object_ref (task);
}

static void
test_task (void)
{
  g_autoptr(AiodriveCancelScope) none = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = NULL;
  g_autoptr(GTask) found = NULL;
  GTask *in_job = NULL;
  GTask *task = aiodrive_prime (NULL, keep_task, &in_job, NULL);

  g_test_summary ("A scope knows the task that it was made for, and does not keep it");

  scope = AIODRIVE_CANCEL_SCOPE (g_object_ref (g_task_get_cancellable (task)));
  found = aiodrive_cancel_scope_ref_task (scope);
  g_assert_true (found == task);
  g_assert_null (aiodrive_cancel_scope_ref_task (none));

  g_clear_object (&found);
  g_task_return_boolean (in_job, TRUE);
  g_object_unref (in_job);
  test_settle ();
  g_assert_finalize_object (task);
  g_assert_null (aiodrive_cancel_scope_ref_task (scope));
}

typedef struct
{
  AiodriveCancelScope *scope;
  gint                 stop;    /* atomic */
} Looker;

static gpointer
look (gpointer data)
{
  Looker *self = data;

  while (!g_atomic_int_get (&self->stop))
    {
      g_autoptr(GTask) task = aiodrive_cancel_scope_ref_task (self->scope);

      g_assert_true (task == NULL || G_IS_TASK (task));
    }
  return NULL;
}

static void
test_task_dropped (void)
{
  g_test_summary ("A task can be got from its scope in one thread while another drops it");

  for (guint i = 0; i < 500; i++)
    {
      GTask *in_job = NULL;
      GTask *task = aiodrive_prime (NULL, keep_task, &in_job, NULL);
      Looker looker = { .scope = AIODRIVE_CANCEL_SCOPE (g_object_ref (g_task_get_cancellable (task))) };
      GThread *thread = g_thread_new ("look", look, &looker);

      g_task_return_boolean (in_job, TRUE);
      g_object_unref (in_job);
      test_settle ();
      g_object_unref (task);
      g_atomic_int_set (&looker.stop, TRUE);
      g_thread_join (thread);
      g_assert_null (aiodrive_cancel_scope_ref_task (looker.scope));
      g_assert_finalize_object (looker.scope);
    }
}

static void
on_notify (GObject    *object,
           GParamSpec *pspec,
           gpointer    data)
{
  g_string_append_printf (data, "%s ", g_param_spec_get_name (pspec));
}

static void
test_properties (void)
{
  g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = new_below (parent);
  g_autoptr(GCancellable) found = NULL;
  g_autoptr(GString) log = g_string_new (NULL);
  gint64 hour = g_get_monotonic_time () + G_TIME_SPAN_HOUR;
  gint64 deadline;
  gboolean shielded;

  g_test_summary ("Properties say what the functions say, and notify once for each change");

  g_signal_connect (scope, "notify", G_CALLBACK (on_notify), log);
  g_object_get (scope, "parent", &found, "deadline", &deadline, "shielded", &shielded, NULL);
  g_assert_true (found == G_CANCELLABLE (parent));
  g_assert_cmpint (deadline, ==, -1);
  g_assert_false (shielded);

  for (guint i = 0; i < 2; i++)
    {
      g_object_set (scope, "deadline", hour, NULL);
      g_object_set (scope, "shielded", TRUE, NULL);
    }
  aiodrive_cancel_scope_set_shielded (scope, 2);
  g_assert_cmpstr (log->str, ==, "deadline shielded ");
  g_assert_cmpint (aiodrive_cancel_scope_get_deadline (scope), ==, hour);
  g_assert_true (aiodrive_cancel_scope_get_shielded (scope));

  cancel_because (scope, G_IO_ERROR_BUSY);
  g_object_get (scope, "deadline", &deadline, "shielded", &shielded, NULL);
  g_assert_cmpint (deadline, ==, hour);
  g_assert_true (shielded);
}

static void
test_message (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(GError) reason = NULL;

  g_test_summary ("A reason can be given without a GError, and is kept as it was first given");

  aiodrive_cancel_scope_cancel_with_message (scope, G_IO_ERROR, G_IO_ERROR_BUSY, "100 % busy");
  aiodrive_cancel_scope_cancel_with_message (scope, G_IO_ERROR, G_IO_ERROR_CLOSED, "closed");
  g_assert_true (is_cancelled (scope));
  reason = aiodrive_cancel_scope_dup_reason (scope);
  g_assert_error (reason, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (reason->message, ==, "100 % busy");
}

static void
test_construct (void)
{
  g_autoptr(AiodriveCancelScope) parent = g_object_new (AIODRIVE_TYPE_CANCEL_SCOPE, NULL);
  g_autoptr(AiodriveCancelScope) orphan = g_object_new (AIODRIVE_TYPE_CANCEL_SCOPE, "parent", NULL, NULL);
  g_autoptr(GCancellable) plain = g_cancellable_new ();
  gint64 hour = g_get_monotonic_time () + G_TIME_SPAN_HOUR;
  g_autoptr(AiodriveCancelScope) scope =
    g_object_new (AIODRIVE_TYPE_CANCEL_SCOPE, "deadline", hour, "parent", parent, NULL);
  g_autoptr(AiodriveCancelScope) shielded =
    g_object_new (AIODRIVE_TYPE_CANCEL_SCOPE, "parent", parent, "shielded", TRUE, NULL);
  g_autoptr(AiodriveCancelScope) below_plain = g_object_new (AIODRIVE_TYPE_CANCEL_SCOPE, "parent", plain, NULL);
  g_autoptr(AiodriveCancelScope) late = NULL;
  g_autoptr(AiodriveCancelScope) overdue = NULL;

  g_test_summary ("g_object_new() makes a scope with a parent, a deadline and a shield");

  g_assert_true (aiodrive_cancel_scope_get_parent (scope) == G_CANCELLABLE (parent));
  g_assert_null (aiodrive_cancel_scope_get_parent (orphan));
  g_assert_cmpint (aiodrive_cancel_scope_get_deadline (scope), ==, hour);

  cancel_because (parent, G_IO_ERROR_BUSY);
  g_cancellable_cancel (plain);
  late = g_object_new (AIODRIVE_TYPE_CANCEL_SCOPE, "parent", parent, NULL);
  g_assert_true (is_cancelled (scope) && is_cancelled (below_plain) && is_cancelled (late));
  g_assert_false (is_cancelled (shielded) || is_cancelled (orphan));

  overdue = g_object_new (AIODRIVE_TYPE_CANCEL_SCOPE, "parent", shielded, "deadline", G_GINT64_CONSTANT (0), NULL);
  while (!is_cancelled (overdue))
    g_main_context_iteration (NULL, TRUE);
}

static void
count_cancelled (GCancellable *cancellable,
                 gpointer      data)
{
  ++*(guint *) data;
}

static void
test_bad_arguments (void)
{
  g_autoptr(GObject) none = g_object_new (G_TYPE_OBJECT, NULL);

  g_test_summary ("What only wrong code can do is a critical");

  if (g_test_subprocess ())
    {
      g_log_set_always_fatal (G_LOG_FATAL_MASK);
      g_assert_null (aiodrive_cancel_scope_new ((GCancellable *) none));
      g_assert_null (aiodrive_cancel_scope_get_parent (NULL));
      g_assert_cmpint (aiodrive_cancel_scope_get_effective_deadline (NULL), ==, -1);
      aiodrive_cancel_scope_set_shielded (NULL, TRUE);
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*CRITICAL*G_IS_CANCELLABLE*CRITICAL*get_parent*CRITICAL*deadline*CRITICAL*set_shielded*");
}

static void
test_run_dispose (void)
{
  g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (G_CANCELLABLE (parent), 0);
  g_autoptr(AiodriveCancelScope) below = new_below (scope);

  g_test_summary ("A scope that is disposed of by force has left its parent and its timer, and can be cancelled still");

  g_object_run_dispose (G_OBJECT (scope));
  test_settle ();
  cancel (parent);
  g_assert_false (is_cancelled (scope));
  cancel (scope);
  g_assert_true (is_cancelled (below));
}

/*
 * Many
 */

static void
test_deep (void)
{
  g_autoptr(GPtrArray) scopes = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_cancelled = 0;

  g_test_summary ("A chain of a thousand scopes is cancelled from its top, once each");

  for (guint i = 0; i < 1000; i++)
    {
      AiodriveCancelScope *scope = new_below (i > 0 ? scopes->pdata[i - 1] : NULL);

      g_signal_connect (scope, "cancelled", G_CALLBACK (count_cancelled), &n_cancelled);
      g_ptr_array_add (scopes, scope);
    }
  aiodrive_cancel_scope_set_deadline (scopes->pdata[0], 7);
  g_assert_cmpint (aiodrive_cancel_scope_get_effective_deadline (scopes->pdata[999]), ==, 7);
  cancel_because (scopes->pdata[0], G_IO_ERROR_BUSY);
  assert_reason (scopes->pdata[999], G_IO_ERROR_BUSY);
  g_assert_cmpuint (n_cancelled, ==, 1000);
}

/* How long it takes to make @n children, to drop every other one from the last to the first, and to cancel the rest. */
static gint64
measure_children (guint n)
{
  AiodriveCancelScope *parent = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope **children = g_new (AiodriveCancelScope *, n);
  gint64 start = g_get_monotonic_time ();
  gint64 took;

  for (guint i = 0; i < n; i++)
    children[i] = new_below (parent);
  for (guint i = n - 1; i < n; i -= 2)
    g_clear_object (&children[i]);
  cancel (parent);
  took = g_get_monotonic_time () - start;

  for (guint i = 0; i < n; i++)
    {
      g_assert_true (children[i] == NULL || is_cancelled (children[i]));
      g_clear_object (&children[i]);
    }
  g_assert_finalize_object (parent);
  g_free (children);
  return took;
}

static void
test_wide (void)
{
  gint64 few, many;

  g_test_summary ("A hundred thousand scopes below one take about ten times as long as ten thousand, not a hundred "
                  "times");

  few = measure_children (10000);
  many = measure_children (100000);
  g_test_message ("%" G_GINT64_FORMAT " and %" G_GINT64_FORMAT " microseconds", few, many);
  g_assert_cmpint (many, <, 50 * few);
}

/*
 * Threads
 */

typedef struct
{
  AiodriveCancelScope  *parent;
  AiodriveCancelScope **children;   /* owned */
  guint                 n_children;
  gint                  n_ready;    /* atomic */
} Family;

static void
family_start (Family *self,
              gint    n_parties)
{
  g_atomic_int_inc (&self->n_ready);
  test_spin_while (g_atomic_int_get (&self->n_ready) < n_parties);
}

static gpointer
family_drop (gpointer data)
{
  Family *self = data;

  family_start (self, 2);
  for (guint i = self->n_children; i > 0; i--)
    g_clear_object (&self->children[i - 1]);
  return NULL;
}

static void
test_drop_while_parent_cancels (void)
{
  g_test_summary ("Children are dropped in one thread while their parent is cancelled in another");

  for (guint round = 0; round < 500; round++)
    {
      AiodriveCancelScope *children[100];
      Family family = { aiodrive_cancel_scope_new (NULL), children, 100, 0 };
      GThread *thread;

      for (guint i = 0; i < 100; i++)
        children[i] = new_below (family.parent);
      thread = g_thread_new ("drop", family_drop, &family);
      family_start (&family, 2);
      cancel (family.parent);
      g_thread_join (thread);
      g_assert_finalize_object (family.parent);
    }
}

static gpointer
drop (gpointer data)
{
  Family *self = data;

  family_start (self, 3);
  g_clear_object (&self->children[0]);
  return NULL;
}

static gpointer
cancel_parent (gpointer data)
{
  Family *self = data;

  family_start (self, 3);
  cancel (self->parent);
  return NULL;
}

static void
test_drop_waits_for_lock (void)
{
  g_test_summary ("The same with one child, where both threads wait for the hub of the parent");

  for (guint round = 0; round < 1000; round++)
    {
      AiodriveCancelScope *child;
      Family family = { aiodrive_cancel_scope_new (NULL), &child, 1, 0 };
      AiodriveCancelHub *hub = &family.parent->hub;
      GThread *drops, *cancels;

      child = new_below (family.parent);
      g_mutex_lock (&hub->lock);
      drops = g_thread_new ("drop", drop, &family);
      cancels = g_thread_new ("cancel", cancel_parent, &family);
      family_start (&family, 3);
      test_spin_while (!is_cancelled (family.parent));
      for (guint i = 0; i < round % 20; i++)
        g_thread_yield ();
      g_mutex_unlock (&hub->lock);
      g_thread_join (drops);
      g_thread_join (cancels);
      g_assert_finalize_object (family.parent);
    }
}

static gpointer
drop_late (gpointer data)
{
  Family *self = data;

  family_start (self, 2);
  g_clear_object (&self->children[0]);
  return NULL;
}

static void
test_drop_while_deadline_passes (void)
{
  g_test_summary ("A scope is dropped in one thread while its deadline passes in another");

  for (guint round = 0; round < 2000; round++)
    {
      AiodriveCancelScope *scope = aiodrive_cancel_scope_new_with_timeout (NULL, 0);
      Family family = { NULL, &scope, 1, 0 };
      GThread *thread = g_thread_new ("drop", drop_late, &family);

      family_start (&family, 2);
      g_main_context_iteration (NULL, FALSE);
      g_thread_join (thread);
      test_settle ();
    }
}

/* The last child first: somewhere the two threads meet. */
static gpointer
unshield (gpointer data)
{
  Family *self = data;

  family_start (self, 2);
  for (guint i = self->n_children; i > 0; i--)
    aiodrive_cancel_scope_set_shielded (self->children[i - 1], FALSE);
  return NULL;
}

static void
test_unshield_while_parent_cancels (void)
{
  g_test_summary ("A cancellation that comes while a shield is taken away is not lost");

  for (guint round = 0; round < 1000; round++)
    {
      AiodriveCancelScope *parents[50], *children[50];
      Family family = { NULL, children, 50, 0 };
      GThread *thread;

      for (guint i = 0; i < 50; i++)
        {
          parents[i] = aiodrive_cancel_scope_new (NULL);
          children[i] = new_below (parents[i]);
          aiodrive_cancel_scope_set_shielded (children[i], TRUE);
        }
      thread = g_thread_new ("unshield", unshield, &family);
      family_start (&family, 2);
      for (guint i = 0; i < 50; i++)
        cancel (parents[i]);
      g_thread_join (thread);

      for (guint i = 0; i < 50; i++)
        {
          g_assert_true (is_cancelled (children[i]));
          g_object_unref (children[i]);
          g_object_unref (parents[i]);
        }
    }
}

static gpointer
make_children (gpointer data)
{
  Family *self = data;

  family_start (self, 2);
  for (guint i = 0; i < self->n_children; i++)
    self->children[i] = new_below (self->parent);
  return NULL;
}

static void
test_make_while_parent_cancels (void)
{
  g_test_summary ("Children that are made while their parent is cancelled are cancelled");

  for (guint round = 0; round < 1000; round++)
    {
      AiodriveCancelScope *children[20];
      Family family = { aiodrive_cancel_scope_new (NULL), children, 20, 0 };
      GThread *thread = g_thread_new ("make", make_children, &family);

      family_start (&family, 2);
      cancel (family.parent);
      g_thread_join (thread);
      for (guint i = 0; i < 20; i++)
        {
          g_assert_true (is_cancelled (children[i]));
          g_object_unref (children[i]);
        }
      g_assert_finalize_object (family.parent);
    }
}

static gpointer
cancel_with_own_reason (gpointer data)
{
  Family *self = data;

  family_start (self, 2);
  cancel_because (self->parent, G_IO_ERROR_CLOSED);
  return NULL;
}

static void
test_reason_race (void)
{
  g_test_summary ("Of two reasons that are given at once one stays");

  for (guint round = 0; round < 500; round++)
    {
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
      Family family = { scope, NULL, 0, 0 };
      GThread *thread = g_thread_new ("cancel", cancel_with_own_reason, &family);
      g_autoptr(GError) first = NULL;
      g_autoptr(GError) second = NULL;

      family_start (&family, 2);
      cancel_because (scope, G_IO_ERROR_BUSY);
      first = aiodrive_cancel_scope_dup_reason (scope);
      g_thread_join (thread);
      second = aiodrive_cancel_scope_dup_reason (scope);
      g_assert_nonnull (first);
      g_assert_cmpint (first->code, ==, second->code);
    }
}

static void
assert_nearest (AiodriveCancelScope *self,
                gint64               deadline)
{
  g_assert_cmpint (aiodrive_cancel_scope_get_effective_deadline (self), ==, deadline);
}

static void
test_effective_deadline_changes (void)
{
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) middle = new_below (top);
  g_autoptr(AiodriveCancelScope) below = new_below (middle);
  g_autoptr(AiodriveCancelScope) late = aiodrive_cancel_scope_new (NULL);
  const gint64 far = G_MAXINT64 / 2;

  g_test_summary ("What was found to be the nearest deadline does not outlast a change, wherever it comes");

  assert_nearest (below, -1);
  aiodrive_cancel_scope_set_deadline (top, far);
  assert_nearest (below, far);
  aiodrive_cancel_scope_set_deadline (middle, far - 1);
  assert_nearest (below, far - 1);
  aiodrive_cancel_scope_set_deadline (middle, far + 1);
  assert_nearest (below, far);
  aiodrive_cancel_scope_set_shielded (middle, TRUE);
  assert_nearest (below, far + 1);
  assert_nearest (top, far);
  aiodrive_cancel_scope_set_deadline (top, far - 2);
  assert_nearest (below, far + 1);
  aiodrive_cancel_scope_set_shielded (middle, FALSE);
  assert_nearest (below, far - 2);
  aiodrive_cancel_scope_set_deadline (late, far - 3);
  g_assert_true (aiodrive_cancel_scope_attach (top, G_CANCELLABLE (late)));
  assert_nearest (below, far - 3);
  aiodrive_cancel_scope_set_deadline (late, -1);
  assert_nearest (below, far - 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/core/cancel-scope/parents", test_parents);
  g_test_add_func ("/aiodrive/core/cancel-scope/cancelling-thread", test_cancelling_thread);
  g_test_add_func ("/aiodrive/core/cancel-scope/below-cancelled", test_below_cancelled);
  g_test_add_func ("/aiodrive/core/cancel-scope/references", test_references);
  g_test_add_func ("/aiodrive/core/cancel-scope/shield", test_shield);
  g_test_add_func ("/aiodrive/core/cancel-scope/shield/below-shield", test_shield_below_shield);
  g_test_add_func ("/aiodrive/core/cancel-scope/shield/open", test_shield_open);
  g_test_add_func ("/aiodrive/core/cancel-scope/deadline", test_deadline);
  g_test_add_func ("/aiodrive/core/cancel-scope/deadline/passed", test_deadline_passed);
  g_test_add_func ("/aiodrive/core/cancel-scope/deadline/moved", test_deadline_moved);
  g_test_add_func ("/aiodrive/core/cancel-scope/deadline/dropped", test_deadline_dropped);
  g_test_add_func ("/aiodrive/core/cancel-scope/deadline/context-gone", test_deadline_context_gone);
  g_test_add_func ("/aiodrive/core/cancel-scope/deadline/threads", test_deadline_threads);
  g_test_add_func ("/aiodrive/core/cancel-scope/effective-deadline", test_effective_deadline);
  g_test_add_func ("/aiodrive/core/cancel-scope/effective-deadline/changes", test_effective_deadline_changes);
  g_test_add_func ("/aiodrive/core/cancel-scope/reason", test_reason);
  g_test_add_func ("/aiodrive/core/cancel-scope/reason/none", test_no_reason);
  g_test_add_func ("/aiodrive/core/cancel-scope/reason/origin", test_reason_origin);
  g_test_add_func ("/aiodrive/core/cancel-scope/reason/shielded", test_reason_shielded);
  g_test_add_func ("/aiodrive/core/cancel-scope/reason/race", test_reason_race);
  g_test_add_func ("/aiodrive/core/cancel-scope/leave", test_leave);
  g_test_add_func ("/aiodrive/core/cancel-scope/leave/below", test_leave_below);
  g_test_add_func ("/aiodrive/core/cancel-scope/leave/late", test_leave_late);
  g_test_add_func ("/aiodrive/core/cancel-scope/task", test_task);
  g_test_add_func ("/aiodrive/core/cancel-scope/task/dropped", test_task_dropped);
  g_test_add_func ("/aiodrive/core/cancel-scope/properties", test_properties);
  g_test_add_func ("/aiodrive/core/cancel-scope/construct", test_construct);
  g_test_add_func ("/aiodrive/core/cancel-scope/message", test_message);
  g_test_add_func ("/aiodrive/core/cancel-scope/bad-arguments", test_bad_arguments);
  g_test_add_func ("/aiodrive/core/cancel-scope/run-dispose", test_run_dispose);
  g_test_add_func ("/aiodrive/core/cancel-scope/deep", test_deep);
  g_test_add_func ("/aiodrive/core/cancel-scope/wide", test_wide);
  g_test_add_func ("/aiodrive/core/cancel-scope/drop-while-parent-cancels", test_drop_while_parent_cancels);
  g_test_add_func ("/aiodrive/core/cancel-scope/drop-while-parent-cancels/waits-for-lock", test_drop_waits_for_lock);
  g_test_add_func ("/aiodrive/core/cancel-scope/drop-while-deadline-passes", test_drop_while_deadline_passes);
  g_test_add_func ("/aiodrive/core/cancel-scope/unshield-while-parent-cancels", test_unshield_while_parent_cancels);
  g_test_add_func ("/aiodrive/core/cancel-scope/make-while-parent-cancels", test_make_while_parent_cancels);

  return g_test_run ();
}
