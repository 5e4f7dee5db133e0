/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/wait-private.h"

#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* The result of a wait, and when its callback comes. */

typedef struct
{
  AiodriveSmartLock *lock;
  GCancellable      *cancellable;   /* nullable */
  guint              n_left;
  gboolean           calling;       /* inside an asynchronous call */
} Chain;

static void chain_acquire (Chain *self);

static void
on_acquired (GObject      *source_object,
             GAsyncResult *result,
             gpointer      data)
{
  Chain *self = data;
  g_autoptr(AiodriveLockGuard) guard = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_false (self->calling);
  g_assert_null (g_main_context_get_thread_default ());
  guard = aiodrive_smart_lock_acquire_finish (self->lock, result, &error);
  g_assert_no_error (error);
  if (--self->n_left > 0)
    chain_acquire (self);
}

static void
chain_acquire (Chain *self)
{
  self->calling = TRUE;
  aiodrive_smart_lock_acquire_async (self->lock, AIODRIVE_LOCK_MODE_SHARED, G_PRIORITY_DEFAULT, self->cancellable,
                                     on_acquired, self);
  self->calling = FALSE;
}

static void
test_same_dispatch (void)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  Chain chain = { .lock = lock, .n_left = 10 };

  g_test_summary ("What is there already takes no iteration of its own, and is called back after the call");

  test_settle ();   /* a time slice starts; it is not looked at for a dozen work items */
  chain_acquire (&chain);
  g_assert_cmpuint (chain.n_left, ==, 10);
  g_assert_true (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (chain.n_left, ==, 0);
}

typedef struct
{
  AiodriveSmartLock *lock;
  GTask             *task;
  guint              n_sources;   /* other than the dispatcher's that returned a task */
} Job;

static void
job_acquired (GObject      *source_object,
              GAsyncResult *result,
              gpointer      data)
{
  g_autoptr(GTask) task = data;
  g_autoptr(AiodriveLockGuard) guard = aiodrive_smart_lock_acquire_finish (AIODRIVE_SMART_LOCK (source_object), result,
                                                                           NULL);

  g_assert_nonnull (guard);
  g_task_return_boolean (task, TRUE);
}

static void
job_returned (GObject      *source_object,
              GAsyncResult *result,
              gpointer      data)
{
  /* an idle source has another name */
  g_assert_cmpstr (g_source_get_name (g_main_current_source ()), ==, "aiodrive dispatcher");
  ++*(guint *) data;
}

static gboolean
start_jobs (gpointer data)
{
  Job *self = data;

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
      GTask *task = g_task_new (NULL, G_CANCELLABLE (scope), job_returned, &self->n_sources);

      aiodrive_smart_lock_acquire_async (self->lock, AIODRIVE_LOCK_MODE_SHARED, G_PRIORITY_DEFAULT,
                                         G_CANCELLABLE (scope), job_acquired, task);
    }
  return G_SOURCE_REMOVE;
}

static void
test_young_scope (void)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  Job job = { .lock = lock };

  g_test_summary ("A wait below a scope of this iteration is held back, so that the task around it returns inline");

  g_idle_add_full (G_PRIORITY_HIGH, start_jobs, &job, NULL);
  test_iterate_until (job.n_sources == 10);
}

static void
keep_result (GObject      *source_object,
             GAsyncResult *result,
             gpointer      data)
{
  GAsyncResult **kept = data;

  g_assert_null (*kept);
  g_assert_true (g_async_result_get_user_data (result) == data);
  *kept = g_object_ref (result);
}

static void
test_result (void)
{
  g_autoptr(AiodriveLatch) latch = aiodrive_latch_new ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GAsyncResult) set = NULL;
  g_autoptr(GAsyncResult) cancelled = NULL;
  g_autoptr(GObject) source = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A result has its source object, user data and tag; it says whether it failed, also afterwards");

  aiodrive_latch_wait_set_async (latch, NULL, keep_result, &set);
  aiodrive_latch_wait_set_async (latch, cancellable, keep_result, &cancelled);
  g_cancellable_cancel (cancellable);
  aiodrive_latch_set (latch);
  test_iterate_until (set != NULL && cancelled != NULL);

  source = g_async_result_get_source_object (set);
  g_assert_true (source == G_OBJECT (latch));
  g_assert_true (g_async_result_is_tagged (set, aiodrive_latch_wait_set_async));
  g_assert_false (g_async_result_is_tagged (set, aiodrive_latch_wait_async));
  g_assert_false (aiodrive_result_had_error (set));
  g_assert_true (aiodrive_result_had_error (cancelled));

  g_assert_true (aiodrive_latch_wait_set_finish (latch, set, &error));
  g_assert_no_error (error);
  g_assert_false (aiodrive_latch_wait_set_finish (latch, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (aiodrive_result_had_error (cancelled));
  g_assert_false (aiodrive_result_had_error (set));
}

static void
test_finished_twice (void)
{
  g_autoptr(AiodriveLatch) latch = aiodrive_latch_new ();
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;

  g_test_summary ("Finishing a result a second time is an error");

  aiodrive_latch_set (latch);
  aiodrive_latch_wait_set_async (latch, NULL, keep_result, &result);
  test_iterate_until (result != NULL);
  g_assert_true (aiodrive_latch_wait_set_finish (latch, result, &error));
  g_assert_no_error (error);
  g_assert_false (aiodrive_latch_wait_set_finish (latch, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
test_had_error_of_tasks (void)
{
  g_autoptr(GTask) task = g_task_new (NULL, NULL, NULL, NULL);

  g_test_summary ("Whether a GTask failed is seen, too");

  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
  g_assert_true (aiodrive_result_had_error (G_ASYNC_RESULT (task)));
  test_settle ();
}

static gpointer
unref_there (gpointer data)
{
  g_object_unref (data);
  return NULL;
}

static void
test_given_back (void)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  GAsyncResult *result = NULL;
  AiodriveLockGuard *guard;

  g_test_summary ("A granted value that nobody unwraps goes back when the result is dropped, in whatever thread");

  aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, NULL, keep_result,
                                     &result);
  test_iterate_until (result != NULL);
  g_assert_null (aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, NULL));
  g_thread_join (g_thread_new ("dropper", unref_there, result));
  guard = aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, NULL);
  g_assert_nonnull (guard);
  aiodrive_lock_guard_unref (guard);
}

static gboolean
iterate_other (gpointer data)
{
  GMainContext *context = data;

  while (g_main_context_iteration (context, FALSE))
    ;
  return G_SOURCE_REMOVE;
}

static void
check_context (GObject      *source_object,
               GAsyncResult *result,
               gpointer      data)
{
  GMainContext **expected = data;

  g_assert_true (g_main_context_get_thread_default () == *expected);
  *expected = NULL;
}

static void
test_thread_default (void)
{
  g_autoptr(AiodriveLatch) latch = aiodrive_latch_new ();
  g_autoptr(GMainContext) context = g_main_context_new ();
  GMainContext *expected = context;

  g_test_summary ("A callback finds its own context as the thread-default one, in whichever thread it is iterated");

  g_main_context_push_thread_default (context);
  aiodrive_latch_wait_set_async (latch, NULL, check_context, &expected);
  g_main_context_pop_thread_default (context);
  aiodrive_latch_set (latch);
  g_idle_add (iterate_other, context);
  test_iterate_until (expected == NULL);
}

/*
 * Waits in a context that is freed
 */

static void
fail_if_called (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_assert_not_reached ();
}

static GMainContext *
push_new_context (void)
{
  GMainContext *context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  return context;
}

static void
pop_and_free (GMainContext *context)
{
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
}

static void
acquire (AiodriveSmartLock   *lock,
         GCancellable        *cancellable,
         GAsyncReadyCallback  callback,
         gpointer             data)
{
  aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, cancellable, callback,
                                     data);
}

static void
test_context_gone_lock (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  AiodriveLockGuard *guard;
  GMainContext *context;
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_test_summary ("A lock never goes to a wait whose context was freed; one that was granted there goes back");

  context = push_new_context ();
  acquire (lock, NULL, fail_if_called, NULL);         /* has it */
  acquire (lock, NULL, fail_if_called, NULL);         /* waits */
  acquire (lock, cancellable, fail_if_called, NULL);
  g_main_context_pop_thread_default (context);
  acquire (lock, NULL, test_on_ready, &call);
  g_assert_null (aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, NULL));
  g_main_context_unref (context);

  guard = aiodrive_smart_lock_acquire_finish (lock, test_call_wait (&call), NULL);
  g_assert_nonnull (guard);
  g_cancellable_cancel (cancellable);
  aiodrive_lock_guard_unref (guard);
  test_call_clear (&call);
  g_assert_finalize_object (lock);
}

static void
test_context_gone_cancelled (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  GMainContext *context = push_new_context ();

  g_test_summary ("A wait whose context was freed can be cancelled");

  acquire (lock, cancellable, fail_if_called, NULL);
  pop_and_free (context);
  g_cancellable_cancel (cancellable);
  aiodrive_lock_guard_unref (guard);
  g_assert_finalize_object (lock);
}

static void
put (AiodriveQueue *queue,
     gint           number)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, number);
  g_assert_true (aiodrive_queue_put (queue, 0, &value, NULL));
}

static void
assert_next (AiodriveQueue *queue,
             gint           number)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_assert_true (aiodrive_queue_try_get (queue, &value, NULL));
  g_assert_cmpint (g_value_get_int (&value), ==, number);
}

static void
test_context_gone_item (void)
{
  AiodriveQueue *queue = AIODRIVE_QUEUE (aiodrive_unordered_queue_new ());
  GMainContext *context;

  g_test_summary ("An item never goes to a wait whose context was freed; one that was granted there goes back first");

  context = push_new_context ();
  aiodrive_queue_get_async (queue, NULL, fail_if_called, NULL);
  put (queue, 1);
  put (queue, 2);
  pop_and_free (context);
  assert_next (queue, 1);
  assert_next (queue, 2);

  context = push_new_context ();
  aiodrive_queue_get_async (queue, NULL, fail_if_called, NULL);
  pop_and_free (context);
  put (queue, 3);
  assert_next (queue, 3);
  g_assert_finalize_object (queue);
}

static void
test_context_gone_send (void)
{
  AiodriveChannel *channel = aiodrive_channel_new (0);
  GMainContext *context = push_new_context ();
  g_auto(GValue) value = G_VALUE_INIT;
  g_auto(GValue) received = G_VALUE_INIT;

  g_test_summary ("An item whose sender waits in a context that was freed is sent all the same");

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, 7);
  aiodrive_channel_send_async (channel, &value, NULL, fail_if_called, NULL);
  pop_and_free (context);
  g_assert_true (aiodrive_channel_try_receive (channel, &received, NULL));
  g_assert_cmpint (g_value_get_int (&received), ==, 7);
  g_assert_finalize_object (channel);
}

static void
test_context_gone_tick (void)
{
  AiodriveAsyncIterator *ticks = AIODRIVE_ASYNC_ITERATOR (aiodrive_repeat_periodically (1));
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_auto(GValue) value = G_VALUE_INIT;
  GMainContext *context;

  g_test_summary ("A wait for a tick whose context was freed keeps nobody else from waiting");

  aiodrive_async_iterator_next_async (ticks, NULL, test_on_ready, &call);
  test_call_wait (&call);
  test_call_clear (&call);
  context = push_new_context ();
  aiodrive_async_iterator_next_async (ticks, NULL, fail_if_called, NULL);
  pop_and_free (context);
  aiodrive_async_iterator_next_async (ticks, NULL, test_on_ready, &call);
  g_assert_true (aiodrive_async_iterator_next_finish (ticks, test_call_wait (&call), &value, NULL));
  test_call_clear (&call);
  g_assert_finalize_object (ticks);
}

static void
test_context_gone_sleep (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  gpointer weak[2];
  GMainContext *context = push_new_context ();

  g_test_summary ("A sleep whose context was freed is freed, too; also when it is cancelled then");

  for (guint i = 0; i < 2; i++)
    {
      AiodriveCancelScope *scope = aiodrive_cancel_scope_new (cancellable);

      weak[i] = scope;
      g_object_add_weak_pointer (G_OBJECT (scope), &weak[i]);
      aiodrive_sleep_async (3600000, G_CANCELLABLE (scope), fail_if_called, NULL);
      if (i == 1)
        g_cancellable_cancel (weak[i]);
      g_object_unref (scope);
    }
  g_assert_nonnull (weak[0]);
  pop_and_free (context);
  g_assert_null (weak[0]);
  g_assert_null (weak[1]);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/core/wait/same-dispatch", test_same_dispatch);
  g_test_add_func ("/aiodrive/core/wait/young-scope", test_young_scope);
  g_test_add_func ("/aiodrive/core/wait/result", test_result);
  g_test_add_func ("/aiodrive/core/wait/finished-twice", test_finished_twice);
  g_test_add_func ("/aiodrive/core/wait/had-error/tasks", test_had_error_of_tasks);
  g_test_add_func ("/aiodrive/core/wait/given-back", test_given_back);
  g_test_add_func ("/aiodrive/core/wait/thread-default", test_thread_default);
  g_test_add_func ("/aiodrive/core/wait/context-gone/sleep", test_context_gone_sleep);
  g_test_add_func ("/aiodrive/core/wait/context-gone/lock", test_context_gone_lock);
  g_test_add_func ("/aiodrive/core/wait/context-gone/cancelled", test_context_gone_cancelled);
  g_test_add_func ("/aiodrive/core/wait/context-gone/item", test_context_gone_item);
  g_test_add_func ("/aiodrive/core/wait/context-gone/send", test_context_gone_send);
  g_test_add_func ("/aiodrive/core/wait/context-gone/tick", test_context_gone_tick);

  return g_test_run ();
}
