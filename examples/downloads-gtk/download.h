/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <aiodrive/aiodrive.h>
#include <libsoup/soup.h>

typedef struct _Download Download;

Download   *download_new      (SoupSession  *session,
                               GUri         *uri,
                               GFile        *directory);
void        download_free     (Download     *self);
const char *download_get_name (Download     *self);

/* A fiber, whose data is the download. It ends when the file is there, or nothing of it, with a line for the user. */
gboolean    download_run      (GCancellable  *scope,
                               gpointer       data,
                               GValue        *result,
                               GError       **error);
