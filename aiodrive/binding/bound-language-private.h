/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Returns the language of @func if its interpreter cannot run it in another thread: its name, or NULL. */
const char *aiodrive_get_bound_language (GCallback func);

G_END_DECLS
