/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/smart-lock.h"

#include "aiodrive/sync/lock-core-private.h"

/**
 * AiodriveSmartLock:
 *
 * A lock for tasks and for threads: exclusive, or shared by readers, or shared by the tasks of one thread, or weakly
 * exclusive, which gives way when somebody else asks.
 *
 * It is fair: the smaller priority number first, and within one priority first come, first served, whatever the mode.
 * So readers cannot starve a writer, nor a writer the readers; nobody gets in between when a lock is handed on; and it
 * is not recursive: a task that acquires a lock which it holds waits for itself. For that there is
 * #AiodriveNestableLock.
 *
 * It may be used from every thread; a waiter is called back in its own thread-default main context. A wait that is
 * cancelled ends with %G_IO_ERROR_CANCELLED, unless the lock was granted before; then he holds it.
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
  guint64            thread;        /* of the holders, where they share it in a thread */
  AiodriveLockGuard *weak_holder;   /* unowned; NULL: there is none, or he has been asked to go */
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

/* A number for each thread. (The address of a GThread comes again.) */
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

/* Lets in the first who waits. One who is let in weakly while others wait behind him is asked to go at once. */
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
 * Creates a lock that is open.
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
 * @mode: who may hold it at the same time
 * @priority: whose turn it is; smaller numbers first, %G_PRIORITY_DEFAULT as a rule
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the lock is held
 * @user_data: data for @callback
 *
 * Acquires the lock. For %AIODRIVE_LOCK_MODE_THREAD_SHARED it is the calling thread that counts.
 *
 * If it has to wait, a weak holder is asked to go: see aiodrive_lock_guard_get_scope().
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
 * Ends acquiring the lock.
 *
 * Returns: (transfer full): a guard, to be released to open the lock; or %NULL with @error set
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
 * @mode: who may hold it at the same time
 * @priority: whose turn it is; smaller numbers first, %G_PRIORITY_DEFAULT as a rule
 * @cancellable: (nullable): cancels the wait
 * @error: return location for an error
 *
 * Acquires the lock, and blocks the calling thread until it is held. No main context is iterated meanwhile.
 *
 * Returns: (transfer full): a guard, to be released to open the lock; or %NULL with @error set
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
 * @mode: who may hold it at the same time
 * @error: return location for an error
 *
 * Acquires the lock if it can be had at once and nobody waits for it whose turn it would be. A weak holder is not
 * asked.
 *
 * Returns: (transfer full) (nullable): a guard, to be released to open the lock; %NULL, without an error, if it cannot
 *   be had
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
