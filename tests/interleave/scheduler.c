/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scheduler-private.h"

#include <sched.h>

/* The threads live as long as the process: those of the bodies, and after them those that the library may start. Each
 * waits at its semaphore until it is its turn, so that all that is here is touched by one at a time. */

#define MAX_DECISIONS 4000

Virtual                scheduler_threads[MAX_THREADS];
__thread guint         scheduler_self;
gboolean               scheduler_alone;
static sem_t           all_ended;
static const Scenario *scenario;
static Decide          decide;
static char            decisions[MAX_DECISIONS + 1];
static guint           n_decisions;
static char           *warning;        /* owned, nullable: the last */
static guint           n_warnings;

void (*scheduler_on_failure) (const char *message);

void
scheduler_fail (const char *format,
                ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  scheduler_on_failure (message);
  g_assert_not_reached ();
}

static GLogWriterOutput
count_warning (GLogLevelFlags   level,
               const GLogField *fields,
               gsize            n_fields,
               gpointer         data)
{
  if (level != G_LOG_LEVEL_WARNING)
    return g_log_writer_default (level, fields, n_fields, data);

  n_warnings++;
  g_free (warning);
  warning = g_log_writer_format_fields (level, fields, n_fields, FALSE);
  return G_LOG_WRITER_HANDLED;
}

guint
scheduler_take_warnings (void)
{
  guint n = n_warnings;

  n_warnings = 0;
  return n;
}

const char *
scheduler_describe (void)
{
  decisions[n_decisions] = '\0';
  return decisions;
}

static gboolean
is_enabled (Virtual *thread)
{
  switch (thread->state)
    {
    case READY:
      return TRUE;
    case AT_MUTEX:
      return thread->mutex->p == NULL;
    case AT_POLL:
      return g_poll (thread->fds, thread->n_fds, 0) > 0;
    case AT_JOIN:
      return thread->joined->state == IDLE;
    case SPINNING:
    case AT_COND:
    case IDLE:
    default:
      return FALSE;
    }
}

/* Those who go on if nobody else can: they spin, or their time is over. */
static gboolean
is_patient (Virtual *thread)
{
  return thread->state == SPINNING || ((thread->state == AT_COND || thread->state == AT_POLL) && thread->timed);
}

/* Those who can go on, the current one first. */
static guint
collect (guint   *enabled,
         gboolean patient)
{
  guint n = 0;

  for (guint i = 0; i < MAX_THREADS; i++)
    {
      guint index = (scheduler_self + MAX_THREADS - 1 + i) % MAX_THREADS;

      if (patient ? is_patient (&scheduler_threads[index]) : is_enabled (&scheduler_threads[index]))
        enabled[n++] = index;
    }
  return n;
}

static void
fail_stuck (void)
{
  static const char *names[] = { "has ended", "ready", "waits for a lock", "waits for a condition",
                                 "waits in its main loop", "waits for a thread", "spins" };
  g_autoptr(GString) string = g_string_new ("nobody can go on:");

  for (guint i = 0; i < MAX_THREADS; i++)
    g_string_append_printf (string, " thread %u %s;", i, names[scheduler_threads[i].state]);
  scheduler_fail ("%s", string->str);
}

static guint
choose (guint   *enabled,
        guint    n,
        gboolean may_stay)
{
  guint choice;

  if (n == 1)
    return enabled[0];
  if (n_decisions == MAX_DECISIONS)
    scheduler_fail ("it does not end");

  choice = decide (enabled, n, !may_stay);
  decisions[n_decisions++] = '0' + choice;
  return enabled[choice];
}

/* Lets somebody go on; comes back when it is the turn of this one. */
static void
reschedule (void)
{
  guint enabled[MAX_THREADS];
  guint n = collect (enabled, FALSE);
  guint me = scheduler_self - 1;
  gboolean ends;
  guint next;

  if (n == 0)
    n = collect (enabled, TRUE);
  if (n == 0)
    {
      for (guint i = 0; i < MAX_THREADS; i++)
        if (scheduler_threads[i].state != IDLE)
          fail_stuck ();
      sem_post (&all_ended);
      return;
    }

  ends = scheduler_threads[me].state == IDLE;   /* from the post on it is not ours to look */
  next = choose (enabled, n, enabled[0] == me);
  scheduler_threads[next].state = READY;
  if (next == me)
    return;
  sem_post (&scheduler_threads[next].turn);
  if (!ends)
    sem_wait (&scheduler_threads[me].turn);
}

void
scheduler_wait_as (State state)
{
  if (scheduler_self == 0 || scheduler_alone)
    return;
  scheduler_threads[scheduler_self - 1].state = state;
  reschedule ();
}

void
scheduler_yield (void)
{
  scheduler_wait_as (READY);
}

void
scheduler_spin (void)
{
  scheduler_wait_as (SPINNING);
}

static void
run_started (Virtual *thread)
{
  thread->func (thread->data);
  if (g_main_context_get_thread_default () != NULL)
    scheduler_fail ("a thread ends that has a main context");
  if (thread->key != NULL)
    g_private_replace (g_steal_pointer (&thread->key), NULL);
}

static void
run_body (Virtual *thread)
{
  if (!scenario->without_context)
    g_main_context_push_thread_default (thread->context);

  if (scheduler_alone)
    scheduler_iterate_until_idle (g_main_context_get_thread_default ());
  else
    scenario->bodies[scheduler_self - 1] ();

  if (!scenario->without_context)
    g_main_context_pop_thread_default (thread->context);
}

static gpointer
run_thread (gpointer data)
{
  Virtual *thread = data;

  scheduler_self = thread - scheduler_threads + 1;
  while (TRUE)
    {
      sem_wait (&thread->turn);
      if (thread->context != NULL)
        run_body (thread);
      else
        run_started (thread);
      if (scheduler_alone)
        {
          sem_post (&all_ended);
          continue;
        }
      thread->state = IDLE;
      reschedule ();
    }
  return NULL;
}

/* All on one processor: that makes it several times faster for one of them to go on after another. */
static void
use_one_processor (void)
{
#ifdef __linux__
  cpu_set_t set;

  CPU_ZERO (&set);
  CPU_SET (sched_getcpu (), &set);
  sched_setaffinity (0, sizeof set, &set);
#endif
}

void
scheduler_start (void)
{
  use_one_processor ();
  g_log_set_writer_func (count_warning, NULL, NULL);
  sem_init (&all_ended, 0, 0);
  g_main_context_set_poll_func (NULL, interleave_poll);
  for (guint i = 0; i < MAX_THREADS; i++)
    {
      sem_init (&scheduler_threads[i].turn, 0, 0);
      scheduler_threads[i].context = i < MAX_BODIES ? interleave_main_context_new () : NULL;
      scheduler_threads[i].thread = g_thread_new ("interleave", run_thread, &scheduler_threads[i]);
    }
}

void
scheduler_iterate_until_idle (GMainContext *context)
{
  for (guint idle = 0; idle < 3; )
    idle = g_main_context_iteration (context, FALSE) ? 0 : idle + 1;
}

static void
wait_for_all (void)
{
  while (sem_wait (&all_ended) != 0)
    ;
}

/* Runs what came for a body after its end. */
static void
empty_contexts (void)
{
  scheduler_alone = TRUE;
  for (guint i = 0; i < MAX_BODIES; i++)
    {
      sem_post (&scheduler_threads[i].turn);
      wait_for_all ();
    }
  scheduler_alone = FALSE;
}

guint
scheduler_run (const Scenario *new_scenario,
               Decide          new_decide)
{
  guint enabled[MAX_THREADS];
  guint first;

  scenario = new_scenario;
  decide = new_decide;
  n_decisions = 0;
  scenario->set_up ();
  for (guint i = 0; i < MAX_BODIES; i++)
    scheduler_threads[i].state = scenario->bodies[i] != NULL ? READY : IDLE;

  first = choose (enabled, collect (enabled, FALSE), FALSE);
  sem_post (&scheduler_threads[first].turn);
  wait_for_all ();
  empty_contexts ();
  scenario->check ();
  for (guint i = MAX_BODIES; i < MAX_THREADS; i++)
    if (scheduler_threads[i].held)
      scheduler_fail ("nobody has joined a thread");
  if (n_warnings > 0)
    scheduler_fail ("there were %u warnings: %s", n_warnings, warning);
  return n_decisions;
}
