/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope-private.h"

/* The task that a scope was made for: the task owns the scope, the scope finds the task. */

/* A weak notification comes in dispose: the task is whole still. */
static void
task_disposed (gpointer  data,
               GObject  *task)
{
  AiodriveCancelScope *self = data;

  if (!self->on_task_disposed ((GTask *) task, self->task_record))
    return;

  g_atomic_pointer_set (&self->task, NULL);
  aiodrive_weak_lose (&self->weak_task);
}

/* Binds a new scope to its @task, which owns the scope. */
void
aiodrive_cancel_scope_set_task (AiodriveCancelScope *self,
                                GTask               *task,
                                gpointer             task_record,
                                AiodriveTaskDisposed on_task_disposed,
                                GDestroyNotify       task_record_free)
{
  self->task_record = task_record;
  self->on_task_disposed = on_task_disposed;
  self->task_record_free = task_record_free;
  aiodrive_weak_init (&self->weak_task, task);
  g_atomic_pointer_set (&self->task, task);
  g_object_weak_ref (G_OBJECT (task), task_disposed, self);
}

/* After the task has come back to life in its dispose. */
void
aiodrive_cancel_scope_renew_task (AiodriveCancelScope *self)
{
  g_object_weak_ref (G_OBJECT (self->task), task_disposed, self);
  aiodrive_weak_lose (&self->weak_task);
  aiodrive_weak_restore (&self->weak_task, self->task);
}

/* The record of @task, if @self is the scope that was made for it. */
gpointer
aiodrive_cancel_scope_get_task_record (AiodriveCancelScope *self,
                                       GTask               *task)
{
  return g_atomic_pointer_get (&self->task) == task ? self->task_record : NULL;
}

/**
 * aiodrive_cancel_scope_get_task:
 * @self: a scope
 *
 * Gets the task that this scope was made for. A scope does not keep its task alive.
 *
 * Returns: (transfer full) (nullable): the task, or %NULL if the scope belongs to none or if it is gone
 *
 * Since: 1.0
 */
GTask *
aiodrive_cancel_scope_get_task (AiodriveCancelScope *self)
{
  g_return_val_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self), NULL);

  return aiodrive_weak_get (&self->weak_task);
}
