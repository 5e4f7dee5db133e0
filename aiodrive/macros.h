/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#define AIODRIVE_PUBLIC __attribute__ ((visibility ("default"))) extern
