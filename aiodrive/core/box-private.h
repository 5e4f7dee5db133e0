/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A value on its way between threads, shared by those who are to get a copy. */
typedef struct _AiodriveBox AiodriveBox;

/* FALSE with @error set for a value that has no type. */
gboolean     aiodrive_box_check  (const GValue  *value,
                                  GError       **error);

AiodriveBox *aiodrive_box_new    (const GValue  *value,
                                  GError       **error);
AiodriveBox *aiodrive_box_ref    (AiodriveBox   *self);
void         aiodrive_box_unref  (AiodriveBox   *self);

/* Takes a reference on @self, or NULL for a value that could not be had; @value is initialised either way. */
void         aiodrive_box_unwrap (AiodriveBox   *self,
                                  GValue        *value);

G_END_DECLS
