/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/cancel-scope-private.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/core/wait-queue-private.h"
#include "aiodrive/group/task-list-private.h"
#include "aiodrive/task/spawn.h"

G_BEGIN_DECLS

typedef struct _AiodriveGroupCore AiodriveGroupCore;
typedef struct _AiodriveDepth AiodriveDepth;
typedef struct _AiodriveDepths AiodriveDepths;

#define AIODRIVE_GROUP_ELSEWHERE "The group belongs to another main context"

/* The state of a group, separate from its object, which may be dropped while tasks run. All of it but the scope belongs
 * to one context. */
struct _AiodriveGroupCore
{
  gint                 ref_count;    /* atomic */
  GMainContext        *context;      /* owned; set once, as are the next three */
  AiodriveDispatcher  *dispatcher;   /* of context */
  GThread             *thread;       /* unowned: the thread that created the group */
  AiodriveCancelScope *scope;        /* owned */
  AiodriveStrictWeak   object;       /* whose "n-tasks" and "closed" are notified */
  AiodriveCancelLink   link;         /* in scope */
  AiodriveWorkItem     cancelled;    /* posted when scope is cancelled */
  GList                node;         /* in the registry */

  gint                 n_tasks;      /* atomic: members, and tasks in flight from other threads */
  gint                 closed;       /* atomic: written in the context */
  GQueue               members;      /* used only in the context, as are the next ones */
  GQueue               outside;      /* of members that the cancellation of scope does not reach; not used in a pool */
  GHashTable          *cancellables; /* owned: of the members */
  AiodriveTaskList    *tasks;        /* owned; created on first use */
  GQueue               closers;
  guint                n_spawned;
  AiodriveFailures     failures;
  GError              *outcome;      /* owned, nullable: once it is closed */

  AiodriveDepths      *depths;       /* owned; NULL: not a pool, the rest is unused; set once, as are ... */
  char                *name;         /* owned, nullable */
  void               (*changed) (GObject *object);  /* ... these two: after it was cancelled, and at its end */
  gint64               started;      /* monotonic, in microseconds; 0: not yet; used in the context, as are the next */
  gint64               ended;
  gboolean             idle;         /* new tasks are planned */
  GQueue               plans;        /* of planned tasks */
  gboolean             forever;      /* runs until it is cancelled */
  gboolean             supervises;   /* a failure is reported, and cancels nothing; set once */
  gint                 n_helpers;    /* of the members */
};

AiodriveGroupCore *aiodrive_group_core_new     (GObject             *object,
                                                GCancellable        *parent);
void               aiodrive_group_core_make_pool (AiodriveGroupCore *self,
                                                const char          *name,
                                                void               (*changed) (GObject *object));
void               aiodrive_group_core_publish (AiodriveGroupCore   *self);
AiodriveGroupCore *aiodrive_group_core_ref     (AiodriveGroupCore   *self);
gboolean           aiodrive_group_core_try_ref (AiodriveGroupCore   *self);
void               aiodrive_group_core_unref   (AiodriveGroupCore   *self);

gboolean           aiodrive_group_core_enter   (AiodriveGroupCore   *self);
void               aiodrive_group_core_leave   (AiodriveGroupCore   *self);
void               aiodrive_group_core_call    (AiodriveGroupCore   *self,
                                                GTask               *task,
                                                void               (*func) (GTask    *task,
                                                                            gpointer  data),
                                                gpointer             data);
GTask             *aiodrive_group_core_spawn   (AiodriveGroupCore   *self,
                                                const char          *name,
                                                gint                 number,
                                                gboolean             helps,
                                                AiodriveJobFunc      func,
                                                gpointer             user_data,
                                                GDestroyNotify       user_data_destroy);
AiodriveDepth     *aiodrive_group_core_expect  (AiodriveGroupCore   *self,
                                                gint                 number);
AiodriveDepth     *aiodrive_group_core_expect_from (AiodriveGroupCore *self,
                                                GTask               *task);
gboolean           aiodrive_group_core_add     (AiodriveGroupCore   *self,
                                                GTask               *task,
                                                AiodriveDepth       *depth,
                                                gboolean             planned,
                                                gboolean             helps);
/* Returns references on the cancellables of the members in a list. */
GPtrArray         *aiodrive_group_core_list_cancellables (GQueue       *members);
/* The public scope; in a pool it is below the one of the group. */
AiodriveCancelScope *aiodrive_group_core_get_shown_scope (AiodriveGroupCore *self);
GListModel        *aiodrive_group_core_get_tasks (AiodriveGroupCore *self);
void               aiodrive_group_core_notify  (AiodriveGroupCore   *self,
                                                const char          *property);
void               aiodrive_group_core_say_changed (AiodriveGroupCore *self);
void               aiodrive_group_core_close_if_empty (AiodriveGroupCore *self);
void               aiodrive_group_core_close   (AiodriveGroupCore   *self,
                                                GTask               *task);

/* registry.c */
void               aiodrive_group_registry_add (AiodriveGroupCore   *core);
void               aiodrive_group_registry_add_pool (AiodriveGroupCore *core);
void               aiodrive_group_registry_remove (AiodriveGroupCore *core);
GPtrArray         *aiodrive_group_registry_list (void);
GObject           *aiodrive_group_registry_find_pool (GCancellable    *cancellable);

/* format.c */
char              *aiodrive_group_core_format  (AiodriveGroupCore   *self);

G_END_DECLS
