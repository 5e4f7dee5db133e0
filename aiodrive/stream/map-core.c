/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/map-core-private.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/core/result.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

/* A map pulls items, runs jobs and delivers results, all in its own context. A call of another thread records its
 * request with the monitor locked, and posts advance() to that context. The iterator, the jobs and the calls of `items`
 * each hold a reference.
 *
 * Bounded concurrency and back-pressure. One item is pulled at a time, and only while there is room. It occupies its
 * room until its result has been unwrapped. (/aiodrive/stream/map/bound, .../backpressure)
 *
 * Structured concurrency. A map never completes before its jobs: settle() completes it when no job runs and no item is
 * awaited, whatever happened before. (.../failure-awaits)
 *
 * No lost items. If a job has failed before an item arrives, the item is not unwrapped, and goes back to its source.
 * (.../late-item) */

struct _AiodriveMapCore
{
  GMainContext          *context;          /* owned: where dispatcher is */
  AiodriveDispatcher    *dispatcher;       /* set once, as are the next ones */
  AiodriveAsyncIterator *items;            /* owned */
  AiodriveCancelScope   *scope;            /* owned; of the jobs, and of the wait for an item */
  guint                  max_concurrent;
  gboolean               ordered;
  AiodriveMapFunc        func;
  gpointer               user_data;
  GDestroyNotify         user_data_destroy;
  AiodriveResults        results;

  AiodriveMonitor        monitor;
  AiodriveWaitQueue      closers;          /* guarded by monitor, as are the next ones */
  gboolean               posted;           /* the work item is in flight */
  gboolean               started;
  gboolean               closing;
  gboolean               dropped;
  gboolean               over;             /* no job runs or will start */
  gboolean               closed;           /* and the items are closed */
  GError                *close_error;      /* owned, nullable: for the first caller that asks */
  guint                  n_untaken;        /* jobs that run or whose result has not been taken */
  AiodriveWorkItem       work;             /* owns a reference while it is posted */

  /* used only in context */
  GQueue                 jobs;             /* by their nodes, in the order of their items */
  guint                  n_running;
  guint                  n_jobs;           /* the number of items so far */
  AiodriveFailures       failures;
  gboolean               pulling;
  gboolean               exhausted;        /* there are no more items */
  gboolean               stopping;         /* starts no more jobs */
  gboolean               closing_items;
  gboolean               closed_items;
};

/* The errors so far; the wait for an item counts as one more task. */
static GError *
sum_up (AiodriveMapCore *self)
{
  return aiodrive_failures_sum_up (&self->failures, self->n_jobs + 1);
}

static void
map_clear (gpointer data)
{
  AiodriveMapCore *self = data;
  g_autoptr(GError) error = NULL;

  aiodrive_failures_add (&self->failures, aiodrive_results_steal_failure (&self->results), "the iteration");
  aiodrive_failures_add (&self->failures, g_steal_pointer (&self->close_error), "its end");
  error = sum_up (self);
  if (error != NULL && !aiodrive_error_is_cancelled (error))
    g_warning ("aiodrive_map() failed and nobody awaited it: %s", error->message);

  aiodrive_results_clear (&self->results);
  aiodrive_monitor_clear (&self->monitor);
  g_object_unref (self->scope);
  g_object_unref (self->items);
  g_main_context_unref (self->context);
}

static void
map_unref (AiodriveMapCore *self)
{
  g_atomic_rc_box_release_full (self, map_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AiodriveMapCore, map_unref)

/* Posts advance() to the context of the map, after setting the flag @wish (nullable). */
static void
advance_soon (AiodriveMapCore *self,
              gboolean        *wish)
{
  gboolean posts;

  aiodrive_monitor_lock (&self->monitor);
  posts = !self->posted && (wish == NULL || !*wish);
  if (wish != NULL)
    *wish = TRUE;
  self->posted |= posts;
  aiodrive_monitor_unlock (&self->monitor);

  if (!posts)
    return;
  g_atomic_rc_box_acquire (self);
  aiodrive_dispatcher_post (self->dispatcher, &self->work);
}

static void
stop (AiodriveMapCore *self)
{
  self->stopping = TRUE;
  g_cancellable_cancel (G_CANCELLABLE (self->scope));
}

static void
fail (AiodriveMapCore *self,
      GError          *error,
      const char      *name)
{
  aiodrive_failures_add (&self->failures, error, name);
  stop (self);
}

/*
 * Jobs and their results
 */

typedef struct
{
  AiodriveWaiter   waiter;   /* first; runs when task has completed */
  GList            node;     /* in the jobs of map */
  AiodriveMapCore *map;      /* owned */
  GTask           *task;     /* owned */
  GValue           item;     /* until task has completed */
  GValue           result;   /* while earlier results are pending */
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

/* Delivers the results in order: a result waits behind a job that runs or has failed. */
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
warn_about_jobs (AiodriveMapCore *self)
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

static void
release_jobs (AiodriveMapCore *self)
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

/*
 * The end
 */

static void
end (AiodriveMapCore *self,
     gboolean         has_reader)
{
  release_jobs (self);
  aiodrive_results_end (&self->results, has_reader ? sum_up (self) : NULL);

  aiodrive_monitor_lock (&self->monitor);
  self->over = TRUE;
  aiodrive_monitor_unlock (&self->monitor);
}

static void
end_closing (AiodriveMapCore *self)
{
  GError *error = sum_up (self);

  aiodrive_monitor_lock (&self->monitor);
  self->closed = TRUE;
  self->close_error = error;
  aiodrive_wait_queue_wake_all (&self->closers, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/* Completes the map once it has nothing to wait for. */
static void
settle (AiodriveMapCore *self)
{
  gboolean has_reader, over, closed;

  if (self->n_running > 0 || self->pulling || !(self->exhausted || self->stopping))
    return;

  aiodrive_monitor_lock (&self->monitor);
  has_reader = !self->closing && !self->dropped;
  over = self->over;
  closed = self->closed;
  aiodrive_monitor_unlock (&self->monitor);

  if (!over)
    end (self, has_reader);
  if (self->closed_items && !closed)
    end_closing (self);
}

/*
 * From item to job, and from job to item
 */

static void pull (AiodriveMapCore *self);

static void
job_ended (AiodriveWorkItem *work)
{
  Job *job = (Job *) work;
  g_autoptr(AiodriveMapCore) self = job->map;
  GError *error = NULL;

  self->n_running--;
  g_value_unset (&job->item);
  aiodrive_task_propagate (job->task, &job->result, &error);
  if (error != NULL)
    {
      g_value_unset (&job->result);
      fail (self, error, g_task_get_name (job->task));
    }
  else if (self->ordered)
    give_in_order (self);
  else
    give_at_once (job);

  pull (self);
  settle (self);
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
static void
start_job (AiodriveMapCore *self,
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

static void
on_item (GObject      *source_object,
         GAsyncResult *result,
         gpointer      data)
{
  g_autoptr(AiodriveMapCore) self = data;
  g_autoptr(GError) error = NULL;
  GValue item = G_VALUE_INIT;
  gboolean failed = aiodrive_result_had_error (result);

  self->pulling = FALSE;
  if (self->stopping && !failed)
    {
      settle (self);
      return;
    }

  if (aiodrive_async_iterator_next_finish (self->items, result, &item, &error))
    {
      start_job (self, &item);
    }
  else
    {
      /* A failure of the source is its last item: the jobs of earlier items continue, and their results come first. */
      g_value_unset (&item);
      aiodrive_failures_add (&self->failures, g_steal_pointer (&error), "the items");
      self->exhausted = TRUE;
    }
  pull (self);
  settle (self);
}

static void
pull (AiodriveMapCore *self)
{
  gboolean wanted;

  aiodrive_monitor_lock (&self->monitor);
  wanted = self->started && self->n_untaken < self->max_concurrent;
  aiodrive_monitor_unlock (&self->monitor);

  if (!wanted || self->pulling || self->exhausted || self->stopping)
    return;

  self->pulling = TRUE;
  aiodrive_async_iterator_next_async (self->items, G_CANCELLABLE (self->scope), on_item,
                                      g_atomic_rc_box_acquire (self));
}

static void
on_items_closed (GObject      *source_object,
                 GAsyncResult *result,
                 gpointer      data)
{
  g_autoptr(AiodriveMapCore) self = data;
  GError *error = NULL;

  aiodrive_async_iterator_close_finish (self->items, result, &error);
  aiodrive_failures_add (&self->failures, error, "the items");
  self->closed_items = TRUE;
  settle (self);
}

static void
close_items (AiodriveMapCore *self)
{
  if (self->closing_items)
    return;

  self->closing_items = TRUE;
  /* the closing caller gets a failure that no wait has reported */
  aiodrive_failures_add (&self->failures, aiodrive_results_steal_failure (&self->results), "the iteration");
  aiodrive_async_iterator_close_async (self->items, NULL, on_items_closed, g_atomic_rc_box_acquire (self));
}

static void
advance (AiodriveWorkItem *work)
{
  g_autoptr(AiodriveMapCore) self = AIODRIVE_CONTAINER_OF (work, AiodriveMapCore, work);
  gboolean closing, dropped;

  aiodrive_monitor_lock (&self->monitor);
  self->posted = FALSE;
  closing = self->closing;
  dropped = self->dropped;
  aiodrive_monitor_unlock (&self->monitor);

  if (dropped && !closing)
    warn_about_jobs (self);
  if (closing || dropped)
    stop (self);
  if (closing)
    close_items (self);
  pull (self);
  settle (self);
}

/*
 * The requests of the iterator, from any thread
 */

AiodriveMapCore *
aiodrive_map_core_new (AiodriveAsyncIterator *items,
                       guint                  max_concurrent,
                       AiodriveMapFlags       flags,
                       GCancellable          *parent,
                       AiodriveMapFunc        func,
                       gpointer               user_data,
                       GDestroyNotify         user_data_destroy)
{
  AiodriveMapCore *self = g_atomic_rc_box_new0 (AiodriveMapCore);

  self->context = g_main_context_ref_thread_default ();
  self->dispatcher = aiodrive_dispatcher_get_thread_default ();
  self->items = g_object_ref (items);
  self->scope = aiodrive_cancel_scope_new (parent);
  self->max_concurrent = max_concurrent;
  self->ordered = (flags & AIODRIVE_MAP_FLAGS_ORDERED) != 0;
  self->func = func;
  self->user_data = user_data;
  self->user_data_destroy = user_data_destroy;
  self->work.run = advance;
  aiodrive_results_init (&self->results);
  aiodrive_monitor_init (&self->monitor);
  if (max_concurrent == 0)
    fail (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "There is no room for a job"),
          "the iteration");

  return self;
}

AiodriveResults *
aiodrive_map_core_get_results (AiodriveMapCore *self)
{
  return &self->results;
}

/* A caller waits for a result. */
void
aiodrive_map_core_start (AiodriveMapCore *self)
{
  advance_soon (self, &self->started);
}

/* A result has been unwrapped. */
void
aiodrive_map_core_count_taken (AiodriveMapCore *self)
{
  aiodrive_monitor_lock (&self->monitor);
  self->n_untaken--;
  aiodrive_monitor_unlock (&self->monitor);
  advance_soon (self, NULL);
}

/* Ends the delivery of results; @wait (nullable) is woken when everything has completed. */
void
aiodrive_map_core_close (AiodriveMapCore *self,
                         AiodriveWait    *wait)
{
  if (wait != NULL)
    {
      aiodrive_monitor_lock (&self->monitor);
      if (self->closed)
        aiodrive_wait_grant (wait, NULL, &self->monitor);
      else
        aiodrive_wait_park (wait, &self->closers, &self->monitor);
      aiodrive_monitor_unlock (&self->monitor);
    }

  aiodrive_results_end (&self->results, NULL);
  aiodrive_results_drop (&self->results);
  advance_soon (self, &self->closing);
}

/* Returns the unreported errors; a cancelled job does not count, because closing cancels it. */
GError *
aiodrive_map_core_steal_error (AiodriveMapCore *self)
{
  g_autoptr(GError) error = NULL;

  aiodrive_monitor_lock (&self->monitor);
  error = g_steal_pointer (&self->close_error);
  aiodrive_monitor_unlock (&self->monitor);

  return aiodrive_error_is_cancelled (error) ? NULL : g_steal_pointer (&error);
}

/* The iterator has been dropped. */
void
aiodrive_map_core_drop (AiodriveMapCore *self)
{
  gboolean over;

  aiodrive_monitor_lock (&self->monitor);
  over = self->over;
  aiodrive_monitor_unlock (&self->monitor);

  if (!over)
    advance_soon (self, &self->dropped);
  map_unref (self);
}
