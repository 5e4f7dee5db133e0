/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

#include <sys/eventfd.h>
#include <unistd.h>

/* What GLib itself takes for the least that has to be done. */

typedef struct
{
  Bench  *bench;
  GTask **tasks;
} Tasks;

static GTask **
tasks_new (Bench *bench)
{
  GTask **tasks = g_new (GTask *, bench->n);

  for (gsize i = 0; i < bench->n; i++)
    tasks[i] = g_task_new (NULL, NULL, bench_on_task, bench);
  return tasks;
}

static void
return_tasks (gpointer data)
{
  Tasks *self = data;

  for (gsize i = 0; i < self->bench->n; i++)
    {
      g_task_return_boolean (self->tasks[i], TRUE);
      g_object_unref (self->tasks[i]);
    }
}

/* N tasks that exist are returned where they call back at once. */
static void
return_in_context (Bench *bench)
{
  Tasks self = { bench, tasks_new (bench) };

  bench_begin (bench);
  bench_in_source (return_tasks, &self);
  bench_iterate (bench);
  bench_end (bench);
  g_free (self.tasks);
}

/* The same where each of them needs an idle source. */
static void
return_idle (Bench *bench)
{
  Tasks self = { bench, tasks_new (bench) };

  bench_begin (bench);
  return_tasks (&self);
  bench_iterate (bench);
  bench_end (bench);
  g_free (self.tasks);
}

/* A GTask and a GCancellable are made, and two GTasks are returned, one of which was there before. */
static void
task_and_two_returns (Bench *bench)
{
  Tasks first = { bench, tasks_new (bench) };
  Tasks second = { bench, g_new (GTask *, bench->n) };

  bench_begin (bench);
  for (gsize i = 0; i < bench->n; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();

      second.tasks[i] = g_task_new (NULL, cancellable, bench_on_task, bench);
    }
  bench_in_source (return_tasks, &first);
  bench_iterate (bench);
  bench_in_source (return_tasks, &second);
  bench_iterate_until (bench, 2 * bench->n);
  bench_end (bench);

  bench->n_done /= 2;
  g_free (first.tasks);
  g_free (second.tasks);
}

static void
make_object (Bench *bench)
{
  bench_begin (bench);
  for (; bench->n_done < bench->n; bench->n_done++)
    g_object_unref (g_object_new (G_TYPE_OBJECT, NULL));
  bench_end (bench);
}

static void
push_and_pop (Bench *bench)
{
  g_autoptr(GAsyncQueue) queue = g_async_queue_new ();

  bench_begin (bench);
  for (; bench->n_done < bench->n; bench->n_done++)
    {
      g_async_queue_push (queue, bench);
      g_async_queue_try_pop (queue);
    }
  bench_end (bench);
}

typedef struct
{
  gsize        n;
  GAsyncQueue *queue;
  int          ping;
  int          pong;
} Thread;

static gpointer
push (gpointer data)
{
  Thread *self = data;

  for (gsize i = 0; i < self->n; i++)
    g_async_queue_push (self->queue, self);
  return NULL;
}

/* Through a GAsyncQueue from another thread. */
static void
push_across (Bench *bench)
{
  g_autoptr(GAsyncQueue) queue = g_async_queue_new ();
  Thread self = { bench->n, queue, -1, -1 };
  GThread *thread;

  bench_begin (bench);
  thread = g_thread_new ("push", push, &self);
  for (; bench->n_done < bench->n; bench->n_done++)
    g_async_queue_pop (queue);
  bench_end (bench);
  g_thread_join (thread);
}

static gpointer
echo (gpointer data)
{
  Thread *self = data;
  eventfd_t value;

  for (gsize i = 0; i < self->n; i++)
    {
      eventfd_read (self->ping, &value);
      eventfd_write (self->pong, 1);
    }
  return NULL;
}

/* There and back, by eventfd. */
static void
ping_pong (Bench *bench)
{
  Thread self = { bench->n, NULL, eventfd (0, EFD_CLOEXEC), eventfd (0, EFD_CLOEXEC) };
  GThread *thread;
  eventfd_t value;

  bench_pin ();
  thread = g_thread_new ("echo", echo, &self);
  bench_begin (bench);
  for (; bench->n_done < bench->n; bench->n_done++)
    {
      eventfd_write (self.ping, 1);
      eventfd_read (self.pong, &value);
    }
  bench_end (bench);

  g_thread_join (thread);
  close (self.ping);
  close (self.pong);
}

const BenchCase bench_floors[] =
{
  { "event-wake", "gtask", return_in_context },
  { "event-wake", "gtask-idle", return_idle },
  { "lock-handoff", "floor", return_in_context },
  { "queue-getters", "gtask", return_in_context },
  { "spawn", "floor", task_and_two_returns },
  { "try-lock", "floor", make_object },
  { "queue-try", "floor", push_and_pop },
  { "queue-many", "floor", push_and_pop },
  { "thread-item", "gasyncqueue", push_across, 0, BENCH_WALL },
  { "thread-drained", "gasyncqueue", push_across, 0, BENCH_WALL },
  { "ping-pong", "eventfd", ping_pong, 100000, BENCH_WALL },
  { NULL }
};
