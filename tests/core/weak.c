/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/weak-private.h"

#include "tests/support/support.h"

/* Scopes and tasks that are looked for by way of a weak pointer while their last reference is dropped. */

/* What happens at the beginning of the dispose() of one object. */
typedef struct
{
  GObject *object;
  void   (*dispose) (GObject *object);   /* that of its class */
  GFunc    func;
  gpointer data;
} Disposal;

static Disposal disposal;

static void
dispose_watched (GObject *object)
{
  if (object == disposal.object)
    {
      disposal.object = NULL;
      disposal.func (object, disposal.data);
    }
  disposal.dispose (object);
}

/* Drops the last reference on @object. */
static void
drop_and_do (gpointer object,
             GFunc    func,
             gpointer data)
{
  GObjectClass *klass = G_OBJECT_GET_CLASS (object);

  disposal = (Disposal) { object, klass->dispose, func, data };
  klass->dispose = dispose_watched;
  g_object_unref (object);
  klass->dispose = disposal.dispose;
}

static void
count (GCancellable *cancellable,
       gpointer      n)
{
  ++*(guint *) n;
}

/* From GLib 2.80 on others may take a reference at that moment, and drop it when they like. */
static void
assert_found (guint n_found)
{
  g_assert_cmpuint (n_found, ==, GLIB_CHECK_VERSION (2, 79, 1) ? 1 : 0);
}

static void
cancel_parent (gpointer object,
               gpointer data)
{
  g_cancellable_cancel (aiodrive_cancel_scope_get_parent (object));
}

static void
test_child (void)
{
  g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope *child = aiodrive_cancel_scope_new (G_CANCELLABLE (parent));
  guint n_found = 0;

  g_test_summary ("A parent that is cancelled does not find a child whose last reference is being dropped");

  g_signal_connect (child, "cancelled", G_CALLBACK (count), &n_found);
  drop_and_do (child, cancel_parent, NULL);
  assert_found (n_found);
}

static void
let_time_pass (gpointer object,
               gpointer data)
{
  test_settle ();
}

static void
test_deadline (void)
{
  AiodriveCancelScope *scope = aiodrive_cancel_scope_new_with_timeout (NULL, 0);
  guint n_found = 0;

  g_test_summary ("Nor does the timer find a scope whose deadline passes at that moment");

  g_signal_connect (scope, "cancelled", G_CALLBACK (count), &n_found);
  drop_and_do (scope, let_time_pass, NULL);
  assert_found (n_found);
}

static void
look_for_task (gpointer object,
               gpointer n_found)
{
  AiodriveCancelScope *scope = AIODRIVE_CANCEL_SCOPE (g_task_get_cancellable (object));
  g_autoptr(GTask) task = aiodrive_cancel_scope_ref_task (scope);

  *(guint *) n_found += task != NULL;
}

static void
test_task (void)
{
  GTask *task = aiodrive_task_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = AIODRIVE_CANCEL_SCOPE (g_object_ref (g_task_get_cancellable (task)));
  guint n_found = 0;

  g_test_summary ("Nor does a scope find its task");

  g_task_return_boolean (task, TRUE);
  test_settle ();
  drop_and_do (task, look_for_task, &n_found);
  assert_found (n_found);
  g_assert_null (aiodrive_cancel_scope_ref_task (scope));
}

static void
test_forced (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, 0);

  g_test_summary ("A scope that was disposed of by force can be given a deadline again");

  g_object_run_dispose (G_OBJECT (scope));
  test_settle ();
  g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (scope)));
  aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time ());
  test_iterate_until (g_cancellable_is_cancelled (G_CANCELLABLE (scope)));
}

/* One thread drops the last reference on a child, another cancels the parent meanwhile. */
typedef struct
{
  AiodriveCancelScope *child;
  GCancellable        *parent;
  gint                 step;     /* atomic */
  gint                 is_over;  /* atomic */
} Meeting;

enum
{
  DROPPING,
  DISPOSING,
  LOOKED,
  DISPOSED
};

static void
reach (Meeting *self,
       gint     step)
{
  g_atomic_int_set (&self->step, step);
}

static void
await (Meeting *self,
       gint     step)
{
  test_spin_while (g_atomic_int_get (&self->step) < step);
}

static void
meet (gpointer object,
      gpointer data)
{
  reach (data, DISPOSING);
  await (data, LOOKED);
}

static void
on_disposed (gpointer  data,
             GObject  *object)
{
  reach (data, DISPOSED);
}

/* The reference is kept until the other thread comes to the end of its g_object_unref(). */
static void
on_found (GCancellable *child,
          gpointer      data)
{
  g_object_weak_ref (G_OBJECT (child), on_disposed, data);
  reach (data, LOOKED);
  await (data, DISPOSED);
}

static gpointer
cancel_while_disposing (gpointer data)
{
  Meeting *self = data;

  await (self, DISPOSING);
  g_cancellable_cancel (self->parent);
  if (g_atomic_int_get (&self->step) < LOOKED)
    reach (self, LOOKED);
  return NULL;
}

/* All freezing and thawing is under one lock: who waits for it here may come too late. */
static gpointer
keep_thawing (gpointer data)
{
  Meeting *self = data;
  g_autoptr(GCancellable) other = g_cancellable_new ();

  while (!g_atomic_int_get (&self->is_over))
    {
      g_object_freeze_notify (G_OBJECT (other));
      g_object_thaw_notify (G_OBJECT (other));
    }
  return NULL;
}

static void
test_threads (void)
{
  Meeting meeting = { NULL };
  GThread *thawing = g_thread_new ("thaw", keep_thawing, &meeting);

  g_test_summary ("A child that two threads want at that moment is not used after it was freed");

  for (guint n = test_rounds (2000); n > 0; n--)
    {
      g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
      GThread *thread;

      meeting.parent = G_CANCELLABLE (parent);
      meeting.child = aiodrive_cancel_scope_new (meeting.parent);
      meeting.step = DROPPING;
      g_signal_connect (meeting.child, "cancelled", G_CALLBACK (on_found), &meeting);
      thread = g_thread_new ("cancel", cancel_while_disposing, &meeting);
      drop_and_do (meeting.child, meet, &meeting);
      g_thread_join (thread);
    }

  g_atomic_int_set (&meeting.is_over, TRUE);
  g_thread_join (thawing);
}

/* A binding: its toggle notify wants a lock that a thread holds while it uses the library. */
typedef struct
{
  GMutex               interpreter;
  AiodriveCancelScope *parent;
  AiodriveCancelScope *child;     /* the binding has the only reference */
  gint                 is_over;   /* atomic */
} Binding;

static void
toggled (gpointer  data,
         GObject  *object,
         gboolean  is_last)
{
  Binding *self = data;

  g_mutex_lock (&self->interpreter);
  g_mutex_unlock (&self->interpreter);
}

static gpointer
interpret (gpointer data)
{
  Binding *self = data;

  while (!g_atomic_int_get (&self->is_over))
    {
      g_mutex_lock (&self->interpreter);
      g_object_unref (aiodrive_cancel_scope_new (G_CANCELLABLE (self->parent)));
      g_mutex_unlock (&self->interpreter);
    }
  return NULL;
}

static void
test_toggle (void)
{
  Binding binding = { .is_over = FALSE };
  g_autoptr(AiodriveCancelScope) parent = NULL;

  g_test_summary ("A reference is taken on a child of a binding while nothing is locked, not even by GLib");

  for (guint n = test_rounds (2000); n > 0; n--)
    {
      GThread *thread;

      parent = aiodrive_cancel_scope_new (NULL);
      binding.parent = parent;
      binding.child = aiodrive_cancel_scope_new (G_CANCELLABLE (parent));
      g_object_add_toggle_ref (G_OBJECT (binding.child), toggled, &binding);
      g_object_unref (binding.child);
      g_atomic_int_set (&binding.is_over, FALSE);
      thread = g_thread_new ("interpreter", interpret, &binding);

      g_cancellable_cancel (G_CANCELLABLE (parent));
      g_atomic_int_set (&binding.is_over, TRUE);
      g_thread_join (thread);
      g_assert_true (g_cancellable_is_cancelled (G_CANCELLABLE (binding.child)));
      g_object_remove_toggle_ref (G_OBJECT (binding.child), toggled, &binding);
      g_clear_object (&parent);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/core/weak/child", test_child);
  g_test_add_func ("/aiodrive/core/weak/deadline", test_deadline);
  g_test_add_func ("/aiodrive/core/weak/task", test_task);
  g_test_add_func ("/aiodrive/core/weak/forced", test_forced);
  g_test_add_func ("/aiodrive/core/weak/threads", test_threads);
  g_test_add_func ("/aiodrive/core/weak/toggle", test_toggle);

  return g_test_run ();
}
