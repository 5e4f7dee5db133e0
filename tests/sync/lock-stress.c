/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope-private.h"
#include "tests/sync/lock.h"

/* Several threads do everything at once with one lock, at random: acquire in all ways, release, drop, cancel, be late,
 * unwrap or not. Who is inside is noted between being granted the lock and releasing it: all of them must go together.
 * At the end every callback was called once, the lock is open, and nothing is left. Another seed can be given
 * with --seed. */

#define N_WORKERS      4
#define N_SCOPES       6
#define N_HELD         2
#define N_OUTSTANDING  8
#define DURATION       (400 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  AiodriveLockMode mode;
  gint             priority;
  GCancellable    *cancellable;   /* owned, nullable */
  guint            thread;
} Request;

typedef struct
{
  const char          *name;
  gboolean             in_tasks;    /* its scopes are those of tasks */
  guint                at_most;     /* inside at once */
  gpointer           (*make)     (void);
  void               (*begin)    (gpointer             lock,
                                  const Request       *request,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);
  AiodriveLockGuard *(*finish)   (gpointer             lock,
                                  GAsyncResult        *result,
                                  GError             **error);
  AiodriveLockGuard *(*block)    (gpointer             lock,       /* nullable, as are the next three */
                                  const Request       *request,
                                  GError             **error);
  AiodriveLockGuard *(*try_)     (gpointer             lock,
                                  const Request       *request);
  void               (*disturb)  (gpointer             lock,
                                  guint                number);
  gboolean           (*together) (const Request       *a,          /* NULL: all do */
                                  const Request       *b);
} Kind;

static void
smart_begin (gpointer             lock,
             const Request       *request,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  aiodrive_smart_lock_acquire_async (lock, request->mode, request->priority, request->cancellable, callback, user_data);
}

static AiodriveLockGuard *
smart_block (gpointer        lock,
             const Request  *request,
             GError        **error)
{
  return aiodrive_smart_lock_acquire (lock, request->mode, request->priority, request->cancellable, error);
}

static AiodriveLockGuard *
smart_try (gpointer       lock,
           const Request *request)
{
  return aiodrive_smart_lock_try_acquire (lock, request->mode, NULL);
}

static gboolean
smart_together (const Request *a,
                const Request *b)
{
  if (a->mode != b->mode)
    return FALSE;
  return a->mode == AIODRIVE_LOCK_MODE_SHARED ||
         (a->mode == AIODRIVE_LOCK_MODE_THREAD_SHARED && a->thread == b->thread);
}

static void
nestable_begin (gpointer             lock,
                const Request       *request,
                GAsyncReadyCallback  callback,
                gpointer             user_data)
{
  aiodrive_nestable_lock_acquire_async (lock, request->cancellable, callback, user_data);
}

/* One task is that of the other, or above it. */
static gboolean
nestable_together (const Request *a,
                   const Request *b)
{
  g_autoptr(AiodriveCancelScope) first = aiodrive_cancellable_find_task_scope (a->cancellable);
  g_autoptr(AiodriveCancelScope) second = aiodrive_cancellable_find_task_scope (b->cancellable);

  return first != NULL && second != NULL &&
         (aiodrive_cancellable_is_within (G_CANCELLABLE (first), G_CANCELLABLE (second)) ||
          aiodrive_cancellable_is_within (G_CANCELLABLE (second), G_CANCELLABLE (first)));
}

static gpointer
limiter_make (void)
{
  return aiodrive_limiter_new (3);
}

static void
limiter_begin (gpointer             lock,
               const Request       *request,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  aiodrive_limiter_acquire_async (lock, request->cancellable, callback, user_data);
}

static AiodriveLockGuard *
limiter_block (gpointer        lock,
               const Request  *request,
               GError        **error)
{
  return aiodrive_limiter_acquire (lock, request->cancellable, error);
}

static AiodriveLockGuard *
limiter_try (gpointer       lock,
             const Request *request)
{
  return aiodrive_limiter_try_acquire (lock);
}

static void
limiter_disturb (gpointer lock,
                 guint    number)
{
  aiodrive_limiter_set_capacity (lock, 1 + number % 3);
}

#define FUNC(function) ((gpointer) function)

static const Kind kinds[] =
{
  { "smart-lock", FALSE, G_MAXUINT, FUNC (aiodrive_smart_lock_new), smart_begin,
    FUNC (aiodrive_smart_lock_acquire_finish), smart_block, smart_try, NULL, smart_together },
  { "nestable-lock", TRUE, G_MAXUINT, FUNC (aiodrive_nestable_lock_new), nestable_begin,
    FUNC (aiodrive_nestable_lock_acquire_finish), NULL, NULL, NULL, nestable_together },
  { "limiter", FALSE, 3, limiter_make, limiter_begin,
    FUNC (aiodrive_limiter_acquire_finish), limiter_block, limiter_try, limiter_disturb, NULL },
};

typedef struct
{
  const Kind   *kind;
  gpointer      lock;
  gint64        end;
  gint          n_resting;    /* atomic: workers that begin nothing more */
  GMutex        mutex;
  GPtrArray    *inside;       /* of Call; guarded by mutex */
  GCancellable *scopes[N_SCOPES];   /* owned; guarded by mutex */
} Stress;

typedef struct
{
  Stress       *stress;
  GRand        *rand;
  GMainContext *context;
  guint         number;
  gboolean      in_call;
  guint         n_begun;
  guint         n_ended;      /* including those that were granted, and then released */
  guint         n_granted;
  guint         n_called;
  guint         n_asked;
  GPtrArray    *held;         /* of Call */
} Worker;

/* From the request to the release. */
typedef struct
{
  Worker            *worker;
  Request            request;
  AiodriveLockGuard *guard;
} Call;

static void
call_free (Call *call)
{
  call->worker->n_ended++;
  g_clear_object (&call->request.cancellable);
  g_free (call);
}

static void
call_enter (Call              *call,
            AiodriveLockGuard *guard)
{
  Stress *stress = call->worker->stress;

  call->guard = guard;
  call->worker->n_granted++;
  g_mutex_lock (&stress->mutex);
  for (guint i = 0; stress->kind->together != NULL && i < stress->inside->len; i++)
    g_assert_true (stress->kind->together (&((Call *) stress->inside->pdata[i])->request, &call->request));
  g_ptr_array_add (stress->inside, call);
  g_assert_cmpuint (stress->inside->len, <=, stress->kind->at_most);
  g_mutex_unlock (&stress->mutex);
  g_ptr_array_add (call->worker->held, call);
}

static void
call_leave (Call *call)
{
  Stress *stress = call->worker->stress;
  AiodriveCancelScope *scope = aiodrive_lock_guard_get_scope (call->guard);
  g_autoptr(GError) reason = aiodrive_cancel_scope_dup_reason (scope);

  call->worker->n_asked += g_error_matches (reason, AIODRIVE_ERROR, AIODRIVE_ERROR_PREEMPTED);
  g_mutex_lock (&stress->mutex);
  g_assert_true (g_ptr_array_remove_fast (stress->inside, call));
  g_mutex_unlock (&stress->mutex);
  if (g_rand_boolean (call->worker->rand))
    aiodrive_lock_guard_release (call->guard);
  aiodrive_lock_guard_unref (call->guard);
  call_free (call);
}

static void
release_some (Worker *worker,
              guint   n_left)
{
  while (worker->held->len > n_left)
    call_leave (g_ptr_array_steal_index (worker->held, g_rand_int_range (worker->rand, 0, worker->held->len)));
}

static void
assert_was_cancelled (Call   *call,
                      GError *error)
{
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (aiodrive_cancellable_is_cancelled (call->request.cancellable));
}

static void
on_ready (GObject      *lock,
          GAsyncResult *result,
          gpointer      data)
{
  Call *call = data;
  Worker *worker = call->worker;
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard;

  g_assert_false (worker->in_call);
  g_assert_true (g_main_context_get_thread_default () == worker->context);
  worker->n_called++;
  if (g_rand_int_range (worker->rand, 0, 20) == 0)
    {
      call_free (call);   /* it is never unwrapped */
      return;
    }

  guard = worker->stress->kind->finish (lock, result, &error);
  if (guard != NULL)
    call_enter (call, guard);
  else
    {
      assert_was_cancelled (call, error);
      call_free (call);
    }
}

/* A scope, or that of a task, below another one at times. */
static GCancellable *
new_scope (Worker       *worker,
           GCancellable *parent)
{
  GCancellable *scope;
  GTask *task;

  if (!worker->stress->kind->in_tasks)
    return G_CANCELLABLE (aiodrive_cancel_scope_new (parent));

  /* it counts also when the task has ended */
  task = aiodrive_task_new (parent);
  scope = g_object_ref (g_task_get_cancellable (task));
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
  return scope;
}

/* Cancels one, and puts another one in its place. */
static void
cancel_one (Worker *worker)
{
  Stress *stress = worker->stress;
  guint i = g_rand_int_range (worker->rand, 0, N_SCOPES);
  g_autoptr(GCancellable) old = NULL;

  g_mutex_lock (&stress->mutex);
  old = stress->scopes[i];
  stress->scopes[i] = new_scope (worker, i > 1 ? stress->scopes[g_rand_int_range (worker->rand, 0, i)] : NULL);
  g_mutex_unlock (&stress->mutex);
  g_cancellable_cancel (old);
}

static Call *
call_new (Worker *worker)
{
  Stress *stress = worker->stress;
  Call *call = g_new0 (Call, 1);

  worker->n_begun++;
  call->worker = worker;
  call->request.mode = g_rand_int_range (worker->rand, 0, 4);
  call->request.priority = g_rand_int_range (worker->rand, -1, 2);
  call->request.thread = worker->number;
  if (g_rand_int_range (worker->rand, 0, 8) == 0)
    return call;

  g_mutex_lock (&stress->mutex);
  call->request.cancellable = g_object_ref (stress->scopes[g_rand_int_range (worker->rand, 0, N_SCOPES)]);
  g_mutex_unlock (&stress->mutex);
  return call;
}

/* It has a deadline near by: what it waits for may have been granted in this very thread, and wait for a callback. */
static void
add_deadline (Call *call)
{
  AiodriveCancelScope *scope = aiodrive_cancel_scope_new (call->request.cancellable);

  aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time () + g_rand_int_range (call->worker->rand, 0, 300));
  g_clear_object (&call->request.cancellable);
  call->request.cancellable = G_CANCELLABLE (scope);
}

static void
block (Worker *worker)
{
  Call *call = call_new (worker);
  g_autoptr(GError) error = NULL;
  AiodriveLockGuard *guard;

  add_deadline (call);
  guard = worker->stress->kind->block (worker->stress->lock, &call->request, &error);
  if (guard != NULL)
    call_enter (call, guard);
  else
    {
      assert_was_cancelled (call, error);
      call_free (call);
    }
}

static void
try_once (Worker *worker)
{
  Call *call = call_new (worker);
  AiodriveLockGuard *guard = worker->stress->kind->try_ (worker->stress->lock, &call->request);

  if (guard != NULL)
    call_enter (call, guard);
  else
    call_free (call);
}

static void
begin (Worker *worker)
{
  Call *call = call_new (worker);

  if (g_rand_int_range (worker->rand, 0, 4) == 0)
    add_deadline (call);
  worker->n_called--;   /* to be 0 again at the end */
  worker->stress->kind->begin (worker->stress->lock, &call->request, on_ready, call);
}

static void
do_something (Worker *worker)
{
  const Kind *kind = worker->stress->kind;
  guint choice = g_rand_int_range (worker->rand, 0, 100);

  if (choice < 50)
    begin (worker);
  else if (choice < 55)
    cancel_one (worker);
  else if (choice < 60 && kind->block != NULL)
    block (worker);
  else if (choice < 70 && kind->try_ != NULL)
    try_once (worker);
  else if (choice < 72 && kind->disturb != NULL)
    kind->disturb (worker->stress->lock, choice);
  else
    release_some (worker, g_rand_int_range (worker->rand, 0, N_HELD));
}

static gpointer
worker_run (gpointer data)
{
  Worker *worker = data;
  Stress *stress = worker->stress;

  g_main_context_push_thread_default (worker->context);
  while (g_get_monotonic_time () < stress->end)
    {
      worker->in_call = TRUE;
      do_something (worker);
      worker->in_call = FALSE;
      release_some (worker, N_HELD);
      for (guint i = g_rand_int_range (worker->rand, 0, 3); i > 0; i--)
        g_main_context_iteration (worker->context, FALSE);
      while (worker->n_begun - worker->n_ended > N_OUTSTANDING)
        {
          release_some (worker, 0);
          g_main_context_iteration (worker->context, worker->n_begun > worker->n_ended);
        }
    }

  g_atomic_int_inc (&stress->n_resting);
  while (g_atomic_int_get (&stress->n_resting) < N_WORKERS)
    {
      release_some (worker, 0);
      g_main_context_iteration (worker->context, FALSE);
    }
  if (stress->kind->disturb != NULL)
    stress->kind->disturb (stress->lock, 2);
  while (release_some (worker, 0), worker->n_begun > worker->n_ended)
    g_main_context_iteration (worker->context, TRUE);
  g_main_context_pop_thread_default (worker->context);
  return NULL;
}

static void
worker_start (Worker *worker,
              Stress *stress,
              guint   number)
{
  *worker = (Worker) { .stress = stress, .context = g_main_context_new (), .number = number,
                       .rand = g_rand_new_with_seed (g_test_rand_int ()), .held = g_ptr_array_new () };
}

static guint
worker_end (Worker *worker)
{
  g_assert_cmpuint (worker->n_begun, ==, worker->n_ended);
  g_assert_cmpuint (worker->n_called, ==, 0);
  while (g_main_context_iteration (worker->context, FALSE))   /* deadlines */
    g_assert_cmpuint (worker->n_called, ==, 0);
  g_ptr_array_unref (worker->held);
  g_rand_free (worker->rand);
  g_main_context_unref (worker->context);
  return worker->n_granted;
}

static void
test_stress (gconstpointer kind)
{
  Stress stress = { .kind = kind, .end = g_get_monotonic_time () + DURATION, .inside = g_ptr_array_new () };
  Worker workers[N_WORKERS];
  GThread *threads[N_WORKERS];
  g_auto(TestCall) last = TEST_CALL_INIT;
  guint n_granted = 0, n_begun = 0, n_asked = 0;

  stress.lock = stress.kind->make ();
  g_mutex_init (&stress.mutex);
  for (guint i = 0; i < N_WORKERS; i++)
    worker_start (&workers[i], &stress, i);
  for (guint i = 0; i < N_SCOPES; i++)
    stress.scopes[i] = new_scope (&workers[0], i > 1 ? stress.scopes[i / 2] : NULL);
  for (guint i = 0; i < N_WORKERS; i++)
    threads[i] = g_thread_new ("stress", worker_run, &workers[i]);
  for (guint i = 0; i < N_WORKERS; i++)
    {
      g_thread_join (threads[i]);
      n_begun += workers[i].n_begun;
      n_asked += workers[i].n_asked;
    }
  for (guint i = 0; i < N_WORKERS; i++)
    n_granted += worker_end (&workers[i]);
  g_test_message ("%u of %u were granted, %u asked to go", n_granted, n_begun, n_asked);

  g_assert_cmpuint (stress.inside->len, ==, 0);
  stress.kind->begin (stress.lock, &(Request) { .mode = AIODRIVE_LOCK_MODE_EXCLUSIVE }, test_on_ready, &last);
  test_call_wait (&last);
  test_call_clear (&last);
  g_assert_finalize_object (stress.lock);
  for (guint i = N_SCOPES; i-- > 0; )
    g_object_unref (stress.scopes[i]);
  g_ptr_array_unref (stress.inside);
  g_mutex_clear (&stress.mutex);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = g_strdup_printf ("/aiodrive/sync/%s/stress", kinds[i].name);

      g_test_add_data_func (path, &kinds[i], test_stress);
    }

  return g_test_run ();
}
