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
GThread *interleave_thread_try_new  (const char   *name,
                                     GThreadFunc   func,
                                     gpointer      data,
                                     GError      **error);
gpointer interleave_thread_join     (GThread  *thread);
void     interleave_thread_unref    (GThread  *thread);
void     interleave_private_replace (GPrivate *key,
                                     gpointer  value);
GMainContext *interleave_main_context_new (void);
gint     interleave_poll            (GPollFD *fds,
                                     guint    n_fds,
                                     gint     timeout);
void     interleave_object_unref    (gpointer  object);
gpointer interleave_weak_ref_get    (GWeakRef *weak_ref);
gpointer interleave_object_dup_qdata (GObject          *object,
                                      GQuark            quark,
                                      GDuplicateFunc    dup_func,
                                      gpointer          data);
void     interleave_at_atomic       (void);

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
#undef g_thread_new
#undef g_thread_try_new
#undef g_thread_join
#undef g_thread_unref
#undef g_private_replace
#undef g_main_context_new
#undef g_object_unref
#undef g_weak_ref_get
#undef g_object_dup_qdata
#undef g_atomic_int_get
#undef g_atomic_int_set
#undef g_atomic_int_inc
#undef g_atomic_int_add
#undef g_atomic_int_dec_and_test
#undef g_atomic_int_compare_and_exchange
#undef g_atomic_pointer_get
#undef g_atomic_pointer_set
#undef g_atomic_pointer_exchange
#undef g_atomic_pointer_compare_and_exchange
#undef g_atomic_rc_box_release_full
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
#define g_thread_new not_explored
#define g_thread_try_new interleave_thread_try_new
#define g_thread_join interleave_thread_join
#define g_thread_unref interleave_thread_unref
#define g_private_replace interleave_private_replace
#define g_main_context_new interleave_main_context_new
#define g_object_unref interleave_object_unref
#define g_weak_ref_get interleave_weak_ref_get
#define g_object_dup_qdata interleave_object_dup_qdata
#define g_atomic_int_get(...) (interleave_at_atomic (), (g_atomic_int_get) (__VA_ARGS__))
#define g_atomic_int_set(...) (interleave_at_atomic (), (g_atomic_int_set) (__VA_ARGS__))
#define g_atomic_int_inc(...) (interleave_at_atomic (), (g_atomic_int_inc) (__VA_ARGS__))
#define g_atomic_int_add(...) (interleave_at_atomic (), (g_atomic_int_add) (__VA_ARGS__))
#define g_atomic_int_dec_and_test(...) (interleave_at_atomic (), (g_atomic_int_dec_and_test) (__VA_ARGS__))
#define g_atomic_int_compare_and_exchange(...) \
  (interleave_at_atomic (), (g_atomic_int_compare_and_exchange) (__VA_ARGS__))
#define g_atomic_pointer_get(...) (interleave_at_atomic (), (g_atomic_pointer_get) (__VA_ARGS__))
#define g_atomic_pointer_set(atomic, value) \
  (interleave_at_atomic (), (g_atomic_pointer_set) (atomic, (gpointer) (value)))
#define g_atomic_pointer_exchange(...) (interleave_at_atomic (), (g_atomic_pointer_exchange) (__VA_ARGS__))
#define g_atomic_pointer_compare_and_exchange(...) \
  (interleave_at_atomic (), (g_atomic_pointer_compare_and_exchange) (__VA_ARGS__))
#define g_atomic_rc_box_release_full(...) (interleave_at_atomic (), (g_atomic_rc_box_release_full) (__VA_ARGS__))
#endif
