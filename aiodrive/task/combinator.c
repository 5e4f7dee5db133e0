/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/combinator-private.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/core/release-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

/* The base of all combinators. A combinator watches its children, cancels some of them, and completes when all have
 * completed.
 *
 * Structured concurrency: a combinator never completes before its children. end() runs when the last child is known to
 * have completed, whatever happened before, and only end() returns the task. (/aiodrive/task/combinator/ends-last)
 *
 * Cancellation. A cancelled call cancels the children at once, in the cancelling thread, through the scope of the
 * combinator's own task. So a parent combinator cancels a child combinator as it cancels any other task. Whether the
 * cancellation or the winner came first is decided once, with the lock held. (.../cancel-from-thread)
 *
 * Lifetime. The combinator is the data of its task, so it and its children live as long as there is a reference on the
 * task. */

struct _AiodriveCombinatorChild
{
  AiodriveWaiter      waiter;       /* first; runs when task has completed */
  AiodriveCombinator *combinator;
  GTask              *task;         /* owned */
  AiodriveTaskRecord *record;       /* that of task */
  guint               rank;         /* the first to end has 1; 0: it has not ended */
};

static void
combinator_free (gpointer data)
{
  AiodriveCombinator *self = data;

  for (guint i = 0; i < self->n_children; i++)
    aiodrive_release_object (self->children[i].task);
  g_free (self->children);
  g_clear_error (&self->refusal);
  g_mutex_clear (&self->lock);
  g_free (self);
}

GTask *
aiodrive_combinator_get_child (AiodriveCombinator *self,
                               guint               index)
{
  return self->children[index].task;
}

guint
aiodrive_combinator_get_rank (AiodriveCombinator *self,
                              guint               index)
{
  return self->children[index].rank;
}

GError *
aiodrive_combinator_get_error (AiodriveCombinator *self,
                               guint               index)
{
  return aiodrive_task_record_copy_error (self->children[index].record);
}

gboolean
aiodrive_combinator_is_cancelled (AiodriveCombinator *self)
{
  gboolean cancelled;

  g_mutex_lock (&self->lock);
  cancelled = self->cancelled;
  g_mutex_unlock (&self->lock);

  return cancelled;
}

/* Makes a child the winner, unless there is one already or the call was cancelled first. */
gboolean
aiodrive_combinator_elect (AiodriveCombinator *self,
                           guint               index)
{
  gboolean elected;

  g_mutex_lock (&self->lock);
  elected = self->winner < 0 && !self->cancelled;
  if (elected)
    self->winner = index;
  g_mutex_unlock (&self->lock);

  return elected;
}

static void
cancel_cancellable (gpointer cancellable,
                    gpointer reason)
{
  if (AIODRIVE_IS_CANCEL_SCOPE (cancellable))
    aiodrive_cancel_scope_cancel_with_reason (cancellable, reason);
  else
    g_cancellable_cancel (cancellable);
}

/* Returns the cancellables of the pending children; another task may share the cancellable of a completed one. Handlers
 * are foreign code, so the caller does not touch @self while it cancels them. */
static GPtrArray *
get_cancellables (AiodriveCombinator *self)
{
  GPtrArray *cancellables = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->n_children; i++)
    {
      GCancellable *cancellable = g_task_get_cancellable (self->children[i].task);

      if (cancellable != NULL && !aiodrive_task_record_is_known (self->children[i].record))
        g_ptr_array_add (cancellables, g_object_ref (cancellable));
    }
  return cancellables;
}

void
aiodrive_combinator_cancel_others (AiodriveCombinator *self,
                                   const GError       *reason)
{
  g_autoptr(GPtrArray) cancellables = get_cancellables (self);

  g_ptr_array_foreach (cancellables, cancel_cancellable, (gpointer) reason);
}

static void
note_cancelled (AiodriveCombinator *self)
{
  g_mutex_lock (&self->lock);
  self->cancelled = self->winner < 0;
  g_mutex_unlock (&self->lock);
}

static void
on_cancelled (AiodriveCancelLink *link)
{
  AiodriveCombinator *self = AIODRIVE_CONTAINER_OF (link, AiodriveCombinator, link);

  note_cancelled (self);
  if (!self->klass->spares_children)
    {
      g_autoptr(GPtrArray) cancellables = get_cancellables (self);

      aiodrive_cancel_hub_cancel_all (cancellables);
    }
  aiodrive_cancel_link_done (link, self->dispatcher, &self->end);
}

static void
end (AiodriveWorkItem *work)
{
  AiodriveCombinator *self = AIODRIVE_CONTAINER_OF (work, AiodriveCombinator, end);
  g_autoptr(GTask) task = NULL;
  GError *error;

  if (!aiodrive_cancel_link_remove (&self->link))
    return;   /* posted again when the handler is done */

  task = g_steal_pointer (&self->task);
  error = self->refusal != NULL ? g_steal_pointer (&self->refusal) : self->klass->all_ended (self);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  if (self->winner >= 0)
    aiodrive_task_record_set_leaf (aiodrive_task_record_get (task), self->children[self->winner].task);
  aiodrive_task_return_true (task);
}

/* Counts a completed child, or the start. */
static gboolean
is_last (AiodriveCombinator *self)
{
  gboolean last;

  g_mutex_lock (&self->lock);
  last = --self->n_pending == 0;
  g_mutex_unlock (&self->lock);

  return last;
}

/* Linear cost. The cancelled children fail in turn, and each failure would walk over all children again, without
 * effect. (/aiodrive/task/gather/many) */
static void
cancel_others_once (AiodriveCombinator *self)
{
  if (self->cancelled_others)
    return;

  self->cancelled_others = TRUE;
  aiodrive_combinator_cancel_others (self, NULL);
}

static void
child_ended (AiodriveWorkItem *work)
{
  AiodriveCombinatorChild *child = (AiodriveCombinatorChild *) work;
  AiodriveCombinator *self = child->combinator;

  child->rank = ++self->n_ended;
  if (self->klass->child_ended != NULL && self->klass->child_ended (self, child - self->children))
    cancel_others_once (self);
  if (is_last (self))
    end (&self->end);
}

/* Returns NULL if @task can be a child beside those whose cancellables are in @seen. A child that must be cancellable
 * on its own needs a cancellable that no other child shares. */
GError *
aiodrive_combinator_refuse (const AiodriveCombinatorClass *klass,
                            GTask                         *task,
                            GCancellable                  *of_the_call,
                            GHashTable                    *seen)
{
  GError *error = NULL;
  GCancellable *cancellable;

  if (!G_IS_TASK (task))
    return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "A child is not a task");

  if (klass->refuse != NULL && (error = klass->refuse (task)) != NULL)
    return error;

  cancellable = g_task_get_cancellable (task);
  if (cancellable != NULL && cancellable != of_the_call && g_hash_table_add (seen, cancellable))
    return NULL;
  if (aiodrive_task_has_ended (task))
    return NULL;
  return g_error_new (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                      "Task %s cannot be cancelled alone: it has no cancellable of its own",
                      aiodrive_task_describe (task));
}

static GError *
refuse_any (const AiodriveCombinatorClass  *klass,
            GTask                         **tasks,
            gsize                           n_tasks,
            GCancellable                   *of_the_call)
{
  g_autoptr(GHashTable) seen = g_hash_table_new (NULL, NULL);
  GError *error = NULL;

  if (n_tasks == 0 && klass->needs_children)
    return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "There is no task to wait for");

  for (gsize i = 0; i < n_tasks && error == NULL; i++)
    error = aiodrive_combinator_refuse (klass, tasks[i], of_the_call, seen);
  return error;
}

static void
take_children (AiodriveCombinator  *self,
               GTask              **tasks,
               gsize                n_tasks)
{
  self->children = g_new0 (AiodriveCombinatorChild, n_tasks);
  self->n_children = n_tasks;
  self->n_pending += n_tasks;

  for (guint i = 0; i < n_tasks; i++)
    {
      self->children[i].combinator = self;
      self->children[i].task = g_object_ref (tasks[i]);
      self->children[i].record = aiodrive_task_record_get (tasks[i]);
      self->children[i].waiter.work = (AiodriveWorkItem) { .run = child_ended, .stamp = self->end.stamp };
      self->children[i].waiter.dispatcher = self->dispatcher;
    }
}

/* Safe publication: another thread may iterate the context, and child_ended() reads all children there. So everything,
 * including the writes of started(), is written before the first child is watched. (race-without-context,
 * shield-without-context in tests/interleave/no-context.c) */
static void
watch_children (AiodriveCombinator *self)
{
  for (guint i = 0; i < self->n_children; i++)
    aiodrive_task_record_watch (self->children[i].record, &self->children[i].waiter);
}

/* The data of a combinator's task: when its callbacks have run, so have those of its children. */
static void
children_called_back (gpointer data)
{
  AiodriveCombinator *self = data;

  for (guint i = 0; i < self->n_children; i++)
    aiodrive_task_record_called_back (self->children[i].record);
}

AiodriveCombinator *
aiodrive_combinator_new (const AiodriveCombinatorClass *klass,
                         GCancellable                  *cancellable,
                         GAsyncReadyCallback            callback,
                         gpointer                       user_data,
                         gpointer                       source_tag)
{
  AiodriveCombinator *self;

  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  self = g_malloc0 (klass->size);
  self->klass = klass;
  self->task = aiodrive_task_record_new_task (NULL, cancellable, callback, user_data, source_tag);
  self->dispatcher = aiodrive_dispatcher_get_thread_default ();
  self->end.run = end;
  self->end.stamp = aiodrive_dispatcher_stamp ();
  self->link.try_ref = aiodrive_cancel_link_begin;
  self->link.notify = on_cancelled;
  self->winner = -1;
  self->n_pending = 1;   /* the start: no completion before this, even in another thread */
  g_mutex_init (&self->lock);
  g_task_set_task_data (self->task, self, combinator_free);
  aiodrive_task_record_set_job (aiodrive_task_record_get (self->task), NULL, self, children_called_back);
  aiodrive_task_record_set_combines (aiodrive_task_record_get (self->task));

  return self;
}

GTask *
aiodrive_combinator_start (AiodriveCombinator  *self,
                           GTask              **tasks,
                           gsize                n_tasks)
{
  GTask *task;
  GCancellable *scope;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (tasks != NULL || n_tasks == 0, NULL);
  g_return_val_if_fail (n_tasks < G_MAXINT, NULL);

  task = g_object_ref (self->task);
  scope = g_task_get_cancellable (task);
  self->refusal = refuse_any (self->klass, tasks, n_tasks,
                              aiodrive_cancel_scope_get_parent (AIODRIVE_CANCEL_SCOPE (scope)));
  if (self->refusal == NULL)
    {
      take_children (self, tasks, n_tasks);
      if (self->klass->started != NULL)
        self->klass->started (self);
      watch_children (self);
      if (aiodrive_cancellable_is_cancelled (scope) || !aiodrive_cancel_link_add (&self->link, scope))
        {
          note_cancelled (self);
          if (!self->klass->spares_children)
            aiodrive_combinator_cancel_others (self, NULL);
        }
    }
  if (is_last (self))
    aiodrive_dispatcher_post (self->dispatcher, &self->end);

  return task;
}

/* Even without a callback: as in GIO, no callback means that the caller ignores the result. */
void
aiodrive_combinator_start_async (AiodriveCombinator  *self,
                                 GTask              **tasks,
                                 gsize                n_tasks)
{
  g_autoptr(GTask) task = aiodrive_combinator_start (self, tasks, n_tasks);

  if (task != NULL)
    aiodrive_task_record_set_awaited (aiodrive_task_record_get (task));
}

/* Combines the outcomes of the children: their real errors take precedence over CANCELLED, whether a child or the call
 * was cancelled. */
GError *
aiodrive_combinator_sum_up (AiodriveCombinator *self)
{
  AiodriveFailures failures = { .cancelled = aiodrive_combinator_is_cancelled (self) };

  for (guint i = 0; i < self->n_children; i++)
    {
      GError *error = aiodrive_combinator_get_error (self, i);

      if (error != NULL)
        aiodrive_failures_add (&failures, error, g_task_get_name (self->children[i].task));
    }
  return aiodrive_failures_sum_up (&failures, self->n_children);
}

/* For a valid result. */
AiodriveCombinator *
aiodrive_combinator_from_result (GAsyncResult *result)
{
  return g_task_get_task_data (G_TASK (result));
}

/* The finish function of a combinator that takes the outcome of one child. */
GTask *
aiodrive_combinator_finish_leaf (GAsyncResult  *result,
                                 GError       **error)
{
  GTask *leaf = aiodrive_task_get_leaf (G_TASK (result), error);

  return leaf != NULL ? g_object_ref (leaf) : NULL;
}
