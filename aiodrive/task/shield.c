/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/shield.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/task/combinator-private.h"
#include "aiodrive/task/record-private.h"

typedef struct
{
  AiodriveCombinator parent;   /* first */
  gboolean           shields;  /* this call shielded the scope */
} Shield;

/* Returns the scope that was created for @task, or NULL. */
static AiodriveCancelScope *
own_scope (GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (cancellable == NULL || !AIODRIVE_IS_CANCEL_SCOPE (cancellable) ||
      aiodrive_cancel_scope_get_task_record (AIODRIVE_CANCEL_SCOPE (cancellable), task) == NULL)
    return NULL;
  return AIODRIVE_CANCEL_SCOPE (cancellable);
}

static GError *
refuse (GTask *task)
{
  if (own_scope (task) != NULL)
    return NULL;
  return g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "Task %s has no scope of its own to shield",
                      aiodrive_task_describe (task));
}

static void
raise_shield (AiodriveCombinator *combinator)
{
  AiodriveCancelScope *scope = own_scope (aiodrive_combinator_get_child (combinator, 0));

  ((Shield *) combinator)->shields = !aiodrive_cancel_scope_get_shielded (scope);
  aiodrive_cancel_scope_set_shielded (scope, TRUE);
}

static gboolean
lower_shield (AiodriveCombinator *combinator,
              guint               index)
{
  if (((Shield *) combinator)->shields)
    aiodrive_cancel_scope_set_shielded (own_scope (aiodrive_combinator_get_child (combinator, index)), FALSE);

  aiodrive_combinator_elect (combinator, index);
  return FALSE;
}

static const AiodriveCombinatorClass shield_class =
{
  .size = sizeof (Shield),
  .spares_children = TRUE,
  .refuse = refuse,
  .started = raise_shield,
  .child_ended = lower_shield,
  .all_ended = aiodrive_combinator_sum_up,
};

/**
 * aiodrive_shield:
 * @task: a task of this library
 * @cancellable: (nullable): cancels the call, not @task
 *
 * Returns a task that protects @task from the cancellation of its surroundings. Until @task has completed, its scope is
 * shielded from its parent (see aiodrive_cancel_scope_set_shielded()), and cancelling the call does not cancel @task. A
 * cancelled call still waits for @task; then it fails with the error of @task, or with %G_IO_ERROR_CANCELLED.
 * Cancelling @task itself still works.
 *
 * If @task has no scope of its own, as a task of g_task_new(), the call fails with %G_IO_ERROR_NOT_SUPPORTED.
 *
 * The call stands for @task: see aiodrive_task_get_leaf(), aiodrive_task_propagate() and
 * aiodrive_task_propagate_result().
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
GTask *
aiodrive_shield (GTask        *task,
                 GCancellable *cancellable)
{
  g_return_val_if_fail (G_IS_TASK (task), NULL);

  return aiodrive_combinator_start (aiodrive_combinator_new (&shield_class, cancellable, NULL, NULL, aiodrive_shield),
                                    &task, 1);
}

/**
 * aiodrive_shield_async:
 * @task: a task of this library
 * @cancellable: (nullable): cancels the call, not @task
 * @callback: (scope async) (closure user_data): called when it has completed
 * @user_data: data for @callback
 *
 * Calls @callback when the task of aiodrive_shield() has completed.
 *
 * Since: 1.0
 */
void
aiodrive_shield_async (GTask               *task,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  g_return_if_fail (G_IS_TASK (task));

  aiodrive_combinator_start_async (aiodrive_combinator_new (&shield_class, cancellable, callback, user_data,
                                                            aiodrive_shield),
                                   &task, 1);
}

/**
 * aiodrive_shield_finish:
 * @result: the #GTask of aiodrive_shield_async(), or a task of aiodrive_shield()
 * @error: return location for an error
 *
 * Gets the task, which has succeeded, ready to unwrap: the given task, or the leaf below it.
 *
 * Returns: (transfer full): the task whose value the call ended with, or %NULL with @error set
 *
 * Since: 1.0
 */
GTask *
aiodrive_shield_finish (GAsyncResult  *result,
                        GError       **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_shield), NULL);

  return aiodrive_combinator_finish_leaf (result, error);
}
