/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

void aiodrive_test_keep           (GObject *object);
void aiodrive_test_drop_in_thread (void);
