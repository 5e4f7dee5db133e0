/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/mirrors/mirror.h"

Mirror *
mirror_new (const char *name,
            const char *url)
{
  Mirror *self = g_new0 (Mirror, 1);

  self->name = g_strdup (name);
  self->url = g_strdup (url);
  return self;
}

void
mirror_free (Mirror *self)
{
  g_free (self->name);
  g_free (self->url);
  g_free (self);
}
