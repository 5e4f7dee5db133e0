/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/program/run.h"

#include "aiodrive/task/record-private.h"

typedef struct
{
  AiodriveWaiter waiter;   /* first */
  gboolean       ended;
} Run;

static void
on_ended (AiodriveEntry *entry)
{
  ((Run *) entry)->ended = TRUE;
}

/**
 * aiodrive_run:
 * @task: any task
 *
 * Iterates the thread-default main context until @task has ended: for the `main` function of a program without a main
 * loop, and for tests. Everything else in the context goes on meanwhile. It may be called in a callback; but code that
 * could wait asynchronously should do so. (A task of g_task_new() cannot be run in its own callback: it is not known to
 * have ended there.)
 *
 * How the task ended is in the task: see aiodrive_task_get_leaf().
 *
 * Since: 1.0
 */
void
aiodrive_run (GTask *task)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr(GTask) kept = NULL;
  AiodriveTaskRecord *record;
  Run self = { .ended = FALSE };

  g_return_if_fail (G_IS_TASK (task));

  g_set_object (&kept, task);
  record = aiodrive_task_record_get (task);
  /* what is in the context for the task is not left there: maybe nobody iterates it any more */
  if (aiodrive_task_record_is_known (record) && !aiodrive_task_record_is_ending (record))
    {
      /* also in its own callback, where its end cannot be announced yet */
      aiodrive_task_record_set_awaited (record);
      return;
    }

  aiodrive_waiter_init (&self.waiter, on_ended);
  aiodrive_task_record_watch (record, &self.waiter);
  while (!self.ended)
    g_main_context_iteration (context, TRUE);
}
