/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope-private.h"
#include "tests/sync/lock.h"

/* What a nestable lock has in common with others is tested in lock-guard.c. */

#define N_TASKS 6

/* A family: 0 is the parent of 1 and 2, 1 is that of 3, with a plain scope in between; 4 and 5 are strangers. */
typedef struct
{
  AiodriveNestableLock *lock;
  GTask                *tasks[N_TASKS];
  AiodriveCancelScope  *between;
  TestCall              calls[N_TASKS];
} Fixture;

static GCancellable *
scope_of (Fixture *f,
          guint    i)
{
  return g_task_get_cancellable (f->tasks[i]);
}

static void
set_up (Fixture       *f,
        gconstpointer  unused)
{
  f->lock = aiodrive_nestable_lock_new ();
  f->tasks[0] = aiodrive_task_new (NULL);
  f->tasks[1] = aiodrive_task_new (scope_of (f, 0));
  f->tasks[2] = aiodrive_task_new (scope_of (f, 0));
  f->between = aiodrive_cancel_scope_new (scope_of (f, 1));
  f->tasks[3] = aiodrive_task_new (G_CANCELLABLE (f->between));
  f->tasks[4] = aiodrive_task_new (NULL);
  f->tasks[5] = aiodrive_task_new (NULL);
}

static AiodriveLockGuard *
take_call (TestCall *call)
{
  g_autoptr(GError) error = NULL;
  GAsyncResult *result = test_call_wait (call);
  AiodriveNestableLock *lock = AIODRIVE_NESTABLE_LOCK (call->source_object);
  AiodriveLockGuard *guard = aiodrive_nestable_lock_acquire_finish (lock, result, &error);

  g_assert_no_error (error);
  g_assert_nonnull (guard);
  test_call_clear (call);
  return guard;
}

static void
ask (Fixture *f,
     guint    i)
{
  aiodrive_nestable_lock_acquire_async (f->lock, scope_of (f, i), test_on_ready, &f->calls[i]);
}

static AiodriveLockGuard *
take (Fixture *f,
      guint    i)
{
  return take_call (&f->calls[i]);
}

static AiodriveLockGuard *
hold (Fixture *f,
      guint    i)
{
  ask (f, i);
  return take (f, i);
}

static void
assert_waits (Fixture *f,
              guint    i)
{
  test_settle ();
  g_assert_cmpuint (f->calls[i].n_calls, ==, 0);
}

static void
drop (AiodriveLockGuard **guard)
{
  g_clear_pointer (guard, aiodrive_lock_guard_unref);
}

/* It is open at the end, and nothing is left. */
static void
tear_down (Fixture       *f,
           gconstpointer  unused)
{
  for (guint i = 0; i < N_TASKS; i++)
    {
      AiodriveLockGuard *guard = hold (f, i);

      drop (&guard);
    }
  g_assert_finalize_object (f->lock);
  for (guint i = 0; i < N_TASKS; i++)
    g_task_return_boolean (f->tasks[i], TRUE);
  for (guint i = N_TASKS; i-- > 0; )
    {
      if (i == 2)
        g_assert_finalize_object (f->between);
      test_finalize_task (f->tasks[i]);
    }
}

static void
test_same_task (Fixture       *f,
                gconstpointer  unused)
{
  g_autoptr(AiodriveCancelScope) below = aiodrive_cancel_scope_new (scope_of (f, 0));
  AiodriveLockGuard *guards[3];
  TestCall call = TEST_CALL_INIT;

  guards[0] = hold (f, 0);
  guards[1] = hold (f, 0);
  aiodrive_nestable_lock_acquire_async (f->lock, G_CANCELLABLE (below), test_on_ready, &call);
  guards[2] = take_call (&call);
  ask (f, 4);
  for (guint i = 0; i < 3; i++)
    {
      assert_waits (f, 4);
      drop (&guards[i]);
    }
  guards[0] = take (f, 4);
  drop (&guards[0]);
}

/* A child, and a grandchild through plain scopes; a stranger may not. */
static void
test_descendants (Fixture       *f,
                  gconstpointer  unused)
{
  g_autoptr(AiodriveLockGuard) top = hold (f, 0);
  g_autoptr(AiodriveLockGuard) child = NULL, grandchild = NULL, stranger = NULL;

  ask (f, 4);
  child = hold (f, 1);
  grandchild = hold (f, 3);
  assert_waits (f, 4);
  drop (&grandchild);
  grandchild = hold (f, 3);
  drop (&grandchild);
  drop (&child);
  grandchild = hold (f, 3);   /* straight below the top one */
  drop (&grandchild);
  assert_waits (f, 4);
  drop (&top);
  stranger = take (f, 4);
}

static void
test_siblings (Fixture       *f,
               gconstpointer  unused)
{
  g_autoptr(AiodriveLockGuard) top = hold (f, 0);
  g_autoptr(AiodriveLockGuard) first = hold (f, 1), second = NULL;

  ask (f, 2);
  assert_waits (f, 2);
  g_assert_cmpuint (test_count_waiters (top), ==, 1);
  drop (&first);
  second = take (f, 2);
  ask (f, 3);
  assert_waits (f, 3);
  drop (&second);
  first = take (f, 3);
}

/* A parent is none of the descendants of his child. Once he has it again, so may his other child that waits behind. */
static void
test_parent_waits (Fixture       *f,
                   gconstpointer  unused)
{
  g_autoptr(AiodriveLockGuard) child = hold (f, 1);
  g_autoptr(AiodriveLockGuard) stranger = NULL, parent = NULL, other = NULL;

  ask (f, 4);
  ask (f, 0);
  ask (f, 2);
  ask (f, 5);
  assert_waits (f, 0);
  drop (&child);
  stranger = take (f, 4);
  assert_waits (f, 0);
  drop (&stranger);
  parent = take (f, 0);
  other = take (f, 2);
  assert_waits (f, 5);
  drop (&parent);
  assert_waits (f, 5);
  drop (&other);
  stranger = take (f, 5);
}

/* Those below the holder who come later go in, those who wait before them do not stop them. */
static void
test_past_strangers (Fixture       *f,
                     gconstpointer  unused)
{
  g_autoptr(AiodriveLockGuard) stranger = hold (f, 4);
  g_autoptr(AiodriveLockGuard) parent = NULL, child = NULL;

  ask (f, 0);
  ask (f, 5);
  ask (f, 1);
  assert_waits (f, 1);
  drop (&stranger);
  parent = take (f, 0);
  child = take (f, 1);
  assert_waits (f, 5);
  drop (&child);
  drop (&parent);
  stranger = take (f, 5);
}

/* In each order of three guards: it opens with the last, and the top one of those that are left decides who enters. */
static void
test_any_order (Fixture       *f,
                gconstpointer  unused)
{
  static const guint orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      AiodriveLockGuard *guards[3];
      guint left = 7;

      guards[0] = hold (f, 0);
      guards[1] = hold (f, 1);
      guards[2] = hold (f, 3);
      ask (f, 4);
      for (guint j = 0; j < 3; j++)
        {
          assert_waits (f, 4);
          drop (&guards[orders[i][j]]);
          left &= ~(1u << orders[i][j]);
          if (left != 1)
            continue;
          guards[2] = hold (f, 2);
          drop (&guards[2]);
        }
      guards[0] = take (f, 4);
      drop (&guards[0]);
    }
}

/* The holder below goes: he that is on top still keeps his uncles out. */
static void
test_left_in_the_middle (Fixture       *f,
                         gconstpointer  unused)
{
  g_autoptr(AiodriveLockGuard) parent = hold (f, 0), child = hold (f, 1), grandchild = hold (f, 3), other = NULL;

  ask (f, 2);
  drop (&child);
  assert_waits (f, 2);
  drop (&grandchild);
  other = take (f, 2);
}

/* No task, no nesting: neither below nor above it. */
static void
test_no_task (Fixture       *f,
              gconstpointer  unused)
{
  g_autoptr(GCancellable) plain = g_cancellable_new ();
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (plain);
  GCancellable *cancellables[] = { NULL, plain, G_CANCELLABLE (scope) };
  AiodriveLockGuard *guard;

  for (guint i = 0; i < G_N_ELEMENTS (cancellables); i++)
    {
      TestCall calls[2] = { TEST_CALL_INIT };

      for (guint j = 0; j < 2; j++)
        aiodrive_nestable_lock_acquire_async (f->lock, cancellables[i], test_on_ready, &calls[j]);
      guard = take_call (&calls[0]);
      ask (f, 0);
      test_settle ();
      g_assert_cmpuint (calls[1].n_calls, ==, 0);
      drop (&guard);
      guard = take_call (&calls[1]);
      assert_waits (f, 0);
      drop (&guard);
      guard = take (f, 0);
      aiodrive_nestable_lock_acquire_async (f->lock, cancellables[i], test_on_ready, &calls[0]);
      test_settle ();
      g_assert_cmpuint (calls[0].n_calls, ==, 0);
      drop (&guard);
      guard = take_call (&calls[0]);
      drop (&guard);
    }
}

/* Those below who wait, and are cancelled: all of them with their task, or one alone. */
static void
test_cancelled_below (Fixture       *f,
                      gconstpointer  unused)
{
  g_autoptr(AiodriveLockGuard) parent = hold (f, 0), other = hold (f, 2);
  g_autoptr(AiodriveCancelScope) gone = aiodrive_cancel_scope_new (scope_of (f, 1));
  g_autoptr(AiodriveCancelScope) stays = aiodrive_cancel_scope_new (scope_of (f, 1));
  TestCall calls[2] = { TEST_CALL_INIT };
  g_autoptr(GError) error = NULL;

  aiodrive_nestable_lock_acquire_async (f->lock, G_CANCELLABLE (gone), test_on_ready, &calls[0]);
  aiodrive_nestable_lock_acquire_async (f->lock, G_CANCELLABLE (stays), test_on_ready, &calls[1]);
  g_cancellable_cancel (G_CANCELLABLE (gone));
  g_assert_null (aiodrive_nestable_lock_acquire_finish (f->lock, test_call_wait (&calls[0]), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  test_call_clear (&calls[0]);
  drop (&other);
  other = take_call (&calls[1]);
}

/* The scope above some waiters gets a parent, as that of a pool does which is run: they are found below the holder when
 * the next guard is released, first come, first served among the others there. */
static void
test_attached (Fixture       *f,
               gconstpointer  unused)
{
  AiodriveLockGuard *guards[2] = { hold (f, 0), hold (f, 0) }, *sibling = hold (f, 2);
  AiodriveCancelScope *pool = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) level = aiodrive_cancel_scope_new (G_CANCELLABLE (pool));
  GTask *task = aiodrive_task_new (G_CANCELLABLE (level));
  g_autoptr(AiodriveCancelScope) elsewhere = aiodrive_cancel_scope_new (NULL);
  TestCall early = TEST_CALL_INIT, never = TEST_CALL_INIT;
  AiodriveLockGuard *guard;

  ask (f, 4);
  aiodrive_nestable_lock_acquire_async (f->lock, G_CANCELLABLE (elsewhere), test_on_ready, &never);
  aiodrive_nestable_lock_acquire_async (f->lock, g_task_get_cancellable (task), test_on_ready, &early);
  ask (f, 1);
  aiodrive_cancel_scope_attach (pool, scope_of (f, 0));
  assert_waits (f, 1);
  g_assert_cmpuint (early.n_calls, ==, 0);
  drop (&sibling);
  guard = take_call (&early);
  assert_waits (f, 1);
  drop (&guard);
  guard = take (f, 1);
  drop (&guard);
  g_assert_cmpuint (never.n_calls, ==, 0);

  for (guint i = 0; i < 2; i++)
    drop (&guards[i]);
  guard = take (f, 4);
  drop (&guard);
  guard = take_call (&never);
  drop (&guard);
  g_task_return_boolean (task, TRUE);
  test_finalize_task (task);
  g_object_unref (pool);
}

/* The task between the holder and a waiter ends, and the scope below that task moves up. */
static void
test_moved_up (Fixture       *f,
               gconstpointer  unused)
{
  AiodriveLockGuard *holder = hold (f, 0), *sibling = hold (f, 2), *guard;
  GTask *between = aiodrive_task_new (scope_of (f, 0));
  g_autoptr(AiodriveCancelScope) place = aiodrive_cancel_scope_new_shielded (g_task_get_cancellable (between));
  GTask *successor = aiodrive_task_new (G_CANCELLABLE (place));
  TestCall early = TEST_CALL_INIT, late = TEST_CALL_INIT;

  aiodrive_nestable_lock_acquire_async (f->lock, g_task_get_cancellable (successor), test_on_ready, &early);
  test_settle ();
  aiodrive_cancel_scope_move_up (place);
  g_task_return_boolean (between, TRUE);
  test_finalize_task (between);
  aiodrive_nestable_lock_acquire_async (f->lock, g_task_get_cancellable (successor), test_on_ready, &late);
  ask (f, 4);
  test_settle ();
  g_assert_cmpuint (early.n_calls + late.n_calls, ==, 0);

  drop (&sibling);
  guard = take_call (&early);
  drop (&guard);
  guard = take_call (&late);
  drop (&guard);
  assert_waits (f, 4);
  drop (&holder);
  guard = take (f, 4);
  drop (&guard);
  g_task_return_boolean (successor, TRUE);
  test_finalize_task (successor);
}

typedef struct
{
  GQueue turns;      /* of the tasks, in the order in which they should get the lock */
  guint  n_turns;
} Turns;

static void
on_turn (GObject      *lock,
         GAsyncResult *result,
         gpointer      data)
{
  Turns *self = data;
  AiodriveLockGuard *guard = aiodrive_nestable_lock_acquire_finish (AIODRIVE_NESTABLE_LOCK (lock), result, NULL);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancellable_find_task_scope (guard->cancellable);

  g_assert_true (scope == (gpointer) g_task_get_cancellable (g_queue_pop_head (&self->turns)));
  self->n_turns++;
  drop (&guard);
}

/* Each of many tasks waits twice, and below it a child; the second time is behind all other tasks, but comes as soon as
 * the task holds the lock. What that costs does not grow with the square of their number, which would end in
 * the timeout of the test. */
static void
test_many_strangers (Fixture       *f,
                     gconstpointer  unused)
{
  guint n = test_rounds (40000);
  AiodriveLockGuard *guard = hold (f, 0);
  GPtrArray *tasks = g_ptr_array_new_with_free_func (g_object_unref);
  Turns turns = { G_QUEUE_INIT, 0 };

  for (guint i = 0; i < n; i++)
    {
      GTask *task = aiodrive_task_new (NULL);

      g_ptr_array_add (tasks, task);
      g_ptr_array_add (tasks, aiodrive_task_new (g_task_get_cancellable (task)));
    }
  for (guint i = 0; i < 3 * n; i++)
    {
      GTask *task = g_ptr_array_index (tasks, i < 2 * n ? 2 * (i % n) : 2 * (i % n) + 1);

      aiodrive_nestable_lock_acquire_async (f->lock, g_task_get_cancellable (task), on_turn, &turns);
    }
  for (guint i = 0; i < n; i++)
    for (guint j = 0; j < 3; j++)
      g_queue_push_tail (&turns.turns, g_ptr_array_index (tasks, 2 * i + (j == 2)));

  drop (&guard);
  test_iterate_until (turns.n_turns == 3 * n);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (g_ptr_array_index (tasks, i), TRUE);
  test_settle ();
  g_ptr_array_unref (tasks);
}

static void
nest (gpointer data,
      gpointer unused)
{
  Fixture *f = data;
  AiodriveLockGuard *guard = hold (f, 3);

  g_assert_cmpuint (f->calls[4].n_calls, ==, 0);
  drop (&guard);
}

/* A child may be in another thread. */
static void
test_child_in_thread (Fixture       *f,
                      gconstpointer  unused)
{
  g_autoptr(AiodriveLockGuard) parent = hold (f, 0), stranger = NULL;
  TestThread *thread = test_thread_start ();

  ask (f, 4);
  test_thread_call (thread, nest, f);
  assert_waits (f, 4);
  test_thread_stop (thread);
  drop (&parent);
  stranger = take (f, 4);
}

typedef struct
{
  AiodriveNestableLock *lock;
  GTask                *task;     /* owned */
  guint                 depth;
  guint                *n_inside;
} Nested;

static void nested_job (GTask *task, GCancellable *cancellable, gpointer data);

static void
on_child_ended (GObject      *source,
                GAsyncResult *result,
                gpointer      data)
{
  GTask *task = data;

  g_task_return_boolean (task, !aiodrive_result_had_error (result));
  g_object_unref (task);
}

static void
on_nested (GObject      *lock,
           GAsyncResult *result,
           gpointer      data)
{
  Nested *self = data;
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard = aiodrive_nestable_lock_acquire_finish (AIODRIVE_NESTABLE_LOCK (lock), result, &error);

  g_assert_no_error (error);
  g_task_set_task_data (self->task, guard, (GDestroyNotify) aiodrive_lock_guard_unref);
  g_assert_cmpuint ((*self->n_inside)++, ==, 3 - self->depth);
  if (self->depth == 0)
    {
      *self->n_inside = 0;
      g_task_return_boolean (self->task, TRUE);
      g_object_unref (self->task);
    }
  else
    {
      Nested *below = g_memdup2 (self, sizeof (Nested));
      g_autoptr(GTask) child = NULL;

      below->depth--;
      child = aiodrive_spawn (g_task_get_cancellable (self->task), nested_job, below, NULL);
      aiodrive_wait_task_async (child, NULL, on_child_ended, self->task);
    }
  g_free (self);
}

static void
nested_job (GTask        *task,
            GCancellable *cancellable,
            gpointer      data)
{
  Nested *self = data;

  self->task = g_object_ref (task);
  aiodrive_nestable_lock_acquire_async (self->lock, cancellable, on_nested, self);
}

/* Real jobs, each of which calls another one under the lock; several families at once, one after the other. */
static void
test_jobs (Fixture       *f,
           gconstpointer  unused)
{
  GTask *jobs[4];
  guint n_inside = 0;

  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
    {
      Nested nested = { f->lock, NULL, 3, &n_inside };

      jobs[i] = aiodrive_spawn (NULL, nested_job, g_memdup2 (&nested, sizeof nested), NULL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
    {
      aiodrive_run (jobs[i]);
      g_assert_true (g_task_propagate_boolean (jobs[i], NULL));
      test_finalize_task (jobs[i]);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) g_test_add ("/aiodrive/sync/nestable-lock/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("same-task", test_same_task);
  ADD ("descendants", test_descendants);
  ADD ("siblings", test_siblings);
  ADD ("parent-waits", test_parent_waits);
  ADD ("past-strangers", test_past_strangers);
  ADD ("any-order", test_any_order);
  ADD ("left-in-the-middle", test_left_in_the_middle);
  ADD ("no-task", test_no_task);
  ADD ("cancelled-below", test_cancelled_below);
  ADD ("attached", test_attached);
  ADD ("moved-up", test_moved_up);
  ADD ("many-strangers", test_many_strangers);
  ADD ("child-in-thread", test_child_in_thread);
  ADD ("jobs", test_jobs);

  return g_test_run ();
}
