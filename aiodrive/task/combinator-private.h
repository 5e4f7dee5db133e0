/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-hub-private.h"
#include "aiodrive/core/wait-queue-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveCombinator AiodriveCombinator;
typedef struct _AiodriveCombinatorChild AiodriveCombinatorChild;

/* The virtual functions of a combinator. They run in the context of the combinator. */
typedef struct
{
  gsize      size;                                       /* of the structure that starts with AiodriveCombinator */
  gboolean   needs_children;                             /* whether an empty list of tasks is an error */
  gboolean   spares_children;                            /* whether a cancelled call does not cancel the children */
  GError  *(*refuse)      (GTask              *task);    /* nullable; returns why the task cannot be a child, or NULL */
  void     (*started)     (AiodriveCombinator *self);    /* nullable; called before any child is watched */
  gboolean (*child_ended) (AiodriveCombinator *self,     /* nullable; returns TRUE to cancel the remaining children */
                           guint               index);
  GError  *(*all_ended)   (AiodriveCombinator *self);    /* returns the error to fail with, or NULL */
} AiodriveCombinatorClass;

struct _AiodriveCombinator
{
  const AiodriveCombinatorClass *klass;
  GTask                         *task;         /* the task to return; owned until then */
  AiodriveDispatcher            *dispatcher;   /* of the context of task */
  AiodriveWorkItem               end;
  AiodriveCancelLink             link;         /* in the scope of task */
  GError                        *refusal;      /* owned, nullable: why the children were refused */

  AiodriveCombinatorChild       *children;     /* owned */
  guint                          n_children;
  gboolean                       cancelled_others;   /* a child failed or won; used in the context, as is the next */
  guint                          n_ended;

  GMutex                         lock;
  guint                          n_pending;    /* guarded by lock, as are the next; the start counts as a child */
  gboolean                       cancelled;    /* the call was cancelled before there was a winner */
  gint                           winner;       /* the index of the child whose outcome the combinator takes, or -1 */
};

/* Usage: new(), then set the fields of the derived structure, then one of the two start functions. */
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

/* Why @task cannot be a child beside those whose cancellables are in @seen, which gets its own; or NULL. */
GError    *aiodrive_combinator_refuse        (const AiodriveCombinatorClass  *klass,
                                              GTask                          *task,
                                              GCancellable                   *of_the_call,
                                              GHashTable                     *seen);

gboolean   aiodrive_combinator_elect         (AiodriveCombinator  *self,
                                              guint                index);
gboolean   aiodrive_combinator_is_cancelled  (AiodriveCombinator  *self);
void       aiodrive_combinator_cancel_others (AiodriveCombinator  *self,
                                              const GError        *reason);
GTask     *aiodrive_combinator_get_child     (AiodriveCombinator  *self,
                                              guint                index);
/* The order of completion: 1 for the first child, 0 for a pending one. */
guint      aiodrive_combinator_get_rank      (AiodriveCombinator  *self,
                                              guint                index);
/* For a completed child; NULL if it succeeded. */
GError    *aiodrive_combinator_get_error     (AiodriveCombinator  *self,
                                              guint                index);
GError    *aiodrive_combinator_sum_up        (AiodriveCombinator  *self);

/* For finish functions, which check with g_async_result_is_tagged() that @result is their own task, in either form. */
AiodriveCombinator *aiodrive_combinator_from_result (GAsyncResult  *result);
GTask              *aiodrive_combinator_finish_leaf (GAsyncResult  *result,
                                                     GError       **error);

G_END_DECLS
