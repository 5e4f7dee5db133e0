/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/testing/virtual-clock-parts-private.h"

/* A clock that autojumps to the next timer when everything is idle.
 *
 * Its members are main contexts: the one that the test iterates, and those of threads started from there. Each has two
 * sources. The first is prepared in every iteration; the last is checked only if no other source is ready. An iteration
 * that checks it is idle: the context had no work.
 *
 * Quiescence in rounds. Everything is idle if all members were idle and none has worked since. A member that has worked
 * starts a new round at its next idle iteration, and the others are woken to check again. A member that confirms a
 * round started its check after the round began, so it sees everything sent to it before; and it has sent nothing
 * since. When all members have confirmed the same round, nothing is in flight. (/aiodrive/testing/test-context/threads)
 *
 * The clock advances only in the test's context, or while its thread blocks: it is frozen while the test reads it.
 * (.../stands-outside)
 *
 * The lock is a leaf lock, except for the locks that GLib takes. */

static void
clock_free (AiodriveTimeSource *source)
{
  AiodriveVirtualClock *self = (AiodriveVirtualClock *) source;

  g_ptr_array_unref (self->members);
  aiodrive_timer_heap_clear (&self->timers);
  aiodrive_monitor_clear (&self->monitor);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gint64
aiodrive_virtual_clock_get_time (AiodriveVirtualClock *self)
{
  gint64 now;

  g_mutex_lock (&self->lock);
  now = self->now;
  g_mutex_unlock (&self->lock);

  return now;
}

/*
 * Rounds; called with the lock held
 */

void
aiodrive_clock_member_wake (AiodriveClockMember *member)
{
  if (!member->blocked)
    g_main_context_wakeup (member->context);
}

/* Returns whether everything is idle. */
gboolean
aiodrive_virtual_clock_is_quiescent (AiodriveVirtualClock *self)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      AiodriveClockMember *member = g_ptr_array_index (self->members, i);

      if (!member->blocked && member->confirmed != self->round)
        return FALSE;
    }
  return self->n_holds == 0;
}

/* Returns whether @member is the one that advances the clock. */
static gboolean
is_leader (AiodriveVirtualClock *self,
           AiodriveClockMember  *member)
{
  AiodriveClockMember *test = g_ptr_array_index (self->members, 0);

  return member == test || test->blocked;
}

/* Returns whether it must advance the clock. */
gboolean
aiodrive_virtual_clock_must_move (AiodriveVirtualClock *self,
                                  AiodriveClockMember  *member)
{
  return is_leader (self, member) && self->settled != self->round && aiodrive_virtual_clock_is_quiescent (self);
}

/* Returns whether it must check for idleness. */
gboolean
aiodrive_virtual_clock_must_look (AiodriveVirtualClock *self,
                                  AiodriveClockMember  *member)
{
  return member->confirmed != self->round || aiodrive_virtual_clock_must_move (self, member);
}

void
aiodrive_virtual_clock_wake_others (AiodriveVirtualClock *self,
                                    AiodriveClockMember  *member)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      AiodriveClockMember *other = g_ptr_array_index (self->members, i);

      if (other != member && aiodrive_virtual_clock_must_look (self, other))
        aiodrive_clock_member_wake (other);
    }
}

/* Starts a new round. Returns TRUE if everything is idle and no member will check: then the caller settles the round,
 * with no lock held. */
gboolean
aiodrive_virtual_clock_begin_round (AiodriveVirtualClock *self)
{
  self->round++;
  aiodrive_virtual_clock_wake_others (self, NULL);
  for (guint i = 0; i < self->members->len; i++)
    if (!((AiodriveClockMember *) g_ptr_array_index (self->members, i))->blocked)
      return FALSE;
  return self->n_holds == 0;
}

AiodriveClockMember *
aiodrive_virtual_clock_find (AiodriveVirtualClock *self,
                             GMainContext         *context)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      AiodriveClockMember *member = g_ptr_array_index (self->members, i);

      if (member->context == context)
        return member;
    }
  return NULL;
}

/*
 * Quiescence: the waiters for it are woken, or else the clock advances
 */

static gboolean
is_quiescent (AiodriveVirtualClock *self)
{
  gboolean quiescent;

  g_mutex_lock (&self->lock);
  quiescent = aiodrive_virtual_clock_is_quiescent (self);
  g_mutex_unlock (&self->lock);

  return quiescent;
}

/* Returns whether there are any. A new waiter may have sent work before it waits: then the clock is not quiescent, and
 * the waiter starts a round. */
static gboolean
wake_waiters (AiodriveVirtualClock *self)
{
  gboolean any;

  aiodrive_monitor_lock (&self->monitor);
  any = aiodrive_wait_queue_get_first (&self->waiters) != NULL;
  if (any && is_quiescent (self))
    aiodrive_wait_queue_wake_all (&self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);

  return any;
}

/* Returns when each member has its next work; lock order: dispatcher > clock. */
static GArray *
get_dues (GPtrArray *dispatchers)
{
  GArray *dues = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < dispatchers->len; i++)
    {
      gint64 due = aiodrive_dispatcher_get_due (g_ptr_array_index (dispatchers, i));

      g_array_append_val (dues, due);
    }
  return dues;
}

static GPtrArray *
copy_dispatchers (AiodriveVirtualClock *self)
{
  GPtrArray *dispatchers = g_ptr_array_new_with_free_func ((GDestroyNotify) aiodrive_dispatcher_unref);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->members->len; i++)
    {
      AiodriveClockMember *member = g_ptr_array_index (self->members, i);

      g_ptr_array_add (dispatchers, aiodrive_dispatcher_ref (member->dispatcher));
    }
  g_mutex_unlock (&self->lock);

  return dispatchers;
}

/* Under the lock. */
static void
jump (AiodriveVirtualClock *self,
      gint64                due)
{
  self->now = MAX (self->now, due);
  self->round++;
  for (guint i = 0; i < self->members->len; i++)
    aiodrive_clock_member_wake (g_ptr_array_index (self->members, i));
}

/* Without members it is closed: all blocked threads read their timeouts again. */
static void
fire_timers (AiodriveVirtualClock *self)
{
  AiodriveTimer *timer;

  g_mutex_lock (&self->lock);
  while ((timer = aiodrive_timer_heap_peek (&self->timers)) != NULL &&
         (timer->due <= self->now || self->members->len == 0))
    {
      AiodriveBlockedThread *thread = AIODRIVE_CONTAINER_OF (timer, AiodriveBlockedThread, timer);

      aiodrive_timer_heap_remove (&self->timers, timer);
      thread->notifying = TRUE;
      g_mutex_unlock (&self->lock);
      thread->notify (thread);
      g_mutex_lock (&self->lock);
      thread->notifying = FALSE;
    }
  g_mutex_unlock (&self->lock);
}

void
aiodrive_virtual_clock_settle (AiodriveVirtualClock *self)
{
  g_autoptr(GPtrArray) dispatchers = copy_dispatchers (self);
  g_autoptr(GArray) dues = get_dues (dispatchers);
  gint64 next = G_MAXINT64;
  AiodriveTimer *timer;

  if (wake_waiters (self))
    return;

  for (guint i = 0; i < dues->len; i++)
    next = MIN (next, g_array_index (dues, gint64, i));

  g_mutex_lock (&self->lock);
  timer = aiodrive_timer_heap_peek (&self->timers);
  if (timer != NULL)
    next = MIN (next, timer->due);
  if (aiodrive_virtual_clock_is_quiescent (self)) /* still idle: a hold() meanwhile will start a round */
    {
      if (next == G_MAXINT64 || self->members->len == 0)
        self->settled = self->round;
      else
        jump (self, next);
    }
  g_mutex_unlock (&self->lock);

  fire_timers (self);
}

/*
 * A clock and its members
 */

/* Removes a member; returns FALSE if there is none with this @context, or none at all. */
static gboolean
remove_member (AiodriveVirtualClock *self,
               GMainContext         *context)
{
  AiodriveClockMember *member = NULL;
  gboolean ours = FALSE;

  g_mutex_lock (&self->lock);
  if (context != NULL)
    member = aiodrive_virtual_clock_find (self, context);
  else if (self->members->len > 0)
    member = g_ptr_array_index (self->members, 0);
  if (member != NULL)
    {
      g_ptr_array_remove (self->members, member);
      context = g_steal_pointer (&member->context);
      ours = aiodrive_virtual_clock_begin_round (self);
    }
  g_mutex_unlock (&self->lock);

  if (member != NULL)
    aiodrive_clock_member_leave (member, context);
  if (ours)
    aiodrive_virtual_clock_settle (self);
  return member != NULL;
}

/* Called once for each begin(): the last call returns all members to the real time. */
void
aiodrive_virtual_clock_end (AiodriveVirtualClock *self)
{
  gboolean last;

  g_mutex_lock (&self->lock);
  last = --self->n_tests == 0;
  g_mutex_unlock (&self->lock);

  while (last && remove_member (self, NULL))
    ;
}

void
aiodrive_virtual_clock_hold (AiodriveVirtualClock *self)
{
  g_mutex_lock (&self->lock);
  self->n_holds++;
  g_mutex_unlock (&self->lock);
}

/* Returns FALSE if it is not held. */
gboolean
aiodrive_virtual_clock_release (AiodriveVirtualClock *self)
{
  gboolean held;
  gboolean ours = FALSE;

  g_mutex_lock (&self->lock);
  held = self->n_holds > 0;
  if (held && --self->n_holds == 0)
    ours = aiodrive_virtual_clock_begin_round (self);
  g_mutex_unlock (&self->lock);

  if (ours)
    aiodrive_virtual_clock_settle (self);
  return held;
}

static void
touch (AiodriveVirtualClock *self)
{
  g_mutex_lock (&self->lock);
  self->round++;
  g_mutex_unlock (&self->lock);
}

/* Waits until everything is idle; the clock is frozen meanwhile. */
void
aiodrive_virtual_clock_wait (AiodriveVirtualClock *self,
                             AiodriveWait         *wait)
{
  gboolean ours;

  touch (self); /* first: a thread that finds it waiting does not answer from a stale round */
  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_park (wait, &self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);

  g_mutex_lock (&self->lock);
  ours = aiodrive_virtual_clock_begin_round (self);
  g_mutex_unlock (&self->lock);

  if (ours)
    aiodrive_virtual_clock_settle (self);
}

/*
 * The time source of dispatchers and blocked threads
 */

static gint64
source_get_time (AiodriveTimeSource *source)
{
  return aiodrive_virtual_clock_get_time ((AiodriveVirtualClock *) source);
}

static void
source_timer_started (AiodriveTimeSource *source)
{
  touch ((AiodriveVirtualClock *) source);
}

static void
source_join (AiodriveTimeSource *source,
             GMainContext       *context)
{
  aiodrive_virtual_clock_join ((AiodriveVirtualClock *) source, context, NULL);
}

/* The thread no longer iterates its context. The clock cannot see its further work, so it counts as busy until
 * release(). */
static void
source_leave (AiodriveTimeSource *source,
              GMainContext       *context)
{
  aiodrive_virtual_clock_hold ((AiodriveVirtualClock *) source);
  remove_member ((AiodriveVirtualClock *) source, context);
}

static void
source_hold (AiodriveTimeSource *source)
{
  aiodrive_virtual_clock_hold ((AiodriveVirtualClock *) source);
}

static gboolean
source_release (AiodriveTimeSource *source)
{
  return aiodrive_virtual_clock_release ((AiodriveVirtualClock *) source);
}

static void
source_start_timeout (AiodriveTimeSource    *source,
                      AiodriveBlockedThread *thread,
                      gint64                 due)
{
  AiodriveVirtualClock *self = (AiodriveVirtualClock *) source;

  g_mutex_lock (&self->lock);
  aiodrive_timer_heap_add (&self->timers, &thread->timer, due);
  g_mutex_unlock (&self->lock);
}

static void
source_thread_blocks (AiodriveTimeSource    *source,
                      AiodriveBlockedThread *thread)
{
  aiodrive_virtual_clock_block ((AiodriveVirtualClock *) source, thread);
}

static void
source_thread_continues (AiodriveTimeSource    *source,
                         AiodriveBlockedThread *thread)
{
  aiodrive_virtual_clock_unblock ((AiodriveVirtualClock *) source, thread);
}

static void
source_settle (AiodriveTimeSource *source)
{
  AiodriveVirtualClock *self = (AiodriveVirtualClock *) source;
  gboolean ours;

  g_mutex_lock (&self->lock);
  ours = aiodrive_virtual_clock_begin_round (self);
  g_mutex_unlock (&self->lock);

  if (ours)
    aiodrive_virtual_clock_settle (self);
}

static void
source_stop_timeout (AiodriveTimeSource    *source,
                     AiodriveBlockedThread *thread)
{
  AiodriveVirtualClock *self = (AiodriveVirtualClock *) source;
  gboolean notifying = TRUE;

  while (notifying)
    {
      g_mutex_lock (&self->lock);
      aiodrive_timer_heap_remove (&self->timers, &thread->timer);
      notifying = thread->notifying;
      g_mutex_unlock (&self->lock);
      if (notifying)
        g_thread_yield ();
    }
}

static const AiodriveTimeSourceFuncs clock_funcs =
{
  .one_by_one = TRUE,
  .free = clock_free,
  .get_time = source_get_time,
  .timer_started = source_timer_started,
  .join = source_join,
  .leave = source_leave,
  .hold = source_hold,
  .release = source_release,
  .start_timeout = source_start_timeout,
  .thread_blocks = source_thread_blocks,
  .thread_continues = source_thread_continues,
  .settle = source_settle,
  .stop_timeout = source_stop_timeout,
};

/* Makes the time of @context virtual. If it already is, both share one clock. */
AiodriveVirtualClock *
aiodrive_virtual_clock_begin (GMainContext *context)
{
  AiodriveTimeSource *source = aiodrive_dispatcher_ref_time_source (aiodrive_dispatcher_get_for_context (context));
  AiodriveVirtualClock *self = (AiodriveVirtualClock *) source;

  if (self == NULL)
    {
      self = g_new0 (AiodriveVirtualClock, 1);
      aiodrive_time_source_init (&self->source, &clock_funcs);
      g_mutex_init (&self->lock);
      aiodrive_monitor_init (&self->monitor);
      self->members = g_ptr_array_new ();
      self->now = g_get_monotonic_time ();
      self->round = 1;
      aiodrive_virtual_clock_join (self, context, g_thread_self ());
    }

  g_mutex_lock (&self->lock);
  self->n_tests++;
  g_mutex_unlock (&self->lock);

  return self;
}
