/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/group/group.h"

#include <math.h>

/* A copy of the list that knows of it only by its signals. */
typedef struct
{
  GListModel *tasks;      /* unowned */
  GPtrArray  *infos;      /* owned */
  GThread    *thread;     /* where the signals have to come */
  guint       n_signals;
} Mirror;

static void
mirror_assert (Mirror *self)
{
  g_assert_cmpuint (g_list_model_get_n_items (self->tasks), ==, self->infos->len);
  for (guint i = 0; i < self->infos->len; i++)
    {
      g_autoptr(AiodriveTaskInfo) info = g_list_model_get_item (self->tasks, i);

      g_assert_true (AIODRIVE_IS_TASK_INFO (info));
      g_assert_true (info == self->infos->pdata[i]);
    }
  g_assert_null (g_list_model_get_item (self->tasks, self->infos->len));
  g_assert_null (g_list_model_get_item (self->tasks, G_MAXUINT));
}

static void
on_items_changed (GListModel *tasks,
                  guint       position,
                  guint       removed,
                  guint       added,
                  gpointer    data)
{
  Mirror *self = data;

  g_assert_true (g_thread_self () == self->thread);
  g_assert_cmpuint (position + removed, <=, self->infos->len);
  if (removed > 0)
    g_ptr_array_remove_range (self->infos, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (self->infos, position + i, g_list_model_get_item (tasks, position + i));
  self->n_signals++;
  mirror_assert (self);
}

static void
mirror_init (Mirror            *self,
             AiodriveTaskGroup *group)
{
  self->tasks = aiodrive_task_group_get_tasks (group);
  self->infos = g_ptr_array_new_with_free_func (g_object_unref);
  self->thread = g_thread_self ();
  self->n_signals = 0;
  for (guint i = 0; i < g_list_model_get_n_items (self->tasks); i++)
    g_ptr_array_add (self->infos, g_list_model_get_item (self->tasks, i));
  g_signal_connect (self->tasks, "items-changed", G_CALLBACK (on_items_changed), self);
}

static void
mirror_clear (Mirror *self)
{
  g_signal_handlers_disconnect_by_data (self->tasks, self);
  g_ptr_array_unref (self->infos);
}

/* Made on demand, while tasks run: each is there, in the order in which it came. */
static void
test_list (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  const char *names[] = { "a", "b", "c", "d" };
  TestChild children[4] = { { 0 }, { 0 }, { 0 }, { 0 } };
  g_auto(TestCall) call = TEST_CALL_INIT;
  Mirror mirror;

  for (guint i = 0; i < 3; i++)
    test_child_spawn (&children[i], group, names[i]);
  test_settle ();
  mirror_init (&mirror, group);
  g_assert_true (aiodrive_task_group_get_tasks (group) == mirror.tasks);
  g_assert_true (g_list_model_get_item_type (mirror.tasks) == AIODRIVE_TYPE_TASK_INFO);
  mirror_assert (&mirror);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr (aiodrive_task_info_get_name (mirror.infos->pdata[i]), ==, names[i]);

  test_child_spawn (&children[3], group, names[3]);
  g_assert_cmpuint (mirror.infos->len, ==, 4);
  test_child_succeed (&children[1]);
  test_iterate_until (mirror.infos->len == 3);
  g_assert_cmpstr (aiodrive_task_info_get_name (mirror.infos->pdata[1]), ==, "c");
  aiodrive_task_group_cancel (group);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
  g_assert_cmpuint (mirror.infos->len, ==, 0);
  g_assert_cmpuint (mirror.n_signals, ==, 5);

  mirror_clear (&mirror);
  test_call_clear (&call);
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    test_child_clear (&children[i]);
  test_group_free (group);
}

/* Insertions and removals at random places. */
static void
test_list_random (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  TestChild *children = g_new0 (TestChild, 200);
  g_auto(TestCall) call = TEST_CALL_INIT;
  guint n = 0;
  Mirror mirror;

  mirror_init (&mirror, group);
  while (n < 200)
    {
      for (gint i = g_test_rand_int_range (1, 4); i > 0 && n < 200; i--)
        test_child_spawn (&children[n++], group, "child");
      for (gint i = g_test_rand_int_range (0, 3); i > 0; i--)
        test_child_succeed (&children[g_test_rand_int_range (0, n)]);
      for (gint i = g_test_rand_int_range (0, 5); i > 0; i--)
        g_main_context_iteration (NULL, FALSE);
    }
  for (guint i = 0; i < n; i++)
    test_child_succeed (&children[i]);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
  g_assert_cmpuint (mirror.infos->len, ==, 0);
  g_assert_cmpuint (mirror.n_signals, ==, 400);

  mirror_clear (&mirror);
  test_call_clear (&call);
  for (guint i = 0; i < n; i++)
    test_child_clear (&children[i]);
  g_free (children);
  test_group_free (group);
}

typedef struct
{
  AiodriveTaskGroup *group;   /* unowned */
  TestChild          child;
} Spawner;

static void
spawn (gpointer data,
       gpointer unused)
{
  Spawner *self = data;

  test_child_spawn (&self->child, self->group, "child");
}

static void
clear_child (gpointer data,
             gpointer unused)
{
  test_settle ();
  test_child_clear (data);
}

/* Whoever spawns: the list changes in the context of the group. */
static void
test_list_from_thread (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  TestThread *thread = test_thread_start ();
  Spawner spawner = { .group = group };
  g_auto(TestCall) call = TEST_CALL_INIT;
  Mirror mirror;

  mirror_init (&mirror, group);
  test_thread_call (thread, spawn, &spawner);
  g_assert_cmpuint (mirror.infos->len, ==, 0);
  test_iterate_until (mirror.infos->len == 1);
  test_child_succeed (&spawner.child);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
  g_assert_cmpuint (mirror.n_signals, ==, 2);

  mirror_clear (&mirror);
  test_call_clear (&call);
  test_thread_call (thread, clear_child, &spawner.child);
  test_thread_stop (thread);
  test_group_free (group);
}

static AiodriveTaskInfo *
get_info (AiodriveTaskGroup *group)
{
  return g_list_model_get_item (aiodrive_task_group_get_tasks (group), 0);
}

static void
count (AiodriveTaskInfo *info,
       GParamSpec       *pspec,
       gpointer          n)
{
  (*(guint *) n)++;
}

/* How it ends; and that it stays so when the task is gone, which it does not keep. */
static void
test_states (void)
{
  const AiodriveTaskState states[] = { AIODRIVE_TASK_STATE_SUCCEEDED, AIODRIVE_TASK_STATE_FAILED,
                                       AIODRIVE_TASK_STATE_CANCELLED };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestChild) child = { 0 };
      g_autofree char *name = NULL;
      g_autofree char *message = NULL;
      AiodriveTaskState state;
      AiodriveTaskInfo *info;
      guint n_states = 0;
      guint n_messages = 0;
      gint64 elapsed;
      double progress;

      test_child_spawn (&child, group, "child");
      test_settle ();
      info = get_info (group);
      g_signal_connect (info, "notify::state", G_CALLBACK (count), &n_states);
      g_signal_connect (info, "notify::error-message", G_CALLBACK (count), &n_messages);
      g_assert_cmpint (aiodrive_task_info_get_state (info), ==, AIODRIVE_TASK_STATE_RUNNING);
      elapsed = aiodrive_task_info_get_elapsed (info);
      g_assert_cmpint (elapsed, >=, 0);
      g_assert_cmpint (elapsed, <, G_TIME_SPAN_HOUR);
      g_assert_cmpint (aiodrive_task_info_get_elapsed (info), >=, elapsed);

      if (i == 0)
        test_child_succeed (&child);
      else if (i == 1)
        test_child_fail (&child);
      else
        aiodrive_task_info_cancel (info);
      test_iterate_until (n_states == 1);
      test_settle ();
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      test_call_wait (&call);
      test_call_clear (&call);
      test_finalize_task (g_steal_pointer (&child.task));
      test_group_free (group);

      g_object_get (info, "name", &name, "state", &state, "error-message", &message, "progress", &progress, NULL);
      g_assert_cmpstr (name, ==, "child");
      g_assert_cmpstr (aiodrive_task_info_get_name (info), ==, "child");
      g_assert_cmpint (state, ==, states[i]);
      g_assert_cmpint (aiodrive_task_info_get_state (info), ==, states[i]);
      g_assert_cmpstr (message, ==, i == 1 ? "child failed" : NULL);
      g_assert_cmpstr (aiodrive_task_info_get_error_message (info), ==, message);
      g_assert_cmpuint (n_messages, ==, i == 1);
      g_assert_cmpfloat (progress, ==, 0);
      elapsed = aiodrive_task_info_get_elapsed (info);
      g_assert_cmpint (aiodrive_task_info_get_elapsed (info), ==, elapsed);
      aiodrive_task_info_cancel (info);
      test_child_clear (&child);
      g_assert_finalize_object (info);
    }
}

static void
note_name (AiodriveTaskInfo *info,
           GParamSpec       *pspec,
           gpointer          names)
{
  g_ptr_array_add (names, g_strdup (aiodrive_task_info_get_name (info)));
}

static void
watch_name (GListModel *tasks,
            guint       position,
            guint       removed,
            guint       added,
            gpointer    names)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr(AiodriveTaskInfo) info = g_list_model_get_item (tasks, i);

      g_assert_null (aiodrive_task_info_get_name (info));
      g_signal_connect (info, "notify::name", G_CALLBACK (note_name), names);
    }
}

static void
assert_names (GPtrArray  *names,
              const char *expected)
{
  g_autofree char *joined = NULL;

  g_ptr_array_add (names, NULL);
  joined = g_strjoinv (" ", (char **) names->pdata);
  g_assert_cmpstr (joined, ==, expected);
  g_ptr_array_remove_index (names, names->len - 1);
}

static void
name_itself (GTask        *task,
             GCancellable *cancellable,
             gpointer      data)
{
  g_task_set_name (task, "by-itself");
  test_child_job (task, cancellable, data);
}

/* A name comes after the task was shown: from who spawned it, from its job, and as it goes on. */
static void
test_name (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  GListModel *tasks = aiodrive_task_group_get_tasks (group);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { .name = "by-its-job", .future = aiodrive_thread_safe_future_new () };
  AiodriveTaskInfo *info;

  g_signal_connect (tasks, "items-changed", G_CALLBACK (watch_name), names);
  aiodrive_task_group_spawn (group, &child.task, name_itself, &child, NULL);
  g_task_set_name (child.task, "by-spawner");
  info = g_list_model_get_item (tasks, 0);
  g_assert_cmpstr (aiodrive_task_info_get_name (info), ==, "by-spawner");
  g_assert_cmpuint (names->len, ==, 0);
  test_settle ();
  assert_names (names, "by-spawner by-its-job");

  g_task_set_name (child.task, "later");
  test_settle ();
  assert_names (names, "by-spawner by-its-job");
  aiodrive_task_set_progress (child.task, 0.5);
  test_settle ();
  assert_names (names, "by-spawner by-its-job later");

  g_task_set_name (child.task, "last");
  test_child_succeed (&child);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
  assert_names (names, "by-spawner by-its-job later last");
  g_task_set_name (child.task, "too-late");
  g_assert_cmpstr (aiodrive_task_info_get_name (info), ==, "last");

  test_call_clear (&call);
  test_child_clear (&child);
  test_group_free (group);
  g_assert_finalize_object (info);
}

/* One that is over before it was looked at twice. */
static void
test_name_of_ended (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  GListModel *tasks = aiodrive_task_group_get_tasks (group);
  TestTask *task = test_task_new (TEST_TASK_FOREIGN, "task", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  AiodriveTaskInfo *info;

  test_task_succeed (task);
  test_settle ();
  g_task_set_name (task->task, "added");
  g_assert_true (aiodrive_task_group_add (group, task->task, NULL));
  info = g_list_model_get_item (tasks, 0);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
  test_call_clear (&call);
  test_task_free (task);
  test_settle ();
  g_assert_cmpstr (aiodrive_task_info_get_name (info), ==, "added");
  test_group_free (group);
  g_assert_finalize_object (info);
}

/* The cancellable of a task of others is not touched any more when the task has ended. */
static void
test_cancel_ended (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  TestTask *task = test_task_new (TEST_TASK_FOREIGN, "task", NULL);
  g_autoptr(AiodriveTaskInfo) info = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_assert_true (aiodrive_task_group_add (group, task->task, NULL));
  info = get_info (group);
  test_task_succeed (task);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
  aiodrive_task_info_cancel (info);
  g_assert_false (g_cancellable_is_cancelled (g_task_get_cancellable (task->task)));

  test_call_clear (&call);
  test_task_free (task);
  test_group_free (group);
}

typedef struct
{
  GThread *thread;
  guint    n;
  double   last;
} Progress;

static void
on_progress (AiodriveTaskInfo *info,
             GParamSpec       *pspec,
             gpointer          data)
{
  Progress *self = data;
  double progress = aiodrive_task_info_get_progress (info);

  g_assert_true (g_thread_self () == self->thread);
  g_assert_cmpfloat (progress, >, self->last);
  self->last = progress;
  self->n++;
}

static void
work (gpointer task,
      gpointer unused)
{
  for (guint i = 1; i <= 1000; i++)
    aiodrive_task_set_progress (task, i / 1000.0);
}

/* From another thread, coalesced: while the context does not run there is one notification, of the latest. */
static void
test_progress (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  TestThread *thread = test_thread_start ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { 0 };
  Progress progress = { .thread = g_thread_self () };
  AiodriveTaskInfo *info;

  test_child_spawn (&child, group, "child");
  aiodrive_task_set_progress (child.task, 0.0005);
  info = get_info (group);
  g_assert_cmpfloat (aiodrive_task_info_get_progress (info), ==, 0.0005);
  g_signal_connect (info, "notify::progress", G_CALLBACK (on_progress), &progress);

  test_thread_call (thread, work, child.task);
  g_assert_cmpuint (progress.n, ==, 0);
  test_settle ();
  g_assert_cmpuint (progress.n, ==, 1);
  g_assert_cmpfloat (progress.last, ==, 1);
  progress.last = -1;
  aiodrive_task_set_progress (child.task, -3);
  test_settle ();
  g_assert_cmpfloat (aiodrive_task_info_get_progress (info), ==, 0);
  ((GFileProgressCallback) aiodrive_task_set_file_progress) (1, 4, child.task);
  test_settle ();
  g_assert_cmpfloat (aiodrive_task_info_get_progress (info), ==, 0.25);
  aiodrive_task_set_file_progress (9, 0, child.task);   /* the total is not known */
  test_settle ();
  g_assert_cmpfloat (aiodrive_task_info_get_progress (info), ==, 0.25);
  aiodrive_task_set_progress (child.task, NAN);
  aiodrive_task_set_progress (child.task, 0.5);
  test_child_succeed (&child);
  aiodrive_task_set_progress (child.task, 7);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
  g_assert_cmpfloat (aiodrive_task_info_get_progress (info), ==, 1);
  g_assert_cmpuint (progress.n, ==, 4);
  aiodrive_task_set_progress (child.task, 0.25);
  test_settle ();
  g_assert_cmpfloat (aiodrive_task_info_get_progress (info), ==, 1);

  test_thread_stop (thread);
  test_call_clear (&call);
  test_child_clear (&child);
  test_group_free (group);
  g_assert_finalize_object (info);
}

static gpointer
work_until_over (gpointer data)
{
  TestChild *child = data;

  for (guint i = 0; !aiodrive_thread_safe_future_is_done (child->future) || i < 100; i++)
    aiodrive_task_set_progress (child->task, i % 1000 / 1000.0);
  return NULL;
}

/* Tasks end while another thread says how far they are. */
static void
test_progress_race (void)
{
  for (guint i = 0; i < 200; i++)
    {
      AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(TestChild) child = { 0 };
      AiodriveTaskInfo *info;
      GThread *thread;

      test_child_spawn (&child, group, "child");
      info = get_info (group);
      thread = g_thread_new ("worker", work_until_over, &child);
      for (guint j = 0; j < i % 10; j++)
        g_main_context_iteration (NULL, FALSE);
      test_child_succeed (&child);
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      test_assert_closes (group, &call);
      g_thread_join (thread);
      test_settle ();

      test_call_clear (&call);
      test_child_clear (&child);
      test_group_free (group);
      g_assert_finalize_object (info);
    }
}

static void
run_until_ended (AiodriveTaskInfo *info,
                 GParamSpec       *pspec,
                 gpointer          child)
{
  if (aiodrive_task_info_get_state (info) != AIODRIVE_TASK_STATE_RUNNING)
    return;

  test_child_succeed (child);
  test_iterate_until (aiodrive_task_info_get_state (info) == AIODRIVE_TASK_STATE_SUCCEEDED);
}

/* Who is told may run a main loop in which the task ends, and with it the last reference on what is shown of it. */
static void
test_nested_loop (void)
{
  AiodriveTaskGroup *group = aiodrive_task_group_new (NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { 0 };
  AiodriveTaskInfo *info;

  test_child_spawn (&child, group, "child");
  info = get_info (group);
  g_signal_connect (info, "notify::name", G_CALLBACK (run_until_ended), &child);
  g_object_unref (info);
  test_settle ();
  g_task_set_name (child.task, "renamed");
  aiodrive_task_set_progress (child.task, 0.5);
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);

  test_call_clear (&call);
  test_child_clear (&child);
  test_group_free (group);
}

static void
test_arguments (void)
{
  g_autoptr(GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr(GTask) stranger = g_task_new (NULL, NULL, NULL, NULL);

  aiodrive_task_set_progress (stranger, 0.5);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*G_IS_TASK (task)*failed*");
  aiodrive_task_set_progress ((GTask *) object, 0.5);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*AIODRIVE_IS_TASK_INFO (self)*failed*");
  aiodrive_task_info_cancel ((AiodriveTaskInfo *) object);
  g_test_assert_expected_messages ();
  g_task_return_boolean (stranger, TRUE);
  test_settle ();
}

/* Of a task that is in no group, until it ends so or so. */
static void
test_of_task (void)
{
  const AiodriveTaskState states[] = { AIODRIVE_TASK_STATE_SUCCEEDED, AIODRIVE_TASK_STATE_FAILED,
                                       AIODRIVE_TASK_STATE_CANCELLED };

  for (guint i = 0; i < TEST_N_TASK_KINDS * G_N_ELEMENTS (states); i++)
    {
      TestTaskKind kind = i / G_N_ELEMENTS (states);
      AiodriveTaskState state = states[i % G_N_ELEMENTS (states)];
      TestTask *task = test_task_new (kind, "task", NULL);
      AiodriveTaskInfo *info = aiodrive_task_info_new (task->task);
      guint n_states = 0;
      guint n_progress = 0;

      g_signal_connect (info, "notify::state", G_CALLBACK (count), &n_states);
      g_signal_connect (info, "notify::progress", G_CALLBACK (count), &n_progress);
      g_assert_cmpint (aiodrive_task_info_get_state (info), ==, AIODRIVE_TASK_STATE_RUNNING);
      g_assert_cmpstr (aiodrive_task_info_get_name (info), ==, "task");
      aiodrive_task_set_progress (task->task, 0.5);
      g_assert_cmpfloat (aiodrive_task_get_progress (task->task), ==, 0.5);
      test_iterate_until (n_progress == 1);
      g_assert_cmpfloat (aiodrive_task_info_get_progress (info), ==, 0.5);

      if (state == AIODRIVE_TASK_STATE_SUCCEEDED)
        test_task_succeed (task);
      else if (state == AIODRIVE_TASK_STATE_FAILED)
        test_task_fail (task, G_IO_ERROR_NOT_FOUND);
      else
        aiodrive_task_info_cancel (info);
      test_iterate_until (n_states == 1);
      g_assert_cmpint (aiodrive_task_info_get_state (info), ==, state);
      g_assert_cmpstr (aiodrive_task_info_get_error_message (info), ==,
                       state == AIODRIVE_TASK_STATE_FAILED ? "task failed" : NULL);
      test_task_settle (task);
      g_assert_finalize_object (info);
      test_task_free (task);
    }
}

/* One of a planned task of a pool sees it begin; and goes first, or is made when the task has ended. */
static void
test_of_planned (void)
{
  AiodrivePool *pool = aiodrive_pool_new (NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) child = { 0 };
  AiodriveTaskInfo *info, *other;

  test_child_spawn (&child, AIODRIVE_TASK_GROUP (pool), "child");
  g_assert_cmpfloat (aiodrive_task_get_progress (child.task), ==, 0);
  info = aiodrive_task_info_new (child.task);
  other = aiodrive_task_info_new (child.task);
  test_settle ();
  g_assert_cmpint (aiodrive_task_info_get_state (info), ==, AIODRIVE_TASK_STATE_PLANNED);
  g_assert_cmpint (aiodrive_task_info_get_elapsed (info), ==, 0);
  g_object_unref (other);

  aiodrive_pool_run_async (pool, AIODRIVE_POOL_FLAGS_NONE, NULL, test_on_ready, &call);
  test_iterate_until (child.n_started == 1);
  test_settle ();
  g_assert_cmpint (aiodrive_task_info_get_state (info), ==, AIODRIVE_TASK_STATE_RUNNING);
  test_child_succeed (&child);
  test_call_wait (&call);
  test_settle ();
  g_assert_cmpint (aiodrive_task_info_get_state (info), ==, AIODRIVE_TASK_STATE_SUCCEEDED);

  other = aiodrive_task_info_new (child.task);
  test_settle ();
  g_assert_cmpint (aiodrive_task_info_get_state (other), ==, AIODRIVE_TASK_STATE_SUCCEEDED);
  g_assert_finalize_object (other);
  g_assert_finalize_object (info);
  test_call_clear (&call);
  test_child_clear (&child);
  test_settle ();
  g_assert_finalize_object (pool);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/group/task-info/list", test_list);
  g_test_add_func ("/aiodrive/group/task-info/list-random", test_list_random);
  g_test_add_func ("/aiodrive/group/task-info/list-from-thread", test_list_from_thread);
  g_test_add_func ("/aiodrive/group/task-info/states", test_states);
  g_test_add_func ("/aiodrive/group/task-info/name", test_name);
  g_test_add_func ("/aiodrive/group/task-info/name-of-ended", test_name_of_ended);
  g_test_add_func ("/aiodrive/group/task-info/cancel-ended", test_cancel_ended);
  g_test_add_func ("/aiodrive/group/task-info/progress", test_progress);
  g_test_add_func ("/aiodrive/group/task-info/progress-race", test_progress_race);
  g_test_add_func ("/aiodrive/group/task-info/nested-loop", test_nested_loop);
  g_test_add_func ("/aiodrive/group/task-info/of-task", test_of_task);
  g_test_add_func ("/aiodrive/group/task-info/of-planned", test_of_planned);
  g_test_add_func ("/aiodrive/group/task-info/arguments", test_arguments);

  return g_test_run ();
}
