/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/clock-parts-private.h"

/* Threads that block. One that iterates a member counts as waiting from begin() to wake(), which who wakes it calls: so
 * that there is no moment in which it was woken and still counts as waiting. */

static AiodriveClockMember *
find_own (AiodriveClock *clock)
{
  GMainContext *context = g_main_context_get_thread_default ();
  AiodriveClockMember *member = aiodrive_clock_find (clock, context != NULL ? context : g_main_context_default ());

  /* the default main context is that of threads without one, too */
  return member != NULL && member->thread == g_thread_self () ? member : NULL;
}

/* Under the lock of what it waits for. @clock (transfer full) is nullable. */
void
aiodrive_clock_block_begin (AiodriveClockBlock *self,
                            AiodriveClock      *clock,
                            gint64              due)
{
  self->clock = clock;
  self->own = aiodrive_clock_of_thread ();

  if (clock != NULL)
    {
      g_mutex_lock (&clock->lock);
      aiodrive_timer_heap_add (&clock->timers, &self->timer, due);
      g_mutex_unlock (&clock->lock);
    }
  if (self->own != NULL)
    {
      g_mutex_lock (&self->own->lock);
      self->member = find_own (self->own);
      if (self->member != NULL)
        ((AiodriveClockMember *) g_atomic_rc_box_acquire (self->member))->blocked = TRUE;
      self->own->round++;
      g_mutex_unlock (&self->own->lock);
    }
}

static void
settle (AiodriveClock *clock)
{
  gboolean ours;

  if (clock == NULL)
    return;

  g_mutex_lock (&clock->lock);
  ours = aiodrive_clock_begin_round (clock);
  g_mutex_unlock (&clock->lock);

  if (ours)
    aiodrive_clock_settle (clock);
}

/* After begin(), with nothing locked: it may be that all wait now. */
void
aiodrive_clock_block_settle (AiodriveClockBlock *self)
{
  settle (self->own);
  if (self->clock != self->own)
    settle (self->clock);
}

/* It goes on; called by anybody, under the same lock as begin(). */
void
aiodrive_clock_block_wake (AiodriveClockBlock *self)
{
  AiodriveClockMember *member;

  if (self->own == NULL)
    return;

  g_mutex_lock (&self->own->lock);
  member = g_steal_pointer (&self->member);
  if (member != NULL)
    {
      member->blocked = FALSE;
      member->moved = TRUE;
      member->confirmed = 0;
      self->own->round++;
    }
  g_mutex_unlock (&self->own->lock);

  g_clear_pointer (&member, aiodrive_clock_member_unref);
}

/* It does not block any more; under the same lock. FALSE: it has to be ended. */
gboolean
aiodrive_clock_block_leave (AiodriveClockBlock *self)
{
  aiodrive_clock_block_wake (self);
  g_clear_pointer (&self->own, aiodrive_clock_unref);
  return self->clock == NULL;
}

/* After leave(), with nothing locked: waits until notify() is done, if it has begun. */
void
aiodrive_clock_block_end (AiodriveClockBlock *self)
{
  gboolean firing = TRUE;

  while (firing)
    {
      g_mutex_lock (&self->clock->lock);
      aiodrive_timer_heap_remove (&self->clock->timers, &self->timer);
      firing = self->firing;
      g_mutex_unlock (&self->clock->lock);
      if (firing)
        g_thread_yield ();
    }
  g_clear_pointer (&self->clock, aiodrive_clock_unref);
}
