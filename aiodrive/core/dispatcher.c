/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/dispatcher-private.h"

#include "aiodrive/core/work-item-private.h"

/* A dispatcher runs work items and timers in one main context, in a GSource of its own. Any thread may push; the thread
 * that iterates the context runs.
 *
 * No lost wakeups. Every push holds the lock. A context blocks only after prepare() has found the inbox empty with the
 * same lock held, and has set `polling` in that critical section. prepare() sees every entry pushed before it locks; a
 * later pusher sees `polling` and wakes the context. GLib keeps that wakeup if the poll has not started. The pusher may
 * own the context: the prepare() of a later source may push. (/aiodrive/core/dispatcher/wake-from-thread,
 * .../push-in-prepare)
 *
 * FIFO, without a lock where possible. A work item that runs here and pushes another one here appends it to the local
 * list, without a lock. If another thread pushed first, its entry goes first, so the push goes through the inbox. So
 * does a push in a nested main loop, whose prepare() may have found nothing and be about to block.
 * (.../push-while-dispatching)
 *
 * A nested main loop strands no work item. The source may recurse, and the pending work items live in the dispatcher,
 * not on the stack of the interrupted dispatch. (.../nested-loop)
 *
 * GTask's conditions. A GTask returned here runs its callback inline. GTask does so only in a source of the task's
 * context, in a later iteration than the one that created the task, and while its cancellable is not cancelled.
 * Otherwise it attaches an idle source, which costs three times as much. So a work item that returns a task carries the
 * creation time of that task, and stays in `later` until an iteration starts after that time. Any other work item runs
 * in this dispatch, even if an earlier work item of the dispatch pushed it. (.../same-iteration,
 * /aiodrive/core/wait/same-dispatch)
 *
 * The thread-default context. It is pushed once per dispatch, not once per callback.
 * (/aiodrive/core/wait/thread-default)
 *
 * Cancellation at each step. Under a test context a dispatch runs one work item, so a test can cancel after each
 * callback. (/aiodrive/testing/cancel-at-step/ready)
 *
 * Bounded unfairness. A dispatch ends when the time slice of our sources is used up; see fairness.c.
 *
 * Contexts go away. The context owns the source, and the source owns the dispatcher. The owners of most work items keep
 * the context alive. A wait does not: it keeps the dispatcher, and finds it closed once its context is gone. Its work
 * item runs even then, in the thread that drops the context or that pushes the work item: it gives back the granted
 * value, and calls no callback. (.../context-goes-away, .../context-goes-away/work-items) */

#define ITEMS_PER_LOOK  16

typedef struct
{
  GSource             source;
  AiodriveDispatcher *dispatcher;  /* unowned */
} DispatcherSource;

struct _AiodriveDispatcher
{
  GMainContext       *context;      /* unowned; set once */
  GSource            *source;       /* unowned; set once */
  gint                ref_count;    /* atomic */
  gint                closed;       /* atomic; the context is gone */
  GThread            *iterated_by;  /* unowned, nullable; atomic: the last thread that iterated the context */

  GMutex              lock;         /* innermost but for the lock of a time source */
  AiodriveWorkList    inbox;        /* guarded by lock */
  gint                has_inbox;    /* changed under lock; read atomically too */
  AiodriveTimerHeap   timers;       /* guarded by lock */
  AiodriveTimeSource *time_source;  /* owned, nullable; changed under lock; read atomically too */
  gboolean            polling;      /* guarded by lock; from prepare() to check() or to the first push */

  AiodriveWorkList    next;         /* the fields below belong to the thread that iterates the context */
  AiodriveWorkList    running;
  AiodriveWorkList    later;
  gint64              now;          /* when the iteration began */
  AiodriveFairness    fairness;
};

static void        forget_cached    (gpointer cached);
static GPrivate    cached_for_exit = G_PRIVATE_INIT (forget_cached);
static __thread AiodriveDispatcher *cached;   /* the one this thread used last; owned through cached_for_exit */

static __thread AiodriveDispatcher *running_here;   /* a work item runs now; its context is not iterated meanwhile */

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
  g_clear_pointer (&self->time_source, aiodrive_time_source_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Returns the time that timers go by, in an iteration that started at @now; with the lock held. */
static gint64
get_timer_time (AiodriveDispatcher *self,
                gint64              now)
{
  return G_LIKELY (self->time_source == NULL) ? now : aiodrive_time_source_get_time (self->time_source);
}

static gint
poll_timeout (AiodriveDispatcher *self)
{
  AiodriveTimer *timer = aiodrive_timer_heap_peek (&self->timers);
  gint64 left;

  if (timer == NULL)
    return -1;

  left = timer->due - get_timer_time (self, g_source_get_time (self->source));
  if (left > 0 && self->time_source != NULL)
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

/* Runs one work item, and postpones earlier ones that must wait for the next iteration. Returns FALSE if there is
 * none. */
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

/* Pushes the context as the thread-default one, once for all callbacks. Returns FALSE if it already is. */
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
runs_one_by_one (AiodriveDispatcher *self)
{
  gboolean one_by_one;

  if (G_LIKELY (g_atomic_pointer_get (&self->time_source) == NULL))
    return FALSE;

  g_mutex_lock (&self->lock);
  one_by_one = self->time_source != NULL && self->time_source->funcs->one_by_one;
  g_mutex_unlock (&self->lock);

  return one_by_one;
}

static gboolean
dispatcher_dispatch (GSource     *source,
                     GSourceFunc  callback,
                     gpointer     data)
{
  AiodriveDispatcher *self = aiodrive_dispatcher_ref (((DispatcherSource *) source)->dispatcher);
  gboolean pushed = push_context (self);
  gboolean one_by_one = runs_one_by_one (self);
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

static GMutex      registry_lock;
static GHashTable *registry;   /* GMainContext -> AiodriveDispatcher, both unowned; guarded by registry_lock */

/* The context is going away. */
static void
unregister (AiodriveDispatcher *self)
{
  g_mutex_lock (&registry_lock);
  g_hash_table_remove (registry, self->context);
  g_mutex_unlock (&registry_lock);
}

/* Returns the next timer left behind that must be notified, or NULL. */
static AiodriveTimer *
take_left_timer (AiodriveDispatcher *self)
{
  AiodriveTimer *timer;

  g_mutex_lock (&self->lock);
  while ((timer = aiodrive_timer_heap_peek (&self->timers)) != NULL)
    {
      aiodrive_timer_heap_remove (&self->timers, timer);
      if (timer->left && (timer->try_ref == NULL || timer->try_ref (timer)))
        break;
    }
  g_mutex_unlock (&self->lock);

  return timer;
}

/* The destroy notify of the source's callback. (The finalize function of a GSource can run after its context has been
 * freed.) */
static void
dispatcher_close (gpointer data)
{
  AiodriveDispatcher *self = data;
  AiodriveTimer *timer;

  unregister (self);

  g_mutex_lock (&self->lock);
  g_atomic_int_set (&self->closed, TRUE);
  g_mutex_unlock (&self->lock);

  while ((timer = take_left_timer (self)) != NULL)
    timer->notify (timer);
  aiodrive_timer_heap_clear (&self->timers);   /* it is empty */
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

  return source;   /* the context owns it */
}

static AiodriveDispatcher *
dispatcher_new (GMainContext *context)
{
  AiodriveDispatcher *self = g_new0 (AiodriveDispatcher, 1);

  self->ref_count = 1;
  self->context = context;
  g_mutex_init (&self->lock);
  aiodrive_fairness_init (&self->fairness, context);
  self->source = attach_source (self);

  return self;
}

/*
 * Looking up dispatchers: a registry by context, and a cache of the last one in each thread
 */

/* Returns the dispatcher of @context, and creates it on first use. It lives as long as the context. */
AiodriveDispatcher *
aiodrive_dispatcher_get_for_context (GMainContext *context)
{
  AiodriveDispatcher *self;

  g_mutex_lock (&registry_lock);
  if (registry == NULL)
    registry = g_hash_table_new (NULL, NULL);
  self = g_hash_table_lookup (registry, context);
  if (self == NULL)
    {
      self = dispatcher_new (context);
      g_hash_table_insert (registry, context, self);
    }
  g_mutex_unlock (&registry_lock);

  return self;
}

static void
forget_cached (gpointer data)
{
  cached = NULL;
  aiodrive_dispatcher_unref (data);
}

/* Returns the dispatcher of the thread-default main context, which runs the callbacks of this thread's calls. */
AiodriveDispatcher *
aiodrive_dispatcher_get_thread_default (void)
{
  GMainContext *context = g_main_context_get_thread_default ();

  if (context == NULL)
    context = g_main_context_default ();

  /* A new context may have the address of an old one: hence closed. */
  if (G_UNLIKELY (cached == NULL || cached->context != context || g_atomic_int_get (&cached->closed)))
    {
      AiodriveDispatcher *found = aiodrive_dispatcher_ref (aiodrive_dispatcher_get_for_context (context));

      g_private_replace (&cached_for_exit, found);   /* drops the cached one */
      cached = found;
    }

  return cached;
}

/*
 * Pushing
 */

/* Returns whether the push comes from a work item that this thread runs. */
gboolean
aiodrive_dispatcher_runs_here (AiodriveDispatcher *self)
{
  return running_here == self;
}

/* Returns the creation time that GTask stores in a task: the time of the current iteration, 0 outside any. A work item
 * that returns a task carries the stamp of the task's creation. */
gint64
aiodrive_dispatcher_stamp (void)
{
  GSource *source = g_main_current_source ();

  if (source == NULL)
    return 0;
  return running_here != NULL && running_here->source == source ? running_here->now : g_source_get_time (source);
}

/* Appends a chain of work items, in O(1). If @to_wake is set, the caller wakes it with aiodrive_dispatcher_wake() once
 * it has released its locks. */
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
      /* while we hold the lock, the polling thread keeps the context alive */
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

/* Runs a work item right after the one that runs here now, before all queued ones; outside a dispatch, queues it. */
void
aiodrive_dispatcher_post_next (AiodriveDispatcher *self,
                               AiodriveWorkItem   *work)
{
  if (running_here == self)
    aiodrive_work_list_append (&self->next, work, work);
  else
    aiodrive_dispatcher_post (self, work);
}

/* Returns whether no work item is pending and our sources do not yield; for the thread that iterates the context. */
gboolean
aiodrive_dispatcher_is_idle (AiodriveDispatcher *self)
{
  gboolean idle;

  g_mutex_lock (&self->lock);
  idle = !has_work (self) && self->fairness.yielding == AIODRIVE_NOT_YIELDING;
  g_mutex_unlock (&self->lock);

  return idle;
}

GMainContext *
aiodrive_dispatcher_get_context (AiodriveDispatcher *self)
{
  return self->context;
}

/* Returns the last thread that iterated the context; NULL: none has. */
GThread *
aiodrive_dispatcher_get_iterating_thread (AiodriveDispatcher *self)
{
  return g_atomic_pointer_get (&self->iterated_by);
}

/* Returns the state that all our sources in the context of @self share; for the thread that iterates it. */
AiodriveFairness *
aiodrive_dispatcher_get_fairness (AiodriveDispatcher *self)
{
  return &self->fairness;
}

/*
 * Timers, and the time that they go by
 */

/* Starts or restarts @timer. A closed dispatcher fires no timer. */
void
aiodrive_dispatcher_start_timer (AiodriveDispatcher *self,
                                 AiodriveTimer      *timer,
                                 gint64              due)
{
  GMainContext *to_wake = NULL;

  g_mutex_lock (&self->lock);
  if (!self->closed)
    {
      aiodrive_timer_heap_remove (&self->timers, timer);
      aiodrive_timer_heap_add (&self->timers, timer, due);
      if (self->time_source != NULL)
        self->time_source->funcs->timer_started (self->time_source);
      if (self->polling && timer->place == 1)
        {
          self->polling = FALSE;
          to_wake = g_main_context_ref (self->context);
        }
    }
  g_mutex_unlock (&self->lock);

  aiodrive_dispatcher_wake (to_wake);
}

/* Stops the timer: the dispatcher no longer refers to it. Does not wait for a running notify(). */
void
aiodrive_dispatcher_stop_timer (AiodriveDispatcher *self,
                                AiodriveTimer      *timer)
{
  g_mutex_lock (&self->lock);
  aiodrive_timer_heap_remove (&self->timers, timer);
  g_mutex_unlock (&self->lock);
}

/* Returns when the next timer is due; G_MAXINT64: there is none. */
gint64
aiodrive_dispatcher_get_due (AiodriveDispatcher *self)
{
  AiodriveTimer *timer;
  gint64 due;

  g_mutex_lock (&self->lock);
  timer = aiodrive_timer_heap_peek (&self->timers);
  due = timer != NULL ? timer->due : G_MAXINT64;
  g_mutex_unlock (&self->lock);

  return due;
}

/* Returns the current time of the timers here. */
gint64
aiodrive_dispatcher_get_time (AiodriveDispatcher *self)
{
  gint64 now = 0;

  if (G_UNLIKELY (g_atomic_pointer_get (&self->time_source) != NULL))
    {
      g_mutex_lock (&self->lock);
      now = self->time_source != NULL ? aiodrive_time_source_get_time (self->time_source) : 0;
      g_mutex_unlock (&self->lock);
    }
  return now > 0 ? now : g_get_monotonic_time ();
}

/* The time source of the timers here; NULL: the real time. */
void
aiodrive_dispatcher_set_time_source (AiodriveDispatcher *self,
                               AiodriveTimeSource *source)
{
  AiodriveTimeSource *previous;

  g_mutex_lock (&self->lock);
  previous = self->time_source;
  g_atomic_pointer_set (&self->time_source, source != NULL ? aiodrive_time_source_ref (source) : NULL);
  g_atomic_int_set (&self->fairness.counts, source != NULL);   /* so that the steps of a test are always the same */
  g_mutex_unlock (&self->lock);

  g_clear_pointer (&previous, aiodrive_time_source_unref);
}

/* Returns a new reference, or NULL for the real time. */
AiodriveTimeSource *
aiodrive_dispatcher_ref_time_source (AiodriveDispatcher *self)
{
  AiodriveTimeSource *source;

  g_mutex_lock (&self->lock);
  source = self->time_source != NULL ? aiodrive_time_source_ref (self->time_source) : NULL;
  g_mutex_unlock (&self->lock);

  return source;
}
