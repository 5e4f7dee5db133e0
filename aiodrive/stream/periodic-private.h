/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* When there was no tick yet. */
#define AIODRIVE_NEVER G_MININT64

/* When the next tick is due, for one who asks for it at @now. All in microseconds. */
gint64 aiodrive_periodic_get_due (gint64 previous_due,
                                  gint64 interval,
                                  gint64 now);

G_END_DECLS
