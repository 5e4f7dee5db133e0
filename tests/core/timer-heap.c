/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/timer-heap-private.h"

#include "tests/support/support.h"

#define N_TIMERS 5000

static void
assert_next (AiodriveTimerHeap *heap,
             AiodriveTimer     *expected)
{
  g_assert_true (aiodrive_timer_heap_peek (heap) == expected);
  aiodrive_timer_heap_remove (heap, expected);
  g_assert_cmpuint (expected->place, ==, 0);
}

static void
test_empty (void)
{
  AiodriveTimerHeap heap = { NULL };
  AiodriveTimer timer = { 0 };

  g_test_summary ("A heap that was never used is empty, and a timer that was never added can be removed");

  g_assert_null (aiodrive_timer_heap_peek (&heap));
  aiodrive_timer_heap_remove (&heap, &timer);
  aiodrive_timer_heap_clear (&heap);

  aiodrive_timer_heap_add (&heap, &timer, 1);
  assert_next (&heap, &timer);
  g_assert_null (aiodrive_timer_heap_peek (&heap));
  aiodrive_timer_heap_remove (&heap, &timer);
  aiodrive_timer_heap_clear (&heap);
}

static void
test_equal_times (void)
{
  AiodriveTimerHeap heap = { NULL };
  g_autofree AiodriveTimer *timers = g_new0 (AiodriveTimer, N_TIMERS);

  g_test_summary ("Timers due at the same time come in the order of their start");

  for (guint i = 0; i < N_TIMERS; i++)
    aiodrive_timer_heap_add (&heap, &timers[i], 7);
  for (guint i = 0; i < N_TIMERS; i++)
    assert_next (&heap, &timers[i]);
  aiodrive_timer_heap_clear (&heap);
}

static void
test_restart (void)
{
  AiodriveTimerHeap heap = { NULL };
  AiodriveTimer timers[3] = { 0 };

  g_test_summary ("A timer that is started anew goes behind those that are due at the same time");

  for (guint i = 0; i < 3; i++)
    aiodrive_timer_heap_add (&heap, &timers[i], 7);
  aiodrive_timer_heap_remove (&heap, &timers[0]);
  aiodrive_timer_heap_add (&heap, &timers[0], 7);

  assert_next (&heap, &timers[1]);
  assert_next (&heap, &timers[2]);
  assert_next (&heap, &timers[0]);
  aiodrive_timer_heap_clear (&heap);
}

static void
test_clear (void)
{
  AiodriveTimerHeap heap = { NULL };
  AiodriveTimer timers[3] = { 0 };

  g_test_summary ("Timers of a heap that is cleared are in no heap");

  for (guint i = 0; i < 3; i++)
    aiodrive_timer_heap_add (&heap, &timers[i], i);
  aiodrive_timer_heap_clear (&heap);

  g_assert_null (aiodrive_timer_heap_peek (&heap));
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpuint (timers[i].place, ==, 0);
      aiodrive_timer_heap_remove (&heap, &timers[i]);
    }
}

static gint
compare (gconstpointer a,
         gconstpointer b)
{
  const AiodriveTimer *x = *(AiodriveTimer *const *) a;
  const AiodriveTimer *y = *(AiodriveTimer *const *) b;

  if (x->due != y->due)
    return x->due < y->due ? -1 : 1;
  return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static void
test_random (void)
{
  AiodriveTimerHeap heap = { NULL };
  g_autofree AiodriveTimer *timers = g_new0 (AiodriveTimer, N_TIMERS);
  g_autoptr(GPtrArray) expected = g_ptr_array_new ();

  g_test_summary ("Thousands of timers, half of them removed and some moved, come in the order of their times");

  for (guint i = 0; i < N_TIMERS; i++)
    aiodrive_timer_heap_add (&heap, &timers[i], g_test_rand_int_range (0, N_TIMERS / 4));
  for (guint i = 0; i < N_TIMERS; i++)
    {
      if (g_test_rand_int_range (0, 2) == 0)
        aiodrive_timer_heap_remove (&heap, &timers[i]);
      else if (g_test_rand_int_range (0, 4) == 0)
        {
          aiodrive_timer_heap_remove (&heap, &timers[i]);
          aiodrive_timer_heap_add (&heap, &timers[i], g_test_rand_int_range (0, N_TIMERS / 4));
        }
      if (timers[i].place != 0)
        g_ptr_array_add (expected, &timers[i]);
    }

  g_ptr_array_sort (expected, compare);
  for (guint i = 0; i < expected->len; i++)
    assert_next (&heap, expected->pdata[i]);
  g_assert_null (aiodrive_timer_heap_peek (&heap));
  aiodrive_timer_heap_clear (&heap);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/core/timer-heap/empty", test_empty);
  g_test_add_func ("/aiodrive/core/timer-heap/equal-times", test_equal_times);
  g_test_add_func ("/aiodrive/core/timer-heap/restart", test_restart);
  g_test_add_func ("/aiodrive/core/timer-heap/clear", test_clear);
  g_test_add_func ("/aiodrive/core/timer-heap/random", test_random);

  return g_test_run ();
}
