/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* Chains and nestings as deep as the data, each in a thread with a small stack: they are cancelled, end, are read and
 * freed. AIODRIVE_TEST_DEPTH is how deep. */

#define SMALL_STACK (64 * 1024)
#define NEVER_MS    3600000

static guint depth;

static void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;

  if (aiodrive_sleep_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
sleep_job (GTask        *task,
           GCancellable *cancellable,
           gpointer      duration_ms)
{
  aiodrive_sleep_async (GPOINTER_TO_UINT (duration_ms), cancellable, on_slept, g_object_ref (task));
}

static GTask *
start_job (GCancellable *parent,
           guint         duration_ms)
{
  return aiodrive_spawn (parent, sleep_job, GUINT_TO_POINTER (duration_ms), NULL);
}

static void
wait_until_ended (GTask *task)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_wait_task_async (task, NULL, test_on_ready, &call);
  test_call_wait (&call);
}

/* @code is that of G_IO_ERROR, or -1 for none. */
static void
assert_ended (GTask *task,
              gint   code)
{
  g_autoptr(GError) error = NULL;

  wait_until_ended (task);
  aiodrive_task_get_leaf (task, &error);
  if (code < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, G_IO_ERROR, code);
}

/*
 * Scopes
 */

static AiodriveCancelScope *
new_chain (GCancellable *top)
{
  AiodriveCancelScope *last = aiodrive_cancel_scope_new (top);

  for (guint i = 1; i < depth; i++)
    {
      AiodriveCancelScope *next = aiodrive_cancel_scope_new (G_CANCELLABLE (last));

      g_object_unref (last);
      last = next;
    }
  return last;
}

static void
test_scopes (gconstpointer data)
{
  g_autoptr(GCancellable) top = g_cancellable_new ();
  AiodriveCancelScope *last = new_chain (top);

  g_test_summary ("A cancellation reaches the last scope of a chain before g_cancellable_cancel() returns");

  g_cancellable_cancel (top);
  g_assert_true (g_cancellable_is_cancelled (G_CANCELLABLE (last)));
  g_assert_finalize_object (last);
}

static void
test_scopes_dropped (gconstpointer data)
{
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (NULL);
  gpointer above = NULL;
  AiodriveCancelScope *last = new_chain (G_CANCELLABLE (top));

  g_test_summary ("A chain of scopes is freed before the last reference on its last scope is gone");

  g_set_weak_pointer (&above, aiodrive_cancel_scope_get_parent (last));
  g_assert_finalize_object (last);
  g_assert_null (above);
  g_assert_finalize_object (g_steal_pointer (&top));
}

/*
 * Combinators
 */

typedef struct
{
  const char *name;
  GTask    *(*wrap) (GTask *task);
  gboolean    cancels_child;
} Wrapper;

static GTask *
wrap_timeout (GTask *task)
{
  return aiodrive_timeout (task, NEVER_MS, NULL);
}

static GTask *
wrap_shield (GTask *task)
{
  return aiodrive_shield (task, NULL);
}

static GTask *
wrap_try_all (GTask *task)
{
  return aiodrive_try_all (&task, 1, NULL);
}

static GTask *
wrap_race (GTask *task)
{
  return aiodrive_race (&task, 1, NULL);
}

static GTask *
wrap_wait (GTask *task)
{
  return AIODRIVE_START (NULL, aiodrive_wait_task_async, task);
}

static const Wrapper wrappers[] =
{
  { "timeout", wrap_timeout, TRUE },
  { "shield", wrap_shield, FALSE },
  { "try-all", wrap_try_all, TRUE },
  { "race", wrap_race, TRUE },
  { "wait", wrap_wait, FALSE },
};

static GTask *
new_nesting (const Wrapper *wrapper,
             guint          duration_ms)
{
  GTask *task = start_job (NULL, duration_ms);

  for (guint i = 0; i < depth; i++)
    {
      GTask *outer = wrapper->wrap (task);

      g_object_unref (task);
      task = outer;
    }
  return task;
}

static void
test_nesting (gconstpointer data)
{
  GTask *task = new_nesting (data, 0);

  g_test_summary ("A nesting ends, has one leaf, and is freed");

  assert_ended (task, -1);
  test_finalize_task (task);
}

static void
test_nesting_cancelled (gconstpointer data)
{
  const Wrapper *wrapper = data;
  GTask *task = new_nesting (wrapper, wrapper->cancels_child ? NEVER_MS : 0);

  g_test_summary ("A nesting that is cancelled ends, and is freed");

  test_settle ();
  g_cancellable_cancel (g_task_get_cancellable (task));
  wait_until_ended (task);
  test_finalize_task (task);
}

/* Each has two errors, of which one has two again. */
static void
test_errors (gconstpointer data)
{
  g_autoptr(GTask) failed = aiodrive_task_new (NULL);
  GTask *task = g_object_ref (failed);
  GError *error;

  g_test_summary ("Errors of errors are freed");

  g_task_return_new_error (failed, G_IO_ERROR, G_IO_ERROR_FAILED, "-");
  for (guint i = 0; i < MIN (depth, 1000); i++)
    {
      GTask *tasks[] = { failed, task };
      GTask *outer = aiodrive_wait_all (tasks, i == 0 ? 1 : 2, NULL);

      wait_until_ended (outer);
      g_object_unref (task);
      task = outer;
    }
  error = aiodrive_task_dup_error (task);
  g_object_unref (task);
  g_assert_error (error, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE);
  g_error_free (error);
}

/*
 * Tasks in tasks
 */

static void
on_inner_ended (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_autoptr(GTask) task = data;
  g_autoptr(GTask) inner = aiodrive_wait_task_finish (result, NULL);
  GError *error = aiodrive_task_dup_error (inner);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

typedef struct
{
  guint n_left;
  guint duration_ms;
} Nest;

static void
nest_job (GTask        *task,
          GCancellable *cancellable,
          gpointer      data)
{
  Nest *nest = data;
  g_autoptr(GTask) inner = NULL;

  if (nest->n_left-- > 1)
    inner = aiodrive_spawn (cancellable, nest_job, nest, NULL);
  else
    inner = start_job (cancellable, nest->duration_ms);
  aiodrive_wait_task_async (inner, NULL, on_inner_ended, g_object_ref (task));
}

static void
run_nest (guint    duration_ms,
          gboolean cancel)
{
  Nest nest = { depth, duration_ms };
  GTask *task = aiodrive_spawn (NULL, nest_job, &nest, NULL);

  test_iterate_until (nest.n_left == 0);
  if (cancel)
    g_cancellable_cancel (g_task_get_cancellable (task));
  assert_ended (task, cancel ? G_IO_ERROR_CANCELLED : -1);
  test_finalize_task (task);
}

static void
test_tasks (gconstpointer data)
{
  g_test_summary ("Tasks that wait for tasks end, and are freed");

  run_nest (0, FALSE);
}

static void
test_tasks_cancelled (gconstpointer data)
{
  g_test_summary ("Tasks that wait for tasks are cancelled");

  run_nest (NEVER_MS, TRUE);
}

/*
 * Groups
 */

typedef struct
{
  const char        *name;
  AiodriveTaskGroup *(*new_group) (GCancellable *parent);
} GroupKind;

static AiodriveTaskGroup *
new_pool (GCancellable *parent)
{
  return AIODRIVE_TASK_GROUP (aiodrive_pool_open (NULL, parent));
}

static const GroupKind group_kinds[] = { { "group", aiodrive_task_group_new }, { "pool", new_pool } };

/* A group in the scope of another one, closed there too. */
static GPtrArray *
new_groups (const GroupKind *kind,
            gboolean         as_parents)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func (g_object_unref);
  GCancellable *above = NULL;

  for (guint i = 0; i < depth; i++)
    {
      AiodriveTaskGroup *group = kind->new_group (as_parents ? above : NULL);

      g_ptr_array_add (groups, group);
      if (!as_parents)
        {
          aiodrive_task_group_spawn (group, NULL, sleep_job, GUINT_TO_POINTER (NEVER_MS), NULL);
          aiodrive_task_group_close_async (group, above, NULL, NULL);
        }
      above = G_CANCELLABLE (aiodrive_task_group_get_scope (group));
    }
  return groups;
}

static void
cancel_groups (GPtrArray *groups)
{
  AiodriveTaskGroup *last = g_ptr_array_index (groups, groups->len - 1);

  aiodrive_task_group_cancel (g_ptr_array_index (groups, 0));
  test_iterate_until (g_cancellable_is_cancelled (G_CANCELLABLE (aiodrive_task_group_get_scope (last))));
}

static void
test_groups (gconstpointer data)
{
  g_autoptr(GPtrArray) groups = new_groups (data, TRUE);

  g_test_summary ("Groups in the scopes of groups are cancelled, and freed");

  cancel_groups (groups);
  test_settle ();
}

static void
test_groups_closed (gconstpointer data)
{
  g_autoptr(GPtrArray) groups = new_groups (data, FALSE);
  AiodriveTaskGroup *last = g_ptr_array_index (groups, groups->len - 1);

  g_test_summary ("Groups that are closed in the scopes of groups are cancelled, and end");

  cancel_groups (groups);
  test_iterate_until (aiodrive_task_group_is_closed (last));
  test_settle ();
}

static void
test_format (gconstpointer data)
{
  g_autoptr(GPtrArray) groups = new_groups (&group_kinds[1], TRUE);
  g_autofree char *text = aiodrive_pool_format (g_ptr_array_index (groups, 0));

  g_test_summary ("A description says how much is left out");

  g_assert_nonnull (strstr (text, "─ ...\n"));
  g_assert_cmpuint (strlen (text), <, 64 * 1024);
}

/*
 * The tests, each in a thread of its own
 */

typedef struct
{
  GTestDataFunc func;
  gconstpointer data;
} Test;

static gpointer
run_in_context (gpointer data)
{
  Test *test = data;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  test->func (test->data);
  test_settle ();
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
run_on_small_stack (gconstpointer test)
{
  test_run_on_stack (SMALL_STACK, run_in_context, (gpointer) test);
}

static void
add (const char    *kind,
     const char    *name,
     GTestDataFunc  func,
     gconstpointer  data)
{
  g_autofree char *path = g_strconcat ("/aiodrive/task/depth/", kind, name, NULL);
  Test *test = g_new0 (Test, 1);

  *test = (Test) { func, data };
  g_test_add_data_func_full (path, test, run_on_small_stack, g_free);
}

int
main (int   argc,
      char *argv[])
{
  const char *wanted = g_getenv ("AIODRIVE_TEST_DEPTH");

  g_test_init (&argc, &argv, NULL);
  depth = wanted != NULL ? g_ascii_strtoull (wanted, NULL, 10) : test_rounds (3000);

  add ("scope", "", test_scopes, NULL);
  add ("scope", "/dropped", test_scopes_dropped, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (wrappers); i++)
    {
      add (wrappers[i].name, "", test_nesting, &wrappers[i]);
      add (wrappers[i].name, "/cancelled", test_nesting_cancelled, &wrappers[i]);
    }
  add ("error", "", test_errors, NULL);
  add ("task", "", test_tasks, NULL);
  add ("task", "/cancelled", test_tasks_cancelled, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (group_kinds); i++)
    {
      add (group_kinds[i].name, "", test_groups, &group_kinds[i]);
      add (group_kinds[i].name, "/closed", test_groups_closed, &group_kinds[i]);
    }
  add ("format", "", test_format, NULL);

  return g_test_run ();
}
