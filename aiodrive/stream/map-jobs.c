/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/map-parts-private.h"

#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

/* The jobs of a map, and what becomes of their results. */

typedef struct
{
  AiodriveWaiter   waiter;   /* first; run when task has ended */
  GList            node;     /* in the jobs of map */
  AiodriveMapCore *map;      /* owned */
  GTask           *task;     /* owned */
  GValue           item;     /* until task has ended */
  GValue           result;   /* while it is not its turn */
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_object (&job->task);
  if (G_IS_VALUE (&job->result))
    g_value_unset (&job->result);
  g_free (job);
}

/* Gives the results whose turn it is: behind a job that runs, or has failed, they wait. */
static void
give_in_order (AiodriveMapCore *self)
{
  Job *job;

  while ((job = g_queue_peek_head (&self->jobs)) != NULL && G_IS_VALUE (&job->result))
    {
      aiodrive_results_add (&self->results, &job->result);
      g_queue_unlink (&self->jobs, &job->node);
      job_free (job);
    }
}

static void
give_at_once (Job *job)
{
  aiodrive_results_add (&job->map->results, &job->result);
  g_queue_unlink (&job->map->jobs, &job->node);
  job_free (job);
}

static void
job_ended (AiodriveEntry *entry)
{
  Job *job = (Job *) entry;
  g_autoptr(AiodriveMapCore) self = job->map;
  GError *error = NULL;

  self->n_running--;
  g_value_unset (&job->item);
  aiodrive_task_propagate (job->task, &job->result, &error);
  if (error != NULL)
    {
      g_value_unset (&job->result);
      aiodrive_map_core_fail (self, error, g_task_get_name (job->task));
    }
  else if (self->ordered)
    give_in_order (self);
  else
    give_at_once (job);

  aiodrive_map_core_pull (self);
  aiodrive_map_core_settle (self);
}

static void
run_job (GTask        *task,
         GCancellable *cancellable,
         gpointer      data)
{
  Job *job = data;

  job->map->func (task, cancellable, &job->item, job->map->user_data);
}

/* Takes @item. */
void
aiodrive_map_core_start_job (AiodriveMapCore *self,
                             GValue          *item)
{
  Job *job = g_new0 (Job, 1);
  AiodriveTaskRecord *record;

  aiodrive_monitor_lock (&self->monitor);
  self->n_untaken++;
  aiodrive_monitor_unlock (&self->monitor);

  job->map = g_atomic_rc_box_acquire (self);
  job->item = *item;
  job->task = aiodrive_task_record_new_task (NULL, G_CANCELLABLE (self->scope), NULL, NULL, aiodrive_map);
  job->node.data = job;
  g_queue_push_tail_link (&self->jobs, &job->node);
  self->n_running++;
  self->n_jobs++;

  record = aiodrive_task_record_get (job->task);
  aiodrive_waiter_init (&job->waiter, job_ended);
  aiodrive_task_record_watch (record, &job->waiter);
  aiodrive_task_record_start_job (record, FALSE, run_job, job, NULL);
}

void
aiodrive_map_core_warn_about_jobs (AiodriveMapCore *self)
{
  g_autoptr(GString) names = g_string_new (NULL);

  for (GList *node = self->jobs.head; node != NULL; node = node->next)
    {
      Job *job = node->data;

      if (G_IS_VALUE (&job->item))
        g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", aiodrive_task_describe (job->task));
    }
  if (names->len > 0)
    g_warning ("The iterator of aiodrive_map() was dropped while jobs ran: %s", names->str);
}

void
aiodrive_map_core_release_jobs (AiodriveMapCore *self)
{
  GDestroyNotify destroy = g_steal_pointer (&self->user_data_destroy);
  Job *job;

  while ((job = g_queue_peek_head (&self->jobs)) != NULL)
    {
      g_queue_unlink (&self->jobs, &job->node);
      job_free (job);
    }
  if (destroy != NULL)
    destroy (self->user_data);
}
