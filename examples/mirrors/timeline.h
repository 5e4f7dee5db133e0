/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* What ran when: a tree with a line for each task. */
GNode   *timeline_new       (void);
void     timeline_free      (GNode       *timeline);

/* Adds a line below @parent, which is the timeline or another line, and lets it stand for a task. */
GNode   *timeline_add       (GNode       *parent,
                             const char  *format,
                             ...) G_GNUC_PRINTF (2, 3);
void     timeline_watch     (GNode       *line,
                             GTask       *task);

void     timeline_set_won   (GNode       *timeline,
                             GTask       *winner);

/* Whether every task that was started has ended. */
gboolean timeline_is_over   (GNode       *timeline,
                             guint       *n_started,
                             guint       *n_ended);
void     timeline_print     (GNode       *timeline);
