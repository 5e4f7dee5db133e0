/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/fiber-private.h"

#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"

/* The values that fibers return, and the values that they await. */

/* A plain GTask holds a pointer and a GDestroyNotify, which knows no type. So this table keeps the types of boxed
 * results until their tasks are finalized. GTask destroys an untaken result before it clears its qdata. */

typedef struct
{
  GType type;
  guint n_tasks;   /* results returned with this pointer */
} Boxed;

static GMutex boxed_lock;
static GHashTable *boxed;   /* from pointer to Boxed; guarded by boxed_lock */

static void
note_boxed (gpointer pointer,
            GType    type)
{
  Boxed *self;

  g_mutex_lock (&boxed_lock);
  if (boxed == NULL)
    boxed = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self = g_hash_table_lookup (boxed, pointer);
  if (self == NULL)
    g_hash_table_insert (boxed, pointer, self = g_new0 (Boxed, 1));
  self->type = type;   /* the address may have been reused after the owner of an earlier result freed it */
  self->n_tasks++;
  g_mutex_unlock (&boxed_lock);
}

static void
forget_boxed (gpointer pointer)
{
  Boxed *self;

  g_mutex_lock (&boxed_lock);
  self = g_hash_table_lookup (boxed, pointer);
  if (--self->n_tasks == 0)
    g_hash_table_remove (boxed, pointer);
  g_mutex_unlock (&boxed_lock);
}

static void
free_boxed (gpointer pointer)
{
  GType type;

  g_mutex_lock (&boxed_lock);
  type = ((Boxed *) g_hash_table_lookup (boxed, pointer))->type;
  g_mutex_unlock (&boxed_lock);
  g_boxed_free (type, pointer);
}

static void
return_boxed (GTask        *task,
              const GValue *result)
{
  gpointer pointer = g_value_dup_boxed (result);

  if (pointer != NULL)
    {
      note_boxed (pointer, G_VALUE_TYPE (result));
      g_object_set_data_full (G_OBJECT (task), "aiodrive-boxed", pointer, forget_boxed);
    }
  g_task_return_pointer (task, pointer, free_boxed);
}

void
aiodrive_fiber_return_plain (GTask        *task,
                             const GValue *result)
{
  GValue number = G_VALUE_INIT;

  if (!G_IS_VALUE (result))
    g_task_return_boolean (task, TRUE);
  else if (G_VALUE_HOLDS_BOOLEAN (result))
    g_task_return_boolean (task, g_value_get_boolean (result));
  else if (G_VALUE_HOLDS_STRING (result))
    g_task_return_pointer (task, g_value_dup_string (result), g_free);
  else if (G_VALUE_HOLDS_OBJECT (result))
    g_task_return_pointer (task, g_value_dup_object (result), g_object_unref);
  else if (G_VALUE_HOLDS_VARIANT (result))
    g_task_return_pointer (task, g_value_dup_variant (result), (GDestroyNotify) g_variant_unref);
  else if (G_VALUE_HOLDS_BOXED (result))
    return_boxed (task, result);
  else if (G_VALUE_HOLDS_POINTER (result))
    g_task_return_pointer (task, g_value_get_pointer (result), NULL);
  else if (g_value_transform (result, g_value_init (&number, G_TYPE_INT64)))
    g_task_return_int (task, (gssize) g_value_get_int64 (&number));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "A fiber cannot return a %s",
                             G_VALUE_TYPE_NAME (result));
}

/* Waits for @task, and returns the task that holds its value. */
static GTask *
await_leaf (GTask   *task,
            GError **error)
{
  return aiodrive_await (task, error) ? aiodrive_task_get_leaf (task, error) : NULL;
}

static gboolean
take_raw (GTask   *leaf,
          GError **error)
{
  if (aiodrive_task_record_take_value (aiodrive_task_record_get (leaf)))
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The value of task %s was taken before",
               aiodrive_task_describe (leaf));
  return FALSE;
}

/* Takes a value of @type from a task that holds a GValue. */
static gboolean
take_value (GTask   *leaf,
            GType    type,
            GValue  *value,
            GError **error)
{
  g_auto(GValue) found = G_VALUE_INIT;
  g_autoptr(GError) failure = NULL;

  aiodrive_task_propagate (leaf, &found, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }

  g_value_init (value, type);
  if (g_value_type_transformable (G_VALUE_TYPE (&found), type) && g_value_transform (&found, value))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The value of task %s is a %s, not a %s",
               aiodrive_task_describe (leaf), G_VALUE_TYPE_NAME (&found), g_type_name (type));
  return FALSE;
}

static gboolean
has_value (GTask *leaf)
{
  return aiodrive_task_record_has_value (aiodrive_task_record_get (leaf));
}

/**
 * aiodrive_await_boolean: (skip)
 * @task: (transfer full): any task
 * @error: return location for an error
 *
 * Suspends the current fiber until @task has completed, and unwraps it, through combinators. @task holds a #GValue, as
 * all tasks of this library do, or was returned with g_task_return_boolean(). Otherwise as aiodrive_await().
 *
 * Returns: the value; %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
aiodrive_await_boolean (GTask   *task,
                        GError **error)
{
  g_autoptr(GTask) owned = task;
  GTask *leaf = await_leaf (task, error);
  g_auto(GValue) value = G_VALUE_INIT;

  if (leaf == NULL)
    return FALSE;
  if (!has_value (leaf))
    return take_raw (leaf, error) && g_task_propagate_boolean (leaf, error);
  return take_value (leaf, G_TYPE_BOOLEAN, &value, error) && g_value_get_boolean (&value);
}

/**
 * aiodrive_await_int: (skip)
 * @task: (transfer full): any task
 * @error: return location for an error
 *
 * As aiodrive_await_boolean(), for an integer, or a task that was returned with g_task_return_int().
 *
 * Returns: the value; -1 with @error set
 *
 * Since: 1.0
 */
gint64
aiodrive_await_int (GTask   *task,
                    GError **error)
{
  g_autoptr(GTask) owned = task;
  GTask *leaf = await_leaf (task, error);
  g_auto(GValue) value = G_VALUE_INIT;

  if (leaf == NULL)
    return -1;
  if (!has_value (leaf))
    return take_raw (leaf, error) ? g_task_propagate_int (leaf, error) : -1;
  return take_value (leaf, G_TYPE_INT64, &value, error) ? g_value_get_int64 (&value) : -1;
}

static gpointer
dup_pointer (const GValue *value)
{
  if (G_VALUE_HOLDS_OBJECT (value))
    return g_value_dup_object (value);
  if (G_VALUE_HOLDS_STRING (value))
    return g_value_dup_string (value);
  if (G_VALUE_HOLDS_VARIANT (value))
    return g_value_dup_variant (value);
  if (G_VALUE_HOLDS_BOXED (value))
    return g_value_dup_boxed (value);
  return g_value_get_pointer (value);
}

/* Awaits a pointer of the type @fundamental, or of any type for G_TYPE_POINTER. */
static gpointer
await_pointer (GTask   *task,
               GType    fundamental,
               GError **error)
{
  g_autoptr(GTask) owned = task;
  GTask *leaf = await_leaf (task, error);
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) failure = NULL;

  if (leaf == NULL)
    return NULL;
  if (!has_value (leaf))
    return take_raw (leaf, error) ? g_task_propagate_pointer (leaf, error) : NULL;

  aiodrive_task_propagate (leaf, &value, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
  if (g_value_fits_pointer (&value) && (fundamental == G_TYPE_POINTER || G_VALUE_HOLDS (&value, fundamental)))
    return dup_pointer (&value);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The value of task %s is a %s, not a %s",
               aiodrive_task_describe (leaf), G_VALUE_TYPE_NAME (&value), g_type_name (fundamental));
  return NULL;
}

/**
 * aiodrive_await_pointer: (skip)
 * @task: (transfer full): any task
 * @error: return location for an error
 *
 * As aiodrive_await_boolean(), for an object, a string, a boxed value or a pointer, or a task that was returned with
 * g_task_return_pointer().
 *
 * Returns: (transfer full) (nullable): the value; %NULL with @error set
 *
 * Since: 1.0
 */
gpointer
aiodrive_await_pointer (GTask   *task,
                        GError **error)
{
  return await_pointer (task, G_TYPE_POINTER, error);
}

/**
 * aiodrive_await_object: (skip)
 * @task: (transfer full): any task
 * @error: return location for an error
 *
 * As aiodrive_await_pointer(), for an object. A task of AIODRIVE_START() holds its #GAsyncResult.
 *
 * Returns: (transfer full) (nullable): the value; %NULL with @error set
 *
 * Since: 1.0
 */
gpointer
aiodrive_await_object (GTask   *task,
                       GError **error)
{
  return await_pointer (task, G_TYPE_OBJECT, error);
}

/**
 * aiodrive_await_string: (skip)
 * @task: (transfer full): any task
 * @error: return location for an error
 *
 * As aiodrive_await_pointer(), for a string.
 *
 * Returns: (transfer full) (nullable): the value; %NULL with @error set
 *
 * Since: 1.0
 */
char *
aiodrive_await_string (GTask   *task,
                       GError **error)
{
  return await_pointer (task, G_TYPE_STRING, error);
}

/**
 * aiodrive_await_boxed: (skip)
 * @task: (transfer full): any task
 * @error: return location for an error
 *
 * As aiodrive_await_pointer(), for a boxed value.
 *
 * Returns: (transfer full) (nullable): the value; %NULL with @error set
 *
 * Since: 1.0
 */
gpointer
aiodrive_await_boxed (GTask   *task,
                      GError **error)
{
  return await_pointer (task, G_TYPE_BOXED, error);
}

/**
 * aiodrive_return_boolean: (skip)
 * @result: that of an #AiodriveFiberFunc
 * @value: the value
 *
 * Sets the result of a fiber and returns %TRUE, so that its function can end in one line.
 *
 * Returns: %TRUE
 *
 * Since: 1.0
 */
gboolean
aiodrive_return_boolean (GValue   *result,
                         gboolean  value)
{
  g_value_set_boolean (g_value_init (result, G_TYPE_BOOLEAN), value);
  return TRUE;
}

/**
 * aiodrive_return_int: (skip)
 * @result: that of an #AiodriveFiberFunc
 * @value: the value
 *
 * Sets the result of a fiber.
 *
 * Returns: %TRUE
 *
 * Since: 1.0
 */
gboolean
aiodrive_return_int (GValue *result,
                     gint64  value)
{
  g_value_set_int64 (g_value_init (result, G_TYPE_INT64), value);
  return TRUE;
}

/**
 * aiodrive_return_string: (skip)
 * @result: that of an #AiodriveFiberFunc
 * @value: (transfer full) (nullable): the value
 *
 * Sets the result of a fiber.
 *
 * Returns: %TRUE
 *
 * Since: 1.0
 */
gboolean
aiodrive_return_string (GValue *result,
                        char   *value)
{
  g_value_take_string (g_value_init (result, G_TYPE_STRING), value);
  return TRUE;
}

/**
 * aiodrive_return_object: (skip)
 * @result: that of an #AiodriveFiberFunc
 * @value: (transfer full) (nullable): the value
 *
 * Sets the result of a fiber.
 *
 * Returns: %TRUE
 *
 * Since: 1.0
 */
gboolean
aiodrive_return_object (GValue   *result,
                        gpointer  value)
{
  g_value_take_object (g_value_init (result, G_TYPE_OBJECT), value);
  return TRUE;
}

/**
 * aiodrive_return_boxed: (skip)
 * @result: that of an #AiodriveFiberFunc
 * @type: a boxed type
 * @value: (transfer full) (nullable): the value
 *
 * Sets the result of a fiber.
 *
 * Returns: %TRUE
 *
 * Since: 1.0
 */
gboolean
aiodrive_return_boxed (GValue   *result,
                       GType     type,
                       gpointer  value)
{
  g_value_take_boxed (g_value_init (result, type), value);
  return TRUE;
}

/**
 * aiodrive_return_failed: (skip)
 * @domain: (nullable): a log domain
 * @function: the function whose precondition does not hold
 * @condition: the precondition
 * @error: return location for an error
 *
 * Part of AIODRIVE_RETURN_ERROR_IF_FAIL().
 *
 * Returns: %FALSE
 *
 * Since: 1.0
 */
gboolean
aiodrive_return_failed (const char  *domain,
                        const char  *function,
                        const char  *condition,
                        GError     **error)
{
  g_return_if_fail_warning (domain, function, condition);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: assertion “%s” failed", function, condition);
  return FALSE;
}
