/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/stress.h"

/* Waits for what the other families have, and sleeps, as tasks that are combined. A loser gives back what
 * it was granted. */

typedef struct
{
  GTask *children[STRESS_MAX_CHILDREN];   /* owned; what was started */
  GTask *combined[STRESS_MAX_CHILDREN];   /* owned; the same, or what stands for it */
  guint  n_children;
} Combination;

static Combination *
combination_of (StressCall *call)
{
  return call->data;
}

static void
combination_free (Combination *self)
{
  for (guint i = 0; i < self->n_children; i++)
    {
      g_object_unref (self->children[i]);
      g_object_unref (self->combined[i]);
    }
  g_free (self);
}

static gboolean
has_lock (StressCall *call)
{
  for (guint i = 0; i < STRESS_MAX_CHILDREN; i++)
    if (call->shared[i] != NULL && call->shared[i]->kind == &stress_smart_locks)
      return TRUE;
  return FALSE;
}

/* Waits for an object of one of the kinds, or for nothing but the clock. Not for two locks: the first would be held
 * until it had the second. */
static GTask *
start_child (StressCall   *call,
             guint         i,
             GCancellable *parent)
{
  static StressKind * const kinds[] = { &stress_buttons, &stress_events, &stress_smart_locks, &stress_channels };
  GRand *rand = call->thread->rand;
  guint kind = stress_below (rand, G_N_ELEMENTS (kinds) + 1);
  gpointer object;

  if (kind == G_N_ELEMENTS (kinds) || (kinds[kind] == &stress_smart_locks && has_lock (call)))
    return AIODRIVE_START (parent, aiodrive_sleep_async, stress_below (rand, 3));

  call->shared[i] = stress_pick (kinds[kind], rand);
  object = call->shared[i]->object;
  if (kinds[kind] == &stress_buttons)
    return AIODRIVE_START (parent, aiodrive_button_wait_async, object);
  if (kinds[kind] == &stress_events)
    return AIODRIVE_START (parent, aiodrive_thread_safe_event_wait_async, object);
  if (kinds[kind] == &stress_smart_locks)
    return AIODRIVE_START (parent, aiodrive_smart_lock_acquire_async, object, AIODRIVE_LOCK_MODE_EXCLUSIVE,
                           stress_below (rand, 3));
  return AIODRIVE_START (parent, aiodrive_channel_receive_async, object);
}

/* What it brought is taken, or dropped. */
static void
unwrap (StressCall *call,
        GTask      *task)
{
  Combination *self = combination_of (call);
  g_autoptr(GError) error = NULL;
  g_autoptr(GAsyncResult) result = NULL;
  GTask *leaf = aiodrive_task_get_leaf (task, NULL);
  guint i = 0;

  while (i < self->n_children && self->children[i] != leaf)
    i++;
  if (leaf == NULL || stress_chance (call->thread->rand, 3))
    return;

  result = aiodrive_task_propagate_result (task, &error);
  if (result == NULL || i == self->n_children)
    stress_fail ("a task that succeeded has no result: %s", error->message);
  if (call->shared[i] != NULL && call->shared[i]->kind == &stress_smart_locks)
    stress_take_guard (call->thread, call->shared[i], result);
  else if (call->shared[i] != NULL && call->shared[i]->kind == &stress_channels)
    stress_take_item (call->shared[i], result);
}

/* Nothing that it has combined goes on; and now all of it is taken or dropped. */
static void
on_ended (StressCall   *call,
          GAsyncResult *result)
{
  Combination *self = combination_of (call);
  g_autoptr(GError) error = aiodrive_task_dup_error (G_TASK (result));

  for (guint i = 0; i < self->n_children; i++)
    {
      g_autoptr(GError) outcome = NULL;

      aiodrive_task_get_leaf (self->combined[i], &outcome);
      if (g_error_matches (outcome, G_IO_ERROR, G_IO_ERROR_PENDING))
        stress_fail ("a child goes on");
      unwrap (call, self->combined[i]);
    }
  stress_call_count (call, error);
  combination_free (self);
}

/* A wait can be given up. */
static void
on_waited (StressCall   *call,
           GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GTask) task = aiodrive_wait_task_finish (result, &error);

  if (task != NULL)
    unwrap (call, task);
  stress_call_count (call, error);
  combination_free (combination_of (call));
}

/* One task that stands for another one, now and then. */
static GTask *
wrap (StressCall *call,
      GTask      *task)
{
  GTask *wrapper;

  switch (stress_below (call->thread->rand, 6))
    {
    case 0:
      wrapper = aiodrive_timeout (task, stress_below (call->thread->rand, 3), call->cancellable);
      break;
    case 1:
      wrapper = aiodrive_shield (task, call->cancellable);
      break;
    case 2:
      wrapper = aiodrive_race (&task, 1, call->cancellable);
      break;
    default:
      return g_object_ref (task);
    }
  stress_track (wrapper, STRESS_TASK);
  return wrapper;
}

/* A scope of its own: nobody else gets stuck when it is helped. */
static GCancellable *
new_scope (GRand *rand)
{
  g_autoptr(GCancellable) parent = stress_pick_cancellable (rand);
  AiodriveCancelScope *scope;

  scope = stress_chance (rand, 4) ? aiodrive_cancel_scope_new_with_timeout (parent, stress_below (rand, 3))
                                  : aiodrive_cancel_scope_new (parent);
  stress_track (scope, STRESS_CANCELLABLE);
  return G_CANCELLABLE (scope);
}

/* It is not helped before all its children are there. */
static StressCall *
begin (StressThread *thread,
       guint         n_children,
       gboolean      wraps)
{
  g_autoptr(GCancellable) scope = new_scope (thread->rand);
  Combination *self = g_new0 (Combination, 1);
  StressCall *call = stress_call_prepare (thread, scope, on_ended, self);

  self->n_children = n_children;
  for (guint i = 0; i < n_children; i++)
    {
      self->children[i] = start_child (call, i, scope);
      self->combined[i] = wraps ? wrap (call, self->children[i]) : g_object_ref (self->children[i]);
      stress_track (self->children[i], STRESS_TASK);
      stress_track (g_task_get_cancellable (self->children[i]), STRESS_CANCELLABLE);
    }
  stress_call_publish (call);
  return call;
}

static void
combine (StressThread *thread,
         GRand        *rand)
{
  static void (* const combinators[]) (GTask **, gsize, GCancellable *, GAsyncReadyCallback, gpointer) =
    { aiodrive_race_async, aiodrive_first_success_async, aiodrive_try_all_async, aiodrive_wait_all_async };
  StressCall *call = begin (thread, 1 + stress_below (rand, STRESS_MAX_CHILDREN), TRUE);
  Combination *self = combination_of (call);

  combinators[stress_below (rand, G_N_ELEMENTS (combinators))] (self->combined, self->n_children, call->cancellable,
                                                                stress_on_ready, call);
}

static void
stand_for_one (StressThread *thread,
               GRand        *rand)
{
  StressCall *call = begin (thread, 1, FALSE);
  GTask *child = combination_of (call)->children[0];

  switch (stress_below (rand, 4))
    {
    case 0:
      aiodrive_timeout_async (child, stress_below (rand, 3), call->cancellable, stress_on_ready, call);
      break;
    case 1:
      aiodrive_shield_async (child, call->cancellable, stress_on_ready, call);
      break;
    case 2:
      aiodrive_cancel_task_async (child, call->cancellable, stress_on_ready, call);
      break;
    default:
      call->ended = on_waited;
      aiodrive_wait_task_async (child, call->cancellable, stress_on_ready, call);
      break;
    }
}

static void
on_slept (StressCall   *call,
          GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  aiodrive_sleep_finish (result, &error);
  stress_call_count (call, error);
}

static void
doze (StressThread *thread,
      GRand        *rand)
{
  g_autoptr(GCancellable) scope = new_scope (rand);
  StressCall *call = stress_call_new_with (thread, NULL, scope, on_slept, NULL);

  aiodrive_sleep_async (stress_below (rand, 3), scope, stress_on_ready, call);
}

static StressKind *kinds[] = { NULL };

static const StressOperation operations[] =
{
  { "tasks: combine", STRESS_WAITS, 8, combine },
  { "tasks: stand for one", STRESS_WAITS, 8, stand_for_one },
  { "sleep", STRESS_WAITS, 8, doze },
  { NULL }
};

const StressFamily stress_tasks = { kinds, operations };
