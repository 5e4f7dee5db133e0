/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-scope.h"
#include "aiodrive/error.h"
#include "aiodrive/macros.h"
#include "aiodrive/program/run.h"
#include "aiodrive/task/cancel.h"
#include "aiodrive/task/gather.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/race.h"
#include "aiodrive/task/shield.h"
#include "aiodrive/task/sleep.h"
#include "aiodrive/task/spawn.h"
#include "aiodrive/task/start.h"
#include "aiodrive/task/timeout.h"
#include "aiodrive/task/wait.h"
#include "aiodrive/version.h"
