/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/clock-parts-private.h"

/* A clock that jumps to the next timer when everything waits.
 *
 * Its members are main contexts: the one that the test iterates, and those of threads that were started from there.
 * Each has two sources. The first is prepared in every iteration, the last is checked only where no other source is
 * ready. An iteration in which it is checked was quiet: there was nothing to do in the context.
 *
 * Everything waits if all were quiet and none has done anything since. A member that has done something says so at its
 * next quiet iteration, by beginning a new round; the others are woken and look again. Who confirms a round began his
 * look after it, so that he sees what was sent to him before; and he has sent nothing himself. When all have confirmed
 * the same round, nothing is on its way. (/aiodrive/testing/test-context/threads)
 *
 * The time moves in the context of the test alone, or where that one blocks: it stands while the test looks at it.
 * (.../stands-outside)
 *
 * The lock is a leaf but for those that GLib takes. */

static gint n_clocks;                /* atomic */

AiodriveClock *
aiodrive_clock_ref (AiodriveClock *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clock_free (gpointer data)
{
  AiodriveClock *self = data;

  g_atomic_int_add (&n_clocks, -1);
  g_ptr_array_unref (self->members);
  aiodrive_timer_heap_clear (&self->timers);
  aiodrive_monitor_clear (&self->monitor);
  g_mutex_clear (&self->lock);
}

void
aiodrive_clock_unref (AiodriveClock *self)
{
  g_atomic_rc_box_release_full (self, clock_free);
}

gint64
aiodrive_clock_get_time (AiodriveClock *self)
{
  gint64 now;

  g_mutex_lock (&self->lock);
  now = self->now;
  g_mutex_unlock (&self->lock);

  return now;
}

/*
 * Rounds; under the lock
 */

void
aiodrive_clock_wake (AiodriveClockMember *member)
{
  if (!member->blocked)
    g_main_context_wakeup (member->context);
}

/* Whether everything waits. */
gboolean
aiodrive_clock_is_quiescent (AiodriveClock *self)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      AiodriveClockMember *member = g_ptr_array_index (self->members, i);

      if (!member->blocked && member->confirmed != self->round)
        return FALSE;
    }
  return self->n_holds == 0;
}

/* Whether it is for @member to move the time. */
static gboolean
is_leader (AiodriveClock       *self,
           AiodriveClockMember *member)
{
  AiodriveClockMember *test = g_ptr_array_index (self->members, 0);

  return member == test || test->blocked;
}

/* Whether it has to move the time. */
gboolean
aiodrive_clock_must_move (AiodriveClock       *self,
                          AiodriveClockMember *member)
{
  return is_leader (self, member) && self->settled != self->round && aiodrive_clock_is_quiescent (self);
}

/* Whether it has to look if there is nothing to do. */
gboolean
aiodrive_clock_must_look (AiodriveClock       *self,
                          AiodriveClockMember *member)
{
  return member->confirmed != self->round || aiodrive_clock_must_move (self, member);
}

void
aiodrive_clock_wake_others (AiodriveClock       *self,
                            AiodriveClockMember *member)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      AiodriveClockMember *other = g_ptr_array_index (self->members, i);

      if (other != member && aiodrive_clock_must_look (self, other))
        aiodrive_clock_wake (other);
    }
}

/* Says that there is something new. TRUE if everything waits in a way that nobody will look: then the caller settles
 * it, without the lock. */
gboolean
aiodrive_clock_begin_round (AiodriveClock *self)
{
  self->round++;
  aiodrive_clock_wake_others (self, NULL);
  for (guint i = 0; i < self->members->len; i++)
    if (!((AiodriveClockMember *) g_ptr_array_index (self->members, i))->blocked)
      return FALSE;
  return self->n_holds == 0;
}

AiodriveClockMember *
aiodrive_clock_find (AiodriveClock *self,
                     GMainContext  *context)
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
 * A clock and its members
 */

/* The time of @context is virtual from here on. Where it is already, both go by the same clock. */
AiodriveClock *
aiodrive_clock_begin (GMainContext *context)
{
  AiodriveClock *self = aiodrive_dispatcher_dup_clock (aiodrive_dispatcher_get_for_context (context));

  if (self == NULL)
    {
      self = g_atomic_rc_box_new0 (AiodriveClock);
      g_atomic_int_inc (&n_clocks);
      g_mutex_init (&self->lock);
      aiodrive_monitor_init (&self->monitor);
      self->members = g_ptr_array_new ();
      self->now = g_get_monotonic_time ();
      self->round = 1;
      aiodrive_clock_join (self, context, g_thread_self ());
    }

  g_mutex_lock (&self->lock);
  self->n_tests++;
  g_mutex_unlock (&self->lock);

  return self;
}

/* Takes a member out; FALSE if there is none with this @context, or none at all. */
static gboolean
remove_member (AiodriveClock *self,
               GMainContext  *context)
{
  AiodriveClockMember *member = NULL;
  gboolean ours = FALSE;

  g_mutex_lock (&self->lock);
  if (context != NULL)
    member = aiodrive_clock_find (self, context);
  else if (self->members->len > 0)
    member = g_ptr_array_index (self->members, 0);
  if (member != NULL)
    {
      g_ptr_array_remove (self->members, member);
      context = g_steal_pointer (&member->context);
      ours = aiodrive_clock_begin_round (self);
    }
  g_mutex_unlock (&self->lock);

  if (member != NULL)
    aiodrive_clock_member_leave (member, context);
  if (ours)
    aiodrive_clock_settle (self);
  return member != NULL;
}

/* Once for each begin(): in the end all go by the real time again. */
void
aiodrive_clock_end (AiodriveClock *self)
{
  gboolean last;

  g_mutex_lock (&self->lock);
  last = --self->n_tests == 0;
  g_mutex_unlock (&self->lock);

  while (last && remove_member (self, NULL))
    ;
}

/* Whether any context goes by a clock, so that deadlines cannot be compared. */
gboolean
aiodrive_clock_any (void)
{
  return g_atomic_int_get (&n_clocks) > 0;
}

/* By which the thread-default context goes: a reference, or NULL. */
AiodriveClock *
aiodrive_clock_of_thread (void)
{
  if (g_atomic_int_get (&n_clocks) == 0)
    return NULL;
  return aiodrive_dispatcher_dup_clock (aiodrive_dispatcher_get_thread_default ());
}

/* Gives a reference, to be given back with aiodrive_clock_leave(); or NULL. */
AiodriveClock *
aiodrive_clock_share (GMainContext *context)
{
  AiodriveClock *self = aiodrive_clock_of_thread ();

  if (self != NULL)
    aiodrive_clock_join (self, context, NULL);
  return self;
}

/* The thread iterates its context no more. What it does from now on is not seen: it counts as busy until
 * aiodrive_clock_release(). */
void
aiodrive_clock_leave (AiodriveClock *self,
                      GMainContext  *context)
{
  aiodrive_clock_hold (self);
  remove_member (self, context);
}

void
aiodrive_clock_hold (AiodriveClock *self)
{
  g_mutex_lock (&self->lock);
  self->n_holds++;
  g_mutex_unlock (&self->lock);
}

/* FALSE if nobody holds it. */
gboolean
aiodrive_clock_release (AiodriveClock *self)
{
  gboolean held;
  gboolean ours = FALSE;

  g_mutex_lock (&self->lock);
  held = self->n_holds > 0;
  if (held && --self->n_holds == 0)
    ours = aiodrive_clock_begin_round (self);
  g_mutex_unlock (&self->lock);

  if (ours)
    aiodrive_clock_settle (self);
  return held;
}

void
aiodrive_clock_touch (AiodriveClock *self)
{
  g_mutex_lock (&self->lock);
  self->round++;
  g_mutex_unlock (&self->lock);
}

/* Waits until everything waits; the time stands meanwhile. */
void
aiodrive_clock_wait (AiodriveClock *self,
                     AiodriveWait  *wait)
{
  gboolean ours;

  aiodrive_clock_touch (self);   /* first: who finds it waiting does not take an earlier round for the answer */
  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_park (wait, &self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);

  g_mutex_lock (&self->lock);
  ours = aiodrive_clock_begin_round (self);
  g_mutex_unlock (&self->lock);

  if (ours)
    aiodrive_clock_settle (self);
}

/**
 * aiodrive_get_monotonic_time:
 *
 * Gets the time that the deadlines of the calling thread go by: g_get_monotonic_time(), or the virtual time of an
 * #AiodriveTestContext. Use it wherever a deadline is calculated, or a time is taken that a test may want to see pass.
 *
 * Returns: a time in microseconds
 *
 * Since: 1.0
 */
gint64
aiodrive_get_monotonic_time (void)
{
  g_autoptr(AiodriveClock) clock = aiodrive_clock_of_thread ();

  return clock != NULL ? aiodrive_clock_get_time (clock) : g_get_monotonic_time ();
}
