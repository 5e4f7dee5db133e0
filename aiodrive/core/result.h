/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

AIODRIVE_PUBLIC
gboolean aiodrive_result_had_error (GAsyncResult *result);

G_END_DECLS
