/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/stress/stress.h"

G_BEGIN_DECLS

/* An item that knows what became of it: it is got once, or refused, or left in a stream that went away or was told
 * to drop it. */

/* What is known of one stream. */
typedef struct
{
  gint drops;   /* atomic: it may lose what is in it, from now on */
} Ledger;

typedef struct
{
  gint    ref_count;   /* atomic, as is the next */
  guint   state;
  gint64  index;
  Ledger *ledger;      /* owned */
} Token;

typedef struct
{
  StressShared shared;
  Ledger      *ledger;       /* owned */
  gint         next;         /* atomic: the next index of an ordered queue */
  guint        capacity;     /* of a channel */
  gboolean     has_getter;   /* for may_wait(), as is the next */
  gboolean     has_sender;
} SharedStream;

GType    token_get_type     (void);

Token   *token_new          (SharedStream *stream,
                             gint64        index);
void     token_wrap         (Token        *self,
                             GValue       *value);
void     token_put          (Token        *self,
                             gboolean      accepted);
gint64   token_got          (GValue       *value);

gpointer stream_keep_ledger (StressShared *shared,
                             gpointer      object);
void     stream_finish      (StressShared *shared);
void     stream_report      (void);

G_END_DECLS
