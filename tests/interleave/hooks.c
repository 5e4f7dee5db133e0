/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/interleave/scheduler-private.h"

/* What the library calls in place of the functions of GLib. A GMutex holds in its pointer who has locked it. */

static gpointer
owner (void)
{
  return GUINT_TO_POINTER (scheduler_self + 1);
}

void
interleave_thread_yield (void)
{
  scheduler_wait_as (SPINNING);
}

void
interleave_mutex_init (GMutex *mutex)
{
  mutex->p = NULL;
}

void
interleave_mutex_clear (GMutex *mutex)
{
  if (mutex->p != NULL)
    scheduler_fail ("a lock is destroyed while somebody holds it");
  mutex->p = GUINT_TO_POINTER (G_MAXUINT);   /* nobody can lock it again */
}

void
interleave_mutex_lock (GMutex *mutex)
{
  if (scheduler_self != 0)
    scheduler_threads[scheduler_self - 1].mutex = mutex;
  scheduler_yield ();
  if (mutex->p == owner ())
    scheduler_fail ("a thread locks what it holds already");
  if (mutex->p != NULL)
    scheduler_wait_as (AT_MUTEX);
  if (mutex->p != NULL)
    scheduler_fail ("a lock is held that nobody can let go");
  mutex->p = owner ();
}

void
interleave_mutex_unlock (GMutex *mutex)
{
  if (mutex->p != owner ())
    scheduler_fail ("a thread unlocks what it does not hold");
  mutex->p = NULL;
  scheduler_yield ();
}

void
interleave_cond_init (GCond *cond)
{
}

void
interleave_cond_clear (GCond *cond)
{
}

void
interleave_cond_wait (GCond  *cond,
                      GMutex *mutex)
{
  mutex->p = NULL;
  scheduler_threads[scheduler_self - 1].cond = cond;
  scheduler_wait_as (AT_COND);
  interleave_mutex_lock (mutex);
}

gboolean
interleave_cond_wait_until (GCond  *cond,
                            GMutex *mutex,
                            gint64  end_time)
{
  Virtual *self = &scheduler_threads[scheduler_self - 1];
  gboolean signalled;

  self->timed = TRUE;
  mutex->p = NULL;
  self->cond = cond;
  scheduler_wait_as (AT_COND);
  signalled = !self->timed;
  self->timed = FALSE;
  interleave_mutex_lock (mutex);
  return signalled;
}

void
interleave_cond_signal (GCond *cond)
{
  for (guint i = 0; i < MAX_THREADS; i++)
    if (scheduler_threads[i].state == AT_COND && scheduler_threads[i].cond == cond)
      {
        scheduler_threads[i].state = READY;
        scheduler_threads[i].timed = FALSE;
        return;
      }
}

/* What a main context calls when it has nothing to do. */
gint
interleave_poll (GPollFD *fds,
                 guint    n_fds,
                 gint     timeout)
{
  if (scheduler_self != 0 && timeout != 0 && g_poll (fds, n_fds, 0) == 0)
    {
      scheduler_threads[scheduler_self - 1].fds = fds;
      scheduler_threads[scheduler_self - 1].n_fds = n_fds;
      scheduler_threads[scheduler_self - 1].timed = timeout > 0;
      scheduler_wait_as (AT_POLL);
      scheduler_threads[scheduler_self - 1].timed = FALSE;
    }
  return g_poll (fds, n_fds, 0);
}

GMainContext *
interleave_main_context_new (void)
{
  GMainContext *context = g_main_context_new ();

  g_main_context_set_poll_func (context, interleave_poll);
  return context;
}

void
interleave_at_atomic (void)
{
  scheduler_yield ();
}

void
interleave_object_unref (gpointer object)
{
  scheduler_yield ();
  g_object_unref (object);
}

gpointer
interleave_weak_ref_get (GWeakRef *weak_ref)
{
  scheduler_yield ();
  return g_weak_ref_get (weak_ref);
}

gpointer
interleave_object_dup_qdata (GObject        *object,
                             GQuark          quark,
                             GDuplicateFunc  dup_func,
                             gpointer        data)
{
  gpointer copy;

  scheduler_yield ();
  scheduler_alone = TRUE;
  copy = g_object_dup_qdata (object, quark, dup_func, data);
  scheduler_alone = FALSE;
  return copy;
}

/*
 * Threads that the library starts
 */

GThread *
interleave_thread_try_new (const char   *name,
                           GThreadFunc   func,
                           gpointer      data,
                           GError      **error)
{
  Virtual *thread = &scheduler_threads[MAX_BODIES];

  while (thread < scheduler_threads + MAX_THREADS && (thread->state != IDLE || thread->held))
    thread++;
  if (thread == scheduler_threads + MAX_THREADS)
    scheduler_fail ("there are too many scheduler_threads");

  thread->func = func;
  thread->data = data;
  thread->held = TRUE;
  thread->state = READY;
  scheduler_yield ();
  return thread->thread;
}

static Virtual *
let_go (GThread *thread)
{
  for (guint i = 0; i < MAX_THREADS; i++)
    if (scheduler_threads[i].thread == thread && scheduler_threads[i].held)
      {
        scheduler_threads[i].held = FALSE;
        return &scheduler_threads[i];
      }
  scheduler_fail ("a thread is joined that nobody holds");
}

gpointer
interleave_thread_join (GThread *thread)
{
  Virtual *joined;

  scheduler_yield ();
  joined = let_go (thread);
  joined->held = TRUE;   /* until then it is not used again */
  if (joined->state != IDLE)
    {
      scheduler_threads[scheduler_self - 1].joined = joined;
      scheduler_wait_as (AT_JOIN);
    }
  joined->held = FALSE;
  return NULL;
}

void
interleave_thread_unref (GThread *thread)
{
  scheduler_yield ();
  let_go (thread);
}

void
interleave_private_replace (GPrivate *key,
                            gpointer  value)
{
  if (scheduler_self != 0)
    scheduler_threads[scheduler_self - 1].key = key;
  g_private_replace (key, value);
}
