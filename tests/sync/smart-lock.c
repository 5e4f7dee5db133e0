/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/sync/lock.h"

/* What a smart lock has in common with others is tested in lock-guard.c. */

#define EXCLUSIVE     AIODRIVE_LOCK_MODE_EXCLUSIVE
#define SHARED        AIODRIVE_LOCK_MODE_SHARED
#define THREAD_SHARED AIODRIVE_LOCK_MODE_THREAD_SHARED
#define WEAK          AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE
#define N_MODES       4

#define N_ROUNDS      test_rounds (300)

static void
ask_at (AiodriveSmartLock *lock,
        AiodriveLockMode   mode,
        gint               priority,
        GCancellable      *cancellable,
        TestCall          *call)
{
  aiodrive_smart_lock_acquire_async (lock, mode, priority, cancellable, test_on_ready, call);
  g_assert_cmpuint (call->n_calls, ==, 0);
}

static void
ask (AiodriveSmartLock *lock,
     AiodriveLockMode   mode,
     TestCall          *call)
{
  ask_at (lock, mode, G_PRIORITY_DEFAULT, NULL, call);
}

static AiodriveLockGuard *
take (TestCall *call)
{
  g_autoptr(GError) error = NULL;
  GAsyncResult *result = test_call_wait (call);
  AiodriveSmartLock *lock = AIODRIVE_SMART_LOCK (call->source_object);
  AiodriveLockGuard *guard = aiodrive_smart_lock_acquire_finish (lock, result, &error);

  g_assert_no_error (error);
  g_assert_nonnull (guard);
  test_call_clear (call);
  return guard;
}

static void
drop (TestCall *call)
{
  aiodrive_lock_guard_unref (take (call));
}

static void
assert_fails (TestCall *call,
              gint      code)
{
  g_autoptr(GError) error = NULL;
  GAsyncResult *result = test_call_wait (call);

  g_assert_null (aiodrive_smart_lock_acquire_finish (AIODRIVE_SMART_LOCK (call->source_object), result, &error));
  g_assert_error (error, G_IO_ERROR, code);
  test_call_clear (call);
}

static AiodriveLockGuard *
try (AiodriveSmartLock *lock,
     AiodriveLockMode   mode)
{
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard = aiodrive_smart_lock_try_acquire (lock, mode, &error);

  g_assert_no_error (error);
  return guard;
}

static AiodriveLockGuard *
hold (AiodriveSmartLock *lock,
      AiodriveLockMode   mode)
{
  AiodriveLockGuard *guard = try (lock, mode);

  g_assert_nonnull (guard);
  return guard;
}

/* Nobody holds it, nobody waits, and nobody has a reference. */
static void
finalize (AiodriveSmartLock *lock)
{
  test_settle ();
  aiodrive_lock_guard_unref (hold (lock, EXCLUSIVE));
  g_assert_finalize_object (lock);
}

/* Those whose bit is set were called back, the others were not. */
static void
assert_called (TestCall *calls,
               guint     n_calls,
               guint     expected)
{
  test_settle ();
  for (guint i = 0; i < n_calls; i++)
    g_assert_cmpuint (calls[i].n_calls, ==, (expected >> i) & 1);
}

typedef struct
{
  AiodriveSmartLock *lock;
  AiodriveLockMode   mode;
  AiodriveLockGuard *guard;
} Trial;

static gpointer
try_in_thread (gpointer data)
{
  Trial *self = data;

  self->guard = try (self->lock, self->mode);
  return NULL;
}

static AiodriveLockGuard *
try_elsewhere (AiodriveSmartLock *lock,
               AiodriveLockMode   mode)
{
  Trial trial = { .lock = lock, .mode = mode };

  g_thread_join (g_thread_new ("try", try_in_thread, &trial));
  return trial.guard;
}

static gboolean
go_together (AiodriveLockMode a,
             AiodriveLockMode b,
             gboolean         same_thread)
{
  return a == b && (a == SHARED || (a == THREAD_SHARED && same_thread));
}

/* Each mode against each, here and from another thread, with all ways to acquire. */
static void
test_modes (void)
{
  for (guint i = 0; i < N_MODES * N_MODES * 2; i++)
    {
      AiodriveLockMode a = i % N_MODES, b = i / N_MODES % N_MODES;
      gboolean same_thread = i / N_MODES / N_MODES == 0;
      AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
      g_auto(TestCall) call = TEST_CALL_INIT;
      AiodriveLockGuard *first = same_thread ? hold (lock, a) : try_elsewhere (lock, a);
      AiodriveLockGuard *second = try (lock, b);

      g_assert_cmpint (second != NULL, ==, go_together (a, b, same_thread));
      g_clear_pointer (&second, aiodrive_lock_guard_unref);
      ask (lock, b, &call);
      test_settle ();
      g_assert_cmpint (call.n_calls > 0, ==, go_together (a, b, same_thread));
      aiodrive_lock_guard_unref (first);
      drop (&call);
      finalize (lock);
    }
}

static void
test_forms (void)
{
  for (guint i = 0; i < N_MODES * 2; i++)
    {
      AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
      g_autoptr(GError) error = NULL;
      g_auto(TestCall) call = TEST_CALL_INIT, waiting = TEST_CALL_INIT;
      AiodriveLockMode mode = i % N_MODES;
      AiodriveCancelScope *scope;
      AiodriveLockGuard *guard;

      if (i < N_MODES)
        aiodrive_smart_lock_acquire_async (lock, mode, G_PRIORITY_DEFAULT, NULL, test_on_ready, &call);
      guard = i < N_MODES ? aiodrive_smart_lock_acquire_finish (lock, test_call_wait (&call), &error)
                          : aiodrive_smart_lock_acquire (lock, mode, G_PRIORITY_DEFAULT, NULL, &error);
      g_assert_no_error (error);
      test_call_clear (&call);
      for (guint j = 0; j < N_MODES; j++)
        {
          AiodriveLockGuard *other = try (lock, j);

          g_assert_cmpint (other != NULL, ==, go_together (mode, j, TRUE));
          g_clear_pointer (&other, aiodrive_lock_guard_unref);
        }
      ask (lock, EXCLUSIVE, &waiting);
      scope = aiodrive_lock_guard_get_scope (guard);
      g_assert_cmpint (g_cancellable_is_cancelled (G_CANCELLABLE (scope)), ==, mode == WEAK);
      aiodrive_lock_guard_unref (guard);
      drop (&waiting);
      finalize (lock);
    }
}

static void
test_wrong_mode (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  const AiodriveLockMode wrong[] = { (AiodriveLockMode) N_MODES, (AiodriveLockMode) -1, (AiodriveLockMode) G_MAXINT };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr(GError) error = NULL, another = NULL;
      g_auto(TestCall) call = TEST_CALL_INIT;

      ask (lock, wrong[i], &call);
      assert_fails (&call, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_null (aiodrive_smart_lock_acquire (lock, wrong[i], 0, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_null (aiodrive_smart_lock_try_acquire (lock, wrong[i], &another));
      g_assert_error (another, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
  finalize (lock);
}

/* Smaller numbers first, and in order where they are the same. */
static void
test_priority (void)
{
  static const gint priorities[] = { 100, 0, G_MAXINT, -100, 0, G_MININT, 100 };
  static const guint order[] = { 5, 3, 1, 4, 0, 6, 2 };
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = hold (lock, EXCLUSIVE);
  TestCall calls[G_N_ELEMENTS (priorities)] = { TEST_CALL_INIT };

  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    ask_at (lock, EXCLUSIVE, priorities[i], NULL, &calls[i]);
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      aiodrive_lock_guard_unref (guard);
      assert_called (calls, G_N_ELEMENTS (calls), 1 << order[i]);
      guard = take (&calls[order[i]]);
    }
  aiodrive_lock_guard_unref (guard);
  finalize (lock);
}

/* A reader of a higher priority passes a writer who waits, one of the same or a lower priority does not. */
static void
test_priority_of_readers (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = hold (lock, SHARED);
  TestCall calls[4] = { TEST_CALL_INIT };

  ask_at (lock, EXCLUSIVE, 10, NULL, &calls[0]);
  ask_at (lock, SHARED, 10, NULL, &calls[1]);
  ask_at (lock, SHARED, 20, NULL, &calls[2]);
  ask_at (lock, SHARED, 9, NULL, &calls[3]);
  assert_called (calls, 4, 0x8);
  aiodrive_lock_guard_unref (hold (lock, SHARED));   /* at G_PRIORITY_DEFAULT */

  aiodrive_lock_guard_unref (guard);
  assert_called (calls, 4, 0x8);
  drop (&calls[3]);
  assert_called (calls, 4, 0x1);
  drop (&calls[0]);
  assert_called (calls, 4, 0x6);
  drop (&calls[1]);
  drop (&calls[2]);
  finalize (lock);
}

/* Whoever comes first: the writer waits for the readers that are in, later readers for the writer. */
static void
test_starvation (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = hold (lock, SHARED);
  TestCall calls[6] = { TEST_CALL_INIT };
  static const AiodriveLockMode modes[] = { EXCLUSIVE, SHARED, SHARED, EXCLUSIVE, SHARED, THREAD_SHARED };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    ask (lock, modes[i], &calls[i]);
  g_assert_null (try (lock, SHARED));
  assert_called (calls, 6, 0x00);
  aiodrive_lock_guard_unref (guard);
  assert_called (calls, 6, 0x01);
  drop (&calls[0]);
  assert_called (calls, 6, 0x06);
  g_assert_null (try (lock, SHARED));
  drop (&calls[2]);
  assert_called (calls, 6, 0x02);
  drop (&calls[1]);
  assert_called (calls, 6, 0x08);
  drop (&calls[3]);
  assert_called (calls, 6, 0x10);
  drop (&calls[4]);
  assert_called (calls, 6, 0x20);
  drop (&calls[5]);
  finalize (lock);
}

/* Readers come and go without end, and so that it is never open in between: the writer gets it all the same, and so do
 * the readers, however many writers come. */
static void
test_starvation_without_end (void)
{
  static const AiodriveLockMode modes[][2] = { { SHARED, EXCLUSIVE }, { EXCLUSIVE, SHARED } };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
      TestCall crowd[2] = { TEST_CALL_INIT }, one = TEST_CALL_INIT;
      guint n_taken = 0;

      ask (lock, modes[i][0], &crowd[0]);
      ask (lock, modes[i][0], &crowd[1]);
      ask (lock, modes[i][1], &one);
      while (one.n_calls == 0)
        {
          TestCall *call = &crowd[n_taken++ % 2];

          drop (call);
          ask (lock, modes[i][0], call);
          g_assert_cmpuint (n_taken, <=, 2);
          test_settle ();
        }
      drop (&one);
      drop (&crowd[0]);
      drop (&crowd[1]);
      finalize (lock);
    }
}

/* A writer who waits first gives up: the readers behind him have nothing to wait for any more. */
static void
test_cancelled_writer (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);

  for (guint i = 0; i < 2; i++)
    {
      AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
      AiodriveLockGuard *guard = hold (lock, SHARED);
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
      TestCall calls[4] = { TEST_CALL_INIT };

      ask_at (lock, EXCLUSIVE, 0, G_CANCELLABLE (scope), &calls[0]);
      ask (lock, SHARED, &calls[1]);
      ask (lock, SHARED, &calls[2]);
      ask (lock, EXCLUSIVE, &calls[3]);
      if (i == 0)
        g_cancellable_cancel (G_CANCELLABLE (scope));
      else
        aiodrive_cancel_scope_set_deadline (scope, aiodrive_get_monotonic_time () + G_TIME_SPAN_HOUR);
      assert_fails (&calls[0], G_IO_ERROR_CANCELLED);
      assert_called (calls, 4, 0x6);
      drop (&calls[1]);
      drop (&calls[2]);
      aiodrive_lock_guard_unref (guard);
      drop (&calls[3]);
      finalize (lock);
    }
}

typedef struct
{
  AiodriveSmartLock   *lock;
  AiodriveCancelScope *scope;
} Late;

static gpointer
block_late (gpointer data)
{
  Late *self = data;
  g_autoptr(GError) error = NULL;

  g_assert_null (aiodrive_smart_lock_acquire (self->lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT,
                                              G_CANCELLABLE (self->scope), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  return NULL;
}

/* The same with one who blocks until his time is over. */
static void
test_late_writer (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = hold (lock, SHARED);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  Late late = { lock, scope };
  TestCall reader = TEST_CALL_INIT;
  GThread *thread;

  /* it is late only after the reader has come */
  aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time () + G_TIME_SPAN_HOUR);
  thread = g_thread_new ("writer", block_late, &late);
  test_wait_for_waiters (guard, 1);
  ask (lock, SHARED, &reader);
  test_settle ();
  g_assert_cmpuint (reader.n_calls, ==, 0);
  aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time () + 1000);
  drop (&reader);
  g_thread_join (thread);
  aiodrive_lock_guard_unref (guard);
  finalize (lock);
}

/* A writer in the middle gives up: those before and behind him go together. */
static void
test_cancelled_in_the_middle (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = hold (lock, EXCLUSIVE);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestCall calls[3] = { TEST_CALL_INIT };

  ask (lock, SHARED, &calls[0]);
  ask_at (lock, EXCLUSIVE, 0, cancellable, &calls[1]);
  ask (lock, SHARED, &calls[2]);
  g_cancellable_cancel (cancellable);
  assert_fails (&calls[1], G_IO_ERROR_CANCELLED);
  assert_called (calls, 3, 0);
  aiodrive_lock_guard_unref (guard);
  assert_called (calls, 3, 0x5);
  drop (&calls[0]);
  drop (&calls[2]);
  finalize (lock);
}

/* The thread is the one that asked, also when it is gone: another one does not become it. */
static void
test_thread_is_gone (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = try_elsewhere (lock, THREAD_SHARED);

  g_assert_nonnull (guard);
  for (guint i = 0; i < 20; i++)
    g_assert_null (try_elsewhere (lock, THREAD_SHARED));
  g_assert_null (try (lock, THREAD_SHARED));
  aiodrive_lock_guard_unref (guard);
  finalize (lock);
}

typedef struct
{
  AiodriveSmartLock *lock;
  TestCall          *calls;
  guint              n;
} Remote;

static void
ask_there (gpointer data,
           gpointer unused)
{
  Remote *self = data;

  for (guint i = 0; i < self->n; i++)
    ask (self->lock, THREAD_SHARED, &self->calls[i]);
}

static void
drop_there (gpointer data,
            gpointer unused)
{
  Remote *self = data;

  test_settle ();
  for (guint i = 0; i < self->n; i++)
    drop (&self->calls[i]);
}

/* Those of one thread go together, and in their turn; guards may be passed to whom one likes. */
static void
test_thread_shared (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = hold (lock, THREAD_SHARED);
  TestThread *thread = test_thread_start ();
  TestCall calls[2] = { TEST_CALL_INIT }, mine = TEST_CALL_INIT;
  Remote remote = { lock, calls, 2 };

  test_thread_call (thread, ask_there, &remote);
  g_assert_cmpuint (test_count_waiters (guard), ==, 2);
  g_assert_null (try (lock, THREAD_SHARED));   /* as others wait */
  ask (lock, THREAD_SHARED, &mine);
  aiodrive_lock_guard_unref (guard);
  test_settle ();
  g_assert_cmpuint (mine.n_calls, ==, 0);
  test_thread_call (thread, drop_there, &remote);
  drop (&mine);
  test_thread_stop (thread);
  finalize (lock);
}

/* One who holds it already waits for himself. */
static void
test_not_recursive (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = hold (lock, EXCLUSIVE);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, 3600000);
  TestCall call = TEST_CALL_INIT;

  ask_at (lock, EXCLUSIVE, 0, G_CANCELLABLE (scope), &call);
  assert_fails (&call, G_IO_ERROR_CANCELLED);
  aiodrive_lock_guard_unref (guard);
  finalize (lock);
}

static gboolean
is_asked (AiodriveLockGuard *guard)
{
  AiodriveCancelScope *scope = aiodrive_lock_guard_get_scope (guard);

  if (!g_cancellable_is_cancelled (G_CANCELLABLE (scope)))
    return FALSE;
  test_assert_reason (scope, AIODRIVE_ERROR, AIODRIVE_ERROR_PREEMPTED);
  return TRUE;
}

/* By each mode, before or after he looked at his scope; it is he alone that is asked, not his caller. */
static void
test_weak (void)
{
  for (guint i = 0; i < N_MODES * 2; i++)
    {
      AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
      g_autoptr(AiodriveCancelScope) parent = aiodrive_cancel_scope_new (NULL);
      TestCall holder = TEST_CALL_INIT, call = TEST_CALL_INIT;
      AiodriveCancelScope *scope;
      AiodriveLockGuard *guard;

      ask_at (lock, WEAK, 0, G_CANCELLABLE (parent), &holder);
      guard = take (&holder);
      if (i < N_MODES)
        g_assert_false (is_asked (guard));
      ask (lock, i % N_MODES, &call);
      g_assert_true (is_asked (guard));
      scope = aiodrive_lock_guard_get_scope (guard);
      g_assert_true (aiodrive_cancel_scope_get_parent (scope) == G_CANCELLABLE (parent));
      g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (parent)));

      /* he is asked, not made to go */
      test_settle ();
      g_assert_cmpuint (call.n_calls, ==, 0);
      aiodrive_lock_guard_unref (guard);
      drop (&call);
      finalize (lock);
    }
}

/* Neither by try, nor by a call that has no effect. */
static void
test_weak_not_asked (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = hold (lock, WEAK);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  TestCall call = TEST_CALL_INIT, other = TEST_CALL_INIT;

  for (guint i = 0; i < N_MODES; i++)
    g_assert_null (try (lock, i));
  g_cancellable_cancel (cancellable);
  ask_at (lock, EXCLUSIVE, 0, cancellable, &call);
  assert_fails (&call, G_IO_ERROR_CANCELLED);
  g_assert_null (aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, cancellable,
                                              &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  ask (lock, (AiodriveLockMode) N_MODES, &call);
  assert_fails (&call, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_false (is_asked (guard));

  /* once he has gone he is not asked any more */
  aiodrive_lock_guard_release (guard);
  ask (lock, EXCLUSIVE, &call);
  ask (lock, EXCLUSIVE, &other);
  g_assert_false (is_asked (guard));
  aiodrive_lock_guard_unref (guard);
  drop (&call);
  drop (&other);
  finalize (lock);
}

static void
count (GCancellable *cancellable,
       guint        *n)
{
  (*n)++;
}

static void
test_weak_asked_once (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = hold (lock, WEAK);
  TestCall calls[3] = { TEST_CALL_INIT };
  guint n_asked = 0;

  g_signal_connect (aiodrive_lock_guard_get_scope (guard), "cancelled", G_CALLBACK (count), &n_asked);
  for (guint i = 0; i < 3; i++)
    {
      ask (lock, i == 1 ? WEAK : EXCLUSIVE, &calls[i]);
      g_assert_cmpuint (n_asked, ==, 1);
    }
  aiodrive_lock_guard_unref (guard);
  for (guint i = 0; i < 3; i++)
    drop (&calls[i]);
  g_assert_cmpuint (n_asked, ==, 1);
  finalize (lock);
}

/* One asks the other; who gets it while others wait is asked before he knows, and the last one is not asked. */
static void
test_weak_both (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *first = hold (lock, WEAK), *second, *third;
  TestCall calls[3] = { TEST_CALL_INIT };

  ask (lock, WEAK, &calls[0]);
  g_assert_true (is_asked (first));
  ask (lock, WEAK, &calls[1]);
  aiodrive_lock_guard_unref (first);
  second = take (&calls[0]);
  g_assert_true (is_asked (second));
  aiodrive_lock_guard_unref (second);
  third = take (&calls[1]);
  g_assert_false (is_asked (third));

  ask (lock, SHARED, &calls[2]);
  g_assert_true (is_asked (third));
  aiodrive_lock_guard_unref (third);
  drop (&calls[2]);
  finalize (lock);
}

/* Who asked is not waiting any more; but he did ask. */
static void
test_weak_asked_by_one_who_gave_up (void)
{
  AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
  AiodriveLockGuard *guard = hold (lock, WEAK);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestCall call = TEST_CALL_INIT;

  ask_at (lock, EXCLUSIVE, 0, cancellable, &call);
  g_cancellable_cancel (cancellable);
  assert_fails (&call, G_IO_ERROR_CANCELLED);
  g_assert_true (is_asked (guard));
  aiodrive_lock_guard_unref (guard);
  finalize (lock);
}

static void
release_and_note (GCancellable      *cancellable,
                  AiodriveLockGuard *guard)
{
  g_object_set_data (G_OBJECT (cancellable), "asked-in", g_thread_self ());
  aiodrive_lock_guard_release (guard);
}

static gpointer
block_in_thread (gpointer lock)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AiodriveLockGuard) guard = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE,
                                                                    G_PRIORITY_DEFAULT, NULL, &error);

  g_assert_no_error (error);
  return g_thread_self ();
}

/* He is asked in the thread of who asks, before that one blocks, and with no lock held: he may go at once. */
static void
test_weak_goes_when_asked (void)
{
  for (guint i = 0; i < 3; i++)
    {
      AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
      AiodriveLockGuard *guard = hold (lock, WEAK);
      g_autoptr(AiodriveCancelScope) scope = g_object_ref (aiodrive_lock_guard_get_scope (guard));
      TestCall call = TEST_CALL_INIT;
      gpointer asked_in = g_thread_self ();

      g_signal_connect (scope, "cancelled", G_CALLBACK (release_and_note), guard);
      if (i == 0)
        {
          ask (lock, SHARED, &call);
          drop (&call);
        }
      else if (i == 1)
        block_in_thread (lock);
      else
        asked_in = g_thread_join (g_thread_new ("asker", block_in_thread, lock));
      g_assert_true (g_object_get_data (G_OBJECT (scope), "asked-in") == asked_in);
      aiodrive_lock_guard_unref (guard);
      finalize (lock);
    }
}

/* He is dropped in the middle of being asked. */
static void
drop_when_asked (GCancellable       *cancellable,
                 AiodriveLockGuard **guard)
{
  g_clear_pointer (guard, aiodrive_lock_guard_unref);
}

static void
test_weak_dropped_when_asked (void)
{
  for (guint i = 0; i < 2; i++)
    {
      AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
      AiodriveLockGuard *guard = hold (lock, WEAK);
      TestCall call = TEST_CALL_INIT;

      g_signal_connect (aiodrive_lock_guard_get_scope (guard), "cancelled", G_CALLBACK (drop_when_asked), &guard);
      ask (lock, i == 0 ? EXCLUSIVE : WEAK, &call);
      g_assert_null (guard);
      drop (&call);
      finalize (lock);
    }
}

static gpointer
get_scope_in_thread (gpointer guard)
{
  return g_object_ref (aiodrive_lock_guard_get_scope (guard));
}

static gpointer
unref_in_thread (gpointer guard)
{
  aiodrive_lock_guard_unref (guard);
  return NULL;
}

/* Asked while another thread gets the scope, or drops the guard. */
static void
test_weak_at_that_moment (void)
{
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      AiodriveSmartLock *lock = aiodrive_smart_lock_new ();
      AiodriveLockGuard *guard = hold (lock, WEAK);
      gboolean drops = round % 2;
      GThread *thread = g_thread_new ("holder", drops ? unref_in_thread : get_scope_in_thread, guard);
      TestCall call = TEST_CALL_INIT;
      g_autoptr(AiodriveCancelScope) scope = NULL;

      ask (lock, round % 4 < 2 ? EXCLUSIVE : WEAK, &call);
      scope = g_thread_join (thread);
      if (!drops)
        {
          test_assert_reason (scope, AIODRIVE_ERROR, AIODRIVE_ERROR_PREEMPTED);
          aiodrive_lock_guard_unref (guard);
        }
      drop (&call);
      finalize (lock);
    }
}

static void
test_mode_type (void)
{
  g_autoptr(GEnumClass) klass = g_type_class_ref (AIODRIVE_TYPE_LOCK_MODE);

  g_assert_cmpuint (klass->n_values, ==, N_MODES);
  g_assert_cmpint (g_enum_get_value_by_nick (klass, "thread-shared")->value, ==, THREAD_SHARED);
  g_assert_cmpstr (g_enum_get_value (klass, WEAK)->value_name, ==, "AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) g_test_add_func ("/aiodrive/sync/smart-lock/" name, func)
  ADD ("modes", test_modes);
  ADD ("forms", test_forms);
  ADD ("wrong-mode", test_wrong_mode);
  ADD ("mode-type", test_mode_type);
  ADD ("priority", test_priority);
  ADD ("priority-of-readers", test_priority_of_readers);
  ADD ("starvation", test_starvation);
  ADD ("starvation-without-end", test_starvation_without_end);
  ADD ("cancelled-writer", test_cancelled_writer);
  ADD ("late-writer", test_late_writer);
  ADD ("cancelled-in-the-middle", test_cancelled_in_the_middle);
  ADD ("thread-shared", test_thread_shared);
  ADD ("thread-is-gone", test_thread_is_gone);
  ADD ("not-recursive", test_not_recursive);
  ADD ("weak/asked", test_weak);
  ADD ("weak/not-asked", test_weak_not_asked);
  ADD ("weak/asked-once", test_weak_asked_once);
  ADD ("weak/both", test_weak_both);
  ADD ("weak/asked-by-one-who-gave-up", test_weak_asked_by_one_who_gave_up);
  ADD ("weak/goes-when-asked", test_weak_goes_when_asked);
  ADD ("weak/dropped-when-asked", test_weak_dropped_when_asked);
  ADD ("weak/at-that-moment", test_weak_at_that_moment);

  return g_test_run ();
}
