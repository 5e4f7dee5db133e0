/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/stress.h"

/* A thread that begins operations at random, and the calls that it waits for. */

#define MAX_PENDING 48
#define N_KEPT      256

/* From here on others may help it. */
void
stress_call_publish (StressCall *self)
{
  StressThread *thread = self->thread;

  self->node.data = self;
  self->pending = TRUE;
  g_mutex_lock (&thread->lock);
  g_queue_push_tail_link (&thread->pending, &self->node);
  g_mutex_unlock (&thread->lock);
  g_atomic_int_inc (&thread->n_calls);
}

static StressCall *
call_alloc (StressThread *thread)
{
  gboolean keeps = thread->ended.length < N_KEPT;
  StressCall *self = keeps ? g_new (StressCall, 1) : g_queue_pop_head_link (&thread->ended)->data;

  *self = (StressCall) { .thread = thread, .operation = thread->operation };
  return self;
}

/* For the asynchronous call that is made next, with @cancellable; @shared is what it waits for. */
StressCall *
stress_call_new_with (StressThread  *thread,
                      StressShared  *shared,
                      GCancellable  *cancellable,
                      void         (*ended) (StressCall   *call,
                                             GAsyncResult *result),
                      gpointer       data)
{
  StressCall *self = call_alloc (thread);

  self->shared[0] = shared != NULL ? stress_shared_ref (shared) : NULL;
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->was_cancelled = g_cancellable_is_cancelled (cancellable);
  self->ended = ended;
  self->data = data;
  stress_call_publish (self);
  return self;
}

/* For a call whose tasks are about to be started. */
StressCall *
stress_call_prepare (StressThread  *thread,
                     GCancellable  *cancellable,
                     void         (*ended) (StressCall   *call,
                                            GAsyncResult *result),
                     gpointer       data)
{
  StressCall *self = call_alloc (thread);

  self->combined = TRUE;
  self->cancellable = g_object_ref (cancellable);
  self->ended = ended;
  self->data = data;
  return self;
}

/* The same, for any object of @kind, with any cancellable. */
StressCall *
stress_call_new (StressThread *thread,
                 StressKind   *kind,
                 void        (*ended) (StressCall   *call,
                                       GAsyncResult *result))
{
  g_autoptr(StressShared) shared = stress_pick (kind, thread->rand);
  g_autoptr(GCancellable) cancellable = stress_pick_cancellable (thread->rand);

  return stress_call_new_with (thread, shared, cancellable, ended, NULL);
}

/* For a blocking call. It does not keep a main context waiting for long. */
StressCall *
stress_call_new_blocking (StressThread *thread,
                          StressKind   *kind)
{
  g_autoptr(StressShared) shared = stress_pick (kind, thread->rand);
  g_autoptr(GCancellable) cancellable = stress_pick_cancellable (thread->rand);

  if (thread->context != NULL)
    {
      g_autoptr(GCancellable) parent = g_steal_pointer (&cancellable);

      cancellable = G_CANCELLABLE (aiodrive_cancel_scope_new_with_timeout (parent, stress_below (thread->rand, 2)));
      stress_track (cancellable, STRESS_CANCELLABLE);
    }
  return stress_call_new_with (thread, shared, cancellable, NULL, NULL);
}

static gboolean
is_late (GCancellable *cancellable)
{
  gint64 deadline = AIODRIVE_IS_CANCEL_SCOPE (cancellable)
                      ? aiodrive_cancel_scope_get_effective_deadline (AIODRIVE_CANCEL_SCOPE (cancellable)) : -1;

  return g_cancellable_is_cancelled (cancellable) || (deadline >= 0 && deadline <= g_get_monotonic_time ());
}

/* Notes how it ended, and checks it. */
void
stress_call_count (StressCall   *self,
                   const GError *error)
{
  StressCount *count = &self->thread->counts[self->operation];
  gboolean cancelled = error != NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  if (cancelled)
    count->n_cancelled++;
  else if (error != NULL)
    count->n_failed++;
  else
    count->n_done++;

  if (self->combined || self->unchecked)
    return;
  if (cancelled && (self->cancellable == NULL || !is_late (self->cancellable)))
    stress_fail ("%s: cancelled by nobody", stress_operations[self->operation]->name);
  if (!cancelled && self->was_cancelled)
    stress_fail ("%s: cancelled before it began, it had an effect", stress_operations[self->operation]->name);
}

static void
call_free (StressCall *self)
{
  StressThread *thread = self->thread;

  g_mutex_lock (&thread->lock);
  g_queue_unlink (&thread->pending, &self->node);
  g_mutex_unlock (&thread->lock);
  self->pending = FALSE;
  for (guint i = 0; i < STRESS_MAX_CHILDREN; i++)
    g_clear_pointer (&self->shared[i], stress_shared_unref);
  g_clear_object (&self->cancellable);
  g_queue_push_tail_link (&thread->ended, &self->node);

  g_atomic_int_inc (&thread->n_ended);
  g_atomic_int_add (&thread->n_calls, -1);
}

/* Ends a blocking call. */
void
stress_call_end (StressCall   *self,
                 const GError *error)
{
  stress_call_count (self, error);
  call_free (self);
}

/* Where every asynchronous call ends: once, in its own context, and not in the call itself. */
void
stress_on_ready (GObject      *source_object,
                 GAsyncResult *result,
                 gpointer      call)
{
  StressCall *self = call;
  StressThread *thread = self->thread;

  if (!self->pending)
    stress_fail ("%s: called back twice", stress_operations[self->operation]->name);
  if (g_thread_self () != thread->thread || g_main_context_get_thread_default () != thread->context ||
      !g_main_context_is_owner (thread->context))
    stress_fail ("%s: called back in another context", stress_operations[self->operation]->name);
  if (thread->in_operation)
    stress_fail ("%s: called back in the call", stress_operations[self->operation]->name);

  stress_track (result, STRESS_TASK);
  thread->operation = self->operation;
  if (self->data == NULL && stress_chance (thread->rand, 8))
    thread->counts[self->operation].n_dropped++;
  else
    self->ended (self, result);
  call_free (self);
}

static gint
is_other (gconstpointer call,
          gconstpointer combined)
{
  return GPOINTER_TO_INT (combined) && !((const StressCall *) call)->combined;
}

/* Helps the call that has waited longest, if there is one. Any thread may do so. */
static gboolean
kick (StressThread *self,
      gboolean      combined,
      gboolean      cancel)
{
  StressShared *shared[STRESS_MAX_CHILDREN] = { NULL };
  g_autoptr(GCancellable) cancellable = NULL;
  StressCall *call;
  GList *node;

  g_mutex_lock (&self->lock);
  node = g_queue_find_custom (&self->pending, GINT_TO_POINTER (combined), is_other);
  if (node != NULL)
    {
      call = node->data;
      g_queue_unlink (&self->pending, node);
      g_queue_push_tail_link (&self->pending, node);
      for (guint i = 0; i < STRESS_MAX_CHILDREN; i++)
        shared[i] = call->shared[i] != NULL ? stress_shared_ref (call->shared[i]) : NULL;
      if (cancel || call->combined || call->shared[0] == NULL)
        g_set_object (&cancellable, call->cancellable);
    }
  g_mutex_unlock (&self->lock);

  g_cancellable_cancel (cancellable);
  for (guint i = 0; i < STRESS_MAX_CHILDREN; i++)
    {
      if (shared[i] != NULL && shared[i]->kind->kick != NULL)
        shared[i]->kind->kick (shared[i]);
      g_clear_pointer (&shared[i], stress_shared_unref);
    }
  return node != NULL;
}

void
stress_thread_kick (StressThread *self,
                    gboolean      cancel)
{
  kick (self, FALSE, cancel);
}

/* When nothing happens any more nobody waits for what is there, or is cancelled and waits still. */
void
stress_thread_check_quiet (StressThread *self)
{
  for (GList *node = self->pending.head; node != NULL; node = node->next)
    {
      StressCall *call = node->data;

      if (!call->combined && g_cancellable_is_cancelled (call->cancellable))
        stress_fail ("%s: waits, and is cancelled", stress_operations[call->operation]->name);
      if (call->shared[0] != NULL && !call->combined &&
          (call->shared[0]->kind->may_wait == NULL || !call->shared[0]->kind->may_wait (call)))
        stress_fail ("%s: waits for what is there", stress_operations[call->operation]->name);
    }
}

void
stress_thread_print (StressThread *self)
{
  g_autofree guint *n_waiting = g_new0 (guint, stress_n_operations);

  g_mutex_lock (&self->lock);
  g_printerr ("thread %u%s: %u calls, %d begun, %d ended\n", self->number, self->context == NULL ? " (blocking)" : "",
              self->pending.length, g_atomic_int_get (&self->n_begun), g_atomic_int_get (&self->n_ended));
  for (GList *node = self->pending.head; node != NULL; node = node->next)
    n_waiting[((StressCall *) node->data)->operation]++;
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < stress_n_operations; i++)
    if (n_waiting[i] > 0)
      g_printerr ("  %u %s\n", n_waiting[i], stress_operations[i]->name);
}

static guint
pick_operation (StressThread *self)
{
  while (TRUE)
    {
      guint i = stress_below (self->rand, stress_n_operations);
      const StressOperation *operation = stress_operations[i];

      if (self->context == NULL && operation->manner == STRESS_WAITS)
        continue;
      if (stress_below (self->rand, 16) < operation->weight)
        return i;
    }
}

static void
begin (StressThread *self)
{
  self->operation = pick_operation (self);
  self->counts[self->operation].n_begun++;
  self->in_operation = TRUE;
  stress_operations[self->operation]->run (self, self->rand);
  self->in_operation = FALSE;
  g_atomic_int_inc (&self->n_begun);
}

/* Nobody but the others, and the callbacks of the library, wakes a context that polls. */
static void
run_loop (StressThread *self)
{
  while (stress_is_running (FALSE))
    {
      gboolean full = g_atomic_int_get (&self->n_calls) >= MAX_PENDING;

      if (full)
        stress_thread_kick (self, stress_chance (self->rand, 4));
      for (guint i = full ? 0 : 1 + stress_below (self->rand, 8); i > 0; i--)
        begin (self);
      g_main_context_iteration (self->context, stress_chance (self->rand, 64) && g_atomic_int_get (&self->n_calls) > 0);
    }
}

/* Until no thread finds anything to do. Tasks that are combined hold what they got until all have something. */
static void
become_quiet (StressThread *self)
{
  gint64 end = g_get_monotonic_time () + STRESS_PATIENCE_USEC;
  gboolean did_something;

  do
    {
      if (g_get_monotonic_time () > end)
        stress_fail ("thread %u does not become quiet", self->number);
      stress_settle ();
      did_something = kick (self, TRUE, TRUE);
      while (g_main_context_iteration (self->context, FALSE))
        did_something = TRUE;
    }
  while (stress_meet (did_something));
}

static void
free_ended (StressThread *self)
{
  GList *node;

  while ((node = g_queue_pop_head_link (&self->ended)) != NULL)
    g_free (node->data);
}

gpointer
stress_thread_run (gpointer thread)
{
  StressThread *self = thread;

  self->thread = g_thread_self ();
  if (self->context == NULL)
    {
      while (stress_is_running (TRUE))
        begin (self);
      free_ended (self);
      g_atomic_int_set (&self->is_over, TRUE);
      return NULL;
    }

  g_main_context_push_thread_default (self->context);
  run_loop (self);
  become_quiet (self);
  stress_meet (FALSE);   /* main() looks around */
  while (g_atomic_int_get (&self->n_calls) > 0)
    g_main_context_iteration (self->context, TRUE);
  stress_meet (FALSE);
  become_quiet (self);
  free_ended (self);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}
