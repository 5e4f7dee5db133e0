/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/map-parts-private.h"

#include "aiodrive/core/result.h"

/* Where a map has its items from. */

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
      aiodrive_map_core_settle (self);
      return;
    }

  if (aiodrive_async_iterator_next_finish (self->items, result, &item, &error))
    {
      aiodrive_map_core_start_job (self, &item);
    }
  else
    {
      /* A failure of the source is its last item: the jobs of earlier items go on, and their results come first. */
      g_value_unset (&item);
      aiodrive_failures_add (&self->failures, g_steal_pointer (&error), "the items");
      self->exhausted = TRUE;
    }
  aiodrive_map_core_pull (self);
  aiodrive_map_core_settle (self);
}

void
aiodrive_map_core_pull (AiodriveMapCore *self)
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
  aiodrive_map_core_settle (self);
}

void
aiodrive_map_core_close_items (AiodriveMapCore *self)
{
  if (self->closing_items)
    return;

  self->closing_items = TRUE;
  /* a failure that nobody has seen is for who closes */
  aiodrive_failures_add (&self->failures, aiodrive_results_steal_failure (&self->results), "the iteration");
  aiodrive_async_iterator_close_async (self->items, NULL, on_items_closed, g_atomic_rc_box_acquire (self));
}
