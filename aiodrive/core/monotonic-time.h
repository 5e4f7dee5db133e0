/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
gint64 aiodrive_get_monotonic_time (void);

G_END_DECLS
