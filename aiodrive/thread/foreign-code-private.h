/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

/* Whether @func is a JavaScript function, which must not be called in another thread. */
gboolean aiodrive_is_javascript (AiodriveJobFunc func);

G_END_DECLS
