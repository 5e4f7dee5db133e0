/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs each scenario in every schedule with up to so many preemptions, then in random ones. With --expect-failure it
 * is a planted bug that has to be found. What was found can be seen again with --replay SCENARIO:DECISIONS, or, where
 * it was found at random, with --seed SEED --scenario SCENARIO. */

#define N_CHANGES 4

typedef struct
{
  guint8   choice;
  guint8   n;
  gboolean free;
} Decision;

static gint      bound = 2;
static gint      n_random = 5000;
static gint      max_schedules = 20000;
static gint64    seed = -1;
static gboolean  expect_failure;
static char     *replay;
static char     *only;
static char     *context;

static GArray         *path;       /* of Decision; those before @n_fixed are not for this run to make */
static guint           n_fixed;
static guint           position;
static guint32         random_state;
static gint            priorities[MAX_THREADS];
static guint           changes[N_CHANGES];
static guint           n_decisions;   /* about how many there are in a run */
static const Scenario *current;
static gint64          current_seed = -1;
static gint            n_runs;

static guint
decide_next (const guint *enabled,
             guint        n_enabled,
             gboolean     free)
{
  Decision decision = { 0, n_enabled, free };

  if (position < n_fixed)
    {
      Decision *fixed = &g_array_index (path, Decision, position);

      decision.choice = MIN (fixed->choice, n_enabled - 1);
      *fixed = decision;
    }
  else
    g_array_append_val (path, decision);
  position++;
  return decision.choice;
}

/* Whether there is another schedule with up to @n preemptions: it begins with the path up to where it differs. */
static gboolean
find_next (gint n)
{
  gint used = 0;
  gint last = -1;

  for (guint i = 0; i < path->len; i++)
    {
      Decision *decision = &g_array_index (path, Decision, i);
      gint cost = decision->free ? 0 : 1;

      if (decision->choice + 1 < decision->n && used + cost <= n)
        last = i;
      used += decision->choice > 0 ? cost : 0;
    }
  if (last < 0)
    return FALSE;

  g_array_set_size (path, last + 1);
  g_array_index (path, Decision, last).choice++;
  n_fixed = last + 1;
  return TRUE;
}

/* A xorshift generator: the same everywhere. */
static guint
random_below (guint n)
{
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state % n;
}

/* Each thread has a priority, and the first goes on; at some few moments that one becomes the last. So a bug that needs
 * threads to wait for long, and then some few preemptions, is found as well as any other. */
static void
begin_at_random (gint n)
{
  current_seed = seed + n;
  random_state = (guint32) current_seed * 2654435761u + 1;
  if (random_state == 0)
    random_state = 1;

  for (guint i = 0; i < MAX_THREADS; i++)
    priorities[i] = random_below (1000);
  for (guint i = 0; i < N_CHANGES; i++)
    changes[i] = random_below (2 * n_decisions + 1);
  position = 0;
}

static guint
decide_at_random (const guint *enabled,
                  guint        n_enabled,
                  gboolean     free)
{
  guint first = 0;

  for (guint i = 1; i < n_enabled; i++)
    if (priorities[enabled[i]] > priorities[enabled[first]])
      first = i;

  for (guint i = 0; i < N_CHANGES; i++)
    if (changes[i] == position)
      priorities[enabled[first]] = -(gint) position;
  position++;
  return first;
}

static guint
decide_nothing (const guint *enabled,
                guint        n_enabled,
                gboolean     free)
{
  return 0;
}

static guint
decide_replayed (const guint *enabled,
                 guint        n_enabled,
                 gboolean     free)
{
  const char *decisions = strchr (replay, ':') + 1;

  guint choice = position < strlen (decisions) ? decisions[position] - '0' : 0;

  position++;
  return MIN (choice, n_enabled - 1);
}

static void
on_failure (const char *message)
{
  static char text[8192];
  int n = snprintf (text, sizeof text, "# %s, schedule %d: %s\n# --replay %s:%s\n", current->name, n_runs, message,
                    current->name, scheduler_describe ());

  if (current_seed >= 0)
    n += snprintf (text + n, sizeof text - n, "# --seed %" G_GINT64_FORMAT " --scenario %s\n", current_seed,
                   current->name);
  _exit (write (STDOUT_FILENO, text, n) == n && expect_failure ? 0 : 1);
}

/* A use after free may be a crash, or an assertion. */
static void
on_signal (int signum)
{
  on_failure (signum == SIGSEGV ? "a crash" : "an assertion");
}

static void
run_at_random (void)
{
  for (gint i = 0; i < n_random; i++)
    {
      begin_at_random (i);
      scheduler_run (current, decide_at_random);
      n_runs++;
    }
}

static void
run_replayed (void)
{
  position = 0;
  scheduler_run (current, decide_replayed);
}

/* All schedules with up to @n preemptions; FALSE if there are too many. */
static gboolean
run_bounded (gint n)
{
  g_array_set_size (path, 0);
  n_fixed = 0;
  do
    {
      if (n_runs == max_schedules)
        return FALSE;
      position = 0;
      scheduler_run (current, decide_next);
      n_runs++;
    }
  while (find_next (n));
  return TRUE;
}

/* Gives up to how many preemptions it has run all schedules. One more makes them many times as many, about as the last
 * one did: what would be far too many is not begun. */
static gint
run_up_to_bound (void)
{
  gint64 n_before = G_MAXINT;

  for (gint n = 0; n <= bound; n++)
    {
      gint64 n_bounded = -n_runs;

      if (!run_bounded (n))
        return n - 1;
      n_bounded += n_runs;
      if (n_bounded * n_bounded / n_before > 2 * max_schedules)
        return n;
      n_before = n_bounded;
    }
  return bound;
}

/* One scenario. */
static void
explore (void)
{
  gint64 began = g_get_monotonic_time ();
  gint all = -1;
  double seconds;

  n_runs = 0;
  current_seed = -1;
  scheduler_run (current, decide_nothing);   /* what is made once is there */
  n_decisions = scheduler_run (current, decide_nothing);
  if (replay != NULL)
    run_replayed ();
  else if (max_schedules > 0)
    all = run_up_to_bound ();

  if (replay == NULL)
    run_at_random ();
  seconds = (g_get_monotonic_time () - began) / (double) G_USEC_PER_SEC;
  g_print ("ok %s # %d schedules, %d of them random ones", current->name, n_runs, n_random);
  if (all >= 0)
    g_print (", all with up to %d preemptions", all);
  g_print ("; %.0f a second\n", n_runs / seconds);
}

int
main (int   argc,
      char *argv[])
{
  GOptionEntry entries[] =
  {
    { "bound", 0, 0, G_OPTION_ARG_INT, &bound, "Up to how many preemptions", "N" },
    { "schedules", 0, 0, G_OPTION_ARG_INT, &max_schedules, "Up to how many schedules of a scenario", "N" },
    { "random", 0, 0, G_OPTION_ARG_INT, &n_random, "How many random schedules after that", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, "The seed of one random schedule", "SEED" },
    { "scenario", 0, 0, G_OPTION_ARG_STRING, &only, "Only this scenario", "NAME" },
    { "context", 0, 0, G_OPTION_ARG_STRING, &context, "Only scenarios whose threads have contexts of their own, or not",
      "own|default" },
    { "replay", 0, 0, G_OPTION_ARG_STRING, &replay, "One schedule", "SCENARIO:DECISIONS" },
    { "expect-failure", 0, 0, G_OPTION_ARG_NONE, &expect_failure, "There is a bug to be found", NULL },
    { NULL }
  };
  g_autoptr(GOptionContext) options = g_option_context_new (NULL);
  g_autoptr(GError) error = NULL;
  guint n = 0;

  g_option_context_add_main_entries (options, entries, NULL);
  if (!g_option_context_parse (options, &argc, &argv, &error))
    g_error ("%s", error->message);

  if (seed >= 0)
    n_random = 1, max_schedules = 0;
  else
    seed = 1;
  scheduler_on_failure = on_failure;
  signal (SIGSEGV, on_signal);
  signal (SIGABRT, on_signal);
  signal (SIGTRAP, on_signal);
  path = g_array_new (FALSE, FALSE, sizeof (Decision));
  scheduler_start ();

  for (guint i = 0; scenarios[i] != NULL; i++)
    {
      current = scenarios[i];
      if ((only != NULL && strcmp (only, current->name) != 0) ||
          (context != NULL && strcmp (context, current->without_context ? "default" : "own") != 0) ||
          (replay != NULL && !g_str_has_prefix (replay, current->name)))
        continue;
      explore ();
      n++;
    }
  g_print ("1..%u\n", n);
  return expect_failure || n == 0 ? 1 : 0;
}
