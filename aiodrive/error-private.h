/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/error.h"

G_BEGIN_DECLS

gboolean aiodrive_error_is_cancelled (const GError *error);
GError  *aiodrive_error_new_cancelled (void);
GError  *aiodrive_error_new_multiple (GPtrArray *errors,
                                      GPtrArray *names,
                                      guint      n_tasks);

G_END_DECLS
