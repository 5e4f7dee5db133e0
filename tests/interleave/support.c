/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scenarios.h"

/* What the scenarios share. */

#define N_OBJECTS 8

static gpointer objects[N_OBJECTS];   /* weak; those that are gone are NULL */
static guint    n_objects;

void
outcome_begin (Outcome *self)
{
  *self = (Outcome) { .thread = g_thread_self () };
}

/* Takes @error. */
void
outcome_set (Outcome *self,
             GError  *error)
{
  scheduler_assert (self->thread == g_thread_self ());
  scheduler_assert (!self->called);
  self->called = TRUE;
  self->error = error;
}

gboolean
outcome_matches (Outcome *self,
                 gint     code)
{
  return g_error_matches (self->error, G_IO_ERROR, code);
}

void
outcome_clear (Outcome *self)
{
  scheduler_assert (self->called);
  g_clear_error (&self->error);
}

void
iterate_until (const gboolean *condition)
{
  GMainContext *context = g_main_context_get_thread_default ();

  while (!*condition)
    g_main_context_iteration (context, TRUE);
  scheduler_iterate_until_idle (context);
}

gpointer
watch_object (gpointer object)
{
  scheduler_assert (n_objects < N_OBJECTS);
  objects[n_objects] = object;
  g_object_add_weak_pointer (object, &objects[n_objects++]);
  return object;
}

void
check_objects_gone (void)
{
  while (n_objects > 0)
    if (objects[--n_objects] != NULL)
      scheduler_fail ("%s %u is not gone: it has %u references", G_OBJECT_TYPE_NAME (objects[n_objects]), n_objects,
                      ((GObject *) objects[n_objects])->ref_count);
}
