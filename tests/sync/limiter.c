/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/sync/lock.h"

/* What a limiter of one has in common with locks is tested in lock-guard.c. */

#define N_CALLS 6

typedef struct
{
  AiodriveLimiter   *limiter;
  TestCall           calls[N_CALLS];
  AiodriveLockGuard *guards[N_CALLS];
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  capacity)
{
  f->limiter = aiodrive_limiter_new (GPOINTER_TO_UINT (capacity));
  g_assert_cmpuint (aiodrive_limiter_get_capacity (f->limiter), ==, GPOINTER_TO_UINT (capacity));
}

static void
ask (Fixture *f,
     guint    n)
{
  for (guint i = 0; i < n; i++)
    aiodrive_limiter_acquire_async (f->limiter, NULL, test_on_ready, &f->calls[i]);
}

/* Those before @n are inside, or were, the others are not; all who are inside are taken. */
static void
assert_entered (Fixture *f,
                guint    n)
{
  test_settle ();
  for (guint i = 0; i < N_CALLS; i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_cmpuint (f->calls[i].n_calls, ==, i < n);
      if (i >= n || f->calls[i].result == NULL)
        continue;
      f->guards[i] = aiodrive_limiter_acquire_finish (f->limiter, f->calls[i].result, &error);
      g_assert_no_error (error);
      g_clear_object (&f->calls[i].result);
    }
}

static void
leave (Fixture *f,
       guint    i)
{
  g_assert_nonnull (f->guards[i]);
  g_clear_pointer (&f->guards[i], aiodrive_lock_guard_unref);
}

static guint
count_free (AiodriveLimiter *limiter)
{
  AiodriveLockGuard *guard = aiodrive_limiter_try_acquire (limiter);
  guint n = guard != NULL ? 1 + count_free (limiter) : 0;

  g_clear_pointer (&guard, aiodrive_lock_guard_unref);
  return n;
}

static void
tear_down (Fixture       *f,
           gconstpointer  capacity)
{
  for (guint i = 0; i < N_CALLS; i++)
    {
      g_clear_pointer (&f->guards[i], aiodrive_lock_guard_unref);
      test_call_clear (&f->calls[i]);
    }
  g_assert_cmpuint (count_free (f->limiter), ==, aiodrive_limiter_get_capacity (f->limiter));
  g_assert_finalize_object (f->limiter);
}

static void
test_several (Fixture       *f,
              gconstpointer  capacity)
{
  g_assert_cmpuint (count_free (f->limiter), ==, 3);
  ask (f, 6);
  assert_entered (f, 3);
  g_assert_null (aiodrive_limiter_try_acquire (f->limiter));
  leave (f, 1);
  assert_entered (f, 4);
  leave (f, 3);
  leave (f, 0);
  assert_entered (f, 6);
  g_assert_cmpuint (count_free (f->limiter), ==, 0);
  leave (f, 5);
  g_assert_cmpuint (count_free (f->limiter), ==, 1);
}

static void
test_raised (Fixture       *f,
             gconstpointer  capacity)
{
  ask (f, 6);
  assert_entered (f, 1);
  aiodrive_limiter_set_capacity (f->limiter, 4);
  g_assert_null (aiodrive_limiter_try_acquire (f->limiter));   /* the room belongs to those who wait */
  assert_entered (f, 4);
  aiodrive_limiter_set_capacity (f->limiter, G_MAXUINT);
  assert_entered (f, 6);
  aiodrive_limiter_set_capacity (f->limiter, 7);
  g_assert_cmpuint (count_free (f->limiter), ==, 1);
}

/* Those who are in stay in; there is room when enough of them have left. */
static void
test_lowered (Fixture       *f,
              gconstpointer  capacity)
{
  ask (f, 6);
  assert_entered (f, 3);
  aiodrive_limiter_set_capacity (f->limiter, 1);
  leave (f, 0);
  assert_entered (f, 3);
  leave (f, 1);
  assert_entered (f, 3);
  leave (f, 2);
  assert_entered (f, 4);
  aiodrive_limiter_set_capacity (f->limiter, 2);
  assert_entered (f, 5);
  leave (f, 3);
  assert_entered (f, 6);
}

/* Who was let in before it was lowered stays in, although nobody has told him yet. */
static void
test_lowered_after_granted (Fixture       *f,
                            gconstpointer  capacity)
{
  ask (f, 4);
  aiodrive_limiter_set_capacity (f->limiter, 0);
  assert_entered (f, 3);
  aiodrive_limiter_set_capacity (f->limiter, 4);
  assert_entered (f, 4);
}

static void
test_zero (Fixture       *f,
           gconstpointer  capacity)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, 3600000);
  g_autoptr(GError) error = NULL;

  g_assert_null (aiodrive_limiter_try_acquire (f->limiter));
  g_assert_null (aiodrive_limiter_acquire (f->limiter, G_CANCELLABLE (scope), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  ask (f, 3);
  assert_entered (f, 0);
  aiodrive_limiter_set_capacity (f->limiter, 1);
  assert_entered (f, 1);
  aiodrive_limiter_set_capacity (f->limiter, 0);
  leave (f, 0);
  assert_entered (f, 1);
  aiodrive_limiter_set_capacity (f->limiter, 2);
  assert_entered (f, 3);
}

static gpointer
block_in_thread (gpointer limiter)
{
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard = aiodrive_limiter_acquire (limiter, NULL, &error);

  g_assert_no_error (error);
  return guard;
}

/* Raising it wakes those who block, too. */
static void
test_raised_for_blocked (Fixture       *f,
                         gconstpointer  capacity)
{
  AiodriveLockGuard *guard = aiodrive_limiter_try_acquire (f->limiter);
  AiodriveLockGuard *others[2];
  GThread *threads[2];

  for (guint i = 0; i < 2; i++)
    threads[i] = g_thread_new ("blocked", block_in_thread, f->limiter);
  test_wait_for_waiters (guard, 2);
  aiodrive_limiter_set_capacity (f->limiter, 3);
  for (guint i = 0; i < 2; i++)
    others[i] = g_thread_join (threads[i]);
  g_assert_cmpuint (count_free (f->limiter), ==, 0);
  for (guint i = 0; i < 2; i++)
    aiodrive_lock_guard_unref (others[i]);
  aiodrive_lock_guard_unref (guard);
}

typedef struct
{
  guint n;
  guint capacity;
} Notified;

/* No lock is held while it is notified. */
static void
on_notify (AiodriveLimiter *limiter,
           GParamSpec      *pspec,
           Notified        *notified)
{
  g_autoptr(AiodriveLockGuard) guard = NULL;

  notified->n++;
  g_object_get (limiter, "capacity", &notified->capacity, NULL);
  guard = aiodrive_limiter_try_acquire (limiter);
}

static void
test_property (Fixture       *f,
               gconstpointer  capacity)
{
  Notified notified = { 0, 0 };

  g_signal_connect (f->limiter, "notify::capacity", G_CALLBACK (on_notify), &notified);
  aiodrive_limiter_set_capacity (f->limiter, 5);
  g_assert_cmpuint (notified.n, ==, 1);
  g_assert_cmpuint (notified.capacity, ==, 5);
  aiodrive_limiter_set_capacity (f->limiter, 5);
  g_assert_cmpuint (notified.n, ==, 1);
  g_object_set (f->limiter, "capacity", 0u, NULL);
  g_assert_cmpuint (notified.n, ==, 2);
  g_assert_cmpuint (aiodrive_limiter_get_capacity (f->limiter), ==, 0);
}

/* Without a constructor of its own. */
static void
test_default (void)
{
  AiodriveLimiter *limiter = g_object_new (AIODRIVE_TYPE_LIMITER, NULL);

  g_assert_cmpuint (count_free (limiter), ==, 1);
  g_assert_finalize_object (limiter);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, capacity, func) \
  g_test_add ("/aiodrive/sync/limiter/" name, Fixture, GUINT_TO_POINTER (capacity), set_up, func, tear_down)
  ADD ("several", 3, test_several);
  ADD ("raised", 1, test_raised);
  ADD ("lowered", 3, test_lowered);
  ADD ("lowered-after-granted", 3, test_lowered_after_granted);
  ADD ("zero", 0, test_zero);
  ADD ("raised-for-blocked", 1, test_raised_for_blocked);
  ADD ("property", 2, test_property);
  g_test_add_func ("/aiodrive/sync/limiter/default", test_default);

  return g_test_run ();
}
