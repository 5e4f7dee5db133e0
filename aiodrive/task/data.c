/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/data.h"

/* The fields of AIODRIVE_DEFINE_DATA(). A type without a copy function is copied with its structure. */

/**
 * aiodrive_data_copy: (skip)
 * @type: the type of a field
 * @field: the address of the field
 * @size: the size of the field
 *
 * Part of AIODRIVE_DEFINE_DATA(): replaces the value of a field by a reference or a copy of it.
 *
 * Since: 1.0
 */
void
aiodrive_data_copy (GType type,
                    gpointer field,
                    gsize size)
{
  GType fundamental = G_TYPE_FUNDAMENTAL (type);
  gboolean is_object = fundamental == G_TYPE_OBJECT || fundamental == G_TYPE_INTERFACE;
  gpointer *pointer = field;

  if (!is_object && fundamental != G_TYPE_STRING && fundamental != G_TYPE_VARIANT && fundamental != G_TYPE_BOXED)
    return;

  g_return_if_fail (size == sizeof (gpointer));
  if (*pointer == NULL)
    return;

  if (is_object)
    *pointer = g_object_ref (*pointer);
  else if (fundamental == G_TYPE_STRING)
    *pointer = g_strdup (*pointer);
  else if (fundamental == G_TYPE_VARIANT)
    *pointer = g_variant_ref_sink (*pointer);
  else
    *pointer = g_boxed_copy (type, *pointer);
}

/**
 * aiodrive_data_clear: (skip)
 * @type: the type of a field
 * @field: the address of the field
 *
 * Part of AIODRIVE_DEFINE_DATA(): frees the value of a field.
 *
 * Since: 1.0
 */
void
aiodrive_data_clear (GType type,
                     gpointer field)
{
  gpointer *pointer = field;

  switch (G_TYPE_FUNDAMENTAL (type))
    {
    case G_TYPE_OBJECT:
    case G_TYPE_INTERFACE:
      g_clear_object (pointer);
      break;
    case G_TYPE_STRING:
      g_clear_pointer (pointer, g_free);
      break;
    case G_TYPE_VARIANT:
      g_clear_pointer (pointer, g_variant_unref);
      break;
    case G_TYPE_BOXED:
      if (*pointer != NULL)
        g_boxed_free (type, g_steal_pointer (pointer));
      break;
    default:
      break;
    }
}

/**
 * aiodrive_data_set_weak: (skip)
 * @field: the address of a pointer to an object
 *
 * Part of AIODRIVE_DEFINE_DATA(): makes a pointer a weak one.
 *
 * Since: 1.0
 */
void
aiodrive_data_set_weak (gpointer field)
{
  GObject **object = field;

  if (*object != NULL)
    g_object_add_weak_pointer (*object, field);
}
