/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/program/disposition-private.h"

#include <dlfcn.h>
#include <glib-unix.h>

/* What a signal does while somebody waits for it, and what it did before.
 *
 * The handler is ours, not that of g_unix_signal_source_new(): with the last of its sources GLib sets SIG_DFL, whatever
 * was there before the first. Until what was there is put back, a signal would kill the process, and other threads
 * cannot be kept from getting one. Ours is set and unset by one sigaction() each, so there is no such moment.
 * (/aiodrive/program/signals/hammered-while-handlers-come-and-go)
 *
 * GLib's sources go on all the same. Where there was nothing before, or GLib's handler, we hold a source of GLib's:
 * then it changes nothing when others come or go, and its handler is called by ours. (.../with-glib-before,
 * .../with-glib-after) Where there was SIG_IGN or another handler, a source that we drop would leave SIG_DFL for a
 * moment, and one that we keep would leave others deaf; so there g_unix_signal_add() takes the signal away from us, as
 * sigaction() would. */

static gboolean
is_glibs (const struct sigaction *action)
{
  Dl_info here, there;

  return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN &&
         dladdr ((gpointer) action->sa_handler, &here) != 0 && dladdr ((gpointer) g_source_attach, &there) != 0 &&
         here.dli_fbase == there.dli_fbase;
}

/* GLib tells its sources of what has come when its thread gets to it, and when there is a new source. */
static void
make_glib_tell (int signum)
{
  g_source_unref (g_unix_signal_source_new (signum));
}

/* Whether a signal came while GLib's handler was there and ours was not. */
static gboolean
has_come (GSource *source,
          int      signum)
{
  gint timeout;

  make_glib_tell (signum);
  return source->source_funcs->prepare (source, &timeout);
}

/* Sets @handler. TRUE if a signal came too early for it, but so late that it is to be treated as if it had been
 * there. */
gboolean
aiodrive_disposition_take (AiodriveDisposition *self,
                           int                  signum,
                           AiodriveSignalFunc   handler)
{
  struct sigaction ours = { .sa_handler = handler, .sa_flags = SA_RESTART | SA_ONSTACK };
  struct sigaction now;

  sigfillset (&ours.sa_mask);   /* one after the other */

  /* ours may be there if somebody else has saved it and put it back */
  sigaction (signum, NULL, &now);
  if (now.sa_handler != handler)
    self->before = now;

  if (is_glibs (&self->before))
    make_glib_tell (signum);   /* what came before is not for us */
  if (self->before.sa_handler == SIG_DFL || is_glibs (&self->before))
    {
      self->source = g_unix_signal_source_new (signum);
      sigaction (signum, NULL, &self->glibs);
      if (is_glibs (&self->glibs))
        g_atomic_pointer_set (&self->next, (gpointer) self->glibs.sa_handler);
    }
  sigaction (signum, &ours, NULL);

  return self->source != NULL && has_come (self->source, signum);
}

/* Puts back what was there, unless somebody else has set something since. */
void
aiodrive_disposition_restore (AiodriveDisposition *self,
                              int                  signum,
                              AiodriveSignalFunc   handler)
{
  struct sigaction before, now;

  sigaction (signum, NULL, &before);
  if (self->source != NULL)
    make_glib_tell (signum);   /* or the next one would be told of what came by now */
  g_clear_pointer (&self->source, g_source_unref);   /* GLib sets SIG_DFL if nobody else has one */
  sigaction (signum, NULL, &now);

  if (now.sa_handler == handler)
    sigaction (signum, g_atomic_pointer_get (&self->next) != NULL ? &self->glibs : &self->before, NULL);
  else if (before.sa_handler != handler)
    sigaction (signum, &before, NULL);
  g_atomic_pointer_set (&self->next, NULL);
}

/* Does for a signal that came what GLib's handler does. To be called by ours. */
void
aiodrive_disposition_chain (AiodriveDisposition *self,
                            int                  signum)
{
  AiodriveSignalFunc next = (AiodriveSignalFunc) g_atomic_pointer_get (&self->next);

  if (next != NULL)
    next (signum);
}
