/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/group-core-private.h"

#include "aiodrive/core/main-context-private.h"
#include "aiodrive/core/monotonic-time.h"
#include "aiodrive/group/depths-private.h"
#include "aiodrive/group/member-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/proxy-task-private.h"
#include "aiodrive/task/record-private.h"
#include "aiodrive/task/start.h"

/* Structured concurrency: no task outlives its group. A close completes when the last member has completed, and no
 * member is admitted afterwards. The group waits for its members even when it is cancelled, when its close is
 * cancelled, and when its object is dropped; in the last case it logs failures as warnings.
 * (/aiodrive/group/task-group/ends-last, .../dropped) */

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

  aiodrive_group_registry_remove (self);
  unseen = aiodrive_failures_sum_up (&self->failures, self->n_spawned);
  if (unseen != NULL)
    g_warning ("A task group failed and nobody closed it: %s", unseen->message);
  g_clear_error (&unseen);
  aiodrive_cancel_link_remove (&self->link);
  if (self->depths != NULL)
    aiodrive_depths_free (self->depths);
  g_free (self->name);
  aiodrive_cancel_scope_pass_over (self->scope);
  g_object_unref (self->scope);
  g_clear_error (&self->outcome);
  g_clear_object (&self->tasks);
  g_hash_table_unref (self->cancellables);
  g_main_context_unref (self->context);
  g_free (self);
}

/* Called with a lock held that the last unref() takes. Returns FALSE if that has run. */
gboolean
aiodrive_group_core_try_ref (AiodriveGroupCore *self)
{
  gint count = g_atomic_int_get (&self->ref_count);

  while (count > 0 && !g_atomic_int_compare_and_exchange (&self->ref_count, count, count + 1))
    count = g_atomic_int_get (&self->ref_count);
  return count > 0;
}

static gboolean
try_ref_core (AiodriveCancelLink *link)
{
  return aiodrive_group_core_try_ref (AIODRIVE_CONTAINER_OF (link, AiodriveGroupCore, link));
}

static void
post_cancelled (AiodriveCancelLink *link)
{
  AiodriveGroupCore *self = AIODRIVE_CONTAINER_OF (link, AiodriveGroupCore, link);

  aiodrive_dispatcher_post (self->dispatcher, &self->cancelled);
}

GPtrArray *
aiodrive_group_core_list_cancellables (GQueue *members)
{
  GPtrArray *cancellables = g_ptr_array_new_with_free_func (g_object_unref);

  for (GList *node = members->head; node != NULL; node = node->next)
    g_ptr_array_add (cancellables, g_object_ref (g_task_get_cancellable (((AiodriveMember *) node->data)->task)));
  return cancellables;
}

/* A scope cancels everything below it; this cancels the members that were added from outside. */
static void
cancel_outside (AiodriveGroupCore *self)
{
  g_autoptr(GPtrArray) cancellables = aiodrive_group_core_list_cancellables (&self->outside);

  g_ptr_array_foreach (cancellables, (GFunc) (void (*) (void)) g_cancellable_cancel, NULL);
}

static void
on_cancelled (AiodriveWorkItem *work)
{
  AiodriveGroupCore *self = AIODRIVE_CONTAINER_OF (work, AiodriveGroupCore, cancelled);

  if (self->depths == NULL)
    {
      cancel_outside (self);
    }
  else
    {
      aiodrive_depths_advance (self->depths);
      aiodrive_group_core_say_changed (self);
      aiodrive_group_core_close_if_empty (self);   /* one that runs forever */
    }
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
  self->link.try_ref = try_ref_core;
  self->link.notify = post_cancelled;
  self->cancellables = g_hash_table_new (NULL, NULL);
  aiodrive_strict_weak_init (&self->object, object);

  return self;
}

/* Turns a new core into the core of a pool, which is idle. */
void
aiodrive_group_core_make_pool (AiodriveGroupCore  *self,
                               const char         *name,
                               void              (*changed) (GObject *object))
{
  self->depths = aiodrive_depths_new (self);
  self->name = g_strdup (name);
  self->changed = changed;
  self->idle = TRUE;
  aiodrive_group_registry_add_pool (self);
}

/* Publishes a complete core: from here on its context handles a cancellation, possibly in another thread. */
void
aiodrive_group_core_publish (AiodriveGroupCore *self)
{
  if (!aiodrive_cancel_link_add (&self->link, G_CANCELLABLE (self->scope)) && self->depths != NULL)
    aiodrive_depths_advance (self->depths);
  aiodrive_group_registry_add (self);
}

AiodriveCancelScope *
aiodrive_group_core_get_shown_scope (AiodriveGroupCore *self)
{
  return self->depths != NULL ? aiodrive_depths_get_body (self->depths) : self->scope;
}

/* Returns whether this thread may use the group: then no other thread does until aiodrive_group_core_leave(). A
 * thread-default context is not enough, because threads without their own context all share the global default one. */
gboolean
aiodrive_group_core_enter (AiodriveGroupCore *self)
{
  return (self->thread == g_thread_self () || g_main_context_is_owner (self->context)) &&
         aiodrive_main_context_enter (self->context, TRUE);
}

void
aiodrive_group_core_leave (AiodriveGroupCore *self)
{
  aiodrive_main_context_leave (self->context);
}

typedef struct
{
  AiodriveWorkItem    work;    /* first */
  AiodriveGroupCore  *core;    /* owned */
  GTask              *task;    /* owned */
  void              (*func) (GTask    *task,
                             gpointer  data);
  gpointer            data;
} Call;

static void
call_run (AiodriveWorkItem *work)
{
  Call *self = (Call *) work;
  g_autoptr(GTask) task = self->task;

  self->func (task, self->data);
  aiodrive_group_core_unref (self->core);
  g_free (self);
}

/* Calls @func, which returns @task, in the context of the group: now, or soon if the thread that created the group has
 * no context of its own and another thread iterates the default one. In any other thread @task fails. */
void
aiodrive_group_core_call (AiodriveGroupCore  *self,
                          GTask              *task,
                          void              (*func) (GTask    *task,
                                                     gpointer  data),
                          gpointer            data)
{
  if (aiodrive_group_core_enter (self))
    {
      func (task, data);
      aiodrive_group_core_leave (self);
    }
  else if (self->thread == g_thread_self () && aiodrive_dispatcher_get_thread_default () == self->dispatcher)
    {
      Call *call = g_new0 (Call, 1);

      call->work.run = call_run;
      call->core = aiodrive_group_core_ref (self);
      call->task = g_object_ref (task);
      call->func = func;
      call->data = data;
      aiodrive_dispatcher_post (self->dispatcher, &call->work);
    }
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, AIODRIVE_GROUP_ELSEWHERE);
}

void
aiodrive_group_core_notify (AiodriveGroupCore *self,
                            const char        *property)
{
  g_autoptr(GObject) object = aiodrive_strict_weak_get (&self->object);

  if (object != NULL)
    g_object_notify (object, property);
}

void
aiodrive_group_core_say_changed (AiodriveGroupCore *self)
{
  g_autoptr(GObject) object = aiodrive_strict_weak_get (&self->object);

  if (object != NULL && self->changed != NULL)
    self->changed (object);
}

/*
 * Members
 */

static gboolean
is_gone (AiodriveGroupCore *self)
{
  g_autoptr(GObject) object = aiodrive_strict_weak_get (&self->object);

  return object == NULL;
}

/* A supervisor keeps nothing. The handlers may run a main loop: the member that has failed is counted still, so that
 * the group does not come to its end. */
static void
report (AiodriveGroupCore *self,
        GTask             *task,
        const GError      *error)
{
  g_autoptr(GObject) object = aiodrive_strict_weak_get (&self->object);
  guint id = object != NULL ? g_signal_lookup ("task-failed", G_OBJECT_TYPE (object)) : 0;

  if (id != 0 && g_signal_has_handler_pending (object, id, 0, FALSE))
    g_signal_emit (object, id, 0, task, error);
  else
    g_warning ("Task %s failed: %s", aiodrive_task_describe (task), error->message);
}

/* The first failure cancels the other members. A cancelled member is not a failure. */
static void
note_outcome (AiodriveGroupCore *self,
              GTask             *task)
{
  GError *error = aiodrive_task_dup_error (task);

  if (error == NULL || aiodrive_error_is_cancelled (error))
    {
      g_clear_error (&error);
      return;
    }

  if (self->supervises)
    {
      report (self, task, error);
      g_error_free (error);
      return;
    }

  if (is_gone (self))
    {
      g_warning ("Task %s failed in a group that was dropped: %s", aiodrive_task_describe (task), error->message);
      g_error_free (error);
    }
  else
    aiodrive_failures_add (&self->failures, error, g_task_get_name (task));
  g_cancellable_cancel (G_CANCELLABLE (self->scope));
}

GListModel *
aiodrive_group_core_get_tasks (AiodriveGroupCore *self)
{
  if (self->tasks == NULL)
    {
      self->tasks = aiodrive_task_list_new ();
      for (GList *node = self->members.head; node != NULL; node = node->next)
        aiodrive_member_show (node->data);
    }
  return G_LIST_MODEL (self->tasks);
}

static void
member_ended (AiodriveWorkItem *work)
{
  AiodriveMember *member = (AiodriveMember *) work;
  g_autoptr(GTask) task = member->task;
  AiodriveGroupCore *self = member->core;
  AiodriveDepth *depth = member->depth;

  note_outcome (self, task);   /* first: from aiodrive_member_hide() on other code may close the group */
  g_queue_unlink (&self->members, &member->node);
  if (member->outside != NULL)
    g_queue_unlink (member->outside, &member->outside_node);
  if (member->noted)
    g_hash_table_remove (self->cancellables, g_task_get_cancellable (task));
  g_atomic_int_add (&self->n_tasks, -1);
  if (member->helps)
    self->n_helpers--;
  aiodrive_member_hide (member);

  if (depth != NULL)
    aiodrive_depths_leave (self->depths, depth);
  aiodrive_group_core_notify (self, "n-tasks");
  aiodrive_group_core_close_if_empty (self);
  aiodrive_task_record_called_back (aiodrive_task_record_get (task));
  aiodrive_group_core_unref (self);
}

/* Counts a task in any thread: the group does not complete before aiodrive_group_core_add(), which must follow. Returns
 * the depth of a pool in which the task counts; NULL in a plain group. */
AiodriveDepth *
aiodrive_group_core_expect (AiodriveGroupCore *self,
                            gint               number)
{
  g_atomic_int_inc (&self->n_tasks);
  return self->depths != NULL ? aiodrive_depths_enter (self->depths, number) : NULL;
}

/* The same for a foreign task; called in the context. */
AiodriveDepth *
aiodrive_group_core_expect_from (AiodriveGroupCore *self,
                                 GTask             *task)
{
  g_atomic_int_inc (&self->n_tasks);
  return self->depths != NULL ? aiodrive_depths_enter_above (self->depths, g_task_get_cancellable (task)) : NULL;
}

static void
take_in (AiodriveGroupCore *self,
         GTask             *task,
         AiodriveDepth     *depth,
         gboolean           planned,
         gboolean           helps)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  AiodriveCancelScope *above = depth != NULL ? aiodrive_depth_get_scope (depth) : self->scope;
  AiodriveMember *member = g_new0 (AiodriveMember, 1);
  gboolean outside = cancellable != NULL && !aiodrive_cancellable_is_within (cancellable, G_CANCELLABLE (above)) &&
                     !aiodrive_task_has_ended (task);   /* then other tasks may share its cancellable */

  member->core = aiodrive_group_core_ref (self);
  member->task = task;
  member->depth = depth;
  member->helps = helps;
  if (helps)
    self->n_helpers++;
  member->since = planned ? 0 : aiodrive_get_monotonic_time ();
  member->node.data = member;
  aiodrive_waiter_init (&member->waiter, member_ended);
  member->waiter.work.stamp = aiodrive_dispatcher_stamp ();

  g_queue_push_tail_link (&self->members, &member->node);
  if (outside)
    {
      member->outside = depth != NULL ? aiodrive_depth_get_outside (depth) : &self->outside;
      member->outside_node.data = member;
      g_queue_push_tail_link (member->outside, &member->outside_node);
    }
  member->noted = cancellable != NULL && g_hash_table_add (self->cancellables, cancellable);
  self->n_spawned++;
  if (planned)
    aiodrive_member_plan (member);
  if (self->tasks != NULL)
    aiodrive_member_show (member);
  aiodrive_task_record_watch_weakly (aiodrive_task_record_get (task), &member->waiter);
  if (outside && g_cancellable_is_cancelled (G_CANCELLABLE (above)))
    g_cancellable_cancel (cancellable);
  if (depth != NULL)
    aiodrive_depths_advance (self->depths);
  aiodrive_group_core_notify (self, "n-tasks");
  if (helps)
    aiodrive_group_core_close_if_empty (self);   /* it may have come after the others ended */
}

/* Admits @task, which was counted; called in the context. Returns FALSE if the group has completed. */
gboolean
aiodrive_group_core_add (AiodriveGroupCore *self,
                         GTask             *task,
                         AiodriveDepth     *depth,
                         gboolean           planned,
                         gboolean           helps)
{
  if (g_atomic_int_get (&self->closed))
    {
      g_atomic_int_add (&self->n_tasks, -1);
      if (depth != NULL)
        aiodrive_depths_leave (self->depths, depth);
      return FALSE;
    }

  if (depth != NULL)
    aiodrive_depths_arrive (self->depths, depth);
  take_in (self, task, depth, planned, helps);
  return TRUE;
}

/*
 * Jobs that become tasks of the group, in its context or from another one
 */

/* Called in the context of the group: admits @task, which has its job, or completes it. Returns FALSE if the job must
 * not start now. */
static gboolean
accept (AiodriveGroupCore *core,
        AiodriveDepth     *depth,
        gboolean           helps,
        GTask             *task)
{
  gboolean planned = core->idle;

  if (aiodrive_group_core_add (core, task, depth, planned, helps))
    return !planned;

  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "The group has come to its end");
  return FALSE;
}

static GTask *
spawn_here (AiodriveGroupCore *core,
            AiodriveDepth     *depth,
            gboolean           helps,
            GCancellable      *parent,
            const char        *name,
            AiodriveJobFunc    func,
            gpointer           user_data,
            GDestroyNotify     user_data_destroy)
{
  GTask *task = aiodrive_task_new (parent);
  AiodriveTaskRecord *record = aiodrive_task_record_get (task);

  if (name != NULL)
    g_task_set_name (task, name);
  aiodrive_task_record_set_job (record, func, user_data, user_data_destroy);
  if (accept (core, depth, helps, task))
    aiodrive_task_record_begin_job (record);
  return task;
}

/* A task in flight from another thread. */
typedef struct
{
  AiodriveGroupCore *core;    /* owned */
  AiodriveDepth     *depth;   /* unowned, nullable: in which it counts */
  gboolean           helps;
} Arrival;

static void
arrival_free (gpointer data)
{
  Arrival *self = data;

  aiodrive_group_core_unref (self->core);
  g_free (self);
}

static gboolean
accept_arrival (GTask    *task,
                gpointer  data)
{
  Arrival *self = data;
  AiodriveCancelScope *scope = AIODRIVE_CANCEL_SCOPE (g_task_get_cancellable (task));
  GCancellable *above = aiodrive_cancel_scope_get_parent (scope);
  g_autoptr(GTask) outer = aiodrive_cancel_scope_ref_task (AIODRIVE_CANCEL_SCOPE (above));
  gboolean closed = g_atomic_int_get (&self->core->closed);

  /* the group raises its failure */
  if (!closed)
    aiodrive_task_record_set_awaited (aiodrive_task_record_get (outer));
  return accept (self->core, self->depth, self->helps, task);
}

static GTask *
spawn_there (AiodriveGroupCore *core,
             AiodriveDepth     *depth,
             gboolean           helps,
             GCancellable      *parent,
             const char        *name,
             AiodriveJobFunc    func,
             gpointer           user_data,
             GDestroyNotify     user_data_destroy)
{
  Arrival *arrival = g_new (Arrival, 1);

  *arrival = (Arrival) { aiodrive_group_core_ref (core), depth, helps };
  return aiodrive_proxy_task_spawn (core->dispatcher, core->context, parent, name, func, user_data, user_data_destroy,
                                    accept_arrival, arrival, arrival_free);
}

/* Called in any thread. Only a pool uses the depth. */
GTask *
aiodrive_group_core_spawn (AiodriveGroupCore *self,
                           const char        *name,
                           gint               number,
                           gboolean           helps,
                           AiodriveJobFunc    func,
                           gpointer           user_data,
                           GDestroyNotify     user_data_destroy)
{
  AiodriveDepth *depth = aiodrive_group_core_expect (self, number);
  GCancellable *parent = G_CANCELLABLE (depth != NULL ? aiodrive_depth_get_scope (depth) : self->scope);
  GTask *task;

  if (!aiodrive_group_core_enter (self))
    return spawn_there (self, depth, helps, parent, name, func, user_data, user_data_destroy);

  task = spawn_here (self, depth, helps, parent, name, func, user_data, user_data_destroy);
  aiodrive_group_core_leave (self);
  return task;
}

/*
 * Completion: its waiters, and the outcome
 */

typedef struct
{
  AiodriveWorkItem    end;        /* first */
  AiodriveCancelLink  link;       /* in the scope of task */
  AiodriveGroupCore  *core;       /* owned */
  GTask              *task;       /* owned */
  GError             *outcome;    /* owned, nullable */
  gint                cancelled;  /* atomic; too late once the group has completed */
  GList               node;
} Closer;

static void
closer_end (AiodriveWorkItem *work)
{
  Closer *self = (Closer *) work;
  g_autoptr(GTask) task = NULL;
  GError *outcome;

  if (!aiodrive_cancel_link_remove (&self->link))
    return;   /* posted again when the handler is done */

  task = self->task;
  outcome = self->outcome;
  aiodrive_group_core_unref (self->core);
  g_free (self);

  if (outcome != NULL)
    g_task_return_error (task, outcome);
  else
    aiodrive_task_return_true (task);
}

/* Cancelling a close cancels the group, and the close still waits. */
static void
closer_cancelled (AiodriveCancelLink *link)
{
  Closer *self = AIODRIVE_CONTAINER_OF (link, Closer, link);

  g_atomic_int_set (&self->cancelled, TRUE);
  aiodrive_cancel_hub_cancel (G_CANCELLABLE (self->core->scope));
  aiodrive_cancel_link_done (link, self->core->dispatcher, &self->end);
}

/* Returns the outcome of the group: its failures; else its cancellation, if the code outside must see it. */
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

/* Cancels the helpers when no other task is left. A helper in flight from another thread is counted as a task, and as a
 * helper when it arrives. */
static void
dismiss_helpers (AiodriveGroupCore *self)
{
  g_autoptr(GPtrArray) cancellables = NULL;

  if (self->n_helpers == 0 || self->n_helpers != g_atomic_int_get (&self->n_tasks))
    return;

  cancellables = g_ptr_array_new_with_free_func (g_object_unref);
  for (GList *node = self->members.head; node != NULL; node = node->next)
    {
      AiodriveMember *member = node->data;

      if (member->dismissed)
        continue;
      member->dismissed = TRUE;
      g_ptr_array_add (cancellables, g_object_ref (g_task_get_cancellable (member->task)));
    }
  g_ptr_array_foreach (cancellables, (GFunc) (void (*) (void)) g_cancellable_cancel, NULL);
}

/* Called in the context, whenever the group may have completed. */
void
aiodrive_group_core_close_if_empty (AiodriveGroupCore *self)
{
  g_autoptr(GError) outcome = NULL;
  GList *node;

  if (g_queue_is_empty (&self->closers))
    return;

  dismiss_helpers (self);
  if (!g_atomic_int_get (&self->closed))
    {
      if (g_atomic_int_get (&self->n_tasks) > 0 ||
          (self->forever && !g_cancellable_is_cancelled (G_CANCELLABLE (self->scope))))
        return;
      g_atomic_int_set (&self->closed, TRUE);
      aiodrive_cancel_scope_pass_over (self->scope);
      if (self->depths != NULL)
        aiodrive_depths_pass_over (self->depths);
      self->outcome = sum_up (self);
      if (self->started != 0)
        self->ended = aiodrive_get_monotonic_time ();
      aiodrive_group_core_say_changed (self);   /* first, so that no handler sees it closed and not done */
      aiodrive_group_core_notify (self, "closed");
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

/* Returns @task, which is new, when all members have completed; called in the context. */
void
aiodrive_group_core_close (AiodriveGroupCore *self,
                           GTask             *task)
{
  Closer *closer = g_new0 (Closer, 1);

  closer->end.run = closer_end;
  closer->end.stamp = aiodrive_dispatcher_stamp ();
  closer->link.try_ref = aiodrive_cancel_link_begin;
  closer->link.notify = closer_cancelled;
  closer->core = aiodrive_group_core_ref (self);
  closer->task = g_object_ref (task);
  closer->node.data = closer;

  g_queue_push_tail_link (&self->closers, &closer->node);
  if (!aiodrive_cancel_link_add (&closer->link, g_task_get_cancellable (task)))
    {
      closer->cancelled = TRUE;
      g_cancellable_cancel (G_CANCELLABLE (self->scope));
    }
  aiodrive_group_core_close_if_empty (self);
}
