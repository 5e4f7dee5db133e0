/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "aiodrive/core/dispatcher-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveCancelHub AiodriveCancelHub;
typedef struct _AiodriveCancelLink AiodriveCancelLink;

/* Those who want to be told when one cancellable is cancelled. */
struct _AiodriveCancelHub
{
  GMutex lock;     /* a leaf */
  GQueue links;    /* of AiodriveCancelLink, by their nodes; guarded by lock, as is the next */
  guint  generation;
};

/* One of them; embedded in what it belongs to. */
struct _AiodriveCancelLink
{
  GList              node;        /* guarded by the hub's lock, as are the next five */
  AiodriveCancelHub *hub;         /* NULL: never added */
  guint              generation;  /* of hub when it was added, or was not notified */
  gboolean           linked;
  gboolean           notifying;
  gboolean           left;        /* remove() came while notifying: done() tells the owner */
  /* while the hub is locked, more than once if the cancellable is reset: whether to notify */
  gboolean         (*try_ref) (AiodriveCancelLink *link);
  void             (*notify) (AiodriveCancelLink *link);  /* in the thread that cancels; nothing is locked */
};

void               aiodrive_cancel_hub_embed    (GType               type,
                                                 gint                offset);
void               aiodrive_cancel_hub_init     (AiodriveCancelHub  *self);
void               aiodrive_cancel_hub_clear    (AiodriveCancelHub  *self);
void               aiodrive_cancel_hub_notify   (AiodriveCancelHub  *self,
                                                 GCancellable       *cancellable);

/* For notify(). */
void               aiodrive_cancel_hub_cancel     (GCancellable       *cancellable);
void               aiodrive_cancel_hub_cancel_all (GPtrArray          *cancellables);

gboolean           aiodrive_cancel_link_add     (AiodriveCancelLink *self,
                                                 GCancellable       *cancellable);
gboolean           aiodrive_cancel_link_remove  (AiodriveCancelLink *self);

gboolean           aiodrive_cancel_link_begin   (AiodriveCancelLink *self);
void               aiodrive_cancel_link_done    (AiodriveCancelLink *self,
                                                 AiodriveDispatcher *dispatcher,
                                                 AiodriveWorkItem   *work);

G_END_DECLS
