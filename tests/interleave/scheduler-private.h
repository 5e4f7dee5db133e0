/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#define INTERLEAVE_SCHEDULER
#include "tests/interleave/hooks.h"
#include "tests/interleave/scheduler.h"

#include <semaphore.h>

G_BEGIN_DECLS

typedef enum
{
  IDLE,
  READY,
  AT_MUTEX,    /* wants @mutex */
  AT_COND,     /* waits to be signalled */
  AT_POLL,     /* its main context has nothing to do */
  AT_JOIN,     /* waits for @joined to end */
  SPINNING,    /* waits for others to do something */
} State;

typedef struct _Virtual Virtual;

struct _Virtual
{
  GThread      *thread;
  GMainContext *context;      /* NULL: it is for the library to start */
  sem_t         turn;
  State         state;
  GMutex       *mutex;
  GCond        *cond;
  gboolean      timed;        /* it waits up to some time: until nobody else can go on */
  GPollFD      *fds;
  guint         n_fds;
  Virtual      *joined;

  GThreadFunc   func;         /* what it was started for, as the next */
  gpointer      data;
  gboolean      held;         /* it is to be joined, or let go */
  GPrivate     *key;          /* what it frees at its end; nullable */
};

extern Virtual        scheduler_threads[MAX_THREADS];
extern gboolean       scheduler_alone;   /* nobody else goes on: GLib holds a lock of its own, or a run has ended */
extern __thread guint scheduler_self;      /* from 1 on; 0: the one that is not scheduled */

void scheduler_wait_as (State state);

G_END_DECLS
