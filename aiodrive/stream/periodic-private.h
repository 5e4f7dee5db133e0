/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The value before the first tick. */
#define AIODRIVE_NEVER G_MININT64

/* Returns when the next tick is due for a caller that asks at @now. All times are in microseconds. */
gint64 aiodrive_periodic_get_due (gint64 previous_due,
                                  gint64 interval,
                                  gint64 now);

G_END_DECLS
