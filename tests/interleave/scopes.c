/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

#include "aiodrive/core/cancel-scope-private.h"

/* Scopes that are dropped in one thread while what is above them is cancelled in another. Whatever is below a cancelled
 * one, and not shielded, is cancelled in the end, with the reason; and none stays. */

static AiodriveCancelScope *parent;
static AiodriveCancelScope *child;
static AiodriveCancelScope *grandchild;

static void
set_up (void)
{
  parent = watch_object (aiodrive_cancel_scope_new (NULL));
  child = watch_object (aiodrive_cancel_scope_new (G_CANCELLABLE (parent)));
  grandchild = watch_object (aiodrive_cancel_scope_new (G_CANCELLABLE (child)));
}

static void
cancel_parent (void)
{
  g_autoptr(GError) reason = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "reason");

  aiodrive_cancel_scope_cancel_with_reason (parent, reason);
}

static void
check_cancelled (AiodriveCancelScope *scope)
{
  g_autoptr(GError) reason = aiodrive_cancel_scope_dup_reason (scope);

  scheduler_assert (g_cancellable_is_cancelled (G_CANCELLABLE (scope)));
  scheduler_assert (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_BUSY));
}

static void
drop_below (void)
{
  g_object_unref (child);
  g_object_unref (grandchild);
}

static void
add_below (void)
{
  grandchild = aiodrive_cancel_scope_new (G_CANCELLABLE (child));
}

static void
check_dropped (void)
{
  g_object_unref (parent);
  check_objects_gone ();
}

const Scenario drop_while_cancelling =
{
  "drop-while-cancelling", set_up, { drop_below, cancel_parent }, check_dropped,
};

/* One comes below one that is being cancelled. */

static void
set_up_without_grandchild (void)
{
  set_up ();
  g_clear_object (&grandchild);
}

static void
check_added (void)
{
  check_cancelled (child);
  check_cancelled (grandchild);
  drop_below ();
  check_dropped ();
}

const Scenario add_while_cancelling =
{
  "add-while-cancelling", set_up_without_grandchild, { add_below, cancel_parent }, check_added,
};

/* A shield is raised and falls. */

static void
toggle_shield (void)
{
  aiodrive_cancel_scope_set_shielded (child, TRUE);
  aiodrive_cancel_scope_set_shielded (child, FALSE);
}

static void
raise_shield (void)
{
  aiodrive_cancel_scope_set_shielded (child, TRUE);
}

static void
check_shielded (void)
{
  if (!aiodrive_cancel_scope_get_shielded (child))
    {
      check_cancelled (child);
      check_cancelled (grandchild);
    }
  scheduler_assert (g_cancellable_is_cancelled (G_CANCELLABLE (child)) ==
                    g_cancellable_is_cancelled (G_CANCELLABLE (grandchild)));
  drop_below ();
  check_dropped ();
}

const Scenario shield_while_cancelling =
{
  "shield-while-cancelling", set_up, { toggle_shield, cancel_parent, raise_shield }, check_shielded,
};

/* Two cancel at once, one of them above the other, while one goes. */

static void
cancel_child (void)
{
  g_autoptr(GError) reason = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "reason");

  aiodrive_cancel_scope_cancel_with_reason (child, reason);
}

static void
drop_parent_and_child (void)
{
  g_object_unref (parent);
  g_object_unref (child);
}

static void
set_up_references (void)
{
  set_up ();
  g_object_ref (parent);
  g_object_ref (child);
}

const Scenario cancel_two =
{
  "cancel-two", set_up_references, { cancel_parent, cancel_child, drop_parent_and_child }, check_added,
};

/* A parent that is no scope is cancelled, reset and cancelled again, while a shield falls. */

static GCancellable *plain;

static void
set_up_plain (void)
{
  plain = g_cancellable_new ();
  child = watch_object (aiodrive_cancel_scope_new (plain));
  aiodrive_cancel_scope_set_shielded (child, TRUE);
}

static void
cancel_again (void)
{
  g_cancellable_cancel (plain);
  g_cancellable_reset (plain);
  g_cancellable_cancel (plain);
}

static void
lower_shield (void)
{
  aiodrive_cancel_scope_set_shielded (child, FALSE);
}

static void
check_plain (void)
{
  scheduler_assert (g_cancellable_is_cancelled (G_CANCELLABLE (child)));
  g_object_unref (child);
  g_object_unref (plain);
  check_objects_gone ();
}

const Scenario reset_while_shield_falls =
{
  "reset-while-shield-falls", set_up_plain, { cancel_again, lower_shield }, check_plain,
};

/* Two scopes are attached below each other: one is not. */

static gboolean attached[2];

static void
set_up_apart (void)
{
  parent = watch_object (aiodrive_cancel_scope_new (NULL));
  child = watch_object (aiodrive_cancel_scope_new (NULL));
}

static void
attach_child (void)
{
  attached[0] = aiodrive_cancel_scope_attach (child, G_CANCELLABLE (parent));
}

static void
attach_parent (void)
{
  attached[1] = aiodrive_cancel_scope_attach (parent, G_CANCELLABLE (child));
}

static void
check_attached (void)
{
  scheduler_assert (attached[0] != attached[1]);
  g_object_unref (child);
  g_object_unref (parent);
  check_objects_gone ();
}

const Scenario attach_below_each_other =
{
  "attach-below-each-other", set_up_apart, { attach_child, attach_parent }, check_attached,
};

/* A scope moves up while another thread walks past it, and uses what it finds there. */

static AiodriveCancelScope *place;

static void
set_up_generation (void)
{
  parent = watch_object (aiodrive_cancel_scope_new (NULL));
  child = watch_object (aiodrive_cancel_scope_new (G_CANCELLABLE (parent)));
  place = watch_object (aiodrive_cancel_scope_new_shielded (G_CANCELLABLE (child)));
  grandchild = watch_object (aiodrive_cancel_scope_new (G_CANCELLABLE (place)));
}

static void
move_up (void)
{
  g_object_unref (child);
  aiodrive_cancel_scope_move_up (place);
}

static void
walk_up (void)
{
  g_autoptr(GCancellable) found = aiodrive_cancel_scope_dup_parent (place);

  scheduler_assert (AIODRIVE_IS_CANCEL_SCOPE (found));
  scheduler_assert (aiodrive_cancellable_is_within (G_CANCELLABLE (grandchild), G_CANCELLABLE (parent)));
}

static void
check_moved (void)
{
  scheduler_assert (aiodrive_cancel_scope_get_parent (place) == G_CANCELLABLE (parent));
  g_object_unref (grandchild);
  g_object_unref (place);
  g_object_unref (parent);
  check_objects_gone ();
}

const Scenario move_up_and_walk =
{
  "move-up-and-walk", set_up_generation, { move_up, walk_up }, check_moved,
};

/*
 * Deadlines, whose timers are in the thread that has set them
 */

static void
set_up_deadline (void)
{
  set_up ();
  g_object_ref (child);
  g_object_ref (child);
  g_object_ref (child);
}

static void
set_deadline_and_drop (gint64 deadline)
{
  aiodrive_cancel_scope_set_deadline (child, deadline);
  g_object_unref (child);
  scheduler_iterate_until_idle (g_main_context_get_thread_default ());
}

static void
expire (void)
{
  set_deadline_and_drop (0);
}

static void
expire_again (void)
{
  set_deadline_and_drop (1);
}

static void
set_no_deadline (void)
{
  set_deadline_and_drop (-1);
}

/* Who was last counts, and the cancellation reaches down. */
static void
check_deadline (void)
{
  g_autoptr(GError) reason = aiodrive_cancel_scope_dup_reason (child);
  gboolean cancelled = g_cancellable_is_cancelled (G_CANCELLABLE (child));

  if (aiodrive_cancel_scope_get_deadline (child) >= 0)
    scheduler_assert (cancelled);
  scheduler_assert (cancelled == g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
  scheduler_assert (cancelled == g_cancellable_is_cancelled (G_CANCELLABLE (grandchild)));
  drop_below ();
  check_dropped ();
}

const Scenario move_deadline =
{
  "move-deadline", set_up_deadline, { expire, set_no_deadline, expire_again }, check_deadline,
};

/* The scope goes while its timer fires. */

static void
set_up_last_reference (void)
{
  set_up ();
  g_clear_object (&grandchild);
  g_object_ref (child);
}

const Scenario drop_at_deadline =
{
  "drop-at-deadline", set_up_last_reference, { expire, expire_again, cancel_parent }, check_dropped,
};

/*
 * A call that blocks, while another thread changes the deadlines above it
 */

static AiodriveThreadSafeEvent *never;
static gboolean                 came_back;

static void
set_up_block (void)
{
  set_up ();
  never = watch_object (aiodrive_thread_safe_event_new ());
  came_back = FALSE;
}

static void
set_up_behind_shield (void)
{
  set_up_block ();
  aiodrive_cancel_scope_set_shielded (child, TRUE);
  aiodrive_cancel_scope_set_deadline (parent, 1);
}

static void
block (void)
{
  g_autoptr(GError) error = NULL;

  scheduler_assert (!aiodrive_thread_safe_event_wait (never, G_CANCELLABLE (grandchild), &error));
  scheduler_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  came_back = TRUE;
}

/* Its timer is in the context of this body, which does not iterate it. */
static void
set_late_deadline (void)
{
  aiodrive_cancel_scope_set_deadline (child, G_MAXINT64);
}

static void
set_past_deadline (void)
{
  set_late_deadline ();
  aiodrive_cancel_scope_set_deadline (child, 1);
}

static void
check_came_back (void)
{
  scheduler_assert (came_back);
  g_object_unref (never);
  drop_below ();
  check_dropped ();
}

const Scenario block_and_set_deadline =
{
  "block-and-set-deadline", set_up_block, { block, set_past_deadline, NULL }, check_came_back,
};

const Scenario block_and_lower_shield =
{
  "block-and-lower-shield", set_up_behind_shield, { block, lower_shield, set_late_deadline }, check_came_back,
};
