/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#define AIODRIVE_PUBLIC __attribute__ ((visibility ("default"))) extern

/* A type of which only the library derives others: its class structure is private, as are those of the types below. */
#define _AIODRIVE_G_DECLARE_INTERNAL_TYPE(ModuleObjName, module_obj_name, MODULE, OBJ_NAME, ParentName)               \
  GType module_obj_name##_get_type (void);                                                                         \
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS                                                                                 \
  typedef struct _##ModuleObjName ModuleObjName;                                                                   \
  typedef struct _##ModuleObjName##Class ModuleObjName##Class;                                                     \
  _GLIB_DEFINE_AUTOPTR_CHAINUP (ModuleObjName, ParentName)                                                         \
  G_DEFINE_AUTOPTR_CLEANUP_FUNC (ModuleObjName##Class, g_type_class_unref)                                         \
  G_GNUC_UNUSED static inline ModuleObjName *MODULE##_##OBJ_NAME (gpointer ptr)                                    \
  {                                                                                                                \
    return G_TYPE_CHECK_INSTANCE_CAST (ptr, module_obj_name##_get_type (), ModuleObjName);                         \
  }                                                                                                                \
  G_GNUC_UNUSED static inline gboolean MODULE##_IS_##OBJ_NAME (gpointer ptr)                                       \
  {                                                                                                                \
    return G_TYPE_CHECK_INSTANCE_TYPE (ptr, module_obj_name##_get_type ());                                        \
  }                                                                                                                \
  G_GNUC_END_IGNORE_DEPRECATIONS
