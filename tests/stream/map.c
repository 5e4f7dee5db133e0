/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stream/iterate.h"

/* A map over a queue of numbers; each job is held until the test ends it, with the double of its number. */

#define MAX_JOBS 64

typedef struct
{
  AiodriveQueue         *items;
  AiodriveAsyncIterator *map;
  GTask                 *tasks[MAX_JOBS];   /* of the jobs that run, by their items */
  gulong                 handlers[MAX_JOBS];
  guint                  n_started;
  guint                  n_running;
  guint                  max_running;
  guint                  n_cancelled;
  gboolean               lingers;           /* jobs that are cancelled go on until they are told to end */
  gboolean               puts_when_cancelled;
  guint                  n_destroyed;
  GMainContext          *context;           /* unowned: where it was destroyed */
} Fixture;

typedef struct
{
  Fixture *fixture;
  guint    index;
} Job;

static void
end_job (Fixture *self,
         guint    index,
         GError  *error)
{
  g_autoptr(GTask) task = g_steal_pointer (&self->tasks[index]);
  GValue value = G_VALUE_INIT;

  g_assert_nonnull (task);
  g_signal_handler_disconnect (g_task_get_cancellable (task), self->handlers[index]);
  self->n_running--;
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, 2 * index);
  g_task_return_value (task, &value);
}

static void
succeed (Fixture *self,
         guint    index)
{
  end_job (self, index, NULL);
}

static void
fail (Fixture *self,
      guint    index,
      gint     code)
{
  end_job (self, index, g_error_new (G_IO_ERROR, code, "%u failed", index));
}

static void
put_number (AiodriveQueue *items,
            gint           number)
{
  g_autoptr(GError) error = NULL;
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, number);
  aiodrive_queue_put (items, number, &value, &error);
  g_assert_no_error (error);
}

static gboolean
end_cancelled (gpointer data)
{
  Job *job = data;

  if (job->fixture->tasks[job->index] != NULL)
    fail (job->fixture, job->index, G_IO_ERROR_CANCELLED);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *cancellable,
              gpointer      data)
{
  Job *job = data;

  job->fixture->n_cancelled++;
  if (job->fixture->puts_when_cancelled)
    put_number (job->fixture->items, 2);
  if (!job->fixture->lingers)
    g_idle_add_full (G_PRIORITY_DEFAULT, end_cancelled, g_memdup2 (job, sizeof (Job)), g_free);
}

static void
free_job (gpointer  data,
          GClosure *closure)
{
  g_free (data);
}

static void
hold (GTask        *task,
      GCancellable *cancellable,
      const GValue *item,
      gpointer      user_data)
{
  Fixture *self = user_data;
  Job *job = g_new0 (Job, 1);
  g_autofree char *name = NULL;

  job->fixture = self;
  job->index = g_value_get_int (item);
  name = g_strdup_printf ("job %u", job->index);
  g_task_set_name (task, name);
  self->tasks[job->index] = g_object_ref (task);
  self->handlers[job->index] = g_signal_connect_data (cancellable, "cancelled", G_CALLBACK (on_cancelled), job,
                                                      free_job, 0);
  self->n_started++;
  self->n_running++;
  self->max_running = MAX (self->max_running, self->n_running);
  if (g_cancellable_is_cancelled (cancellable))
    on_cancelled (cancellable, job);
}

static void
on_destroyed (gpointer data)
{
  Fixture *self = data;

  g_assert_cmpuint (self->n_running, ==, 0);
  self->n_destroyed++;
  self->context = g_main_context_get_thread_default ();
}

static gint
count_left (Fixture *self)
{
  guint n_items;

  g_object_get (self->items, "n-items", &n_items, NULL);
  return n_items;
}

/* With so many items, and then the end. */
static void
set_up (Fixture      *self,
        guint         n_items,
        guint         max_concurrent,
        gboolean      ordered,
        GCancellable *parent)
{
  *self = (Fixture) { .items = AIODRIVE_QUEUE (aiodrive_unordered_queue_new ()) };
  for (guint i = 0; i < n_items; i++)
    put_number (self->items, i);
  aiodrive_queue_close (self->items);
  self->map = aiodrive_map (AIODRIVE_ASYNC_ITERATOR (self->items), max_concurrent,
                            ordered ? AIODRIVE_MAP_FLAGS_ORDERED : AIODRIVE_MAP_FLAGS_NONE, parent, hold, self,
                            on_destroyed);
}

static void
tear_down (Fixture *self)
{
  if (self->map != NULL)
    finalize_it (self->map);
  test_settle ();
  g_assert_cmpuint (self->n_running, ==, 0);
  g_assert_cmpuint (self->n_destroyed, ==, 1);
  g_assert_null (self->context);
  finalize_it (self->items);
}

static void
assert_result (Fixture  *self,
               TestCall *call,
               guint     index)
{
  g_auto(GValue) item = G_VALUE_INIT;

  take_item (self->map, call, &item);
  g_assert_true (G_VALUE_HOLDS_INT (&item));
  g_assert_cmpint (g_value_get_int (&item), ==, 2 * index);
}

static void
assert_next (Fixture *self,
             guint    index)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  begin_next (self->map, NULL, &call);
  assert_result (self, &call, index);
}

static void
test_ordered (void)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, 3, 3, TRUE, NULL);
  test_settle ();
  g_assert_cmpuint (self.n_started, ==, 0);   /* it starts with the first wait */
  begin_next (self.map, NULL, &call);
  test_settle ();
  g_assert_cmpuint (self.n_started, ==, 3);
  succeed (&self, 2);
  succeed (&self, 1);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 0);
  succeed (&self, 0);
  assert_result (&self, &call, 0);
  assert_next (&self, 1);
  assert_next (&self, 2);
  assert_next_is_none (self.map, AT_END);
  assert_next_is_none (self.map, AT_END);
  g_assert_cmpuint (self.n_destroyed, ==, 1);
  tear_down (&self);
}

static void
test_unordered (void)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, 3, 3, FALSE, NULL);
  begin_next (self.map, NULL, &call);
  test_settle ();
  succeed (&self, 2);
  assert_result (&self, &call, 2);
  succeed (&self, 0);
  test_settle ();
  succeed (&self, 1);
  assert_next (&self, 0);
  assert_next (&self, 1);
  assert_next_is_none (self.map, AT_END);
  tear_down (&self);
}

static void
test_empty (void)
{
  Fixture self;

  set_up (&self, 0, 3, TRUE, NULL);
  assert_next_is_none (self.map, AT_END);
  assert_next_is_none (self.map, AT_END);
  g_assert_cmpuint (self.n_destroyed, ==, 1);
  tear_down (&self);
}

static void
test_no_room (void)
{
  Fixture self;

  set_up (&self, 2, 0, TRUE, NULL);
  assert_next_is_none (self.map, G_IO_ERROR_INVALID_ARGUMENT);
  assert_next_is_none (self.map, AT_END);
  g_assert_cmpuint (self.n_started, ==, 0);
  g_assert_cmpint (count_left (&self), ==, 2);
  tear_down (&self);
}

/* Jobs run side by side up to the bound, and no more of them, whoever waits. */
static void
test_bound (gconstpointer ordered)
{
  const guint n_items = 12, bound = 3;
  Fixture self;
  TestCall calls[12] = { TEST_CALL_INIT };

  set_up (&self, n_items, bound, GPOINTER_TO_INT (ordered), NULL);
  for (guint i = 0; i < n_items; i++)
    begin_next (self.map, NULL, &calls[i]);
  for (guint i = 0; i < n_items; i++)
    {
      test_settle ();
      g_assert_cmpuint (self.n_running, ==, MIN (bound, n_items - i));
      g_assert_cmpuint (self.n_started, ==, MIN (bound + i, n_items));
      succeed (&self, i);
      assert_result (&self, &calls[i], i);
    }
  g_assert_cmpuint (self.max_running, ==, bound);
  assert_next_is_none (self.map, AT_END);
  tear_down (&self);
}

/* A result takes up room until it has been unwrapped: granted, or dropped and taken back, is not enough. */
static void
test_backpressure (gconstpointer ordered)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, 6, 2, GPOINTER_TO_INT (ordered), NULL);
  begin_next (self.map, NULL, &call);
  test_settle ();
  succeed (&self, 0);
  succeed (&self, 1);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 1);
  g_assert_cmpuint (self.n_started, ==, 2);
  test_call_clear (&call);
  test_settle ();
  g_assert_cmpuint (self.n_started, ==, 2);
  g_assert_cmpint (count_left (&self), ==, 4);

  assert_next (&self, 0);
  test_settle ();
  g_assert_cmpuint (self.n_started, ==, 3);
  assert_next (&self, 1);
  test_settle ();
  g_assert_cmpuint (self.n_started, ==, 4);
  for (guint i = 2; i < 6; i++)
    {
      test_settle ();
      succeed (&self, i);
      assert_next (&self, i);
    }
  assert_next_is_none (self.map, AT_END);
  g_assert_cmpuint (self.max_running, ==, 2);
  tear_down (&self);
}

/* A slow first job holds up the results of the others, and by that new jobs. */
static void
test_backpressure_in_order (void)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, 6, 3, TRUE, NULL);
  begin_next (self.map, NULL, &call);
  test_settle ();
  succeed (&self, 1);
  succeed (&self, 2);
  test_settle ();
  g_assert_cmpuint (self.n_started, ==, 3);
  succeed (&self, 0);
  assert_result (&self, &call, 0);
  close_it (self.map);
  tear_down (&self);
}

static void
test_cancelled_before (void)
{
  Fixture self;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, 1, 1, TRUE, NULL);
  g_cancellable_cancel (cancellable);
  begin_next (self.map, cancellable, &call);
  assert_no_item (self.map, &call, G_IO_ERROR_CANCELLED);
  test_settle ();
  g_assert_cmpuint (self.n_started, ==, 0);

  begin_next (self.map, NULL, &call);
  test_settle ();
  succeed (&self, 0);
  assert_result (&self, &call, 0);
  tear_down (&self);
}

static void
test_cancel_while_waiting (void)
{
  Fixture self;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) first = TEST_CALL_INIT;
  g_auto(TestCall) second = TEST_CALL_INIT;

  set_up (&self, 2, 2, TRUE, NULL);
  begin_next (self.map, cancellable, &first);
  begin_next (self.map, NULL, &second);
  test_settle ();
  g_cancellable_cancel (cancellable);
  assert_no_item (self.map, &first, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (self.n_cancelled, ==, 0);
  succeed (&self, 0);
  assert_result (&self, &second, 0);
  succeed (&self, 1);
  assert_next (&self, 1);
  assert_next_is_none (self.map, AT_END);
  tear_down (&self);
}

static void
test_cancelled_after_woken (void)
{
  Fixture self;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, 2, 2, TRUE, NULL);
  begin_next (self.map, NULL, &call);
  test_settle ();
  succeed (&self, 0);
  succeed (&self, 1);
  assert_result (&self, &call, 0);
  test_settle ();
  begin_next (self.map, cancellable, &call);
  g_cancellable_cancel (cancellable);
  assert_result (&self, &call, 1);
  tear_down (&self);
}

/* The others are cancelled and awaited; what was complete, and in order, comes first; the error comes once. */
static void
test_failure_in_order (void)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, 6, 4, TRUE, NULL);
  self.lingers = TRUE;
  begin_next (self.map, NULL, &call);
  test_settle ();
  succeed (&self, 3);   /* behind the one that fails */
  succeed (&self, 1);
  test_settle ();
  fail (&self, 2, G_IO_ERROR_NOT_FOUND);
  test_settle ();
  g_assert_cmpuint (self.n_cancelled, ==, 1);
  g_assert_cmpuint (self.n_running, ==, 1);
  g_assert_cmpuint (call.n_calls, ==, 0);
  g_assert_cmpuint (self.n_destroyed, ==, 0);
  succeed (&self, 0);   /* it was cancelled, and has a result all the same */
  assert_result (&self, &call, 0);
  assert_next (&self, 1);
  assert_next_is_none (self.map, G_IO_ERROR_NOT_FOUND);
  assert_next_is_none (self.map, AT_END);
  g_assert_cmpuint (self.n_started, ==, 4);
  g_assert_cmpint (count_left (&self), ==, 2);
  tear_down (&self);
}

static void
test_failure_unordered (void)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, 4, 4, FALSE, NULL);
  begin_next (self.map, NULL, &call);
  test_settle ();
  succeed (&self, 3);
  assert_result (&self, &call, 3);
  succeed (&self, 1);
  test_settle ();
  fail (&self, 0, G_IO_ERROR_NOT_FOUND);
  test_settle ();
  g_assert_cmpuint (self.n_cancelled, ==, 1);
  assert_next (&self, 1);
  assert_next_is_none (self.map, G_IO_ERROR_NOT_FOUND);
  assert_next_is_none (self.map, AT_END);
  close_it (self.map);   /* the error has been seen */
  tear_down (&self);
}

static void
test_failure_awaits (void)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestCall) another = TEST_CALL_INIT;

  set_up (&self, 3, 3, TRUE, NULL);
  self.lingers = TRUE;
  begin_next (self.map, NULL, &call);
  begin_next (self.map, NULL, &another);
  test_settle ();
  fail (&self, 1, G_IO_ERROR_NOT_FOUND);
  for (guint i = 0; i < 3; i += 2)
    {
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 0);
      fail (&self, i, G_IO_ERROR_CANCELLED);
    }
  assert_no_item (self.map, &call, G_IO_ERROR_NOT_FOUND);
  assert_no_item (self.map, &another, AT_END);
  tear_down (&self);
}

static void
test_several_failures (void)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(GValue) item = G_VALUE_INIT;
  g_autoptr(GPtrArray) errors = NULL;
  g_autoptr(GError) error = NULL;

  set_up (&self, 3, 3, TRUE, NULL);
  self.lingers = TRUE;
  begin_next (self.map, NULL, &call);
  test_settle ();
  fail (&self, 1, G_IO_ERROR_NOT_FOUND);
  test_settle ();
  fail (&self, 0, G_IO_ERROR_EXISTS);
  fail (&self, 2, G_IO_ERROR_CANCELLED);
  g_assert_false (aiodrive_async_iterator_next_finish (self.map, test_call_wait (&call), &item, &error));
  g_assert_error (error, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE);
  g_assert_cmpuint (aiodrive_error_get_errors (error)->len, ==, 2);
  g_assert_nonnull (strstr (error->message, "job 1: 1 failed; job 0: 0 failed"));
  errors = aiodrive_result_dup_errors (call.result);   /* for bindings that see no parts of a GError */
  g_assert_cmpuint (errors->len, ==, 2);
  test_call_clear (&call);
  tear_down (&self);
}

static void
test_job_cancels_itself (void)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, 2, 2, TRUE, NULL);
  begin_next (self.map, NULL, &call);
  test_settle ();
  fail (&self, 1, G_IO_ERROR_CANCELLED);
  assert_no_item (self.map, &call, G_IO_ERROR_CANCELLED);
  assert_next_is_none (self.map, AT_END);
  tear_down (&self);
}

/* Over two items, and then an error, which is there before a job has ended. */
static void
set_up_failing (Fixture      *self,
                gboolean      ordered,
                GCancellable *parent,
                TestCall     *call)
{
  g_autoptr(GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "It went wrong");

  *self = (Fixture) { .items = AIODRIVE_QUEUE (aiodrive_unordered_queue_new ()) };
  put_number (self->items, 0);
  put_number (self->items, 1);
  aiodrive_queue_close_with_error (self->items, error);
  self->map = aiodrive_map (AIODRIVE_ASYNC_ITERATOR (self->items), 4,
                            ordered ? AIODRIVE_MAP_FLAGS_ORDERED : AIODRIVE_MAP_FLAGS_NONE, parent, hold, self,
                            on_destroyed);
  begin_next (self->map, NULL, call);
  test_settle ();
  g_assert_cmpuint (self->n_started, ==, 2);
  g_assert_cmpuint (self->n_cancelled, ==, 0);
  g_assert_cmpuint (call->n_calls, ==, 0);
}

static void
test_items_fail (gconstpointer ordered)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_test_summary ("the error of the source comes after the results of the items before it");
  set_up_failing (&self, GPOINTER_TO_INT (ordered), NULL, &call);
  succeed (&self, 0);
  assert_result (&self, &call, 0);
  begin_next (self.map, NULL, &call);
  test_settle ();
  g_assert_cmpuint (self.n_cancelled, ==, 0);
  g_assert_cmpuint (call.n_calls, ==, 0);
  succeed (&self, 1);
  assert_result (&self, &call, 1);
  assert_next_is_none (self.map, G_IO_ERROR_NO_SPACE);
  assert_next_is_none (self.map, AT_END);
  close_it (self.map); /* the error has been seen */
  tear_down (&self);
}

static void
test_items_fail_then_job (void)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(GValue) item = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  g_test_summary ("a job that fails after the source cancels the others, and both errors come");
  set_up_failing (&self, TRUE, NULL, &call);
  fail (&self, 1, G_IO_ERROR_NOT_FOUND);
  test_settle ();
  g_assert_cmpuint (self.n_cancelled, ==, 1);
  g_assert_false (aiodrive_async_iterator_next_finish (self.map, test_call_wait (&call), &item, &error));
  g_assert_error (error, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE);
  g_assert_nonnull (strstr (error->message, "the items: It went wrong; job 1: 1 failed"));
  test_call_clear (&call);
  assert_next_is_none (self.map, AT_END);
  tear_down (&self);
}

static void
test_items_fail_then_cancelled (void)
{
  Fixture self;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestCall) cancelled = TEST_CALL_INIT;

  g_test_summary ("a wait that is cancelled takes neither the result nor the error");
  set_up_failing (&self, TRUE, parent, &call);
  begin_next (self.map, cancellable, &cancelled);
  g_cancellable_cancel (cancellable);
  assert_no_item (self.map, &cancelled, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (self.n_cancelled, ==, 0);
  succeed (&self, 0);
  assert_result (&self, &call, 0);

  begin_next (self.map, NULL, &call);
  test_settle ();
  g_cancellable_cancel (parent);
  g_assert_cmpuint (self.n_cancelled, ==, 1);
  assert_no_item (self.map, &call, G_IO_ERROR_NO_SPACE);
  assert_next_is_none (self.map, AT_END);
  tear_down (&self);
}

static void
test_items_fail_then_close (void)
{
  Fixture self;
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(TestCall) closed = TEST_CALL_INIT;

  g_test_summary ("the closing cancels the jobs, and raises the error, which nobody has seen");
  set_up_failing (&self, FALSE, NULL, &call);
  begin_close (self.map, NULL, &closed);
  assert_no_item (self.map, &call, AT_END);
  test_settle ();
  g_assert_cmpuint (self.n_cancelled, ==, 2);
  assert_closed (self.map, &closed, G_IO_ERROR_NO_SPACE);
  assert_next_is_none (self.map, AT_END);
  tear_down (&self);
}

/* An item that is granted when a job has failed already, here by a job that is cancelled, stays where it was. */
static void
test_late_item (void)
{
  Fixture self = { .items = AIODRIVE_QUEUE (aiodrive_unordered_queue_new ()), .puts_when_cancelled = TRUE };
  g_auto(TestCall) call = TEST_CALL_INIT;

  put_number (self.items, 0);
  put_number (self.items, 1);
  self.map = aiodrive_map (AIODRIVE_ASYNC_ITERATOR (self.items), 4, AIODRIVE_MAP_FLAGS_ORDERED, NULL, hold, &self,
                           on_destroyed);
  begin_next (self.map, NULL, &call);
  test_settle ();
  fail (&self, 0, G_IO_ERROR_NOT_FOUND);
  assert_no_item (self.map, &call, G_IO_ERROR_NOT_FOUND);
  test_settle ();
  g_assert_cmpuint (self.n_cancelled, ==, 1);
  g_assert_cmpuint (self.n_started, ==, 2);
  g_assert_cmpint (count_left (&self), ==, 1);
  tear_down (&self);
}

static void
test_parent (void)
{
  Fixture self;
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, 5, 3, TRUE, parent);
  begin_next (self.map, NULL, &call);
  test_settle ();
  succeed (&self, 0);
  test_settle ();
  g_cancellable_cancel (parent);
  g_assert_cmpuint (self.n_cancelled, ==, 2);
  assert_result (&self, &call, 0);
  assert_next_is_none (self.map, G_IO_ERROR_CANCELLED);
  assert_next_is_none (self.map, AT_END);
  tear_down (&self);
}

static void
test_parent_cancelled_before (void)
{
  Fixture self;
  g_autoptr(GCancellable) parent = g_cancellable_new ();

  g_cancellable_cancel (parent);
  set_up (&self, 2, 2, TRUE, parent);
  assert_next_is_none (self.map, G_IO_ERROR_CANCELLED);
  assert_next_is_none (self.map, AT_END);
  g_assert_cmpuint (self.n_started, ==, 0);
  g_assert_cmpint (count_left (&self), ==, 2);
  tear_down (&self);
}

static void
test_close_while_waiting (void)
{
  Fixture self;
  g_auto(TestCall) wait = TEST_CALL_INIT;
  g_auto(TestCall) closed = TEST_CALL_INIT;
  g_auto(TestCall) another = TEST_CALL_INIT;

  set_up (&self, 4, 2, TRUE, NULL);
  self.lingers = TRUE;
  begin_next (self.map, NULL, &wait);
  test_settle ();
  begin_close (self.map, NULL, &closed);
  begin_close (self.map, NULL, &another);
  assert_no_item (self.map, &wait, AT_END);
  test_settle ();
  g_assert_cmpuint (self.n_cancelled, ==, 2);
  succeed (&self, 1);
  test_settle ();
  g_assert_cmpuint (closed.n_calls, ==, 0);
  fail (&self, 0, G_IO_ERROR_CANCELLED);
  assert_closed (self.map, &closed, -1);
  assert_closed (self.map, &another, -1);
  assert_next_is_none (self.map, AT_END);
  g_assert_cmpuint (self.n_started, ==, 2);
  close_it (self.map);
  tear_down (&self);
}

static void
test_close_closes_items (void)
{
  Fixture self = { .items = NULL };
  AiodrivePeriodicIterator *ticks = aiodrive_repeat_periodically (LONG_MS);
  AiodriveAsyncIterator *map;
  g_auto(TestCall) call = TEST_CALL_INIT;

  map = aiodrive_map (AIODRIVE_ASYNC_ITERATOR (ticks), 3, AIODRIVE_MAP_FLAGS_ORDERED, NULL, hold, &self, on_destroyed);
  close_it (map);   /* it was never started */
  assert_next_is_none (map, AT_END);
  assert_next_is_none (ticks, AT_END);
  g_assert_cmpuint (self.n_destroyed, ==, 1);
  finalize_it (map);
  finalize_it (ticks);
}

static void
test_close_errors (void)
{
  Fixture self;
  g_auto(TestCall) wait = TEST_CALL_INIT;
  g_auto(TestCall) closed = TEST_CALL_INIT;

  g_test_summary ("the closing raises what nobody has seen, once");
  set_up (&self, 3, 3, FALSE, NULL);
  self.lingers = TRUE;
  begin_next (self.map, NULL, &wait);
  test_settle ();
  begin_close (self.map, NULL, &closed);
  test_settle ();
  fail (&self, 0, G_IO_ERROR_CANCELLED);
  fail (&self, 1, G_IO_ERROR_NOT_FOUND);
  succeed (&self, 2);
  assert_closed (self.map, &closed, G_IO_ERROR_NOT_FOUND);
  assert_no_item (self.map, &wait, AT_END);
  close_it (self.map);
  tear_down (&self);

  set_up (&self, 1, 1, FALSE, NULL);
  begin_next (self.map, NULL, &wait);
  test_settle ();
  fail (&self, 0, G_IO_ERROR_NOT_FOUND);
  assert_no_item (self.map, &wait, G_IO_ERROR_NOT_FOUND);
  close_it (self.map);
  tear_down (&self);
}

static void
test_close_after_failure (void)
{
  Fixture self;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) wait = TEST_CALL_INIT;
  g_auto(TestCall) closed = TEST_CALL_INIT;

  g_test_summary ("nobody waited any more when it failed: the closing raises it");
  set_up (&self, 1, 1, FALSE, NULL);
  begin_next (self.map, cancellable, &wait);
  test_settle ();
  g_cancellable_cancel (cancellable);
  assert_no_item (self.map, &wait, G_IO_ERROR_CANCELLED);
  fail (&self, 0, G_IO_ERROR_NOT_FOUND);
  test_settle ();
  begin_close (self.map, NULL, &closed);
  assert_closed (self.map, &closed, G_IO_ERROR_NOT_FOUND);
  tear_down (&self);
}

static void
test_close_cancelled (void)
{
  Fixture self;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(TestCall) wait = TEST_CALL_INIT;
  g_auto(TestCall) closed = TEST_CALL_INIT;

  set_up (&self, 1, 1, FALSE, NULL);
  self.lingers = TRUE;
  begin_next (self.map, NULL, &wait);
  test_settle ();
  begin_close (self.map, cancellable, &closed);
  g_cancellable_cancel (cancellable);
  assert_closed (self.map, &closed, G_IO_ERROR_CANCELLED);
  assert_no_item (self.map, &wait, AT_END);
  begin_close (self.map, NULL, &closed);
  test_settle ();
  g_assert_cmpuint (closed.n_calls, ==, 0);
  succeed (&self, 0);
  assert_closed (self.map, &closed, -1);
  tear_down (&self);

  g_test_summary ("cancelled already: it does not wait, but is closed");
  set_up (&self, 1, 1, FALSE, NULL);
  begin_close (self.map, cancellable, &closed);
  assert_closed (self.map, &closed, G_IO_ERROR_CANCELLED);
  assert_next_is_none (self.map, AT_END);
  tear_down (&self);
}

static void
test_drop (void)
{
  Fixture self;
  g_auto(TestCall) wait = TEST_CALL_INIT;

  g_test_summary ("it warns with the names of the jobs that run, and cancels them");
  set_up (&self, 5, 3, TRUE, NULL);
  begin_next (self.map, NULL, &wait);
  test_settle ();
  succeed (&self, 0);
  assert_result (&self, &wait, 0);
  test_settle ();
  succeed (&self, 2);
  test_settle ();
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*aiodrive_map()*dropped*: job 1, job 3");
  finalize_it (g_steal_pointer (&self.map));
  g_test_assert_expected_messages ();
  g_assert_cmpuint (self.n_cancelled, ==, 2);
  tear_down (&self);
}

static void
test_drop_failing (void)
{
  Fixture self;
  g_auto(TestCall) wait = TEST_CALL_INIT;

  set_up (&self, 2, 2, TRUE, NULL);
  self.lingers = TRUE;
  begin_next (self.map, NULL, &wait);
  test_settle ();
  succeed (&self, 0);
  assert_result (&self, &wait, 0);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*aiodrive_map()*dropped*: job 1");
  finalize_it (g_steal_pointer (&self.map));
  g_test_assert_expected_messages ();
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*failed and nobody awaited it: 1 failed");
  fail (&self, 1, G_IO_ERROR_NOT_FOUND);
  test_settle ();
  g_test_assert_expected_messages ();
  tear_down (&self);
}

static void
test_drop_idle (void)
{
  Fixture self;
  g_auto(TestCall) wait = TEST_CALL_INIT;

  g_test_summary ("no job runs: there is nothing to warn about");
  set_up (&self, 2, 2, TRUE, NULL);
  tear_down (&self);

  set_up (&self, 4, 2, TRUE, NULL);
  begin_next (self.map, NULL, &wait);
  test_settle ();
  succeed (&self, 1);
  succeed (&self, 0);
  test_settle ();
  test_call_clear (&wait);
  tear_down (&self);
}

static void
unref_it (gpointer data,
          gpointer unused)
{
  g_object_unref (data);
}

/* What is dropped in another thread is cancelled and freed in the context of the map. */
static void
test_drop_in_thread (void)
{
  Fixture self;
  TestThread *thread = test_thread_start ();
  g_auto(TestCall) wait = TEST_CALL_INIT;

  set_up (&self, 3, 2, TRUE, NULL);
  begin_next (self.map, NULL, &wait);
  test_settle ();
  succeed (&self, 0);
  assert_result (&self, &wait, 0);
  test_settle ();
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*dropped*: job 1, job 2");
  test_thread_call (thread, unref_it, g_steal_pointer (&self.map));
  g_assert_cmpuint (self.n_cancelled, ==, 0);
  test_settle ();
  g_test_assert_expected_messages ();
  test_thread_stop (thread);
  tear_down (&self);
}

typedef struct
{
  Fixture  *fixture;
  TestCall  next;
  TestCall  closed;
} InThread;

static void
next_in_thread (gpointer data,
                gpointer unused)
{
  InThread *self = data;

  begin_next (self->fixture->map, NULL, &self->next);
}

static void
see_in_thread (gpointer data,
               gpointer unused)
{
  InThread *self = data;

  assert_result (self->fixture, &self->next, 0);
}

static void
close_in_thread (gpointer data,
                 gpointer unused)
{
  InThread *self = data;

  begin_close (self->fixture->map, NULL, &self->closed);
}

static void
closed_in_thread (gpointer data,
                  gpointer unused)
{
  InThread *self = data;

  assert_closed (self->fixture->map, &self->closed, -1);
}

static void
test_threads (void)
{
  Fixture self;
  InThread there = { .fixture = &self };
  TestThread *thread = test_thread_start ();

  g_test_summary ("the callback of a waiter in another context runs there; the jobs run in the map's context");
  set_up (&self, 3, 2, TRUE, NULL);
  test_thread_call (thread, next_in_thread, &there);
  test_iterate_until (self.n_started == 2);
  succeed (&self, 0);
  test_settle ();
  test_thread_call (thread, see_in_thread, &there);
  test_iterate_until (self.n_started == 3);
  test_thread_call (thread, close_in_thread, &there);
  test_iterate_until (self.n_destroyed == 1);
  test_settle ();
  test_thread_call (thread, closed_in_thread, &there);
  g_assert_cmpuint (self.n_cancelled, ==, 2);
  test_thread_stop (thread);
  tear_down (&self);
}

/* A job may be returned in another thread. */
static gpointer
return_in_thread (gpointer data)
{
  g_autoptr(GTask) task = data;
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, GPOINTER_TO_INT (g_task_get_task_data (task)));
  g_task_return_value (task, &value);
  return NULL;
}

static void
work_in_thread (GTask        *task,
                GCancellable *cancellable,
                const GValue *item,
                gpointer      user_data)
{
  g_task_set_task_data (task, GINT_TO_POINTER (2 * g_value_get_int (item)), NULL);
  g_thread_unref (g_thread_new ("job", return_in_thread, g_object_ref (task)));
}

static void
test_jobs_in_threads (void)
{
  Fixture self = { .items = AIODRIVE_QUEUE (aiodrive_unordered_queue_new ()) };

  for (guint i = 0; i < 100; i++)
    put_number (self.items, i);
  aiodrive_queue_close (self.items);
  self.map = aiodrive_map (AIODRIVE_ASYNC_ITERATOR (self.items), 5, AIODRIVE_MAP_FLAGS_ORDERED, NULL, work_in_thread,
                           &self, on_destroyed);
  for (guint i = 0; i < 100; i++)
    assert_next (&self, i);
  assert_next_is_none (self.map, AT_END);
  tear_down (&self);
}

/* What waits in a context that is gone has lost its callback: the result, the error and the end go to the next one. */
static void
test_context_gone (void)
{
  Fixture self;
  GMainContext *context = g_main_context_new ();
  g_auto(TestCall) gone = TEST_CALL_INIT;
  g_auto(TestCall) closing = TEST_CALL_INIT;
  g_auto(TestCall) first = TEST_CALL_INIT;
  g_auto(TestCall) second = TEST_CALL_INIT;

  set_up (&self, 2, 2, TRUE, NULL);
  g_main_context_push_thread_default (context);
  begin_next (self.map, NULL, &gone);
  g_main_context_pop_thread_default (context);
  begin_next (self.map, NULL, &first);
  test_settle ();
  g_main_context_unref (context);
  succeed (&self, 0);
  assert_result (&self, &first, 0);

  context = g_main_context_new ();
  g_main_context_push_thread_default (context);
  begin_next (self.map, NULL, &gone);
  g_main_context_pop_thread_default (context);
  begin_next (self.map, NULL, &second);
  g_main_context_unref (context);
  fail (&self, 1, G_IO_ERROR_NOT_FOUND);
  assert_no_item (self.map, &second, G_IO_ERROR_NOT_FOUND);

  context = g_main_context_new ();
  g_main_context_push_thread_default (context);
  begin_close (self.map, NULL, &closing);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  close_it (self.map);
  g_assert_cmpuint (gone.n_calls + closing.n_calls, ==, 0);
  tear_down (&self);   /* it asserts that nothing keeps the iterator */
}

/* Maps of maps. */
static void
test_nested (void)
{
  Fixture self;
  Fixture outer = { .items = NULL };
  g_auto(TestCall) call = TEST_CALL_INIT;

  set_up (&self, 4, 2, TRUE, NULL);
  outer.map = aiodrive_map (self.map, 2, AIODRIVE_MAP_FLAGS_ORDERED, NULL, hold, &outer, on_destroyed);
  begin_next (outer.map, NULL, &call);
  test_settle ();
  succeed (&self, 0);
  succeed (&self, 1);
  test_settle ();
  g_assert_cmpuint (outer.n_started, ==, 2);   /* with the items 0 and 2 */
  succeed (&outer, 0);
  assert_result (&outer, &call, 0);

  test_settle ();
  succeed (&self, 2);
  test_settle ();
  close_it (outer.map);
  finalize_it (outer.map);
  g_assert_cmpuint (outer.n_destroyed, ==, 1);
  tear_down (&self);
}

typedef struct
{
  gint n_running;       /* atomic */
  gint max_running;
  gint n_started;
  gint fails_at;        /* the item whose job fails, or -1 */
  gint n_destroyed;
} Stress;

typedef struct
{
  GTask  *task;
  Stress *stress;
  gint    number;
} StressJob;

static gboolean
end_stress_job (gpointer data)
{
  StressJob *job = data;
  GValue value = G_VALUE_INIT;

  g_atomic_int_add (&job->stress->n_running, -1);
  if (job->number == job->stress->fails_at)
    g_task_return_new_error (job->task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "It went wrong");
  else if (!g_task_return_error_if_cancelled (job->task))
    {
      g_value_init (&value, G_TYPE_INT);
      g_value_set_int (&value, job->number);
      g_task_return_value (job->task, &value);
    }
  g_object_unref (job->task);
  g_free (job);
  return G_SOURCE_REMOVE;
}

static gpointer
end_stress_job_in_thread (gpointer data)
{
  end_stress_job (data);
  return NULL;
}

static void
stress_job (GTask        *task,
            GCancellable *cancellable,
            const GValue *item,
            gpointer      user_data)
{
  StressJob *job = g_new0 (StressJob, 1);
  Stress *stress = user_data;
  gint n_running = g_atomic_int_add (&stress->n_running, 1) + 1;

  stress->max_running = MAX (stress->max_running, n_running);
  stress->n_started++;
  job->task = g_object_ref (task);
  job->stress = stress;
  job->number = g_value_get_int (item);
  switch (g_test_rand_int_range (0, 4))
    {
    case 0:
      end_stress_job (job);
      break;
    case 1:
      g_thread_unref (g_thread_new ("job", end_stress_job_in_thread, job));
      break;
    default:
      test_call_later (g_test_rand_int_range (0, 10), end_stress_job, job);
    }
}

static void
on_stress_destroyed (gpointer data)
{
  Stress *stress = data;

  g_assert_cmpint (g_atomic_int_get (&stress->n_running), ==, 0);
  stress->n_destroyed++;
}

static gboolean
cancel_it (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  g_object_unref (cancellable);
  return G_SOURCE_REMOVE;
}

/* Each result comes once, in order if that is wanted, up to the failure or the closing; the bound holds. */
static void
stress_round (void)
{
  const gint n_items = g_test_rand_int_range (0, 30);
  const guint bound = g_test_rand_int_range (1, 6);
  const gboolean ordered = g_test_rand_bit ();
  const gint leave_at = g_test_rand_int_range (0, 60);
  Stress stress = { .fails_at = g_test_rand_bit () ? g_test_rand_int_range (0, 60) : -1 };
  AiodriveQueue *items = AIODRIVE_QUEUE (aiodrive_unordered_queue_new ());
  AiodriveAsyncIterator *map = aiodrive_map (AIODRIVE_ASYNC_ITERATOR (items), bound,
                                             ordered ? AIODRIVE_MAP_FLAGS_ORDERED : AIODRIVE_MAP_FLAGS_NONE, NULL,
                                             stress_job, &stress, on_stress_destroyed);
  gboolean seen[30] = { FALSE };
  gint n_seen = 0;
  gboolean ended = FALSE, failed = FALSE;

  for (gint i = 0; i < n_items; i++)
    put_number (items, i);
  aiodrive_queue_close (items);

  while (!ended && n_seen < leave_at)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(GError) error = NULL;
      g_auto(TestCall) call = TEST_CALL_INIT;
      g_auto(GValue) item = G_VALUE_INIT;
      gint what = g_test_rand_int_range (0, 6);

      begin_next (map, cancellable, &call);
      if (what == 0)
        g_cancellable_cancel (cancellable);
      else if (what == 1)
        test_call_later (g_test_rand_int_range (0, 10), cancel_it, g_object_ref (cancellable));
      test_call_wait (&call);
      if (what == 2 && !aiodrive_result_had_error (call.result))
        continue;   /* nobody looks at it */
      if (aiodrive_async_iterator_next_finish (map, call.result, &item, &error))
        {
          gint number = g_value_get_int (&item);

          g_assert_false (seen[number]);
          g_assert_true (!ordered || number == n_seen);
          seen[number] = TRUE;
          n_seen++;
        }
      else if (error == NULL)
        ended = TRUE;
      else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        g_assert_false (g_atomic_int_get (&stress.n_running) > 0 || failed++);
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }

  if (ended)
    {
      g_assert_true (failed == (stress.fails_at >= 0 && stress.fails_at < n_items));
      g_assert_true (failed || n_seen == n_items);
      g_assert_true (!failed || !ordered || n_seen <= stress.fails_at);
    }
  else
    {
      g_auto(TestCall) closed = TEST_CALL_INIT;
      g_autoptr(GError) error = NULL;

      begin_close (map, NULL, &closed);
      if (!aiodrive_async_iterator_close_finish (map, test_call_wait (&closed), &error))
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    }
  g_assert_cmpint (stress.max_running, <=, bound);
  g_assert_cmpint (g_atomic_int_get (&stress.n_running), ==, 0);
  finalize_it (map);
  g_assert_cmpint (stress.n_destroyed, ==, 1);
  finalize_it (items);
}

static void
test_stress (void)
{
  gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC;
  guint n_rounds = 0;

  for (; g_get_monotonic_time () < end; n_rounds++)
    stress_round ();
  g_test_message ("%u rounds", n_rounds);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/stream/map/ordered", test_ordered);
  g_test_add_func ("/aiodrive/stream/map/unordered", test_unordered);
  g_test_add_func ("/aiodrive/stream/map/empty", test_empty);
  g_test_add_func ("/aiodrive/stream/map/no-room", test_no_room);
  g_test_add_data_func ("/aiodrive/stream/map/bound/ordered", GINT_TO_POINTER (TRUE), test_bound);
  g_test_add_data_func ("/aiodrive/stream/map/bound/unordered", GINT_TO_POINTER (FALSE), test_bound);
  g_test_add_data_func ("/aiodrive/stream/map/backpressure/ordered", GINT_TO_POINTER (TRUE), test_backpressure);
  g_test_add_data_func ("/aiodrive/stream/map/backpressure/unordered", GINT_TO_POINTER (FALSE), test_backpressure);
  g_test_add_func ("/aiodrive/stream/map/backpressure-in-order", test_backpressure_in_order);
  g_test_add_func ("/aiodrive/stream/map/cancelled-before", test_cancelled_before);
  g_test_add_func ("/aiodrive/stream/map/cancel-while-waiting", test_cancel_while_waiting);
  g_test_add_func ("/aiodrive/stream/map/cancelled-after-woken", test_cancelled_after_woken);
  g_test_add_func ("/aiodrive/stream/map/failure-in-order", test_failure_in_order);
  g_test_add_func ("/aiodrive/stream/map/failure-unordered", test_failure_unordered);
  g_test_add_func ("/aiodrive/stream/map/failure-awaits", test_failure_awaits);
  g_test_add_func ("/aiodrive/stream/map/several-failures", test_several_failures);
  g_test_add_func ("/aiodrive/stream/map/job-cancels-itself", test_job_cancels_itself);
  g_test_add_data_func ("/aiodrive/stream/map/items-fail/ordered", GINT_TO_POINTER (TRUE), test_items_fail);
  g_test_add_data_func ("/aiodrive/stream/map/items-fail/unordered", GINT_TO_POINTER (FALSE), test_items_fail);
  g_test_add_func ("/aiodrive/stream/map/items-fail-then-job", test_items_fail_then_job);
  g_test_add_func ("/aiodrive/stream/map/items-fail-then-cancelled", test_items_fail_then_cancelled);
  g_test_add_func ("/aiodrive/stream/map/items-fail-then-close", test_items_fail_then_close);
  g_test_add_func ("/aiodrive/stream/map/late-item", test_late_item);
  g_test_add_func ("/aiodrive/stream/map/parent", test_parent);
  g_test_add_func ("/aiodrive/stream/map/parent-cancelled-before", test_parent_cancelled_before);
  g_test_add_func ("/aiodrive/stream/map/close-while-waiting", test_close_while_waiting);
  g_test_add_func ("/aiodrive/stream/map/close-closes-items", test_close_closes_items);
  g_test_add_func ("/aiodrive/stream/map/close-errors", test_close_errors);
  g_test_add_func ("/aiodrive/stream/map/close-after-failure", test_close_after_failure);
  g_test_add_func ("/aiodrive/stream/map/close-cancelled", test_close_cancelled);
  g_test_add_func ("/aiodrive/stream/map/drop", test_drop);
  g_test_add_func ("/aiodrive/stream/map/drop-failing", test_drop_failing);
  g_test_add_func ("/aiodrive/stream/map/drop-idle", test_drop_idle);
  g_test_add_func ("/aiodrive/stream/map/drop-in-thread", test_drop_in_thread);
  g_test_add_func ("/aiodrive/stream/map/threads", test_threads);
  g_test_add_func ("/aiodrive/stream/map/jobs-in-threads", test_jobs_in_threads);
  g_test_add_func ("/aiodrive/stream/map/context-gone", test_context_gone);
  g_test_add_func ("/aiodrive/stream/map/nested", test_nested);
  g_test_add_func ("/aiodrive/stream/map/stress", test_stress);

  return g_test_run ();
}
