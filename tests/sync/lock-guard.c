/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/sync/lock.h"

/* What all locks have in common that one at a time can hold, each test run with each of them. After every test the
 * lock has to be open, and nobody may hold a reference on it. */

#define N_ROUNDS test_rounds (300)

typedef AiodriveLockGuard *(*Finish) (gpointer lock, GAsyncResult *result, GError **error);
typedef AiodriveLockGuard *(*Block)  (gpointer lock, GCancellable *cancellable, GError **error);

typedef struct
{
  const char          *name;
  gpointer           (*make)  (void);
  void               (*begin) (gpointer             lock,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data);
  Finish               finish;
  Block                block;   /* nullable, as is the next */
  AiodriveLockGuard *(*try_)  (gpointer lock);
} Kind;

typedef struct
{
  const Kind        *kind;
  gpointer           lock;      /* owned, nullable */
  AiodriveLockGuard *guard;     /* owned, nullable: holds the lock */
  TestCall           calls[4];
} Fixture;

static gpointer
limiter_make (void)
{
  return aiodrive_limiter_new (1);
}

static AiodriveLockGuard *
exclusive_try (gpointer lock)
{
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard = aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, &error);

  g_assert_no_error (error);
  return guard;
}

#define FUNC(function) ((gpointer) function)

static const Kind kinds[] =
{
  { "smart-lock", FUNC (aiodrive_smart_lock_new), FUNC (test_exclusive_async),
    FUNC (aiodrive_smart_lock_acquire_finish), FUNC (test_exclusive), exclusive_try },
  { "smart-lock/weak", FUNC (aiodrive_smart_lock_new), FUNC (test_weak_exclusive_async),
    FUNC (aiodrive_smart_lock_acquire_finish), FUNC (test_weak_exclusive), exclusive_try },
  { "nestable-lock", FUNC (aiodrive_nestable_lock_new), FUNC (aiodrive_nestable_lock_acquire_async),
    FUNC (aiodrive_nestable_lock_acquire_finish), NULL, NULL },
  { "limiter", limiter_make, FUNC (aiodrive_limiter_acquire_async), FUNC (aiodrive_limiter_acquire_finish),
    FUNC (aiodrive_limiter_acquire), FUNC (aiodrive_limiter_try_acquire) },
};

static void
begin (Fixture      *f,
       guint         i,
       GCancellable *cancellable)
{
  f->kind->begin (f->lock, cancellable, test_on_ready, &f->calls[i]);
  g_assert_cmpuint (f->calls[i].n_calls, ==, 0);
}

static AiodriveLockGuard *
take (Fixture *f,
      guint    i)
{
  g_autoptr(GError) error = NULL;
  GAsyncResult *result = test_call_wait (&f->calls[i]);
  AiodriveLockGuard *guard = f->kind->finish (f->calls[i].source_object, result, &error);

  g_assert_no_error (error);
  g_assert_nonnull (guard);
  return guard;
}

static void
assert_cancelled (Fixture *f,
                  guint    i)
{
  g_autoptr(GError) error = NULL;
  GAsyncResult *result = test_call_wait (&f->calls[i]);

  g_assert_null (f->kind->finish (f->calls[i].source_object, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Those before @n were called back, the others were not, however long one waits. */
static void
assert_called (Fixture *f,
               guint    n)
{
  test_settle ();
  for (guint i = 0; i < G_N_ELEMENTS (f->calls); i++)
    g_assert_cmpuint (f->calls[i].n_calls, ==, i < n);
}

static void
assert_try_fails (Fixture *f)
{
  if (f->kind->try_ != NULL)
    g_assert_null (f->kind->try_ (f->lock));
}

static void
set_up (Fixture       *f,
        gconstpointer  kind)
{
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GError) error = NULL;

  f->kind = kind;
  f->lock = f->kind->make ();
  f->kind->begin (f->lock, NULL, test_on_ready, &call);
  f->guard = f->kind->finish (f->lock, test_call_wait (&call), &error);
  g_assert_no_error (error);
  assert_try_fails (f);
}

static void
tear_down (Fixture       *f,
           gconstpointer  kind)
{
  g_auto(TestCall) call = TEST_CALL_INIT;

  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  for (guint i = 0; i < G_N_ELEMENTS (f->calls); i++)
    test_call_clear (&f->calls[i]);
  if (f->lock == NULL)
    return;

  f->kind->begin (f->lock, NULL, test_on_ready, &call);
  test_settle ();
  g_assert_cmpuint (call.n_calls, ==, 1);
  test_call_clear (&call);
  g_assert_finalize_object (f->lock);
}

static void
test_order (Fixture       *f,
            gconstpointer  kind)
{
  for (guint i = 0; i < 4; i++)
    begin (f, i, NULL);
  g_assert_cmpuint (test_count_waiters (f->guard), ==, 4);

  for (guint i = 0; i < 4; i++)
    {
      assert_called (f, i);
      assert_try_fails (f);
      aiodrive_lock_guard_release (f->guard);
      aiodrive_lock_guard_unref (f->guard);
      f->guard = take (f, i);
    }
}

/* Who releases and asks again at once comes after those who wait already. */
static void
test_no_barging (Fixture       *f,
                 gconstpointer  kind)
{
  g_autoptr(AiodriveLockGuard) first = NULL;

  begin (f, 0, NULL);
  aiodrive_lock_guard_release (f->guard);
  begin (f, 1, NULL);
  assert_called (f, 1);

  first = take (f, 0);
  assert_called (f, 1);
  aiodrive_lock_guard_release (first);
  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  f->guard = take (f, 1);
}

static gpointer
try_in_thread (gpointer data)
{
  Fixture *f = data;
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, 1);
  g_autoptr(GError) error = NULL;

  g_assert_null (f->kind->try_ (f->lock));
  g_assert_null (f->kind->block (f->lock, G_CANCELLABLE (scope), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  return NULL;
}

/* From the moment when the lock is released it belongs to who waits, although nobody has told him yet. */
static void
test_hand_off (Fixture       *f,
               gconstpointer  kind)
{
  begin (f, 0, NULL);
  aiodrive_lock_guard_release (f->guard);
  if (f->kind->try_ != NULL)
    {
      g_assert_null (f->kind->try_ (f->lock));
      g_thread_join (g_thread_new ("thief", try_in_thread, f));
    }
  aiodrive_lock_guard_unref (f->guard);
  f->guard = take (f, 0);
}

static void
test_try (Fixture       *f,
          gconstpointer  kind)
{
  if (f->kind->try_ == NULL)
    return;

  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  f->guard = f->kind->try_ (f->lock);
  g_assert_nonnull (f->guard);
  assert_try_fails (f);
  begin (f, 0, NULL);
  assert_called (f, 0);
  aiodrive_lock_guard_unref (f->guard);
  f->guard = take (f, 0);
}

/* The callback never runs in the call itself, also where the lock can be had at once. */
static void
test_open (Fixture       *f,
           gconstpointer  kind)
{
  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  begin (f, 0, NULL);
  assert_try_fails (f);
  f->guard = take (f, 0);
}

static void
test_cancelled_before (Fixture       *f,
                       gconstpointer  kind)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  begin (f, 0, cancellable);
  g_assert_cmpuint (test_count_waiters (f->guard), ==, 0);
  assert_cancelled (f, 0);

  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  begin (f, 1, cancellable);
  assert_cancelled (f, 1);
  if (f->kind->block != NULL)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (f->kind->block (f->lock, cancellable, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
}

/* The first, one in the middle and the last one go; the others get it in their order. */
static void
test_cancelled_while_waiting (Fixture       *f,
                              gconstpointer  kind)
{
  for (guint gone = 0; gone < 3; gone++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();

      for (guint i = 0; i < 3; i++)
        begin (f, i, i == gone ? cancellable : NULL);
      g_cancellable_cancel (cancellable);
      g_assert_cmpuint (f->calls[gone].n_calls, ==, 0);
      assert_cancelled (f, gone);
      for (guint i = 0; i < 3; i++)
        {
          if (i == gone)
            continue;
          test_settle ();
          g_assert_cmpuint (f->calls[i].n_calls, ==, 0);
          aiodrive_lock_guard_unref (f->guard);
          f->guard = take (f, i);
        }
      for (guint i = 0; i < 3; i++)
        test_call_clear (&f->calls[i]);
    }
}

/* Cancelled first, then released: the next one gets it, before anybody was called back. */
static void
test_cancelled_before_granted (Fixture       *f,
                               gconstpointer  kind)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  begin (f, 0, cancellable);
  begin (f, 1, NULL);
  g_cancellable_cancel (cancellable);
  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  assert_cancelled (f, 0);
  f->guard = take (f, 1);
}

static void
test_cancelled_after_granted (Fixture       *f,
                              gconstpointer  kind)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  begin (f, 0, cancellable);
  begin (f, 1, NULL);
  aiodrive_lock_guard_unref (f->guard);
  g_cancellable_cancel (cancellable);
  f->guard = take (f, 0);
  assert_called (f, 1);
  aiodrive_lock_guard_unref (f->guard);
  f->guard = take (f, 1);
}

/* Granted at once, and cancelled before that was said. */
static void
test_cancelled_after_entering (Fixture       *f,
                               gconstpointer  kind)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  aiodrive_lock_guard_unref (f->guard);
  begin (f, 0, cancellable);
  g_cancellable_cancel (cancellable);
  f->guard = take (f, 0);
}

typedef struct
{
  GCancellable *cancellable;
  gint          state;     /* atomic: 1, the thread is there; 2, it is to cancel */
  GThread      *thread;
} Canceller;

static gpointer
cancel_in_thread (gpointer data)
{
  Canceller *self = data;

  g_atomic_int_set (&self->state, 1);
  test_spin_while (g_atomic_int_get (&self->state) != 2);
  g_cancellable_cancel (self->cancellable);
  return NULL;
}

/* Releases the lock while the other thread cancels, now a bit later, now a bit earlier. */
static void
release_meanwhile (Fixture   *f,
                   Canceller *self,
                   guint      round)
{
  gint64 start;

  self->thread = g_thread_new ("cancel", cancel_in_thread, self);
  test_spin_while (g_atomic_int_get (&self->state) != 1);
  start = g_get_monotonic_time ();
  g_atomic_int_set (&self->state, 2);
  while (g_get_monotonic_time () < start + round % 16)
    ;
  aiodrive_lock_guard_unref (f->guard);
}

/* Cancelled in one thread and granted in another at the same time: one of the two, and then the next one gets it. */
static void
test_cancelled_at_that_moment (Fixture       *f,
                               gconstpointer  kind)
{
  guint n_granted = 0;

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(GError) error = NULL;
      Canceller canceller = { .cancellable = cancellable };
      AiodriveLockGuard *guard;

      begin (f, 0, cancellable);
      begin (f, 1, NULL);
      release_meanwhile (f, &canceller, round);
      guard = f->kind->finish (f->lock, test_call_wait (&f->calls[0]), &error);
      if (guard == NULL)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
        }
      else
        {
          n_granted++;
          assert_called (f, 1);
          aiodrive_lock_guard_unref (guard);
        }
      f->guard = take (f, 1);
      g_thread_join (canceller.thread);
      test_call_clear (&f->calls[0]);
      test_call_clear (&f->calls[1]);
    }
  g_test_message ("%u of %u were granted", n_granted, N_ROUNDS);
}

static void
test_deadline (Fixture       *f,
               gconstpointer  kind)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, 3600000);
  g_autoptr(AiodriveCancelScope) past = aiodrive_cancel_scope_new (NULL);

  begin (f, 0, G_CANCELLABLE (scope));
  begin (f, 1, NULL);
  assert_cancelled (f, 0);

  /* nobody has iterated since: the clock counts */
  aiodrive_cancel_scope_set_deadline (past, g_get_monotonic_time () - 1);
  begin (f, 2, G_CANCELLABLE (past));
  g_assert_cmpuint (test_count_waiters (f->guard), ==, 1);
  assert_cancelled (f, 2);

  aiodrive_lock_guard_unref (f->guard);
  f->guard = take (f, 1);
}

/* Nobody unwraps what he was granted: the next one gets it as soon as the result is gone. */
static void
test_never_unwrapped (Fixture       *f,
                      gconstpointer  kind)
{
  begin (f, 0, NULL);
  f->kind->begin (f->lock, NULL, NULL, NULL);
  begin (f, 1, NULL);
  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  assert_called (f, 1);

  test_call_clear (&f->calls[0]);
  f->guard = take (f, 1);
}

static gpointer
release_in_thread (gpointer guard)
{
  aiodrive_lock_guard_release (guard);
  return NULL;
}

static gpointer
unref_in_thread (gpointer guard)
{
  aiodrive_lock_guard_unref (guard);
  return NULL;
}

static void
test_dropped_in_thread (Fixture       *f,
                        gconstpointer  kind)
{
  begin (f, 0, NULL);
  g_thread_join (g_thread_new ("drop", unref_in_thread, f->guard));
  f->guard = take (f, 0);

  begin (f, 1, NULL);
  g_thread_join (g_thread_new ("release", release_in_thread, f->guard));
  aiodrive_lock_guard_unref (f->guard);
  f->guard = take (f, 1);
}

/* The second time it opens nothing: the lock is somebody else's. */
static void
test_released_twice (Fixture       *f,
                     gconstpointer  kind)
{
  AiodriveLockGuard *mine = f->guard;

  begin (f, 0, NULL);
  begin (f, 1, NULL);
  aiodrive_lock_guard_release (mine);
  aiodrive_lock_guard_release (mine);
  f->guard = take (f, 0);
  aiodrive_lock_guard_release (mine);
  aiodrive_lock_guard_unref (mine);
  assert_called (f, 1);
  assert_try_fails (f);
  aiodrive_lock_guard_unref (f->guard);
  f->guard = take (f, 1);
}

/* One of two threads opens it, whichever comes first; and it opens once. */
static void
test_released_in_two_threads (Fixture       *f,
                              gconstpointer  kind)
{
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      GThread *thread;

      begin (f, 0, NULL);
      begin (f, 1, NULL);
      thread = g_thread_new ("release", release_in_thread, f->guard);
      aiodrive_lock_guard_release (f->guard);
      g_thread_join (thread);
      aiodrive_lock_guard_unref (f->guard);
      assert_called (f, 1);
      aiodrive_lock_guard_unref (take (f, 0));
      f->guard = take (f, 1);
      test_call_clear (&f->calls[0]);
      test_call_clear (&f->calls[1]);
    }
}

static void
test_references (Fixture       *f,
                 gconstpointer  kind)
{
  AiodriveLockGuard *copy = g_boxed_copy (AIODRIVE_TYPE_LOCK_GUARD, f->guard);

  g_assert_true (copy == f->guard);
  begin (f, 0, NULL);
  aiodrive_lock_guard_unref (aiodrive_lock_guard_ref (copy));
  g_boxed_free (AIODRIVE_TYPE_LOCK_GUARD, copy);
  assert_called (f, 0);
  aiodrive_lock_guard_unref (f->guard);
  f->guard = take (f, 0);
}

/* A scope below the caller's cancellable; the same one each time; it outlives the guard. */
static void
test_scope (Fixture       *f,
            gconstpointer  kind)
{
  g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = g_object_ref (aiodrive_lock_guard_get_scope (f->guard));
  g_autoptr(AiodriveCancelScope) below = NULL;
  g_autoptr(GError) reason = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE, "gone");

  g_assert_null (aiodrive_cancel_scope_get_parent (scope));
  begin (f, 0, G_CANCELLABLE (parent));
  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  f->guard = take (f, 0);

  below = g_object_ref (aiodrive_lock_guard_get_scope (f->guard));
  g_assert_true (aiodrive_lock_guard_get_scope (f->guard) == below);
  g_assert_true (aiodrive_cancel_scope_get_parent (below) == G_CANCELLABLE (parent));
  g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (below)));

  aiodrive_cancel_scope_cancel_with_reason (parent, reason);
  test_assert_reason (below, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE);
  aiodrive_lock_guard_release (f->guard);
  g_assert_true (aiodrive_lock_guard_get_scope (f->guard) == below);
  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  g_assert_finalize_object (g_steal_pointer (&below));
}

/* Who waits keeps the lock, and so does who holds it. */
static void
test_finalized_while_waiting (Fixture       *f,
                              gconstpointer  kind)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  gpointer lock = f->lock;

  g_object_add_weak_pointer (lock, &lock);
  begin (f, 0, NULL);
  begin (f, 1, cancellable);
  g_object_unref (g_steal_pointer (&f->lock));
  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  g_cancellable_cancel (cancellable);
  assert_cancelled (f, 1);
  f->guard = take (f, 0);
  test_call_clear (&f->calls[0]);
  test_call_clear (&f->calls[1]);

  g_assert_nonnull (lock);
  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  g_assert_null (lock);
}

static void
test_disposed (Fixture       *f,
               gconstpointer  kind)
{
  begin (f, 0, NULL);
  g_object_run_dispose (f->lock);
  begin (f, 1, NULL);
  aiodrive_lock_guard_unref (f->guard);
  aiodrive_lock_guard_unref (take (f, 0));
  f->guard = take (f, 1);
}

static void
test_wrong_result (Fixture       *f,
                   gconstpointer  kind)
{
  g_autoptr(GError) error = NULL;
  gpointer other = f->kind->make ();

  begin (f, 0, NULL);
  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  test_call_wait (&f->calls[0]);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*aiodrive_wait_is_valid*");
  g_assert_null (f->kind->finish (other, f->calls[0].result, &error));
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_finalize_object (other);
  f->guard = take (f, 0);
}

typedef struct
{
  Fixture           *f;
  guint              i;
  AiodriveLockGuard *guard;
} Remote;

static void
begin_there (gpointer data,
             gpointer unused)
{
  Remote *remote = data;

  begin (remote->f, remote->i, NULL);
}

static void
take_there (gpointer data,
            gpointer unused)
{
  Remote *remote = data;

  remote->guard = take (remote->f, remote->i);
}

/* Everybody in his own context, and in order. */
static void
test_many_contexts (Fixture       *f,
                    gconstpointer  kind)
{
  TestThread *threads[3];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      Remote remote = { f, i, NULL };

      threads[i] = test_thread_start ();
      test_thread_call (threads[i], begin_there, &remote);
    }
  begin (f, 3, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      Remote remote = { f, i, NULL };

      g_assert_cmpuint (test_count_waiters (f->guard), ==, 4 - i);
      aiodrive_lock_guard_unref (f->guard);
      test_thread_call (threads[i], take_there, &remote);
      f->guard = remote.guard;
      g_assert_true (f->calls[i].context == test_thread_get_context (threads[i]));
    }
  test_settle ();
  g_assert_cmpuint (f->calls[3].n_calls, ==, 0);
  aiodrive_lock_guard_unref (f->guard);
  f->guard = take (f, 3);
  g_assert_true (f->calls[3].context == g_main_context_default ());
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    test_thread_stop (threads[i]);
}

typedef struct
{
  Fixture      *f;
  GCancellable *cancellable;   /* owned, nullable */
  gint64        deadline;
  GThread      *thread;
} Blocked;

/* The thread has a context of its own, the deadline is set there, and nobody iterates it. */
static gpointer
block_in_thread (gpointer data)
{
  Blocked *self = data;
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard;

  g_main_context_push_thread_default (context);
  if (self->deadline != 0)
    aiodrive_cancel_scope_set_deadline (AIODRIVE_CANCEL_SCOPE (self->cancellable), self->deadline);
  guard = self->f->kind->block (self->f->lock, self->cancellable, &error);
  if (guard == NULL)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  else
    g_assert_no_error (error);
  g_main_context_pop_thread_default (context);
  g_clear_object (&self->cancellable);
  return guard;
}

static void
begin_block (Blocked      *self,
             Fixture      *f,
             GCancellable *cancellable,
             gint64        deadline)
{
  *self = (Blocked) { .f = f, .cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL,
                      .deadline = deadline };
  self->thread = g_thread_new ("blocked", block_in_thread, self);
}

static void
test_block (Fixture       *f,
            gconstpointer  kind)
{
  g_autoptr(GError) error = NULL;
  Blocked blocked;

  begin_block (&blocked, f, NULL, 0);
  test_wait_for_waiters (f->guard, 1);
  aiodrive_lock_guard_unref (f->guard);
  f->guard = g_thread_join (blocked.thread);
  g_assert_nonnull (f->guard);

  g_clear_pointer (&f->guard, aiodrive_lock_guard_unref);
  f->guard = f->kind->block (f->lock, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (f->guard);
  assert_try_fails (f);
}

/* Of those who wait, some block; they get it in order like the others. */
static void
test_block_mixed (Fixture       *f,
                  gconstpointer  kind)
{
  Blocked blocked[2];

  begin (f, 0, NULL);
  begin_block (&blocked[0], f, NULL, 0);
  test_wait_for_waiters (f->guard, 2);
  begin_block (&blocked[1], f, NULL, 0);
  test_wait_for_waiters (f->guard, 3);
  begin (f, 1, NULL);

  aiodrive_lock_guard_unref (f->guard);
  f->guard = take (f, 0);
  for (guint i = 0; i < 2; i++)
    {
      assert_called (f, 1);
      g_assert_cmpuint (test_count_waiters (f->guard), ==, 3 - i);
      aiodrive_lock_guard_unref (f->guard);
      f->guard = g_thread_join (blocked[i].thread);
    }
  assert_called (f, 1);
  aiodrive_lock_guard_unref (f->guard);
  f->guard = take (f, 1);
}

static void
test_block_cancelled (Fixture       *f,
                      gconstpointer  kind)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Blocked blocked;

  begin_block (&blocked, f, cancellable, 0);
  test_wait_for_waiters (f->guard, 1);
  begin (f, 0, NULL);
  g_cancellable_cancel (cancellable);
  g_assert_null (g_thread_join (blocked.thread));
  g_assert_cmpuint (test_count_waiters (f->guard), ==, 1);
  aiodrive_lock_guard_unref (f->guard);
  f->guard = take (f, 0);
}

/* Its own deadline, and that of a scope above it whose context is not iterated either. */
static void
test_block_deadline (Fixture       *f,
                     gconstpointer  kind)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (G_CANCELLABLE (parent));
      gint64 deadline = g_get_monotonic_time () + 2 * G_TIME_SPAN_MILLISECOND;
      Blocked blocked;

      if (i == 0)
        aiodrive_cancel_scope_set_deadline (parent, deadline);
      begin_block (&blocked, f, G_CANCELLABLE (scope), i == 0 ? 0 : deadline);
      g_assert_null (g_thread_join (blocked.thread));
      g_assert_cmpint (g_get_monotonic_time (), >=, deadline);
      g_assert_cmpuint (test_count_waiters (f->guard), ==, 0);
    }
}

/* What it was granted it keeps, be it cancelled at the same time; and if it was cancelled, the next one gets it. */
static void
test_block_cancelled_at_that_moment (Fixture       *f,
                                     gconstpointer  kind)
{
  guint n_granted = 0;

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      Canceller canceller = { .cancellable = cancellable };
      AiodriveLockGuard *guard;
      Blocked blocked;

      begin_block (&blocked, f, cancellable, 0);
      test_wait_for_waiters (f->guard, 1);
      begin (f, 0, NULL);
      release_meanwhile (f, &canceller, round);
      guard = g_thread_join (blocked.thread);
      if (guard != NULL)
        {
          n_granted++;
          assert_called (f, 0);
          aiodrive_lock_guard_unref (guard);
        }
      f->guard = take (f, 0);
      g_thread_join (canceller.thread);
      test_call_clear (&f->calls[0]);
    }
  g_test_message ("%u of %u were granted", n_granted, N_ROUNDS);
}

static void
add (const Kind *kind,
     const char *name,
     void      (*func) (Fixture *f, gconstpointer kind))
{
  g_autofree char *path = g_strdup_printf ("/aiodrive/sync/%s/%s", kind->name, name);

  g_test_add (path, Fixture, kind, set_up, func, tear_down);
}

static void
add_all (const Kind *kind)
{
  add (kind, "order", test_order);
  add (kind, "no-barging", test_no_barging);
  add (kind, "hand-off", test_hand_off);
  add (kind, "try", test_try);
  add (kind, "open", test_open);
  add (kind, "cancelled-before", test_cancelled_before);
  add (kind, "cancelled-while-waiting", test_cancelled_while_waiting);
  add (kind, "cancelled-before-granted", test_cancelled_before_granted);
  add (kind, "cancelled-after-granted", test_cancelled_after_granted);
  add (kind, "cancelled-after-entering", test_cancelled_after_entering);
  add (kind, "cancelled-at-that-moment", test_cancelled_at_that_moment);
  add (kind, "deadline", test_deadline);
  add (kind, "never-unwrapped", test_never_unwrapped);
  add (kind, "dropped-in-thread", test_dropped_in_thread);
  add (kind, "released-twice", test_released_twice);
  add (kind, "released-in-two-threads", test_released_in_two_threads);
  add (kind, "references", test_references);
  add (kind, "scope", test_scope);
  add (kind, "finalized-while-waiting", test_finalized_while_waiting);
  add (kind, "disposed", test_disposed);
  add (kind, "wrong-result", test_wrong_result);
  add (kind, "many-contexts", test_many_contexts);
  if (kind->block == NULL)
    return;

  add (kind, "block", test_block);
  add (kind, "block-mixed", test_block_mixed);
  add (kind, "block-cancelled", test_block_cancelled);
  add (kind, "block-deadline", test_block_deadline);
  add (kind, "block-cancelled-at-that-moment", test_block_cancelled_at_that_moment);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    add_all (&kinds[i]);

  return g_test_run ();
}
