/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/program/signals-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#include "aiodrive/program/disposition-private.h"

/* The signals that have waiters, and their delivery.
 *
 * No lost signals. A signal interrupts some thread. Its handler sets a mark and wakes a thread of ours, which notifies
 * the waiters. Every thread that is about to add or remove a waiter processes the marks first. So each waiter at the
 * arrival of the signal is notified, and a later cancellation finds it woken.
 * (/aiodrive/program/signals/cancel-after-signal)
 *
 * Coalescing. A signal that arrives after a waiter was woken and before its callback has returned merges with the
 * earlier one, as a blocked signal would. If a signal finds no waiter left (its handler had started in another thread),
 * it is raised again, for the current disposition. */

typedef struct
{
  gint                 signum;
  const char          *name;
  gint                 came;          /* atomic */
  guint                n_users;       /* guarded by monitor, as is the next */
  AiodriveDisposition  disposition;
} Signal;

static Signal signals[] = {
  { SIGHUP, "SIGHUP" },   { SIGINT, "SIGINT" },   { SIGTERM, "SIGTERM" },
  { SIGUSR1, "SIGUSR1" }, { SIGUSR2, "SIGUSR2" }, { SIGWINCH, "SIGWINCH" },
};

static void on_cancel    (AiodriveWaitQueue *queue);
static void on_cancelled (AiodriveWaitQueue *queue,
                          gpointer           request);

static AiodriveMonitor   monitor;
static AiodriveWaitQueue waiters = { .on_cancel = on_cancel, .on_cancelled = on_cancelled };   /* guarded by monitor */
static gint              pipe_fds[2] = { -1, -1 };   /* set once, under the monitor */

static Signal *
find_signal (gint signum)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    if (signals[i].signum == signum)
      return &signals[i];
  return NULL;
}

/* Runs in any interrupted thread, at any moment. If the pipe is full the thread will be woken anyway. */
static void
on_signal (int signum)
{
  int saved_errno = errno;
  Signal *self = find_signal (signum);
  G_GNUC_UNUSED gssize written;

  g_atomic_int_set (&self->came, TRUE);
  written = write (pipe_fds[1], "", 1);
  aiodrive_disposition_chain (&self->disposition, signum);
  errno = saved_errno;
}

static void
wake_waiters (guint i)
{
  AiodriveWaiter *next;

  for (AiodriveWaiter *waiter = aiodrive_wait_queue_get_first (&waiters); waiter != NULL; waiter = next)
    {
      AiodriveSignalRequest *request = waiter->granted;

      next = aiodrive_waiter_get_next (waiter);
      if (request->wanted & (1u << i))
        {
          request->signum = signals[i].signum;
          aiodrive_wait_queue_wake (&waiters, waiter, &monitor);
        }
    }
}

/* Delivers the signals that have arrived. */
void
aiodrive_signals_tell (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      Signal *self = &signals[i];

      if (!g_atomic_int_compare_and_exchange (&self->came, TRUE, FALSE))
        continue;
      if (self->n_users > 0)
        {
          wake_waiters (i);
          continue;
        }
      aiodrive_disposition_restore (&self->disposition, self->signum, on_signal);
      kill (getpid (), self->signum);
    }
}

static gpointer
run_thread (gpointer data)
{
  char buffer[64];
  sigset_t all;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, NULL);
  while (read (pipe_fds[0], buffer, sizeof buffer) > 0)
    {
      aiodrive_monitor_lock (&monitor);
      aiodrive_signals_tell ();
      aiodrive_monitor_unlock (&monitor);
    }
  g_assert_not_reached ();
}

/* The thread runs until the process exits, as GLib's does. */
static gboolean
start_thread (GError **error)
{
  gint fds[2];
  GThread *thread;

  if (pipe_fds[0] >= 0)
    return TRUE;
  if (!g_unix_open_pipe (fds, FD_CLOEXEC, error))
    return FALSE;

  g_unix_set_fd_nonblocking (fds[1], TRUE, NULL);
  memcpy (pipe_fds, fds, sizeof fds);
  thread = g_thread_try_new ("aiodrive-signal", run_thread, NULL, error);
  if (thread != NULL)
    {
      g_thread_unref (thread);
      return TRUE;
    }
  close (fds[0]);
  close (fds[1]);
  pipe_fds[0] = pipe_fds[1] = -1;
  return FALSE;
}

/* Checks the arguments of a call, and prepares the table. */
gboolean
aiodrive_signals_begin (const gint         *signums,
                        gsize               n_signums,
                        AiodriveSignalSet  *wanted,
                        GError            **error)
{
  gboolean started;

  *wanted = 0;
  for (gsize i = 0; i < n_signums; i++)
    {
      Signal *self = find_signal (signums[i]);

      if (self == NULL)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The signal %d cannot be handled", signums[i]);
          return FALSE;
        }
      *wanted |= 1u << (self - signals);
    }
  if (n_signums == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "There is no signal to wait for");
      return FALSE;
    }

  aiodrive_monitor_lock (&monitor);
  started = start_thread (error);
  aiodrive_monitor_unlock (&monitor);
  return started;
}

const char *
aiodrive_signals_get_name (gint signum)
{
  return find_signal (signum)->name;
}

AiodriveMonitor *
aiodrive_signals_lock (void)
{
  aiodrive_monitor_lock (&monitor);
  return &monitor;
}

AiodriveWaitQueue *
aiodrive_signals_get_queue (void)
{
  return &waiters;
}

/* Called before a waiter is added. */
void
aiodrive_signals_take (AiodriveSignalSet wanted)
{
  aiodrive_signals_tell ();   /* an earlier signal is not for this waiter */
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      Signal *self = &signals[i];

      if ((wanted & (1u << i)) && self->n_users++ == 0 &&
          aiodrive_disposition_take (&self->disposition, self->signum, on_signal))
        g_atomic_int_set (&self->came, TRUE);
    }
}

/* Called when the waiter is gone. A second call has no effect. */
void
aiodrive_signals_give_back (AiodriveSignalSet *wanted)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      Signal *self = &signals[i];

      if ((*wanted & (1u << i)) && --self->n_users == 0)
        aiodrive_disposition_restore (&self->disposition, self->signum, on_signal);
    }
  *wanted = 0;
}

static void
on_cancel (AiodriveWaitQueue *queue)
{
  aiodrive_signals_tell ();
}

static void
on_cancelled (AiodriveWaitQueue *queue,
              gpointer           request)
{
  aiodrive_signals_give_back (&((AiodriveSignalRequest *) request)->wanted);
}
