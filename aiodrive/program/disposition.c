/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/program/disposition-private.h"

#include <dlfcn.h>
#include <glib-unix.h>

/* The disposition of a signal while it has waiters, and the one before.
 *
 * No window. The handler is ours, not that of g_unix_signal_source_new(): with the last of its sources GLib sets
 * SIG_DFL, whatever the disposition was before the first. Until the old one is restored a signal would kill the
 * process, and no thread can block it for all others. Ours is set and unset by one sigaction() each, so there is no
 * such window. (/aiodrive/program/signals/hammered-while-handlers-come-and-go)
 *
 * GLib's sources still work. If the old disposition was SIG_DFL or GLib's handler, we hold a GLib source, so GLib
 * changes nothing when other sources come or go, and our handler calls GLib's. (.../with-glib-before,
 * .../with-glib-after) If it was SIG_IGN or another handler, dropping a GLib source would briefly set SIG_DFL, and
 * keeping it would disable that handler. So in that case g_unix_signal_add() takes the signal away from us, as
 * sigaction() would. */

static gboolean
is_glibs (const struct sigaction *action)
{
  Dl_info here, there;

  return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN &&
         dladdr ((gpointer) action->sa_handler, &here) != 0 && dladdr ((gpointer) g_source_attach, &there) != 0 &&
         here.dli_fbase == there.dli_fbase;
}

/* GLib notifies its sources of a signal from its own thread, and when a source is added. */
static void
make_glib_tell (int signum)
{
  g_source_unref (g_unix_signal_source_new (signum));
}

/* Returns whether a signal arrived while GLib's handler was installed and ours was not. */
static gboolean
has_come (GSource *source,
          int      signum)
{
  gint timeout;

  make_glib_tell (signum);
  return source->source_funcs->prepare (source, &timeout);
}

/* Installs @handler. Returns TRUE if a signal arrived just before it was installed, and must be treated as if it had
 * come after. */
gboolean
aiodrive_disposition_take (AiodriveDisposition *self,
                           int                  signum,
                           AiodriveSignalFunc   handler)
{
  struct sigaction ours = { .sa_handler = handler, .sa_flags = SA_RESTART | SA_ONSTACK };
  struct sigaction now;

  sigfillset (&ours.sa_mask);   /* one after the other */

  /* ours may be installed if other code has saved and restored it */
  sigaction (signum, NULL, &now);
  if (now.sa_handler != handler)
    self->before = now;

  if (is_glibs (&self->before))
    make_glib_tell (signum);   /* an earlier signal is not for us */
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

/* Restores the old disposition, unless other code has set one since. */
void
aiodrive_disposition_restore (AiodriveDisposition *self,
                              int                  signum,
                              AiodriveSignalFunc   handler)
{
  struct sigaction before, now;

  sigaction (signum, NULL, &before);
  if (self->source != NULL)
    make_glib_tell (signum);   /* otherwise the next source would be notified of an earlier signal */
  g_clear_pointer (&self->source, g_source_unref);   /* GLib sets SIG_DFL if this is its last source */
  sigaction (signum, NULL, &now);

  if (now.sa_handler == handler)
    sigaction (signum, g_atomic_pointer_get (&self->next) != NULL ? &self->glibs : &self->before, NULL);
  else if (before.sa_handler != handler)
    sigaction (signum, &before, NULL);
  g_atomic_pointer_set (&self->next, NULL);
}

/* Does what GLib's handler does for a signal. Called by our handler. */
void
aiodrive_disposition_chain (AiodriveDisposition *self,
                            int                  signum)
{
  AiodriveSignalFunc next = (AiodriveSignalFunc) g_atomic_pointer_get (&self->next);

  if (next != NULL)
    next (signum);
}
