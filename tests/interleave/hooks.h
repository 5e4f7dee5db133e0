/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Included before each source file of the library where interleavings are explored: whatever synchronises threads goes
 * through the scheduler of the test. */

void     interleave_mutex_init      (GMutex *mutex);
void     interleave_mutex_clear     (GMutex *mutex);
void     interleave_mutex_lock      (GMutex *mutex);
void     interleave_mutex_unlock    (GMutex *mutex);
void     interleave_cond_init       (GCond  *cond);
void     interleave_cond_clear      (GCond  *cond);
void     interleave_cond_wait       (GCond  *cond,
                                     GMutex *mutex);
gboolean interleave_cond_wait_until (GCond  *cond,
                                     GMutex *mutex,
                                     gint64  end_time);
void     interleave_cond_signal     (GCond  *cond);
void     interleave_thread_yield    (void);

#ifndef INTERLEAVE_SCHEDULER
#undef g_mutex_init
#undef g_mutex_clear
#undef g_mutex_lock
#undef g_mutex_unlock
#undef g_mutex_trylock
#undef g_cond_init
#undef g_cond_clear
#undef g_cond_wait
#undef g_cond_wait_until
#undef g_cond_signal
#undef g_cond_broadcast
#undef g_thread_yield
#define g_mutex_init interleave_mutex_init
#define g_mutex_clear interleave_mutex_clear
#define g_mutex_lock interleave_mutex_lock
#define g_mutex_unlock interleave_mutex_unlock
#define g_mutex_trylock not_explored
#define g_cond_init interleave_cond_init
#define g_cond_clear interleave_cond_clear
#define g_cond_wait interleave_cond_wait
#define g_cond_wait_until interleave_cond_wait_until
#define g_cond_signal interleave_cond_signal
#define g_cond_broadcast not_explored
#define g_thread_yield interleave_thread_yield
#endif
