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

typedef struct
{
  guint8   choice;
  guint8   n;
  gboolean free;
} Decision;

static gint      bound = 2;
static gint      n_random = 3000;
static gint      max_schedules = 40000;
static gint64    seed = -1;
static gboolean  expect_failure;
static char     *replay;
static char     *only;

static GArray         *path;       /* of Decision; those before @n_fixed are not for this run to make */
static guint           n_fixed;
static guint           position;
static guint32         random_state;
static const Scenario *current;
static gint64          current_seed = -1;
static gint            n_runs;

static guint
decide_next (guint    n_enabled,
             gboolean free)
{
  Decision decision = { 0, n_enabled, free };

  if (position < n_fixed)
    {
      Decision *fixed = &g_array_index (path, Decision, position);

      decision.choice = fixed->choice;
      *fixed = decision;
    }
  else
    g_array_append_val (path, decision);
  position++;
  return decision.choice;
}

/* Whether there is another schedule within the bound: it begins with the path up to where it differs. */
static gboolean
find_next (void)
{
  gint used = 0;
  gint last = -1;

  for (guint i = 0; i < path->len; i++)
    {
      Decision *decision = &g_array_index (path, Decision, i);
      gint cost = decision->free ? 0 : 1;

      if (decision->choice + 1 < decision->n && used + cost <= bound)
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

static guint
decide_at_random (guint    n_enabled,
                  gboolean free)
{
  if (!free && random_below (4) != 0)
    return 0;
  return random_below (n_enabled);
}

static guint
decide_nothing (guint    n_enabled,
                gboolean free)
{
  return 0;
}

static guint
decide_replayed (guint    n_enabled,
                 gboolean free)
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
      current_seed = seed + i;
      random_state = (guint32) current_seed * 2654435761u + 1;
      if (random_state == 0)
        random_state = 1;
      scheduler_run (current, decide_at_random);
      n_runs++;
    }
}

/* One scenario. */
static void
explore (void)
{
  gint64 began = g_get_monotonic_time ();
  gint n_systematic;
  double seconds;

  n_runs = 0;
  g_array_set_size (path, 0);
  n_fixed = 0;
  current_seed = -1;
  scheduler_run (current, decide_nothing);   /* what is made once is there */
  for (gboolean more = max_schedules > 0; more; more = replay == NULL && n_runs < max_schedules && find_next ())
    {
      position = 0;
      scheduler_run (current, replay != NULL ? decide_replayed : decide_next);
      n_runs++;
    }

  n_systematic = n_runs;
  if (replay == NULL)
    run_at_random ();
  seconds = (g_get_monotonic_time () - began) / (double) G_USEC_PER_SEC;
  g_print ("ok %s # %s %d schedules with up to %d preemptions, %d random ones; %.0f a second\n", current->name,
           n_systematic == max_schedules ? "the first" : "all", n_systematic, bound, n_random,
           n_runs / seconds);
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
          (replay != NULL && !g_str_has_prefix (replay, current->name)))
        continue;
      explore ();
      n++;
    }
  g_print ("1..%u\n", n);
  return expect_failure || n == 0 ? 1 : 0;
}
