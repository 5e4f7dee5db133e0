/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/task/fiber.h"

G_BEGIN_DECLS

/* Returns a foreign task with the result of a fiber. */
void aiodrive_fiber_return_plain (GTask        *task,
                                  const GValue *result);

G_END_DECLS
