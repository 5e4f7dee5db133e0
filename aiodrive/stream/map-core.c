/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/map-parts-private.h"

/* A map pulls items, runs jobs and gives results, all of it in its own context; a call of another thread notes
 * what it wants under the monitor, and has advance() run there. The iterator, the jobs and the calls of `items` each
 * hold a reference.
 *
 * The bound holds. One item is pulled at a time, and only while there is room; it takes up its room until its
 * result has been unwrapped. (/aiodrive/stream/map/bound, .../backpressure)
 *
 * It never ends before its jobs: settle() ends it when no job runs and no item is awaited, whatever happened before.
 * (.../failure-awaits)
 *
 * An item that comes when it is too late, because a job has failed meanwhile, is not unwrapped, and goes back to where
 * it came from. (.../late-item) */

/* What went wrong; the wait for an item counts as one task more. */
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

void
aiodrive_map_core_unref (AiodriveMapCore *self)
{
  g_atomic_rc_box_release_full (self, map_clear);
}

/* Has advance() run, in the context of the map, because of @wish, a flag that is to be set, or of what has changed. */
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
  aiodrive_dispatcher_post (self->dispatcher, &self->entry);
}

void
aiodrive_map_core_stop (AiodriveMapCore *self)
{
  self->stopping = TRUE;
  g_cancellable_cancel (G_CANCELLABLE (self->scope));
}

void
aiodrive_map_core_fail (AiodriveMapCore *self,
                        GError          *error,
                        const char      *name)
{
  aiodrive_failures_add (&self->failures, error, name);
  aiodrive_map_core_stop (self);
}

static void
end (AiodriveMapCore *self,
     gboolean         has_reader)
{
  aiodrive_map_core_release_jobs (self);
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

/* Ends what has nothing to wait for. */
void
aiodrive_map_core_settle (AiodriveMapCore *self)
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

static void
advance (AiodriveEntry *entry)
{
  g_autoptr(AiodriveMapCore) self = AIODRIVE_CONTAINER_OF (entry, AiodriveMapCore, entry);
  gboolean closing, dropped;

  aiodrive_monitor_lock (&self->monitor);
  self->posted = FALSE;
  closing = self->closing;
  dropped = self->dropped;
  aiodrive_monitor_unlock (&self->monitor);

  if (dropped && !closing)
    aiodrive_map_core_warn_about_jobs (self);
  if (closing || dropped)
    aiodrive_map_core_stop (self);
  if (closing)
    aiodrive_map_core_close_items (self);
  aiodrive_map_core_pull (self);
  aiodrive_map_core_settle (self);
}

/*
 * What the iterator asks for, in any thread
 */

AiodriveMapCore *
aiodrive_map_core_new (AiodriveAsyncIterator *items,
                       guint                  max_concurrent,
                       gboolean               ordered,
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
  self->ordered = ordered;
  self->func = func;
  self->user_data = user_data;
  self->user_data_destroy = user_data_destroy;
  self->entry.run = advance;
  aiodrive_results_init (&self->results);
  aiodrive_monitor_init (&self->monitor);
  if (max_concurrent == 0)
    aiodrive_map_core_fail (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                                                       "There is no room for a job"), "the iteration");

  return self;
}

AiodriveResults *
aiodrive_map_core_get_results (AiodriveMapCore *self)
{
  return &self->results;
}

/* Somebody waits for a result. */
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

/* Nobody wants any more results; @wait, which may be NULL, is woken when all has ended. */
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

/* What went wrong and nobody has seen; that something was cancelled is what was wanted. */
GError *
aiodrive_map_core_steal_error (AiodriveMapCore *self)
{
  g_autoptr(GError) error = NULL;

  aiodrive_monitor_lock (&self->monitor);
  error = g_steal_pointer (&self->close_error);
  aiodrive_monitor_unlock (&self->monitor);

  return aiodrive_error_is_cancelled (error) ? NULL : g_steal_pointer (&error);
}

/* The iterator is gone. */
void
aiodrive_map_core_drop (AiodriveMapCore *self)
{
  gboolean over;

  aiodrive_monitor_lock (&self->monitor);
  over = self->over;
  aiodrive_monitor_unlock (&self->monitor);

  if (!over)
    advance_soon (self, &self->dropped);
  aiodrive_map_core_unref (self);
}
