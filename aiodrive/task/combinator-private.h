/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-hub-private.h"
#include "aiodrive/core/wait-queue-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveCombinator AiodriveCombinator;
typedef struct _AiodriveCombinatorChild AiodriveCombinatorChild;

/* What tells one combinator from another. All of it runs in the context of the combinator. */
typedef struct
{
  gsize      size;                                       /* of the structure that begins with AiodriveCombinator */
  gboolean   needs_children;                             /* whether none at all is an error */
  gboolean   spares_children;                            /* whether a cancelled call leaves the children alone */
  GError  *(*refuse)      (GTask              *task);    /* nullable; why this cannot be a child, or NULL */
  void     (*started)     (AiodriveCombinator *self);    /* nullable; before any child is watched */
  gboolean (*child_ended) (AiodriveCombinator *self,     /* nullable; TRUE: cancel the others */
                           guint               index);
  GError  *(*all_ended)   (AiodriveCombinator *self);    /* the error to end with, or NULL */
} AiodriveCombinatorClass;

struct _AiodriveCombinator
{
  const AiodriveCombinatorClass *klass;
  GTask                         *task;         /* what it returns; owned until then */
  AiodriveDispatcher            *dispatcher;   /* of the context of task */
  AiodriveWorkItem               end;
  AiodriveCancelLink             link;         /* in the scope of task */
  GError                        *refusal;      /* owned, nullable: the children were not acceptable */

  AiodriveCombinatorChild       *children;     /* owned */
  guint                          n_children;
  gboolean                       cancelled_others;   /* because of a child; used in the context */

  GMutex                         lock;
  guint                          n_pending;    /* guarded by lock, as are the next; counts the start too */
  gboolean                       cancelled;    /* the call was cancelled before there was a winner */
  gint                           winner;       /* the child whose outcome is that of the combinator, or -1 */
};

/* First new(), then the fields of the structure that begins with it, then one of the two that start it. */
AiodriveCombinator *aiodrive_combinator_new         (const AiodriveCombinatorClass  *klass,
                                                     GCancellable                   *cancellable,
                                                     GAsyncReadyCallback             callback,
                                                     gpointer                        user_data,
                                                     gpointer                        source_tag);
GTask              *aiodrive_combinator_start       (AiodriveCombinator             *self,
                                                     GTask                         **tasks,
                                                     gsize                           n_tasks);
void                aiodrive_combinator_start_async (AiodriveCombinator             *self,
                                                     GTask                         **tasks,
                                                     gsize                           n_tasks);

gboolean   aiodrive_combinator_elect         (AiodriveCombinator  *self,
                                              guint                index);
gboolean   aiodrive_combinator_is_cancelled  (AiodriveCombinator  *self);
void       aiodrive_combinator_cancel_others (AiodriveCombinator  *self,
                                              const GError        *reason);
GTask     *aiodrive_combinator_get_child     (AiodriveCombinator  *self,
                                              guint                index);
/* Of a child that has ended; NULL if it succeeded. */
GError    *aiodrive_combinator_get_error     (AiodriveCombinator  *self,
                                              guint                index);
GError    *aiodrive_combinator_sum_up        (AiodriveCombinator  *self);

/* For finish functions, which check with g_async_result_is_tagged() that it is a task of theirs, in either form. */
AiodriveCombinator *aiodrive_combinator_from_result (GAsyncResult  *result);
GTask              *aiodrive_combinator_finish_leaf (GAsyncResult  *result,
                                                     GError       **error);

G_END_DECLS
