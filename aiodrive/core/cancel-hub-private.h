/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "aiodrive/core/dispatcher-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveCancelHub AiodriveCancelHub;
typedef struct _AiodriveCancelLink AiodriveCancelLink;

/* The links to notify when one cancellable is cancelled. */
struct _AiodriveCancelHub
{
  GMutex lock;     /* a leaf lock */
  GQueue links;    /* of AiodriveCancelLink, by their nodes; guarded by lock, as is the next */
  guint  generation;
};

/* A link, embedded in its owner. */
struct _AiodriveCancelLink
{
  GList              node;        /* guarded by the hub's lock, as are the next five */
  AiodriveCancelHub *hub;         /* NULL: never added */
  guint              generation;  /* of hub when the link was added, or last skipped */
  gboolean           linked;
  gboolean           notifying;
  gboolean           left;        /* remove() came while notifying: done() tells the owner */
  /* called with the hub's lock held, again if the cancellable is reset: whether to notify */
  gboolean         (*try_ref) (AiodriveCancelLink *link);
  void             (*notify) (AiodriveCancelLink *link);  /* runs in the cancelling thread, with no lock held */
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
void               aiodrive_cancel_link_detach  (AiodriveCancelLink *self);

gboolean           aiodrive_cancel_link_begin   (AiodriveCancelLink *self);
void               aiodrive_cancel_link_done    (AiodriveCancelLink *self,
                                                 AiodriveDispatcher *dispatcher,
                                                 AiodriveWorkItem   *work);

G_END_DECLS
