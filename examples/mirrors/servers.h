/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* HTTP servers on this machine, each of its own temper, that serve the same file: what to try the example on. */
#define N_SERVERS 4

typedef struct _Servers Servers;

Servers   *servers_start       (GBytes        *file,
                                GCancellable  *parent,
                                GError       **error);
GPtrArray *servers_get_mirrors (Servers       *self);
void       servers_stop        (Servers       *self);
