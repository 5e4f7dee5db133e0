/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-hub-private.h"
#include "aiodrive/core/cancel-scope.h"
#include "aiodrive/core/weak-private.h"

G_BEGIN_DECLS

/* In the dispose of the task. FALSE if it lives on, because of a new reference; then renew_task() has to follow. */
typedef gboolean (*AiodriveTaskDisposed) (GTask    *task,
                                          gpointer  task_record);

struct _AiodriveCancelScope
{
  GCancellable        parent_instance;

  GCancellable       *parent;        /* owned, nullable; read atomically. Set once, as is the link, but for move_up() */
  AiodriveCancelLink  link;          /* in the hub of parent */
  AiodriveWeak        itself;        /* for finders of the link or the timer */
  gint                shielded;      /* atomic */
  gint                has_deadline;  /* atomic */
  gint                passed_over;   /* atomic: what moves up leaves it out, as it has ended or moved up itself */
  gpointer            number;        /* atomic: a gsize, once somebody has asked for it */
  gint                expected;      /* atomic: somebody has looked for a parent, and wants to know of a later one */
  gint                consulted;     /* atomic: somebody knows a nearest deadline by way of this scope */
  guint               known;         /* atomic: the state of all deadlines for which nearest holds; 0: none */
  AiodriveCancelScope *nearest;      /* atomic, unowned, nullable: at or above, the one whose deadline is the nearest */
  gint64              stamp;         /* of the iteration in which it was created; set once */

  AiodriveCancelHub   hub;           /* its lock guards what follows too */
  gint64              deadline;      /* -1: none */
  AiodriveDispatcher *dispatcher;    /* owned; where timer is */
  AiodriveTimer       timer;         /* guarded by dispatcher */
  GError             *reason;        /* owned, nullable; set once */
  AiodriveCancelScope *origin;       /* unowned, nullable: above, the one whose reason applies; set once */
  GTask              *task;          /* unowned; atomic; cleared while it is disposed */
  AiodriveWeak        weak_task;     /* the same, for those who want a reference */
  gpointer            task_record;   /* owned; set once, as are the next two */
  AiodriveTaskDisposed on_task_disposed;
  GDestroyNotify      task_record_free;
};

/* The task that a scope belongs to, and what the library knows of that task. */
void               aiodrive_cancel_scope_set_task        (AiodriveCancelScope *self,
                                                          GTask               *task,
                                                          gpointer             task_record,
                                                          AiodriveTaskDisposed on_task_disposed,
                                                          GDestroyNotify       task_record_free);
void               aiodrive_cancel_scope_renew_task      (AiodriveCancelScope *self);
gpointer           aiodrive_cancel_scope_get_task_record (AiodriveCancelScope *self,
                                                          GTask               *task);

AiodriveCancelScope *aiodrive_cancel_scope_new_shielded (GCancellable      *parent);

/* Puts a scope that has no parent below one, once and for all. FALSE if it has one, or is above
 * the other itself. */
gboolean           aiodrive_cancel_scope_attach          (AiodriveCancelScope *self,
                                                          GCancellable        *parent);
GCancellable      *aiodrive_cancel_scope_peek_parent     (AiodriveCancelScope *self);

/* No use after free. A walk up the tree counts itself, and a scope that moves up waits for all walks before it releases
 * its old parent. So nothing that a walk passes is freed; but nothing in it may call foreign code, or block. One step
 * from a scope that cannot move, as it has no shield, needs no walk. (move-up-and-walk in tests/interleave) */
void               aiodrive_scope_walk_begin             (void);
void               aiodrive_scope_walk_end               (void);

/* The parent, with a reference: for a step that does what a walk may not. */
GCancellable      *aiodrive_cancel_scope_dup_parent      (AiodriveCancelScope *self);

/* The work of this scope has ended: what moves up passes it over. */
void               aiodrive_cancel_scope_pass_over       (AiodriveCancelScope *self);

/* A number of this scope alone, for a key that outlives it. */
gsize              aiodrive_cancel_scope_get_number      (AiodriveCancelScope *self);

/* The next scope up whose cancellation reaches a scope: none above a shield. */
AiodriveCancelScope *aiodrive_cancel_scope_get_reaching_parent (AiodriveCancelScope *self);

/* The nearest scope at or above @cancellable that belongs to a task, with a reference. */
AiodriveCancelScope *aiodrive_cancellable_find_task_scope (GCancellable      *cancellable);
/* Whether @other is at or above @cancellable. */
gboolean           aiodrive_cancellable_is_within        (GCancellable        *cancellable,
                                                          GCancellable        *other);

/* For an index of what is below scopes, which has to be mended when one of them gets a parent. */
GCancellable      *aiodrive_cancel_scope_expect_parent   (AiodriveCancelScope *self);
guint              aiodrive_cancel_scope_count_attached  (void);

/* A call that has to know when a deadline changes that applies to it: changed() is called in the thread that makes the
 * change, with no lock held. */
typedef struct _AiodriveDeadlineWatch AiodriveDeadlineWatch;

struct _AiodriveDeadlineWatch
{
  void        (*changed) (AiodriveDeadlineWatch *self);
  GCancellable *cancellable;   /* unowned */
  guint         n_pins;        /* guarded by the lock of the list, as is the next */
  GList         node;
};

void               aiodrive_deadline_watch_add           (AiodriveDeadlineWatch *self,
                                                          GCancellable        *cancellable);
void               aiodrive_deadline_watch_remove        (AiodriveDeadlineWatch *self);
void               aiodrive_deadline_changed             (AiodriveCancelScope *scope);

void               aiodrive_cancel_scope_set_reason      (AiodriveCancelScope *self,
                                                          const GError        *reason);

void               aiodrive_cancel_scope_inherit_reason  (AiodriveCancelScope *self,
                                                          GCancellable        *parent);
void               aiodrive_cancel_scope_cancel_late     (AiodriveCancelScope *self,
                                                          GCancellable        *parent);

void               aiodrive_cancel_scope_init_deadline   (AiodriveCancelScope *self);
void               aiodrive_cancel_scope_cancel_if_late  (AiodriveCancelScope *self);
gint64             aiodrive_cancellable_get_deadline     (GCancellable        *cancellable,
                                                          AiodriveTimeSource **source);
gboolean           aiodrive_cancellable_is_cancelled     (GCancellable        *cancellable);
gboolean           aiodrive_cancellable_set_error        (GCancellable        *cancellable,
                                                          GError             **error);

/* The iteration in which a scope was created, as aiodrive_dispatcher_stamp() has it; 0 for other cancellables. */
gint64             aiodrive_cancellable_get_stamp        (GCancellable        *cancellable);

G_END_DECLS
