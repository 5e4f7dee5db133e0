/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper.h"

/* What a script cannot do: to let another thread drop the last reference on something. */

static GPtrArray *kept;

/**
 * aiodrive_test_keep:
 * @object: an object
 *
 * Keeps a reference on @object.
 */
void
aiodrive_test_keep (GObject *object)
{
  if (kept == NULL)
    kept = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (kept, g_object_ref (object));
}

static gpointer
drop (gpointer objects)
{
  g_ptr_array_unref (objects);
  return NULL;
}

/**
 * aiodrive_test_drop_in_thread:
 *
 * Drops the references of aiodrive_test_keep() in a thread of its own, and waits for that.
 */
void
aiodrive_test_drop_in_thread (void)
{
  g_thread_join (g_thread_new ("dropper", drop, g_steal_pointer (&kept)));
}
