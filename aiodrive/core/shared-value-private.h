/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A value that crosses threads, shared by its receivers, each of which gets a copy. */
typedef struct _AiodriveSharedValue AiodriveSharedValue;

/* Returns FALSE with @error set for a value that has no type. */
gboolean             aiodrive_shared_value_check  (const GValue         *value,
                                                   GError              **error);

AiodriveSharedValue *aiodrive_shared_value_new    (const GValue         *value,
                                                   GError              **error);
AiodriveSharedValue *aiodrive_shared_value_ref    (AiodriveSharedValue  *self);
void                 aiodrive_shared_value_unref  (AiodriveSharedValue  *self);

/* Takes a reference on @self, or NULL if there is no value; @value is initialised either way. */
void                 aiodrive_shared_value_unwrap (AiodriveSharedValue  *self,
                                                   GValue               *value);

G_END_DECLS
