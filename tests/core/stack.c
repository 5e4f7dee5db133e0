/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/support.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "aiodrive/core/stack-switch-private.h"

/* The memory of stacks. */

#define N_KEPT 1024

static GPtrArray *
acquire_many (guint n)
{
  GPtrArray *stacks = g_ptr_array_new ();

  for (guint i = 0; i < n; i++)
    {
      g_autoptr(GError) error = NULL;

      g_ptr_array_add (stacks, aiodrive_stack_acquire ("many", &error));
      g_assert_no_error (error);
    }
  return stacks;
}

static void
release_many (GPtrArray *stacks)
{
  for (guint i = 0; i < stacks->len; i++)
    aiodrive_stack_release (g_ptr_array_index (stacks, i));
  g_ptr_array_unref (stacks);
}

static void
run_now (AiodriveStackFunc func,
         gpointer          data)
{
  AiodriveStack *stack = aiodrive_stack_acquire ("test", NULL);

  g_assert_nonnull (stack);
  aiodrive_stack_start (stack, func, NULL, data);
  g_assert_false (aiodrive_stack_resume (stack));
  aiodrive_stack_release (stack);
}

static void
test_reuse (void)
{
  AiodriveStack *first = aiodrive_stack_acquire ("first", NULL);
  AiodriveStack *second = aiodrive_stack_acquire ("second", NULL);
  AiodriveStackPool *pool = aiodrive_stack_pool_get ();
  guint n_mapped = aiodrive_stack_count_mapped ();
  g_autofree char *names = aiodrive_stack_list_names (g_thread_self ());

  g_test_summary ("A stack that was released is the next that is acquired");

  g_assert_cmpstr (names, ==, "first, second");
  g_assert_cmpuint (aiodrive_stack_pool_count (pool), ==, 0);
  aiodrive_stack_release (first);
  aiodrive_stack_release (second);
  g_assert_cmpuint (aiodrive_stack_pool_count (pool), ==, 2);
  g_assert_true (aiodrive_stack_acquire ("third", NULL) == second);
  aiodrive_stack_release (second);
  g_assert_cmpuint (aiodrive_stack_count_mapped (), ==, n_mapped);
  g_assert_null (aiodrive_stack_list_names (NULL));
}

/* Uses about @size bytes of its stack. */
static guint G_NO_INLINE
use_stack (gssize size)
{
  volatile guint8 frame[1024];

  memset ((gpointer) frame, 0x55, sizeof frame);
  return frame[size & 1023] + (size > 0 ? use_stack (size - (gssize) sizeof frame) : 0);
}

static void
use_most (gpointer data)
{
  /* what the sanitizers surround a frame with takes as much again */
  *(guint *) data = use_stack ((gssize) aiodrive_stack_get_size () / 4);
}

static void
fill_all (gpointer data)
{
  AiodriveStack *stack = aiodrive_stack_get_current ();
  guint8 *low = aiodrive_stack_get_low (stack);

  memset (low, 0x55, stack->size / 2);
  *(guint *) data = low[0];
}

static void
test_deep (void)
{
  guint used = 0;
  guint filled = 0;

  g_test_summary ("The whole stack can be used");

  run_now (use_most, &used);
  g_assert_cmpuint (used, >, 0);
  run_now (fill_all, &filled);
  g_assert_cmpuint (filled, ==, 0x55);
  g_assert_cmpuint (aiodrive_stack_get_size (), ==, GLIB_SIZEOF_VOID_P == 8 ? 1024 * 1024 : 256 * 1024);
}

static void
test_size (void)
{
  gsize size = aiodrive_stack_get_size ();
  AiodriveStack *old = aiodrive_stack_acquire ("old", NULL);
  AiodriveStack *current;
  guint used = 0;

  g_test_summary ("The size is that of stacks acquired later; free ones of another size go");

  aiodrive_stack_set_size (8 * 1024 * 1024 - 1);
  g_assert_cmpuint (aiodrive_stack_get_size (), ==, 8 * 1024 * 1024);
  aiodrive_stack_release (old);
  current = aiodrive_stack_acquire ("current", NULL);
  g_assert_cmpuint (current->size, ==, 8 * 1024 * 1024);
  g_assert_cmpuint (aiodrive_stack_count_mapped (), ==, 1);
  run_now (use_most, &used);

  aiodrive_stack_set_size (size);
  aiodrive_stack_release (current);
  g_assert_cmpuint (used, >, 0);

  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*assertion*MINIMAL_SIZE*");
  aiodrive_stack_set_size (4096);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (aiodrive_stack_get_size (), ==, size);
}

/* ThreadSanitizer needs a megabyte for each stack, and has room for 8000. */
static gboolean
can_have_many (void)
{
  if (__tsan_create_fiber == NULL)
    return TRUE;
  g_test_skip ("so many stacks are too many for ThreadSanitizer");
  return FALSE;
}

static GSource *
find_timer (void)
{
  return g_main_context_find_source_by_user_data (NULL, aiodrive_stack_pool_get ());
}

/* Lets the timer of the pool fire until a round has ended. */
static void
shrink_once (void)
{
  GSource *timer = find_timer ();

  g_assert_nonnull (timer);
  g_source_set_ready_time (timer, 0);
  do
    g_main_context_iteration (NULL, TRUE);
  while (!g_source_is_destroyed (timer) && g_source_get_ready_time (timer) == 0);
}

static void
test_shrink (void)
{
  AiodriveStackPool *pool = aiodrive_stack_pool_get ();
  guint n = 3 * N_KEPT;
  guint n_expected = n;

  g_test_summary ("The pool keeps what was in use at one moment; the surplus goes by halves, and at last its timer");

  if (!can_have_many ())
    return;

  /* the round that begins forgets what was used before it */
  release_many (acquire_many (n));
  g_assert_cmpuint (aiodrive_stack_pool_count (pool), ==, n);
  shrink_once ();
  g_assert_cmpuint (aiodrive_stack_pool_count (pool), ==, n);

  while (n_expected > N_KEPT)
    {
      n_expected -= (n_expected - N_KEPT + 1) / 2;
      shrink_once ();
      g_assert_cmpuint (aiodrive_stack_pool_count (pool), ==, n_expected);
      g_assert_cmpuint (aiodrive_stack_count_mapped (), ==, n_expected);
    }

  shrink_once ();
  g_assert_null (find_timer ());
  g_assert_cmpuint (aiodrive_stack_pool_count (pool), ==, N_KEPT);

  /* 1024 are kept without any peak; what is used is no surplus */
  release_many (acquire_many (1));
  g_assert_nonnull (find_timer ());
  shrink_once ();
  shrink_once ();
  g_assert_null (find_timer ());
}

static gsize
count_resident (AiodriveStack *stack)
{
  gsize page_size = (gsize) sysconf (_SC_PAGESIZE);
  gsize n_pages = stack->size / page_size;
  g_autofree guint8 *pages = g_new0 (guint8, n_pages);
  gsize n = 0;

  g_assert_cmpint (mincore (aiodrive_stack_get_low (stack), stack->size, pages), ==, 0);
  for (gsize i = 0; i < n_pages; i++)
    n += pages[i] & 1;
  return n * page_size;
}

static void
test_trim (void)
{
  AiodriveStack *stack = aiodrive_stack_acquire ("deep", NULL);
  guint used = 0;

  g_test_summary ("A stack that was free for a round gives back what a deep call has committed, and works as before");

  aiodrive_stack_start (stack, fill_all, NULL, &used);
  g_assert_false (aiodrive_stack_resume (stack));
  g_assert_cmpuint (count_resident (stack), >=, stack->size / 2);
  aiodrive_stack_release (stack);

  shrink_once ();
  g_assert_cmpuint (count_resident (stack), >=, stack->size / 2);
  shrink_once ();
  g_assert_cmpuint (count_resident (stack), <=, 16 * 1024);

  g_assert_true (aiodrive_stack_acquire ("again", NULL) == stack);
  aiodrive_stack_start (stack, fill_all, NULL, &used);
  g_assert_false (aiodrive_stack_resume (stack));
  aiodrive_stack_release (stack);
}

static gpointer
use_in_thread (gpointer unused)
{
  guint used = 0;

  g_assert_cmpuint (aiodrive_stack_pool_count (aiodrive_stack_pool_get ()), ==, 0);
  run_now (use_most, &used);
  release_many (acquire_many (10));
  return NULL;
}

static void
test_thread (void)
{
  guint n_mapped = aiodrive_stack_count_mapped ();

  g_test_summary ("The pool of a thread goes with it, while its context and the timer in that live on");

  g_thread_join (g_thread_new ("test", use_in_thread, NULL));
  g_assert_cmpuint (aiodrive_stack_count_mapped (), ==, n_mapped);
}

static void
suspend_once (gpointer unused)
{
  aiodrive_stack_suspend ();
}

static gpointer
leave_suspended (gpointer stack)
{
  *(AiodriveStack **) stack = aiodrive_stack_acquire ("forgotten", NULL);
  aiodrive_stack_start (*(AiodriveStack **) stack, suspend_once, NULL, NULL);
  g_assert_true (aiodrive_stack_resume (*(AiodriveStack **) stack));
  return NULL;
}

static void
test_thread_suspended (void)
{
  AiodriveStack *stack = NULL;

  g_test_summary ("A thread that ends names its suspended fibers; another one can resume them");

  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_WARNING, "*suspended: forgotten");
  g_thread_join (g_thread_new ("test", leave_suspended, &stack));
  g_test_assert_expected_messages ();

  g_assert_false (aiodrive_stack_resume (stack));
  aiodrive_stack_release (stack);
}

/* What happens in a process of its own: no core files. */
static void
begin_subprocess (void)
{
  setrlimit (RLIMIT_CORE, &(struct rlimit) { 0, 0 });
}

static void
recurse (gpointer data)
{
  guint used = use_stack (G_MAXSSIZE);

  g_assert_cmpuint (used, ==, 0);
}

static void
overflow_now (void)
{
  AiodriveStack *stack = aiodrive_stack_acquire ("greedy", NULL);

  aiodrive_stack_start (stack, recurse, NULL, NULL);
  aiodrive_stack_resume (stack);
}

static void
test_overflow_subprocess (void)
{
  begin_subprocess ();
  overflow_now ();
}

static void
test_overflow (void)
{
  g_test_summary ("An overflow names the fiber, and ends the process");

  g_test_trap_subprocess ("/aiodrive/core/stack/overflow/subprocess", 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*stack overflow in fiber greedy*");
}

static void
on_overflow (int number)
{
  static const char text[] = "chained\n";

  _exit (write (STDERR_FILENO, text, sizeof text - 1) > 0 ? 3 : 4);
}

static void
test_overflow_chained_subprocess (void)
{
  begin_subprocess ();
  signal (SIGSEGV, on_overflow);
  overflow_now ();
}

static void
test_overflow_chained (void)
{
  g_test_summary ("An overflow goes on to the handler that was there before");

  g_test_trap_subprocess ("/aiodrive/core/stack/overflow-chained/subprocess", 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*stack overflow in fiber greedy*chained*");
}

static void
fault (gpointer unused)
{
  raise (SIGSEGV);
}

static void
test_fault_subprocess (void)
{
  begin_subprocess ();
  signal (SIGSEGV, on_overflow);
  run_now (fault, NULL);
}

static void
test_fault (void)
{
  g_test_summary ("Any other fault in a fiber goes to the former handler without a word");

  g_test_trap_subprocess ("/aiodrive/core/stack/fault/subprocess", 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*chained*");
  g_test_trap_assert_stderr_unmatched ("*overflow*");
}

/* Acquires stacks until that fails, and returns them. */
static GPtrArray *
acquire_all (const char *expected)
{
  GPtrArray *stacks = g_ptr_array_new ();
  g_autoptr(GError) error = NULL;
  AiodriveStack *stack;

  while ((stack = aiodrive_stack_acquire ("many", &error)) != NULL)
    g_ptr_array_add (stacks, stack);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_assert_nonnull (strstr (error->message, expected));

  /* what is released can be acquired */
  aiodrive_stack_release (g_ptr_array_index (stacks, 0));
  stacks->pdata[0] = aiodrive_stack_acquire ("one more", NULL);
  g_assert_nonnull (stacks->pdata[0]);
  return stacks;
}

static void
test_address_space_subprocess (void)
{
  setrlimit (RLIMIT_AS, &(struct rlimit) { 1024 * 1024 * 1024, 1024 * 1024 * 1024 });
  release_many (acquire_all (g_strerror (ENOMEM)));
}

static void
test_address_space (void)
{
  g_test_summary ("A stack that cannot be mapped is an error");

  if (__tsan_create_fiber != NULL || __sanitizer_start_switch_fiber != NULL)
    {
      g_test_skip ("the sanitizers map terabytes");
      return;
    }
  g_test_trap_subprocess ("/aiodrive/core/stack/address-space/subprocess", 0, 0);
  g_test_trap_assert_passed ();
}

/* Makes the kernel one that guards pages by mprotect() alone. */
static void
forbid_guards (void)
{
  struct sock_filter instructions[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, __NR_madvise, 0, 3),
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, args[2])),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, 102 /* MADV_GUARD_INSTALL */, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = { G_N_ELEMENTS (instructions), instructions };

  g_assert_cmpint (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
  g_assert_cmpint (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), ==, 0);
}

static void
test_too_many_subprocess (void)
{
  GPtrArray *stacks;
  gpointer memory[1000];

  forbid_guards ();
  stacks = acquire_all ("vm.max_map_count");

  /* each is a mapping */
  for (guint i = 0; i < G_N_ELEMENTS (memory); i++)
    memory[i] = g_malloc (1024 * 1024);
  for (guint i = 0; i < G_N_ELEMENTS (memory); i++)
    g_free (memory[i]);
  release_many (stacks);
}

static void
test_too_many (void)
{
  g_test_summary ("Where a guard is a mapping, stacks are refused before malloc() fails");

  if (!can_have_many ())
    return;
  if (GLIB_SIZEOF_VOID_P < 8)
    {
      g_test_skip ("the address space ends before the mappings do");
      return;
    }
  g_test_trap_subprocess ("/aiodrive/core/stack/too-many/subprocess", 0, 0);
  g_test_trap_assert_passed ();
}

static void
test_mapped_guard_subprocess (void)
{
  begin_subprocess ();
  forbid_guards ();
  overflow_now ();
}

static void
test_mapped_guard (void)
{
  g_test_summary ("A guard that is a mapping guards as well");

  g_test_trap_subprocess ("/aiodrive/core/stack/mapped-guard/subprocess", 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*stack overflow in fiber greedy*");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/core/stack/reuse", test_reuse);
  g_test_add_func ("/aiodrive/core/stack/deep", test_deep);
  g_test_add_func ("/aiodrive/core/stack/size", test_size);
  g_test_add_func ("/aiodrive/core/stack/trim", test_trim);
  g_test_add_func ("/aiodrive/core/stack/shrink", test_shrink);
  g_test_add_func ("/aiodrive/core/stack/thread", test_thread);
  g_test_add_func ("/aiodrive/core/stack/thread-suspended", test_thread_suspended);
  g_test_add_func ("/aiodrive/core/stack/overflow", test_overflow);
  g_test_add_func ("/aiodrive/core/stack/overflow/subprocess", test_overflow_subprocess);
  g_test_add_func ("/aiodrive/core/stack/overflow-chained", test_overflow_chained);
  g_test_add_func ("/aiodrive/core/stack/overflow-chained/subprocess", test_overflow_chained_subprocess);
  g_test_add_func ("/aiodrive/core/stack/fault", test_fault);
  g_test_add_func ("/aiodrive/core/stack/fault/subprocess", test_fault_subprocess);
  g_test_add_func ("/aiodrive/core/stack/address-space", test_address_space);
  g_test_add_func ("/aiodrive/core/stack/address-space/subprocess", test_address_space_subprocess);
  g_test_add_func ("/aiodrive/core/stack/too-many", test_too_many);
  g_test_add_func ("/aiodrive/core/stack/too-many/subprocess", test_too_many_subprocess);
  g_test_add_func ("/aiodrive/core/stack/mapped-guard", test_mapped_guard);
  g_test_add_func ("/aiodrive/core/stack/mapped-guard/subprocess", test_mapped_guard_subprocess);

  return g_test_run ();
}
