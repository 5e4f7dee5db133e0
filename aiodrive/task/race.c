/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/race.h"

#include "aiodrive/core/error-private.h"
#include "aiodrive/task/combinator-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

static gboolean
elect_any (AiodriveCombinator *self,
           guint               index)
{
  return aiodrive_combinator_elect (self, index);
}

static gboolean
elect_success (AiodriveCombinator *self,
               guint               index)
{
  g_autoptr(GError) error = aiodrive_combinator_get_error (self, index);

  return error == NULL && aiodrive_combinator_elect (self, index);
}

/* A race has one outcome, but the failure of a loser must not pass silently. */
static void
warn_about_losers (AiodriveCombinator *self)
{
  for (guint i = 0; i < self->n_children; i++)
    {
      g_autoptr(GError) error = aiodrive_combinator_get_error (self, i);

      if ((gint) i != self->winner && error != NULL && !aiodrive_error_is_cancelled (error))
        g_warning ("Task %s failed after it had lost a race: %s",
                   aiodrive_task_describe (aiodrive_combinator_get_child (self, i)), error->message);
    }
}

static GError *
outcome_of_race (AiodriveCombinator *self)
{
  if (self->winner < 0)
    return aiodrive_combinator_sum_up (self);

  warn_about_losers (self);
  return aiodrive_combinator_get_error (self, self->winner);
}

static GError *
outcome_of_first_success (AiodriveCombinator *self)
{
  return self->winner < 0 ? aiodrive_combinator_sum_up (self) : NULL;
}

static const AiodriveCombinatorClass race_class =
{
  .size = sizeof (AiodriveCombinator),
  .needs_children = TRUE,
  .child_ended = elect_any,
  .all_ended = outcome_of_race,
};

static const AiodriveCombinatorClass first_success_class =
{
  .size = sizeof (AiodriveCombinator),
  .needs_children = TRUE,
  .child_ended = elect_success,
  .all_ended = outcome_of_first_success,
};

static GTask *
finish (GAsyncResult  *result,
        gint          *index,
        GError       **error)
{
  if (index != NULL)
    *index = aiodrive_combinator_from_result (result)->winner;
  return aiodrive_combinator_finish_leaf (result, error);
}

/**
 * aiodrive_race:
 * @tasks: (array length=n_tasks): the tasks
 * @n_tasks: the length of @tasks
 * @cancellable: (nullable): cancels the race
 *
 * Returns a task that waits for the first of @tasks to complete, cancels the losers, and waits for them too. It takes
 * the outcome of the winner, a value or an error. If several tasks have already completed, the first of them in @tasks
 * wins.
 *
 * To ignore failures as long as one task succeeds use aiodrive_first_success(). If a loser fails with an error other
 * than %G_IO_ERROR_CANCELLED, the race logs a warning.
 *
 * If the race itself is cancelled before there is a winner, it cancels all tasks and waits for them; then it fails with
 * their real errors, or %G_IO_ERROR_CANCELLED. Without tasks, or if a task cannot be cancelled on its own, it fails
 * with %G_IO_ERROR_INVALID_ARGUMENT, and cancels nothing.
 *
 * The race stands for its winner: see aiodrive_task_get_leaf(), aiodrive_task_propagate() and
 * aiodrive_task_propagate_result().
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
GTask *
aiodrive_race (GTask        **tasks,
               gsize          n_tasks,
               GCancellable  *cancellable)
{
  return aiodrive_combinator_start (aiodrive_combinator_new (&race_class, cancellable, NULL, NULL,
                                                             aiodrive_race),
                                    tasks, n_tasks);
}

/**
 * aiodrive_race_async:
 * @tasks: (array length=n_tasks): the tasks
 * @n_tasks: the length of @tasks
 * @cancellable: (nullable): cancels the race
 * @callback: (scope async) (closure user_data): called when the race has completed
 * @user_data: data for @callback
 *
 * Calls @callback when the task of aiodrive_race() has completed.
 *
 * Since: 1.0
 */
void
aiodrive_race_async (GTask               **tasks,
                     gsize                 n_tasks,
                     GCancellable         *cancellable,
                     GAsyncReadyCallback   callback,
                     gpointer              user_data)
{
  aiodrive_combinator_start_async (aiodrive_combinator_new (&race_class, cancellable, callback, user_data,
                                                            aiodrive_race),
                                   tasks, n_tasks);
}

/**
 * aiodrive_race_finish:
 * @result: the #GTask of aiodrive_race_async(), or a task of aiodrive_race()
 * @index: (out) (optional): the index of the winner in the tasks, even if it failed; -1 if there is none
 * @error: return location for an error
 *
 * Gets the winner, ready to unwrap: the task that won, or the leaf below it.
 *
 * Returns: (transfer full): the task whose value the race ended with, or %NULL with @error set
 *
 * Since: 1.0
 */
GTask *
aiodrive_race_finish (GAsyncResult  *result,
                      gint          *index,
                      GError       **error)
{
  if (index != NULL)
    *index = -1;
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_race), NULL);

  return finish (result, index, error);
}

/**
 * aiodrive_first_success:
 * @tasks: (array length=n_tasks): the tasks
 * @n_tasks: the length of @tasks
 * @cancellable: (nullable): cancels the call
 *
 * Returns a task that waits for the first of @tasks to succeed, cancels the losers, and waits for them too. It ignores
 * failures as long as one task succeeds. If all fail it raises their errors: a single one unchanged, several as
 * %AIODRIVE_ERROR_MULTIPLE.
 *
 * Otherwise it is like aiodrive_race(), but logs no warnings about losers.
 *
 * Returns: (transfer full): a new task
 *
 * Since: 1.0
 */
GTask *
aiodrive_first_success (GTask        **tasks,
                        gsize          n_tasks,
                        GCancellable  *cancellable)
{
  return aiodrive_combinator_start (aiodrive_combinator_new (&first_success_class, cancellable, NULL, NULL,
                                                             aiodrive_first_success),
                                    tasks, n_tasks);
}

/**
 * aiodrive_first_success_async:
 * @tasks: (array length=n_tasks): the tasks
 * @n_tasks: the length of @tasks
 * @cancellable: (nullable): cancels the call
 * @callback: (scope async) (closure user_data): called when it has completed
 * @user_data: data for @callback
 *
 * Calls @callback when the task of aiodrive_first_success() has completed.
 *
 * Since: 1.0
 */
void
aiodrive_first_success_async (GTask               **tasks,
                              gsize                 n_tasks,
                              GCancellable         *cancellable,
                              GAsyncReadyCallback   callback,
                              gpointer              user_data)
{
  aiodrive_combinator_start_async (aiodrive_combinator_new (&first_success_class, cancellable, callback, user_data,
                                                            aiodrive_first_success),
                                   tasks, n_tasks);
}

/**
 * aiodrive_first_success_finish:
 * @result: the #GTask of aiodrive_first_success_async(), or a task of aiodrive_first_success()
 * @index: (out) (optional): the index of the winner in the tasks; -1 if there is none
 * @error: return location for an error
 *
 * Gets the winner, ready to unwrap: the task that succeeded, or the leaf below it.
 *
 * Returns: (transfer full): the task whose value the call ended with, or %NULL with @error set
 *
 * Since: 1.0
 */
GTask *
aiodrive_first_success_finish (GAsyncResult  *result,
                               gint          *index,
                               GError       **error)
{
  if (index != NULL)
    *index = -1;
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_first_success), NULL);

  return finish (result, index, error);
}
