/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/aiodrive.h"

G_BEGIN_DECLS

/* Scenarios in which two parties work at once, which are cancelled at each step: each call is called back once, in its
 * own context; nothing is held, and nothing is lost. */

#define TEST_N_PARTIES 2

typedef struct _TestParty TestParty;

/* One call after the other; one that is empty ends them. An act is done at once. */
typedef struct
{
  void     (*act)   (TestParty *self);
  void     (*begin) (TestParty *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
  gboolean (*end)   (TestParty *self, GAsyncResult *result, GError **error);
} TestStep;

/* Defines a call, by what begins it and by what says whether it succeeded. */
#define TEST_DEFINE_CALL(name, begin_call, end_call)                                                                   \
  static void                                                                                                          \
  name##_begin (TestParty *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)               \
  {                                                                                                                    \
    begin_call;                                                                                                        \
  }                                                                                                                    \
                                                                                                                       \
  static gboolean                                                                                                      \
  name##_end (TestParty *self, GAsyncResult *result, GError **error)                                                   \
  {                                                                                                                    \
    return end_call;                                                                                                   \
  }

#define TEST_CALL(name) { NULL, name##_begin, name##_end }
#define TEST_ACT(name)  { name, NULL, NULL }
#define TEST_END        { NULL, NULL, NULL }

struct _TestParty
{
  const TestStep        *step;        /* the next one */
  GTask                 *task;        /* owned: while it works */
  GError                *error;       /* owned, nullable: with which it ends */
  AiodriveLockGuard     *guard;       /* owned, nullable: released in the end, as is the next, before */
  AiodriveLockGuard     *inner;       /* owned, nullable */
  GObject               *object;      /* owned, nullable: of the call; dropped in the end */
  AiodriveAsyncIterator *iterator;    /* owned, nullable: the same; closed in the end, too */
  guint                  n_begun;
  guint                  n_called;
};

typedef struct
{
  const char     *name;
  const TestStep *scripts[TEST_N_PARTIES];
} TestScenario;

/* What is there for the parties, and whether it is as before when they have ended. */
typedef struct
{
  void (*set_up)    (void);
  void (*tear_down) (void);
} TestStage;

/* Adds a test for each of the scenarios; all is static. */
void     test_add_scenarios   (const char         *path,
                               const TestStage    *stage,
                               const TestScenario *scenarios,
                               guint               n_scenarios);

/* Ends a call whose failure is in the task that it ended with. */
gboolean test_end_with_error  (GError             *failure,
                               GError            **error);

/* Ends a call that gives a value, which is dropped. */
typedef void (*TestFinish) (gpointer       object,
                            GAsyncResult  *result,
                            GValue        *value,
                            GError       **error);
gboolean test_end_with_value  (TestFinish          finish,
                               gpointer            object,
                               GAsyncResult       *result,
                               GError            **error);

/* A job that takes so many milliseconds. */
void     test_sleep_job       (GTask              *task,
                               GCancellable       *cancellable,
                               gpointer            ms);

/* Steps that all have. */
void     test_sleep_begin     (TestParty           *self,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             data);
gboolean test_sleep_end       (TestParty           *self,
                               GAsyncResult        *result,
                               GError             **error);
void     test_release         (TestParty           *self);

G_END_DECLS
