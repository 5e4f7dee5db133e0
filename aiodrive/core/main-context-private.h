/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Returns whether this thread may touch the data of @context until aiodrive_main_context_leave(). */
gboolean aiodrive_main_context_enter (GMainContext *context,
                                      gboolean      is_home);
void     aiodrive_main_context_leave (GMainContext *context);

G_END_DECLS
