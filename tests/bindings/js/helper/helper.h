/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

void     aiodrive_test_keep             (GObject *object);
void     aiodrive_test_drop_in_thread   (void);
GObject *aiodrive_test_token_new        (void);
guint    aiodrive_test_count_tokens     (void);
gint64   aiodrive_test_get_bytes_in_use (void);
