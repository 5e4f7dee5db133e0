/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/member-private.h"

#include "aiodrive/core/monotonic-time.h"
#include "aiodrive/group/task-info-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

/*
 * Planned
 */

/* A planned task. The plan is freed when the task is started, or, after a cancellation, with the work item that
 * completes the task. */
struct _AiodrivePlan
{
  AiodriveWorkItem   work;     /* first: completes the task */
  AiodriveCancelLink link;     /* in the scope of the task */
  gboolean           fired;    /* guarded by the lock of the hub: the work item is in flight */
  AiodriveGroupCore *core;     /* owned */
  GTask             *task;     /* owned */
  AiodriveMember    *member;   /* unowned; NULL: it has been freed */
  gboolean           waits;    /* among the plans of the group */
  GList              node;
};

static void
plan_free (AiodrivePlan *self)
{
  if (self->member != NULL)
    self->member->plan = NULL;
  if (self->waits)
    g_queue_unlink (&self->core->plans, &self->node);
  g_object_unref (self->task);
  aiodrive_group_core_unref (self->core);
  g_free (self);
}

static void
plan_cancelled (AiodriveWorkItem *work)
{
  AiodrivePlan *self = (AiodrivePlan *) work;
  g_autoptr(GTask) task = g_object_ref (self->task);
  gboolean in_group = self->member != NULL;

  plan_free (self);
  if (in_group)
    g_task_return_error (task, aiodrive_error_new_cancelled ());
}

static gboolean
try_ref_plan (AiodriveCancelLink *link)
{
  AIODRIVE_CONTAINER_OF (link, AiodrivePlan, link)->fired = TRUE;
  return TRUE;
}

static void
notify_plan (AiodriveCancelLink *link)
{
  AiodrivePlan *self = AIODRIVE_CONTAINER_OF (link, AiodrivePlan, link);

  aiodrive_dispatcher_post (self->core->dispatcher, &self->work);
}

void
aiodrive_member_plan (AiodriveMember *self)
{
  AiodrivePlan *plan = g_new0 (AiodrivePlan, 1);

  plan->work.run = plan_cancelled;
  plan->work.stamp = aiodrive_dispatcher_stamp ();
  plan->link.try_ref = try_ref_plan;
  plan->link.notify = notify_plan;
  plan->core = aiodrive_group_core_ref (self->core);
  plan->task = g_object_ref (self->task);
  plan->member = self;
  plan->node.data = plan;

  self->plan = plan;
  plan->waits = TRUE;
  g_queue_push_tail_link (&self->core->plans, &plan->node);
  if (!aiodrive_cancel_link_add (&plan->link, g_task_get_cancellable (self->task)))
    {
      plan->fired = TRUE;
      notify_plan (&plan->link);
    }
}

/* Returns FALSE if the task was already cancelled, and completes as cancelled. */
static gboolean
plan_drop (AiodrivePlan *self)
{
  aiodrive_cancel_link_remove (&self->link);
  if (self->fired)
    return FALSE;

  plan_free (self);
  return TRUE;
}

/* Starts all planned tasks, in FIFO order. */
void
aiodrive_group_core_begin (AiodriveGroupCore *core)
{
  GList *node;

  core->idle = FALSE;
  while ((node = g_queue_pop_head_link (&core->plans)) != NULL)
    {
      AiodrivePlan *plan = node->data;
      AiodriveMember *member = plan->member;
      g_autoptr(GTask) task = g_object_ref (plan->task);   /* the plan may hold the only reference */

      plan->waits = FALSE;
      if (!plan_drop (plan))
        continue;
      member->since = aiodrive_get_monotonic_time ();
      aiodrive_task_record_begin_job (aiodrive_task_record_get (task));
      if (member->info != NULL)
        aiodrive_task_info_set_running (member->info, member->since);
    }
}

/*
 * Shown
 */

/* A notified handler may run a main loop, in which the member may complete. (/aiodrive/group/task-info/nested-loop) */
static void
observe (AiodriveMember *self)
{
  g_autoptr(AiodriveTaskInfo) info = g_object_ref (self->info);

  aiodrive_task_info_set_progress (info, aiodrive_task_record_watch_progress (aiodrive_task_record_get (self->task),
                                                                              &self->progress));
}

/* Watches the progress until the member has completed. */
static void
progressed (AiodriveWorkItem *work)
{
  AiodriveMember *self = AIODRIVE_CONTAINER_OF (work, AiodriveMember, progress.work);

  if (self->info != NULL)
    observe (self);
  else
    g_free (self);   /* it completed meanwhile */
}

void
aiodrive_member_show (AiodriveMember *self)
{
  self->info = aiodrive_task_info_show (self->task);
  if (self->plan == NULL)
    aiodrive_task_info_set_running (self->info, self->since);
  aiodrive_waiter_init (&self->progress, progressed);
  observe (self);
  self->place = aiodrive_task_list_append (self->core->tasks, self->info);
}

/* Shows the outcome. */
void
aiodrive_member_hide (AiodriveMember *self)
{
  g_autoptr(AiodriveTaskInfo) info = g_steal_pointer (&self->info);
  AiodriveTaskList *tasks = self->core->tasks;
  GSequenceIter *place = self->place;
  g_autoptr(GError) error = NULL;
  gboolean is_watched = info != NULL;

  if (info != NULL)
    error = aiodrive_task_dup_error (self->task);
  if (self->plan != NULL && !plan_drop (self->plan))   /* other code has returned the task */
    self->plan->member = NULL;
  if (!is_watched || aiodrive_task_record_unwatch_progress (aiodrive_task_record_get (self->task), &self->progress))
    g_free (self);

  if (info != NULL)
    {
      aiodrive_task_info_set_ended (info, error);
      aiodrive_task_list_remove (tasks, place);
    }
}
