/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

#include "aiodrive/core/wait-private.h"

/* What is explored. Each waiter has exactly one outcome, in its own thread; what is granted, and what is left, is what
 * was given; nothing remains. */

/*
 * Waiting for permits, as all primitives do
 */

#define N_CALLS 2

typedef struct
{
  guint         wants;
  GCancellable *cancellable;
  GMainContext *context;      /* where it began */
  guint         n_called;
  gboolean      granted;
} Call;

static AiodriveMonitor   monitor;
static AiodriveWaitQueue queue;
static guint             permits;   /* guarded by monitor */
static Call              calls[N_CALLS];

/* First come, first served: whoever wants more than there is holds up those behind him. */
static void
admit (AiodriveWaitQueue *unused)
{
  AiodriveWaiter *first;

  while ((first = aiodrive_wait_queue_get_first (&queue)) != NULL && ((Call *) first->granted)->wants <= permits)
    {
      permits -= ((Call *) first->granted)->wants;
      aiodrive_wait_queue_wake_one (&queue, first->granted, &monitor);
    }
}

static void
on_cancelled (AiodriveWaitQueue *unused,
              gpointer           call)
{
  admit (NULL);
}

static void
give (guint n)
{
  aiodrive_monitor_lock (&monitor);
  permits += n;
  admit (NULL);
  aiodrive_monitor_unlock (&monitor);
}

static void
return_granted (AiodriveWait *wait,
                gpointer      call)
{
  aiodrive_wait_return_pointer (wait, call, NULL);
}

static void
on_ready (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  Call *call = data;
  g_autoptr(GError) error = NULL;

  scheduler_assert (call->context == g_main_context_get_thread_default ());
  scheduler_assert (++call->n_called == 1);
  call->granted = aiodrive_wait_propagate_pointer (result, &error) == call;
  scheduler_assert (call->granted || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

static void
begin (Call *call)
{
  AiodriveWait *wait;

  call->context = g_main_context_get_thread_default ();
  wait = aiodrive_wait_new (NULL, call->cancellable, on_ready, call, begin, return_granted);
  if (wait == NULL)
    return;

  aiodrive_wait_set_request (wait, call, NULL);
  aiodrive_monitor_lock (&monitor);
  if (aiodrive_wait_queue_get_first (&queue) == NULL && permits >= call->wants)
    {
      permits -= call->wants;
      aiodrive_wait_grant (wait, call, &monitor);
    }
  else
    {
      aiodrive_wait_park (wait, &queue, &monitor);
    }
  aiodrive_monitor_unlock (&monitor);
}

static void
iterate_until_called (guint first,
                      guint n)
{
  for (guint i = first; i < first + n; i++)
    while (calls[i].n_called == 0)
      g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  scheduler_iterate_until_idle (g_main_context_get_thread_default ());
}

static void
set_up_permits (void)
{
  aiodrive_monitor_init (&monitor);
  queue = (AiodriveWaitQueue) { .on_cancelled = on_cancelled };
  permits = 0;
  for (guint i = 0; i < N_CALLS; i++)
    calls[i] = (Call) { .wants = 1, .cancellable = g_cancellable_new () };
}

static void
check_permits (guint n_given)
{
  guint n_granted = 0;

  for (guint i = 0; i < N_CALLS; i++)
    {
      scheduler_assert (calls[i].n_called == 1);
      n_granted += calls[i].granted ? calls[i].wants : 0;
      scheduler_assert (G_OBJECT (calls[i].cancellable)->ref_count == 1);
      g_clear_object (&calls[i].cancellable);
    }
  scheduler_assert (queue.first == NULL);
  scheduler_assert (n_granted + permits == n_given);
  aiodrive_monitor_clear (&monitor);
}

/* One is cancelled while both are woken; the other one is not in danger. */

static void
wait_for_both (void)
{
  begin (&calls[0]);
  begin (&calls[1]);
  iterate_until_called (0, 2);
}

static void
give_two (void)
{
  give (1);
  give (1);
}

static void
cancel_first (void)
{
  g_cancellable_cancel (calls[0].cancellable);
}

static void
check_two (void)
{
  check_permits (2);
  scheduler_assert (calls[1].granted);
}

static const Scenario wake_and_cancel =
{
  "wake-and-cancel", set_up_permits, { wait_for_both, give_two, cancel_first }, check_two,
};

/* Nobody gives anything: who is cancelled must come back, whenever it began. */

static void
cancel_both (void)
{
  g_cancellable_cancel (calls[0].cancellable);
  g_cancellable_cancel (calls[1].cancellable);
}

static void
check_none (void)
{
  check_permits (0);
}

static const Scenario cancel_while_parking =
{
  "cancel-while-parking", set_up_permits, { wait_for_both, cancel_both, NULL }, check_none,
};

/* Two contexts, one permit, and the other one is cancelled. */

static void
wait_for_first (void)
{
  begin (&calls[0]);
  iterate_until_called (0, 1);
}

static void
wait_for_second (void)
{
  begin (&calls[1]);
  iterate_until_called (1, 1);
}

static void
cancel_first_and_give_two (void)
{
  cancel_first ();
  give_two ();
}

static const Scenario two_contexts =
{
  "two-contexts", set_up_permits, { wait_for_first, wait_for_second, cancel_first_and_give_two }, check_two,
};

/* The first wants more than there is, and holds up the second; when it is cancelled the second gets what there is. */

static void
set_up_greedy (void)
{
  set_up_permits ();
  calls[0].wants = 2;
  permits = 1;
}

static void
check_greedy (void)
{
  check_permits (1);
  scheduler_assert (!calls[0].granted && calls[1].granted);
}

static const Scenario pass_on =
{
  "pass-on", set_up_greedy, { wait_for_both, cancel_first, NULL }, check_greedy,
};

/* All are woken at once. */

static void
wake_all (void)
{
  for (guint i = 0; i < 3; i++)
    {
      aiodrive_monitor_lock (&monitor);
      aiodrive_wait_queue_wake_all (&queue, &monitor);
      aiodrive_monitor_unlock (&monitor);
    }
}

static void
wake_all_and_cancel (void)
{
  wake_all ();
  cancel_both ();
}

static void
check_called (void)
{
  for (guint i = 0; i < N_CALLS; i++)
    permits += calls[i].granted ? 1 : 0;
  check_permits (permits * 2);
}

static const Scenario wake_everybody =
{
  "wake-everybody", set_up_permits, { wait_for_first, wait_for_second, wake_all_and_cancel }, check_called,
};

/*
 * Objects that go away
 */

static AiodriveLatch       *latch;
static AiodriveCancelScope *scope;
static gpointer             weak_latch;
static gpointer             weak_scope;

static void
set_up_latch (void)
{
  weak_latch = latch = aiodrive_latch_new ();
  weak_scope = scope = aiodrive_cancel_scope_new (NULL);
  g_object_add_weak_pointer (weak_latch, &weak_latch);
  g_object_add_weak_pointer (weak_scope, &weak_scope);
  calls[0] = (Call) { .wants = 0 };
  g_object_ref (latch);
  g_object_ref (scope);
  g_object_ref (scope);
}

static void
on_latch (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  calls[0].n_called++;
  aiodrive_latch_wait_set_finish (AIODRIVE_LATCH (source_object), result, NULL);
  g_object_unref (latch);
  g_object_unref (scope);
}

/* The last references go where the wait ends, be it under the very eyes of who ends it. */
static void
wait_and_drop (void)
{
  aiodrive_latch_wait_set_async (latch, G_CANCELLABLE (scope), on_latch, NULL);
  iterate_until_called (0, 1);
}

static void
set_and_drop (void)
{
  AiodriveLatch *mine = latch;

  aiodrive_latch_set (mine);
  g_object_unref (mine);
  g_object_unref (scope);
}

static void
cancel_and_drop (void)
{
  AiodriveCancelScope *mine = scope;

  g_cancellable_cancel (G_CANCELLABLE (mine));
  g_object_unref (mine);
}

static void
check_gone (void)
{
  scheduler_assert (calls[0].n_called == 1);
  scheduler_assert (weak_latch == NULL);
  scheduler_assert (weak_scope == NULL);
}

static const Scenario finalize =
{
  "finalize", set_up_latch, { wait_and_drop, set_and_drop, cancel_and_drop }, check_gone,
};

/*
 * Calls that block
 */

static AiodriveThreadSafeEvent *event;
static gboolean                 was_set;

static void
set_up_event (void)
{
  event = aiodrive_thread_safe_event_new ();
  scope = aiodrive_cancel_scope_new (NULL);
  calls[0] = (Call) { .wants = 0 };
}

static void
block (void)
{
  g_autoptr(GError) error = NULL;

  was_set = aiodrive_thread_safe_event_wait (event, G_CANCELLABLE (scope), &error);
  scheduler_assert (was_set == (error == NULL));
  calls[0].n_called++;
}

static void
set_event (void)
{
  aiodrive_thread_safe_event_set (event);
}

static void
cancel_scope (void)
{
  g_cancellable_cancel (G_CANCELLABLE (scope));
}

static void
check_block (void)
{
  scheduler_assert (calls[0].n_called == 1);
  scheduler_assert (G_OBJECT (event)->ref_count == 1);
  scheduler_assert (G_OBJECT (scope)->ref_count == 1);
  g_clear_object (&event);
  g_clear_object (&scope);
}

static const Scenario blocking =
{
  "blocking", set_up_event, { block, set_event, cancel_scope }, check_block,
};

const Scenario *scenarios[] =
{
  &wake_and_cancel, &cancel_while_parking, &two_contexts, &pass_on, &wake_everybody, &finalize, &blocking,
  &fiber_receives, &fiber_awaits, &fiber_acquires,
  &spawn_into_group, &spawn_into_pool, &spawn_into_thread_group, &spawn_into_dropped_group, &spawn_into_dropped_pool,
  &spawn_into_dropped_thread_group,
  &spawn_and_stop, &spawn_two, &spawn_again, &stop_and_drop, &drop_executor, &drop_inside, &start_and_stop,
  &cancel_and_end,
  &cancel_ending_group, &cancel_ending_pool, &cancel_pool_twice, &cancel_scope_of_group, &cancel_scope_of_pool,
  &find_ending_pool,
  &cancel_and_put, &cancel_and_put_ordered, &close_and_receive, &close_and_drop, &meet_and_cancel, &drop_and_get,
  &close_full,
  &hand_nestable_lock, &hand_smart_lock, &nest, &nest_after_stranger, &cancel_writer, &ask_weak_holder,
  &leave_while_asked, &make_room, &fulfil_twice,
  &cancel_task_at_end, &foreign_task, &race_between_threads, &shield_from_parent,
  &drop_while_cancelling, &add_while_cancelling, &shield_while_cancelling, &move_deadline, &drop_at_deadline,
  &cancel_two, &reset_while_shield_falls, &attach_below_each_other, &move_up_and_walk,
  &block_and_set_deadline, &block_and_lower_shield,
  &race_without_context, &try_all_without_context, &timeout_without_context, &shield_without_context,
  &tasks_without_context, &foreign_without_context, &run_without_context, &run_without_owner, &waits_without_context,
  &condition_without_context, &as_completed_without_context, &periodic_without_context, &map_without_context,
  &channel_without_context, &group_without_context, &pool_without_context, &open_pool_without_context,
  &executor_without_context,
  &hold_time, &wait_all_blocked, &share_time, &block_in_time, NULL,
};
