/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <signal.h>

G_BEGIN_DECLS

typedef void (*AiodriveSignalFunc) (int signum);

/* The disposition of a signal before it was replaced. */
typedef struct
{
  struct sigaction  before;
  GSource          *source;   /* owned, nullable: keeps GLib's handler installed */
  struct sigaction  glibs;    /* GLib's handler; if there is a source */
  gpointer          next;     /* atomic, nullable: the AiodriveSignalFunc of GLib, for our handler to call */
} AiodriveDisposition;

gboolean aiodrive_disposition_take    (AiodriveDisposition *self,
                                       int                  signum,
                                       AiodriveSignalFunc   handler);
void     aiodrive_disposition_restore (AiodriveDisposition *self,
                                       int                  signum,
                                       AiodriveSignalFunc   handler);
void     aiodrive_disposition_chain   (AiodriveDisposition *self,
                                       int                  signum);

G_END_DECLS
