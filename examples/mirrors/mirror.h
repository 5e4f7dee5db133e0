/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A place where the file can be had. */
typedef struct
{
  char *name;
  char *url;
} Mirror;

Mirror *mirror_new  (const char *name,
                     const char *url);
void    mirror_free (Mirror     *self);
