/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

typedef struct
{
  GPtrArray *mirrors;      /* of Mirror; empty: serve the file here */
  GFile     *file;         /* nullable: a made-up one */
  GFile     *output;       /* nullable */
  char      *sha256;       /* nullable */
  int        n_parts;
  int        timeout_ms;
} Options;

gboolean options_parse (Options    *self,
                        char     ***arguments,
                        GError    **error);
void     options_clear (Options    *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)
