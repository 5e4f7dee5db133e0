/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/group/group.h"
#include "tests/thread/executor.h"

static AiodriveTaskGroup *
group_new (void)
{
  return AIODRIVE_TASK_GROUP (aiodrive_thread_task_group_new ("group", NULL));
}

/* Those of GIO come and go. */
static guint
count_group_threads (void)
{
  g_autoptr(GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", name, "comm", NULL);
      g_autofree char *comm = NULL;

      n += g_file_get_contents (path, &comm, NULL, NULL) && g_str_equal (comm, "group\n");
    }
  return n;
}

/* A thread that was joined is there for a moment still. */
static void
wait_for_no_thread (void)
{
  test_spin_while (count_group_threads () > 0 && (g_main_context_iteration (NULL, FALSE) || TRUE));
}

static void
assert_closes (AiodriveTaskGroup *group)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_assert_closes (group, &call);
}

/* What a job saw. */
typedef struct
{
  GThread                 *thread;
  GMainContext            *context;      /* unowned */
  GThread                 *callback;
  AiodriveThreadSafeEvent *event;        /* owned, nullable: set in the end */
} Seen;

static gboolean
is_thread_default (GMainContext *context)
{
  g_autoptr(GMainContext) here = g_main_context_ref_thread_default ();

  return here == context;
}

static void
on_loaded (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  g_autoptr(GTask) task = data;
  Seen *self = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autofree char *contents = NULL;

  g_assert_true (g_file_load_contents_finish (G_FILE (source_object), result, &contents, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (is_thread_default (self->context));
  self->callback = g_thread_self ();
  if (self->event != NULL)
    aiodrive_thread_safe_event_set (self->event);
  g_task_return_boolean (task, TRUE);
}

static void
load (GTask        *task,
      GCancellable *cancellable,
      gpointer      data)
{
  g_autoptr(GFile) file = g_file_new_for_path ("/proc/self/status");
  Seen *self = data;

  self->thread = g_thread_self ();
  self->context = g_task_get_context (task);
  g_assert_true (is_thread_default (self->context));
  g_task_set_task_data (task, self, NULL);
  /* without the cancellable: a thread of GIO may keep that for a moment */
  g_file_load_contents_async (file, NULL, on_loaded, g_object_ref (task));
}

/* All jobs run in one other thread, and what they call calls back there. The tasks are those of the group. */
static void
test_one_thread (void)
{
  AiodriveTaskGroup *group = group_new ();
  GListModel *tasks = aiodrive_task_group_get_tasks (group);
  Seen seen[3] = { { NULL } };
  GTask *spawned[3];

  for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
    {
      g_autoptr(AiodriveTaskInfo) info = NULL;

      aiodrive_task_group_spawn (group, &spawned[i], load, &seen[i], NULL);
      g_task_set_name (spawned[i], "loading");
      info = g_list_model_get_item (tasks, i);
      g_assert_cmpstr (aiodrive_task_info_get_name (info), ==, "loading");
    }
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 3);
  assert_closes (group);
  g_assert_cmpuint (g_list_model_get_n_items (tasks), ==, 0);

  for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
    {
      g_autoptr(GError) error = NULL;
      g_auto(GValue) value = G_VALUE_INIT;
      GTask *leaf = aiodrive_task_get_leaf (spawned[i], &error);

      g_assert_no_error (error);
      g_assert_true (g_task_get_context (spawned[i]) == g_main_context_default ());
      g_assert_true (g_task_get_context (leaf) == seen[i].context);
      g_assert_true (g_task_propagate_boolean (leaf, &error));
      g_assert_true (seen[i].context != g_main_context_default ());
      g_assert_true (seen[i].context == seen[0].context);
      g_assert_true (seen[i].thread != g_thread_self ());
      g_assert_true (seen[i].thread == seen[0].thread);
      g_assert_true (seen[i].callback == seen[0].thread);
      test_finalize_task (spawned[i]);
    }
  test_group_free (group);
}

/* The thread stays between two tasks. */
static void
test_stays (void)
{
  AiodriveTaskGroup *group = group_new ();
  GThread *threads[2];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      Seen seen = { NULL };
      GTask *task;

      aiodrive_task_group_spawn (group, &task, load, &seen, NULL);
      assert_ends (task, 0);
      threads[i] = seen.thread;
      g_object_unref (task);
    }
  g_assert_true (threads[0] == threads[1]);
  assert_closes (group);
  test_group_free (group);
}

/* Who blocks after spawning keeps nothing from starting, nor from going on. */
static void
test_blocked (void)
{
  AiodriveTaskGroup *group = group_new ();
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
  Seen seen = { .event = event };

  aiodrive_task_group_spawn (group, NULL, load, &seen, NULL);
  wait_for (event);
  assert_closes (group);
  test_group_free (group);
}

/* Closing waits for the thread, and one that has none has nothing to wait for. */
static void
test_joined (void)
{
  wait_for_no_thread ();   /* those of the tests before, which the kernel still lists for a moment */
  for (guint i = 0; i < 3; i++)
    {
      AiodriveTaskGroup *group = group_new ();

      for (guint j = 0; j < i; j++)
        aiodrive_task_group_spawn (group, NULL, return_true, NULL, NULL);
      g_assert_cmpuint (count_group_threads (), <=, i > 0);
      assert_closes (group);
      wait_for_no_thread ();
      test_group_free (group);
    }
}

/* The others are cancelled, and awaited. */
static void
test_failure (void)
{
  AiodriveTaskGroup *group = group_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestChild) failing = { 0 };
  g_auto(TestChild) other = { 0 };
  g_auto(TestChild) lingering = { .lingers = TRUE };

  test_child_spawn (&failing, group, "failing");
  test_child_spawn (&other, group, "other");
  test_child_spawn (&lingering, group, "lingering");
  aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
  test_child_fail (&failing);
  test_iterate_until (g_atomic_int_get (&other.n_freed) == 1);
  g_assert_true (g_cancellable_is_cancelled (lingering.cancellable));
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);
  g_assert_cmpuint (aiodrive_task_group_get_n_tasks (group), ==, 1);

  test_child_succeed (&lingering);
  test_assert_close_fails (group, &call, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "failing failed");
  assert_ends (other.task, G_IO_ERROR_CANCELLED);
  assert_ends (lingering.task, 0);
  g_assert_true (lingering.freed_in == g_thread_self ());
  test_call_clear (&call);
  test_child_clear (&failing);
  test_child_clear (&other);
  test_child_clear (&lingering);
  test_group_free (group);
}

static void
test_multiple (void)
{
  AiodriveTaskGroup *group = group_new ();
  g_autoptr(GTask) closing = NULL;
  g_autoptr(GPtrArray) errors = NULL;
  g_autoptr(GError) error = NULL;

  aiodrive_task_group_spawn (group, NULL, fail, NULL, NULL);
  aiodrive_task_group_spawn (group, NULL, fail, NULL, NULL);
  closing = AIODRIVE_START (NULL, aiodrive_task_group_close_async, group);
  aiodrive_run (closing);
  g_assert_false (test_group_finish (group, closing, &error));
  g_assert_error (error, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE);
  errors = aiodrive_task_dup_errors (closing);
  g_assert_cmpuint (errors->len, ==, 2);

  g_clear_object (&closing);
  test_group_free (group);
}

static gpointer
cancel_there (gpointer group)
{
  aiodrive_task_group_cancel (group);
  return NULL;
}

/* A job that waits, and one that blocks the thread; who waits for them goes on waiting. */
static void
test_cancelled_from_thread (void)
{
  for (guint blocks = 0; blocks < 2; blocks++)
    {
      AiodriveTaskGroup *group = group_new ();
      g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
      g_auto(TestCall) call = TEST_CALL_INIT;
      GTask *task;

      aiodrive_task_group_spawn (group, &task, blocks ? block : hang, event, NULL);
      wait_for (event);
      aiodrive_task_group_close_async (group, NULL, test_on_ready, &call);
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 0);
      g_thread_join (g_thread_new ("canceller", cancel_there, group));
      test_assert_closes (group, &call);
      assert_ends (task, G_IO_ERROR_CANCELLED);
      test_finalize_task (task);
      test_call_clear (&call);
      test_group_free (group);
    }
}

/* Before and while it waits: the group is cancelled, and the call waits for the jobs and for the thread. */
static void
test_close_cancelled (void)
{
  for (guint later = 0; later < 2; later++)
    {
      AiodriveTaskGroup *group = group_new ();
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_auto(TestCall) call = TEST_CALL_INIT;
      GTask *task;

      aiodrive_task_group_spawn (group, &task, hang, NULL, NULL);
      if (!later)
        g_cancellable_cancel (cancellable);
      aiodrive_task_group_close_async (group, cancellable, test_on_ready, &call);
      g_cancellable_cancel (cancellable);
      test_assert_close_fails (group, &call, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
      wait_for_no_thread ();
      assert_ends (task, G_IO_ERROR_CANCELLED);
      test_finalize_task (task);
      test_call_clear (&call);
      test_group_free (group);
    }
}

static void
test_closed (void)
{
  AiodriveTaskGroup *group = group_new ();
  GTask *task;
  gint n_freed = 0;

  assert_closes (group);
  aiodrive_task_group_spawn (group, &task, return_true, &n_freed, (GDestroyNotify) g_atomic_int_inc);
  g_assert_cmpuint (count_group_threads (), ==, 0);
  assert_ends (task, G_IO_ERROR_CLOSED);
  g_assert_cmpint (n_freed, ==, 1);
  test_finalize_task (task);
  test_group_free (group);
}

typedef struct
{
  AiodriveTaskGroup *group;   /* unowned */
  guint              depth;
  GThread           *thread;
  gint               n_begun;
  gint               n_ended;
} Tree;

static void
grow (GTask        *task,
      GCancellable *cancellable,
      gpointer      data)
{
  Tree *self = data;

  if (self->thread == NULL)
    self->thread = g_thread_self ();
  g_assert_true (self->thread == g_thread_self ());
  if (self->n_begun++ < 20)
    for (guint i = 0; i < 2; i++)
      aiodrive_task_group_spawn (self->group, NULL, grow, self, (GDestroyNotify) NULL);
  self->n_ended++;
  g_task_return_boolean (task, TRUE);
}

/* Closing waits for what the jobs spawn meanwhile, into the same thread. */
static void
test_spawn_in_job (void)
{
  AiodriveTaskGroup *group = group_new ();
  Tree tree = { .group = group };

  aiodrive_task_group_spawn (group, NULL, grow, &tree, NULL);
  assert_closes (group);
  g_assert_cmpint (tree.n_begun, ==, 41);
  g_assert_cmpint (tree.n_ended, ==, 41);
  test_group_free (group);
}

#define DROPPED "A task group was dropped while 1 of its tasks run: they are cancelled"

/* The job is cancelled and the thread ends, whether it waits or blocks. */
static void
test_dropped (void)
{
  for (guint blocks = 0; blocks < 2; blocks++)
    {
      AiodriveTaskGroup *group = group_new ();
      g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();
      AiodriveCancelScope *scope = g_object_ref (aiodrive_task_group_get_scope (group));
      GTask *task;

      aiodrive_task_group_spawn (group, &task, blocks ? block : hang, event, NULL);
      wait_for (event);
      g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, DROPPED);
      g_assert_finalize_object (group);
      g_test_assert_expected_messages ();
      wait_for_no_thread ();
      assert_ends (task, G_IO_ERROR_CANCELLED);
      test_finalize_task (task);
      test_settle ();
      g_assert_finalize_object (scope);
    }
}

/* One that has a thread, and nothing to do. */
static void
test_dropped_idle (void)
{
  AiodriveTaskGroup *group = group_new ();
  GTask *task;

  aiodrive_task_group_spawn (group, &task, return_true, NULL, NULL);
  assert_ends (task, 0);
  g_object_unref (task);
  g_object_unref (group);
  wait_for_no_thread ();
}

typedef struct
{
  AiodriveTaskGroup *group;    /* owned, nullable */
  gint               n_freed;
  GMutex             lock;     /* who spawns needs the group until he has done so */
} Own;

static void
on_not_closed (GObject      *source_object,
               GAsyncResult *result,
               gpointer      data)
{
  g_autoptr(GTask) task = data;
  g_autoptr(GError) error = NULL;

  g_assert_false (aiodrive_task_group_close_finish (AIODRIVE_TASK_GROUP (source_object), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_task_return_boolean (task, TRUE);
}

static void
close_own (GTask        *task,
           GCancellable *cancellable,
           gpointer      data)
{
  aiodrive_task_group_close_async (((Own *) data)->group, cancellable, on_not_closed, g_object_ref (task));
}

static void
drop_own (GTask        *task,
          GCancellable *cancellable,
          gpointer      data)
{
  Own *self = data;

  g_mutex_lock (&self->lock);
  g_mutex_unlock (&self->lock);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, DROPPED);
  g_assert_finalize_object (g_steal_pointer (&self->group));
  g_test_assert_expected_messages ();
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_task_return_boolean (task, TRUE);
}

static void
count_freed (gpointer data)
{
  ((Own *) data)->n_freed++;
}

/* A job cannot close its group, which would wait for itself. It may drop it: the thread ends without being joined. */
static void
test_own_thread (void)
{
  Own self = { .group = group_new () };

  aiodrive_task_group_spawn (self.group, NULL, close_own, &self, count_freed);
  test_iterate_until (self.n_freed == 1);
  test_settle ();
  g_assert_false (aiodrive_task_group_is_closed (self.group));
  g_mutex_lock (&self.lock);
  aiodrive_task_group_spawn (self.group, NULL, drop_own, &self, count_freed);
  g_mutex_unlock (&self.lock);
  test_iterate_until (self.n_freed == 2);
  g_assert_null (self.group);
  wait_for_no_thread ();
}

typedef struct
{
  AiodriveTaskGroup *group;    /* owned, nullable */
  GTask             *task;     /* owned */
  gint               n_freed;
} Spawner;

static void
spawn_there (gpointer data,
             gpointer unused)
{
  Spawner *self = data;

  aiodrive_task_group_spawn (self->group, &self->task, return_true, &self->n_freed, (GDestroyNotify) g_atomic_int_inc);
}

static void
await_there (gpointer data,
             gpointer code)
{
  Spawner *self = data;

  assert_ends (self->task, GPOINTER_TO_INT (code));
  test_settle ();
  test_finalize_task (self->task);
}

static void
await_success (gpointer data,
               gpointer unused)
{
  await_there (data, NULL);
}

static void
await_cancelled (gpointer data,
                 gpointer unused)
{
  await_there (data, GINT_TO_POINTER (G_IO_ERROR_CANCELLED));
}

static void
test_spawn_from_thread (void)
{
  TestThread *thread = test_thread_start ();
  Spawner self = { group_new (), NULL, 0 };

  test_thread_call (thread, spawn_there, &self);
  assert_closes (self.group);
  test_thread_call (thread, await_success, &self);
  g_assert_cmpint (self.n_freed, ==, 1);
  test_group_free (self.group);
  test_thread_stop (thread);
}

/* What comes when the group has gone was cancelled with it, and starts no thread that nobody would stop. */
static void
test_dropped_meanwhile (void)
{
  TestThread *thread = test_thread_start ();
  Spawner self = { group_new (), NULL, 0 };

  test_thread_call (thread, spawn_there, &self);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, DROPPED);
  g_assert_finalize_object (self.group);
  g_test_assert_expected_messages ();
  test_settle ();
  test_thread_call (thread, await_cancelled, &self);
  g_assert_cmpint (self.n_freed, ==, 1);
  wait_for_no_thread ();
  test_thread_stop (thread);
}

static void
test_cycles (void)
{
  guint n_files = count_entries ("/proc/self/fd");

  for (guint i = 0; i < test_rounds (1000); i++)
    {
      AiodriveTaskGroup *group = group_new ();

      aiodrive_task_group_spawn (group, NULL, return_true, NULL, NULL);
      if (i % 10 != 0)
        {
          assert_closes (group);
          test_group_free (group);
        }
      else
        {
          while (aiodrive_task_group_get_n_tasks (group) > 0)
            g_main_context_iteration (NULL, TRUE);
          g_object_unref (group);
        }
    }
  wait_for_no_thread ();
  g_assert_cmpuint (count_entries ("/proc/self/fd"), ==, n_files);
}

static void
hang_halfway (GTask        *task,
              GCancellable *cancellable,
              gpointer      data)
{
  aiodrive_task_set_progress (task, 0.5);
  hang (task, cancellable, NULL);
}

static void
hang_halfway_with_another (GTask        *task,
                           GCancellable *cancellable,
                           gpointer      group)
{
  aiodrive_task_group_spawn (group, NULL, hang_halfway, NULL, NULL);
  hang_halfway (task, cancellable, NULL);
}

static double
get_progress (GListModel *tasks,
              guint       n)
{
  g_autoptr(AiodriveTaskInfo) info = g_list_model_get_item (tasks, n);

  return info != NULL ? aiodrive_task_info_get_progress (info) : -1;
}

/* What a job says in the thread shows in the list, also of one that was spawned there. */
static void
test_progress (void)
{
  AiodriveTaskGroup *group = group_new ();
  GListModel *tasks = aiodrive_task_group_get_tasks (group);

  aiodrive_task_group_spawn (group, NULL, hang_halfway_with_another, group, NULL);
  while (get_progress (tasks, 0) != 0.5 || get_progress (tasks, 1) != 0.5)
    g_main_context_iteration (NULL, TRUE);

  aiodrive_task_group_cancel (group);
  assert_closes (group);
  test_group_free (group);
}

static void
test_properties (void)
{
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  AiodriveThreadTaskGroup *group = aiodrive_thread_task_group_new ("name", parent);
  g_autoptr(AiodriveThreadTaskGroup) unnamed = g_object_new (AIODRIVE_TYPE_THREAD_TASK_GROUP, NULL);
  g_autofree char *name = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;
  GTask *task;

  g_object_get (group, "name", &name, NULL);
  g_assert_cmpstr (name, ==, "name");
  g_assert_cmpstr (aiodrive_thread_task_group_get_name (group), ==, "name");
  g_assert_null (aiodrive_thread_task_group_get_name (unnamed));

  aiodrive_task_group_spawn (AIODRIVE_TASK_GROUP (group), &task, hang, NULL, NULL);
  aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (group), NULL, test_on_ready, &call);
  g_cancellable_cancel (parent);
  test_assert_close_fails (AIODRIVE_TASK_GROUP (group), &call, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  assert_ends (task, G_IO_ERROR_CANCELLED);
  test_finalize_task (task);
  test_call_clear (&call);
  test_group_free (AIODRIVE_TASK_GROUP (group));
}

int
main (int   argc,
      char *argv[])
{
  Seen seen = { NULL };
  g_autoptr(GTask) warm_up = NULL;

  g_test_init (&argc, &argv, NULL);
  /* what GLib starts and opens once, and keeps */
  warm_up = aiodrive_spawn (NULL, load, &seen, NULL);
  aiodrive_run (warm_up);

  g_test_add_func ("/aiodrive/thread/thread-task-group/one-thread", test_one_thread);
  g_test_add_func ("/aiodrive/thread/thread-task-group/stays", test_stays);
  g_test_add_func ("/aiodrive/thread/thread-task-group/blocked", test_blocked);
  g_test_add_func ("/aiodrive/thread/thread-task-group/joined", test_joined);
  g_test_add_func ("/aiodrive/thread/thread-task-group/failure", test_failure);
  g_test_add_func ("/aiodrive/thread/thread-task-group/multiple", test_multiple);
  g_test_add_func ("/aiodrive/thread/thread-task-group/cancelled-from-thread", test_cancelled_from_thread);
  g_test_add_func ("/aiodrive/thread/thread-task-group/close-cancelled", test_close_cancelled);
  g_test_add_func ("/aiodrive/thread/thread-task-group/closed", test_closed);
  g_test_add_func ("/aiodrive/thread/thread-task-group/spawn-in-job", test_spawn_in_job);
  g_test_add_func ("/aiodrive/thread/thread-task-group/dropped", test_dropped);
  g_test_add_func ("/aiodrive/thread/thread-task-group/dropped-idle", test_dropped_idle);
  g_test_add_func ("/aiodrive/thread/thread-task-group/own-thread", test_own_thread);
  g_test_add_func ("/aiodrive/thread/thread-task-group/spawn-from-thread", test_spawn_from_thread);
  g_test_add_func ("/aiodrive/thread/thread-task-group/dropped-meanwhile", test_dropped_meanwhile);
  g_test_add_func ("/aiodrive/thread/thread-task-group/cycles", test_cycles);
  g_test_add_func ("/aiodrive/thread/thread-task-group/progress", test_progress);
  g_test_add_func ("/aiodrive/thread/thread-task-group/properties", test_properties);

  return g_test_run ();
}
