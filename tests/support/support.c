/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/support.h"

#include <pthread.h>

/* A dispatcher may leave out an iteration, so that one that finds nothing to do does not mean much. */
void
test_settle (void)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();

  for (guint idle = 0; idle < 5; )
    idle = g_main_context_iteration (context, FALSE) ? 0 : idle + 1;
}

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__) || \
    __has_feature (address_sanitizer) || __has_feature (thread_sanitizer)
#define DIVISOR 10
#else
#define DIVISOR 1
#endif

guint
test_rounds (guint n)
{
  const char *divisor = g_getenv ("AIODRIVE_TEST_DIVISOR");

  return n / (divisor != NULL ? MAX (g_ascii_strtoull (divisor, NULL, 10), 1) : DIVISOR);
}

#ifdef __SANITIZE_ADDRESS__
#define STACK_FACTOR 8
#else
#define STACK_FACTOR 1
#endif

void
test_run_on_stack (gsize       size,
                   GThreadFunc func,
                   gpointer    data)
{
  pthread_attr_t attributes;
  pthread_t thread;

  pthread_attr_init (&attributes);
  g_assert_cmpint (pthread_attr_setstacksize (&attributes, size * STACK_FACTOR), ==, 0);
  g_assert_cmpint (pthread_create (&thread, &attributes, func, data), ==, 0);
  g_assert_cmpint (pthread_join (thread, NULL), ==, 0);
  pthread_attr_destroy (&attributes);
}

typedef struct
{
  guint       n_left;
  GSourceFunc func;
  gpointer    data;
} Later;

static gboolean
count_down (gpointer data)
{
  Later *self = data;

  if (self->n_left-- > 0)
    return G_SOURCE_CONTINUE;
  self->func (self->data);
  return G_SOURCE_REMOVE;
}

void
test_call_later (guint       n_iterations,
                 GSourceFunc func,
                 gpointer    data)
{
  Later *self = g_new (Later, 1);
  g_autoptr(GSource) source = g_idle_source_new ();

  *self = (Later) { n_iterations, func, data };
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, count_down, self, g_free);
  g_source_attach (source, g_main_context_get_thread_default ());
}

void
test_on_ready (GObject      *source_object,
               GAsyncResult *result,
               gpointer      data)
{
  TestCall *call = data;

  call->n_calls++;
  g_set_object (&call->source_object, source_object);
  g_set_object (&call->result, result);
  call->context = g_main_context_get_thread_default ();
  if (call->context == NULL)
    call->context = g_main_context_default ();
}

void
test_call_clear (TestCall *call)
{
  g_clear_object (&call->source_object);
  g_clear_object (&call->result);
  call->n_calls = 0;
}

GAsyncResult *
test_call_wait (TestCall *call)
{
  test_iterate_until (call->n_calls > 0);
  g_assert_cmpuint (call->n_calls, ==, 1);
  return call->result;
}

struct _TestThread
{
  GThread      *thread;
  GMainContext *context;
  GMainLoop    *loop;
};

typedef struct
{
  GFunc    func;
  gpointer data;
  GMutex   mutex;
  GCond    cond;
  gboolean done;
} Call;

static gpointer
thread_run (gpointer data)
{
  TestThread *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

TestThread *
test_thread_start (void)
{
  TestThread *self = g_new0 (TestThread, 1);

  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new ("test", thread_run, self);
  return self;
}

GMainContext *
test_thread_get_context (TestThread *self)
{
  return self->context;
}

static gboolean
call_run (gpointer data)
{
  Call *call = data;

  call->func (call->data, NULL);
  g_mutex_lock (&call->mutex);
  call->done = TRUE;
  g_cond_signal (&call->cond);
  g_mutex_unlock (&call->mutex);
  return G_SOURCE_REMOVE;
}

static void
invoke (TestThread  *self,
        GSourceFunc  func,
        gpointer     data)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

void
test_thread_call (TestThread *self,
                  GFunc       func,
                  gpointer    data)
{
  Call call = { .func = func, .data = data };

  g_mutex_init (&call.mutex);
  g_cond_init (&call.cond);
  invoke (self, call_run, &call);
  g_mutex_lock (&call.mutex);
  while (!call.done)
    g_cond_wait (&call.cond, &call.mutex);
  g_mutex_unlock (&call.mutex);
  g_mutex_clear (&call.mutex);
  g_cond_clear (&call.cond);
}

static gboolean
thread_quit (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

void
test_thread_stop (TestThread *self)
{
  invoke (self, thread_quit, self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_free (self);
}

static TestThread *remote;       /* where remote tasks live, while there are any */
static guint       n_remote;

static void
on_freed (gpointer  data,
          GClosure *closure)
{
  g_atomic_rc_box_release (data);
}

/* In the context of the task. */
static void
end (TestTask *self,
     GError   *error)
{
  g_autoptr(GTask) inner = g_steal_pointer (&self->inner);
  g_auto(GValue) value = G_VALUE_INIT;

  if (self->returned)
    {
      g_clear_error (&error);
      return;
    }

  self->returned = TRUE;
  if (self->handler != 0)
    g_signal_handler_disconnect (g_task_get_cancellable (inner), self->handler);
  if (error != NULL)
    {
      g_task_return_error (inner, error);
      return;
    }

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, g_task_get_name (self->task));
  g_task_return_value (inner, &value);
}

static gboolean
end_cancelled (gpointer data)
{
  end (data, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Operation was cancelled"));
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *cancellable,
              gpointer      data)
{
  TestTask *self = data;
  g_autoptr(GSource) source = NULL;

  g_atomic_int_inc (&self->n_cancelled);
  if (self->lingers)
    return;

  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, end_cancelled, g_atomic_rc_box_acquire (self), g_atomic_rc_box_release);
  g_source_attach (source, g_task_get_context (self->task));
}

static void
hold (GTask        *task,
      GCancellable *cancellable,
      gpointer      data)
{
  TestTask *self = data;

  self->inner = g_object_ref (task);
}

/* An asynchronous function in the style of GIO. */
static void
hold_async (TestTask            *self,
            GCancellable        *cancellable,
            GAsyncReadyCallback  callback,
            gpointer             data)
{
  self->inner = g_task_new (NULL, cancellable, callback, data);
  g_task_set_check_cancellable (self->inner, FALSE);
}

typedef struct
{
  TestTask     *self;
  GCancellable *cancellable;
  GError       *error;
} RemoteCall;

static void
make_foreign (gpointer data,
              gpointer unused)
{
  RemoteCall *call = data;

  call->self->task = g_task_new (NULL, call->cancellable, NULL, NULL);
  g_task_set_check_cancellable (call->self->task, FALSE);
  call->self->inner = g_object_ref (call->self->task);
}

/* Called when the task is made. */
static TestTask *
watch (TestTask   *self,
       const char *name)
{
  GCancellable *cancellable = g_task_get_cancellable (self->inner);

  g_task_set_name (self->task, name);
  if (cancellable == NULL)
    return self;

  self->handler = g_signal_connect_data (cancellable, "cancelled", G_CALLBACK (on_cancelled),
                                         g_atomic_rc_box_acquire (self), on_freed, 0);
  if (g_cancellable_is_cancelled (cancellable))
    on_cancelled (cancellable, self);
  return self;
}

TestTask *
test_task_new_foreign (TestTaskKind  kind,
                       const char   *name,
                       GCancellable *cancellable)
{
  TestTask *self = g_atomic_rc_box_new0 (TestTask);
  RemoteCall call = { .self = self, .cancellable = cancellable };

  if (kind == TEST_TASK_REMOTE)
    {
      if (n_remote++ == 0)
        remote = test_thread_start ();
      self->thread = remote;
      test_thread_call (remote, make_foreign, &call);
    }
  else
    make_foreign (&call, NULL);

  return watch (self, name);
}

TestTask *
test_task_new (TestTaskKind  kind,
               const char   *name,
               GCancellable *parent)
{
  g_autoptr(AiodriveCancelScope) scope = NULL;
  TestTask *self;

  if (kind == TEST_TASK_FOREIGN || kind == TEST_TASK_REMOTE)
    {
      scope = aiodrive_cancel_scope_new (parent);
      return test_task_new_foreign (kind, name, G_CANCELLABLE (scope));
    }

  self = g_atomic_rc_box_new0 (TestTask);
  self->task = kind == TEST_TASK_JOB ? aiodrive_prime (parent, hold, self, NULL)
                                     : AIODRIVE_START (parent, hold_async, self);
  return watch (self, name);
}

static void
call_end (gpointer data,
          gpointer unused)
{
  RemoteCall *call = data;

  end (call->self, call->error);
}

static void
end_in_its_context (TestTask *self,
                    GError   *error)
{
  RemoteCall call = { .self = self, .error = error };

  if (self->thread != NULL)
    test_thread_call (self->thread, call_end, &call);
  else
    call_end (&call, NULL);
}

void
test_task_succeed (TestTask *self)
{
  end_in_its_context (self, NULL);
}

void
test_task_fail (TestTask *self,
                gint      code)
{
  end_in_its_context (self, g_error_new (G_IO_ERROR, code, "%s failed", g_task_get_name (self->task)));
}

static void
settle (gpointer data,
        gpointer unused)
{
  test_settle ();
}

void
test_task_settle (TestTask *self)
{
  if (self->thread != NULL)
    test_thread_call (self->thread, settle, NULL);
  test_settle ();
}

/* The scope of @task, unless it is that of another one. */
static gpointer
own_scope (GTask *task)
{
  gpointer scope = g_task_get_cancellable (task);
  g_autoptr(GTask) owner = NULL;

  if (scope == NULL || !AIODRIVE_IS_CANCEL_SCOPE (scope))
    return NULL;
  owner = aiodrive_cancel_scope_ref_task (scope);
  return owner == NULL || owner == task ? scope : NULL;
}

void
test_finalize_task (GTask *task)
{
  gpointer scope = own_scope (task);

  test_settle ();
  if (scope != NULL)
    g_object_add_weak_pointer (scope, &scope);
  g_assert_finalize_object (task);
  g_assert_null (scope);
}

void
test_task_free (TestTask *self)
{
  test_task_settle (self);
  g_assert_true (self->returned);
  test_finalize_task (self->task);
  if (self->thread != NULL && --n_remote == 0)
    test_thread_stop (g_steal_pointer (&remote));
  g_atomic_rc_box_release (self);
}

void
test_assert_value (GTask      *task,
                   const char *expected)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GAsyncResult) result = aiodrive_task_propagate_result (task, &error);
  g_auto(GValue) value = G_VALUE_INIT;

  g_assert_no_error (error);
  g_task_propagate_value (G_TASK (result), &value, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_value_get_string (&value), ==, expected);
}
