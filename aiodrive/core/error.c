/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/error-private.h"

#include "aiodrive/core/release-private.h"

#define MAX_LISTED        5     /* errors in the message of AIODRIVE_ERROR_MULTIPLE */
#define MAX_BYTES_LISTED 200 /* bytes of each of them */

typedef struct
{
  GPtrArray *errors;   /* of GError; NULL but for AIODRIVE_ERROR_MULTIPLE. Never changed once it is set */
} AiodriveErrorPrivate;

static void
aiodrive_error_private_init (AiodriveErrorPrivate *self)
{
  self->errors = NULL;
}

static void
aiodrive_error_private_copy (const AiodriveErrorPrivate *source,
                             AiodriveErrorPrivate       *target)
{
  target->errors = source->errors != NULL ? g_ptr_array_ref (source->errors) : NULL;
}

static void
aiodrive_error_private_clear (AiodriveErrorPrivate *self)
{
  aiodrive_release (g_steal_pointer (&self->errors), (GDestroyNotify) g_ptr_array_unref);   /* each may have its own */
}

G_DEFINE_EXTENDED_ERROR (AiodriveError, aiodrive_error)

G_DEFINE_ENUM_TYPE (AiodriveError, aiodrive_error,
                    G_DEFINE_ENUM_VALUE (AIODRIVE_ERROR_MULTIPLE, "multiple"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_ERROR_SIGNAL, "signal"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_ERROR_PREEMPTED, "preempted"))

/**
 * aiodrive_error_get_errors:
 * @error: an error
 *
 * Gets the errors that @error combines, if its code is %AIODRIVE_ERROR_MULTIPLE, in the order of the tasks.
 *
 * PyGObject drops the private data of an error, so this returns %NULL there: use aiodrive_task_dup_errors().
 *
 * Returns: (transfer none) (nullable) (element-type GLib.Error): the errors, or %NULL if @error is another one
 *
 * Since: 1.0
 */
GPtrArray *
aiodrive_error_get_errors (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  if (!g_error_matches (error, AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE))
    return NULL;
  return aiodrive_error_get_private (error)->errors;
}

/**
 * aiodrive_error_is_cancelled:
 * @error: (nullable): an error
 *
 * Returns whether @error says that a call was cancelled: %G_IO_ERROR_CANCELLED. As a rule that is no failure to report,
 * since the caller asked for it. No warning of this library is about such an error.
 *
 * Returns: %TRUE if it does; %FALSE for another error, or none
 *
 * Since: 1.0
 */
gboolean
aiodrive_error_is_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Returns the error that g_cancellable_set_error_if_cancelled() sets. */
GError *
aiodrive_error_new_cancelled (void)
{
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Operation was cancelled");
}

/* Returns the error of an interface's function that a class does not implement. */
GError *
aiodrive_error_new_not_implemented (GObject *object)
{
  return g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s does not implement this", G_OBJECT_TYPE_NAME (object));
}

/* Appends "name: message", cut where it is long: a message may itself list the errors of several tasks, and so on. */
static void
append_failure (GString      *string,
                const char   *name,
                const GError *error)
{
  gsize start = string->len;
  gsize cut;

  if (name != NULL)
    g_string_append_printf (string, "%s: ", name);
  g_string_append (string, error->message);
  if (string->len - start <= MAX_BYTES_LISTED)
    return;

  cut = start + MAX_BYTES_LISTED;
  while (cut > start && (string->str[cut] & 0xc0) == 0x80)   /* not within a character */
    cut--;
  g_string_truncate (string, cut);
  g_string_append (string, "…");
}

/* Composes the message, which has a bounded length: it counts the failures, and lists the first ones. */
static char *
describe_failures (GPtrArray *errors,
                   GPtrArray *names,
                   guint      n_tasks)
{
  GString *message = g_string_new (NULL);

  g_string_append_printf (message, "%u of %u tasks failed", errors->len, n_tasks);
  for (guint i = 0; i < errors->len && i < MAX_LISTED; i++)
    {
      g_string_append (message, i == 0 ? ": " : "; ");
      append_failure (message, g_ptr_array_index (names, i), g_ptr_array_index (errors, i));
    }
  if (errors->len > MAX_LISTED)
    g_string_append_printf (message, "; and %u more", errors->len - MAX_LISTED);
  return g_string_free (message, FALSE);
}

/* Combines several errors: returns a single one unchanged, more as MULTIPLE. @names are the names of the failed tasks,
 * NULL for a task without one; @n_tasks also counts the tasks that succeeded. */
GError *
aiodrive_error_new_multiple (GPtrArray *errors,
                             GPtrArray *names,
                             guint      n_tasks)
{
  g_autofree char *message = NULL;
  GError *error;

  g_assert (errors->len > 0 && errors->len == names->len);

  if (errors->len == 1)
    return g_error_copy (g_ptr_array_index (errors, 0));

  message = describe_failures (errors, names, n_tasks);
  error = g_error_new_literal (AIODRIVE_ERROR, AIODRIVE_ERROR_MULTIPLE, message);
  aiodrive_error_get_private (error)->errors = g_ptr_array_ref (errors);
  return error;
}

/* Takes @error, or NULL if the task succeeded. @name is the name of the task, or NULL if it has none. */
void
aiodrive_failures_add (AiodriveFailures *self,
                       GError           *error,
                       const char       *name)
{
  if (error == NULL)
    return;

  if (aiodrive_error_is_cancelled (error))
    {
      self->cancelled = TRUE;
      g_error_free (error);
      return;
    }

  if (self->errors == NULL)
    {
      self->errors = g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free);
      self->names = g_ptr_array_new_with_free_func (g_free);
    }
  g_ptr_array_add (self->errors, error);
  g_ptr_array_add (self->names, g_strdup (name));
}

/* Returns the combined error and resets @self: the real errors take precedence over CANCELLED; NULL if no task
 * failed. */
GError *
aiodrive_failures_sum_up (AiodriveFailures *self,
                          guint             n_tasks)
{
  g_autoptr(GPtrArray) errors = g_steal_pointer (&self->errors);
  g_autoptr(GPtrArray) names = g_steal_pointer (&self->names);
  gboolean cancelled = self->cancelled;

  self->cancelled = FALSE;
  if (errors != NULL)
    return aiodrive_error_new_multiple (errors, names, n_tasks);
  return cancelled ? aiodrive_error_new_cancelled () : NULL;
}
