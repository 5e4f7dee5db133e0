/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/testing/virtual-clock-parts-private.h"

/* A main context that is a member of a clock: its two sources and its thread; see virtual-clock.c. */

typedef struct
{
  GSource  source;
  gpointer member;            /* owned */
} MemberSource;

static AiodriveClockMember *
member_of (GSource *source)
{
  return ((MemberSource *) source)->member;
}

static gboolean
first_prepare (GSource *source,
               gint    *timeout)
{
  AiodriveClockMember *self = member_of (source);

  g_mutex_lock (&self->clock->lock);
  self->thread = g_thread_self ();
  self->moved |= !self->quiet;
  self->quiet = FALSE;
  self->looked = self->clock->round;
  g_mutex_unlock (&self->clock->lock);

  *timeout = -1;
  return FALSE;
}

static gboolean
first_check (GSource *source)
{
  return FALSE;
}

static gboolean
last_prepare (GSource *source,
              gint    *timeout)
{
  AiodriveClockMember *self = member_of (source);

  g_mutex_lock (&self->clock->lock);
  *timeout = self->context != NULL && aiodrive_virtual_clock_must_look (self->clock, self) ? 0 : -1;
  g_mutex_unlock (&self->clock->lock);

  return FALSE;
}

/* Handles an idle iteration; called with the lock held. Returns whether this member must advance the clock. */
static gboolean
confirm (AiodriveVirtualClock *self,
         AiodriveClockMember  *member)
{
  gboolean new = member->moved || member->confirmed != self->round;

  member->quiet = TRUE;
  if (member->looked != self->round)
    return FALSE;   /* it must check again */

  if (member->moved)
    self->round++;
  member->moved = FALSE;
  member->confirmed = self->round;
  if (new)
    aiodrive_virtual_clock_wake_others (self, member);
  return aiodrive_virtual_clock_must_move (self, member);
}

static gboolean
last_check (GSource *source)
{
  AiodriveClockMember *self = member_of (source);
  gboolean moves;

  if (!aiodrive_dispatcher_is_idle (self->dispatcher) ||
      aiodrive_dispatcher_get_due (self->dispatcher) <= aiodrive_virtual_clock_get_time (self->clock))
    return FALSE;

  g_mutex_lock (&self->clock->lock);
  moves = self->context != NULL && confirm (self->clock, self);
  g_mutex_unlock (&self->clock->lock);

  return moves;
}

static gboolean
last_dispatch (GSource     *source,
               GSourceFunc  callback,
               gpointer     data)
{
  AiodriveClockMember *self = member_of (source);
  gboolean moves;

  g_mutex_lock (&self->clock->lock);
  self->quiet = TRUE;
  moves = self->context != NULL && aiodrive_virtual_clock_must_move (self->clock, self);
  g_mutex_unlock (&self->clock->lock);

  if (moves)
    aiodrive_virtual_clock_settle (self->clock);
  return G_SOURCE_CONTINUE;
}

static void
member_free (gpointer data)
{
  AiodriveClockMember *self = data;

  aiodrive_dispatcher_unref (self->dispatcher);
  aiodrive_time_source_unref (&self->clock->source);
}

void
aiodrive_clock_member_unref (AiodriveClockMember *self)
{
  g_atomic_rc_box_release_full (self, member_free);
}

static void
source_finalize (GSource *source)
{
  aiodrive_clock_member_unref (member_of (source));
}

static GSourceFuncs first_funcs = { first_prepare, first_check, NULL, source_finalize, NULL, NULL };

static GSourceFuncs last_funcs = { last_prepare, last_check, last_dispatch, source_finalize, NULL, NULL };

static GSource *
attach_source (AiodriveClockMember *member,
               GMainContext        *context,
               GSourceFuncs        *funcs,
               gint                 priority,
               const char          *name)
{
  GSource *source = g_source_new (funcs, sizeof (MemberSource));

  ((MemberSource *) source)->member = g_atomic_rc_box_acquire (member);
  g_source_set_name (source, name);
  g_source_set_priority (source, priority);
  g_source_set_can_recurse (source, TRUE);
  g_source_attach (source, context);
  return source;
}

void
aiodrive_virtual_clock_join (AiodriveVirtualClock *self,
                             GMainContext         *context,
                             GThread              *thread)
{
  AiodriveClockMember *member = g_atomic_rc_box_new0 (AiodriveClockMember);

  member->clock = self;
  aiodrive_time_source_ref (&self->source);
  member->dispatcher = aiodrive_dispatcher_ref (aiodrive_dispatcher_get_for_context (context));
  member->context = g_main_context_ref (context);
  member->thread = thread;

  aiodrive_dispatcher_set_time_source (member->dispatcher, &self->source);
  member->sources[0] = attach_source (member, context, &first_funcs, G_MININT, "aiodrive clock, first");
  member->sources[1] = attach_source (member, context, &last_funcs, G_MAXINT, "aiodrive clock, last");

  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->members, member);
  g_mutex_unlock (&self->lock);
}

/* Called when it is no longer in the list. */
void
aiodrive_clock_member_leave (AiodriveClockMember *self,
                             GMainContext        *context)
{
  aiodrive_dispatcher_set_time_source (self->dispatcher, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (self->sources); i++)
    {
      g_source_destroy (self->sources[i]);
      g_source_unref (self->sources[i]);
    }
  g_main_context_wakeup (context);
  g_main_context_unref (context);
  aiodrive_clock_member_unref (self);
}

/*
 * Blocking threads
 */

static AiodriveClockMember *
find_own (AiodriveVirtualClock *clock)
{
  GMainContext *context = g_main_context_get_thread_default ();
  AiodriveClockMember *member;

  if (context == NULL)
    context = g_main_context_default ();
  member = aiodrive_virtual_clock_find (clock, context);

  /* the default main context also serves threads without their own */
  return member != NULL && member->thread == g_thread_self () ? member : NULL;
}

/* The calling thread is idle, and everything else may be. */
void
aiodrive_virtual_clock_block (AiodriveVirtualClock  *self,
                              AiodriveBlockedThread *thread)
{
  AiodriveClockMember *member;

  g_mutex_lock (&self->lock);
  member = find_own (self);
  if (member != NULL)
    {
      thread->member = g_atomic_rc_box_acquire (member);
      member->blocked = TRUE;
    }
  self->round++;
  g_mutex_unlock (&self->lock);
}

void
aiodrive_virtual_clock_unblock (AiodriveVirtualClock  *self,
                                AiodriveBlockedThread *thread)
{
  AiodriveClockMember *member;

  g_mutex_lock (&self->lock);
  member = g_steal_pointer (&thread->member);
  if (member != NULL)
    {
      member->blocked = FALSE;
      member->moved = TRUE;
      member->confirmed = 0;
      self->round++;
    }
  g_mutex_unlock (&self->lock);

  g_clear_pointer (&member, aiodrive_clock_member_unref);
}
