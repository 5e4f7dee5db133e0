/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/wait-private.h"

G_BEGIN_DECLS

/* A set of signals: a bit for each, in the order of the table in signal-table.c. It is the request of a waiter in the
 * queue; the granted value is the number of the signal. */
typedef guint AiodriveSignalSet;

/* The request of a waiter, and the granted value; guarded by the monitor of the signals until the waiter is woken. */
typedef struct
{
  AiodriveSignalSet wanted;
  gint              signum;
} AiodriveSignalRequest;

gboolean           aiodrive_signals_begin      (const gint         *signums,
                                                gsize               n_signums,
                                                AiodriveSignalSet  *wanted,
                                                GError            **error);
const char        *aiodrive_signals_get_name   (gint                signum);

/* The functions below are called with the monitor locked. */
AiodriveMonitor   *aiodrive_signals_lock       (void);
AiodriveWaitQueue *aiodrive_signals_get_queue  (void);
void               aiodrive_signals_tell       (void);
void               aiodrive_signals_take       (AiodriveSignalSet   wanted);
void               aiodrive_signals_give_back  (AiodriveSignalSet  *wanted);

G_END_DECLS
