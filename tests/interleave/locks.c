/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/locks.h"

/* Locks whose guards are handed from thread to thread, while who waits is cancelled. No two are inside who may not be;
 * who is not cancelled gets in; nothing is left of the lock. */

gpointer                 lock;
GCancellable            *cancellable;
AiodriveThreadSafeEvent *handed;
AiodriveLockGuard       *guard;
gint                     n_inside;
gint                     n_may;
Acquired                 first;
Acquired                 second;
static const Kind       *kind;

void
set_up (const Kind *new_kind)
{
  kind = new_kind;
  lock = watch_object (kind->make ());
  cancellable = G_CANCELLABLE (aiodrive_cancel_scope_new (NULL));
  handed = aiodrive_thread_safe_event_new ();
  n_inside = 0;
  n_may = 1;
  first = second = (Acquired) { .guard = NULL };
}

void
enter (void)
{
  scheduler_assert (++n_inside <= n_may);
  scheduler_yield ();
}

/* Takes a guard. */
void
leave (AiodriveLockGuard *entered)
{
  n_inside--;
  aiodrive_lock_guard_unref (entered);
}

static void
on_acquired (GObject      *source_object,
             GAsyncResult *result,
             gpointer      data)
{
  Acquired *self = data;
  GError *error = NULL;

  self->guard = kind->finish (source_object, result, &error);
  scheduler_assert ((self->guard != NULL) == (error == NULL));
  scheduler_assert (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  if (self->guard != NULL)
    enter ();
  outcome_set (&self->outcome, error);
}

void
acquire (Acquired     *self,
         GCancellable *its_cancellable)
{
  outcome_begin (&self->outcome);
  kind->acquire (lock, its_cancellable, on_acquired, self);
  iterate_until (&self->outcome.called);
}

void
acquire_and_leave (Acquired     *self,
                   GCancellable *its_cancellable)
{
  acquire (self, its_cancellable);
  if (self->guard != NULL)
    leave (g_steal_pointer (&self->guard));
}

static void
hand_over (Acquired *self)
{
  guard = g_steal_pointer (&self->guard);
  aiodrive_thread_safe_event_set (handed);
}

void
check (void)
{
  outcome_clear (&first.outcome);
  outcome_clear (&second.outcome);
  scheduler_assert (n_inside == 0);
  g_object_unref (lock);
  g_assert_finalize_object (cancellable);
  g_assert_finalize_object (handed);
  check_objects_gone ();
}

/*
 * A guard is dropped by another thread
 */

static void
acquire_twice (void)
{
  acquire (&first, NULL);
  hand_over (&first);
  outcome_clear (&first.outcome);
  acquire_and_leave (&first, NULL);
}

static void
acquire_second (void)
{
  acquire_and_leave (&second, cancellable);
}

static void
cancel_and_leave (void)
{
  g_cancellable_cancel (cancellable);
  aiodrive_thread_safe_event_wait (handed, NULL, NULL);
  leave (guard);
}

const Kind nestable =
{
  (gpointer (*) (void)) aiodrive_nestable_lock_new,
  (gpointer) aiodrive_nestable_lock_acquire_async,
  (gpointer) aiodrive_nestable_lock_acquire_finish,
};

static void
acquire_exclusive_async (gpointer            smart_lock,
                         GCancellable       *its_cancellable,
                         GAsyncReadyCallback callback,
                         gpointer            data)
{
  aiodrive_smart_lock_acquire_async (smart_lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, its_cancellable,
                                     callback, data);
}

static const Kind exclusive =
{
  (gpointer (*) (void)) aiodrive_smart_lock_new,
  acquire_exclusive_async,
  (gpointer) aiodrive_smart_lock_acquire_finish,
};

static void
set_up_nestable (void)
{
  set_up (&nestable);
}

static void
set_up_exclusive (void)
{
  set_up (&exclusive);
}

const Scenario hand_nestable_lock =
{
  "hand-nestable-lock", set_up_nestable, { acquire_twice, acquire_second, cancel_and_leave }, check,
};

const Scenario hand_smart_lock =
{
  "hand-smart-lock", set_up_exclusive, { acquire_twice, acquire_second, cancel_and_leave }, check,
};

/* Who is cancelled does not hold up those behind him: the holder does not leave. */

static void
set_up_shared (void)
{
  set_up (&exclusive);
  n_may = 2;
  guard = aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_SHARED, NULL);
  n_inside = 1;
}

static void
share (void)
{
  AiodriveLockGuard *entered = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_SHARED, G_PRIORITY_DEFAULT, NULL,
                                                            NULL);

  enter ();
  leave (entered);
  outcome_begin (&first.outcome);
  outcome_set (&first.outcome, NULL);
}

static void
acquire_in_vain (void)
{
  acquire (&second, cancellable);
  scheduler_assert (second.guard == NULL);
}

static void
cancel_second (void)
{
  g_cancellable_cancel (cancellable);
}

static void
check_shared (void)
{
  leave (guard);
  check ();
}

const Scenario cancel_writer =
{
  "cancel-writer", set_up_shared, { share, acquire_in_vain, cancel_second }, check_shared,
};

/*
 * One has the lock until somebody asks for it; the asking and the leaving meet
 */

static AiodriveLatch *never;

static void
set_up_weak (void)
{
  set_up (&exclusive);
  never = aiodrive_latch_new ();
  guard = aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE, NULL);
  n_inside = 1;
}

static void
on_asked (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  GError *error = NULL;

  aiodrive_latch_wait_set_finish (never, result, &error);
  outcome_set (&first.outcome, error);
}

static void
leave_when_asked (void)
{
  AiodriveCancelScope *scope = watch_object (aiodrive_lock_guard_get_scope (guard));
  g_autoptr(GError) reason = NULL;

  outcome_begin (&first.outcome);
  aiodrive_latch_wait_set_async (never, G_CANCELLABLE (scope), on_asked, NULL);
  iterate_until (&first.outcome.called);
  scheduler_assert (outcome_matches (&first.outcome, G_IO_ERROR_CANCELLED));
  reason = aiodrive_cancel_scope_dup_reason (scope);
  scheduler_assert (g_error_matches (reason, AIODRIVE_ERROR, AIODRIVE_ERROR_PREEMPTED));
  leave (guard);
}

static void
ask (void)
{
  GError *error = NULL;

  outcome_begin (&second.outcome);
  second.guard = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, cancellable,
                                              &error);
  outcome_set (&second.outcome, error);
  scheduler_assert (error == NULL || outcome_matches (&second.outcome, G_IO_ERROR_CANCELLED));
  if (second.guard == NULL)
    return;
  enter ();
  leave (g_steal_pointer (&second.guard));
}

static void
cancel_and_ask (void)
{
  AiodriveLockGuard *entered;

  g_cancellable_cancel (cancellable);
  entered = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_SHARED, G_PRIORITY_DEFAULT, NULL, NULL);
  enter ();
  leave (entered);
}

static void
check_weak (void)
{
  g_assert_finalize_object (never);
  check ();
}

const Scenario ask_weak_holder =
{
  "ask-weak-holder", set_up_weak, { leave_when_asked, ask, cancel_and_ask }, check_weak,
};

/* The same, but the holder goes at once: he may find that he was asked, or not. */

static void
leave_at_once (void)
{
  outcome_begin (&first.outcome);
  scheduler_yield ();
  watch_object (aiodrive_lock_guard_get_scope (guard));
  leave (guard);
  outcome_set (&first.outcome, NULL);
}

const Scenario leave_while_asked =
{
  "leave-while-asked", set_up_weak, { leave_at_once, ask, cancel_and_ask }, check_weak,
};

/*
 * Room for nobody, then for one
 */

static gpointer
make_full (void)
{
  return aiodrive_limiter_new (0);
}

static const Kind limiter =
{
  make_full,
  (gpointer) aiodrive_limiter_acquire_async,
  (gpointer) aiodrive_limiter_acquire_finish,
};

static void
set_up_limiter (void)
{
  set_up (&limiter);
}

static void
acquire_first (void)
{
  acquire_and_leave (&first, NULL);
  scheduler_assert (first.outcome.error == NULL);
}

static void
block_second (void)
{
  GError *error = NULL;

  outcome_begin (&second.outcome);
  second.guard = aiodrive_limiter_acquire (lock, cancellable, &error);
  outcome_set (&second.outcome, error);
  if (second.guard == NULL)
    return;
  enter ();
  leave (g_steal_pointer (&second.guard));
}

static void
make_room_and_cancel (void)
{
  aiodrive_limiter_set_capacity (lock, 1);
  g_cancellable_cancel (cancellable);
}

const Scenario make_room =
{
  "make-room", set_up_limiter, { acquire_first, block_second, make_room_and_cancel }, check,
};
