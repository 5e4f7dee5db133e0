/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that loads a library and uses it once, for counting instructions: GIO alone, or this library. */
#ifdef WITH_AIODRIVE
#include "aiodrive/aiodrive.h"
#else
#include <gio/gio.h>
#endif

static gboolean done;

static void
on_ended (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  done = TRUE;
}

#ifdef WITH_AIODRIVE
static void
begin (void)
{
  g_autoptr(AiodriveThreadSafeEvent) event = aiodrive_thread_safe_event_new ();

  aiodrive_thread_safe_event_wait_async (event, NULL, on_ended, NULL);
  aiodrive_thread_safe_event_set (event);
}
#else
static void
begin (void)
{
  g_autoptr(GTask) task = g_task_new (NULL, NULL, on_ended, NULL);

  g_task_return_boolean (task, TRUE);
}
#endif

/* Nothing but the threads that GLib has made itself may be there. */
static void
count_threads (void)
{
  g_autoptr(GDir) threads = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (threads != NULL && g_dir_read_name (threads) != NULL)
    n++;
  g_print ("%u\n", n);
}

int
main (int    argc,
      char **argv)
{
  begin ();
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  if (argc > 1)
    count_threads ();
  return 0;
}
