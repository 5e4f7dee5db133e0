/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <signal.h>

G_BEGIN_DECLS

typedef void (*AiodriveSignalFunc) (int signum);

/* What a signal did before it was taken. */
typedef struct
{
  struct sigaction  before;
  GSource          *source;   /* owned, nullable: keeps what GLib has set from being unset */
  struct sigaction  glibs;    /* what GLib has set; if there is a source */
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
