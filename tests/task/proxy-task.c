/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/proxy-task-private.h"
#include "aiodrive/task/record-private.h"
#include "tests/support/support.h"

typedef struct
{
  TestThread               *thread;       /* where the job runs */
  AiodriveThreadSafeFuture *future;       /* owned: what the job waits for */
  GThread                  *started_in;
  GThread                  *accepted_in;
  GThread                  *freed_in;
  GTask                    *inner;        /* unowned */
  gboolean                  refuses;
  gboolean                  was_cancelled;
  gint                      n_started;    /* atomic, as are the next ones */
  gint                      n_freed;
  gint                      n_accepted;
  gint                      n_accept_freed;
} Proxy;

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      data)
{
  Proxy *self = data;

  self->inner = task;
  self->started_in = g_thread_self ();
  self->was_cancelled = g_cancellable_is_cancelled (cancellable);
  aiodrive_thread_safe_future_wait_async (self->future, cancellable, aiodrive_task_complete, g_object_ref (task));
  g_atomic_int_inc (&self->n_started);
}

static void
freed (gpointer data)
{
  Proxy *self = data;

  self->freed_in = g_thread_self ();
  g_atomic_int_inc (&self->n_freed);
}

static gboolean
accept_or_not (GTask    *task,
               gpointer  data)
{
  Proxy *self = data;

  self->accepted_in = g_thread_self ();
  g_assert_cmpint (self->n_started, ==, 0);
  g_atomic_int_inc (&self->n_accepted);
  if (self->refuses)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "refused");
  return !self->refuses;
}

static void
accept_freed (gpointer data)
{
  g_atomic_int_inc (&((Proxy *) data)->n_accept_freed);
}

static void
proxy_init (Proxy *self)
{
  *self = (Proxy) { .thread = test_thread_start (), .future = aiodrive_thread_safe_future_new () };
}

static GTask *
proxy_spawn (Proxy        *self,
             GCancellable *parent,
             gboolean      accepts)
{
  GMainContext *context = test_thread_get_context (self->thread);

  return aiodrive_proxy_task_spawn (aiodrive_dispatcher_get_for_context (context), context, parent, NULL, job, self,
                                    freed, accepts ? accept_or_not : NULL, accepts ? self : NULL,
                                    accepts ? accept_freed : NULL);
}

static void
proxy_succeed (Proxy *self)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, 7);
  aiodrive_thread_safe_future_set_value (self->future, &value, NULL);
}

static void
settle (gpointer data,
        gpointer unused)
{
  test_settle ();
}

/* Nobody holds the task, here or there; and the data of the job was freed here, once. */
static void
proxy_clear (Proxy *self,
             GTask *task)
{
  test_settle ();
  test_thread_call (self->thread, settle, NULL);
  test_settle ();
  g_assert_cmpint (self->n_freed, ==, 1);
  g_assert_true (self->freed_in == g_thread_self ());
  test_finalize_task (task);
  test_thread_stop (self->thread);
  g_assert_finalize_object (self->future);
}

/* The job runs there, the task ends here, after the data was freed, and stands for the one there. */
static void
test_value (void)
{
  for (guint accepts = 0; accepts < 2; accepts++)
    {
      Proxy self;
      GTask *task;
      g_autoptr(GAsyncResult) result = NULL;
      g_autoptr(GError) error = NULL;
      g_auto(GValue) value = G_VALUE_INIT;

      proxy_init (&self);
      task = proxy_spawn (&self, NULL, accepts);
      g_assert_true (g_task_get_context (task) == g_main_context_default ());
      test_spin_while (g_atomic_int_get (&self.n_started) == 0);
      g_assert_true (self.started_in != g_thread_self ());
      g_assert_true (g_task_get_context (self.inner) == test_thread_get_context (self.thread));
      test_settle ();
      g_assert_false (g_task_get_completed (task));

      proxy_succeed (&self);
      aiodrive_run (task);
      g_assert_cmpint (self.n_freed, ==, 1);
      g_assert_true (aiodrive_task_get_leaf (task, &error) == self.inner);
      g_assert_no_error (error);
      result = aiodrive_task_propagate_result (task, &error);
      g_assert_no_error (error);
      aiodrive_thread_safe_future_wait_finish (self.future, result, &value, &error);
      g_assert_no_error (error);
      g_assert_cmpint (g_value_get_int (&value), ==, 7);

      g_clear_object (&result);
      g_assert_cmpint (self.n_accepted, ==, accepts);
      g_assert_true (!accepts || self.accepted_in == self.started_in);
      test_spin_while (accepts && g_atomic_int_get (&self.n_accept_freed) == 0);
      proxy_clear (&self, task);
      g_assert_cmpint (self.n_accept_freed, ==, accepts);
    }
}

static void
test_failure (void)
{
  Proxy self;
  GTask *task;
  g_autoptr(GError) cause = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "it failed");
  g_autoptr(GError) error = NULL;

  proxy_init (&self);
  task = proxy_spawn (&self, NULL, FALSE);
  aiodrive_thread_safe_future_set_error (self.future, cause, NULL);
  aiodrive_run (task);
  g_assert_null (aiodrive_task_get_leaf (task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, "it failed");
  proxy_clear (&self, task);
}

/* The job does not begin; the task fails as the one there did. */
static void
test_refused (void)
{
  Proxy self;
  GTask *task;
  g_autoptr(GError) error = NULL;

  proxy_init (&self);
  self.refuses = TRUE;
  task = proxy_spawn (&self, NULL, TRUE);
  aiodrive_run (task);
  g_assert_null (aiodrive_task_get_leaf (task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  proxy_clear (&self, task);
  g_assert_cmpint (self.n_started, ==, 0);
  g_assert_cmpint (self.n_accept_freed, ==, 1);
}

/* A parent that is cancelled before: the job starts, and sees it. One that is cancelled later reaches the job. So does
 * the cancellable of the task itself. */
static void
test_cancel (void)
{
  for (guint i = 0; i < 3; i++)
    {
      GCancellable *parent = g_cancellable_new ();
      g_autoptr(GError) error = NULL;
      Proxy self;
      GTask *task;

      proxy_init (&self);
      if (i == 0)
        g_cancellable_cancel (parent);
      task = proxy_spawn (&self, parent, FALSE);
      test_spin_while (g_atomic_int_get (&self.n_started) == 0);
      g_assert_true (self.was_cancelled == (i == 0));
      g_cancellable_cancel (i == 2 ? g_task_get_cancellable (task) : parent);
      aiodrive_run (task);
      error = aiodrive_task_dup_error (task);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      proxy_clear (&self, task);
      g_assert_finalize_object (parent);
    }
}

/* A failure that nobody looks at is warned about here. */
static void
test_unawaited (void)
{
  Proxy self;
  g_autoptr(GError) cause = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "it failed");

  proxy_init (&self);
  aiodrive_thread_safe_future_set_error (self.future, cause, NULL);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*nobody awaited it: it failed");
  g_object_unref (proxy_spawn (&self, NULL, FALSE));
  test_iterate_until (g_atomic_int_get (&self.n_freed) == 1);
  test_settle ();
  g_test_assert_expected_messages ();
  g_assert_true (self.freed_in == g_thread_self ());
  test_thread_stop (self.thread);
  g_assert_finalize_object (self.future);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/proxy-task/value", test_value);
  g_test_add_func ("/aiodrive/task/proxy-task/failure", test_failure);
  g_test_add_func ("/aiodrive/task/proxy-task/refused", test_refused);
  g_test_add_func ("/aiodrive/task/proxy-task/cancel", test_cancel);
  g_test_add_func ("/aiodrive/task/proxy-task/unawaited", test_unawaited);

  return g_test_run ();
}
