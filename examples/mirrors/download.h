/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

/* Fetches a file in parts from @mirrors (of Mirror). Everything that it starts is below @scope and in @timeline, and
 * has ended when it returns. NULL with @error set if it failed or was cancelled. */
GBytes *download (GPtrArray     *mirrors,
                  guint          n_parts,
                  guint          timeout_ms,
                  SoupSession   *session,
                  GNode         *timeline,
                  GCancellable  *scope,
                  GError       **error);
