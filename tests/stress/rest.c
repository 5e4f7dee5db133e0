/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/stress.h"

#include <malloc.h>

/* What the process has when nothing goes on in it: the same however long it has run. */

/* Bytes that the main thread has freed, and glibc keeps for it as if it used them; none with the tunable
 * glibc.malloc.tcache_count=0. */
#define SLACK 262144

guint
stress_count_entries (const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* 0 where it cannot be told, and under the sanitizers, which find leaks themselves. */
static gsize
bytes_in_use (void)
{
#ifdef HAVE_MALLINFO2
  return mallinfo2 ().uordblks;
#else
  return 0;
#endif
}

void
stress_rest_take (StressRest *self)
{
  self->n_bytes = bytes_in_use ();
  self->n_threads = stress_count_entries ("/proc/self/task");
  self->n_files = stress_count_entries ("/proc/self/fd");
}

void
stress_rest_print (const StressRest *self,
                   const char       *when)
{
  g_print ("%s: %" G_GSIZE_FORMAT " kB in use, %u threads, %u files\n", when, self->n_bytes / 1024, self->n_threads,
           self->n_files);
}

/* Whether there is no more now than at @before. The threads of GLib's pools have their time to end. */
gboolean
stress_rest_is_same (const StressRest *before)
{
  gint64 end = g_get_monotonic_time () + STRESS_PATIENCE_USEC;
  StressRest now;

  for (;;)
    {
      gboolean same;

      g_thread_pool_stop_unused_threads ();
      stress_rest_take (&now);
      same = now.n_bytes <= before->n_bytes + SLACK && now.n_threads <= before->n_threads &&
             now.n_files <= before->n_files;
      if (same || g_get_monotonic_time () > end)
        {
          stress_rest_print (&now, "at the end");
          return same;
        }
      g_usleep (1000);
    }
}
