/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

/* Fetches a file in parts from several mirrors. Everything that it starts is below @scope, and has ended when it returns.
 * @mirrors: of Mirror. Every task is in @timeline. NULL with @error set if it failed or was cancelled. */
GBytes *download (GPtrArray     *mirrors,
                  guint          n_parts,
                  guint          timeout_ms,
                  SoupSession   *session,
                  GNode         *timeline,
                  GCancellable  *scope,
                  GError       **error);
