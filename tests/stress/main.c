/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/stress.h"

#include <stdlib.h>

/* All families at once, in threads with a main context each and in threads that only block. When the time is up, or so
 * many operations are through, they stop in this order: the blocking ones; then the others, until nothing happens any
 * more, when nobody may wait for what is there; then everybody is helped until nobody waits at all; and then nothing
 * may be left. Each further round begins anew in the same process, which is to have no more at the end than after the
 * first one. */

const StressFamily * const stress_families[] =
{
  &stress_signals,
  &stress_smart_lock,
  &stress_locks,
  &stress_streams,
  &stress_tasks,
  &stress_groups,
  &stress_pools,
  &stress_iterators,
  &stress_races,
  &stress_executors,
  &stress_thread_groups,
  &stress_fibers,
  NULL
};
const StressOperation    **stress_operations;
guint                      stress_n_operations;

#define TICK_USEC        5000

typedef enum
{
  RUNNING,
  BLOCKERS_STOP,
  ALL_STOP,
} Phase;

static gint64        seed = -1;
static double        seconds = 3;
static gint64        max_operations;
static gint          n_rounds = 1;
static gint          n_round;
static gint          n_threads = 4;
static gint          n_blockers = 2;

static gint          phase;        /* atomic */
static StressThread *threads;      /* those with a context first */
static StressCount  *totals;       /* for each operation, of the rounds that are over */
static GThread     **joinable;
static gint         *last_seen;    /* their progress at the last tick */
static gint64       *last_moved;
static gint          n_warnings;   /* atomic */

static GMutex        meeting_lock;
static GCond         meeting_cond;
static guint         n_meetings;   /* guarded by meeting_lock, as are the next */
static gint          n_awaited;
static gboolean      any_did_something;
static gboolean      outcome;

/* Says what was wrong and where everybody is, and ends the process. */
void
stress_fail (const char *format,
             ...)
{
  va_list args;
  g_autofree char *message = NULL;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);

  g_printerr ("seed %" G_GINT64_FORMAT ", phase %d: %s\n", seed, g_atomic_int_get (&phase), message);
  for (gint i = 0; i < n_threads + n_blockers; i++)
    stress_thread_print (&threads[i]);
  abort ();
}

gboolean
stress_is_running (gboolean for_blockers)
{
  return g_atomic_int_get (&phase) < (for_blockers ? BLOCKERS_STOP : ALL_STOP);
}

/* Waits for all threads with a context and for main(). Whether one of them did something. */
gboolean
stress_meet (gboolean did_something)
{
  gint64 end = g_get_monotonic_time () + STRESS_PATIENCE_USEC;
  guint meeting;
  gboolean result;

  g_mutex_lock (&meeting_lock);
  meeting = n_meetings;
  any_did_something = any_did_something || did_something;
  if (--n_awaited == 0)
    {
      outcome = any_did_something;
      any_did_something = FALSE;
      n_awaited = n_threads + 1;
      n_meetings++;
      g_cond_broadcast (&meeting_cond);
    }
  while (meeting == n_meetings)
    if (!g_cond_wait_until (&meeting_cond, &meeting_lock, end))
      stress_fail ("not all threads become quiet");
  result = outcome;
  g_mutex_unlock (&meeting_lock);
  return result;
}

void
stress_settle (void)
{
  for (guint i = 0; stress_families[i] != NULL; i++)
    if (stress_families[i]->settle != NULL)
      stress_families[i]->settle ();
}

static void
for_each_kind (void (*func) (StressKind *kind,
                             GRand      *rand),
               GRand *rand)
{
  for (guint i = 0; stress_families[i] != NULL; i++)
    for (guint j = 0; stress_families[i]->kinds[j] != NULL; j++)
      func (stress_families[i]->kinds[j], rand);
}

static void
clear_kind (StressKind *kind,
            GRand      *rand)
{
  stress_kind_clear (kind);
}

static void
drop_one (StressThread *thread,
          GRand        *rand)
{
  const StressFamily *family = stress_families[stress_below (rand, G_N_ELEMENTS (stress_families) - 1)];
  guint n = 0;

  while (family->kinds[n] != NULL)
    n++;
  if (n > 0)
    stress_shared_unref (stress_retire (family->kinds[stress_below (rand, n)], rand));
}

static void
cancel (StressThread *thread,
        GRand        *rand)
{
  stress_cancel_one (rand);
}

static const StressOperation own_operations[] =
{
  { "cancel somebody", STRESS_AT_ONCE, 8, cancel },
  { "drop an object in use", STRESS_AT_ONCE, 2, drop_one },
  { NULL }
};

static void
collect_operations (void)
{
  GPtrArray *operations = g_ptr_array_new ();

  for (const StressOperation *operation = own_operations; operation->name != NULL; operation++)
    g_ptr_array_add (operations, (gpointer) operation);
  for (guint i = 0; stress_families[i] != NULL; i++)
    for (const StressOperation *operation = stress_families[i]->operations; operation->name != NULL; operation++)
      g_ptr_array_add (operations, (gpointer) operation);
  stress_n_operations = operations->len;
  stress_operations = (const StressOperation **) g_ptr_array_free (operations, FALSE);
}

static void
start_threads (void)
{
  threads = g_new0 (StressThread, n_threads + n_blockers);
  joinable = g_new0 (GThread *, n_threads + n_blockers);
  last_seen = g_new0 (gint, n_threads + n_blockers);
  last_moved = g_new0 (gint64, n_threads + n_blockers);
  n_awaited = n_threads + 1;

  for (gint i = 0; i < n_threads + n_blockers; i++)
    {
      threads[i].number = i;
      threads[i].context = i < n_threads ? g_main_context_new () : NULL;
      threads[i].rand = g_rand_new_with_seed (seed + 1 + i + n_round * 1000);
      threads[i].counts = g_new0 (StressCount, stress_n_operations);
      g_mutex_init (&threads[i].lock);
      last_moved[i] = g_get_monotonic_time ();
    }
  for (gint i = 0; i < n_threads + n_blockers; i++)
    {
      g_autofree char *name = g_strdup_printf ("stress-%d", i);

      joinable[i] = g_thread_new (name, stress_thread_run, &threads[i]);
    }
}

static void
add_to_totals (const StressCount *counts)
{
  for (guint i = 0; i < stress_n_operations; i++)
    {
      totals[i].n_begun += counts[i].n_begun;
      totals[i].n_done += counts[i].n_done;
      totals[i].n_cancelled += counts[i].n_cancelled;
      totals[i].n_failed += counts[i].n_failed;
      totals[i].n_dropped += counts[i].n_dropped;
    }
}

static void
join_threads (void)
{
  for (gint i = 0; i < n_threads + n_blockers; i++)
    {
      g_thread_join (joinable[i]);
      g_clear_pointer (&threads[i].context, g_main_context_unref);
      g_rand_free (threads[i].rand);
      g_mutex_clear (&threads[i].lock);
      add_to_totals (threads[i].counts);
      g_free (threads[i].counts);
    }
  g_free (threads);
  g_free (joinable);
  g_free (last_seen);
  g_free (last_moved);
}

/* Helps those who have not moved since the last time. How many operations there were. */
static gint64
tick (GRand *rand)
{
  gint64 now = g_get_monotonic_time ();
  gint64 n_begun = 0;

  for (gint i = 0; i < n_threads + n_blockers; i++)
    {
      guint begun = g_atomic_int_get (&threads[i].n_begun);
      gint progress = begun + g_atomic_int_get (&threads[i].n_ended);

      if (progress != last_seen[i] || g_atomic_int_get (&threads[i].n_calls) == 0)
        last_moved[i] = now;
      else
        stress_thread_kick (&threads[i], stress_is_running (FALSE) && stress_chance (rand, 4));
      if (now - last_moved[i] > STRESS_PATIENCE_USEC)
        stress_fail ("thread %d does not move", i);
      last_seen[i] = progress;
      n_begun += begun;
    }
  g_usleep (TICK_USEC);
  return n_begun;
}

static gboolean
has_calls (gint from)
{
  for (gint i = from; i < n_threads + n_blockers; i++)
    if (from == 0 ? g_atomic_int_get (&threads[i].n_calls) > 0 : !g_atomic_int_get (&threads[i].is_over))
      return TRUE;
  return FALSE;
}

/* How long it went on as it should, in seconds. */
static double
run (GRand *rand)
{
  gint64 start = g_get_monotonic_time ();
  gint64 stop;

  start_threads ();
  while (max_operations > 0 ? tick (rand) < max_operations : g_get_monotonic_time () - start < seconds * G_USEC_PER_SEC)
    if (max_operations == 0)
      tick (rand);
  stop = g_get_monotonic_time ();

  g_atomic_int_set (&phase, BLOCKERS_STOP);
  while (has_calls (n_threads))
    {
      stress_settle ();
      tick (rand);
    }

  g_atomic_int_set (&phase, ALL_STOP);
  while (stress_meet (FALSE));
  for (gint i = 0; i < n_threads; i++)
    stress_thread_check_quiet (&threads[i]);
  stress_meet (FALSE);
  while (has_calls (0))
    {
      stress_settle ();
      tick (rand);
    }
  stress_meet (FALSE);
  while (stress_meet (FALSE));
  join_threads ();

  return (stop - start) / (double) G_USEC_PER_SEC;
}

/* Tells how often each operation was begun, and how the calls that it made have ended. */
static void
print_rates (double elapsed)
{
  guint64 sum = 0;

  g_print ("%-28s %12s %10s %12s %12s %10s %10s\n", "", "begun", "a second", "done", "cancelled", "failed", "dropped");
  for (guint i = 0; i < stress_n_operations; i++)
    {
      const StressCount *total = &totals[i];

      sum += total->n_begun;
      g_print ("%-28s %12" G_GUINT64_FORMAT " %10.0f", stress_operations[i]->name, total->n_begun,
               total->n_begun / elapsed);
      g_print (" %12" G_GUINT64_FORMAT " %12" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT "\n",
               total->n_done, total->n_cancelled, total->n_failed, total->n_dropped);
    }
  g_print ("%-28s %12" G_GUINT64_FORMAT " %10.0f in %.1f s; %d warnings\n", "all", sum, sum / elapsed,
           elapsed, g_atomic_int_get (&n_warnings));
}

/* Losers that failed, tasks that nobody awaited. */
static void
count_warning (const char     *domain,
               GLogLevelFlags  level,
               const char     *message,
               gpointer        data)
{
  g_atomic_int_inc (&n_warnings);
}

static void
parse_options (int    argc,
               char **argv)
{
  const GOptionEntry entries[] =
  {
    { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Make the same random choices as a run that printed N", "N" },
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "Run for S seconds (default 3)", "S" },
    { "rounds", 0, 0, G_OPTION_ARG_INT, &n_rounds, "Do so N times, and look at the memory, threads and files", "N" },
    { "operations", 0, 0, G_OPTION_ARG_INT64, &max_operations, "Run until N operations are through", "N" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &n_threads, "Threads with a main context (default 4)", "N" },
    { "blockers", 0, 0, G_OPTION_ARG_INT, &n_blockers, "Threads without one, that block (default 2)", "N" },
    { NULL }
  };
  g_autoptr(GOptionContext) context = g_option_context_new ("- use everything at once, at random, in many threads");
  g_autoptr(GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1 || n_threads < 1 || n_blockers < 0 ||
      n_rounds < 1)
    {
      g_printerr ("%s\n", error != NULL ? error->message : "No such argument; see --help");
      exit (2);
    }
  if (seed < 0)
    seed = g_random_int ();
}

/* How long it went on as it should, in seconds. */
static double
play (GRand *rand)
{
  double elapsed;

  g_atomic_int_set (&phase, RUNNING);
  for_each_kind (stress_kind_fill, rand);
  elapsed = run (rand);
  for_each_kind (clear_kind, rand);
  stress_clear_cancellables ();
  return elapsed;
}

/* Whether the rounds have left nothing behind. */
static gboolean
play_all (void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);
  StressRest first;
  double elapsed = 0;

  for (n_round = 0; n_round < n_rounds; n_round++)
    {
      elapsed += play (rand);
      if (n_round == 0)
        stress_rest_take (&first);
      if (!stress_is_all_gone ())
        return FALSE;
    }

  print_rates (elapsed);
  for (guint i = 0; stress_families[i] != NULL; i++)
    if (stress_families[i]->report != NULL)
      stress_families[i]->report ();
  if (n_rounds == 1)
    return TRUE;
  stress_rest_print (&first, "after the first round");
  return stress_rest_is_same (&first);
}

int
main (int   argc,
      char *argv[])
{
  static const char * const of_glib[] = { "GLib", "GLib-GObject", "GLib-GIO" };
  gboolean all_right;

  parse_options (argc, argv);
  g_print ("seed %" G_GINT64_FORMAT "\n", seed);

  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  for (guint i = 0; i < G_N_ELEMENTS (of_glib); i++)
    g_log_set_fatal_mask (of_glib[i], G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  g_log_set_handler (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, count_warning, NULL);

  collect_operations ();
  totals = g_new0 (StressCount, stress_n_operations);
  all_right = play_all ();
  g_free (totals);
  g_free (stress_operations);
  return all_right ? 0 : 1;
}
