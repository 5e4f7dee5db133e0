/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/program/run.h"

#include "aiodrive/core/stack-switch-private.h"
#include "aiodrive/task/record-private.h"

/* For a context that another thread owns: GLib can wait until that thread releases it, or for the task, but not for
 * both. */
#define LOOK_AGAIN_USEC  (20 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  AiodriveWaiter      waiter;   /* first */
  AiodriveTaskRecord *record;
  GCond               cond;
  gboolean            ended;    /* guarded by lock */
} Run;

static GMutex lock;

/* Called in the thread that iterates the context. */
static void
on_ended (AiodriveWorkItem *work)
{
  Run *self = (Run *) work;

  aiodrive_task_record_called_back (self->record);   /* aiodrive_run() may return, and drop the task, after this */
  g_mutex_lock (&lock);
  self->ended = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&lock);
}

static gboolean
has_ended (Run *self)
{
  gboolean ended;

  g_mutex_lock (&lock);
  ended = self->ended;
  g_mutex_unlock (&lock);

  return ended;
}

/* Waits while another thread iterates the context, which is the default one, until the task completes or that thread
 * stops iterating. */
static gboolean
wait_for_owner (Run *self)
{
  gint64 until = g_get_monotonic_time () + LOOK_AGAIN_USEC;
  gboolean ended;

  g_mutex_lock (&lock);
  if (!self->ended)
    g_cond_wait_until (&self->cond, &lock, until);
  ended = self->ended;
  g_mutex_unlock (&lock);

  return ended;
}

/* One iteration; TRUE if the task has completed before. That is looked up while the context is ours: no other thread
 * can end the task after that. (run-without-owner in tests/interleave/no-context.c) */
static gboolean
iterate (Run          *self,
         GMainContext *context)
{
  gboolean ended;

  if (!g_main_context_acquire (context))
    return wait_for_owner (self);

  ended = has_ended (self);
  if (!ended)
    g_main_context_iteration (context, TRUE);
  g_main_context_release (context);
  return ended;
}

/**
 * aiodrive_run:
 * @task: any task
 *
 * Iterates the thread-default main context until @task has completed: for the `main` function of a program without a
 * main loop, and for tests. All other sources of the context are dispatched meanwhile. It may be called in a callback,
 * but code that can wait asynchronously should do so. (A task of g_task_new() cannot be run in its own callback, where
 * it is not known to have completed.)
 *
 * A thread without a main context of its own shares the default one. While another thread iterates that one, this call
 * waits for @task without iterating, and callbacks run in the other thread.
 *
 * Inside a fiber it suspends the fiber, as aiodrive_await() does.
 *
 * The task holds its outcome: see aiodrive_task_get_leaf().
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
  record = self.record = aiodrive_task_record_get (task);
  /* run the pending callbacks of the task: perhaps no thread will iterate the context again */
  if (aiodrive_task_record_is_known (record) && !aiodrive_task_record_is_ending (record))
    {
      /* also in its own callback, where its completion is not announced yet */
      aiodrive_task_record_set_awaited (record);
      return;
    }

  if (aiodrive_stack_can_suspend ())
    {
      aiodrive_task_record_block (record, NULL, NULL);
      return;
    }

  aiodrive_waiter_init (&self.waiter, on_ended);
  g_cond_init (&self.cond);
  aiodrive_task_record_watch (record, &self.waiter);
  while (!iterate (&self, context))
    ;
  g_cond_clear (&self.cond);
}
