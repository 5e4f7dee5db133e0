/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/clock-parts-private.h"

/* What happens when everything waits: those are woken who have waited for that, else the time moves; see clock.c. */

static gboolean
is_quiescent (AiodriveClock *self)
{
  gboolean quiescent;

  g_mutex_lock (&self->lock);
  quiescent = aiodrive_clock_is_quiescent (self);
  g_mutex_unlock (&self->lock);

  return quiescent;
}

/* Whether there are any. One that has just come to wait may have sent something before: if so, it is not quiescent, and
 * he begins a round. */
static gboolean
wake_waiters (AiodriveClock *self)
{
  gboolean any;

  aiodrive_monitor_lock (&self->monitor);
  any = aiodrive_wait_queue_get_first (&self->waiters) != NULL;
  if (any && is_quiescent (self))
    aiodrive_wait_queue_wake_all (&self->waiters, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);

  return any;
}

/* When each of the members has something to do; the dispatchers' locks come before ours. */
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
copy_dispatchers (AiodriveClock *self)
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
jump (AiodriveClock *self,
      gint64         due)
{
  self->now = MAX (self->now, due);
  self->round++;
  for (guint i = 0; i < self->members->len; i++)
    aiodrive_clock_wake (g_ptr_array_index (self->members, i));
}

/* Without members it is over: all look again how long they wait. */
static void
fire_timers (AiodriveClock *self)
{
  AiodriveTimer *timer;

  g_mutex_lock (&self->lock);
  while ((timer = aiodrive_timer_heap_peek (&self->timers)) != NULL &&
         (timer->due <= self->now || self->members->len == 0))
    {
      AiodriveClockBlock *block = AIODRIVE_CONTAINER_OF (timer, AiodriveClockBlock, timer);

      aiodrive_timer_heap_remove (&self->timers, timer);
      block->firing = TRUE;
      g_mutex_unlock (&self->lock);
      block->notify (block);
      g_mutex_lock (&self->lock);
      block->firing = FALSE;
    }
  g_mutex_unlock (&self->lock);
}

void
aiodrive_clock_settle (AiodriveClock *self)
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
  if (aiodrive_clock_is_quiescent (self))   /* still: somebody may hold it by now, who will begin a round */
    {
      if (next == G_MAXINT64 || self->members->len == 0)
        self->settled = self->round;
      else
        jump (self, next);
    }
  g_mutex_unlock (&self->lock);

  fire_timers (self);
}
