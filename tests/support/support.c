/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/support.h"

/* A dispatcher may leave out an iteration, so that one that finds nothing to do does not mean much. */
void
test_settle (void)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();

  for (guint idle = 0; idle < 5; )
    idle = g_main_context_iteration (context, FALSE) ? 0 : idle + 1;
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
