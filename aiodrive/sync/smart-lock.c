/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/smart-lock.h"

#include "aiodrive/sync/lock-core-private.h"

/**
 * AiodriveSmartLock:
 *
 * A lock for tasks and for threads: exclusive, shared by readers, shared by the tasks of one thread, or weakly
 * exclusive: the holder is preempted when another caller asks.
 *
 * Fairness: smaller priority numbers first, FIFO within one priority, whatever the mode. So readers cannot starve a
 * writer, nor a writer the readers. No barging: a released lock goes directly to the next waiter. The lock is not
 * recursive: a task that acquires a lock which it holds deadlocks. For recursion use #AiodriveNestableLock.
 *
 * Any thread may use it; the callback of a waiter runs in the waiter's thread-default main context. A cancelled wait
 * fails with %G_IO_ERROR_CANCELLED, unless it had already been granted; then the call succeeds.
 *
 * |[<!-- language="C" -->
 * static void
 * on_locked (GObject *lock, GAsyncResult *result, gpointer loop)
 * {
 *   g_autoptr(GError) error = NULL;
 *   g_autoptr(AiodriveLockGuard) guard = NULL;
 *
 *   guard = aiodrive_smart_lock_acquire_finish (AIODRIVE_SMART_LOCK (lock), result, &error);
 *   if (guard != NULL)
 *     g_print ("written\n");   // the lock is held to the end of this block
 *   g_main_loop_quit (loop);
 * }
 *
 * aiodrive_smart_lock_acquire_async (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, NULL, on_locked, loop);
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveSmartLock
{
  GObject            parent_instance;

  AiodriveLockCore   core;
  guint              n_holders;     /* guarded by the core's monitor, as are the next ones */
  AiodriveLockMode   mode;          /* of the holders */
  guint64            thread;        /* of the holders, if they share it in a thread */
  AiodriveLockGuard *weak_holder;   /* unowned; NULL: there is none, or it has been preempted */
};

typedef struct
{
  AiodriveLockGuard parent;   /* first */
  AiodriveLockMode  mode;
  gint              priority;
  guint64           thread;
} Request;

G_DEFINE_ENUM_TYPE (AiodriveLockMode, aiodrive_lock_mode,
                    G_DEFINE_ENUM_VALUE (AIODRIVE_LOCK_MODE_EXCLUSIVE, "exclusive"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_LOCK_MODE_SHARED, "shared"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_LOCK_MODE_THREAD_SHARED, "thread-shared"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE, "weak-exclusive"))

G_DEFINE_FINAL_TYPE (AiodriveSmartLock, aiodrive_smart_lock, G_TYPE_OBJECT)

/* Returns a number unique to the thread. (The address of a GThread may be reused.) */
static guint64
thread_number (void)
{
  static gsize n_threads;
  static __thread guint64 number;

  if (number == 0)
    number = 1 + (gsize) g_atomic_pointer_add (&n_threads, 1);
  return number;
}

static AiodriveSmartLock *
lock_of (AiodriveLockCore *core)
{
  return AIODRIVE_CONTAINER_OF (core, AiodriveSmartLock, core);
}

static gint
compare_priorities (gconstpointer a,
                    gconstpointer b)
{
  gint first = ((const Request *) a)->priority;
  gint second = ((const Request *) b)->priority;

  return (first > second) - (first < second);
}

static gboolean
can_enter (AiodriveLockCore  *core,
           AiodriveLockGuard *guard,
           gboolean           behind)
{
  AiodriveSmartLock *self = lock_of (core);
  Request *request = (Request *) guard;

  if (behind)
    return FALSE;
  if (self->n_holders == 0)
    return TRUE;
  if (self->mode != request->mode)
    return FALSE;
  return request->mode == AIODRIVE_LOCK_MODE_SHARED ||
         (request->mode == AIODRIVE_LOCK_MODE_THREAD_SHARED && self->thread == request->thread);
}

/* Preempts a weak holder, once. */
static void
waits (AiodriveLockCore *core,
       AiodriveWaiter   *waiter)
{
  AiodriveSmartLock *self = lock_of (core);

  if (self->weak_holder != NULL)
    aiodrive_lock_guard_preempt (g_steal_pointer (&self->weak_holder));
}

static void
enter (AiodriveLockCore  *core,
       AiodriveLockGuard *guard)
{
  AiodriveSmartLock *self = lock_of (core);
  Request *request = (Request *) guard;

  self->n_holders++;
  self->mode = request->mode;
  self->thread = request->thread;
  if (request->mode == AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE)
    self->weak_holder = guard;
}

static void
leave (AiodriveLockCore  *core,
       AiodriveLockGuard *guard)
{
  AiodriveSmartLock *self = lock_of (core);

  self->n_holders--;
  if (self->weak_holder == guard)
    self->weak_holder = NULL;
}

/* Admits the first waiter. A weak holder with waiters behind it is preempted at once. */
static AiodriveWaiter *
find_next (AiodriveLockCore *core)
{
  AiodriveWaiter *first = aiodrive_wait_queue_get_first (&core->waiters);

  if (first == NULL)
    return NULL;
  if (can_enter (core, first->granted, FALSE))
    return first;

  waits (core, first);
  return NULL;
}

static const AiodriveLockCoreClass core_class =
{
  .guard_size = sizeof (Request),
  .can_enter = can_enter,
  .enter = enter,
  .leave = leave,
  .waits = waits,
  .find_next = find_next,
};

static void
aiodrive_smart_lock_finalize (GObject *object)
{
  AiodriveSmartLock *self = AIODRIVE_SMART_LOCK (object);

  aiodrive_lock_core_clear (&self->core);

  G_OBJECT_CLASS (aiodrive_smart_lock_parent_class)->finalize (object);
}

static void
aiodrive_smart_lock_class_init (AiodriveSmartLockClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_smart_lock_finalize;
}

static void
aiodrive_smart_lock_init (AiodriveSmartLock *self)
{
  aiodrive_lock_core_init (&self->core, &core_class, self);
  self->core.waiters.compare = compare_priorities;
}

/**
 * aiodrive_smart_lock_new:
 *
 * Creates a free lock.
 *
 * Returns: (transfer full): a new lock
 *
 * Since: 1.0
 */
AiodriveSmartLock *
aiodrive_smart_lock_new (void)
{
  return g_object_new (AIODRIVE_TYPE_SMART_LOCK, NULL);
}

static GError *
check_mode (AiodriveLockMode mode)
{
  if (mode <= AIODRIVE_LOCK_MODE_WEAK_EXCLUSIVE)
    return NULL;
  return g_error_new (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%u is no lock mode", (guint) mode);
}

static gpointer
request_new (AiodriveSmartLock *self,
             AiodriveLockMode   mode,
             gint               priority,
             GCancellable      *cancellable)
{
  Request *request = aiodrive_lock_core_request (&self->core, cancellable);

  request->mode = mode;
  request->priority = priority;
  request->thread = thread_number ();
  return request;
}

/**
 * aiodrive_smart_lock_acquire_async:
 * @self: a lock
 * @mode: which holders may share it
 * @priority: smaller numbers first; usually %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the lock is held
 * @user_data: data for @callback
 *
 * Acquires the lock. %AIODRIVE_LOCK_MODE_THREAD_SHARED refers to the calling thread.
 *
 * If the call must wait, it preempts a weak holder: see aiodrive_lock_guard_get_scope().
 *
 * Since: 1.0
 */
void
aiodrive_smart_lock_acquire_async (AiodriveSmartLock   *self,
                                   AiodriveLockMode     mode,
                                   gint                 priority,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  GError *error;

  g_return_if_fail (AIODRIVE_IS_SMART_LOCK (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  error = check_mode (mode);
  if (error != NULL)
    {
      aiodrive_wait_fail (aiodrive_wait_new (self, NULL, callback, user_data, aiodrive_smart_lock_acquire_async, NULL),
                          error);
      return;
    }

  aiodrive_lock_core_acquire_async (&self->core, request_new (self, mode, priority, cancellable), callback, user_data,
                                    aiodrive_smart_lock_acquire_async);
}

/**
 * aiodrive_smart_lock_acquire_finish:
 * @self: a lock
 * @result: the result of aiodrive_smart_lock_acquire_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_smart_lock_acquire_async().
 *
 * Returns: (transfer full): the guard that holds the lock; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_smart_lock_acquire_finish (AiodriveSmartLock  *self,
                                    GAsyncResult       *result,
                                    GError            **error)
{
  g_return_val_if_fail (AIODRIVE_IS_SMART_LOCK (self), NULL);

  return aiodrive_lock_core_acquire_finish (&self->core, result, aiodrive_smart_lock_acquire_async, error);
}

/**
 * aiodrive_smart_lock_acquire:
 * @self: a lock
 * @mode: which holders may share it
 * @priority: smaller numbers first; usually %G_PRIORITY_DEFAULT
 * @cancellable: (nullable): cancels the wait
 * @error: return location for an error
 *
 * Acquires the lock, and blocks the calling thread until it is held. No main context is iterated meanwhile.
 *
 * Returns: (transfer full): the guard that holds the lock; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_smart_lock_acquire (AiodriveSmartLock  *self,
                             AiodriveLockMode    mode,
                             gint                priority,
                             GCancellable       *cancellable,
                             GError            **error)
{
  GError *wrong;

  g_return_val_if_fail (AIODRIVE_IS_SMART_LOCK (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  wrong = check_mode (mode);
  if (wrong != NULL)
    {
      g_propagate_error (error, wrong);
      return NULL;
    }

  return aiodrive_lock_core_acquire (&self->core, request_new (self, mode, priority, cancellable), error);
}

/**
 * aiodrive_smart_lock_try_acquire:
 * @self: a lock
 * @mode: which holders may share it
 * @error: return location for an error
 *
 * Acquires the lock if it can be granted at once and no waiter precedes the call. It does not preempt a weak holder.
 *
 * Returns: (transfer full) (nullable): the guard that holds the lock; %NULL, without an error, if it cannot be granted
 *   at once
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_smart_lock_try_acquire (AiodriveSmartLock  *self,
                                 AiodriveLockMode    mode,
                                 GError            **error)
{
  GError *wrong;

  g_return_val_if_fail (AIODRIVE_IS_SMART_LOCK (self), NULL);

  wrong = check_mode (mode);
  if (wrong != NULL)
    {
      g_propagate_error (error, wrong);
      return NULL;
    }

  return aiodrive_lock_core_try_acquire (&self->core, request_new (self, mode, G_PRIORITY_DEFAULT, NULL));
}
