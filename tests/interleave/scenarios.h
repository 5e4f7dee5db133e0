/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/interleave/scheduler.h"

extern const Scenario *scenarios[];   /* ends with NULL */
