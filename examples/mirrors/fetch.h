/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

/* Asks how long the file is. The task ends with the length. */
GTask *fetch_length (SoupSession  *session,
                     const char   *url,
                     GCancellable *parent);

/* Fetches @length bytes of the file. The task ends with a GBytes. */
GTask *fetch_range  (SoupSession  *session,
                     const char   *url,
                     gsize         offset,
                     gsize         length,
                     GCancellable *parent);
