/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/interleave/scheduler.h"

/* groups.c */
extern const Scenario  spawn_into_group;
extern const Scenario  spawn_into_pool;

extern const Scenario *scenarios[];   /* ends with NULL */
