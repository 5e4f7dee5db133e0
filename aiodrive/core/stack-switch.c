/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Its checks mistake a jump to another stack for a jump to a frame that has returned. */
#undef _FORTIFY_SOURCE

#include "aiodrive/core/stack-switch-private.h"

#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

/* Switches between the stack of a thread and those of its fibers: asymmetric coroutines. resume() enters a fiber's
 * stack, and returns when the fiber suspends or its function returns.
 *
 * Jumps. sigsetjmp() without the signal mask and siglongjmp() take no system call, and follow the ABI of every
 * architecture. A stack is entered once. From then on a loop on it runs one function after another; a free stack is
 * suspended in that loop.
 *
 * Shadow stacks. A processor that keeps return addresses on a stack of its own (CET, GCS) faults when siglongjmp()
 * leads to a frame of another stack. There swapcontext() switches both, at the cost of two system calls.
 *
 * Nesting. A fiber may resume another one, from a main loop that it runs itself. Each stack stores the place of its own
 * resumer, so each suspension returns to the right one.
 *
 * Places. A stack that is left keeps the registers in its own frames; the other side gets their address.
 *
 * Debuggers. The C library encrypts the registers that siglongjmp() restores. frame and return_address say where a
 * stack is suspended:
 *
 *   (gdb) set $rsp = stack->frame + 16
 *   (gdb) set $rbp = *(void **) stack->frame
 *   (gdb) set $rip = stack->return_address
 *   (gdb) backtrace
 */

#if defined (__linux__) && !defined (__GLIBC__)
#define HAVE_MAKECONTEXT 0 /* musl only declares it */
#else
#define HAVE_MAKECONTEXT 1
#endif

static int means = -1;   /* atomic: an AiodriveStackMeans; -1: not chosen yet */

static gboolean
has_shadow_stack (void)
{
#if defined (__x86_64__)
  guint64 shadow_stack_pointer = 0;

  /* rdsspq %rax, which older processors and assemblers do not know, does nothing without a shadow stack */
  __asm__ volatile (".byte 0xf3, 0x48, 0x0f, 0x1e, 0xc8" : "+a" (shadow_stack_pointer));
  return shadow_stack_pointer != 0;
#elif defined (__aarch64__)
  register guint64 feature __asm__ ("x16") = 1;

  /* chkfeat x16 clears the bit if the guarded control stack is on */
  __asm__ volatile ("hint #40" : "+r" (feature));
  return feature == 0;
#else
  return FALSE;
#endif
}

static AiodriveStackMeans
get_means (void)
{
  int chosen = g_atomic_int_get (&means);

  if (G_UNLIKELY (chosen < 0))
    {
      chosen = has_shadow_stack () ? AIODRIVE_STACK_SWAP_CONTEXT
               : HAVE_MAKECONTEXT  ? AIODRIVE_STACK_JUMP
                                   : AIODRIVE_STACK_JUMP_SIGNAL;
      g_atomic_int_set (&means, chosen);
    }
  return (AiodriveStackMeans) chosen;
}

/* For tests, before the first stack is entered. */
void
aiodrive_stack_set_means (AiodriveStackMeans choice)
{
  g_atomic_int_set (&means, choice);
}

/* Hides from the compiler that a variable's address is kept while its function has not returned. */
static inline gpointer
keep (gpointer place)
{
  __asm__ volatile ("" : "+r" (place));
  return place;
}

/* The functions below leave the current stack, and return when another stack switches to the place that they stored in
 * @here. They are not inlined: a caller's variable in a register would have an old value after sigsetjmp(). */

G_NO_INLINE static void
jump (gpointer *here,
      gpointer  there,
      gpointer  fiber)
{
  sigjmp_buf place;

  *here = keep (place);
  if (sigsetjmp (place, 0) != 0)
    return;

  /* after sigsetjmp(), which ThreadSanitizer remembers for the fiber that it was called in */
  aiodrive_stack_tools_to (fiber);
  siglongjmp (there, 1);
}

#if HAVE_MAKECONTEXT

G_NO_INLINE static void
swap (gpointer *here,
      gpointer  there,
      gpointer  fiber)
{
  ucontext_t place;

  *here = keep (&place);
  aiodrive_stack_tools_to (fiber);
  swapcontext (&place, there);
}

static void
make_context (ucontext_t    *entry,
              AiodriveStack *self,
              void         (*func) (void))
{
  guint8 *low = aiodrive_stack_get_low (self);

  getcontext (entry);
  entry->uc_link = NULL;
  entry->uc_stack.ss_sp = low;
  entry->uc_stack.ss_size = (gsize) ((guint8 *) self - low);
  makecontext (entry, func, 0);
}

static void
swap_into (AiodriveStack *self,
           void         (*func) (void))
{
  ucontext_t entry;

  make_context (&entry, self, func);
  swap (&self->resumer_place, &entry, self->tools.fiber);
}

G_NO_INLINE static void
jump_into (AiodriveStack *self,
           void         (*func) (void))
{
  ucontext_t entry;
  sigjmp_buf place;

  make_context (&entry, self, func);
  self->resumer_place = keep (place);
  if (sigsetjmp (place, 0) != 0)
    return;

  aiodrive_stack_tools_to (self->tools.fiber);
  setcontext (&entry);
}

#endif

/* Entry by a signal, where makecontext() does not exist. The stack becomes the alternate signal stack of this thread. A
 * handler runs on it, stores where it stands, and returns. The kernel then considers the signal handled. The handler's
 * frame stays, and a switch enters the stack there. (R. S. Engelschall, Portable Multithreading, 2000.) */

#define ENTRY_SIGNAL SIGURG   /* ignored by default */

static GMutex entry_lock;
static struct sigaction entry_former;      /* guarded by entry_lock; the handler reads it in any thread */
static __thread AiodriveStack *entering;   /* the stack on which the handler will run */
static __thread void (*entry_func) (void);

static void
on_entry_signal (int        number,
                 siginfo_t *info,
                 void      *context)
{
  sigjmp_buf place;

  if (entering == NULL)
    {
      /* a real signal, for the application */
      if ((entry_former.sa_flags & SA_SIGINFO) != 0)
        entry_former.sa_sigaction (number, info, context);
      else if (entry_former.sa_handler != SIG_DFL && entry_former.sa_handler != SIG_IGN)
        entry_former.sa_handler (number);
      return;
    }

  entering->place = keep (place);
  entering = NULL;
  if (sigsetjmp (place, 0) != 0)
    entry_func ();
}

/* Raises the signal in this thread, with all other signals blocked, and returns once it has been handled. */
static void
raise_entry_signal (void)
{
  sigset_t all, all_others, former;

  sigfillset (&all);
  sigfillset (&all_others);
  sigdelset (&all_others, ENTRY_SIGNAL);

  pthread_sigmask (SIG_SETMASK, &all, &former);
  raise (ENTRY_SIGNAL);
  while (entering != NULL)
    sigsuspend (&all_others);
  pthread_sigmask (SIG_SETMASK, &former, NULL);
}

static void
jump_into_by_signal (AiodriveStack *self,
                     void         (*func) (void))
{
  struct sigaction action = { .sa_sigaction = on_entry_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
  guint8 *low = aiodrive_stack_get_low (self);
  stack_t stack = { .ss_sp = low, .ss_size = (gsize) ((guint8 *) self - low) };
  stack_t former;

  g_mutex_lock (&entry_lock);
  sigfillset (&action.sa_mask);
  sigaltstack (&stack, &former);
  sigaction (ENTRY_SIGNAL, &action, &entry_former);
  entering = self;
  entry_func = func;
  raise_entry_signal ();
  sigaction (ENTRY_SIGNAL, &entry_former, NULL);
  sigaltstack (&former, NULL);
  g_mutex_unlock (&entry_lock);

  jump (&self->resumer_place, self->place, self->tools.fiber);
}

/* Leaves the stack @self for that of its resumer, and returns when it is resumed. */
G_NO_INLINE static void
leave (AiodriveStack *self)
{
  self->frame = __builtin_frame_address (0);
  self->return_address = __builtin_return_address (0);

  aiodrive_stack_tools_leave (&self->tools);
#if HAVE_MAKECONTEXT
  if (get_means () == AIODRIVE_STACK_SWAP_CONTEXT)
    swap (&self->place, self->resumer_place, self->tools.resumer_fiber);
  else
#endif
    jump (&self->place, self->resumer_place, self->tools.resumer_fiber);
  aiodrive_stack_tools_entered (&self->tools);
}

/* The loop that runs on each stack from its first entry until it is unmapped. */
static void
run (void)
{
  AiodriveStack *self = aiodrive_stack_get_current ();

  aiodrive_stack_tools_entered (&self->tools);
  for (;;)
    {
      self->func (self->data);
      self->state = AIODRIVE_STACK_IDLE;
      leave (self);
    }
}

static void
enter_first (AiodriveStack *self)
{
  switch (get_means ())
    {
#if HAVE_MAKECONTEXT
    case AIODRIVE_STACK_JUMP:
      jump_into (self, run);
      break;
    case AIODRIVE_STACK_SWAP_CONTEXT:
      swap_into (self, run);
      break;
#endif
    default:
      jump_into_by_signal (self, run);
      break;
    }
}

/* Enters the stack @self, and returns when it is left. */
static void
enter (AiodriveStack *self)
{
  AiodriveStack *resumer = aiodrive_stack_get_current ();
  void *fake = NULL;

  aiodrive_stack_set_current (self);
  aiodrive_stack_tools_enter (&self->tools, &fake, aiodrive_stack_get_low (self), self);
  if (self->place == NULL)
    enter_first (self);
#if HAVE_MAKECONTEXT
  else if (get_means () == AIODRIVE_STACK_SWAP_CONTEXT)
    swap (&self->resumer_place, self->place, self->tools.fiber);
#endif
  else
    jump (&self->resumer_place, self->place, self->tools.fiber);
  aiodrive_stack_tools_left (fake);
  aiodrive_stack_set_current (resumer);
}

/* Sets @func as the next function of a free stack. It starts when the stack is resumed. Once it has returned the
 * resumer calls @on_ended, which may release the stack. */
void
aiodrive_stack_start (AiodriveStack     *self,
                      AiodriveStackFunc  func,
                      AiodriveStackFunc  on_ended,
                      gpointer           data)
{
  g_return_if_fail (self->state == AIODRIVE_STACK_IDLE);

  self->func = func;
  self->on_ended = on_ended;
  self->data = data;
  self->state = AIODRIVE_STACK_SUSPENDED;
}

/* Runs a suspended stack until it suspends again or its function returns. Returns FALSE if the function has
 * returned. */
gboolean
aiodrive_stack_resume (AiodriveStack *self)
{
  AiodriveStackFunc outside;

  g_return_val_if_fail (self->state == AIODRIVE_STACK_SUSPENDED, FALSE);

  self->state = AIODRIVE_STACK_ACTIVE;
  self->busy_since = 0;
  self->depth = g_main_depth ();
  self->context = g_main_context_get_thread_default ();
  do
    {
      enter (self);
      outside = g_steal_pointer (&self->outside_func);
      if (outside != NULL)
        aiodrive_stack_call_outside (outside, self->outside_data);
    }
  while (outside != NULL);

  if (self->state == AIODRIVE_STACK_SUSPENDED)
    return TRUE;
  if (self->on_ended != NULL)
    self->on_ended (self->data);
  return FALSE;
}

/* Returns whether the caller belongs to the function that was resumed last, so that a suspension lets its resumer
 * continue. It does not in a callback of a main loop that the function itself runs, nor after a push of a context that
 * its resumer does not iterate. */
gboolean
aiodrive_stack_can_suspend (void)
{
  AiodriveStack *self = aiodrive_stack_get_current ();

  return self != NULL && self->depth == g_main_depth () && self->context == g_main_context_get_thread_default ();
}

/* Suspends the current stack until it is resumed. */
void
aiodrive_stack_suspend (void)
{
  AiodriveStack *self = aiodrive_stack_get_current ();

  g_return_if_fail (self != NULL);

  self->state = AIODRIVE_STACK_SUSPENDED;
  leave (self);
}

/* Calls @func on the thread's own stack, and returns when @func does. Meanwhile no stack is current. */
void
aiodrive_stack_call_outside (AiodriveStackFunc func,
                             gpointer          data)
{
  AiodriveStack *self = aiodrive_stack_get_current ();

  if (self == NULL)
    {
      func (data);
      return;
    }

  self->outside_func = func;
  self->outside_data = data;
  leave (self);
}
