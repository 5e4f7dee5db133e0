/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope-private.h"

#include "aiodrive/core/error-private.h"

/* The deadlines of scopes: a timer that cancels, and a clock check for calls that run before a late timer fires. */

static gboolean
claim_by_timer (AiodriveTimer *timer)
{
  aiodrive_weak_claim (&AIODRIVE_CONTAINER_OF (timer, AiodriveCancelScope, timer)->itself);
  return TRUE;
}

/* Returns the time left until the deadline of this scope itself, or G_MAXINT64 if it has none. *@source, if @source is
 * not NULL, is a new reference on the deadline's time source, or NULL for the real time. */
static gint64
get_time_left (AiodriveCancelScope  *self,
               gint64               *deadline,
               AiodriveTimeSource  **source)
{
  gint64 left = G_MAXINT64;

  if (!g_atomic_int_get (&self->has_deadline))
    return left;

  g_mutex_lock (&self->hub.lock);
  *deadline = self->deadline;
  if (self->deadline >= 0)
    {
      left = self->deadline - aiodrive_dispatcher_get_time (self->dispatcher);
      if (source != NULL)
        *source = aiodrive_dispatcher_ref_time_source (self->dispatcher);
    }
  g_mutex_unlock (&self->hub.lock);

  return left;
}

static gboolean
is_late (AiodriveCancelScope *self)
{
  gint64 deadline;

  return get_time_left (self, &deadline, NULL) <= 0;
}

/*
 * The nearest deadline
 */

/* Amortized cost. A scope caches which scope at or above it has the nearest deadline, and a walk up the chain fills the
 * cache of each scope that it passes. So a chain is walked once, and again after a change. A reader marks a scope
 * before it reads it; a writer changes the scope, then checks the mark. If the mark is set the writer starts a new
 * state of all deadlines, which makes every earlier cache entry stale. So a scope that gets its deadline before its
 * first reader costs other scopes nothing. (/aiodrive/core/cancel-scope/effective-deadline/changes) */

static guint state = 1;   /* atomic; never 0 */

/* Called after a change that may move a deadline for the scopes at or below @scope. */
static void
forget_nearest (AiodriveCancelScope *scope)
{
  if (g_atomic_int_get (&scope->consulted) && g_atomic_int_add (&state, 1) == -1)
    g_atomic_int_inc (&state);
}

/* Reads the cache entry for the state @now. Returns FALSE if there is none. */
static gboolean
recall (AiodriveCancelScope  *self,
        guint                 now,
        AiodriveCancelScope **nearest)
{
  if ((guint) g_atomic_int_get (&self->known) != now)
    return FALSE;

  *nearest = g_atomic_pointer_get (&self->nearest);
  return (guint) g_atomic_int_get (&self->known) == now;
}

static void
remember (AiodriveCancelScope *self,
          guint                now,
          AiodriveCancelScope *nearest)
{
  g_mutex_lock (&self->hub.lock);
  if (self->known == 0 || (gint) (self->known - now) < 0)
    {
      g_atomic_int_set (&self->known, 0);
      g_atomic_pointer_set (&self->nearest, nearest);
      g_atomic_int_set (&self->known, now);
    }
  g_mutex_unlock (&self->hub.lock);
}

/* Returns the scope with the nearer deadline; @other is nullable. */
static AiodriveCancelScope *
choose_nearer (AiodriveCancelScope *self,
               AiodriveCancelScope *other)
{
  gint64 deadline = g_atomic_int_get (&self->has_deadline) ? aiodrive_cancel_scope_get_deadline (self) : -1;
  gint64 other_deadline = other != NULL ? aiodrive_cancel_scope_get_deadline (other) : -1;

  if (deadline < 0)
    return other;
  return other_deadline < 0 || deadline <= other_deadline ? self : other;
}

/* Returns the scope whose deadline reaches @self first, or NULL. */
static AiodriveCancelScope *
find_nearest (AiodriveCancelScope *self)
{
  g_autoptr(GPtrArray) passed = NULL;
  AiodriveCancelScope *nearest = NULL;
  guint now = g_atomic_int_get (&state);

  if (recall (self, now, &nearest))
    return nearest;

  passed = g_ptr_array_new ();
  for (; self != NULL && !recall (self, now, &nearest); self = aiodrive_cancel_scope_get_reaching_parent (self))
    {
      g_ptr_array_add (passed, self);
      g_atomic_int_set (&self->consulted, TRUE);
    }
  for (guint i = passed->len; i > 0; i--)
    {
      AiodriveCancelScope *scope = g_ptr_array_index (passed, i - 1);

      nearest = choose_nearer (scope, nearest);
      remember (scope, now, nearest);
    }
  return nearest;
}

/* Does what the timer would do, if the deadline has passed. */
void
aiodrive_cancel_scope_cancel_if_late (AiodriveCancelScope *self)
{
  if (is_late (self))
    {
      g_autoptr(GError) reason = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "Operation timed out");

      aiodrive_cancel_scope_cancel_with_reason (self, reason);
    }
}

static void
timer_fired (AiodriveTimer *timer)
{
  AiodriveCancelScope *self = aiodrive_weak_take (&AIODRIVE_CONTAINER_OF (timer, AiodriveCancelScope, timer)->itself);

  if (self == NULL)
    return;
  aiodrive_cancel_scope_cancel_if_late (self);
  g_object_unref (self);
}

void
aiodrive_cancel_scope_init_deadline (AiodriveCancelScope *self)
{
  self->timer.try_ref = claim_by_timer;
  self->timer.notify = timer_fired;
  self->deadline = -1;
}

/**
 * aiodrive_cancel_scope_set_deadline:
 * @self: a scope
 * @deadline: a time of aiodrive_get_monotonic_time() in microseconds; -1 for none
 *
 * Sets the deadline: the time at which the scope cancels itself, with the reason %G_IO_ERROR_TIMED_OUT.
 *
 * The main context that was thread-default when the deadline was set cancels the scope, and only while a thread
 * iterates it. In addition, every function of this library that gets the scope checks the clock itself. If the deadline
 * is in the past, the next iteration cancels the scope.
 *
 * Since: 1.0
 */
void
aiodrive_cancel_scope_set_deadline (AiodriveCancelScope *self,
                                    gint64               deadline)
{
  AiodriveDispatcher *dispatcher;
  gboolean changed;

  g_return_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self));

  deadline = MAX (deadline, -1);
  dispatcher = aiodrive_dispatcher_ref (aiodrive_dispatcher_get_thread_default ());
  aiodrive_weak_restore (&self->itself, self);

  g_mutex_lock (&self->hub.lock);
  changed = self->deadline != deadline;
  self->deadline = deadline;
  g_atomic_int_set (&self->has_deadline, deadline >= 0);
  if (self->dispatcher != NULL)
    aiodrive_dispatcher_stop_timer (self->dispatcher, &self->timer);
  if (deadline >= 0)
    aiodrive_dispatcher_start_timer (dispatcher, &self->timer, deadline);
  g_clear_pointer (&self->dispatcher, aiodrive_dispatcher_unref);
  self->dispatcher = dispatcher;
  g_mutex_unlock (&self->hub.lock);

  if (!changed)
    return;
  aiodrive_deadline_changed (self);
  g_object_notify (G_OBJECT (self), "deadline");
}

/**
 * aiodrive_cancel_scope_get_deadline:
 * @self: a scope
 *
 * Gets the deadline: the time at which the scope cancels itself.
 *
 * Returns: a time of aiodrive_get_monotonic_time() in microseconds, or -1
 *
 * Since: 1.0
 */
gint64
aiodrive_cancel_scope_get_deadline (AiodriveCancelScope *self)
{
  gint64 deadline;

  g_return_val_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self), -1);

  g_mutex_lock (&self->hub.lock);
  deadline = self->deadline;
  g_mutex_unlock (&self->hub.lock);

  return deadline;
}

/**
 * aiodrive_cancel_scope_get_effective_deadline:
 * @self: a scope
 *
 * Gets the nearest deadline that reaches the scope: the minimum of its own and those of the scopes above it, up to a
 * shield. The cost is constant, but for the first call after a deadline or a shield above has changed: it walks the
 * scopes above.
 *
 * Returns: a time of aiodrive_get_monotonic_time() in microseconds, or -1
 *
 * Since: 1.0
 */
gint64
aiodrive_cancel_scope_get_effective_deadline (AiodriveCancelScope *self)
{
  AiodriveCancelScope *nearest;

  g_return_val_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self), -1);

  nearest = find_nearest (self);
  return nearest != NULL ? aiodrive_cancel_scope_get_deadline (nearest) : -1;
}

/* Returns the nearest deadline that reaches a call with @cancellable, or -1. *@source is a new reference on its time
 * source, or NULL for the real time. */
gint64
aiodrive_cancellable_get_deadline (GCancellable        *cancellable,
                                   AiodriveTimeSource **source)
{
  AiodriveCancelScope *scope = NULL;
  gint64 nearest = -1;
  gint64 least = G_MAXINT64;

  *source = NULL;
  if (cancellable != NULL && AIODRIVE_IS_CANCEL_SCOPE (cancellable))
    scope = AIODRIVE_CANCEL_SCOPE (cancellable);
  if (scope != NULL && !aiodrive_time_source_any ())
    {
      scope = find_nearest (scope);
      return scope != NULL ? aiodrive_cancel_scope_get_deadline (scope) : -1;
    }
  for (; scope != NULL; scope = aiodrive_cancel_scope_get_reaching_parent (scope))
    {
      g_autoptr(AiodriveTimeSource) its_source = NULL;
      gint64 deadline;
      gint64 left = get_time_left (scope, &deadline, &its_source);

      if (left >= least)
        continue;
      least = left;
      nearest = deadline;
      g_clear_pointer (source, aiodrive_time_source_unref);
      *source = g_steal_pointer (&its_source);
    }
  return nearest;
}

/* Returns whether a call with @cancellable is too late: it is cancelled, or a deadline that reaches it has passed, even
 * if no thread iterates the deadline's context. */
gboolean
aiodrive_cancellable_is_cancelled (GCancellable *cancellable)
{
  AiodriveCancelScope *scope;

  if (g_cancellable_is_cancelled (cancellable))
    return TRUE;
  if (cancellable == NULL || !AIODRIVE_IS_CANCEL_SCOPE (cancellable))
    return FALSE;

  if (!aiodrive_time_source_any ())
    {
      scope = find_nearest (AIODRIVE_CANCEL_SCOPE (cancellable));
      return scope != NULL && is_late (scope);
    }
  for (scope = AIODRIVE_CANCEL_SCOPE (cancellable);
       scope != NULL;
       scope = aiodrive_cancel_scope_get_reaching_parent (scope))
    if (is_late (scope))
      return TRUE;
  return FALSE;
}

/* The same, and sets the error with which such a call fails. */
gboolean
aiodrive_cancellable_set_error (GCancellable  *cancellable,
                                GError       **error)
{
  if (!aiodrive_cancellable_is_cancelled (cancellable))
    return FALSE;

  g_propagate_error (error, aiodrive_error_new_cancelled ());
  return TRUE;
}

/*
 * Calls that sleep until a deadline
 */

/* Notifies blocking calls of a changed deadline above them. A blocking call sleeps until the deadline that it has read,
 * so a thread that sets another deadline must wake it.
 *
 * No lost wakeups: the blocked call adds its watch, then reads the deadline; the setter writes the deadline, then looks
 * for watches. (block-and-set-deadline, block-and-lower-shield in tests/interleave/scopes.c)
 *
 * The lock is a leaf lock. It is released before changed() runs; the watch is pinned meanwhile, and remove() waits
 * until it is unpinned. */

static GMutex watch_lock;
static GQueue watches;     /* of AiodriveDeadlineWatch, by their nodes; guarded by lock */
static gint   n_watches;   /* atomic */

void
aiodrive_deadline_watch_add (AiodriveDeadlineWatch *self,
                             GCancellable          *cancellable)
{
  self->cancellable = cancellable;
  self->node.data = self;

  g_mutex_lock (&watch_lock);
  g_queue_push_tail_link (&watches, &self->node);
  g_atomic_int_inc (&n_watches);
  g_mutex_unlock (&watch_lock);
}

static gboolean
try_remove (AiodriveDeadlineWatch *self)
{
  gboolean pinned;

  g_mutex_lock (&watch_lock);
  pinned = self->n_pins > 0;
  if (!pinned)
    {
      g_queue_unlink (&watches, &self->node);
      g_atomic_int_add (&n_watches, -1);
    }
  g_mutex_unlock (&watch_lock);

  return !pinned;
}

/* The caller must not hold a lock that changed() takes. */
void
aiodrive_deadline_watch_remove (AiodriveDeadlineWatch *self)
{
  while (!try_remove (self))
    g_thread_yield ();
}

static void
tell (gpointer data)
{
  AiodriveDeadlineWatch *self = data;

  self->changed (self);

  g_mutex_lock (&watch_lock);
  self->n_pins--;
  g_mutex_unlock (&watch_lock);
}

/* The deadlines that reach what is at or below @scope may have changed. */
void
aiodrive_deadline_changed (AiodriveCancelScope *scope)
{
  GSList *below = NULL;

  forget_nearest (scope);
  if (g_atomic_int_get (&n_watches) == 0)
    return;

  g_mutex_lock (&watch_lock);
  for (GList *node = watches.head; node != NULL; node = node->next)
    {
      AiodriveDeadlineWatch *watch = node->data;

      if (!aiodrive_cancellable_is_within (watch->cancellable, G_CANCELLABLE (scope)))
        continue;
      watch->n_pins++;
      below = g_slist_prepend (below, watch);
    }
  g_mutex_unlock (&watch_lock);

  g_slist_free_full (below, tell);
}
