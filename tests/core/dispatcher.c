/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* the registry is nobody else's business */
#include "aiodrive/core/dispatcher.c"

#include "aiodrive/core/main-context-private.h"
#include "tests/support/support.h"

/* What was run, in order. */
typedef struct
{
  AiodriveWorkItem work;
  AiodriveTimer    timer;
  GString         *log;     /* unowned */
  char             name;
  void           (*then) (gpointer data);
  gpointer         data;
} Step;

static void
step_done (Step *self)
{
  g_string_append_c (self->log, self->name);
  if (self->then != NULL)
    self->then (self->data);
}

static void
step_run (AiodriveWorkItem *work)
{
  step_done (AIODRIVE_CONTAINER_OF (work, Step, work));
}

static void
step_fire (AiodriveTimer *timer)
{
  step_done (AIODRIVE_CONTAINER_OF (timer, Step, timer));
}

static void
step_init (Step    *self,
           GString *log,
           char     name)
{
  *self = (Step) { .work.run = step_run, .timer.notify = step_fire, .log = log, .name = name };
}

static gboolean
count (gpointer data)
{
  ++*(guint *) data;
  return G_SOURCE_CONTINUE;
}

/* A source of the context that is thread-default. */
static GSource *
attach (GSource     *source,
        gint         priority,
        GSourceFunc  func,
        gpointer     data)
{
  g_source_set_priority (source, priority);
  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

static void
detach (GSource *source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

static void
test_order (void)
{
  g_autoptr(GString) log = g_string_new (NULL);
  AiodriveDispatcher *dispatcher = aiodrive_dispatcher_get_thread_default ();
  GMainContext *to_wake;
  Step steps[4];

  g_test_summary ("Work items run in the order in which they were pushed, singly or as a chain, and never in the call");

  for (guint i = 0; i < 4; i++)
    step_init (&steps[i], log, 'a' + i);
  steps[1].work.next = &steps[2].work;
  aiodrive_dispatcher_post (dispatcher, &steps[0].work);
  g_assert_true (aiodrive_dispatcher_push (dispatcher, &steps[1].work, &steps[2].work, &to_wake));
  aiodrive_dispatcher_wake (to_wake);
  aiodrive_dispatcher_post (dispatcher, &steps[3].work);
  g_assert_cmpstr (log->str, ==, "");

  test_iterate_until (log->len == 4);
  g_assert_cmpstr (log->str, ==, "abcd");
}

/*
 * Waking
 */

typedef struct
{
  AiodriveWorkItem    work;
  AiodriveTimer       timer;
  AiodriveDispatcher *dispatcher;
  gint                n_runs;       /* atomic */
  guint               n_wanted;
} Ball;

static void
ball_run (AiodriveWorkItem *work)
{
  g_atomic_int_inc (&AIODRIVE_CONTAINER_OF (work, Ball, work)->n_runs);
}

static void
ball_fire (AiodriveTimer *timer)
{
  g_atomic_int_inc (&AIODRIVE_CONTAINER_OF (timer, Ball, timer)->n_runs);
}

static gpointer
throw_balls (gpointer data)
{
  Ball *ball = data;

  for (guint i = 0; i < ball->n_wanted; i++)
    {
      test_spin_while (g_atomic_int_get (&ball->n_runs) < (gint) i);
      aiodrive_dispatcher_post (ball->dispatcher, &ball->work);
    }
  return NULL;
}

static void
test_wake_from_thread (void)
{
  Ball ball = { .work.run = ball_run, .n_wanted = 20000 };
  GThread *thread;

  g_test_summary ("A work item that another thread pushes is run, be the context about to block, blocking or running");

  ball.dispatcher = aiodrive_dispatcher_get_thread_default ();
  thread = g_thread_new ("push", throw_balls, &ball);
  test_iterate_until (ball.n_runs == (gint) ball.n_wanted);
  g_thread_join (thread);
}

/* Keeps the context from looking into its inbox, and pushes when it may be just past that. */
static gpointer
throw_balls_late (gpointer data)
{
  Ball *ball = data;
  AiodriveDispatcher *dispatcher = ball->dispatcher;

  for (guint i = 0; i < ball->n_wanted; i++)
    {
      test_spin_while (g_atomic_int_get (&ball->n_runs) < (gint) i);
      g_mutex_lock (&dispatcher->lock);
      for (gint left = i % 500; left > 0; left--)
        g_atomic_int_get (&left);
      g_mutex_unlock (&dispatcher->lock);
      for (gint left = i % 300; left > 0; left--)
        g_atomic_int_get (&left);
      aiodrive_dispatcher_post (dispatcher, &ball->work);
    }
  return NULL;
}

static void
test_wake_while_preparing (void)
{
  Ball ball = { .work.run = ball_run, .n_wanted = 30000 };
  GThread *thread;

  g_test_summary ("The same for a work item that comes just when the context has found nothing to do");

  ball.dispatcher = aiodrive_dispatcher_get_thread_default ();
  thread = g_thread_new ("push", throw_balls_late, &ball);
  test_iterate_until (ball.n_runs == (gint) ball.n_wanted);
  g_thread_join (thread);
}

static void
wait_for_poll (AiodriveDispatcher *dispatcher)
{
  gboolean polling = FALSE;

  while (!polling)
    {
      g_thread_yield ();
      g_mutex_lock (&dispatcher->lock);
      polling = dispatcher->polling;
      g_mutex_unlock (&dispatcher->lock);
    }
}

static gpointer
move_timers (gpointer data)
{
  Ball *ball = data;

  for (guint i = 0; i < ball->n_wanted; i++)
    {
      test_spin_while (g_atomic_int_get (&ball->n_runs) < (gint) i);
      aiodrive_dispatcher_start_timer (ball->dispatcher, &ball->timer, g_get_monotonic_time () + G_TIME_SPAN_HOUR);
      wait_for_poll (ball->dispatcher);
      aiodrive_dispatcher_start_timer (ball->dispatcher, &ball->timer, g_get_monotonic_time ());
    }
  return NULL;
}

static void
test_timer_moved_from_thread (void)
{
  Ball ball = { .timer.notify = ball_fire, .n_wanted = 2000 };
  GThread *thread;

  g_test_summary ("A timer that another thread moves to an earlier time while the context polls fires then");

  ball.dispatcher = aiodrive_dispatcher_get_thread_default ();
  thread = g_thread_new ("move", move_timers, &ball);
  test_iterate_until (ball.n_runs == (gint) ball.n_wanted);
  g_thread_join (thread);
}

static Step *to_push;   /* what the next prepare() of the source below is to push */

static gboolean
push_prepare (GSource *source,
              gint    *timeout)
{
  Step *step = g_steal_pointer (&to_push);

  *timeout = -1;
  if (step != NULL)
    aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &step->work);
  return FALSE;
}

static gboolean
push_check (GSource *source)
{
  return FALSE;
}

static gboolean
push_dispatch (GSource     *source,
               GSourceFunc  callback,
               gpointer     data)
{
  return G_SOURCE_CONTINUE;
}

static void
test_push_in_prepare (void)
{
  static GSourceFuncs funcs = { push_prepare, push_check, push_dispatch, NULL, NULL, NULL };
  g_autoptr(GString) log = g_string_new (NULL);
  GSource *source;
  Step step;

  g_test_summary ("A work item that the prepare() of a later source pushes is not slept over");

  g_assert_nonnull (aiodrive_dispatcher_get_thread_default ());
  source = attach (g_source_new (&funcs, sizeof (GSource)), G_PRIORITY_DEFAULT, NULL, NULL);
  test_settle ();

  step_init (&step, log, 'a');
  to_push = &step;
  test_iterate_until (log->len > 0);
  detach (source);
}

/* What a work item pushes while it runs. */
typedef struct
{
  AiodriveDispatcher *dispatcher;
  Step                steps[3];
} Pushing;

static gpointer
push_second (gpointer data)
{
  Pushing *self = data;

  aiodrive_dispatcher_post (self->dispatcher, &self->steps[1].work);
  return NULL;
}

static void
push_three (gpointer data)
{
  Pushing *self = data;

  aiodrive_dispatcher_post (self->dispatcher, &self->steps[0].work);
  g_thread_join (g_thread_new ("push", push_second, self));
  aiodrive_dispatcher_post (self->dispatcher, &self->steps[2].work);
}

static void
test_push_while_dispatching (void)
{
  g_autoptr(GString) log = g_string_new (NULL);
  Pushing pushing = { .dispatcher = aiodrive_dispatcher_get_thread_default () };
  Step first, last;

  g_test_summary ("What a work item pushes goes behind what another thread has pushed before");

  for (guint i = 0; i < 3; i++)
    step_init (&pushing.steps[i], log, 'b' + i);
  step_init (&first, log, 'a');
  step_init (&last, log, 'z');
  first.then = push_three;
  first.data = &pushing;

  aiodrive_dispatcher_post (pushing.dispatcher, &first.work);
  aiodrive_dispatcher_post (pushing.dispatcher, &last.work);
  test_iterate_until (log->len == 5);
  g_assert_cmpstr (log->str, ==, "azbcd");
}

static void
push_two_next (gpointer data)
{
  Pushing *self = data;

  for (guint i = 0; i < 2; i++)
    aiodrive_dispatcher_post_next (self->dispatcher, &self->steps[i].work);
}

static void
test_next (void)
{
  g_autoptr(GString) log = g_string_new (NULL);
  Pushing pushing = { .dispatcher = aiodrive_dispatcher_get_thread_default () };
  Step first, last;

  g_test_summary ("A work item pushed to run next runs before queued ones, in its own order");

  for (guint i = 0; i < 2; i++)
    step_init (&pushing.steps[i], log, 'b' + i);
  step_init (&first, log, 'a');
  step_init (&last, log, 'z');
  first.then = push_two_next;
  first.data = &pushing;

  aiodrive_dispatcher_post (pushing.dispatcher, &first.work);
  aiodrive_dispatcher_post (pushing.dispatcher, &last.work);
  test_iterate_until (log->len == 4);
  g_assert_cmpstr (log->str, ==, "abcz");

  g_string_truncate (log, 0);
  aiodrive_dispatcher_post (pushing.dispatcher, &last.work);
  push_two_next (&pushing);
  g_assert_false (aiodrive_dispatcher_is_idle (pushing.dispatcher));
  test_iterate_until (log->len == 3);
  g_assert_cmpstr (log->str, ==, "zbc");   /* nothing is run now */
}

/* Iterates until the prepare() of a source has pushed something, and that has been run. */
static void
iterate_inside (gpointer data)
{
  Step *step = data;

  to_push = step;
  test_iterate_until (step->log->len == 2);
}

static void
test_push_in_prepare_nested (void)
{
  static GSourceFuncs funcs = { push_prepare, push_check, push_dispatch, NULL, NULL, NULL };
  g_autoptr(GString) log = g_string_new (NULL);
  GSource *source;
  Step outer, inner;

  g_test_summary ("Nor is it in a main loop that a work item runs");

  step_init (&inner, log, 'b');
  step_init (&outer, log, 'a');
  outer.then = iterate_inside;
  outer.data = &inner;
  aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &outer.work);
  source = attach (g_source_new (&funcs, sizeof (GSource)), G_PRIORITY_DEFAULT, NULL, NULL);

  test_iterate_until (log->len == 2);
  g_assert_cmpstr (log->str, ==, "ab");
  detach (source);
}

static void
test_idle (void)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  AiodriveDispatcher *dispatcher = aiodrive_dispatcher_get_thread_default ();
  g_autoptr(GString) log = g_string_new (NULL);
  gint timeout, priority;
  Step step;

  g_test_summary ("A dispatcher with nothing to do does not make its context busy");

  step_init (&step, log, 'a');
  aiodrive_dispatcher_post (dispatcher, &step.work);
  test_iterate_until (log->len > 0);
  test_settle ();

  for (guint i = 0; i < 10; i++)
    g_assert_false (g_main_context_pending (context));
  g_assert_true (g_main_context_acquire (context));
  g_assert_false (g_main_context_prepare (context, &priority));
  g_main_context_query (context, priority, &timeout, NULL, 0);
  g_assert_cmpint (timeout, ==, -1);
  g_assert_false (g_main_context_check (context, priority, NULL, 0));

  aiodrive_dispatcher_start_timer (dispatcher, &step.timer, g_get_monotonic_time () + G_TIME_SPAN_HOUR);
  g_assert_false (g_main_context_prepare (context, &priority));
  g_main_context_query (context, priority, &timeout, NULL, 0);
  g_assert_cmpint (timeout, >, 3500 * 1000);
  g_assert_false (g_main_context_check (context, priority, NULL, 0));
  aiodrive_dispatcher_stop_timer (dispatcher, &step.timer);
  g_main_context_release (context);
}

/*
 * Nested main loops
 */

static void
run_nested (gpointer log)
{
  test_iterate_until (((GString *) log)->len >= 4);
}

static void
test_nested_loop (void)
{
  g_autoptr(GString) log = g_string_new (NULL);
  AiodriveDispatcher *dispatcher = aiodrive_dispatcher_get_thread_default ();
  Step steps[5];

  g_test_summary ("What was pushed with a work item that runs a nested main loop, or before it, is run in that loop");

  for (guint i = 0; i < 5; i++)
    {
      step_init (&steps[i], log, 'a' + i);
      aiodrive_dispatcher_post (dispatcher, &steps[i].work);
    }
  steps[1].then = run_nested;
  steps[1].data = log;

  test_iterate_until (log->len == 5);
  g_assert_cmpstr (log->str, ==, "abcde");
}

static void
test_nested_timers (void)
{
  g_autoptr(GString) log = g_string_new (NULL);
  AiodriveDispatcher *dispatcher = aiodrive_dispatcher_get_thread_default ();
  gint64 now = g_get_monotonic_time ();
  Step steps[5];

  g_test_summary ("Timers fire in a nested main loop that a timer runs");

  for (guint i = 0; i < 5; i++)
    {
      step_init (&steps[i], log, 'a' + i);
      aiodrive_dispatcher_start_timer (dispatcher, &steps[i].timer, now + i);
    }
  steps[1].then = run_nested;
  steps[1].data = log;

  test_iterate_until (log->len == 5);
  g_assert_cmpstr (log->str, ==, "abcde");
}

typedef struct
{
  GString *log;
  Step     steps[100];
} Descent;

static void
descend (gpointer data)
{
  Descent *self = data;
  guint depth = self->log->len;

  if (depth == 100)
    return;
  aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &self->steps[depth].work);
  test_iterate_until (self->log->len > depth);
}

static void
test_nested_deep (void)
{
  g_autoptr(GString) log = g_string_new (NULL);
  Descent *descent = g_new0 (Descent, 1);

  g_test_summary ("A hundred nested main loops, each in a work item of the one outside it, come to their ends");

  descent->log = log;
  for (guint i = 0; i < 100; i++)
    {
      step_init (&descent->steps[i], log, 'x');
      descent->steps[i].then = descend;
      descent->steps[i].data = descent;
    }
  descend (descent);
  g_assert_cmpuint (log->len, ==, 100);
  g_free (descent);
}

/*
 * Tasks
 */

typedef struct
{
  AiodriveWorkItem work;
  GTask           *task;       /* owned */
  gint64           made;       /* the time of the iteration in which the task was made; 0 outside any */
  guint            n_done;
} Job;

static void
job_run (AiodriveWorkItem *work)
{
  Job *self = AIODRIVE_CONTAINER_OF (work, Job, work);
  guint n_done = self->n_done;

  g_task_return_boolean (self->task, TRUE);
  g_assert_cmpuint (self->n_done, ==, n_done + 1);
  g_clear_object (&self->task);
}

static void
job_done (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  Job *self = data;
  GSource *source = g_main_current_source ();

  self->n_done++;
  g_assert_cmpstr (g_source_get_name (source), ==, "aiodrive dispatcher");
  g_assert_cmpint (g_source_get_time (source), >, self->made);
}

static void
job_post (Job *self)
{
  GSource *source = g_main_current_source ();

  self->work.run = job_run;
  self->work.stamp = aiodrive_dispatcher_stamp ();
  self->made = source != NULL ? g_source_get_time (source) : 0;
  self->task = g_task_new (NULL, NULL, job_done, self);
  aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &self->work);
}

static void
job_post_from (gpointer data)
{
  job_post (data);
}

static gboolean
post_in_source (gpointer data)
{
  job_post (data);
  return G_SOURCE_REMOVE;
}

static void
test_same_iteration (void)
{
  Job job = { .n_done = 0 };

  g_test_summary ("A task that a work item makes calls back in the dispatch that returns it, in a later iteration");

  for (guint i = 0; i < 50; i++)
    {
      g_autoptr(GString) log = g_string_new (NULL);
      Step step;

      step_init (&step, log, 'a');
      step.then = job_post_from;
      step.data = &job;
      aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &step.work);
      test_iterate_until (job.n_done == i + 1);
    }

  job_post (&job);
  test_iterate_until (job.n_done == 51);
}

static void
test_same_iteration_source (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GString) log = g_string_new (NULL);
  Job job = { .n_done = 0 };
  GSource *source;
  Step step;

  g_test_summary ("The same for a task that is made by a source that is dispatched just before the dispatcher");

  g_main_context_push_thread_default (context);
  source = attach (g_idle_source_new (), G_PRIORITY_DEFAULT, post_in_source, &job);
  step_init (&step, log, 'a');
  aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &step.work);

  g_assert_true (g_main_context_iteration (context, FALSE));
  g_assert_nonnull (job.task);
  g_assert_cmpstr (log->str, ==, "a");
  g_assert_cmpuint (job.n_done, ==, 0);
  test_iterate_until (job.n_done == 1);
  g_main_context_pop_thread_default (context);
  g_source_unref (source);
}

static void
test_held_back_order (void)
{
  g_autoptr(GString) log = g_string_new (NULL);
  AiodriveDispatcher *dispatcher = aiodrive_dispatcher_get_thread_default ();
  Step steps[4];

  g_test_summary ("Work items that have to wait for a later iteration run in the order in which they were pushed, "
                  "and before those that are pushed meanwhile");

  for (guint i = 0; i < 4; i++)
    step_init (&steps[i], log, 'a' + i);
  for (guint i = 0; i < 3; i++)
    {
      steps[i].work.stamp = G_MAXINT64;
      aiodrive_dispatcher_post (dispatcher, &steps[i].work);
    }
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpstr (log->str, ==, "");
  aiodrive_dispatcher_post (dispatcher, &steps[3].work);
  for (guint i = 0; i < 3; i++)
    steps[i].work.stamp = 0;

  test_iterate_until (log->len == 4);
  g_assert_cmpstr (log->str, ==, "abcd");
}

static void
release_and_iterate (gpointer data)
{
  Step *steps = data;

  for (guint i = 0; i < 2; i++)
    steps[i].work.stamp = 0;
  g_main_context_iteration (NULL, FALSE);
}

/* The dispatch is cut short by a nested main loop. */
static void
test_held_back_order_nested (void)
{
  g_autoptr(GString) log = g_string_new (NULL);
  AiodriveDispatcher *dispatcher = aiodrive_dispatcher_get_thread_default ();
  Step steps[5];

  g_test_summary ("Work items that were held back run before those that were pushed after them, and are left to run");

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    step_init (&steps[i], log, 'a' + i);
  steps[0].work.stamp = steps[1].work.stamp = G_MAXINT64;
  steps[2].then = release_and_iterate;
  steps[2].data = steps;
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    aiodrive_dispatcher_post (dispatcher, &steps[i].work);

  test_iterate_until (log->len == G_N_ELEMENTS (steps));
  g_assert_cmpstr (log->str, ==, "cabde");
}

/*
 * Others
 */

typedef struct
{
  AiodriveWorkItem    work;
  AiodriveTimer       timer;
  AiodriveDispatcher *dispatcher;
  guint               n_runs;
  guint               n_wanted;
} Busy;

static void
busy_again (Busy *self)
{
  if (++self->n_runs < self->n_wanted)
    aiodrive_dispatcher_post (self->dispatcher, &self->work);
}

static void
busy_run (AiodriveWorkItem *work)
{
  busy_again (AIODRIVE_CONTAINER_OF (work, Busy, work));
}

static void
busy_fire (AiodriveTimer *timer)
{
  Busy *self = AIODRIVE_CONTAINER_OF (timer, Busy, timer);

  if (++self->n_runs < self->n_wanted)
    aiodrive_dispatcher_start_timer (self->dispatcher, timer, 0);
}

/* Work items that beget work items until a source of low priority has had its turn a few times. */
static void
test_lower_priorities (void)
{
  Busy busy = { .work.run = busy_run, .timer.notify = busy_fire, .n_wanted = G_MAXUINT };
  guint n_low = 0;
  GSource *source;

  g_test_summary ("A dispatcher that never runs out of work items, or timers, leaves time for sources of low priority");

  busy.dispatcher = aiodrive_dispatcher_get_thread_default ();
  source = attach (g_idle_source_new (), G_PRIORITY_LOW, count, &n_low);

  aiodrive_dispatcher_post (busy.dispatcher, &busy.work);
  test_iterate_until (n_low >= 5);
  busy.n_wanted = 0;
  test_iterate_until (n_low >= 10);

  busy.n_wanted = G_MAXUINT;
  aiodrive_dispatcher_start_timer (busy.dispatcher, &busy.timer, 0);
  test_iterate_until (n_low >= 15);
  aiodrive_dispatcher_stop_timer (busy.dispatcher, &busy.timer);
  detach (source);
}

typedef struct
{
  AiodriveTimer       timer;
  AiodriveDispatcher *dispatcher;
} Chain;

static void
chain_fire (AiodriveTimer *timer)
{
  Chain *self = AIODRIVE_CONTAINER_OF (timer, Chain, timer);

  aiodrive_dispatcher_start_timer (self->dispatcher, timer, g_get_monotonic_time ());
}

static void
test_chain_of_timers (void)
{
  Chain chain = { .timer.notify = chain_fire, .dispatcher = aiodrive_dispatcher_get_thread_default () };
  guint n_low = 0;
  GSource *source;

  g_test_summary ("One thing to do in each iteration, without end, leaves time for sources of low priority too");

  source = attach (g_idle_source_new (), G_PRIORITY_LOW, count, &n_low);
  aiodrive_dispatcher_start_timer (chain.dispatcher, &chain.timer, 0);
  test_iterate_until (n_low >= 5);
  aiodrive_dispatcher_stop_timer (chain.dispatcher, &chain.timer);
  detach (source);
}

/* A work item and a source of the default priority that is dispatched once, each of which starts the other. */
typedef struct
{
  AiodriveWorkItem    work;
  AiodriveDispatcher *dispatcher;
  gboolean            stops;
} Alternation;

static gboolean
alternation_idle (gpointer data)
{
  Alternation *self = data;

  aiodrive_dispatcher_post (self->dispatcher, &self->work);
  return G_SOURCE_REMOVE;
}

static void
alternation_run (AiodriveWorkItem *work)
{
  Alternation *self = AIODRIVE_CONTAINER_OF (work, Alternation, work);

  if (!self->stops)
    g_idle_add_full (G_PRIORITY_DEFAULT, alternation_idle, self, NULL);
}

static void
test_alternating (void)
{
  Alternation alternation = { .work.run = alternation_run };
  guint n_low = 0;
  GSource *source;

  g_test_summary ("Sources of low priority have their turn when ours alternates with those of others");

  alternation.dispatcher = aiodrive_dispatcher_get_thread_default ();
  source = attach (g_idle_source_new (), G_PRIORITY_LOW, count, &n_low);
  aiodrive_dispatcher_post (alternation.dispatcher, &alternation.work);
  test_iterate_until (n_low >= 5);
  alternation.stops = TRUE;
  detach (source);
  test_settle ();
}

static void
test_busy_others (void)
{
  Busy busy = { .work.run = busy_run, .n_wanted = G_MAXUINT };
  guint n_others = 0;
  GSource *source;

  g_test_summary ("A source of the default priority that is always ready does not stop the dispatcher while it yields");

  busy.dispatcher = aiodrive_dispatcher_get_thread_default ();
  source = attach (g_idle_source_new (), G_PRIORITY_DEFAULT, count, &n_others);
  aiodrive_dispatcher_post (busy.dispatcher, &busy.work);
  for (guint i = 0; i < 5; i++)
    {
      guint before = busy.n_runs;

      test_iterate_until (busy.n_runs > before + 1000);
    }
  busy.n_wanted = 0;
  detach (source);
  test_settle ();
}

/* Long enough to yield after each dispatch. */
static void
slow_run (AiodriveWorkItem *work)
{
  Busy *self = AIODRIVE_CONTAINER_OF (work, Busy, work);
  gint64 begin = g_get_monotonic_time ();

  while (g_get_monotonic_time () - begin < 2000)
    continue;
  if (self->n_wanted-- > 1)
    aiodrive_dispatcher_post (self->dispatcher, work);
}

static void
test_until_nothing_is_to_be_done (void)
{
  Busy busy = { .work.run = slow_run, .n_wanted = 20 };

  g_test_summary ("Code that iterates until the context is idle is not stopped by an iteration that yields to others");

  busy.dispatcher = aiodrive_dispatcher_get_thread_default ();
  aiodrive_dispatcher_post (busy.dispatcher, &busy.work);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_cmpuint (busy.n_wanted, ==, 0);

  busy.n_wanted = 20;
  aiodrive_dispatcher_post (busy.dispatcher, &busy.work);
  while (g_main_context_pending (NULL))
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (busy.n_wanted, ==, 0);
}

static void
test_progress (void)
{
  Busy busy = { .work.run = busy_run, .n_wanted = 300000 };

  g_test_summary ("Code that iterates while there is something to do comes to the end in some attempts, and none of "
                  "them is without any progress");

  test_settle ();
  busy.dispatcher = aiodrive_dispatcher_get_thread_default ();
  aiodrive_dispatcher_post (busy.dispatcher, &busy.work);
  for (guint before = 0; busy.n_runs < busy.n_wanted; before = busy.n_runs)
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_cmpuint (busy.n_runs, >, before);
    }
}

/*
 * Timers
 */

static void
test_timers (void)
{
  g_autoptr(GString) log = g_string_new (NULL);
  AiodriveDispatcher *dispatcher = aiodrive_dispatcher_get_thread_default ();
  gint64 now = g_get_monotonic_time ();
  Step steps[6];

  g_test_summary ("Timers fire in the order of their times, then of their start; not if they are stopped; and "
                  "before the work items");

  for (guint i = 0; i < 6; i++)
    step_init (&steps[i], log, 'a' + i);
  aiodrive_dispatcher_post (dispatcher, &steps[5].work);
  aiodrive_dispatcher_start_timer (dispatcher, &steps[0].timer, now - 10);
  aiodrive_dispatcher_start_timer (dispatcher, &steps[1].timer, now - 20);
  aiodrive_dispatcher_start_timer (dispatcher, &steps[2].timer, now - 10);
  aiodrive_dispatcher_start_timer (dispatcher, &steps[3].timer, now - 30);
  aiodrive_dispatcher_start_timer (dispatcher, &steps[4].timer, now - 5);
  aiodrive_dispatcher_stop_timer (dispatcher, &steps[3].timer);
  aiodrive_dispatcher_start_timer (dispatcher, &steps[1].timer, now - 7);

  test_iterate_until (log->len == 5);
  g_assert_cmpstr (log->str, ==, "acbef");
  aiodrive_dispatcher_stop_timer (dispatcher, &steps[0].timer);
}

static void
test_timer_not_early (void)
{
  g_autoptr(GString) log = g_string_new (NULL);
  AiodriveDispatcher *dispatcher = aiodrive_dispatcher_get_thread_default ();
  Step step;

  g_test_summary ("A timer does not fire before its time, and the context blocks until then");

  for (guint i = 1; i <= 10; i++)
    {
      gint64 due = g_get_monotonic_time () + 700 * i;
      guint n_iterations = 0;

      step_init (&step, log, 'a');
      aiodrive_dispatcher_start_timer (dispatcher, &step.timer, due);
      for (; log->len < i; n_iterations++)
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpint (g_get_monotonic_time (), >=, due);
      g_assert_cmpuint (n_iterations, <, 10);
    }
}

static void
stop_next (gpointer data)
{
  aiodrive_dispatcher_stop_timer (aiodrive_dispatcher_get_thread_default (), &((Step *) data)->timer);
}

static void
test_timer_stopped_by_timer (void)
{
  g_autoptr(GString) log = g_string_new (NULL);
  AiodriveDispatcher *dispatcher = aiodrive_dispatcher_get_thread_default ();
  Step steps[3];

  g_test_summary ("A timer that is due may be stopped by another one that fires before it");

  for (guint i = 0; i < 3; i++)
    {
      step_init (&steps[i], log, 'a' + i);
      aiodrive_dispatcher_start_timer (dispatcher, &steps[i].timer, i);
    }
  steps[0].then = stop_next;
  steps[0].data = &steps[1];

  test_iterate_until (log->len == 2);
  g_assert_cmpstr (log->str, ==, "ac");
}

static void
test_many_timers (void)
{
  g_autofree Ball *balls = g_new0 (Ball, 5000);
  AiodriveDispatcher *dispatcher = aiodrive_dispatcher_get_thread_default ();
  gint64 now = g_get_monotonic_time ();

  g_test_summary ("Thousands of timers at random times, half of them stopped: each of the others fires once");

  for (guint i = 0; i < 5000; i++)
    {
      balls[i].timer.notify = ball_fire;
      aiodrive_dispatcher_start_timer (dispatcher, &balls[i].timer, now + g_test_rand_int_range (0, 20000));
    }
  for (guint i = 0; i < 5000; i += 2)
    aiodrive_dispatcher_stop_timer (dispatcher, &balls[i].timer);
  for (guint i = 1; i < 5000; i += 2)
    test_iterate_until (balls[i].n_runs > 0);
  for (guint i = 0; i < 5000; i++)
    g_assert_cmpint (balls[i].n_runs, ==, i % 2);
}

/*
 * Contexts and threads that come and go
 */

static guint
count_registered (void)
{
  guint n;

  g_mutex_lock (&registry_lock);
  n = registry != NULL ? g_hash_table_size (registry) : 0;
  g_mutex_unlock (&registry_lock);
  return n;
}

static void
test_context_goes_away (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GString) log = g_string_new (NULL);
  AiodriveDispatcher *dispatcher;
  Step step;

  g_test_summary ("The dispatcher of a context that is gone is closed: it fires no timer");

  step_init (&step, log, 'a');
  g_main_context_push_thread_default (context);
  dispatcher = aiodrive_dispatcher_ref (aiodrive_dispatcher_get_thread_default ());
  aiodrive_dispatcher_start_timer (dispatcher, &step.timer, 0);
  g_main_context_pop_thread_default (context);
  g_assert_cmpuint (step.timer.place, ==, 1);
  g_clear_pointer (&context, g_main_context_unref);

  g_assert_true (dispatcher->closed);
  g_assert_cmpuint (step.timer.place, ==, 0);
  aiodrive_dispatcher_start_timer (dispatcher, &step.timer, 0);
  g_assert_cmpuint (step.timer.place, ==, 0);
  aiodrive_dispatcher_stop_timer (dispatcher, &step.timer);

  g_assert_nonnull (aiodrive_dispatcher_get_thread_default ());   /* forgets the other one */
  g_assert_cmpint (dispatcher->ref_count, ==, 1);
  aiodrive_dispatcher_unref (dispatcher);
  g_assert_cmpuint (count_registered (), ==, 1);
}

static void
test_context_goes_away_with_work_items (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GString) log = g_string_new (NULL);
  AiodriveDispatcher *dispatcher;
  GMainContext *to_wake;
  Step steps[5];

  g_test_summary ("Work items of a context that is gone run, in order, where it is dropped, or where they are posted");

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    step_init (&steps[i], log, 'a' + i);
  steps[0].work.stamp = G_MAXINT64;
  g_main_context_push_thread_default (context);
  dispatcher = aiodrive_dispatcher_ref (aiodrive_dispatcher_get_thread_default ());
  aiodrive_dispatcher_post (dispatcher, &steps[0].work);
  g_main_context_iteration (context, FALSE);   /* holds it back */
  for (guint i = 1; i < 3; i++)
    aiodrive_dispatcher_post (dispatcher, &steps[i].work);
  g_main_context_pop_thread_default (context);
  g_assert_cmpstr (log->str, ==, "");
  g_clear_pointer (&context, g_main_context_unref);
  g_assert_cmpstr (log->str, ==, "abc");

  g_assert_true (aiodrive_dispatcher_is_closed (dispatcher));
  aiodrive_dispatcher_post (dispatcher, &steps[3].work);
  g_assert_cmpstr (log->str, ==, "abcd");
  g_assert_false (aiodrive_dispatcher_push (dispatcher, &steps[4].work, &steps[4].work, &to_wake));
  g_assert_null (to_wake);
  g_assert_cmpstr (log->str, ==, "abcd");

  g_assert_nonnull (aiodrive_dispatcher_get_thread_default ());
  aiodrive_dispatcher_unref (dispatcher);
}

static void
test_contexts_come_and_go (void)
{
  g_autoptr(GHashTable) addresses = g_hash_table_new (NULL, NULL);
  g_autoptr(GString) log = g_string_new (NULL);
  guint n_old = 0;

  g_test_summary ("Thousands of contexts, many of them at the address of an old one: each gets a dispatcher of its "
                  "own");

  for (guint i = 0; i < 5000; i++)
    {
      GMainContext *context = g_main_context_new ();
      Step step;

      n_old += !g_hash_table_add (addresses, context);
      step_init (&step, log, 'a');
      g_main_context_push_thread_default (context);
      aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &step.work);
      g_assert_true (g_main_context_iteration (context, FALSE));
      g_assert_cmpuint (log->len, ==, i + 1);
      g_main_context_pop_thread_default (context);
      g_main_context_unref (context);
    }
  g_test_message ("%u of 5000 contexts had the address of an old one", n_old);

  g_assert_nonnull (aiodrive_dispatcher_get_thread_default ());
  g_assert_cmpuint (count_registered (), ==, 1);
}

static void
test_old_address (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GString) log = g_string_new (NULL);
  AiodriveDispatcher *old;
  Step step;

  g_test_summary ("A thread that used a context before is not misled by a new one at the same address");

  g_main_context_push_thread_default (context);
  old = aiodrive_dispatcher_ref (aiodrive_dispatcher_get_thread_default ());
  /* what the end of a context does: no allocator can be told to give an address again */
  g_source_destroy (old->source);
  step_init (&step, log, 'a');
  g_assert_true (aiodrive_dispatcher_get_thread_default () != old);
  aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &step.work);
  test_iterate_until (log->len == 1);
  g_main_context_pop_thread_default (context);

  g_assert_cmpint (old->ref_count, ==, 1);
  aiodrive_dispatcher_unref (old);
}

static gpointer
live_and_die (gpointer data)
{
  AiodriveDispatcher **dispatcher = data;
  g_autoptr(GMainContext) context = g_main_context_new ();
  Ball ball = { .work.run = ball_run };

  g_main_context_push_thread_default (context);
  *dispatcher = aiodrive_dispatcher_ref (aiodrive_dispatcher_get_thread_default ());
  aiodrive_dispatcher_post (*dispatcher, &ball.work);
  while (ball.n_runs == 0)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_threads_come_and_go (void)
{
  g_test_summary ("Thousands of threads with contexts of their own leave no dispatcher behind");

  for (guint round = 0; round < 500; round++)
    {
      AiodriveDispatcher *dispatchers[4];
      GThread *threads[4];

      for (guint i = 0; i < 4; i++)
        threads[i] = g_thread_new ("short", live_and_die, &dispatchers[i]);
      for (guint i = 0; i < 4; i++)
        {
          g_thread_join (threads[i]);
          g_assert_cmpint (dispatchers[i]->ref_count, ==, 1);
          g_assert_true (dispatchers[i]->closed);
          aiodrive_dispatcher_unref (dispatchers[i]);
        }
    }
  g_assert_cmpuint (count_registered (), <=, 1);
}

static void
test_switch (void)
{
  GMainContext *contexts[2] = { g_main_context_new (), g_main_context_new () };
  g_autoptr(GString) log = g_string_new (NULL);
  Step steps[100];

  g_test_summary ("A thread that goes from one context to another posts to the one that is its default just then");

  for (guint i = 0; i < 100; i++)
    {
      step_init (&steps[i], log, i % 2 == 0 ? 'a' : 'b');
      g_main_context_push_thread_default (contexts[i % 2]);
      aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &steps[i].work);
      g_main_context_pop_thread_default (contexts[i % 2]);
    }
  while (log->len < 50)
    g_main_context_iteration (contexts[1], FALSE);
  g_assert_null (strchr (log->str, 'a'));
  while (log->len < 100)
    g_main_context_iteration (contexts[0], FALSE);
  g_assert_null (strchr (log->str + 50, 'b'));
  for (guint i = 0; i < 2; i++)
    g_main_context_unref (contexts[i]);
}

/*
 * Threads that hold a context
 */

typedef struct
{
  gint held;      /* atomic: a thread that does not iterate the default context has acquired it */
  gint entered;   /* atomic */
  gint stop;      /* atomic */
} Hold;

static gboolean
hold (gpointer data)
{
  Hold *self = data;

  g_atomic_int_inc (&self->held);
  return G_SOURCE_REMOVE;
}

/* As somebody else's code does. */
static gpointer
invoke (gpointer data)
{
  Hold *self = data;

  while (!g_atomic_int_get (&self->stop))
    g_main_context_invoke (NULL, hold, self);
  return NULL;
}

/* The thread where the context is iterated enters it, whatever others do in between. */
static void
test_held_for_a_moment (void)
{
  Hold self = { 0 };
  GThread *thread;

  aiodrive_dispatcher_get_thread_default ();
  g_main_context_iteration (NULL, FALSE);   /* from here on it is known where that is */
  thread = g_thread_new ("invoke", invoke, &self);
  while (g_atomic_int_get (&self.held) == 0)
    g_thread_yield ();
  for (guint i = 0; i < test_rounds (20000); i++)
    {
      g_assert_true (aiodrive_main_context_enter (g_main_context_default (), FALSE));
      aiodrive_main_context_leave (g_main_context_default ());
    }
  g_atomic_int_set (&self.stop, TRUE);
  g_thread_join (thread);
  test_settle ();
}

static gpointer
try_to_enter (gpointer data)
{
  Hold *self = data;

  for (guint is_home = 0; is_home < 2; is_home++)
    {
      g_assert_false (aiodrive_main_context_enter (g_main_context_default (), is_home));
      g_atomic_int_inc (&self->entered);
    }
  return NULL;
}

/* Another thread does not wait for the one that iterates it: that one may be waiting, as here. */
static void
test_held_elsewhere (void)
{
  Hold self = { 0 };

  aiodrive_dispatcher_get_thread_default ();
  g_assert_true (g_main_context_acquire (NULL));
  g_main_context_iteration (NULL, FALSE);
  g_thread_join (g_thread_new ("enter", try_to_enter, &self));
  g_main_context_release (NULL);
  g_assert_cmpint (self.entered, ==, 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/core/dispatcher/order", test_order);
  g_test_add_func ("/aiodrive/core/dispatcher/wake-from-thread", test_wake_from_thread);
  g_test_add_func ("/aiodrive/core/dispatcher/wake-from-thread/while-preparing", test_wake_while_preparing);
  g_test_add_func ("/aiodrive/core/dispatcher/timer-moved-from-thread", test_timer_moved_from_thread);
  g_test_add_func ("/aiodrive/core/dispatcher/push-in-prepare", test_push_in_prepare);
  g_test_add_func ("/aiodrive/core/dispatcher/push-in-prepare/nested", test_push_in_prepare_nested);
  g_test_add_func ("/aiodrive/core/dispatcher/push-while-dispatching", test_push_while_dispatching);
  g_test_add_func ("/aiodrive/core/dispatcher/next", test_next);
  g_test_add_func ("/aiodrive/core/dispatcher/idle", test_idle);
  g_test_add_func ("/aiodrive/core/dispatcher/nested-loop", test_nested_loop);
  g_test_add_func ("/aiodrive/core/dispatcher/nested-loop/timers", test_nested_timers);
  g_test_add_func ("/aiodrive/core/dispatcher/nested-loop/deep", test_nested_deep);
  g_test_add_func ("/aiodrive/core/dispatcher/same-iteration", test_same_iteration);
  g_test_add_func ("/aiodrive/core/dispatcher/same-iteration/source", test_same_iteration_source);
  g_test_add_func ("/aiodrive/core/dispatcher/held-back-order", test_held_back_order);
  g_test_add_func ("/aiodrive/core/dispatcher/held-back-order/nested", test_held_back_order_nested);
  g_test_add_func ("/aiodrive/core/dispatcher/lower-priorities", test_lower_priorities);
  g_test_add_func ("/aiodrive/core/dispatcher/chain-of-timers", test_chain_of_timers);
  g_test_add_func ("/aiodrive/core/dispatcher/alternating", test_alternating);
  g_test_add_func ("/aiodrive/core/dispatcher/busy-others", test_busy_others);
  g_test_add_func ("/aiodrive/core/dispatcher/until-nothing-is-to-be-done", test_until_nothing_is_to_be_done);
  g_test_add_func ("/aiodrive/core/dispatcher/progress", test_progress);
  g_test_add_func ("/aiodrive/core/dispatcher/timers", test_timers);
  g_test_add_func ("/aiodrive/core/dispatcher/timers/not-early", test_timer_not_early);
  g_test_add_func ("/aiodrive/core/dispatcher/timers/stopped-by-timer", test_timer_stopped_by_timer);
  g_test_add_func ("/aiodrive/core/dispatcher/timers/many", test_many_timers);
  g_test_add_func ("/aiodrive/core/dispatcher/context-goes-away", test_context_goes_away);
  g_test_add_func ("/aiodrive/core/dispatcher/context-goes-away/work-items", test_context_goes_away_with_work_items);
  g_test_add_func ("/aiodrive/core/dispatcher/contexts-come-and-go", test_contexts_come_and_go);
  g_test_add_func ("/aiodrive/core/dispatcher/old-address", test_old_address);
  g_test_add_func ("/aiodrive/core/dispatcher/threads-come-and-go", test_threads_come_and_go);
  g_test_add_func ("/aiodrive/core/dispatcher/switch", test_switch);
  g_test_add_func ("/aiodrive/core/dispatcher/held-for-a-moment", test_held_for_a_moment);
  g_test_add_func ("/aiodrive/core/dispatcher/held-elsewhere", test_held_elsewhere);

  return g_test_run ();
}
