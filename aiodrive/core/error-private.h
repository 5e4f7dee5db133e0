/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/error.h"

G_BEGIN_DECLS

GError *aiodrive_error_new_cancelled       (void);
GError *aiodrive_error_new_not_implemented (GObject          *object);
GError *aiodrive_error_new_multiple        (GPtrArray        *errors,
                                            GPtrArray        *names,
                                            guint             n_tasks);

/* Collects the errors of several tasks. */
typedef struct
{
  GPtrArray *errors;      /* owned; both are NULL while there is none */
  GPtrArray *names;       /* owned; NULL for a task without a name */
  gboolean   cancelled;   /* a task was cancelled, which counts if no task failed */
} AiodriveFailures;

void    aiodrive_failures_add              (AiodriveFailures *self,
                                            GError           *error,
                                            const char       *name);
GError *aiodrive_failures_sum_up           (AiodriveFailures *self,
                                            guint             n_tasks);

G_END_DECLS
