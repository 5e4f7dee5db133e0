/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/binding.h"
#include "tests/support/support.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <unistd.h>

typedef struct
{
  GSource *source;    /* owned */
  guint    n_calls;
  gint64   again;     /* the ready time that the callback sets, or -1 */
  gboolean nests;     /* the callback iterates the context until it was called once more */
  gboolean idle_ran;
} Fixture;

static gboolean
on_wake (gpointer data)
{
  Fixture *self = data;
  guint n_calls = ++self->n_calls;

  g_assert_cmpint (g_source_get_ready_time (self->source), ==, -1);
  g_source_set_ready_time (self->source, self->again);
  if (self->nests)
    {
      self->nests = FALSE;
      test_iterate_until (self->n_calls > n_calls);
      test_settle ();
    }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_idle (gpointer data)
{
  ((Fixture *) data)->idle_ran = TRUE;
  return G_SOURCE_REMOVE;
}

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  self->again = -1;
  self->source = aiodrive_wake_source_new ();
  g_source_set_callback (self->source, on_wake, self, NULL);
  g_source_attach (self->source, NULL);
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
}

static void
test_once (Fixture       *self,
           gconstpointer  data)
{
  g_test_summary ("It is called once for each time that it is woken, and not before");

  test_settle ();
  g_assert_cmpuint (self->n_calls, ==, 0);
  g_source_set_ready_time (self->source, 0);
  g_source_set_ready_time (self->source, 0);
  test_settle ();
  g_assert_cmpuint (self->n_calls, ==, 1);
}

static void
test_timer (Fixture       *self,
            gconstpointer  data)
{
  gint64 due = g_get_monotonic_time () + 2000;

  g_test_summary ("It is called when its time has come");

  g_source_set_ready_time (self->source, due);
  test_iterate_until (self->n_calls > 0);
  g_assert_cmpint (g_get_monotonic_time (), >=, due);
}

static gpointer
wake (gpointer data)
{
  g_source_set_ready_time (((Fixture *) data)->source, 0);
  return NULL;
}

static void
test_thread (Fixture       *self,
             gconstpointer  data)
{
  g_test_summary ("Another thread wakes a context that waits");

  for (guint i = 1; i <= 200; i++)
    {
      GThread *thread = g_thread_new (NULL, wake, self);

      test_iterate_until (self->n_calls == i);
      g_thread_join (thread);
    }
}

static void
test_nested (Fixture       *self,
             gconstpointer  data)
{
  g_test_summary ("It is called once in a main loop that its callback runs, woken or not");

  self->nests = TRUE;
  g_source_set_ready_time (self->source, 0);
  test_settle ();
  g_assert_cmpuint (self->n_calls, ==, 2);
}

static void
test_fair (Fixture       *self,
           gconstpointer  data)
{
  GSource *idle = g_idle_source_new ();

  g_test_summary ("Where it is woken again and again, a source of a low priority has its turn");

  self->again = 0;
  g_source_set_ready_time (self->source, 0);
  g_source_set_callback (idle, on_idle, self, NULL);
  g_source_attach (idle, NULL);
  test_iterate_until (self->idle_ran);
  g_assert_cmpuint (self->n_calls, >, 1);
  g_source_unref (idle);

  self->n_calls = 0;
  test_iterate_until (self->n_calls > 100);
}

typedef struct
{
  GSource *wake;   /* unowned */
  guint    n_low;
  gboolean stops;
} Alternation;

static void
on_slept (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_source_set_ready_time (((Alternation *) user_data)->wake, 0);
}

static gboolean
sleep_again (gpointer data)
{
  Alternation *self = data;

  if (!self->stops)
    aiodrive_sleep_async (0, NULL, on_slept, self);
  return G_SOURCE_CONTINUE;
}

static gboolean
count_low (gpointer data)
{
  ((Alternation *) data)->n_low++;
  return G_SOURCE_CONTINUE;
}

static void
test_alternating (Fixture       *self,
                  gconstpointer  data)
{
  Alternation alternation = { .wake = self->source };
  GSource *idle = g_idle_source_new ();

  g_test_summary ("A source of a low priority has its turn when this source alternates with waits");

  g_source_set_callback (self->source, sleep_again, &alternation, NULL);
  g_source_set_ready_time (self->source, 0);
  g_source_set_callback (idle, count_low, &alternation, NULL);
  g_source_attach (idle, NULL);
  test_iterate_until (alternation.n_low >= 5);
  alternation.stops = TRUE;
  g_source_destroy (idle);
  g_source_unref (idle);
  test_settle ();
}

static gboolean
count_iteration (gpointer data)
{
  ++*(guint *) data;
  return G_SOURCE_CONTINUE;
}

static void
test_time_stands (Fixture       *self,
                  gconstpointer  data)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  GSource *idle = g_idle_source_new ();
  guint n_idle = 0;

  g_test_summary ("While it leaves an iteration to others, virtual time stands");

  aiodrive_sleep_async (3600000, NULL, NULL, NULL);
  self->again = 0;
  g_source_set_ready_time (self->source, 0);
  g_source_set_callback (idle, count_iteration, &n_idle, NULL);
  g_source_attach (idle, NULL);
  test_iterate_until (n_idle > 3);   /* so often it did */
  g_source_destroy (idle);
  g_source_unref (idle);
  for (gint64 end = g_get_monotonic_time () + 5000; g_get_monotonic_time () < end; )
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (aiodrive_test_context_get_elapsed (test), ==, 0);

  self->again = -1;
  test_iterate_until (aiodrive_test_context_get_elapsed (test) > 0);
}

static gboolean
on_last_wake (gpointer data)
{
  ((Fixture *) data)->n_calls++;
  return G_SOURCE_REMOVE;
}

static void
test_removed (Fixture       *self,
              gconstpointer  data)
{
  g_test_summary ("A callback that wants no more calls gets none");

  g_source_set_callback (self->source, on_last_wake, self, NULL);
  g_source_set_ready_time (self->source, 0);
  test_settle ();
  g_assert_true (g_source_is_destroyed (self->source));
  g_source_set_ready_time (self->source, 0);
  test_settle ();
  g_assert_cmpuint (self->n_calls, ==, 1);
}

typedef struct
{
  int   fds[2];
  guint n_calls;
} Pipe;

static gboolean
on_readable (gpointer data)
{
  Pipe *self = data;

  self->n_calls++;
  return G_SOURCE_CONTINUE;
}

static void
open_pipe (Pipe *self)
{
  g_assert_true (g_unix_open_pipe (self->fds, FD_CLOEXEC, NULL));
  self->n_calls = 0;
}

static void
close_pipe (Pipe *self)
{
  close (self->fds[0]);
  close (self->fds[1]);
}

static void
test_fd (Fixture       *self,
         gconstpointer  data)
{
  Pipe ends;
  char byte = 'x';

  g_test_summary ("It is called while the file descriptor that it watches is ready, and when it was woken");

  open_pipe (&ends);
  aiodrive_wake_source_watch_fd (self->source, ends.fds[0], G_IO_IN);
  g_source_set_callback (self->source, on_readable, &ends, NULL);
  test_settle ();
  g_assert_cmpuint (ends.n_calls, ==, 0);
  g_source_set_ready_time (self->source, 0);
  test_settle ();
  g_assert_cmpuint (ends.n_calls, ==, 1);
  g_assert_cmpint (write (ends.fds[1], &byte, 1), ==, 1);
  test_iterate_until (ends.n_calls == 4);
  g_assert_cmpint (read (ends.fds[0], &byte, 1), ==, 1);
  g_assert_false (g_main_context_pending (NULL));

  aiodrive_wake_source_watch_fd (self->source, ends.fds[1], G_IO_OUT); /* another one */
  test_iterate_until (ends.n_calls == 7);
  aiodrive_wake_source_watch_fd (self->source, -1, 0);
  g_assert_false (g_main_context_pending (NULL));
  close_pipe (&ends);
}

static void
test_fd_fair (Fixture       *self,
              gconstpointer  data)
{
  GSource *idle = g_idle_source_new ();
  Alternation alternation = { NULL };
  Pipe ends;

  g_test_summary ("A source of a low priority has its turn while the file descriptor stays ready");

  open_pipe (&ends);
  aiodrive_wake_source_watch_fd (self->source, ends.fds[1], G_IO_OUT);
  g_source_set_callback (self->source, on_readable, &ends, NULL);
  g_source_set_callback (idle, count_low, &alternation, NULL);
  g_source_attach (idle, NULL);
  test_iterate_until (alternation.n_low >= 5);
  g_assert_cmpuint (ends.n_calls, >, 5);
  g_source_destroy (idle);
  g_source_unref (idle);
  aiodrive_wake_source_watch_fd (self->source, -1, 0);
  close_pipe (&ends);
}

static void
test_fd_hang_up (Fixture       *self,
                 gconstpointer  data)
{
  Pipe ends;

  g_test_summary ("It is called when the other end is closed, whatever it watches for");

  open_pipe (&ends);
  aiodrive_wake_source_watch_fd (self->source, ends.fds[0], 0);
  g_source_set_callback (self->source, on_readable, &ends, NULL);
  test_settle ();
  g_assert_cmpuint (ends.n_calls, ==, 0);
  close (ends.fds[1]);
  test_iterate_until (ends.n_calls > 0);
  g_source_destroy (self->source);
  close (ends.fds[0]);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function) \
  g_test_add ("/aiodrive/binding/wake-source/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("once", test_once);
  ADD ("timer", test_timer);
  ADD ("thread", test_thread);
  ADD ("nested", test_nested);
  ADD ("fair", test_fair);
  ADD ("alternating", test_alternating);
  ADD ("time-stands", test_time_stands);
  ADD ("removed", test_removed);
  ADD ("fd", test_fd);
  ADD ("fd-fair", test_fd_fair);
  ADD ("fd-hang-up", test_fd_hang_up);

  return g_test_run ();
}
