/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/sync/nestable-lock.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/sync/lock-core-private.h"

/**
 * AiodriveNestableLock:
 *
 * A recursive lock for tasks: an exclusive lock that its holder, and the tasks below the holder, may acquire again.
 *
 * The scopes determine the holder: it is the nearest task that encloses the cancellable passed to the acquiring call.
 * While a task holds the lock, it admits only that task and the tasks below it (with its scope as their parent, however
 * deep); the admitted task becomes the holder meanwhile. All other callers wait in FIFO order. The lock is free again
 * when its last guard is released. A call without a cancellable, or with one that belongs to no task, can hold the
 * lock, but admits no caller below it. If aiodrive_pool_run_async() attaches a pool below the holder, requests already
 * waiting in the pool's scope are not admitted at once, but when the next guard is released.
 *
 * If no function calls another one that takes the same lock use an #AiodriveSmartLock, which is simpler to reason
 * about.
 *
 * Any thread may use it; the callback of a waiter runs in the waiter's thread-default main context. A cancelled wait
 * fails with %G_IO_ERROR_CANCELLED, unless it had already been granted; then the call succeeds.
 *
 * |[<!-- language="C" -->
 * static void
 * on_inner (GObject *lock, GAsyncResult *result, gpointer user_data)
 * {
 *   g_autoptr(GTask) task = user_data;
 *   g_autoptr(AiodriveLockGuard) inner = NULL;
 *   GError *error = NULL;
 *
 *   inner = aiodrive_nestable_lock_acquire_finish (AIODRIVE_NESTABLE_LOCK (lock), result, &error);
 *   if (inner == NULL)
 *     return g_task_return_error (task, error);
 *   g_print ("inner\n");
 *   g_task_return_boolean (task, TRUE);   // its data is freed with it: the outer guard, too
 * }
 *
 * static void
 * on_outer (GObject *lock, GAsyncResult *result, gpointer user_data)
 * {
 *   g_autoptr(GTask) task = user_data;
 *   AiodriveLockGuard *outer;
 *   GError *error = NULL;
 *
 *   outer = aiodrive_nestable_lock_acquire_finish (AIODRIVE_NESTABLE_LOCK (lock), result, &error);
 *   if (outer == NULL)
 *     return g_task_return_error (task, error);
 *   g_print ("outer\n");
 *   g_task_set_task_data (task, outer, (GDestroyNotify) aiodrive_lock_guard_unref);
 *   aiodrive_nestable_lock_acquire_async (AIODRIVE_NESTABLE_LOCK (lock), g_task_get_cancellable (task), on_inner,
 *                                         g_object_ref (task));
 * }
 *
 * static void
 * job (GTask *task, GCancellable *cancellable, gpointer lock)
 * {
 *   aiodrive_nestable_lock_acquire_async (lock, cancellable, on_outer, g_object_ref (task));
 * }
 * ]|
 *
 * Since: 1.0
 */

/* Hand-off cost is independent of unrelated waiters. An index maps the scope of each task to the requests that wait at
 * or below it, ordered by number. So the cost of a wait grows with the number of enclosing tasks, and the first request
 * below a holder is found at once. (/aiodrive/sync/nestable-lock/many-strangers)
 *
 * A scope may get a parent while requests wait below it, when a pool starts to run. The next lookup then adds those
 * requests to the index of the new ancestors. (/aiodrive/sync/nestable-lock/attached)
 *
 * A scope may move up while requests wait below it, and its old parent may be freed. So the index uses the numbers of
 * scopes as keys, and a request stores its keys. (/aiodrive/sync/nestable-lock/moved-up) */

struct _AiodriveNestableLock
{
  GObject          parent_instance;

  AiodriveLockCore core;
  GQueue           holders;      /* of Request, by their nodes; the last one is the top; guarded by the core's monitor,
                                    as are the next ones */
  GHashTable      *below;        /* owned; the index: from the number of a scope to a GTree of Request by number */
  GTree           *expecting;    /* owned; of Request by number: those whose last scope may get a parent */
  guint64          n_requests;
  guint            n_attached;   /* how many scopes had got one when the index was updated */
};

typedef struct
{
  AiodriveLockGuard    parent;    /* first */
  AiodriveCancelScope *task;      /* owned; the scope of the requesting task; NULL: none */
  GList                node;
  AiodriveWaiter      *waiter;    /* while it waits; guarded by the core's monitor, as are the next ones */
  guint64              number;    /* a later request has a greater one */
  GArray              *indexed;   /* owned; of gsize: its keys in the index; NULL: none */
} Request;

G_DEFINE_FINAL_TYPE (AiodriveNestableLock, aiodrive_nestable_lock, G_TYPE_OBJECT)

static AiodriveNestableLock *
lock_of (AiodriveLockCore *core)
{
  return AIODRIVE_CONTAINER_OF (core, AiodriveNestableLock, core);
}

static gboolean
can_enter (AiodriveLockCore  *core,
           AiodriveLockGuard *guard,
           gboolean           behind)
{
  Request *top = g_queue_peek_tail (&lock_of (core)->holders);

  if (top == NULL)
    return !behind;
  return top->task != NULL && aiodrive_cancellable_is_within (guard->cancellable, G_CANCELLABLE (top->task));
}

static void
enter (AiodriveLockCore  *core,
       AiodriveLockGuard *guard)
{
  Request *request = (Request *) guard;

  request->node.data = request;
  g_queue_push_tail_link (&lock_of (core)->holders, &request->node);
}

static void
leave (AiodriveLockCore  *core,
       AiodriveLockGuard *guard)
{
  g_queue_unlink (&lock_of (core)->holders, &((Request *) guard)->node);
}

static gint
compare_numbers (gconstpointer a,
                 gconstpointer b)
{
  guint64 one = *(const guint64 *) a;
  guint64 other = *(const guint64 *) b;

  return (one > other) - (one < other);
}

static gboolean
belongs_to_task (GCancellable *cancellable)
{
  return AIODRIVE_IS_CANCEL_SCOPE (cancellable) && AIODRIVE_CANCEL_SCOPE (cancellable)->task_record != NULL;
}

static void
index_add (AiodriveNestableLock *self,
           gsize                 scope,
           Request              *request)
{
  GTree *requests = g_hash_table_lookup (self->below, GSIZE_TO_POINTER (scope));

  if (requests == NULL)
    {
      requests = g_tree_new (compare_numbers);
      g_hash_table_insert (self->below, GSIZE_TO_POINTER (scope), requests);
    }
  g_tree_insert (requests, &request->number, request);
  if (request->indexed == NULL)
    request->indexed = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_array_append_val (request->indexed, scope);
}

static void
index_remove (AiodriveNestableLock *self,
              gsize                 scope,
              Request              *request)
{
  GTree *requests = g_hash_table_lookup (self->below, GSIZE_TO_POINTER (scope));

  g_tree_remove (requests, &request->number);
  if (g_tree_nnodes (requests) == 0)
    g_hash_table_remove (self->below, GSIZE_TO_POINTER (scope));
}

/* Adds @request to the index, at its cancellable and all its ancestors. */
static void
index_request (AiodriveNestableLock *self,
               Request              *request)
{
  GCancellable *place = request->parent.cancellable;
  GCancellable *last = NULL;

  aiodrive_scope_walk_begin ();
  while (place != NULL)
    {
      last = place;
      if (belongs_to_task (place))
        index_add (self, aiodrive_cancel_scope_get_number (AIODRIVE_CANCEL_SCOPE (place)), request);
      place = AIODRIVE_IS_CANCEL_SCOPE (place)
              ? aiodrive_cancel_scope_expect_parent (AIODRIVE_CANCEL_SCOPE (place)) : NULL;
    }
  if (AIODRIVE_IS_CANCEL_SCOPE (last) && !belongs_to_task (last))   /* a task's scope has its parent from the start */
    g_tree_insert (self->expecting, &request->number, request);
  aiodrive_scope_walk_end ();
}

static void
unindex_request (AiodriveNestableLock *self,
                 Request              *request)
{
  g_tree_remove (self->expecting, &request->number);
  for (guint i = 0; request->indexed != NULL && i < request->indexed->len; i++)
    index_remove (self, g_array_index (request->indexed, gsize, i), request);
  g_clear_pointer (&request->indexed, g_array_unref);
}

static void
waits (AiodriveLockCore *core,
       AiodriveWaiter   *waiter)
{
  AiodriveNestableLock *self = lock_of (core);
  Request *request = waiter->granted;

  request->waiter = waiter;
  request->number = self->n_requests++;
  if (request->parent.cancellable != NULL)
    index_request (self, request);
}

static void
waited (AiodriveLockCore  *core,
        AiodriveLockGuard *guard)
{
  Request *request = (Request *) guard;

  if (request->waiter != NULL)
    unindex_request (lock_of (core), request);
  request->waiter = NULL;
}

/* Adds the requests below scopes with a new parent to the index of the ancestors. */
static void
mend_index (AiodriveNestableLock *self)
{
  guint n_attached = aiodrive_cancel_scope_count_attached ();
  GTreeNode *node;

  if (self->n_attached == n_attached)
    return;

  self->n_attached = n_attached;
  node = g_tree_node_first (self->expecting);
  while (node != NULL)
    {
      Request *request = g_tree_node_value (node);

      node = g_tree_node_next (node);
      unindex_request (self, request);
      index_request (self, request);
    }
}

static AiodriveWaiter *
find_next (AiodriveLockCore *core)
{
  AiodriveNestableLock *self = lock_of (core);
  Request *top = g_queue_peek_tail (&self->holders);
  GTree *requests;

  if (top == NULL)
    return aiodrive_wait_queue_get_first (&core->waiters);
  if (top->task == NULL)
    return NULL;

  mend_index (self);
  requests = g_hash_table_lookup (self->below,
                                  GSIZE_TO_POINTER (aiodrive_cancel_scope_get_number (top->task)));
  return requests != NULL ? ((Request *) g_tree_node_value (g_tree_node_first (requests)))->waiter : NULL;
}

static void
clear (AiodriveLockGuard *guard)
{
  g_clear_object (&((Request *) guard)->task);
}

static const AiodriveLockCoreClass core_class =
{
  .guard_size = sizeof (Request),
  .can_enter = can_enter,
  .enter = enter,
  .leave = leave,
  .waits = waits,
  .waited = waited,
  .clear = clear,
  .find_next = find_next,
};

static void
aiodrive_nestable_lock_finalize (GObject *object)
{
  AiodriveNestableLock *self = AIODRIVE_NESTABLE_LOCK (object);

  g_assert (g_hash_table_size (self->below) == 0 && g_tree_nnodes (self->expecting) == 0);
  g_hash_table_unref (self->below);
  g_tree_unref (self->expecting);
  aiodrive_lock_core_clear (&self->core);

  G_OBJECT_CLASS (aiodrive_nestable_lock_parent_class)->finalize (object);
}

static void
aiodrive_nestable_lock_class_init (AiodriveNestableLockClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_nestable_lock_finalize;
}

static void
aiodrive_nestable_lock_init (AiodriveNestableLock *self)
{
  aiodrive_lock_core_init (&self->core, &core_class, self);
  self->below = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_tree_unref);
  self->expecting = g_tree_new (compare_numbers);
}

/**
 * aiodrive_nestable_lock_new:
 *
 * Creates a free lock.
 *
 * Returns: (transfer full): a new lock
 *
 * Since: 1.0
 */
AiodriveNestableLock *
aiodrive_nestable_lock_new (void)
{
  return g_object_new (AIODRIVE_TYPE_NESTABLE_LOCK, NULL);
}

/**
 * aiodrive_nestable_lock_acquire_async:
 * @self: a lock
 * @cancellable: (nullable): cancels the wait, and determines the holder
 * @callback: (scope async) (closure user_data): called when the lock is held
 * @user_data: data for @callback
 *
 * Acquires the lock for the task that encloses @cancellable: the cancellable that a job gets, or a scope below it.
 *
 * Since: 1.0
 */
void
aiodrive_nestable_lock_acquire_async (AiodriveNestableLock *self,
                                      GCancellable         *cancellable,
                                      GAsyncReadyCallback   callback,
                                      gpointer              user_data)
{
  Request *request;

  g_return_if_fail (AIODRIVE_IS_NESTABLE_LOCK (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  request = aiodrive_lock_core_request (&self->core, cancellable);
  request->task = aiodrive_cancellable_find_task_scope (cancellable);
  aiodrive_lock_core_acquire_async (&self->core, request, callback, user_data, aiodrive_nestable_lock_acquire_async);
}

/**
 * aiodrive_nestable_lock_acquire_finish:
 * @self: a lock
 * @result: the result of aiodrive_nestable_lock_acquire_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes aiodrive_nestable_lock_acquire_async().
 *
 * Returns: (transfer full): the guard that holds the lock; or %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveLockGuard *
aiodrive_nestable_lock_acquire_finish (AiodriveNestableLock  *self,
                                       GAsyncResult          *result,
                                       GError               **error)
{
  g_return_val_if_fail (AIODRIVE_IS_NESTABLE_LOCK (self), NULL);

  return aiodrive_lock_core_acquire_finish (&self->core, result, aiodrive_nestable_lock_acquire_async, error);
}
