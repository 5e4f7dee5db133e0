/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/dispatcher-parts-private.h"

/* A dispatcher runs work items and timers in one main context. It is the only place of the library
 * that knows GSource. Any thread may push; the thread that iterates the context runs.
 *
 * No wake-up is lost. A work item is pushed under the lock, and the context blocks only after prepare()
 * has found nothing under the same lock and has said so in `polling`. Who pushes before that is found
 * by prepare(); who pushes after it sees `polling` and wakes the context, which GLib remembers if the poll
 * has not begun. Whether the pusher owns the context does not matter, nor should it: the prepare() of a
 * later source may push. (/aiodrive/core/dispatcher/wake-from-thread, .../push-in-prepare)
 *
 * What is run here, and pushes something here, appends it to what is going to be run, without a lock. Whoever pushed
 * before, from another thread, goes before it: then it takes the way of the others. So it does in a nested main loop,
 * which may have found nothing and be about to block. (.../push-while-dispatching)
 *
 * Nothing is stranded by a nested main loop. The source may recurse, and what is left to run lives here,
 * not on the stack of the dispatch that was interrupted. (.../nested-loop)
 *
 * GTask's conditions. A GTask that is returned here calls back at once. GTask does so only in a source of the task's
 * context, in a later iteration than the one in which the task was created, and while its cancellable is not cancelled.
 * Otherwise it attaches an idle source, which costs three times as much. So a work item that leads to the return of a
 * task carries the time of that task and is postponed, in `later`, while the iteration is not younger. Any other work
 * item runs in this dispatch, also if it was pushed by an earlier one. (.../same-iteration,
 * /aiodrive/core/wait/same-dispatch)
 *
 * The thread-default context. It is pushed once for a dispatch, and not for each callback.
 * (/aiodrive/core/wait/thread-default)
 *
 * Cancellation at each step. Under a test context a dispatch runs one work item, so that a test can cancel after each
 * callback. (/aiodrive/testing/cancel-at-step/ready)
 *
 * Bounded unfairness. A dispatch ends when the time slice of our sources is used up; see fairness.c.
 *
 * Contexts go away. The context owns the source and the source the dispatcher. Most work items keep their context
 * through what they belong to. One that does not, a wait, keeps the dispatcher, and finds it closed once its context is
 * gone. It runs all the same, in the thread that drops the context or that pushes the work item: then it gives back
 * what it was granted, and calls nobody back. (.../context-goes-away, .../context-goes-away/work-items) */

#define ITEMS_PER_LOOK  16

typedef struct
{
  GSource             source;
  AiodriveDispatcher *dispatcher;  /* unowned */
} DispatcherSource;

static __thread AiodriveDispatcher *running_here;   /* runs an item now; its context is not iterated meanwhile */

AiodriveDispatcher *
aiodrive_dispatcher_ref (AiodriveDispatcher *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
aiodrive_dispatcher_unref (AiodriveDispatcher *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  aiodrive_timer_heap_clear (&self->timers);
  g_clear_pointer (&self->clock, aiodrive_clock_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* The time that timers go by, in an iteration that began at @now; under the lock. */
static gint64
get_timer_time (AiodriveDispatcher *self,
                gint64              now)
{
  return G_LIKELY (self->clock == NULL) ? now : aiodrive_clock_get_time (self->clock);
}

static gint
poll_timeout (AiodriveDispatcher *self)
{
  AiodriveTimer *timer = aiodrive_timer_heap_peek (&self->timers);
  gint64 left;

  if (timer == NULL)
    return -1;

  left = timer->due - get_timer_time (self, g_source_get_time (self->source));
  if (left > 0 && self->clock != NULL)
    return -1;
  return left <= 0 ? 0 : (gint) MIN (left / 1000 + (left % 1000 > 0), G_MAXINT);
}

/* Work items that no other thread touches. */
static gboolean
has_own_work (AiodriveDispatcher *self)
{
  return self->next.first != NULL || self->running.first != NULL || self->later.first != NULL;
}

static gboolean
has_work (AiodriveDispatcher *self)
{
  return has_own_work (self) || self->inbox.first != NULL;
}

static gboolean
is_ready (AiodriveDispatcher *self)
{
  return has_work (self) || poll_timeout (self) == 0;
}

static gboolean
dispatcher_prepare (GSource *source,
                    gint    *timeout)
{
  AiodriveDispatcher *self = ((DispatcherSource *) source)->dispatcher;
  gboolean ready;

  running_here = NULL;
  g_atomic_pointer_set (&self->iterated_by, g_thread_self ());
  aiodrive_fairness_prepare (&self->fairness);
  g_mutex_lock (&self->lock);
  ready = is_ready (self);
  self->polling = !ready;
  *timeout = ready ? 0 : poll_timeout (self);
  g_mutex_unlock (&self->lock);

  return ready && !aiodrive_fairness_is_yielding (&self->fairness);
}

static gboolean
dispatcher_check (GSource *source)
{
  AiodriveDispatcher *self = ((DispatcherSource *) source)->dispatcher;
  gboolean ready;

  if (aiodrive_fairness_is_yielding (&self->fairness))
    return FALSE;

  aiodrive_fairness_check (&self->fairness, source);
  g_mutex_lock (&self->lock);
  self->polling = FALSE;
  ready = is_ready (self);
  g_mutex_unlock (&self->lock);

  return ready;
}

/* Fires one timer that is due, if there is one. */
static gboolean
fire_timer (AiodriveDispatcher *self,
            gint64              now)
{
  AiodriveTimer *timer;
  gboolean fires = TRUE;

  g_mutex_lock (&self->lock);
  timer = aiodrive_timer_heap_peek (&self->timers);
  if (timer != NULL && timer->due <= get_timer_time (self, now))
    {
      aiodrive_timer_heap_remove (&self->timers, timer);
      if (timer->try_ref != NULL)
        fires = timer->try_ref (timer);
    }
  else
    timer = NULL;
  g_mutex_unlock (&self->lock);

  if (timer != NULL && fires)
    timer->notify (timer);
  return timer != NULL;
}

static void
take_inbox (AiodriveDispatcher *self)
{
  g_mutex_lock (&self->lock);
  aiodrive_work_list_take (&self->running, &self->inbox, FALSE);
  g_atomic_int_set (&self->has_inbox, FALSE);
  g_mutex_unlock (&self->lock);
}

/* Runs one work item; postpones those before it that have to wait for the next iteration. FALSE if there is none. */
static gboolean
run_work (AiodriveDispatcher *self,
          gint64              now)
{
  for (;;)
    {
      AiodriveWorkItem *work;

      if (self->running.first == NULL && g_atomic_int_get (&self->has_inbox))
        take_inbox (self);

      work = aiodrive_work_list_pop (self->next.first != NULL ? &self->next : &self->running);
      if (work == NULL)
        return FALSE;

      if (work->stamp < now)
        {
          running_here = self;
          work->run (work);
          return TRUE;
        }
      aiodrive_work_list_append (&self->later, work, work);
    }
}

/* Makes the context the thread-default one, once for all that is called back. FALSE if it is so already. */
static gboolean
push_context (AiodriveDispatcher *self)
{
  GMainContext *here = g_main_context_get_thread_default ();

  if (here == self->context || (here == NULL && self->context == g_main_context_default ()))
    return FALSE;

  g_main_context_push_thread_default (self->context);
  return TRUE;
}

static gboolean
dispatcher_dispatch (GSource     *source,
                     GSourceFunc  callback,
                     gpointer     data)
{
  AiodriveDispatcher *self = aiodrive_dispatcher_ref (((DispatcherSource *) source)->dispatcher);
  gboolean pushed = push_context (self);
  gboolean one_by_one = g_atomic_pointer_get (&self->clock) != NULL;
  gint64 now = g_source_get_time (source);
  gboolean timers_due = TRUE;
  guint n = 0;

  self->now = now;
  aiodrive_work_list_take (&self->running, &self->later, TRUE);
  do
    {
      if (n % ITEMS_PER_LOOK == 0 && (timers_due || g_atomic_int_get (&self->has_inbox) || has_own_work (self)) &&
          aiodrive_fairness_must_yield (&self->fairness, n == 0 ? now : g_get_monotonic_time ()))
        break;
      n++;
      if (!(timers_due && (timers_due = fire_timer (self, now))) && !run_work (self, now))
        break;
    }
  while (!one_by_one);
  running_here = NULL;
  if (pushed)
    g_main_context_pop_thread_default (self->context);
  aiodrive_dispatcher_unref (self);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs dispatcher_funcs = { dispatcher_prepare, dispatcher_check, dispatcher_dispatch, NULL, NULL, NULL };

static void
run_all (AiodriveWorkList *list)
{
  AiodriveWorkItem *work;

  while ((work = aiodrive_work_list_pop (list)) != NULL)
    work->run (work);
}

/* The destroy notify of the source's callback. (The finalize function of a GSource can come after the
 * end of its context.) */
static void
dispatcher_close (gpointer data)
{
  AiodriveDispatcher *self = data;

  aiodrive_dispatcher_forget (self);

  g_mutex_lock (&self->lock);
  g_atomic_int_set (&self->closed, TRUE);
  aiodrive_timer_heap_clear (&self->timers);
  g_mutex_unlock (&self->lock);

  run_all (&self->next);
  run_all (&self->later);
  run_all (&self->running);
  run_all (&self->inbox);
  aiodrive_dispatcher_unref (self);
}

static GSource *
attach_source (AiodriveDispatcher *self)
{
  GSource *source = g_source_new (&dispatcher_funcs, sizeof (DispatcherSource));

  ((DispatcherSource *) source)->dispatcher = self;
  g_source_set_name (source, "aiodrive dispatcher");
  g_source_set_can_recurse (source, TRUE);
  g_source_set_callback (source, NULL, self, dispatcher_close);
  g_source_attach (source, self->context);
  g_source_unref (source);

  return source;   /* the context has it */
}

AiodriveDispatcher *
aiodrive_dispatcher_new (GMainContext *context)
{
  AiodriveDispatcher *self = g_new0 (AiodriveDispatcher, 1);

  self->ref_count = 1;
  self->context = context;
  g_mutex_init (&self->lock);
  aiodrive_fairness_init (&self->fairness, context);
  self->source = attach_source (self);

  return self;
}

/* Whether a work item that this thread runs pushes now. */
gboolean
aiodrive_dispatcher_runs_here (AiodriveDispatcher *self)
{
  return running_here == self;
}

/* What GTask notes as the creation time of a task: the time of the current iteration, 0 outside any.
 * A work item that returns a task carries the stamp of the moment when the task was made. */
gint64
aiodrive_dispatcher_stamp (void)
{
  GSource *source = g_main_current_source ();

  if (source == NULL)
    return 0;
  return running_here != NULL && running_here->source == source ? running_here->now : g_source_get_time (source);
}

/* Appends a chain of work items, in O(1). @to_wake is a context to be woken, with aiodrive_dispatcher_wake(), once
 * the caller has dropped its locks. */
gboolean
aiodrive_dispatcher_push (AiodriveDispatcher  *self,
                          AiodriveWorkItem    *first,
                          AiodriveWorkItem    *last,
                          GMainContext       **to_wake)
{
  gboolean closed;

  *to_wake = NULL;
  if (running_here == self && !g_atomic_int_get (&self->has_inbox))
    {
      aiodrive_work_list_append (&self->running, first, last);
      return TRUE;
    }

  g_mutex_lock (&self->lock);
  closed = self->closed;
  if (!closed)
    {
      aiodrive_work_list_append (&self->inbox, first, last);
      if (!self->has_inbox)
        g_atomic_int_set (&self->has_inbox, TRUE);
    }
  if (!closed && self->polling)
    {
      self->polling = FALSE;
      /* while we hold the lock the thread that polls keeps the context */
      *to_wake = g_main_context_ref (self->context);
    }
  g_mutex_unlock (&self->lock);

  return !closed;
}

gboolean
aiodrive_dispatcher_is_closed (AiodriveDispatcher *self)
{
  return g_atomic_int_get (&self->closed);
}

/* Takes a reference, or NULL. */
void
aiodrive_dispatcher_wake (GMainContext *context)
{
  if (context == NULL)
    return;

  g_main_context_wakeup (context);
  g_main_context_unref (context);
}

void
aiodrive_dispatcher_post (AiodriveDispatcher *self,
                          AiodriveWorkItem   *work)
{
  GMainContext *to_wake;

  if (aiodrive_dispatcher_push (self, work, work, &to_wake))
    aiodrive_dispatcher_wake (to_wake);
  else
    work->run (work);
}

/* Runs a work item right after the one that is run here now, before what others wait for; else as any other. */
void
aiodrive_dispatcher_post_next (AiodriveDispatcher *self,
                               AiodriveWorkItem   *work)
{
  if (running_here == self)
    aiodrive_work_list_append (&self->next, work, work);
  else
    aiodrive_dispatcher_post (self, work);
}

/* Whether no work item is left to run, and our sources do not yield; for the thread that iterates the
 * context. */
gboolean
aiodrive_dispatcher_is_idle (AiodriveDispatcher *self)
{
  gboolean idle;

  g_mutex_lock (&self->lock);
  idle = !has_work (self) && self->fairness.yielding == AIODRIVE_NOT_YIELDING;
  g_mutex_unlock (&self->lock);

  return idle;
}

/* What all our sources in the context of @self share; for the thread that iterates it. */
AiodriveFairness *
aiodrive_dispatcher_get_fairness (AiodriveDispatcher *self)
{
  return &self->fairness;
}
