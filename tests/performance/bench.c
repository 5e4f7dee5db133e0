/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

#include <malloc.h>
#include <sched.h>
#include <stdlib.h>

/* Measures one contestant in one workload, in a process of its own: nobody measures the threads, the sources or the
 * heap that another one has left. Which of them, how often and in what order is for the script that calls us. */

#define MIN_ELAPSED (30 * 1000 * 1000)

static const BenchCase *const all_cases[] =
{
  bench_floors,
  bench_waiting,
  bench_cancelling,
  bench_locks,
  bench_queues,
  bench_threads,
  bench_tasks,
  bench_races,
  bench_memory,
  bench_executor,
  bench_fairness,
  bench_growth,
  bench_fibers,
};

static gint64
now (Bench *bench)
{
  struct timespec time;

  clock_gettime (bench->clock, &time);
  return time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

void
bench_begin (Bench *bench)
{
  bench->began = now (bench);
}

void
bench_end (Bench *bench)
{
  bench->elapsed = now (bench) - bench->began;
}

void
bench_iterate_until (Bench *bench,
                     gsize  n_done)
{
  while (bench->n_done < n_done)
    g_main_context_iteration (NULL, TRUE);
}

void
bench_iterate (Bench *bench)
{
  bench_iterate_until (bench, bench->n);
  while (g_main_context_iteration (NULL, FALSE));
}

void
bench_on_task (GObject      *source_object,
               GAsyncResult *result,
               gpointer      bench)
{
  if (!g_task_propagate_boolean (G_TASK (result), NULL))
    g_error ("A task failed");
  ((Bench *) bench)->n_done++;
}

typedef struct
{
  void   (*func) (gpointer data);
  gpointer data;
  gboolean done;
} Call;

static gboolean
run_call (gpointer data)
{
  Call *call = data;

  call->func (call->data);
  call->done = TRUE;
  return G_SOURCE_REMOVE;
}

void
bench_in_source (void   (*func) (gpointer data),
                 gpointer data)
{
  Call call = { func, data, FALSE };

  g_idle_add_full (G_PRIORITY_DEFAULT, run_call, &call, NULL);
  while (!call.done)
    g_main_context_iteration (NULL, TRUE);
}

void
bench_pin (void)
{
  cpu_set_t cpus;

  CPU_ZERO (&cpus);
  CPU_SET (sched_getcpu (), &cpus);
  sched_setaffinity (0, sizeof cpus, &cpus);
}

GCancellable **
bench_cancellables_new (gsize    n,
                        gboolean scopes)
{
  GCancellable **cancellables = g_new (GCancellable *, n);

  for (gsize i = 0; i < n; i++)
    cancellables[i] = scopes ? G_CANCELLABLE (aiodrive_cancel_scope_new (NULL)) : g_cancellable_new ();
  return cancellables;
}

void
bench_objects_free (gpointer objects,
                    gsize    n)
{
  for (gsize i = 0; i < n; i++)
    g_object_unref (((GObject **) objects)[i]);
  g_free (objects);
}

#ifdef HAVE_LIBDEX
DexFuture *
bench_on_future (DexFuture *future,
                 gpointer   bench)
{
  ((Bench *) bench)->n_done++;
  return NULL;
}

void
bench_futures_free (DexFuture **futures,
                    gsize       n)
{
  for (gsize i = 0; i < n; i++)
    dex_unref (futures[i]);
  g_free (futures);
}
#endif

static double
measure_once (const BenchCase *bench_case,
              gsize            n,
              gint64          *elapsed)
{
  Bench bench = { .n = n, .clock = bench_case->unit == BENCH_CPU ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC };

  bench_case->func (&bench);
  *elapsed += bench.elapsed;
  if (bench.n_done != n)
    g_error ("%s of %s ended %zu operations of %zu", bench_case->workload, bench_case->contestant, bench.n_done, n);
  return bench_case->unit == BENCH_VALUE ? bench.value : (double) bench.elapsed / n;
}

static int
compare (const void *a,
         const void *b)
{
  double first = *(const double *) a;
  double second = *(const double *) b;

  return (first > second) - (first < second);
}

/* The median of several measurements, after one that warms up: of so many, or, if that is 0, of as many as fit into a
 * while. Where the time is that of the clock on the wall, it is the least: when nobody else wanted the machine. */
static double
measure (const BenchCase *bench_case,
         gsize            n,
         guint            n_measurements)
{
  g_autoptr(GArray) values = g_array_new (FALSE, FALSE, sizeof (double));
  gint64 elapsed = 0;
  double value = measure_once (bench_case, n, &elapsed);

  if (bench_case->unit == BENCH_VALUE)
    return value;
  for (elapsed = 0; n_measurements > 0 ? values->len < n_measurements : elapsed < MIN_ELAPSED;)
    {
      value = measure_once (bench_case, n, &elapsed);
      g_array_append_val (values, value);
    }
  qsort (values->data, values->len, sizeof (double), compare);
  return g_array_index (values, double, bench_case->unit == BENCH_WALL ? 0 : values->len / 2);
}

static int
list (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (all_cases); i++)
    for (const BenchCase *c = all_cases[i]; c->workload != NULL; c++)
      g_print ("%s %s %zu\n", c->workload, c->contestant, c->max_n);
  return EXIT_SUCCESS;
}

int
main (int    argc,
      char **argv)
{
  if (argc == 2 && g_str_equal (argv[1], "--list"))
    return list ();
  if (argc != 4 && argc != 5)
    {
      g_printerr ("Usage: %s --list | %s WORKLOAD CONTESTANT N [MEASUREMENTS]\n", argv[0], argv[0]);
      return EXIT_FAILURE;
    }

  /* the heap grows while it warms up, and stays */
  mallopt (M_TRIM_THRESHOLD, G_MAXINT);
  mallopt (M_MMAP_THRESHOLD, G_MAXINT);
#ifdef HAVE_LIBDEX
  if (g_str_has_prefix (argv[2], "libdex"))
    dex_init ();
#endif

  for (gsize i = 0; i < G_N_ELEMENTS (all_cases); i++)
    for (const BenchCase *c = all_cases[i]; c->workload != NULL; c++)
      if (g_str_equal (c->workload, argv[1]) && g_str_equal (c->contestant, argv[2]))
        {
          guint n_measurements = argc > 4 ? strtoul (argv[4], NULL, 10) : 0;

          g_print ("%.2f\n", measure (c, strtoul (argv[3], NULL, 10), n_measurements));
          return EXIT_SUCCESS;
        }

  g_printerr ("There is no %s of %s\n", argv[1], argv[2]);
  return EXIT_FAILURE;
}
