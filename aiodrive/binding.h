/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What only the bindings of languages need, on top of <aiodrive/aiodrive.h>. */

#include "aiodrive/aiodrive.h"
#include "aiodrive/binding/exception.h"
#include "aiodrive/binding/wake-source.h"
