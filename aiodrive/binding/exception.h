/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
GQuark aiodrive_exception_quark   (void);

AIODRIVE_PUBLIC
gint   aiodrive_exception_hold    (const GValue *value);
AIODRIVE_PUBLIC
void   aiodrive_exception_release (gint          code);
AIODRIVE_PUBLIC
void   aiodrive_exception_get     (gint          code,
                                   GValue       *value);

G_END_DECLS
