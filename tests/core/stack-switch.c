/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/support.h"

#include <string.h>

#include "aiodrive/core/stack-switch-private.h"

/* Switching between stacks, with each of the means. */

static AiodriveStack *
start (const char        *name,
       AiodriveStackFunc  func,
       gpointer           data)
{
  AiodriveStack *stack = aiodrive_stack_acquire (name, NULL);

  g_assert_nonnull (stack);
  aiodrive_stack_start (stack, func, NULL, data);
  return stack;
}

/* What a fiber leaves behind. */
static GString *trace;

static void
assert_trace (const char *expected)
{
  g_assert_cmpstr (trace->str, ==, expected);
  g_string_truncate (trace, 0);
}

static void
say_twice (gpointer word)
{
  g_string_append (trace, word);
  aiodrive_stack_suspend ();
  g_string_append (trace, word);
}

static void
test_order (void)
{
  AiodriveStack *a = start ("a", say_twice, (gpointer) "a");
  AiodriveStack *b = start ("b", say_twice, (gpointer) "b");

  g_test_summary ("A function runs where it is resumed, up to its next suspension");

  g_assert_true (aiodrive_stack_resume (a));
  g_assert_true (aiodrive_stack_resume (b));
  g_string_append (trace, "-");
  g_assert_false (aiodrive_stack_resume (b));
  g_assert_false (aiodrive_stack_resume (a));
  assert_trace ("ab-ba");

  aiodrive_stack_release (a);
  aiodrive_stack_start (b, say_twice, NULL, (gpointer) "c");
  g_assert_true (aiodrive_stack_resume (b));
  g_assert_false (aiodrive_stack_resume (b));
  aiodrive_stack_release (b);
  assert_trace ("cc");
}

static void
look_around (gpointer stack)
{
  char here;
  AiodriveStack *self = aiodrive_stack_get_current ();

  g_assert_true (self == *(AiodriveStack **) stack);
  aiodrive_stack_suspend ();
  g_assert_true (aiodrive_stack_get_current () == self);
  /* what AddressSanitizer moves elsewhere is not on the stack */
  if (__sanitizer_start_switch_fiber == NULL)
    g_assert_true (&here > (char *) aiodrive_stack_get_low (self) && &here < (char *) self);
}

static void
test_current (void)
{
  AiodriveStack *stack = NULL;

  g_test_summary ("A stack is current while it runs, and knows where it was left");

  stack = start ("current", look_around, &stack);
  g_assert_null (aiodrive_stack_get_current ());
  g_assert_true (aiodrive_stack_resume (stack));
  g_assert_null (aiodrive_stack_get_current ());
  g_assert_true ((guint8 *) stack->frame > (guint8 *) aiodrive_stack_get_low (stack));
  g_assert_nonnull (stack->return_address);
  g_assert_false (aiodrive_stack_resume (stack));
  g_assert_null (aiodrive_stack_get_current ());
  aiodrive_stack_release (stack);
}

static void
resume_inner (gpointer inner)
{
  AiodriveStack *self = aiodrive_stack_get_current ();

  g_string_append (trace, "(");
  g_assert_true (aiodrive_stack_resume (inner));
  g_assert_true (aiodrive_stack_get_current () == self);
  aiodrive_stack_suspend ();
  g_string_append (trace, ")");
}

static void
test_nested (void)
{
  AiodriveStack *inner = start ("inner", say_twice, (gpointer) "i");
  AiodriveStack *outer = start ("outer", resume_inner, inner);

  g_test_summary ("One that another one resumed comes back to it, and can be resumed elsewhere later");

  g_assert_true (aiodrive_stack_resume (outer));
  g_assert_false (aiodrive_stack_resume (inner));
  g_assert_false (aiodrive_stack_resume (outer));
  assert_trace ("(ii)");
  aiodrive_stack_release (inner);
  aiodrive_stack_release (outer);
}

static void
say_outside (gpointer word)
{
  g_assert_null (aiodrive_stack_get_current ());
  g_string_append (trace, word);
}

static void
call_outside (gpointer word)
{
  AiodriveStack *self = aiodrive_stack_get_current ();

  g_string_append (trace, "[");
  aiodrive_stack_call_outside (say_outside, word);
  g_assert_true (aiodrive_stack_get_current () == self);
  aiodrive_stack_suspend ();
  g_string_append (trace, "]");
}

static void
call_outside_deeper (gpointer word)
{
  AiodriveStack *inner = start ("inner", call_outside, word);

  g_assert_true (aiodrive_stack_resume (inner));
  g_assert_false (aiodrive_stack_resume (inner));
  aiodrive_stack_release (inner);
}

static void
test_call_outside (void)
{
  AiodriveStack *stack = start ("a", call_outside, (gpointer) "o");

  g_test_summary ("A function that is called outside runs on the thread's own stack, whatever the caller runs on");

  g_assert_true (aiodrive_stack_resume (stack));
  g_assert_false (aiodrive_stack_resume (stack));
  assert_trace ("[o]");
  aiodrive_stack_start (stack, call_outside_deeper, NULL, (gpointer) "d");
  g_assert_false (aiodrive_stack_resume (stack));
  assert_trace ("[d]");
  aiodrive_stack_release (stack);

  aiodrive_stack_call_outside (say_outside, (gpointer) "o");
  assert_trace ("o");
}

static void
count_down (gpointer data)
{
  guint *n = data;
  double sum = 0;

  while (*n > 0)
    {
      double before = sum;

      (*n)--;
      aiodrive_stack_suspend ();
      g_assert_cmpfloat (sum, ==, before);
      sum += 0.5;
    }
}

static void
test_many_switches (void)
{
  guint n = test_rounds (1000000);
  guint n_resumed = 0;
  AiodriveStack *stack = start ("counter", count_down, &n);

  g_test_summary ("What a function keeps in registers and on its stack stays");

  for (guint n_expected = n; aiodrive_stack_resume (stack); n_resumed++)
    g_assert_cmpuint (n, ==, n_expected - n_resumed - 1);
  g_assert_cmpuint (n, ==, 0);
  aiodrive_stack_release (stack);
}

/* The sanitizers need megabytes for each, and valgrind looks for leaks in all of it. */
static guint
get_many (void)
{
#ifdef AIODRIVE_STACK_TOOLS_VALGRIND
  if (RUNNING_ON_VALGRIND)
    return 100;
#endif
  if (__tsan_create_fiber != NULL || __sanitizer_start_switch_fiber != NULL)
    return 1000;
  return GLIB_SIZEOF_VOID_P < 8 ? 1000 : test_rounds (100000);   /* an address space of 4 GiB has no room for them */
}

static void
test_many_suspended (void)
{
  guint n = get_many ();
  g_autoptr(GPtrArray) stacks = g_ptr_array_new ();

  g_test_summary ("A hundred thousand wait at one moment");

  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (stacks, start ("many", say_twice, (gpointer) ""));
      g_assert_true (aiodrive_stack_resume (g_ptr_array_index (stacks, i)));
    }
  for (guint i = 0; i < n; i++)
    {
      g_assert_false (aiodrive_stack_resume (g_ptr_array_index (stacks, i)));
      aiodrive_stack_release (g_ptr_array_index (stacks, i));
    }
}

static void
hold_memory (gpointer unused)
{
  g_autofree char *held = g_strdup ("held");

  aiodrive_stack_suspend ();
  g_assert_cmpstr (held, ==, "held");
}

static void
test_exit_subprocess (void)
{
  start ("never resumed", hold_memory, NULL);
  aiodrive_stack_resume (start ("held", hold_memory, NULL));
}

static void
test_exit (void)
{
  g_test_summary ("A process that exits names its suspended fibers when it is asked to; what they hold is not leaked");

  g_setenv ("G_MESSAGES_DEBUG", "Aiodrive", TRUE);
  g_test_trap_subprocess ("/aiodrive/core/stack-switch/exit/subprocess", 0, 0);
  g_unsetenv ("G_MESSAGES_DEBUG");
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*suspended: never resumed, held*");
}

static void
test_misuse (void)
{
  AiodriveStack *stack = start ("a", say_twice, (gpointer) "");

  g_test_summary ("There is nothing to suspend outside of a stack, and none is started or resumed twice");

  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*assertion*self != NULL*");
  aiodrive_stack_suspend ();
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*assertion*AIODRIVE_STACK_IDLE*");
  aiodrive_stack_start (stack, say_twice, NULL, NULL);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*assertion*AIODRIVE_STACK_IDLE*");
  aiodrive_stack_release (stack);
  g_assert_true (aiodrive_stack_resume (stack));
  g_assert_false (aiodrive_stack_resume (stack));
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*assertion*AIODRIVE_STACK_SUSPENDED*");
  g_assert_false (aiodrive_stack_resume (stack));
  g_test_assert_expected_messages ();
  aiodrive_stack_release (stack);
}

static gpointer
run_with_means (gpointer means)
{
  aiodrive_stack_set_means (GPOINTER_TO_INT (means));
  test_order ();
  test_current ();
  test_nested ();
  test_call_outside ();
  test_many_switches ();
  aiodrive_stack_set_means (AIODRIVE_STACK_JUMP);
  return NULL;
}

static gboolean
is_signal_stack_watched (void)
{
#ifdef AIODRIVE_STACK_TOOLS_VALGRIND
  if (RUNNING_ON_VALGRIND)
    return TRUE;
#endif
  return __tsan_create_fiber != NULL;
}

/* In a thread: its pool has no stack that was entered by other means. */
static void
test_means (gconstpointer means)
{
  if (GPOINTER_TO_INT (means) == AIODRIVE_STACK_JUMP_SIGNAL && is_signal_stack_watched ())
    {
      g_test_skip ("ThreadSanitizer and valgrind take the frame of a signal handler for gone when it returns");
      return;
    }
  g_thread_join (g_thread_new ("test", run_with_means, (gpointer) means));
}

int
main (int    argc,
      char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  trace = g_string_new (NULL);

  g_test_add_func ("/aiodrive/core/stack-switch/order", test_order);
  g_test_add_func ("/aiodrive/core/stack-switch/current", test_current);
  g_test_add_func ("/aiodrive/core/stack-switch/nested", test_nested);
  g_test_add_func ("/aiodrive/core/stack-switch/call-outside", test_call_outside);
  g_test_add_func ("/aiodrive/core/stack-switch/many-switches", test_many_switches);
  g_test_add_func ("/aiodrive/core/stack-switch/many-suspended", test_many_suspended);
  g_test_add_func ("/aiodrive/core/stack-switch/misuse", test_misuse);
  g_test_add_func ("/aiodrive/core/stack-switch/exit", test_exit);
  g_test_add_func ("/aiodrive/core/stack-switch/exit/subprocess", test_exit_subprocess);
  g_test_add_data_func ("/aiodrive/core/stack-switch/swap-context", GINT_TO_POINTER (AIODRIVE_STACK_SWAP_CONTEXT),
                        test_means);
  g_test_add_data_func ("/aiodrive/core/stack-switch/signal", GINT_TO_POINTER (AIODRIVE_STACK_JUMP_SIGNAL), test_means);

  status = g_test_run ();
  g_string_free (trace, TRUE);
  return status;
}
