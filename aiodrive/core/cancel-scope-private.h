/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-hub-private.h"
#include "aiodrive/core/cancel-scope.h"
#include "aiodrive/core/weak-private.h"

G_BEGIN_DECLS

/* Called in the dispose of the task. Returns FALSE if a new reference keeps the task alive; then the caller must call
 * renew_task(). */
typedef gboolean (*AiodriveTaskDisposed) (GTask    *task,
                                          gpointer  task_record);

typedef struct _AiodriveScopeTie AiodriveScopeTie;

struct _AiodriveCancelScope
{
  GCancellable        parent_instance;

  GCancellable       *parent;        /* owned, nullable; atomic; set once, as is the link, except by move_up() */
  AiodriveCancelLink  link;          /* in the hub of parent */
  AiodriveWeak        itself;        /* for finders of the link or the timer */
  gint                shielded;      /* atomic */
  gint                has_deadline;  /* atomic */
  gint                passed_over;   /* atomic: has ended or moved up; a scope that moves up skips it */
  gpointer            number;        /* atomic: a gsize, assigned on first use */
  gint                expected;      /* atomic: a reader found no parent, and expects one */
  gint                consulted;     /* atomic: a cached nearest deadline depends on this scope */
  guint               known;         /* atomic: the state of all deadlines for which nearest is valid; 0: none */
  AiodriveCancelScope *nearest;      /* atomic, unowned, nullable: at or above, the one whose deadline is the nearest */
  gint64              stamp;         /* of the iteration in which it was created; set once */

  AiodriveCancelHub   hub;           /* its lock guards what follows too */
  gint64              deadline;      /* -1: none */
  AiodriveDispatcher *dispatcher;    /* owned; where timer is */
  AiodriveTimer       timer;         /* guarded by dispatcher */
  GError             *reason;        /* owned, nullable; set once */
  AiodriveCancelScope *origin;       /* unowned, nullable: above, the one whose reason applies; set once */
  GTask              *task;          /* unowned; atomic; cleared while it is disposed */
  AiodriveWeak        weak_task;     /* the same, for finders that take a reference */
  gpointer            task_record;   /* owned; set once, as are the next two */
  AiodriveTaskDisposed on_task_disposed;
  GDestroyNotify      task_record_free;
  AiodriveScopeTie   *tie;           /* owned, nullable: to the object that it ends with; set once */
};

/* A scope that is tied to an object leaves it in its dispose(). */
void               aiodrive_scope_tie_leave              (AiodriveScopeTie    *self);
void               aiodrive_scope_tie_free               (AiodriveScopeTie    *self);

/* The task of a scope, and its record. */
void               aiodrive_cancel_scope_set_task        (AiodriveCancelScope *self,
                                                          GTask               *task,
                                                          gpointer             task_record,
                                                          AiodriveTaskDisposed on_task_disposed,
                                                          GDestroyNotify       task_record_free);
void               aiodrive_cancel_scope_renew_task      (AiodriveCancelScope *self);
gpointer           aiodrive_cancel_scope_get_task_record (AiodriveCancelScope *self,
                                                          GTask               *task);

AiodriveCancelScope *aiodrive_cancel_scope_new_shielded (GCancellable      *parent);

/* Sets the parent of a scope that has none, once. Returns FALSE if the scope has a parent, or is itself above the new
 * parent. */
gboolean           aiodrive_cancel_scope_attach          (AiodriveCancelScope *self,
                                                          GCancellable        *parent);
GCancellable      *aiodrive_cancel_scope_peek_parent     (AiodriveCancelScope *self);

/* No use-after-free. A walk up the tree increments a counter, and a scope that moves up waits for all walks to end
 * before it releases its old parent. So no scope on the path of a walk is freed. In return, a walk may neither call
 * foreign code nor block. A scope without a shield cannot move, so a single step up from it needs no walk.
 * (move-up-and-walk in tests/interleave) */
void               aiodrive_scope_walk_begin             (void);
void               aiodrive_scope_walk_end               (void);

/* Returns a reference on the parent, for a step that may call foreign code or block. */
GCancellable      *aiodrive_cancel_scope_dup_parent      (AiodriveCancelScope *self);

/* Marks the work of this scope as ended: a scope that moves up skips it. */
void               aiodrive_cancel_scope_pass_over       (AiodriveCancelScope *self);

/* Returns a number unique to this scope, for a key that outlives it. */
gsize              aiodrive_cancel_scope_get_number      (AiodriveCancelScope *self);

/* Returns the next scope up whose cancellation reaches a scope; none is above a shield. */
AiodriveCancelScope *aiodrive_cancel_scope_get_reaching_parent (AiodriveCancelScope *self);

/* Returns a reference on the nearest scope at or above @cancellable that belongs to a task. */
AiodriveCancelScope *aiodrive_cancellable_find_task_scope (GCancellable      *cancellable);
/* Whether @other is at or above @cancellable. */
gboolean           aiodrive_cancellable_is_within        (GCancellable        *cancellable,
                                                          GCancellable        *other);

/* For an index by ancestor scope, which must be updated when a scope gets a parent. */
GCancellable      *aiodrive_cancel_scope_expect_parent   (AiodriveCancelScope *self);
guint              aiodrive_cancel_scope_count_attached  (void);

/* A call that watches for changes of the deadlines that apply to it. changed() runs in the thread that makes the
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

/* The iteration in which a scope was created, an aiodrive_dispatcher_stamp(); 0 for other cancellables. */
gint64             aiodrive_cancellable_get_stamp        (GCancellable        *cancellable);

G_END_DECLS
