/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/sync/lock.h"

/* Each test with each of the locks. After it the lock has to be open, and nobody may hold a reference. */

#define N_ROUNDS test_rounds (300)
#define N_CALLS  4

typedef struct
{
  const char          *name;
  gpointer           (*make)   (void);
  void               (*begin)  (gpointer             lock,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data);
  AiodriveLockGuard *(*finish) (gpointer       lock,
                                GAsyncResult  *result,
                                GError       **error);
} Kind;

typedef struct
{
  const Kind        *kind;
  gpointer           lock;
  AiodriveCondition *condition;
  AiodriveLockGuard *guards[N_CALLS];   /* owned, nullable */
  TestCall           calls[N_CALLS];    /* of waits */
} Fixture;

static gpointer
limiter_make (void)
{
  return aiodrive_limiter_new (1);
}

#define FUNC(function) ((gpointer) function)

static const Kind kinds[] =
{
  { "smart-lock", FUNC (aiodrive_smart_lock_new), FUNC (test_exclusive_async),
    FUNC (aiodrive_smart_lock_acquire_finish) },
  { "smart-lock/weak", FUNC (aiodrive_smart_lock_new), FUNC (test_weak_exclusive_async),
    FUNC (aiodrive_smart_lock_acquire_finish) },
  { "nestable-lock", FUNC (aiodrive_nestable_lock_new), FUNC (aiodrive_nestable_lock_acquire_async),
    FUNC (aiodrive_nestable_lock_acquire_finish) },
  { "limiter", limiter_make, FUNC (aiodrive_limiter_acquire_async), FUNC (aiodrive_limiter_acquire_finish) },
};

static void
set_up (Fixture       *f,
        gconstpointer  kind)
{
  f->kind = kind;
  f->lock = f->kind->make ();
  f->condition = aiodrive_condition_new ();
}

static AiodriveLockGuard *
hold (Fixture *f)
{
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard;

  f->kind->begin (f->lock, NULL, test_on_ready, &call);
  guard = f->kind->finish (f->lock, test_call_wait (&call), &error);
  g_assert_no_error (error);
  return guard;
}

static gboolean
is_open (Fixture *f)
{
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  AiodriveLockGuard *guard;
  gboolean open;

  f->kind->begin (f->lock, cancellable, test_on_ready, &call);
  g_cancellable_cancel (cancellable);
  guard = f->kind->finish (f->lock, test_call_wait (&call), NULL);
  open = guard != NULL;
  g_clear_pointer (&guard, aiodrive_lock_guard_unref);
  return open;
}

static void
tear_down (Fixture       *f,
           gconstpointer  kind)
{
  for (guint i = 0; i < N_CALLS; i++)
    {
      g_clear_pointer (&f->guards[i], aiodrive_lock_guard_unref);
      test_call_clear (&f->calls[i]);
    }
  g_assert_true (is_open (f));
  if (f->condition != NULL)
    g_assert_finalize_object (f->condition);
  g_assert_finalize_object (f->lock);
}

static void
begin_wait (Fixture      *f,
            guint         i,
            GCancellable *cancellable)
{
  aiodrive_condition_wait_async (f->condition, f->guards[i], cancellable, test_on_ready, &f->calls[i]);
  g_assert_cmpuint (f->calls[i].n_calls, ==, 0);
}

/* Acquires, and waits. */
static void
hold_and_wait (Fixture      *f,
               guint         i,
               GCancellable *cancellable)
{
  f->guards[i] = hold (f);
  begin_wait (f, i, cancellable);
}

static void
assert_woken (Fixture *f,
              guint    i)
{
  g_autoptr(GError) error = NULL;

  test_call_wait (&f->calls[i]);
  g_assert_true (f->calls[i].source_object == G_OBJECT (f->condition));
  g_assert_true (aiodrive_condition_wait_finish (f->condition, f->calls[i].result, &error));
  g_assert_no_error (error);
  g_assert_false (is_open (f));
  test_call_clear (&f->calls[i]);
}

static void
assert_fails (Fixture *f,
              guint    i,
              gint     code)
{
  g_autoptr(GError) error = NULL;

  test_call_wait (&f->calls[i]);
  g_assert_false (aiodrive_condition_wait_finish (f->condition, f->calls[i].result, &error));
  g_assert_error (error, G_IO_ERROR, code);
  test_call_clear (&f->calls[i]);
}

static void
assert_waits (Fixture *f,
              guint    i)
{
  test_settle ();
  g_assert_cmpuint (f->calls[i].n_calls, ==, 0);
}

static void
release (Fixture *f,
         guint    i)
{
  g_assert_false (is_open (f));
  aiodrive_lock_guard_release (f->guards[i]);
}

/* The lock is open while he waits, and held again afterwards, with the same guard. */
static void
test_signalled (Fixture       *f,
                gconstpointer  kind)
{
  hold_and_wait (f, 0, NULL);
  g_assert_true (is_open (f));
  assert_waits (f, 0);
  aiodrive_condition_signal (f->condition);
  assert_woken (f, 0);
  release (f, 0);
  g_assert_true (is_open (f));

  /* once more, with a guard that was taken back before */
  g_clear_pointer (&f->guards[0], aiodrive_lock_guard_unref);
  f->guards[0] = hold (f);
  for (guint i = 0; i < 3; i++)
    {
      begin_wait (f, 0, NULL);
      aiodrive_condition_broadcast (f->condition);
      assert_woken (f, 0);
    }
}

/* He who was signalled has to wait for the lock like anybody, and comes after those who wait for it already. */
static void
test_reacquires (Fixture       *f,
                 gconstpointer  kind)
{
  g_auto(TestCall) other = TEST_CALL_INIT;
  g_autoptr(AiodriveLockGuard) between = NULL;

  hold_and_wait (f, 0, NULL);
  f->guards[1] = hold (f);
  f->kind->begin (f->lock, NULL, test_on_ready, &other);
  aiodrive_condition_signal (f->condition);
  assert_waits (f, 0);
  release (f, 1);
  between = f->kind->finish (f->lock, test_call_wait (&other), NULL);
  g_assert_nonnull (between);
  assert_waits (f, 0);
  g_clear_pointer (&between, aiodrive_lock_guard_unref);
  assert_woken (f, 0);
}

/* A signal is for those who wait, and is not remembered. */
static void
test_not_remembered (Fixture       *f,
                     gconstpointer  kind)
{
  aiodrive_condition_signal (f->condition);
  aiodrive_condition_broadcast (f->condition);
  hold_and_wait (f, 0, NULL);
  assert_waits (f, 0);
  aiodrive_condition_signal (f->condition);
  aiodrive_condition_signal (f->condition);
  hold_and_wait (f, 1, NULL);
  assert_woken (f, 0);
  release (f, 0);
  assert_waits (f, 1);
  aiodrive_condition_signal (f->condition);
  assert_woken (f, 1);
}

/* One signal, one of them: the first. */
static void
test_one_signal (Fixture       *f,
                 gconstpointer  kind)
{
  for (guint i = 0; i < N_CALLS; i++)
    hold_and_wait (f, i, NULL);
  for (guint i = 0; i < N_CALLS; i++)
    {
      assert_waits (f, i);
      aiodrive_condition_signal (f->condition);
      assert_woken (f, i);
      release (f, i);
    }
}

/* All of them, one after the other, as each has the lock for himself. */
static void
test_broadcast (Fixture       *f,
                gconstpointer  kind)
{
  for (guint i = 0; i < N_CALLS; i++)
    hold_and_wait (f, i, NULL);
  aiodrive_condition_broadcast (f->condition);
  for (guint i = 0; i < N_CALLS; i++)
    {
      for (guint j = i + 1; j < N_CALLS; j++)
        assert_waits (f, j);
      assert_woken (f, i);
      release (f, i);
    }
}

static void
test_cancelled_before (Fixture       *f,
                       gconstpointer  kind)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);

  /* the clock counts, too */
  aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time ());
  hold_and_wait (f, 0, G_CANCELLABLE (scope));
  g_assert_false (is_open (f));
  assert_fails (f, 0, G_IO_ERROR_CANCELLED);
  g_cancellable_cancel (G_CANCELLABLE (scope));
  begin_wait (f, 0, G_CANCELLABLE (scope));
  assert_fails (f, 0, G_IO_ERROR_CANCELLED);
  release (f, 0);
  g_assert_true (is_open (f));
}

/* Cancelled, or late: he has the lock again all the same, be it that he waits for it. */
static void
test_cancelled_while_waiting (Fixture       *f,
                              gconstpointer  kind)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);

      hold_and_wait (f, 0, G_CANCELLABLE (scope));
      hold_and_wait (f, 1, NULL);
      f->guards[2] = hold (f);
      if (i == 0)
        g_cancellable_cancel (G_CANCELLABLE (scope));
      else
        aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time ());
      test_iterate_until (g_cancellable_is_cancelled (G_CANCELLABLE (scope)));
      assert_waits (f, 0);
      aiodrive_condition_signal (f->condition);   /* for the next one */
      release (f, 2);
      assert_fails (f, 0, G_IO_ERROR_CANCELLED);
      release (f, 0);
      assert_woken (f, 1);
      for (guint j = 0; j < 3; j++)
        g_clear_pointer (&f->guards[j], aiodrive_lock_guard_unref);
    }
}

/* Before or after he was told, or while he waits for the lock. */
static void
test_cancelled_after_signalled (Fixture       *f,
                                gconstpointer  kind)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();

      hold_and_wait (f, 0, cancellable);
      hold_and_wait (f, 1, NULL);
      f->guards[2] = hold (f);
      aiodrive_condition_signal (f->condition);
      if (i == 1)
        test_settle ();
      g_cancellable_cancel (cancellable);
      release (f, 2);
      assert_woken (f, 0);
      release (f, 0);
      assert_waits (f, 1);
      aiodrive_condition_signal (f->condition);
      assert_woken (f, 1);
      for (guint j = 0; j < 3; j++)
        g_clear_pointer (&f->guards[j], aiodrive_lock_guard_unref);
    }
}

/* A guard that was released, and one that waits already. */
static void
test_not_held (Fixture       *f,
               gconstpointer  kind)
{
  f->guards[0] = hold (f);
  aiodrive_lock_guard_release (f->guards[0]);
  begin_wait (f, 0, NULL);
  assert_fails (f, 0, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_true (is_open (f));

  hold_and_wait (f, 1, NULL);
  f->guards[2] = aiodrive_lock_guard_ref (f->guards[1]);
  begin_wait (f, 2, NULL);
  assert_fails (f, 2, G_IO_ERROR_INVALID_ARGUMENT);
  aiodrive_lock_guard_release (f->guards[1]);
  g_assert_true (is_open (f));
  aiodrive_condition_broadcast (f->condition);
  assert_woken (f, 1);
}

typedef struct
{
  Fixture *f;
  gint    *go;   /* atomic */
} Other;

static void
wait_there (gpointer data,
            gpointer unused)
{
  Fixture *f = data;

  begin_wait (f, 1, NULL);
}

static void
settle_there (gpointer data,
              gpointer unused)
{
  test_settle ();
}

static gpointer
wait_there_in_thread (gpointer data)
{
  Other *other = data;

  g_atomic_int_set (other->go, TRUE);
  aiodrive_condition_wait_async (other->f->condition, other->f->guards[1], NULL, test_on_ready, &other->f->calls[1]);
  return NULL;
}

/* Two threads with one guard at the same time: one of the two waits, the lock is left once and taken back once. */
static void
test_two_with_one_guard (Fixture       *f,
                         gconstpointer  kind)
{
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      gint go = FALSE;
      Other other = { f, &go };
      GThread *thread;
      guint n_woken = 0;

      f->guards[0] = hold (f);
      f->guards[1] = aiodrive_lock_guard_ref (f->guards[0]);
      thread = g_thread_new ("other", wait_there_in_thread, &other);
      test_spin_while (!g_atomic_int_get (&go));
      aiodrive_condition_wait_async (f->condition, f->guards[0], NULL, test_on_ready, &f->calls[0]);
      g_thread_join (thread);
      aiodrive_condition_broadcast (f->condition);
      for (guint i = 0; i < 2; i++)
        {
          g_autoptr(GError) error = NULL;
          gboolean woken = aiodrive_condition_wait_finish (f->condition, test_call_wait (&f->calls[i]), &error);

          n_woken += woken;
          if (!woken)
            g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
          test_call_clear (&f->calls[i]);
        }
      g_assert_cmpuint (n_woken, ==, 1);
      g_clear_pointer (&f->guards[1], aiodrive_lock_guard_unref);
      release (f, 0);
      g_clear_pointer (&f->guards[0], aiodrive_lock_guard_unref);
      g_assert_true (is_open (f));
    }
}

/* A thread that has no context of its own is called back elsewhere, maybe before it has released the lock. */
static void
test_thread_without_context (Fixture       *f,
                             gconstpointer  kind)
{
  g_autoptr(GTask) task = aiodrive_task_new (NULL);

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      g_auto(TestCall) call = TEST_CALL_INIT;
      gint go = FALSE;
      Other other = { f, &go };
      GThread *thread;

      f->kind->begin (f->lock, g_task_get_cancellable (task), test_on_ready, &call);
      f->guards[1] = f->kind->finish (f->lock, test_call_wait (&call), NULL);
      test_settle ();
      /* so that it cannot release the lock before it is signalled */
      aiodrive_monitor_lock (&f->guards[1]->core->monitor);
      thread = g_thread_new ("other", wait_there_in_thread, &other);
      test_spin_while ((aiodrive_condition_signal (f->condition), !g_main_context_pending (NULL)));
      aiodrive_monitor_unlock (&f->guards[1]->core->monitor);
      test_call_wait (&f->calls[1]);
      g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (aiodrive_lock_guard_get_scope (f->guards[1]))));
      g_thread_join (thread);
      assert_woken (f, 1);
      release (f, 1);
      g_assert_true (is_open (f));
      g_clear_pointer (&f->guards[1], aiodrive_lock_guard_unref);
    }
  g_task_return_boolean (task, TRUE);
  test_settle ();
}

static void
on_woken_drop_guard (GObject      *condition,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  Fixture *f = user_data;

  g_assert_true (aiodrive_condition_wait_finish (f->condition, result, NULL));
  g_assert_false (is_open (f));
  g_clear_pointer (&f->guards[0], aiodrive_lock_guard_unref);
  g_assert_true (is_open (f));
  test_on_ready (condition, result, &f->calls[0]);
}

/* Who drops the guard in the callback opens the lock there, and not when the result goes away. */
static void
test_dropped_in_callback (Fixture       *f,
                          gconstpointer  kind)
{
  f->guards[0] = hold (f);
  aiodrive_condition_wait_async (f->condition, f->guards[0], NULL, on_woken_drop_guard, f);
  aiodrive_condition_signal (f->condition);
  test_call_wait (&f->calls[0]);
  g_assert_true (is_open (f));
}

/* A binding does not unwrap the result of a caller that was cancelled meanwhile. The signal goes to the next waiter; a
 * broadcast does not. */
static void
test_not_unwrapped (Fixture       *f,
                    gconstpointer  kind)
{
  hold_and_wait (f, 0, NULL);
  hold_and_wait (f, 1, NULL);
  aiodrive_condition_signal (f->condition);
  test_call_wait (&f->calls[0]);
  release (f, 0);
  assert_waits (f, 1);
  test_call_clear (&f->calls[0]);
  assert_woken (f, 1);
  release (f, 1);

  hold_and_wait (f, 2, NULL);
  aiodrive_condition_broadcast (f->condition);
  test_call_wait (&f->calls[2]);
  release (f, 2);
  hold_and_wait (f, 3, NULL);
  test_call_clear (&f->calls[2]);
  assert_waits (f, 3);
  aiodrive_condition_signal (f->condition);
  assert_woken (f, 3);
}

/* The guard is dropped while it waits: it lives until the wait has ended, and the lock is open then. */
static void
test_guard_dropped (Fixture       *f,
                    gconstpointer  kind)
{
  hold_and_wait (f, 0, NULL);
  g_clear_pointer (&f->guards[0], aiodrive_lock_guard_unref);
  aiodrive_condition_signal (f->condition);
  test_call_wait (&f->calls[0]);
  g_assert_true (is_open (f));
}

static void
test_without_callback (Fixture       *f,
                       gconstpointer  kind)
{
  f->guards[0] = hold (f);
  aiodrive_condition_wait_async (f->condition, f->guards[0], NULL, NULL, NULL);
  g_assert_true (is_open (f));
  aiodrive_condition_signal (f->condition);
  test_settle ();
  release (f, 0);
  g_assert_true (is_open (f));
}

/* Who waits keeps the condition. */
static void
test_finalized_while_waiting (Fixture       *f,
                              gconstpointer  kind)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  AiodriveCondition *condition = f->condition;

  g_object_add_weak_pointer (G_OBJECT (condition), (gpointer *) &condition);
  hold_and_wait (f, 0, cancellable);
  g_object_unref (g_steal_pointer (&f->condition));
  g_assert_nonnull (condition);
  g_cancellable_cancel (cancellable);
  test_call_wait (&f->calls[0]);
  g_assert_nonnull (condition);
  test_call_clear (&f->calls[0]);
  g_assert_null (condition);
  release (f, 0);
}

static void
test_disposed (Fixture       *f,
               gconstpointer  kind)
{
  hold_and_wait (f, 0, NULL);
  g_object_run_dispose (G_OBJECT (f->condition));
  aiodrive_condition_signal (f->condition);
  assert_woken (f, 0);
}

static void
test_wrong_result (Fixture       *f,
                   gconstpointer  kind)
{
  AiodriveCondition *other = aiodrive_condition_new ();
  g_autoptr(GError) error = NULL;

  hold_and_wait (f, 0, NULL);
  aiodrive_condition_signal (f->condition);
  test_call_wait (&f->calls[0]);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*aiodrive_wait_is_valid*");
  g_assert_false (aiodrive_condition_wait_finish (other, f->calls[0].result, &error));
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_finalize_object (other);
  assert_woken (f, 0);
}

/* Called back where he waits, whoever signals, and whoever acquired the lock. */
static void
test_other_context (Fixture       *f,
                    gconstpointer  kind)
{
  TestThread *thread = test_thread_start ();
  g_autoptr(GError) error = NULL;

  hold_and_wait (f, 0, NULL);
  f->guards[1] = hold (f);
  test_thread_call (thread, wait_there, f);
  aiodrive_condition_signal (f->condition);
  assert_woken (f, 0);
  release (f, 0);
  aiodrive_condition_signal (f->condition);
  while (is_open (f) || f->calls[1].n_calls == 0)
    test_thread_call (thread, settle_there, NULL);
  g_assert_cmpuint (f->calls[1].n_calls, ==, 1);
  g_assert_true (f->calls[1].context == test_thread_get_context (thread));
  g_assert_true (aiodrive_condition_wait_finish (f->condition, f->calls[1].result, &error));
  test_thread_stop (thread);
}

/* A thread that adds an item, and signals, under the lock. It has a context of its own. */
static gpointer
add_item (gpointer data)
{
  Fixture *f = ((Other *) data)->f;
  g_autoptr(GMainContext) context = g_main_context_new ();
  AiodriveLockGuard *guard;

  g_main_context_push_thread_default (context);
  guard = hold (f);
  *((Other *) data)->go = TRUE;
  aiodrive_condition_signal (f->condition);
  aiodrive_lock_guard_unref (guard);
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* Whoever gets the lock when it is left, and signals at once, is not missed. */
static void
test_no_lost_signal (Fixture       *f,
                     gconstpointer  kind)
{
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      gint there = FALSE;
      Other other = { f, &there };
      GThread *thread;

      f->guards[0] = hold (f);
      thread = g_thread_new ("signaller", add_item, &other);
      if (round % 2)
        test_wait_for_waiters (f->guards[0], 1);
      begin_wait (f, 0, NULL);
      test_call_wait (&f->calls[0]);
      g_assert_true (aiodrive_condition_wait_finish (f->condition, f->calls[0].result, NULL));
      g_assert_true (there);
      test_call_clear (&f->calls[0]);
      g_clear_pointer (&f->guards[0], aiodrive_lock_guard_unref);
      g_thread_join (thread);
    }
}

#define N_CONSUMERS 3
#define N_ITEMS     200   /* for each of them */
#define N_PLACES    2

typedef struct
{
  Fixture           *f;
  GRand             *rand;       /* owned */
  AiodriveCondition *room;       /* unowned; that of the fixture says that there is an item */
  gint              *n_items;    /* guarded by the lock */
  guint              n_waits;
  guint              n_late;
} Worker;

/* Waits, for a while at times. */
static void
wait_awhile (Worker            *self,
             AiodriveCondition *condition,
             AiodriveLockGuard *guard)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(GError) error = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;

  if (g_rand_int_range (self->rand, 0, 3) == 0)
    aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time () + g_rand_int_range (self->rand, 0, 100));
  aiodrive_condition_wait_async (condition, guard, G_CANCELLABLE (scope), test_on_ready, &call);
  self->n_waits++;
  if (aiodrive_condition_wait_finish (condition, test_call_wait (&call), &error))
    return;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  self->n_late++;
}

static gpointer
consume (gpointer data)
{
  Worker *self = data;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < N_ITEMS; i++)
    {
      AiodriveLockGuard *guard = hold (self->f);

      while (*self->n_items == 0)
        wait_awhile (self, self->f->condition, guard);
      g_assert_cmpint (--*self->n_items, >=, 0);
      aiodrive_condition_signal (self->room);
      aiodrive_lock_guard_unref (guard);
    }
  test_settle ();
  g_main_context_pop_thread_default (context);
  return NULL;
}

static gpointer
produce (gpointer data)
{
  Worker *self = data;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < N_ITEMS * N_CONSUMERS; i++)
    {
      AiodriveLockGuard *guard = hold (self->f);

      while (*self->n_items == N_PLACES)
        wait_awhile (self, self->room, guard);
      g_assert_cmpint (++*self->n_items, <=, N_PLACES);
      aiodrive_condition_signal (self->f->condition);
      aiodrive_lock_guard_unref (guard);
    }
  test_settle ();
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* As many are taken as are brought, one signal for each; it ends only if none is lost. The lock alone guards the
 * number. Another seed can be given with --seed. */
static void
test_stress (Fixture       *f,
             gconstpointer  kind)
{
  AiodriveCondition *room = aiodrive_condition_new ();
  gint n_items = 0;
  Worker workers[1 + N_CONSUMERS];
  GThread *threads[1 + N_CONSUMERS];
  guint n_waits = 0, n_late = 0;

  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    {
      workers[i] = (Worker) { f, g_rand_new_with_seed (g_test_rand_int ()), room, &n_items, 0, 0 };
      threads[i] = g_thread_new ("stress", i == 0 ? produce : consume, &workers[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    {
      g_thread_join (threads[i]);
      g_rand_free (workers[i].rand);
      n_waits += workers[i].n_waits;
      n_late += workers[i].n_late;
    }
  g_assert_cmpint (n_items, ==, 0);
  g_assert_finalize_object (room);
  g_test_message ("%u waits, %u of them too long", n_waits, n_late);
}

/* Readers who wait together are woken together. */
static void
test_shared (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveCondition *condition = aiodrive_condition_new ();
  AiodriveLockGuard *guards[2], *writer;
  TestCall calls[2] = { TEST_CALL_INIT };

  for (guint i = 0; i < 2; i++)
    {
      guards[i] = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_SHARED, G_PRIORITY_DEFAULT, NULL, NULL);
      aiodrive_condition_wait_async (condition, guards[i], NULL, test_on_ready, &calls[i]);
    }
  writer = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, NULL, NULL);
  aiodrive_condition_broadcast (condition);
  test_settle ();
  g_assert_cmpuint (calls[0].n_calls + calls[1].n_calls, ==, 0);
  aiodrive_lock_guard_unref (writer);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (aiodrive_condition_wait_finish (condition, test_call_wait (&calls[i]), NULL));
      test_call_clear (&calls[i]);
    }
  for (guint i = 0; i < 2; i++)
    aiodrive_lock_guard_unref (guards[i]);
  g_assert_finalize_object (condition);
  g_assert_finalize_object (lock);
}

/* Who holds a lock weakly is not asked while he waits, but may be when he wants it back. */
static void
test_weak (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveCondition *condition = aiodrive_condition_new ();
  AiodriveLockGuard *weak = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE, G_PRIORITY_DEFAULT,
                                                         NULL, NULL);
  AiodriveLockGuard *other;
  TestCall call = TEST_CALL_INIT, last = TEST_CALL_INIT;

  aiodrive_condition_wait_async (condition, weak, NULL, test_on_ready, &call);
  other = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE, G_PRIORITY_DEFAULT, NULL, NULL);
  g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (aiodrive_lock_guard_get_scope (weak))));
  aiodrive_condition_signal (condition);
  test_settle ();
  test_assert_reason (aiodrive_lock_guard_get_scope (other), AIODRIVE_ERROR, AIODRIVE_ERROR_PREEMPTED);
  aiodrive_lock_guard_unref (other);
  g_assert_true (aiodrive_condition_wait_finish (condition, test_call_wait (&call), NULL));
  g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (aiodrive_lock_guard_get_scope (weak))));
  aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, NULL, test_on_ready,
                                     &last);
  test_assert_reason (aiodrive_lock_guard_get_scope (weak), AIODRIVE_ERROR, AIODRIVE_ERROR_PREEMPTED);
  aiodrive_lock_guard_release (weak);
  aiodrive_lock_guard_unref (aiodrive_smart_lock_acquire_finish (lock, test_call_wait (&last), NULL));
  aiodrive_lock_guard_unref (weak);
  test_call_clear (&call);
  test_call_clear (&last);
  g_assert_finalize_object (condition);
  g_assert_finalize_object (lock);
}

/* A task that holds a nestable lock twice gives away one of the two. */
static void
test_nested (void)
{
  AiodriveNestableLock *lock = aiodrive_nestable_lock_new ();
  AiodriveCondition *condition = aiodrive_condition_new ();
  GTask *task = aiodrive_task_new (NULL);
  AiodriveLockGuard *guards[2];
  TestCall call = TEST_CALL_INIT, stranger = TEST_CALL_INIT;

  for (guint i = 0; i < 2; i++)
    {
      aiodrive_nestable_lock_acquire_async (lock, g_task_get_cancellable (task), test_on_ready, &call);
      guards[i] = aiodrive_nestable_lock_acquire_finish (lock, test_call_wait (&call), NULL);
      test_call_clear (&call);
    }
  aiodrive_nestable_lock_acquire_async (lock, NULL, test_on_ready, &stranger);
  aiodrive_condition_wait_async (condition, guards[1], g_task_get_cancellable (task), test_on_ready, &call);
  test_settle ();
  g_assert_cmpuint (stranger.n_calls, ==, 0);
  aiodrive_condition_signal (condition);
  g_assert_true (aiodrive_condition_wait_finish (condition, test_call_wait (&call), NULL));
  test_call_clear (&call);
  aiodrive_lock_guard_unref (guards[0]);
  test_settle ();
  g_assert_cmpuint (stranger.n_calls, ==, 0);
  aiodrive_lock_guard_unref (guards[1]);
  aiodrive_lock_guard_unref (aiodrive_nestable_lock_acquire_finish (lock, test_call_wait (&stranger), NULL));
  test_call_clear (&stranger);
  g_task_return_boolean (task, TRUE);
  test_finalize_task (task);
  g_assert_finalize_object (condition);
  g_assert_finalize_object (lock);
}

static void
add (const Kind *kind,
     const char *name,
     void      (*func) (Fixture *f, gconstpointer kind))
{
  g_autofree char *path = g_strdup_printf ("/aiodrive/sync/condition/%s/%s", kind->name, name);

  g_test_add (path, Fixture, kind, set_up, func, tear_down);
}

static void
add_all (const Kind *kind)
{
  add (kind, "signalled", test_signalled);
  add (kind, "reacquires", test_reacquires);
  add (kind, "not-remembered", test_not_remembered);
  add (kind, "one-signal", test_one_signal);
  add (kind, "broadcast", test_broadcast);
  add (kind, "cancelled-before", test_cancelled_before);
  add (kind, "cancelled-while-waiting", test_cancelled_while_waiting);
  add (kind, "cancelled-after-signalled", test_cancelled_after_signalled);
  add (kind, "not-held", test_not_held);
  add (kind, "two-with-one-guard", test_two_with_one_guard);
  add (kind, "thread-without-context", test_thread_without_context);
  add (kind, "dropped-in-callback", test_dropped_in_callback);
  add (kind, "not-unwrapped", test_not_unwrapped);
  add (kind, "guard-dropped", test_guard_dropped);
  add (kind, "without-callback", test_without_callback);
  add (kind, "finalized-while-waiting", test_finalized_while_waiting);
  add (kind, "disposed", test_disposed);
  add (kind, "wrong-result", test_wrong_result);
  add (kind, "other-context", test_other_context);
  add (kind, "no-lost-signal", test_no_lost_signal);
  add (kind, "stress", test_stress);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    add_all (&kinds[i]);
  g_test_add_func ("/aiodrive/sync/condition/shared", test_shared);
  g_test_add_func ("/aiodrive/sync/condition/weak", test_weak);
  g_test_add_func ("/aiodrive/sync/condition/nested", test_nested);

  return g_test_run ();
}
