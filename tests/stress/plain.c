/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* Threads without a main context make calls of every kind, while this one iterates the default context: callbacks come
 * here, before or after the calls have returned. Each call ends; no thread waits for ever; nothing crashes. */

#define N_THREADS 4

typedef struct
{
  GRand         *rand;      /* owned */
  AiodriveLatch *latch;     /* unowned: set when all that wait for it have begun, or before */
  GCancellable  *scope;     /* unowned: cancelled now and then */
} Plain;

static gint n_over;   /* atomic */

static void
succeed (GTask        *task,
         GCancellable *cancellable,
         gpointer      data)
{
  g_task_return_boolean (task, TRUE);
}

static void
fail (GTask        *task,
      GCancellable *cancellable,
      gpointer      data)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "as if it was cancelled");
}

/* Those that wait end when the latch is set, or with the others. */
static GTask *
new_child (Plain *self)
{
  switch (g_rand_int_range (self->rand, 0, 5))
    {
    case 0:
      return aiodrive_spawn (NULL, fail, NULL, NULL);
    case 1:
      return AIODRIVE_START (NULL, aiodrive_latch_wait_set_async, self->latch);
    case 2:
      return AIODRIVE_START (NULL, aiodrive_sleep_async, 0);
    case 3:
      return aiodrive_prime (NULL, succeed, NULL, NULL);
    default:
      return aiodrive_spawn (NULL, succeed, NULL, NULL);
    }
}

/* Takes the children. */
static GTask *
combine (Plain  *self,
         GTask **tasks)
{
  switch (g_rand_int_range (self->rand, 0, 7))
    {
    case 0:
      return aiodrive_race (tasks, 2, self->scope);
    case 1:
      return aiodrive_first_success (tasks, 2, self->scope);
    case 2:
      return aiodrive_try_all (tasks, 2, self->scope);
    case 3:
      return aiodrive_wait_all (tasks, 2, self->scope);
    case 4:
      return aiodrive_timeout (tasks[0], g_rand_int_range (self->rand, 0, 2), self->scope);
    case 5:
      return aiodrive_shield (tasks[0], self->scope);
    default:
      return aiodrive_cancel_task (tasks[0], self->scope);
    }
}

static void
use_combinator (Plain *self)
{
  g_autoptr(GTask) first = new_child (self);
  g_autoptr(GTask) second = new_child (self);
  g_autoptr(GTask) combined = combine (self, (GTask *[]) { first, second });
  g_autoptr(GError) error = NULL;

  aiodrive_latch_set (self->latch);
  aiodrive_run (combined);
  error = aiodrive_task_dup_error (combined);
  aiodrive_run (first);
  aiodrive_run (second);
}

static void
use_group (Plain *self)
{
  g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (self->scope);
  g_autoptr(GTask) closed = NULL;
  g_autoptr(GError) error = NULL;

  aiodrive_task_group_spawn (group, NULL, succeed, NULL, NULL);
  aiodrive_task_group_spawn (group, NULL, succeed, NULL, NULL);
  closed = AIODRIVE_START (NULL, aiodrive_task_group_close_async, group);
  aiodrive_run (closed);
  error = aiodrive_task_dup_error (closed);
  g_assert_true (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

static void
use_pool (Plain *self)
{
  g_autoptr(AiodrivePool) pool = aiodrive_pool_new ("plain");
  g_autoptr(GTask) run = NULL;
  g_autoptr(GError) error = NULL;

  aiodrive_task_group_spawn (AIODRIVE_TASK_GROUP (pool), NULL, succeed, NULL, NULL);
  run = AIODRIVE_START (G_CANCELLABLE (self->scope), aiodrive_pool_run_async, pool, AIODRIVE_POOL_FLAGS_NONE);
  aiodrive_run (run);
  error = aiodrive_task_dup_error (run);
  g_assert_true (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

static void
use_iterator (Plain *self)
{
  GTask *tasks[] = { aiodrive_spawn (NULL, succeed, NULL, NULL), aiodrive_spawn (NULL, succeed, NULL, NULL) };
  g_autoptr(AiodriveAsyncIterator) iterator = g_rand_boolean (self->rand)
    ? aiodrive_as_completed (tasks, 2, NULL) : AIODRIVE_ASYNC_ITERATOR (aiodrive_repeat_periodically (0));
  g_autoptr(GTask) next = AIODRIVE_START (NULL, aiodrive_async_iterator_next_async, iterator);
  g_autoptr(GTask) closed = AIODRIVE_START (NULL, aiodrive_async_iterator_close_async, iterator);

  aiodrive_run (closed);
  aiodrive_run (next);
  aiodrive_run (tasks[0]);
  aiodrive_run (tasks[1]);
  g_object_unref (tasks[0]);
  g_object_unref (tasks[1]);
}

static void
use_condition (Plain *self)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  g_autoptr(AiodriveCondition) condition = aiodrive_condition_new ();
  g_autoptr(AiodriveLockGuard) guard = aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, NULL);
  g_autoptr(GTask) wait = AIODRIVE_START (NULL, aiodrive_condition_wait_async, condition, guard);

  if (g_rand_boolean (self->rand))
    g_cancellable_cancel (g_task_get_cancellable (wait));
  aiodrive_condition_signal (condition);
  aiodrive_run (wait);
}

static gpointer
run_thread (gpointer data)
{
  static void (*const uses[]) (Plain *self) = { use_combinator, use_combinator, use_group, use_pool, use_iterator,
                                                use_condition };
  Plain self = { .rand = g_rand_new_with_seed (GPOINTER_TO_UINT (data)) };

  for (guint i = 0; i < test_rounds (5000); i++)
    {
      g_autoptr(AiodriveLatch) latch = aiodrive_latch_new ();
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);

      self.latch = latch;
      self.scope = G_CANCELLABLE (scope);
      if (g_rand_int_range (self.rand, 0, 3) == 0)
        aiodrive_cancel_scope_set_deadline (scope, aiodrive_get_monotonic_time ());
      if (g_rand_boolean (self.rand))
        aiodrive_latch_set (latch);
      uses[g_rand_int_range (self.rand, 0, G_N_ELEMENTS (uses))] (&self);
    }
  g_rand_free (self.rand);
  g_atomic_int_inc (&n_over);
  g_main_context_wakeup (NULL);
  return NULL;
}

static void
test_calls (void)
{
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("plain", run_thread, GUINT_TO_POINTER (i + 1));
  test_iterate_until (g_atomic_int_get (&n_over) == N_THREADS);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  test_settle ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/stress/plain", test_calls);

  return g_test_run ();
}
