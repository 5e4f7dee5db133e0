/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AIODRIVE_DEFINE_DATA:
 * @TypeName: the name of the structure
 * @type_name: the prefix of its functions
 * @FIELDS: a macro with two parameters, `FIELD` and `WEAK`, that lists the fields
 *
 * Defines a structure for the data of a fiber or a job, with a function that creates it and one that frees it.
 *
 * `FIELD (GFile *, folder, G_TYPE_FILE)` is a field with its C type, its name and its #GType: a type of objects, a
 * boxed type, %G_TYPE_STRING, %G_TYPE_VARIANT, or any type that needs no copy. `WEAK (GtkWidget *, window)` is a weak
 * pointer, as that of g_set_weak_pointer(): it becomes %NULL when the object is disposed, which has to happen in the
 * thread that uses the structure.
 *
 * The function that ends in `_new` takes the structure by value: `search_new ((Search) { .folder = folder })`. It takes
 * a reference on, or copies, the value of each field, and the compiler checks the types. The function that ends in
 * `_free` is a #GDestroyNotify. To stop a fiber with its widget, give it a parent scope that is cancelled with the
 * widget.
 *
 * Since: 1.0
 */
#define AIODRIVE_DEFINE_DATA(TypeName, type_name, FIELDS)                                           \
  typedef struct                                                                                    \
  {                                                                                                 \
    FIELDS (_AIODRIVE_DATA_MEMBER, _AIODRIVE_DATA_MEMBER_WEAK)                                        \
  } TypeName;                                                                                       \
                                                                                                    \
  G_GNUC_UNUSED static TypeName *                                                                   \
  type_name##_new (TypeName fields)                                                                 \
  {                                                                                                 \
    TypeName *data = g_new (TypeName, 1);                                                           \
                                                                                                    \
    *data = fields;                                                                                 \
    FIELDS (_AIODRIVE_DATA_COPY, _AIODRIVE_DATA_COPY_WEAK)                                            \
    return data;                                                                                    \
  }                                                                                                 \
                                                                                                    \
  G_GNUC_UNUSED static void                                                                         \
  type_name##_free (gpointer user_data)                                                             \
  {                                                                                                 \
    TypeName *data = (TypeName *) user_data;                                                        \
                                                                                                    \
    FIELDS (_AIODRIVE_DATA_CLEAR, _AIODRIVE_DATA_CLEAR_WEAK)                                          \
    g_free (data);                                                                                  \
  }

/* Parts of AIODRIVE_DEFINE_DATA(). */
#define _AIODRIVE_DATA_MEMBER(Type, name, gtype)  Type name;
#define _AIODRIVE_DATA_MEMBER_WEAK(Type, name)    Type name;
#define _AIODRIVE_DATA_COPY(Type, name, gtype)    aiodrive_data_copy ((gtype), &data->name, sizeof (data->name));
#define _AIODRIVE_DATA_COPY_WEAK(Type, name)      aiodrive_data_set_weak (&data->name);
#define _AIODRIVE_DATA_CLEAR(Type, name, gtype)   aiodrive_data_clear ((gtype), &data->name);
#define _AIODRIVE_DATA_CLEAR_WEAK(Type, name)     g_clear_weak_pointer (&data->name);

AIODRIVE_PUBLIC
void aiodrive_data_copy      (GType    type,
                              gpointer field,
                              gsize    size);
AIODRIVE_PUBLIC
void aiodrive_data_clear     (GType    type,
                              gpointer field);
AIODRIVE_PUBLIC
void aiodrive_data_set_weak  (gpointer field);

G_END_DECLS
