/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/binding/exception.h"

/* A GError of this domain stands for an exception of another language. It carries only its code, because a binding
 * copies no more; each copy of the error holds a reference on the exception of that code. */

typedef struct
{
  GValue value;
  guint  n_holders;
} HeldException;

static GMutex exceptions_lock;
static GHashTable *exceptions;   /* owned, of HeldException by their code; guarded by exceptions_lock, as is the next */
static gint last_code;

static void
held_exception_free (gpointer data)
{
  HeldException *self = data;

  g_value_unset (&self->value);
  g_free (self);
}

static HeldException *
look_up_locked (gint code)
{
  return exceptions != NULL ? g_hash_table_lookup (exceptions, GINT_TO_POINTER (code)) : NULL;
}

static HeldException *
hold (gint code)
{
  HeldException *held;

  g_mutex_lock (&exceptions_lock);
  held = look_up_locked (code);
  if (held != NULL)
    held->n_holders++;
  g_mutex_unlock (&exceptions_lock);

  return held;
}

/* The destroy notify of the source below, so that it also runs when the context is no longer iterated. */
static void
drop_if_unheld (gpointer data)
{
  HeldException *held;

  g_mutex_lock (&exceptions_lock);
  held = look_up_locked (GPOINTER_TO_INT (data));
  if (held != NULL && held->n_holders == 0)
    g_hash_table_steal (exceptions, data);
  else
    held = NULL;
  g_mutex_unlock (&exceptions_lock);

  if (held != NULL)
    held_exception_free (held);
}

static gboolean
run_once (gpointer data)
{
  return G_SOURCE_REMOVE;
}

/* A binding frees the error before the code that catches the exception can read it. */
static void
drop_later (gint code)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr(GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, run_once, GINT_TO_POINTER (code), drop_if_unheld);
  g_source_attach (source, context);
}

static void
error_init (GError *error)
{
  hold (error->code);
}

static void
error_copy (const GError *source,
            GError       *target)
{
  /* GLib has called error_init() for the copy too */
}

static void
error_clear (GError *error)
{
  aiodrive_exception_release (error->code);
}

/**
 * aiodrive_exception_quark:
 *
 * Gets the domain of errors that stand for an exception of another language. See aiodrive_exception_hold().
 *
 * Returns: the domain
 *
 * Since: 1.0
 */
GQuark
aiodrive_exception_quark (void)
{
  static gsize quark;

  if (g_once_init_enter (&quark))
    g_once_init_leave (&quark, g_error_domain_register_static ("aiodrive-exception-quark", sizeof (gpointer),
                                                               error_init, error_copy, error_clear));
  return (GQuark) quark;
}

/**
 * aiodrive_exception_hold:
 * @value: an exception
 *
 * Keeps an exception of another language for errors of the domain aiodrive_exception_quark(). An error with the
 * returned code carries the exception through C code to the handler that catches it, however often the error is copied.
 * For language bindings, which turn exceptions into errors and back.
 *
 * Create the error, then call aiodrive_exception_release(). The exception is released in the next iteration of the
 * thread-default main context after its last error was freed, or with that context.
 *
 * Returns: a code
 *
 * Since: 1.0
 */
gint
aiodrive_exception_hold (const GValue *value)
{
  HeldException *held;
  gint code;

  g_return_val_if_fail (G_IS_VALUE (value), 0);

  aiodrive_exception_quark ();
  held = g_new0 (HeldException, 1);
  held->n_holders = 1;
  g_value_init (&held->value, G_VALUE_TYPE (value));
  g_value_copy (value, &held->value);

  g_mutex_lock (&exceptions_lock);
  if (exceptions == NULL)
    exceptions = g_hash_table_new_full (NULL, NULL, NULL, held_exception_free);
  do
    last_code = last_code == G_MAXINT ? 1 : last_code + 1;
  while (g_hash_table_contains (exceptions, GINT_TO_POINTER (last_code)));
  code = last_code;
  g_hash_table_insert (exceptions, GINT_TO_POINTER (code), held);
  g_mutex_unlock (&exceptions_lock);

  return code;
}

/**
 * aiodrive_exception_release:
 * @code: a code of aiodrive_exception_hold()
 *
 * Releases the reference of aiodrive_exception_hold(); the errors with this code keep their own.
 *
 * Since: 1.0
 */
void
aiodrive_exception_release (gint code)
{
  HeldException *held;
  gboolean was_last = FALSE;

  g_mutex_lock (&exceptions_lock);
  held = look_up_locked (code);
  if (held != NULL && held->n_holders > 0)
    was_last = --held->n_holders == 0;
  g_mutex_unlock (&exceptions_lock);

  if (was_last)
    drop_later (code);
}

/**
 * aiodrive_exception_get:
 * @code: the code of an error
 * @value: (out caller-allocates): return location for the exception
 *
 * Gets the exception of an error of the domain aiodrive_exception_quark(): the value passed to
 * aiodrive_exception_hold(). If there is none, @value is %FALSE.
 *
 * Since: 1.0
 */
void
aiodrive_exception_get (gint    code,
                        GValue *value)
{
  HeldException *held;

  g_return_if_fail (value != NULL);

  memset (value, 0, sizeof (GValue));
  held = hold (code);
  if (held == NULL)
    {
      g_value_init (value, G_TYPE_BOOLEAN);
      return;
    }

  g_value_init (value, G_VALUE_TYPE (&held->value));
  g_value_copy (&held->value, value);
  aiodrive_exception_release (code);
}
