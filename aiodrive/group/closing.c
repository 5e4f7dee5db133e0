/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/core-private.h"

#include "aiodrive/core/clock.h"
#include "aiodrive/task/record-private.h"

/* The end of a group: who waits for it, and how it went. */

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

/* Cancelling a closer cancels the group, and the closer goes on waiting. */
static void
closer_cancelled (AiodriveCancelLink *link)
{
  Closer *self = AIODRIVE_CONTAINER_OF (link, Closer, link);

  g_atomic_int_set (&self->cancelled, TRUE);
  aiodrive_cancel_hub_cancel (G_CANCELLABLE (self->core->scope));
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

/* In the context, whenever the group may have come to its end. */
void
aiodrive_group_core_close_if_empty (AiodriveGroupCore *self)
{
  g_autoptr(GError) outcome = NULL;
  GList *node;

  if (g_queue_is_empty (&self->closers))
    return;

  if (!g_atomic_int_get (&self->closed))
    {
      if (g_atomic_int_get (&self->n_tasks) > 0 ||
          (self->forever && !g_cancellable_is_cancelled (G_CANCELLABLE (self->scope))))
        return;
      g_atomic_int_set (&self->closed, TRUE);
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

/* Returns @task, which is new, when all members have ended; in the context. */
void
aiodrive_group_core_close (AiodriveGroupCore *self,
                           GTask             *task)
{
  Closer *closer = g_new0 (Closer, 1);

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
  aiodrive_group_core_close_if_empty (self);
}
