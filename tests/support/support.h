/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Iterates the thread-default main context until @condition holds. */
#define test_iterate_until(condition)                              \
  G_STMT_START {                                                   \
    GMainContext *_context = g_main_context_ref_thread_default (); \
    while (!(condition))                                           \
      g_main_context_iteration (_context, TRUE);                   \
    g_main_context_unref (_context);                               \
  } G_STMT_END

/* Lets everything happen that can happen without time going by. */
void test_settle (void);

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

G_END_DECLS
