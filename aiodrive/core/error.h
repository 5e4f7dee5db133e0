/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/macros.h"

G_BEGIN_DECLS

/**
 * AiodriveError:
 * @AIODRIVE_ERROR_MULTIPLE: several tasks failed: the message counts them and lists the first ones; see
 *   aiodrive_task_dup_errors()
 * @AIODRIVE_ERROR_SIGNAL: a Unix signal stopped the operation
 * @AIODRIVE_ERROR_PREEMPTED: another caller asked for a lock that was held weakly
 *
 * Errors of this library for which #GIOErrorEnum has no code. For everything else the library uses the codes of GIO:
 * %G_IO_ERROR_CANCELLED, %G_IO_ERROR_TIMED_OUT, %G_IO_ERROR_INVALID_ARGUMENT and so on.
 *
 * Since: 1.0
 */
typedef enum
{
  AIODRIVE_ERROR_MULTIPLE,
  AIODRIVE_ERROR_SIGNAL,
  AIODRIVE_ERROR_PREEMPTED,
} AiodriveError;

/**
 * AIODRIVE_ERROR:
 *
 * The error domain of this library, with the codes of #AiodriveError.
 *
 * Since: 1.0
 */
#define AIODRIVE_ERROR (aiodrive_error_quark ())

/**
 * AIODRIVE_TYPE_ERROR:
 *
 * The #GType of #AiodriveError.
 *
 * Since: 1.0
 */
#define AIODRIVE_TYPE_ERROR (aiodrive_error_get_type ())

AIODRIVE_PUBLIC
GType      aiodrive_error_get_type     (void);

AIODRIVE_PUBLIC
GQuark     aiodrive_error_quark        (void);

AIODRIVE_PUBLIC
GPtrArray *aiodrive_error_get_errors   (const GError *error);
AIODRIVE_PUBLIC
gboolean   aiodrive_error_is_cancelled (const GError *error);

G_END_DECLS
