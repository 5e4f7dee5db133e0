/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define INTERLEAVE_SCHEDULER
#include "tests/interleave/hooks.h"
#include "tests/interleave/scheduler.h"

#include <semaphore.h>

/* The threads live as long as the process. Each waits at its semaphore until it is its turn, so that all that is here
 * is touched by one at a time. A GMutex holds in its pointer who has locked it. */

#define MAX_DECISIONS 4000

typedef enum
{
  IDLE,
  READY,
  AT_MUTEX,    /* wants @mutex */
  AT_COND,     /* waits to be signalled */
  AT_POLL,     /* its main context has nothing to do */
  SPINNING,    /* waits for others to do something */
} State;

typedef struct
{
  GThread      *thread;
  GMainContext *context;
  sem_t         turn;
  State         state;
  GMutex       *mutex;
  GCond        *cond;
  GPollFD      *fds;
  guint         n_fds;
} Virtual;

static Virtual         threads[MAX_THREADS];
static sem_t           all_ended;
static const Scenario *scenario;
static Decide          decide;
static char            decisions[MAX_DECISIONS + 1];
static guint           n_decisions;
static __thread guint  self;   /* from 1 on; 0: the one that is not scheduled */

void (*scheduler_on_failure) (const char *message);

static gpointer
owner (void)
{
  return GUINT_TO_POINTER (self + 1);
}

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
    case SPINNING:
    case AT_COND:
    case IDLE:
    default:
      return FALSE;
    }
}

/* Those who can go on, the current one first. Who spins does so if nobody else can. */
static guint
collect (guint   *enabled,
         gboolean spinning)
{
  guint n = 0;

  for (guint i = 0; i < MAX_THREADS; i++)
    {
      guint index = (self + MAX_THREADS - 1 + i) % MAX_THREADS;

      if (spinning ? threads[index].state == SPINNING : is_enabled (&threads[index]))
        enabled[n++] = index;
    }
  return n;
}

static void
fail_stuck (void)
{
  static const char *names[] = { "has ended", "ready", "waits for a lock", "waits for a condition",
                                 "waits in its main loop", "spins" };
  g_autoptr(GString) string = g_string_new ("nobody can go on:");

  for (guint i = 0; i < MAX_THREADS && scenario->bodies[i] != NULL; i++)
    g_string_append_printf (string, " thread %u %s;", i, names[threads[i].state]);
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

  choice = decide (n, !may_stay);
  decisions[n_decisions++] = '0' + choice;
  return enabled[choice];
}

/* Lets somebody go on; comes back when it is the turn of this one. */
static void
reschedule (void)
{
  guint enabled[MAX_THREADS];
  guint n = collect (enabled, FALSE);
  guint me = self - 1;
  gboolean ends;
  guint next;

  if (n == 0)
    n = collect (enabled, TRUE);
  if (n == 0)
    {
      for (guint i = 0; i < MAX_THREADS; i++)
        if (threads[i].state != IDLE)
          fail_stuck ();
      sem_post (&all_ended);
      return;
    }

  ends = threads[me].state == IDLE;   /* from the post on it is not ours to look */
  next = choose (enabled, n, enabled[0] == me);
  threads[next].state = READY;
  if (next == me)
    return;
  sem_post (&threads[next].turn);
  if (!ends)
    sem_wait (&threads[me].turn);
}

static void
wait_as (State state)
{
  if (self == 0)
    return;
  threads[self - 1].state = state;
  reschedule ();
}

void
scheduler_yield (void)
{
  wait_as (READY);
}

void
interleave_thread_yield (void)
{
  wait_as (SPINNING);
}

void
interleave_mutex_init (GMutex *mutex)
{
  mutex->p = NULL;
}

void
interleave_mutex_clear (GMutex *mutex)
{
  if (mutex->p != NULL)
    scheduler_fail ("a lock is destroyed while somebody holds it");
  mutex->p = GUINT_TO_POINTER (G_MAXUINT);   /* nobody can lock it again */
}

void
interleave_mutex_lock (GMutex *mutex)
{
  if (self != 0)
    threads[self - 1].mutex = mutex;
  scheduler_yield ();
  if (mutex->p == owner ())
    scheduler_fail ("a thread locks what it holds already");
  if (mutex->p != NULL)
    wait_as (AT_MUTEX);
  if (mutex->p != NULL)
    scheduler_fail ("a lock is held that nobody can let go");
  mutex->p = owner ();
}

void
interleave_mutex_unlock (GMutex *mutex)
{
  if (mutex->p != owner ())
    scheduler_fail ("a thread unlocks what it does not hold");
  mutex->p = NULL;
  scheduler_yield ();
}

void
interleave_cond_init (GCond *cond)
{
}

void
interleave_cond_clear (GCond *cond)
{
}

void
interleave_cond_wait (GCond  *cond,
                      GMutex *mutex)
{
  mutex->p = NULL;
  threads[self - 1].cond = cond;
  wait_as (AT_COND);
  interleave_mutex_lock (mutex);
}

gboolean
interleave_cond_wait_until (GCond  *cond,
                            GMutex *mutex,
                            gint64  end_time)
{
  interleave_cond_wait (cond, mutex);
  return TRUE;
}

void
interleave_cond_signal (GCond *cond)
{
  for (guint i = 0; i < MAX_THREADS; i++)
    if (threads[i].state == AT_COND && threads[i].cond == cond)
      {
        threads[i].state = READY;
        return;
      }
}

/* What a main context calls when it has nothing to do. */
static gint
poll_scheduled (GPollFD *fds,
                guint    n_fds,
                gint     timeout)
{
  if (self != 0 && timeout != 0 && g_poll (fds, n_fds, 0) == 0)
    {
      threads[self - 1].fds = fds;
      threads[self - 1].n_fds = n_fds;
      wait_as (AT_POLL);
    }
  return g_poll (fds, n_fds, 0);
}

static gpointer
run_thread (gpointer data)
{
  Virtual *thread = data;

  self = thread - threads + 1;
  g_main_context_push_thread_default (thread->context);
  while (TRUE)
    {
      sem_wait (&thread->turn);
      scenario->bodies[self - 1] ();
      thread->state = IDLE;
      reschedule ();
    }
  return NULL;
}

void
scheduler_start (void)
{
  sem_init (&all_ended, 0, 0);
  for (guint i = 0; i < MAX_THREADS; i++)
    {
      sem_init (&threads[i].turn, 0, 0);
      threads[i].context = g_main_context_new ();
      g_main_context_set_poll_func (threads[i].context, poll_scheduled);
      threads[i].thread = g_thread_new ("interleave", run_thread, &threads[i]);
    }
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
  for (guint i = 0; i < MAX_THREADS; i++)
    threads[i].state = scenario->bodies[i] != NULL ? READY : IDLE;

  first = choose (enabled, collect (enabled, FALSE), FALSE);
  sem_post (&threads[first].turn);
  while (sem_wait (&all_ended) != 0)
    ;
  scenario->check ();
  return n_decisions;
}
