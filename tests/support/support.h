/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/aiodrive.h"

G_BEGIN_DECLS

/* Iterates the thread-default main context until @condition holds. */
#define test_iterate_until(condition)                              \
  G_STMT_START {                                                   \
    GMainContext *_context = g_main_context_ref_thread_default (); \
    while (!(condition))                                           \
      g_main_context_iteration (_context, TRUE);                   \
    g_main_context_unref (_context);                               \
  } G_STMT_END

/* Waits for what another thread does, in a loop, to be there at the same moment. On a busy machine it sleeps: a thread
 * that yields is behind all those that compute. */
#define test_spin_while(condition)               \
  G_STMT_START {                                 \
    for (guint _n = 0; (condition); _n++)        \
      if (_n > 5000)                             \
        g_usleep (20);                           \
  } G_STMT_END

/* Lets everything happen that can happen without time going by. */
void test_settle (void);

/* @n, or a part of it where everything takes many times as long. */
guint test_rounds (guint n);

/* Calls @func with @data when the thread-default main context has gone round so many times more. */
void test_call_later (guint       n_iterations,
                      GSourceFunc func,
                      gpointer    data);

/* Calls @func with @data in a thread with a stack of that size, or a multiple under a sanitizer, and waits for it. */
void test_run_on_stack (gsize       size,
                        GThreadFunc func,
                        gpointer    data);

/* Where an asynchronous call ends: give test_on_ready() and a TestCall as the callback and its data. */
typedef struct
{
  guint         n_calls;
  GObject      *source_object;   /* owned */
  GAsyncResult *result;          /* owned */
  GMainContext *context;         /* unowned: that of the callback */
} TestCall;

#define TEST_CALL_INIT { 0, NULL, NULL, NULL }

void test_on_ready   (GObject      *source_object,
                      GAsyncResult *result,
                      gpointer      call);
void test_call_clear (TestCall     *call);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TestCall, test_call_clear)

/* Waits for @call, and asserts that it was called back once. */
GAsyncResult *test_call_wait (TestCall *call);

/* A thread that iterates a main context of its own until test_thread_stop(). */
typedef struct _TestThread TestThread;

TestThread   *test_thread_start       (void);
GMainContext *test_thread_get_context (TestThread *self);
/* Calls @func there, and waits for it. */
void          test_thread_call        (TestThread *self,
                                       GFunc       func,
                                       gpointer    data);
void          test_thread_stop        (TestThread *self);

/* How a task came into the world. */
typedef enum
{
  TEST_TASK_JOB,       /* aiodrive_prime() */
  TEST_TASK_STARTED,   /* AIODRIVE_START() */
  TEST_TASK_FOREIGN,   /* g_task_new() */
  TEST_TASK_REMOTE,    /* g_task_new() in the context of another thread */
} TestTaskKind;

#define TEST_N_TASK_KINDS 4

/* A task that ends when it is told to, or when it is cancelled; its value is its name, its error says
 * "<name> failed". */
typedef struct
{
  GTask       *task;          /* owned */
  gboolean     lingers;       /* when it is cancelled it goes on until it is told to end */
  gint         n_cancelled;   /* atomic: how often its cancellable said so */
  GTask       *inner;         /* owned: what is to be returned; as the next, used in the context of task */
  gboolean     returned;
  gulong       handler;
  TestThread  *thread;        /* unowned, nullable: where it lives */
} TestTask;

TestTask *test_task_new         (TestTaskKind  kind,
                                 const char   *name,
                                 GCancellable *parent);
/* One of g_task_new() with this cancellable, here or in another thread. */
TestTask *test_task_new_foreign (TestTaskKind  kind,
                                 const char   *name,
                                 GCancellable *cancellable);
/* Nothing happens if the task was returned before. */
void      test_task_succeed     (TestTask     *self);
void      test_task_fail        (TestTask     *self,
                                 gint          code);
/* Lets everything happen here and in the thread of @self. */
void      test_task_settle      (TestTask     *self);
/* Asserts that nobody else holds the task, or its scope. */
void      test_task_free        (TestTask     *self);

/* The same for any task that has ended. */
void      test_finalize_task    (GTask        *task);

/* Unwraps @task, which stands for a TestTask. */
void      test_assert_value     (GTask        *task,
                                 const char   *expected);

G_END_DECLS
