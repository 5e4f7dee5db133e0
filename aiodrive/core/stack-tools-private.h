/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#if defined (__has_include)
#if __has_include (<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define AIODRIVE_STACK_TOOLS_VALGRIND 1
#endif
#endif

/* Informs the memory checkers about stacks. The library finds the sanitizers at run time, through weak symbols, so a
 * library compiled without them also works in a program compiled with them. */

G_BEGIN_DECLS

#define AIODRIVE_WEAK __attribute__ ((weak))

AIODRIVE_WEAK void  __asan_unpoison_memory_region    (const volatile void *memory, gsize size);
AIODRIVE_WEAK void  __sanitizer_start_switch_fiber   (void **fake_stack, const void *low, gsize size);
AIODRIVE_WEAK void  __sanitizer_finish_switch_fiber  (void *fake_stack, const void **old_low, gsize *old_size);
AIODRIVE_WEAK void  __lsan_register_root_region      (const void *memory, gsize size);
AIODRIVE_WEAK void  __lsan_unregister_root_region    (const void *memory, gsize size);
AIODRIVE_WEAK void *__tsan_create_fiber              (unsigned flags);
AIODRIVE_WEAK void  __tsan_destroy_fiber             (void *fiber);
AIODRIVE_WEAK void *__tsan_get_current_fiber         (void);
AIODRIVE_WEAK void  __tsan_switch_to_fiber           (void *fiber, unsigned flags);

typedef struct
{
  void       *fake;             /* AddressSanitizer's: where it moves the variables of this stack */
  const void *resumer_low;      /* AddressSanitizer's: the stack from which this one was resumed */
  gsize       resumer_size;
  void       *fiber;            /* of ThreadSanitizer */
  void       *resumer_fiber;    /* of ThreadSanitizer */
  guint       valgrind_id;
} AiodriveStackTools;

/* The memory from @low to @high, without the guard, becomes a stack; stops being one. */

static inline void
aiodrive_stack_tools_map (AiodriveStackTools *self,
                          gpointer            low,
                          gpointer            high)
{
#ifdef AIODRIVE_STACK_TOOLS_VALGRIND
  self->valgrind_id = VALGRIND_STACK_REGISTER (low, high);
#endif
  if (__tsan_create_fiber != NULL)
    self->fiber = __tsan_create_fiber (0);
}

static inline void
aiodrive_stack_tools_unmap (AiodriveStackTools *self,
                            gpointer            low,
                            gpointer            high)
{
#ifdef AIODRIVE_STACK_TOOLS_VALGRIND
  VALGRIND_STACK_DEREGISTER (self->valgrind_id);
#endif
  if (__tsan_destroy_fiber != NULL)
    __tsan_destroy_fiber (self->fiber);
  if (__asan_unpoison_memory_region != NULL)
    __asan_unpoison_memory_region (low, (gsize) ((guint8 *) high - (guint8 *) low));
}

/* While a stack is used, the memory that it points to is not leaked. */

static inline void
aiodrive_stack_tools_add_root (gpointer low,
                               gpointer high)
{
  if (__lsan_register_root_region != NULL)
    __lsan_register_root_region (low, (gsize) ((guint8 *) high - (guint8 *) low));
}

static inline void
aiodrive_stack_tools_remove_root (gpointer low,
                                  gpointer high)
{
  if (__lsan_unregister_root_region != NULL)
    __lsan_unregister_root_region (low, (gsize) ((guint8 *) high - (guint8 *) low));
}

/* A switch between stacks calls, in this order: leave() on the old stack, to() once the place of return is stored,
 * arrive() on the new stack. */

static inline void
aiodrive_stack_tools_enter (AiodriveStackTools  *self,
                            void               **fake,
                            gpointer             low,
                            gpointer             high)
{
  if (__sanitizer_start_switch_fiber != NULL)
    __sanitizer_start_switch_fiber (fake, low, (gsize) ((guint8 *) high - (guint8 *) low));
  if (__tsan_get_current_fiber != NULL)
    self->resumer_fiber = __tsan_get_current_fiber ();
}

static inline void
aiodrive_stack_tools_leave (AiodriveStackTools *self)
{
  if (__sanitizer_start_switch_fiber != NULL)
    __sanitizer_start_switch_fiber (&self->fake, self->resumer_low, self->resumer_size);
}

static inline void
aiodrive_stack_tools_to (void *fiber)
{
  if (__tsan_switch_to_fiber != NULL)
    __tsan_switch_to_fiber (fiber, 0);
}

static inline void
aiodrive_stack_tools_entered (AiodriveStackTools *self)
{
  if (__sanitizer_finish_switch_fiber != NULL)
    __sanitizer_finish_switch_fiber (self->fake, &self->resumer_low, &self->resumer_size);
}

static inline void
aiodrive_stack_tools_left (void *fake)
{
  if (__sanitizer_finish_switch_fiber != NULL)
    __sanitizer_finish_switch_fiber (fake, NULL, NULL);
}

G_END_DECLS
