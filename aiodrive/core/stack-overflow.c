/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/stack-overflow-private.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Tracks on which stack a thread runs, and reports an overflow of that stack.
 *
 * An overflow reads or writes the guard, which raises SIGSEGV (SIGBUS on some systems). The stack has no room left for
 * a signal handler, hence each thread that uses stacks has an alternate signal stack. The handler writes a message if
 * the address lies in the guard of the current stack. It then passes every signal on to the previous handler: a
 * sanitizer's, a virtual machine's, or the default one, which ends the process. (/aiodrive/core/stack/overflow,
 * .../overflow-chained)
 *
 * Async-signal safety. The handler calls only write() and memcpy(). The current stack is a thread-local variable that
 * is allocated with the thread, not when it is first read. */

/* glibc allocates thread-local memory of a library that was loaded later when it is first used, unless told otherwise;
 * musl allocates it with the thread, and refuses this model. */
#ifdef __GLIBC__
#define ALLOCATED_WITH_THE_THREAD __attribute__ ((tls_model ("initial-exec")))
#else
#define ALLOCATED_WITH_THE_THREAD
#endif

#define SIGNAL_STACK_SIZE (64 * 1024)

static __thread AiodriveStack *current ALLOCATED_WITH_THE_THREAD;

static struct sigaction former_segv, former_bus;

/* Neither is inlined: a compiler that saw both sides of a switch could keep the address of the thread's variable across
 * it, and that address is wrong if the fiber continues in another thread. */

__attribute__ ((noinline)) AiodriveStack *
aiodrive_stack_get_current (void)
{
  __asm__ volatile ("");
  return current;
}

__attribute__ ((noinline)) void
aiodrive_stack_set_current (AiodriveStack *self)
{
  __asm__ volatile ("");
  current = self;
}

static char *
append (char       *end,
        char       *limit,
        const char *text)
{
  gsize length = MIN (strlen (text), (gsize) (limit - end));

  memcpy (end, text, length);
  return end + length;
}

static void
report (AiodriveStack *stack)
{
  char message[512];
  char *limit = message + sizeof message;
  char *end = append (message, limit - 1, "Aiodrive: stack overflow in fiber ");
  gssize written;

  /* a long name leaves room for the rest */
  end = append (end, limit - 128, stack->name);
  end = append (end, limit - 1, ": it recurses without end, or needs a larger stack than it has\n");
  written = write (STDERR_FILENO, message, (gsize) (end - message));
  (void) written;
}

static gboolean
is_in_guard (AiodriveStack *stack,
             guint8        *address)
{
  return stack != NULL && address >= stack->memory && address < stack->memory + stack->guard_size;
}

static void
pass_on (struct sigaction *former,
         int               number,
         siginfo_t        *info,
         void             *context)
{
  if ((former->sa_flags & SA_SIGINFO) != 0)
    former->sa_sigaction (number, info, context);
  else if (former->sa_handler != SIG_DFL && former->sa_handler != SIG_IGN)
    former->sa_handler (number);
  else
    sigaction (number, former, NULL);   /* the instruction is executed again, and ends the process */
}

static void
on_signal (int        number,
           siginfo_t *info,
           void      *context)
{
  if (is_in_guard (current, info->si_addr))
    report (current);
  pass_on (number == SIGSEGV ? &former_segv : &former_bus, number, info, context);
}

static void
install_handler (int               number,
                 struct sigaction *former)
{
  struct sigaction action;

  /* first: our handler may need it as soon as it is installed */
  sigaction (number, NULL, former);
  action = *former;
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | (former->sa_flags & (SA_NODEFER | SA_RESTART));
  sigaction (number, &action, NULL);
}

static void
free_signal_stack (gpointer memory)
{
  stack_t now;

  if (sigaltstack (NULL, &now) == 0 && now.ss_sp == memory)
    sigaltstack (&(stack_t) { .ss_flags = SS_DISABLE }, NULL);
  g_free (memory);
}

static GPrivate signal_stack = G_PRIVATE_INIT (free_signal_stack);

/* Starts to report overflows in this thread. A thread that has an alternate signal stack keeps it. */
void
aiodrive_stack_watch_overflow (void)
{
  static gsize installed;
  stack_t stack;

  if (g_once_init_enter (&installed))
    {
      install_handler (SIGSEGV, &former_segv);
      install_handler (SIGBUS, &former_bus);
      g_once_init_leave (&installed, 1);
    }

  if (sigaltstack (NULL, &stack) != 0 || (stack.ss_flags & SS_DISABLE) == 0)
    return;

  stack = (stack_t) { .ss_sp = g_malloc (SIGNAL_STACK_SIZE), .ss_size = SIGNAL_STACK_SIZE };
  g_private_set (&signal_stack, stack.ss_sp);
  sigaltstack (&stack, NULL);
}
