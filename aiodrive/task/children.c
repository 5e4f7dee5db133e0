/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/children.h"

#include "aiodrive/core/error.h"
#include "aiodrive/task/combinator-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

static AiodriveCombinator *
find_combinator (GTask *task)
{
  AiodriveTaskRecord *record = aiodrive_task_record_peek (task);

  return record != NULL && aiodrive_task_record_get_combines (record) ? g_task_get_task_data (task) : NULL;
}

/**
 * aiodrive_task_dup_children:
 * @task: a task
 *
 * Returns the tasks that a combinator was given, in their order, whatever becomes of them. After the failure of
 * aiodrive_wait_all() or aiodrive_try_all(), whose finish functions give nothing then, look here for those that
 * succeeded: see aiodrive_task_dup_error().
 *
 * Returns: (transfer container) (element-type Gio.Task): the tasks; empty if @task is no combinator, or had to refuse
 *   its children
 *
 * Since: 1.0
 */
GPtrArray *
aiodrive_task_dup_children (GTask *task)
{
  GPtrArray *children = g_ptr_array_new_with_free_func (g_object_unref);
  AiodriveCombinator *self;

  g_return_val_if_fail (G_IS_TASK (task), children);

  self = find_combinator (task);
  for (guint i = 0; self != NULL && i < self->n_children; i++)
    g_ptr_array_add (children, g_object_ref (aiodrive_combinator_get_child (self, i)));
  return children;
}

/* The first child that ended with an error: with one that is not CANCELLED, or @cancelled; or NULL. */
static GTask *
find_failed (AiodriveCombinator *self,
             gboolean            cancelled)
{
  GTask *failed = NULL;
  guint least = G_MAXUINT;

  for (guint i = 0; i < self->n_children; i++)
    {
      g_autoptr(GError) error = aiodrive_combinator_get_error (self, i);
      guint rank = aiodrive_combinator_get_rank (self, i);

      if (error != NULL && (cancelled || !aiodrive_error_is_cancelled (error)) && rank < least)
        {
          failed = aiodrive_combinator_get_child (self, i);
          least = rank;
        }
    }
  return failed;
}

/**
 * aiodrive_task_ref_failed_child:
 * @task: a task
 *
 * Returns the task because of which a combinator has failed: the first of its children that ended with an error, where
 * %G_IO_ERROR_CANCELLED counts only if there is no other error. After a failure of aiodrive_try_all() it is the child
 * because of which the others were cancelled.
 *
 * Returns: (transfer full) (nullable): the child; %NULL if @task has not failed, or not because of a child
 *
 * Since: 1.0
 */
GTask *
aiodrive_task_ref_failed_child (GTask *task)
{
  g_autoptr(GError) error = NULL;
  AiodriveCombinator *self;
  GTask *failed;

  g_return_val_if_fail (G_IS_TASK (task), NULL);

  self = find_combinator (task);
  error = self != NULL ? aiodrive_task_dup_error (task) : NULL;
  if (error == NULL)
    return NULL;

  failed = find_failed (self, FALSE);
  if (failed == NULL)
    failed = find_failed (self, TRUE);
  return failed != NULL ? g_object_ref (failed) : NULL;
}
