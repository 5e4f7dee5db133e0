/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/core-private.h"

#include "aiodrive/core/clock.h"
#include "aiodrive/group/task-info-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

/* Nothing outlives a group unseen: who closes it is called back when the last member has ended, and no member is let in
 * afterwards. The group waits for its members also when it is cancelled, when its closing is, and when its object
 * is dropped; then what goes wrong is warned about. (/aiodrive/group/task-group/ends-last, .../dropped) */

typedef struct
{
  AiodriveWaiter     waiter;   /* first */
  AiodriveGroupCore *core;     /* owned */
  GTask             *task;     /* owned */
  gint64             since;    /* monotonic, in microseconds */
  gboolean           outside;  /* its cancellable is not below the scope of the group */
  gboolean           noted;    /* its cancellable is among those of the group */
  GList              node;

  AiodriveTaskInfo  *info;     /* owned; NULL while nobody wants to see it, as are the next */
  GSequenceIter     *place;    /* in the list */
  AiodriveWaiter     progress;
} Member;

typedef struct
{
  AiodriveEntry       end;        /* first */
  AiodriveCancelLink  link;       /* in the scope of task */
  AiodriveGroupCore  *core;       /* owned */
  GTask              *task;       /* owned */
  GError             *outcome;    /* owned, nullable */
  gint                cancelled;  /* atomic; once the group has come to its end it is too late */
  GList               node;
} Closer;

AiodriveGroupCore *
aiodrive_group_core_ref (AiodriveGroupCore *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
aiodrive_group_core_unref (AiodriveGroupCore *self)
{
  GError *unseen;

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  unseen = aiodrive_failures_sum_up (&self->failures, self->n_spawned);
  if (unseen != NULL)
    g_warning ("A task group failed and nobody closed it: %s", unseen->message);
  g_clear_error (&unseen);
  aiodrive_cancel_link_remove (&self->link);
  g_weak_ref_clear (&self->object);
  g_object_unref (self->scope);
  g_clear_error (&self->outcome);
  g_clear_object (&self->tasks);
  g_hash_table_unref (self->cancellables);
  g_main_context_unref (self->context);
  g_free (self);
}

/* Under the lock of the hub: one that has no references any more is about to leave it. */
static gboolean
take_core (AiodriveCancelLink *link)
{
  AiodriveGroupCore *self = AIODRIVE_CONTAINER_OF (link, AiodriveGroupCore, link);
  gint count = g_atomic_int_get (&self->ref_count);

  while (count > 0 && !g_atomic_int_compare_and_exchange (&self->ref_count, count, count + 1))
    count = g_atomic_int_get (&self->ref_count);
  return count > 0;
}

static void
post_cancelled (AiodriveCancelLink *link)
{
  AiodriveGroupCore *self = AIODRIVE_CONTAINER_OF (link, AiodriveGroupCore, link);

  aiodrive_dispatcher_post (self->dispatcher, &self->cancelled);
}

/* The scope cancels what is below it; those who were added from outside are cancelled here. */
static void
on_cancelled (AiodriveEntry *entry)
{
  AiodriveGroupCore *self = AIODRIVE_CONTAINER_OF (entry, AiodriveGroupCore, cancelled);
  g_autoptr(GPtrArray) cancellables = g_ptr_array_new_with_free_func (g_object_unref);

  for (GList *node = self->members.head; node != NULL; node = node->next)
    if (((Member *) node->data)->outside)
      g_ptr_array_add (cancellables, g_object_ref (g_task_get_cancellable (((Member *) node->data)->task)));

  for (guint i = 0; i < cancellables->len; i++)
    g_cancellable_cancel (g_ptr_array_index (cancellables, i));
  aiodrive_group_core_unref (self);
}

AiodriveGroupCore *
aiodrive_group_core_new (GObject      *object,
                         GCancellable *parent)
{
  AiodriveGroupCore *self = g_new0 (AiodriveGroupCore, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref_thread_default ();
  self->dispatcher = aiodrive_dispatcher_get_thread_default ();
  self->thread = g_thread_self ();
  self->scope = aiodrive_cancel_scope_new (parent);
  self->cancelled.run = on_cancelled;
  self->link.take = take_core;
  self->link.fire = post_cancelled;
  self->cancellables = g_hash_table_new (NULL, NULL);
  g_weak_ref_init (&self->object, object);
  aiodrive_cancel_link_add (&self->link, G_CANCELLABLE (self->scope));

  return self;
}

/* Whether this thread is where the group belongs: then nobody else uses it until aiodrive_group_core_leave(). That its
 * context is thread-default does not say so: the global default one is that of all threads that have no other. */
gboolean
aiodrive_group_core_enter (AiodriveGroupCore *self)
{
  return aiodrive_dispatcher_get_thread_default () == self->dispatcher &&
         (self->thread == g_thread_self () || g_main_context_is_owner (self->context)) &&
         g_main_context_acquire (self->context);
}

void
aiodrive_group_core_leave (AiodriveGroupCore *self)
{
  g_main_context_release (self->context);
}

static void
notify (AiodriveGroupCore *self,
        const char        *property)
{
  g_autoptr(GObject) object = g_weak_ref_get (&self->object);

  if (object != NULL)
    g_object_notify (object, property);
}

/*
 * Members
 */

static gboolean
is_gone (AiodriveGroupCore *self)
{
  g_autoptr(GObject) object = g_weak_ref_get (&self->object);

  return object == NULL;
}

/* The first failure cancels the others. That a member was cancelled is none: it was on purpose. */
static void
note_outcome (AiodriveGroupCore *self,
              GTask             *task)
{
  GError *error = aiodrive_task_get_error (task);

  if (error == NULL || aiodrive_error_is_cancelled (error))
    {
      g_clear_error (&error);
      return;
    }

  if (is_gone (self))
    {
      g_warning ("Task %s failed in a group that was dropped: %s", aiodrive_task_describe (task), error->message);
      g_error_free (error);
    }
  else
    aiodrive_failures_add (&self->failures, error, aiodrive_task_describe (task));
  g_cancellable_cancel (G_CANCELLABLE (self->scope));
}

/* Wakes again and again, until the member has ended. */
static void
progressed (AiodriveEntry *entry)
{
  Member *member = AIODRIVE_CONTAINER_OF (entry, Member, progress.entry);

  if (member->info == NULL)
    {
      g_free (member);   /* it ended meanwhile */
      return;
    }
  aiodrive_task_info_set_progress (member->info,
                                   aiodrive_task_record_watch_progress (aiodrive_task_record_get (member->task),
                                                                        &member->progress));
}

static void
show (Member *member)
{
  member->info = aiodrive_task_info_new (member->task);
  aiodrive_task_info_set_running (member->info, member->since);
  aiodrive_waiter_init (&member->progress, progressed);
  progressed (&member->progress.entry);
  member->place = aiodrive_task_list_append (member->core->tasks, member->info);
}

/* Shows how the member ended, and frees it. */
static void
hide (Member *member)
{
  g_autoptr(AiodriveTaskInfo) info = g_steal_pointer (&member->info);
  AiodriveTaskList *tasks = member->core->tasks;
  GSequenceIter *place = member->place;
  g_autoptr(GError) error = NULL;
  gboolean is_watched = info != NULL;

  if (info != NULL)
    error = aiodrive_task_get_error (member->task);
  if (!is_watched || aiodrive_task_record_unwatch_progress (aiodrive_task_record_get (member->task), &member->progress))
    g_free (member);

  if (info != NULL)
    {
      aiodrive_task_info_set_ended (info, error);
      aiodrive_task_list_remove (tasks, place);
    }
}

GListModel *
aiodrive_group_core_get_tasks (AiodriveGroupCore *self)
{
  if (self->tasks == NULL)
    {
      self->tasks = aiodrive_task_list_new ();
      for (GList *node = self->members.head; node != NULL; node = node->next)
        show (node->data);
    }
  return G_LIST_MODEL (self->tasks);
}

static void close_if_empty (AiodriveGroupCore *self);

static void
member_ended (AiodriveEntry *entry)
{
  Member *member = (Member *) entry;
  g_autoptr(GTask) task = member->task;
  AiodriveGroupCore *self = member->core;

  note_outcome (self, task);   /* first: from hide() on others may close the group */
  g_queue_unlink (&self->members, &member->node);
  if (member->noted)
    g_hash_table_remove (self->cancellables, g_task_get_cancellable (task));
  g_atomic_int_add (&self->n_tasks, -1);
  hide (member);

  notify (self, "n-tasks");
  close_if_empty (self);
  aiodrive_group_core_unref (self);
}

/* In any thread: the group does not come to its end before aiodrive_group_core_add(), which has to follow. */
void
aiodrive_group_core_expect (AiodriveGroupCore *self)
{
  g_atomic_int_inc (&self->n_tasks);
}

static void
take_in (AiodriveGroupCore *self,
         GTask             *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  Member *member = g_new0 (Member, 1);

  member->core = aiodrive_group_core_ref (self);
  member->task = g_object_ref (task);
  member->outside = cancellable != NULL && !aiodrive_cancellable_is_within (cancellable, G_CANCELLABLE (self->scope));
  member->since = aiodrive_get_monotonic_time ();
  member->node.data = member;
  aiodrive_waiter_init (&member->waiter, member_ended);
  member->waiter.entry.stamp = aiodrive_dispatcher_stamp ();

  g_queue_push_tail_link (&self->members, &member->node);
  member->noted = cancellable != NULL && g_hash_table_add (self->cancellables, cancellable);
  self->n_spawned++;
  if (self->tasks != NULL)
    show (member);
  aiodrive_task_record_watch (aiodrive_task_record_get (task), &member->waiter);
  if (member->outside && g_cancellable_is_cancelled (G_CANCELLABLE (self->scope)))
    g_cancellable_cancel (cancellable);
  notify (self, "n-tasks");
}

/* Takes @task in, which was expected; in the context. FALSE: it has come too late. */
gboolean
aiodrive_group_core_add (AiodriveGroupCore *self,
                         GTask             *task)
{
  if (g_atomic_int_get (&self->closed))
    {
      g_atomic_int_add (&self->n_tasks, -1);
      return FALSE;
    }

  take_in (self, task);
  return TRUE;
}

/*
 * Closing
 */

static void
closer_end (AiodriveEntry *entry)
{
  Closer *self = (Closer *) entry;
  g_autoptr(GTask) task = NULL;
  GError *outcome;

  if (!aiodrive_cancel_link_remove (&self->link))
    return;   /* again when the handler is done */

  task = self->task;
  outcome = self->outcome;
  aiodrive_group_core_unref (self->core);
  g_free (self);

  if (outcome != NULL)
    g_task_return_error (task, outcome);
  else
    aiodrive_task_return_true (task);
}

/* Cancelling who waits for the group cancels the group, and he goes on waiting. */
static void
closer_cancelled (AiodriveCancelLink *link)
{
  Closer *self = AIODRIVE_CONTAINER_OF (link, Closer, link);

  g_atomic_int_set (&self->cancelled, TRUE);
  g_cancellable_cancel (G_CANCELLABLE (self->core->scope));
  aiodrive_cancel_link_done (link, self->core->dispatcher, &self->end);
}

/* What the group ends with: its failures; else its having been cancelled, as far as that matters outside. */
static GError *
sum_up (AiodriveGroupCore *self)
{
  g_autoptr(GError) cancelled = NULL;
  GError *error = aiodrive_failures_sum_up (&self->failures, self->n_spawned);

  if (error != NULL || !aiodrive_cancellable_is_cancelled (G_CANCELLABLE (self->scope)))
    return error;

  cancelled = aiodrive_error_new_cancelled ();
  aiodrive_cancel_scope_leave (self->scope, cancelled, &error);
  return error;
}

static void
close_if_empty (AiodriveGroupCore *self)
{
  g_autoptr(GError) outcome = NULL;
  GList *node;

  if (g_queue_is_empty (&self->closers))
    return;

  if (!g_atomic_int_get (&self->closed))
    {
      if (g_atomic_int_get (&self->n_tasks) > 0)
        return;
      g_atomic_int_set (&self->closed, TRUE);
      self->outcome = sum_up (self);
      notify (self, "closed");
    }
  while ((node = g_queue_pop_head_link (&self->closers)) != NULL)
    {
      Closer *closer = node->data;

      if (self->outcome != NULL)
        closer->outcome = g_error_copy (self->outcome);
      else if (g_atomic_int_get (&closer->cancelled))
        closer->outcome = aiodrive_error_new_cancelled ();
      aiodrive_dispatcher_post (self->dispatcher, &closer->end);
    }
}

/* Waits for all members; in the context. */
GTask *
aiodrive_group_core_close (AiodriveGroupCore   *self,
                           GObject             *source_object,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data,
                           gpointer             source_tag)
{
  Closer *closer = g_new0 (Closer, 1);
  GTask *task = aiodrive_task_record_new_task (source_object, cancellable, callback, user_data, source_tag);

  closer->end.run = closer_end;
  closer->end.stamp = aiodrive_dispatcher_stamp ();
  closer->link.take = aiodrive_cancel_link_begin;
  closer->link.fire = closer_cancelled;
  closer->core = aiodrive_group_core_ref (self);
  closer->task = g_object_ref (task);
  closer->node.data = closer;

  g_queue_push_tail_link (&self->closers, &closer->node);
  if (!aiodrive_cancel_link_add (&closer->link, g_task_get_cancellable (task)))
    {
      closer->cancelled = TRUE;
      g_cancellable_cancel (G_CANCELLABLE (self->scope));
    }
  close_if_empty (self);

  return task;
}
