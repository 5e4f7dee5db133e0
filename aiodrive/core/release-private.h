/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* For the references between our structures. NULL is accepted. */
void aiodrive_release        (gpointer        data,
                              GDestroyNotify  destroy);
void aiodrive_release_object (gpointer        object);

G_END_DECLS
