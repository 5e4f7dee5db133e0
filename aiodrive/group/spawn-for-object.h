/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
void aiodrive_spawn_for_object (GObject         *object,
                                const char      *signal,
                                AiodriveJobFunc  func,
                                gpointer         user_data,
                                GDestroyNotify   user_data_destroy);

G_END_DECLS
