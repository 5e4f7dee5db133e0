/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/stress.h"

/* Button, cargo, latch, event and future: what wakes everybody who waits. */

typedef struct
{
  StressShared shared;
  gint         n_set;    /* atomic, as are the next: how often a future was set */
  gint         set_to;   /* 0: an error */
  gint         seen;     /* 0: nothing yet */
} SharedFuture;

static GObject *
make_button (StressShared *shared,
             GRand        *rand)
{
  return G_OBJECT (aiodrive_button_new ());
}

static void
kick_button (StressShared *shared)
{
  aiodrive_button_press (shared->object);
}

static GObject *
make_cargo (StressShared *shared,
            GRand        *rand)
{
  return G_OBJECT (aiodrive_cargo_new ());
}

static void
kick_cargo (StressShared *shared)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, 1);
  aiodrive_cargo_send (shared->object, &value, NULL);
}

static GObject *
make_latch (StressShared *shared,
            GRand        *rand)
{
  return G_OBJECT (aiodrive_latch_new ());
}

static void
kick_latch (StressShared *shared)
{
  aiodrive_latch_set (shared->object);
  aiodrive_latch_unset (shared->object);
}

static GObject *
make_event (StressShared *shared,
            GRand        *rand)
{
  return G_OBJECT (aiodrive_thread_safe_event_new ());
}

static void
kick_event (StressShared *shared)
{
  aiodrive_thread_safe_event_set (shared->object);
}

static GObject *
make_future (StressShared *shared,
             GRand        *rand)
{
  return G_OBJECT (aiodrive_thread_safe_future_new ());
}

/* Once, by whoever is first. */
static void
note_set (StressShared *shared,
          gint          set_to,
          gboolean      was_set,
          GError      **error)
{
  SharedFuture *self = (SharedFuture *) shared;

  if (was_set)
    {
      if (g_atomic_int_add (&self->n_set, 1) != 0)
        stress_fail ("a future was set twice");
      g_atomic_int_set (&self->set_to, set_to);
    }
  else if (!g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_EXISTS))
    stress_fail ("a future was not set");
  g_clear_error (error);
}

static void
set_future_to (StressShared *shared,
               gint          number)
{
  g_auto(GValue) value = G_VALUE_INIT;
  GError *error = NULL;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, number);
  note_set (shared, number, aiodrive_thread_safe_future_set_value (shared->object, &value, &error), &error);
}

static void
kick_future (StressShared *shared)
{
  set_future_to (shared, 1);
}

static void
finish_future (StressShared *shared)
{
  SharedFuture *self = (SharedFuture *) shared;

  if (self->seen != 0 && self->seen != self->set_to)
    stress_fail ("a future was set to %d, and seen as %d", self->set_to, self->seen);
}

static gboolean
may_wait_always (const StressCall *call)
{
  return TRUE;
}

static gboolean
may_wait_set (const StressCall *call)
{
  return !aiodrive_thread_safe_event_is_set (call->shared[0]->object);
}

static gboolean
may_wait_future (const StressCall *call)
{
  return !aiodrive_thread_safe_future_is_done (call->shared[0]->object);
}

static void
on_pressed (StressCall   *call,
            GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  aiodrive_button_wait_finish (call->shared[0]->object, result, &error);
  stress_call_count (call, error);
}

static void
on_cargo (StressCall   *call,
          GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;
  g_auto(GValue) value = G_VALUE_INIT;

  aiodrive_cargo_wait_finish (call->shared[0]->object, result, &value, &error);
  if (error == NULL && g_value_get_int (&value) != 1)
    stress_fail ("a cargo brought something else");
  stress_call_count (call, error);
}

static void
on_latch_changed (StressCall   *call,
                  GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;
  gboolean state;

  aiodrive_latch_wait_finish (call->shared[0]->object, result, &state, &error);
  stress_call_count (call, error);
}

static void
on_latch_set (StressCall   *call,
              GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  aiodrive_latch_wait_set_finish (call->shared[0]->object, result, &error);
  stress_call_count (call, error);
}

static void
on_latch_unset (StressCall   *call,
                GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  aiodrive_latch_wait_unset_finish (call->shared[0]->object, result, &error);
  stress_call_count (call, error);
}

static gboolean
may_wait_latch (const StressCall *call)
{
  gboolean is_set = aiodrive_latch_get_state (call->shared[0]->object);

  return call->ended == on_latch_changed || (call->ended == on_latch_set && !is_set) ||
         (call->ended == on_latch_unset && is_set);
}

static void
on_event (StressCall   *call,
          GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  aiodrive_thread_safe_event_wait_finish (call->shared[0]->object, result, &error);
  stress_call_count (call, error);
}

/* All see the same. */
static void
check_future (StressCall   *call,
              GValue       *value,
              const GError *error)
{
  SharedFuture *self = (SharedFuture *) call->shared[0];
  gint seen = error == NULL ? g_value_get_int (value) : 0;

  if (seen != 0 && !g_atomic_int_compare_and_exchange (&self->seen, 0, seen) && g_atomic_int_get (&self->seen) != seen)
    stress_fail ("a future brought %d after it had brought %d", seen, g_atomic_int_get (&self->seen));

  call->unchecked = error != NULL;   /* the future itself may have been cancelled */
}

static void
on_future (StressCall   *call,
           GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;
  g_auto(GValue) value = G_VALUE_INIT;

  aiodrive_thread_safe_future_wait_finish (call->shared[0]->object, result, &value, &error);
  check_future (call, &value, error);
  stress_call_count (call, error);
}

StressKind stress_buttons = { "button", sizeof (StressShared), make_button, kick_button, may_wait_always };
static StressKind cargoes = { "cargo", sizeof (StressShared), make_cargo, kick_cargo, may_wait_always };
static StressKind latches = { "latch", sizeof (StressShared), make_latch, kick_latch, may_wait_latch };
StressKind stress_events = { "event", sizeof (StressShared), make_event, kick_event, may_wait_set };
static StressKind futures = { "future", sizeof (SharedFuture), make_future, kick_future, may_wait_future,
                              finish_future };

static void
wait_for_button (StressThread *thread,
                 GRand        *rand)
{
  StressCall *call = stress_call_new (thread, &stress_buttons, on_pressed);

  aiodrive_button_wait_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
}

static void
kick (StressKind *kind,
      GRand      *rand)
{
  g_autoptr(StressShared) shared = stress_pick (kind, rand);

  kind->kick (shared);
}

static void
press (StressThread *thread,
       GRand        *rand)
{
  kick (&stress_buttons, rand);
}

static void
wait_for_cargo (StressThread *thread,
                GRand        *rand)
{
  StressCall *call = stress_call_new (thread, &cargoes, on_cargo);

  aiodrive_cargo_wait_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
}

static void
send (StressThread *thread,
      GRand        *rand)
{
  kick (&cargoes, rand);
}

static void
wait_for_latch (StressThread *thread,
                GRand        *rand)
{
  StressCall *call = stress_call_new (thread, &latches, on_latch_changed);

  switch (stress_below (rand, 3))
    {
    case 0:
      aiodrive_latch_wait_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
      break;
    case 1:
      call->ended = on_latch_set;
      aiodrive_latch_wait_set_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
      break;
    default:
      call->ended = on_latch_unset;
      aiodrive_latch_wait_unset_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
      break;
    }
}

static void
toggle (StressThread *thread,
        GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&latches, rand);

  if (stress_chance (rand, 4))
    kick_latch (shared);
  else
    aiodrive_latch_set_state (shared->object, stress_chance (rand, 2));
}

static void
wait_for_event (StressThread *thread,
                GRand        *rand)
{
  StressCall *call = stress_call_new (thread, &stress_events, on_event);

  aiodrive_thread_safe_event_wait_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
}

static void
block_for_event (StressThread *thread,
                 GRand        *rand)
{
  StressCall *call = stress_call_new_blocking (thread, &stress_events);
  g_autoptr(GError) error = NULL;

  aiodrive_thread_safe_event_wait (call->shared[0]->object, call->cancellable, &error);
  stress_call_end (call, error);
}

static void
set_event (StressThread *thread,
           GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&stress_events, rand);

  if (stress_chance (rand, 3))
    aiodrive_thread_safe_event_set (shared->object);
  else
    aiodrive_thread_safe_event_clear (shared->object);
}

static void
wait_for_future (StressThread *thread,
                 GRand        *rand)
{
  StressCall *call = stress_call_new (thread, &futures, on_future);

  aiodrive_thread_safe_future_wait_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
}

static void
block_for_future (StressThread *thread,
                  GRand        *rand)
{
  StressCall *call = stress_call_new_blocking (thread, &futures);
  g_autoptr(GError) error = NULL;
  g_auto(GValue) value = G_VALUE_INIT;

  aiodrive_thread_safe_future_wait (call->shared[0]->object, call->cancellable, &value, &error);
  check_future (call, &value, error);
  stress_call_end (call, error);
}

static void
set_future (StressThread *thread,
            GRand        *rand)
{
  g_autoptr(StressShared) shared = stress_pick (&futures, rand);
  g_autoptr(GError) cause = NULL;
  GError *error = NULL;

  switch (stress_below (rand, 4))
    {
    case 0:
      cause = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "not found");
      note_set (shared, 0, aiodrive_thread_safe_future_set_error (shared->object, cause, &error), &error);
      break;
    case 1:
      note_set (shared, 0, aiodrive_thread_safe_future_cancel (shared->object, &error), &error);
      break;
    default:
      set_future_to (shared, 2 + stress_below (rand, 1000));
      break;
    }
  stress_shared_unref (stress_retire (&futures, rand));
}

static StressKind *kinds[] = { &stress_buttons, &cargoes, &latches, &stress_events, &futures, NULL };

static const StressOperation operations[] =
{
  { "button: wait", STRESS_WAITS, 16, wait_for_button },
  { "button: press", STRESS_AT_ONCE, 8, press },
  { "cargo: wait", STRESS_WAITS, 16, wait_for_cargo },
  { "cargo: send", STRESS_AT_ONCE, 8, send },
  { "latch: wait", STRESS_WAITS, 16, wait_for_latch },
  { "latch: toggle", STRESS_AT_ONCE, 8, toggle },
  { "event: wait", STRESS_WAITS, 16, wait_for_event },
  { "event: block", STRESS_BLOCKS, 2, block_for_event },
  { "event: set, clear", STRESS_AT_ONCE, 8, set_event },
  { "future: wait", STRESS_WAITS, 16, wait_for_future },
  { "future: block", STRESS_BLOCKS, 2, block_for_future },
  { "future: set", STRESS_AT_ONCE, 4, set_future },
  { NULL }
};

const StressFamily stress_signals = { kinds, operations };
