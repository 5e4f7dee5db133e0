/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/token.h"

/* Fibers that wait for an event, an item and a lock, one after the other, with the function that suspends them and with
 * AIODRIVE_AWAIT(). Each goes on where it was suspended, in its thread and in its main context. */

#define N_STEPS 4

typedef struct
{
  StressThread *thread;
  guint         operation;
} Visit;

static gint n_started;   /* atomic, as is the next: fibers */
static gint n_ended;

static void
check_home (Visit *self)
{
  if (g_thread_self () != self->thread->thread || g_main_context_get_thread_default () != self->thread->context ||
      aiodrive_fiber_get_scope () == NULL)
    stress_fail ("a fiber goes on elsewhere");
}

/* Takes @error. */
static void
end_step (Visit      *self,
          StressCall *call,
          GError     *error)
{
  check_home (self);
  stress_call_end (call, error);
  g_clear_error (&error);
}

static gboolean
step (Visit        *self,
      StressKind   *kind,
      GCancellable *scope)
{
  g_autoptr(StressShared) shared = stress_pick (kind, self->thread->rand);
  gboolean awaits = stress_chance (self->thread->rand, 2);
  g_auto(GValue) value = G_VALUE_INIT;
  AiodriveLockGuard *guard = NULL;
  GError *error = NULL;
  gboolean failed;
  StressCall *call;

  self->thread->operation = self->operation;
  call = stress_call_new_with (self->thread, shared, scope, NULL, self);
  if (kind == &stress_events && awaits)
    aiodrive_thread_safe_event_wait_finish (
      shared->object, AIODRIVE_AWAIT (aiodrive_thread_safe_event_wait_async, shared->object), &error);
  else if (kind == &stress_events)
    aiodrive_thread_safe_event_wait (shared->object, scope, &error);
  else if (kind == &stress_channels && awaits)
    aiodrive_channel_receive_finish (
      shared->object, AIODRIVE_AWAIT (aiodrive_channel_receive_async, shared->object), &value, &error);
  else if (kind == &stress_channels)
    aiodrive_channel_receive (shared->object, scope, &value, &error);
  else if (awaits)
    guard = aiodrive_smart_lock_acquire_finish (
      shared->object,
      AIODRIVE_AWAIT (aiodrive_smart_lock_acquire_async, shared->object, AIODRIVE_LOCK_MODE_EXCLUSIVE, 0), &error);
  else
    guard = aiodrive_smart_lock_acquire (shared->object, AIODRIVE_LOCK_MODE_EXCLUSIVE, 0, scope, &error);

  failed = error != NULL;
  end_step (self, call, error);
  if (guard != NULL)
    stress_use_guard (self->thread, shared, guard);
  if (kind == &stress_channels && !failed)
    token_got (&value);
  return !failed;
}

static gboolean
visit (GCancellable  *scope,
       gpointer       data,
       GValue        *result,
       GError       **error)
{
  StressKind *kinds[] = { &stress_events, &stress_channels, &stress_smart_locks };
  Visit *self = data;

  for (guint i = 0; i < N_STEPS && !g_cancellable_is_cancelled (scope); i++)
    step (self, kinds[stress_below (self->thread->rand, G_N_ELEMENTS (kinds))], scope);
  g_atomic_int_inc (&n_ended);
  return TRUE;
}

static void
start_fiber (StressThread *thread,
             GRand        *rand)
{
  g_autoptr(GCancellable) parent = stress_pick_cancellable (rand);
  Visit *self = g_new (Visit, 1);
  g_autoptr(GTask) task = NULL;

  *self = (Visit) { thread, thread->operation };
  task = aiodrive_spawn_fiber (parent, visit, self, g_free);
  stress_track (task, STRESS_TASK);
  stress_track (g_task_get_cancellable (task), STRESS_CANCELLABLE);
  g_atomic_int_inc (&n_started);
}

static void
report (void)
{
  if (n_started != n_ended)
    stress_fail ("%d fibers were started, %d ended", n_started, n_ended);
  g_print ("# %d fibers\n", n_ended);
}

static StressKind *kinds[] = { NULL };

static const StressOperation operations[] =
{
  { "fiber", STRESS_WAITS, 4, start_fiber },
  { NULL }
};

const StressFamily stress_fibers = { kinds, operations, NULL, report };
