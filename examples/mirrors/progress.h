/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Shows how much has come: @received of @total bytes. Where that is shown as a line, @what says what came last. */
void progress_show (gsize       received,
                    gsize       total,
                    const char *what);
void progress_end  (void);
