/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stream/iterate.h"

#define N_TASKS 4

/* A few tasks of one kind, and the iterator over them. */
typedef struct
{
  TestTask              *tests[N_TASKS];
  GTask                 *tasks[N_TASKS];
  AiodriveAsyncIterator *iterator;
} Fixture;

static void
set_up (Fixture      *self,
        TestTaskKind  kind,
        GCancellable *parent)
{
  static const char *const names[N_TASKS] = { "a", "b", "c", "d" };

  for (guint i = 0; i < N_TASKS; i++)
    {
      self->tests[i] = test_task_new (kind, names[i], NULL);
      self->tasks[i] = self->tests[i]->task;
    }
  self->iterator = aiodrive_as_completed (self->tasks, N_TASKS, parent);
}

static void
settle_all (Fixture *self)
{
  for (guint i = 0; i < N_TASKS; i++)
    test_task_settle (self->tests[i]);
}

/* Ends what has not ended, and asserts that nothing is left. */
static void
tear_down (Fixture *self)
{
  if (self->iterator != NULL)
    finalize_it (g_steal_pointer (&self->iterator));
  settle_all (self);
  for (guint i = 0; i < N_TASKS; i++)
    test_task_free (self->tests[i]);
}

/* Waits for the call, and asserts that it gave this task. */
static void
assert_given (Fixture  *self,
              TestCall *call,
              guint     index)
{
  g_auto(GValue) item = G_VALUE_INIT;

  take_item (self->iterator, call, &item);
  g_assert_true (G_VALUE_HOLDS (&item, G_TYPE_TASK));
  g_assert_true (g_value_get_object (&item) == self->tasks[index]);
  g_assert_true (g_task_get_completed (self->tasks[index]));
}

static void
assert_next (Fixture *self,
             guint    index)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  begin_next (self->iterator, NULL, &call);
  assert_given (self, &call, index);
}

static void
assert_error_of (GTask *task,
                 gint   code)
{
  g_autoptr(GError) error = aiodrive_task_dup_error (task);

  g_assert_error (error, G_IO_ERROR, code);
}

static void
assert_cancelled (Fixture  *self,
                  guint     index,
                  gboolean  cancelled)
{
  g_assert_cmpint (g_atomic_int_get (&self->tests[index]->n_cancelled), ==, cancelled);
}

static void
test_order (gconstpointer data)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_test_summary ("each when it has ended, also one that failed");
  set_up (&self, GPOINTER_TO_INT (data), NULL);
  begin_next (self.iterator, NULL, &call);
  settle_all (&self);
  g_assert_cmpuint (call.n_calls, ==, 0);
  test_task_succeed (self.tests[2]);
  assert_given (&self, &call, 2);
  test_assert_value (self.tasks[2], "c");

  test_task_fail (self.tests[0], G_IO_ERROR_NOT_FOUND);
  test_task_settle (self.tests[0]);
  test_task_succeed (self.tests[3]);
  assert_next (&self, 0);
  assert_error_of (self.tasks[0], G_IO_ERROR_NOT_FOUND);
  assert_next (&self, 3);

  test_task_succeed (self.tests[1]);
  assert_next (&self, 1);
  test_assert_value (self.tasks[1], "b");
  assert_next_is_none (self.iterator, AT_END);
  assert_next_is_none (self.iterator, AT_END);
  for (guint i = 0; i < N_TASKS; i++)
    assert_cancelled (&self, i, FALSE);
  tear_down (&self);
}

static void
test_ended_before (gconstpointer data)
{
  Fixture self;
  g_autoptr(AiodriveAsyncIterator) first = NULL;

  set_up (&self, GPOINTER_TO_INT (data), NULL);
  for (guint i = N_TASKS; i-- > 0;)
    {
      test_task_succeed (self.tests[i]);
      test_task_settle (self.tests[i]);
    }
  first = g_steal_pointer (&self.iterator);
  for (guint i = N_TASKS; i-- > 0;)
    {
      self.iterator = first;
      assert_next (&self, i);
    }

  /* they had ended when this one is made: in the order in which they were given */
  self.iterator = aiodrive_as_completed (self.tasks, N_TASKS, NULL);
  for (guint i = 0; i < N_TASKS; i++)
    assert_next (&self, i);
  assert_next_is_none (self.iterator, AT_END);
  g_clear_object (&first);
  tear_down (&self);
}

static void
test_none (void)
{
  AiodriveAsyncIterator *iterator = aiodrive_as_completed (NULL, 0, NULL);

  assert_next_is_none (iterator, AT_END);
  assert_next_is_none (iterator, AT_END);
  close_it (iterator);
  finalize_it (iterator);
}

static void
test_many_waits (gconstpointer data)
{
  Fixture self;
  TestCall calls[N_TASKS + 2] = { TEST_CALL_INIT };

  g_test_summary ("FIFO: the first waiter gets the first completed task; surplus waiters get the end");
  set_up (&self, GPOINTER_TO_INT (data), NULL);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    begin_next (self.iterator, NULL, &calls[i]);
  for (guint i = N_TASKS; i-- > 0;)
    {
      test_task_succeed (self.tests[i]);
      assert_given (&self, &calls[N_TASKS - 1 - i], i);
    }
  assert_no_item (self.iterator, &calls[N_TASKS], AT_END);
  assert_no_item (self.iterator, &calls[N_TASKS + 1], AT_END);
  tear_down (&self);
}

static void
test_cancelled_before (void)
{
  Fixture self;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, TEST_TASK_JOB, NULL);
  test_task_succeed (self.tests[0]);
  test_settle ();
  g_cancellable_cancel (cancellable);
  begin_next (self.iterator, cancellable, &call);
  assert_no_item (self.iterator, &call, G_IO_ERROR_CANCELLED);
  assert_next (&self, 0);
  assert_cancelled (&self, 1, FALSE);
  close_it (self.iterator);
  tear_down (&self);
}

static void
test_cancel_while_waiting (gconstpointer data)
{
  Fixture self;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) first = TEST_CALL_INIT;
  g_auto(TestCall) second = TEST_CALL_INIT;

  g_test_summary ("only the wait is cancelled, and the task goes to the next one");
  set_up (&self, GPOINTER_TO_INT (data), NULL);
  begin_next (self.iterator, cancellable, &first);
  begin_next (self.iterator, NULL, &second);
  g_cancellable_cancel (cancellable);
  assert_no_item (self.iterator, &first, G_IO_ERROR_CANCELLED);
  settle_all (&self);
  assert_cancelled (&self, 1, FALSE);

  test_task_succeed (self.tests[1]);
  assert_given (&self, &second, 1);
  close_it (self.iterator);
  assert_cancelled (&self, 0, TRUE);
  tear_down (&self);
}

static void
test_cancelled_after_woken (void)
{
  Fixture self;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, TEST_TASK_JOB, NULL);
  test_task_succeed (self.tests[1]);
  test_settle ();
  begin_next (self.iterator, cancellable, &call);
  g_cancellable_cancel (cancellable);
  assert_given (&self, &call, 1);
  close_it (self.iterator);
  tear_down (&self);
}

static void
test_dropped_result (void)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_test_summary ("what nobody unwrapped goes to the next, before what ended later");
  set_up (&self, TEST_TASK_JOB, NULL);
  test_task_succeed (self.tests[3]);
  test_settle ();
  test_task_succeed (self.tests[0]);
  test_settle ();
  begin_next (self.iterator, NULL, &call);
  test_call_wait (&call);
  test_call_clear (&call);
  test_settle ();
  assert_next (&self, 3);
  assert_next (&self, 0);
  close_it (self.iterator);
  tear_down (&self);
}

static void
test_parent (gconstpointer data)
{
  Fixture self;
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  gboolean given[N_TASKS] = { FALSE };

  g_test_summary ("the tasks are cancelled, and given as they end");
  set_up (&self, GPOINTER_TO_INT (data), parent);
  test_task_succeed (self.tests[1]);
  assert_next (&self, 1);
  self.tests[2]->lingers = TRUE;
  g_cancellable_cancel (parent);
  for (guint i = 0; i < 2; i++)
    {
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(GValue) item = G_VALUE_INIT;

      begin_next (self.iterator, NULL, &call);
      take_item (self.iterator, &call, &item);
      assert_error_of (g_value_get_object (&item), G_IO_ERROR_CANCELLED);
      for (guint j = 0; j < N_TASKS; j++)
        given[j] |= g_value_get_object (&item) == self.tasks[j];
    }
  g_assert_true (given[0] && given[3]);
  assert_cancelled (&self, 1, FALSE);
  assert_cancelled (&self, 2, TRUE);

  test_task_succeed (self.tests[2]);
  assert_next (&self, 2);
  test_assert_value (self.tasks[2], "c");
  assert_next_is_none (self.iterator, AT_END);
  tear_down (&self);
}

static void
test_parent_cancelled_before (void)
{
  Fixture self;
  g_autoptr(GCancellable) parent = g_cancellable_new ();

  g_cancellable_cancel (parent);
  set_up (&self, TEST_TASK_JOB, parent);
  for (guint i = 0; i < N_TASKS; i++)
    {
      assert_next (&self, i);
      assert_error_of (self.tasks[i], G_IO_ERROR_CANCELLED);
    }
  assert_next_is_none (self.iterator, AT_END);
  tear_down (&self);
}

static void
test_close_while_waiting (gconstpointer data)
{
  Fixture self;
  g_auto(TestCall) wait = TEST_CALL_INIT;
  g_auto(TestCall) closed = TEST_CALL_INIT;

  g_test_summary ("a wait ends at once, the closing when all tasks have ended");
  set_up (&self, GPOINTER_TO_INT (data), NULL);
  for (guint i = 0; i < N_TASKS; i++)
    self.tests[i]->lingers = TRUE;
  begin_next (self.iterator, NULL, &wait);
  begin_close (self.iterator, NULL, &closed);
  assert_no_item (self.iterator, &wait, AT_END);
  for (guint i = 0; i < N_TASKS; i++)
    {
      settle_all (&self);
      g_assert_cmpuint (closed.n_calls, ==, 0);
      assert_cancelled (&self, i, TRUE);
      test_task_succeed (self.tests[i]);
    }
  assert_closed (self.iterator, &closed, -1);
  assert_next_is_none (self.iterator, AT_END);
  close_it (self.iterator);
  tear_down (&self);
}

static void
test_close_errors (void)
{
  Fixture self;
  g_auto(TestCall) closed = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  g_test_summary ("the closing raises the errors of the tasks that were given to nobody, once");
  set_up (&self, TEST_TASK_JOB, NULL);
  for (guint i = 0; i < N_TASKS; i++)
    self.tests[i]->lingers = TRUE;
  test_task_fail (self.tests[0], G_IO_ERROR_NOT_FOUND);   /* is given */
  assert_next (&self, 0);
  test_task_fail (self.tests[1], G_IO_ERROR_EXISTS);      /* is there to be given */
  test_settle ();
  begin_close (self.iterator, NULL, &closed);
  test_task_fail (self.tests[2], G_IO_ERROR_NO_SPACE);
  test_task_fail (self.tests[3], G_IO_ERROR_CANCELLED);
  g_assert_false (aiodrive_async_iterator_close_finish (self.iterator, test_call_wait (&closed), &error));
  g_assert_error (error, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE);
  g_assert_cmpstr (error->message, ==, "2 of 4 tasks failed: b: b failed; c: c failed");
  close_it (self.iterator);
  test_call_clear (&closed);
  tear_down (&self);
}

static void
test_close_cancelled (void)
{
  Fixture self;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) closed = TEST_CALL_INIT;

  g_test_summary ("a wait cancelled before or during it ends; the iterator is closed even so");
  set_up (&self, TEST_TASK_JOB, NULL);
  self.tests[0]->lingers = TRUE;
  begin_close (self.iterator, cancellable, &closed);
  test_settle ();
  g_cancellable_cancel (cancellable);
  assert_closed (self.iterator, &closed, G_IO_ERROR_CANCELLED);
  begin_close (self.iterator, cancellable, &closed);
  assert_closed (self.iterator, &closed, G_IO_ERROR_CANCELLED);
  test_task_succeed (self.tests[0]);
  assert_next_is_none (self.iterator, AT_END);
  tear_down (&self);

  set_up (&self, TEST_TASK_JOB, NULL);
  begin_close (self.iterator, cancellable, &closed);
  assert_closed (self.iterator, &closed, G_IO_ERROR_CANCELLED);
  assert_cancelled (&self, 3, TRUE);
  close_it (self.iterator);
  tear_down (&self);
}

static void
test_refused (void)
{
  g_autoptr(GCancellable) shared = g_cancellable_new ();
  g_auto(TestCall) closed = TEST_CALL_INIT;
  TestTask *alone = test_task_new_foreign (TEST_TASK_FOREIGN, "alone", NULL);
  TestTask *parents = test_task_new_foreign (TEST_TASK_FOREIGN, "parents", shared);
  TestTask *other = test_task_new (TEST_TASK_JOB, "other", NULL);
  GTask *lists[3][2] = { { other->task, alone->task }, { other->task, parents->task }, { other->task, other->task } };

  g_test_summary ("what a combinator refuses; and nothing is cancelled");
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      AiodriveAsyncIterator *iterator = aiodrive_as_completed (lists[i], 2, shared);

      assert_next_is_none (iterator, G_IO_ERROR_INVALID_ARGUMENT);
      assert_next_is_none (iterator, AT_END);
      close_it (iterator);
      finalize_it (iterator);

      iterator = aiodrive_as_completed (lists[i], 2, shared);
      begin_close (iterator, NULL, &closed);
      assert_closed (iterator, &closed, G_IO_ERROR_INVALID_ARGUMENT);
      finalize_it (iterator);
    }
  g_assert_false (g_cancellable_is_cancelled (g_task_get_cancellable (other->task)));
  test_task_succeed (other);
  test_task_succeed (parents);
  test_task_succeed (alone);
  test_task_free (other);
  test_task_free (parents);
  test_task_free (alone);
}

static void
test_drop (gconstpointer data)
{
  Fixture self;

  g_test_summary ("it warns with the names of the tasks that run, and cancels them");
  set_up (&self, GPOINTER_TO_INT (data), NULL);
  test_task_succeed (self.tests[1]);
  assert_next (&self, 1);
  self.tests[2]->lingers = TRUE;
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*aiodrive_as_completed()*dropped*: a, c, d");
  finalize_it (g_steal_pointer (&self.iterator));
  g_test_assert_expected_messages ();
  settle_all (&self);
  assert_cancelled (&self, 0, TRUE);
  assert_cancelled (&self, 1, FALSE);

  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*failed and nobody awaited them: c failed");
  test_task_fail (self.tests[2], G_IO_ERROR_NOT_FOUND);
  settle_all (&self);
  g_test_assert_expected_messages ();
  tear_down (&self);
}

static void
test_drop_ended (void)
{
  Fixture self;

  g_test_summary ("nothing runs any more: a warning only about an error that nobody saw");
  set_up (&self, TEST_TASK_JOB, NULL);
  for (guint i = 0; i < N_TASKS; i++)
    test_task_succeed (self.tests[i]);
  test_settle ();
  tear_down (&self);

  set_up (&self, TEST_TASK_JOB, NULL);
  for (guint i = 1; i < N_TASKS; i++)
    test_task_succeed (self.tests[i]);
  test_task_fail (self.tests[0], G_IO_ERROR_NOT_FOUND);
  test_settle ();
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*failed and nobody awaited them: a failed");
  finalize_it (g_steal_pointer (&self.iterator));
  g_test_assert_expected_messages ();
  tear_down (&self);
}

static void
drop_it (gpointer data,
         gpointer unused)
{
  g_object_unref (data);
}

static void
test_drop_in_thread (void)
{
  Fixture self;
  TestThread *thread = test_thread_start ();

  g_test_summary ("the tasks are cancelled in the context of the iterator");
  set_up (&self, TEST_TASK_JOB, NULL);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*dropped*: a, b, c, d");
  test_thread_call (thread, drop_it, g_steal_pointer (&self.iterator));
  assert_cancelled (&self, 0, FALSE);
  test_settle ();
  g_test_assert_expected_messages ();
  assert_cancelled (&self, 0, TRUE);
  test_thread_stop (thread);
  tear_down (&self);
}

static void
test_drop_while_waiting (void)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;
  gpointer weak;

  g_test_summary ("a wait keeps the iterator alive");
  set_up (&self, TEST_TASK_JOB, NULL);
  weak = self.iterator;
  g_object_add_weak_pointer (weak, &weak);
  begin_next (self.iterator, NULL, &call);
  g_object_unref (self.iterator);
  for (guint i = 0; i < N_TASKS; i++)
    test_task_succeed (self.tests[i]);
  assert_given (&self, &call, 0);
  test_settle ();
  g_assert_null (weak);
  self.iterator = NULL;
  tear_down (&self);
}

typedef struct
{
  Fixture  *fixture;
  TestCall  call;
} InThread;

static void
begin_in_thread (gpointer data,
                 gpointer unused)
{
  InThread *self = data;

  begin_next (self->fixture->iterator, NULL, &self->call);
}

static void
see_in_thread (gpointer data,
               gpointer unused)
{
  InThread *self = data;

  assert_given (self->fixture, &self->call, 2);
}

static void
test_wait_in_thread (void)
{
  TestThread *thread = test_thread_start ();
  Fixture self;
  InThread there = { .fixture = &self };

  set_up (&self, TEST_TASK_JOB, NULL);
  test_thread_call (thread, begin_in_thread, &there);
  test_task_succeed (self.tests[2]);
  test_settle ();
  test_thread_call (thread, see_in_thread, &there);
  test_thread_stop (thread);
  close_it (self.iterator);
  tear_down (&self);
}

#define N_STRESSED 12

/* Ends or cancels a task after a while, in some thread. */
static gboolean
end_some (gpointer data)
{
  g_autoptr(GTask) task = data;
  gint what = g_random_int_range (0, 3);

  if (what == 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "It went wrong");
  else
    g_task_return_boolean (task, TRUE);
  return G_SOURCE_REMOVE;
}

static void
make_one (gpointer data,
          gpointer context)
{
  GTask **task = data;
  g_autoptr(GCancellable) cancellable = G_CANCELLABLE (aiodrive_cancel_scope_new (NULL));

  *task = g_task_new (NULL, cancellable, NULL, NULL);
  g_task_set_check_cancellable (*task, FALSE);
  test_call_later (g_random_int_range (0, 30), end_some, g_object_ref (*task));
}

static gboolean
cancel_it (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  g_object_unref (cancellable);
  return G_SOURCE_REMOVE;
}

/* Every task is given once, whatever waits are cancelled, and whatever results are dropped. */
static void
stress_round (TestThread *threads[2])
{
  GTask *tasks[N_STRESSED];
  g_autoptr(GHashTable) given = g_hash_table_new (NULL, NULL);
  AiodriveAsyncIterator *iterator;
  gboolean ended = FALSE;

  for (guint i = 0; i < N_STRESSED; i++)
    if (i % 3 < 2)
      test_thread_call (threads[i % 3], make_one, &tasks[i]);
    else
      make_one (&tasks[i], NULL);
  iterator = aiodrive_as_completed (tasks, N_STRESSED, NULL);

  while (!ended)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(GError) error = NULL;
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(GValue) item = G_VALUE_INIT;
      gint what = g_test_rand_int_range (0, 6);

      begin_next (iterator, cancellable, &call);
      if (what == 0)
        g_cancellable_cancel (cancellable);
      else if (what == 1)
        test_call_later (g_test_rand_int_range (0, 10), cancel_it, g_object_ref (cancellable));
      test_call_wait (&call);
      if (what == 2)
        continue;   /* nobody looks at it */
      if (aiodrive_async_iterator_next_finish (iterator, call.result, &item, &error))
        g_assert_true (g_hash_table_add (given, g_value_get_object (&item)));
      else if (error != NULL)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      else
        ended = TRUE;
    }
  g_assert_cmpuint (g_hash_table_size (given), ==, N_STRESSED);

  finalize_it (iterator);
  for (guint i = 0; i < N_STRESSED; i++)
    g_object_unref (tasks[i]);
}

static void
test_stress (void)
{
  TestThread *threads[2] = { test_thread_start (), test_thread_start () };
  gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC;
  guint n_rounds = 0;

  for (; g_get_monotonic_time () < end; n_rounds++)
    stress_round (threads);
  g_test_message ("%u rounds", n_rounds);
  test_thread_stop (threads[0]);
  test_thread_stop (threads[1]);
  test_settle ();
}

static void
add_for_each_kind (const char    *name,
                   GTestDataFunc  func)
{
  static const char *const kinds[TEST_N_TASK_KINDS] = { "job", "started", "foreign", "remote" };

  for (gint kind = 0; kind < TEST_N_TASK_KINDS; kind++)
    {
      g_autofree char *path = g_strdup_printf ("/aiodrive/stream/as-completed/%s/%s", name, kinds[kind]);

      g_test_add_data_func (path, GINT_TO_POINTER (kind), func);
    }
}

/*
 * Additions
 */

static void
add (Fixture *self,
     GTask   *task,
     gint     code)
{
  g_autoptr(GError) error = NULL;
  gboolean added = aiodrive_as_completed_add (self->iterator, task, &error);

  if (code < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, G_IO_ERROR, code);
  g_assert_true (added == (code < 0));
}

static void
assert_next_is (Fixture  *self,
                TestTask *test)
{
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(GValue) item = G_VALUE_INIT;

  begin_next (self->iterator, NULL, &call);
  take_item (self->iterator, &call, &item);
  g_assert_true (g_value_get_object (&item) == test->task);
}

static void
test_add (gconstpointer data)
{
  Fixture self;
  TestTask *added = test_task_new (GPOINTER_TO_INT (data), "e", NULL);
  TestTask *ended = test_task_new (GPOINTER_TO_INT (data), "f", NULL);
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, GPOINTER_TO_INT (data), NULL);
  begin_next (self.iterator, NULL, &call);
  add (&self, added->task, -1);
  test_task_succeed (self.tests[2]);
  assert_given (&self, &call, 2);
  test_task_succeed (added);
  assert_next_is (&self, added);
  test_assert_value (added->task, "e");

  test_task_succeed (ended);
  test_task_settle (ended);
  add (&self, ended->task, -1);
  assert_next_is (&self, ended);
  settle_all (&self);
  assert_cancelled (&self, 0, FALSE);
  close_it (self.iterator);
  tear_down (&self);
  test_task_free (added);
  test_task_free (ended);
}

/* The last task that ran has been given: what is added now comes in time, as often as one likes. */
static void
test_add_after_last (void)
{
  Fixture self;

  set_up (&self, TEST_TASK_JOB, NULL);
  for (guint i = 0; i < N_TASKS; i++)
    {
      test_task_succeed (self.tests[i]);
      assert_next (&self, i);
    }
  for (guint i = 0; i < 3; i++)
    {
      TestTask *added = test_task_new (TEST_TASK_JOB, "e", NULL);

      test_settle ();
      add (&self, added->task, -1);
      test_task_succeed (added);
      assert_next_is (&self, added);
      test_settle ();
      test_task_free (added);
    }
  assert_next_is_none (self.iterator, AT_END);
  tear_down (&self);
}

static void
test_add_to_none (void)
{
  Fixture self = { .iterator = aiodrive_as_completed (NULL, 0, NULL) };
  TestTask *added = test_task_new (TEST_TASK_JOB, "e", NULL);

  add (&self, added->task, -1);
  test_task_succeed (added);
  assert_next_is (&self, added);
  assert_next_is_none (self.iterator, AT_END);
  finalize_it (self.iterator);
  test_task_free (added);
}

static void
test_add_refused (void)
{
  Fixture self;
  TestTask *added = test_task_new (TEST_TASK_JOB, "e", NULL);
  TestTask *alone = test_task_new_foreign (TEST_TASK_FOREIGN, "alone", NULL);
  g_autoptr(AiodriveAsyncIterator) queue = AIODRIVE_ASYNC_ITERATOR (aiodrive_unordered_queue_new ());
  g_autoptr(GError) error = NULL;

  set_up (&self, TEST_TASK_JOB, NULL);
  add (&self, self.tasks[0], G_IO_ERROR_INVALID_ARGUMENT);
  add (&self, alone->task, G_IO_ERROR_INVALID_ARGUMENT);
  add (&self, added->task, -1);
  add (&self, added->task, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_false (aiodrive_as_completed_add (queue, added->task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  for (guint i = 0; i < N_TASKS; i++)
    {
      test_task_succeed (self.tests[i]);
      assert_next (&self, i);
    }
  test_task_succeed (added);
  assert_next_is (&self, added);
  assert_next_is_none (self.iterator, AT_END);

  add (&self, alone->task, G_IO_ERROR_CLOSED);
  test_task_succeed (alone);
  test_task_settle (alone);
  close_it (self.iterator);
  add (&self, alone->task, G_IO_ERROR_CLOSED);
  tear_down (&self);
  test_task_free (alone);
  test_task_free (added);
}

static void
test_add_refused_first (void)
{
  TestTask *alone = test_task_new_foreign (TEST_TASK_FOREIGN, "alone", NULL);
  TestTask *added = test_task_new (TEST_TASK_JOB, "e", NULL);
  Fixture self = { .iterator = aiodrive_as_completed (&alone->task, 1, NULL) };

  test_settle ();
  add (&self, added->task, G_IO_ERROR_CLOSED);
  assert_next_is_none (self.iterator, G_IO_ERROR_INVALID_ARGUMENT);
  assert_next_is_none (self.iterator, AT_END);
  finalize_it (self.iterator);
  test_task_succeed (alone);
  test_task_succeed (added);
  test_task_settle (alone);
  test_task_free (alone);
  test_task_free (added);
}

static void
test_add_and_close (gconstpointer data)
{
  Fixture self;
  TestTask *added[3];
  g_auto(TestCall) closed = TEST_CALL_INIT;

  g_test_summary ("the closing cancels and awaits what was added, too");
  set_up (&self, GPOINTER_TO_INT (data), NULL);
  for (guint i = 0; i < G_N_ELEMENTS (added); i++)
    {
      added[i] = test_task_new (GPOINTER_TO_INT (data), "added", NULL);
      added[i]->lingers = TRUE;
      add (&self, added[i]->task, -1);
    }
  begin_close (self.iterator, NULL, &closed);
  for (guint i = 0; i < G_N_ELEMENTS (added); i++)
    {
      settle_all (&self);
      test_task_settle (added[i]);
      g_assert_cmpuint (closed.n_calls, ==, 0);
      g_assert_cmpint (g_atomic_int_get (&added[i]->n_cancelled), ==, 1);
      test_task_fail (added[i], G_IO_ERROR_NOT_FOUND);
    }
  g_assert_false (aiodrive_async_iterator_close_finish (self.iterator, test_call_wait (&closed), NULL));
  test_call_clear (&closed);
  close_it (self.iterator);
  tear_down (&self);
  for (guint i = 0; i < G_N_ELEMENTS (added); i++)
    {
      test_task_settle (added[i]);
      test_task_free (added[i]);
    }
}

static void
test_add_and_parent (void)
{
  Fixture self;
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  TestTask *added = test_task_new (TEST_TASK_JOB, "e", NULL);
  TestTask *late = test_task_new (TEST_TASK_JOB, "f", NULL);

  set_up (&self, TEST_TASK_JOB, parent);
  add (&self, added->task, -1);
  g_cancellable_cancel (parent);
  g_assert_cmpint (g_atomic_int_get (&added->n_cancelled), ==, 1);
  add (&self, late->task, -1);
  g_assert_cmpint (g_atomic_int_get (&late->n_cancelled), ==, 1);
  for (guint i = 0; i < N_TASKS; i++)
    assert_next (&self, i);
  assert_next_is (&self, added);
  assert_next_is (&self, late);
  assert_next_is_none (self.iterator, AT_END);
  tear_down (&self);
  test_task_free (added);
  test_task_free (late);
}

static void
test_add_and_drop (void)
{
  Fixture self;
  TestTask *added = test_task_new (TEST_TASK_JOB, "e", NULL);

  set_up (&self, TEST_TASK_JOB, NULL);
  add (&self, added->task, -1);
  for (guint i = 0; i < N_TASKS; i++)
    {
      test_task_succeed (self.tests[i]);
      assert_next (&self, i);
    }
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*aiodrive_as_completed()*dropped*: e");
  finalize_it (g_steal_pointer (&self.iterator));
  g_test_assert_expected_messages ();
  g_assert_cmpint (g_atomic_int_get (&added->n_cancelled), ==, 1);
  tear_down (&self);
  test_task_free (added);
}

typedef struct
{
  AiodriveAsyncIterator *iterator;   /* unowned */
  gint                   n_added;    /* atomic */
} Adder;

static void
give_nothing (GTask        *task,
              GCancellable *cancellable,
              gpointer      user_data)
{
  g_task_return_boolean (task, TRUE);
}

/* A thread with a main context of its own, in which its tasks end. */
static gpointer
add_many (gpointer data)
{
  Adder *self = data;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = test_rounds (2000); i-- > 0;)
    {
      g_autoptr(GTask) task = aiodrive_spawn (NULL, give_nothing, NULL, NULL);

      g_assert_true (aiodrive_as_completed_add (self->iterator, task, NULL));
      while (!g_task_get_completed (task))
        g_main_context_iteration (context, TRUE);
    }
  while (g_main_context_iteration (context, FALSE))
    continue;
  g_atomic_int_set (&self->n_added, test_rounds (2000));
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_add_from_thread (void)
{
  TestTask *last = test_task_new (TEST_TASK_JOB, "last", NULL);
  Fixture self = { .iterator = aiodrive_as_completed (&last->task, 1, NULL) };
  Adder adder = { self.iterator, 0 };
  GThread *thread = g_thread_new (NULL, add_many, &adder);

  g_test_summary ("what other threads add is given, and the iteration goes on while a task runs");
  for (guint i = test_rounds (2000); i-- > 0;)
    {
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(GValue) item = G_VALUE_INIT;

      begin_next (self.iterator, NULL, &call);
      take_item (self.iterator, &call, &item);
      g_assert_true (g_value_get_object (&item) != last->task);
    }
  g_thread_join (thread);
  test_task_succeed (last);
  assert_next_is (&self, last);
  assert_next_is_none (self.iterator, AT_END);
  finalize_it (self.iterator);
  test_task_free (last);
}

/* A crawl in a fiber: each task that ends leads to the next one. */
static gboolean
crawl (GCancellable  *scope,
       gpointer       n_given,
       GValue        *result,
       GError       **error)
{
  g_autoptr(AiodriveAsyncIterator) completed = aiodrive_as_completed (NULL, 0, scope);
  gboolean found = TRUE;
  GError *failure = NULL;

  for (guint i = 0; found && failure == NULL; i++)
    {
      g_auto(GValue) item = G_VALUE_INIT;

      if (i < 3)
        {
          g_autoptr(GTask) task = AIODRIVE_START (scope, aiodrive_sleep_async, 10);

          if (!aiodrive_as_completed_add (completed, task, &failure))
            break;
        }
      found = aiodrive_async_iterator_next_finish (
        completed, AIODRIVE_AWAIT (aiodrive_async_iterator_next_async, completed), &item, &failure);
      *(guint *) n_given += found;
    }
  aiodrive_async_iterator_close_finish (completed,
                                        AIODRIVE_AWAIT_IN (NULL, aiodrive_async_iterator_close_async, completed),
                                        failure == NULL ? &failure : NULL);
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}

static void
test_add_at_each_step (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(GError) error = NULL;
  guint n_given = 0;
  guint step;

  for (step = 0, n_given = 0;
       aiodrive_test_context_cancel_at_step (test, step, AIODRIVE_FIBER (crawl, &n_given, NULL), &error); step++)
    {
      g_assert_cmpuint (n_given, <=, 3);
      n_given = 0;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (n_given, ==, 3);
  g_assert_cmpuint (step, >, 3);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_for_each_kind ("add", test_add);
  add_for_each_kind ("add-and-close", test_add_and_close);
  add_for_each_kind ("order", test_order);
  add_for_each_kind ("ended-before", test_ended_before);
  g_test_add_func ("/aiodrive/stream/as-completed/none", test_none);
  add_for_each_kind ("many-waits", test_many_waits);
  g_test_add_func ("/aiodrive/stream/as-completed/cancelled-before", test_cancelled_before);
  add_for_each_kind ("cancel-while-waiting", test_cancel_while_waiting);
  g_test_add_func ("/aiodrive/stream/as-completed/cancelled-after-woken", test_cancelled_after_woken);
  g_test_add_func ("/aiodrive/stream/as-completed/dropped-result", test_dropped_result);
  add_for_each_kind ("parent", test_parent);
  g_test_add_func ("/aiodrive/stream/as-completed/parent-cancelled-before", test_parent_cancelled_before);
  add_for_each_kind ("close-while-waiting", test_close_while_waiting);
  g_test_add_func ("/aiodrive/stream/as-completed/close-errors", test_close_errors);
  g_test_add_func ("/aiodrive/stream/as-completed/close-cancelled", test_close_cancelled);
  g_test_add_func ("/aiodrive/stream/as-completed/refused", test_refused);
  add_for_each_kind ("drop", test_drop);
  g_test_add_func ("/aiodrive/stream/as-completed/drop-ended", test_drop_ended);
  g_test_add_func ("/aiodrive/stream/as-completed/drop-in-thread", test_drop_in_thread);
  g_test_add_func ("/aiodrive/stream/as-completed/drop-while-waiting", test_drop_while_waiting);
  g_test_add_func ("/aiodrive/stream/as-completed/wait-in-thread", test_wait_in_thread);
  g_test_add_func ("/aiodrive/stream/as-completed/stress", test_stress);
  g_test_add_func ("/aiodrive/stream/as-completed/add-after-last", test_add_after_last);
  g_test_add_func ("/aiodrive/stream/as-completed/add-to-none", test_add_to_none);
  g_test_add_func ("/aiodrive/stream/as-completed/add-refused", test_add_refused);
  g_test_add_func ("/aiodrive/stream/as-completed/add-refused-first", test_add_refused_first);
  g_test_add_func ("/aiodrive/stream/as-completed/add-and-parent", test_add_and_parent);
  g_test_add_func ("/aiodrive/stream/as-completed/add-and-drop", test_add_and_drop);
  g_test_add_func ("/aiodrive/stream/as-completed/add-from-thread", test_add_from_thread);
  g_test_add_func ("/aiodrive/stream/as-completed/add-at-each-step", test_add_at_each_step);

  return g_test_run ();
}
