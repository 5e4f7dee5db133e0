/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/record-parts-private.h"

/* Tasks of others: they are looked at in their own context, and watched through notify::completed. */

static void
conclude (AiodriveTaskRecord *self)
{
  gboolean failed = g_task_had_error (self->task);

  if (!failed)
    aiodrive_task_keep_outcome (self->task);

  aiodrive_monitor_lock (&self->monitor);
  self->failed = failed;
  aiodrive_task_record_take_error (self);
  aiodrive_monitor_unlock (&self->monitor);
  aiodrive_task_record_set_ended (self);
}

static void
on_completed (GTask      *task,
              GParamSpec *pspec,
              gpointer    user_data)
{
  conclude (user_data);
}

/* In the context of the task. */
void
aiodrive_task_record_look (AiodriveTaskRecord *self)
{
  if (g_task_get_completed (self->task))
    conclude (self);
  else
    g_signal_connect (self->task, "notify::completed", G_CALLBACK (on_completed), self);
}

void
aiodrive_task_record_look_from_its_context (AiodriveEntry *entry)
{
  AiodriveTaskRecord *self = AIODRIVE_CONTAINER_OF (entry, AiodriveTaskRecord, entry);
  g_autoptr(GTask) task = self->task;

  aiodrive_task_record_look (self);
}
