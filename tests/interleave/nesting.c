/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/locks.h"

/* A task has a nestable lock, and a descendant in another thread enters too, or is cancelled with it; a stranger waits.
 * See locks.c for the rest. */

static GCancellable *above;   /* of the task */

static void
set_up_nesting (void)
{
  set_up (&nestable);
  n_may = 2;
}

static void
leave_and_wait (void)
{
  g_autoptr(GTask) task = aiodrive_task_new (NULL);

  above = g_object_ref (g_task_get_cancellable (task));
  watch_object (task);
  acquire (&first, above);
  aiodrive_thread_safe_event_set (handed);
  leave (g_steal_pointer (&first.guard));
  outcome_clear (&first.outcome);

  acquire (&first, NULL);
  scheduler_assert (n_inside == 1);
  leave (g_steal_pointer (&first.guard));
  g_task_return_boolean (task, TRUE);
}

static void
enter_below (void)
{
  g_autoptr(AiodriveCancelScope) below = NULL;

  aiodrive_thread_safe_event_wait (handed, NULL, NULL);
  below = aiodrive_cancel_scope_new (above);
  watch_object (below);
  acquire_and_leave (&second, G_CANCELLABLE (below));
}

static void
cancel_above (void)
{
  aiodrive_thread_safe_event_wait (handed, NULL, NULL);
  g_cancellable_cancel (above);
}

static void
check_nesting (void)
{
  g_assert_finalize_object (above);
  check ();
}

const Scenario nest =
{
  "nest", set_up_nesting, { leave_and_wait, enter_below, cancel_above }, check_nesting,
};

/* Both wait behind a stranger. Whoever of the two comes first, the other one comes to him. */

static AiodriveThreadSafeEvent *both[2];

static void
set_up_waiting (void)
{
  set_up_nesting ();
  above = NULL;
  for (guint i = 0; i < 2; i++)
    both[i] = aiodrive_thread_safe_event_new ();
}

static void
acquire_and_meet (Acquired     *self,
                  GCancellable *its_cancellable,
                  guint         me)
{
  acquire (self, its_cancellable);
  aiodrive_thread_safe_event_set (both[me]);
  aiodrive_thread_safe_event_wait (both[1 - me], NULL, NULL);
  leave (g_steal_pointer (&self->guard));
}

static void
wait_above (void)
{
  g_autoptr(GTask) task = aiodrive_task_new (NULL);

  above = g_object_ref (g_task_get_cancellable (task));
  acquire (&first, NULL);
  guard = g_steal_pointer (&first.guard);
  outcome_clear (&first.outcome);
  aiodrive_thread_safe_event_set (handed);
  acquire_and_meet (&first, above, 0);
  g_task_return_boolean (task, TRUE);
}

static void
wait_below (void)
{
  g_autoptr(AiodriveCancelScope) below = NULL;

  aiodrive_thread_safe_event_wait (handed, NULL, NULL);
  below = aiodrive_cancel_scope_new (above);
  acquire_and_meet (&second, G_CANCELLABLE (below), 1);
}

static void
leave_to_both (void)
{
  aiodrive_thread_safe_event_wait (handed, NULL, NULL);
  leave (guard);
}

static void
check_waiting (void)
{
  for (guint i = 0; i < 2; i++)
    g_assert_finalize_object (both[i]);
  check_nesting ();
}

const Scenario nest_after_stranger =
{
  "nest-after-stranger", set_up_waiting, { wait_above, wait_below, leave_to_both }, check_waiting,
};
