/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/aiodrive.h"
#include "tests/interleave/scheduler.h"

/* One asynchronous call: it has one outcome, where it began. */
typedef struct
{
  GThread *thread;
  gboolean called;
  GError  *error;   /* owned, nullable */
} Outcome;

void     outcome_begin      (Outcome        *self);
void     outcome_set        (Outcome        *self,
                             GError         *error);
gboolean outcome_matches    (Outcome        *self,
                             gint            code);   /* of G_IO_ERROR */
void     outcome_clear      (Outcome        *self);

/* Iterates the main context of a body. */
void     iterate_until      (const gboolean *condition);

/* For check(): an object whose last reference went somewhere is gone. */
gpointer watch_object       (gpointer        object);
void     check_objects_gone (void);

/* executors.c */
extern const Scenario  spawn_and_stop;
extern const Scenario  spawn_two;
extern const Scenario  spawn_again;
extern const Scenario  stop_and_drop;
extern const Scenario  drop_executor;
extern const Scenario  drop_inside;
extern const Scenario  start_and_stop;
extern const Scenario  cancel_and_end;

/* groups.c */
extern const Scenario  spawn_into_group;
extern const Scenario  spawn_into_pool;
extern const Scenario  spawn_into_thread_group;
extern const Scenario  spawn_into_dropped_group;
extern const Scenario  spawn_into_dropped_pool;
extern const Scenario  spawn_into_dropped_thread_group;

/* pools.c */
extern const Scenario  cancel_ending_group;
extern const Scenario  cancel_ending_pool;
extern const Scenario  cancel_pool_twice;
extern const Scenario  cancel_scope_of_group;
extern const Scenario  cancel_scope_of_pool;
extern const Scenario  find_ending_pool;

/* streams.c */
extern const Scenario  cancel_and_put;
extern const Scenario  cancel_and_put_ordered;
extern const Scenario  close_and_receive;
extern const Scenario  close_and_drop;
extern const Scenario  close_full;
extern const Scenario  drop_and_get;
extern const Scenario  meet_and_cancel;

/* locks.c */
extern const Scenario  hand_nestable_lock;
extern const Scenario  hand_smart_lock;
extern const Scenario  cancel_writer;
extern const Scenario  ask_weak_holder;
extern const Scenario  leave_while_asked;
extern const Scenario  make_room;

/* nesting.c */
extern const Scenario  nest;
extern const Scenario  nest_after_stranger;

/* fibers.c */
extern const Scenario  fiber_receives;
extern const Scenario  fiber_awaits;
extern const Scenario  fiber_acquires;

/* futures.c */
extern const Scenario  fulfil_twice;

/* tasks.c */
extern const Scenario  cancel_task_at_end;
extern const Scenario  foreign_task;
extern const Scenario  race_between_threads;
extern const Scenario  shield_from_parent;

/* scopes.c */
extern const Scenario  drop_while_cancelling;
extern const Scenario  add_while_cancelling;
extern const Scenario  shield_while_cancelling;
extern const Scenario  move_deadline;
extern const Scenario  drop_at_deadline;
extern const Scenario  cancel_two;
extern const Scenario  reset_while_shield_falls;
extern const Scenario  attach_below_each_other;
extern const Scenario  move_up_and_walk;
extern const Scenario  block_and_set_deadline;
extern const Scenario  block_and_lower_shield;

/* clocks.c */
extern const Scenario  hold_time;
extern const Scenario  wait_all_blocked;
extern const Scenario  share_time;
extern const Scenario  block_in_time;

/* no-context.c */
extern const Scenario  race_without_context;
extern const Scenario  try_all_without_context;
extern const Scenario  timeout_without_context;
extern const Scenario  shield_without_context;
extern const Scenario  tasks_without_context;
extern const Scenario  foreign_without_context;
extern const Scenario  run_without_context;
extern const Scenario  run_without_owner;
extern const Scenario  waits_without_context;
extern const Scenario  condition_without_context;
extern const Scenario  as_completed_without_context;
extern const Scenario  periodic_without_context;
extern const Scenario  map_without_context;
extern const Scenario  channel_without_context;
extern const Scenario  group_without_context;
extern const Scenario  pool_without_context;
extern const Scenario  open_pool_without_context;
extern const Scenario  executor_without_context;

extern const Scenario *scenarios[];   /* ends with NULL */
