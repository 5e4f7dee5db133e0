/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/aiodrive.h"

#include <time.h>

#ifdef HAVE_LIBDEX
#include <libdex.h>
#endif

G_BEGIN_DECLS

/* One measurement: a contestant does a workload of n operations between bench_begin() and bench_end(). */
typedef struct
{
  gsize     n;
  gsize     n_done;       /* operations that have ended; bench_iterate() waits for all */
  clockid_t clock;
  gint64    began;
  gint64    elapsed;      /* nanoseconds */
  double    value;        /* what is reported, where it is not nanoseconds for each operation */
} Bench;

typedef void (*BenchFunc) (Bench *bench);

typedef struct
{
  const char *workload;
  const char *contestant;
  BenchFunc   func;
  gsize       max_n;      /* more makes no sense; 0: no limit */
  enum
  {
    BENCH_CPU,            /* the time that the process computes: for one thread */
    BENCH_WALL,           /* the time that goes by: for several */
    BENCH_VALUE,          /* bench->value */
  } unit;
} BenchCase;

/* One file each; ended by an empty one. */
extern const BenchCase bench_floors[];
extern const BenchCase bench_waiting[];
extern const BenchCase bench_cancelling[];
extern const BenchCase bench_locks[];
extern const BenchCase bench_queues[];
extern const BenchCase bench_threads[];
extern const BenchCase bench_tasks[];
extern const BenchCase bench_races[];
extern const BenchCase bench_memory[];
extern const BenchCase bench_executor[];
extern const BenchCase bench_fairness[];
extern const BenchCase bench_growth[];
extern const BenchCase bench_fibers[];

void bench_begin         (Bench               *bench);
void bench_end           (Bench               *bench);
/* Iterates the default main context until n operations have ended, and nothing is left to do: what is freed afterwards
 * is not left to the next measurement, nor in its way. The same for another number, without the rest. */
void bench_iterate       (Bench               *bench);
void bench_iterate_until (Bench               *bench,
                          gsize                n_done);

/* A GAsyncReadyCallback for a plain GTask of a boolean, whose data is the Bench. */
void bench_on_task       (GObject             *source_object,
                          GAsyncResult        *result,
                          gpointer             bench);
/* Runs @func once, inside a source of the default main context: tasks made before are called back at once there. */
void bench_in_source     (void               (*func) (gpointer data),
                          gpointer             data);
/* From now on the process, and every thread that it makes, stays on one CPU. */
void bench_pin           (void);

/* N of something. */
GCancellable **bench_cancellables_new  (gsize           n,
                                        gboolean        scopes);
void           bench_objects_free      (gpointer        objects,
                                        gsize           n);

#ifdef HAVE_LIBDEX
/* A DexFutureCallback whose data is the Bench. */
DexFuture     *bench_on_future         (DexFuture      *future,
                                        gpointer        bench);
void           bench_futures_free      (DexFuture     **futures,
                                        gsize           n);
#endif

G_END_DECLS
