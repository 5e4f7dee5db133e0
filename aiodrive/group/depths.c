/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/depths-private.h"

/* The depths of a pool. Each has a shielded scope below that of the pool, so a cancellation reaches the tasks only
 * through this file. Ordered shutdown. The greatest depth that has tasks is cancelled, and the next one when those
 * tasks have completed. So a lesser depth is never cancelled before the tasks of all greater ones have completed, even
 * tasks spawned meanwhile. A task spawned into a depth that has been reached finds it cancelled.
 * (/aiodrive/group/pool/depths)
 *
 * All of it runs in the context of the pool. A call that spawns in another thread counts its task there, but checks
 * which depth has been reached only when the task arrives. (spawn-into-pool, in tests/interleave) */

struct _AiodriveDepth
{
  gint                 number;
  AiodriveCancelScope *scope;     /* owned */
  GQueue               outside;   /* of members whose scope is not below this one; used in the pool's context */
  guint                n_tasks;   /* guarded by the lock of the depths, as is the next */
  gboolean             reached;
};

struct _AiodriveDepths
{
  AiodriveGroupCore   *core;        /* unowned: it owns the depths */
  GMutex               lock;
  GTree               *depths;      /* owned; from the greatest depth to the least; guarded by lock, as are the next */
  GHashTable          *by_scope;    /* owned; the same depths */
  gint64               reached;     /* the least depth that was cancelled; greater than all: none */

  AiodriveDepth       *body;        /* unowned; set once */
  AiodriveCancelLink   link;        /* in the scope of body */
  AiodriveWorkItem     body_ended;
  gint                 has_body;    /* atomic */
};

static void
depth_free (AiodriveDepth *self)
{
  aiodrive_cancel_scope_pass_over (self->scope);
  g_object_unref (self->scope);
  g_free (self);
}

gint
aiodrive_depth_get_number (AiodriveDepth *self)
{
  return self->number;
}

AiodriveCancelScope *
aiodrive_depth_get_scope (AiodriveDepth *self)
{
  return self->scope;
}

GQueue *
aiodrive_depth_get_outside (AiodriveDepth *self)
{
  return &self->outside;
}

static gint
compare_numbers (gconstpointer a,
                 gconstpointer b)
{
  gint number_a = *(const gint *) a;
  gint number_b = *(const gint *) b;

  return (number_a < number_b) - (number_a > number_b);
}

/* Called with the lock held. */
static AiodriveDepth *
get_depth (AiodriveDepths *self,
           gint            number)
{
  AiodriveDepth *depth = g_tree_lookup (self->depths, &number);

  if (depth != NULL)
    return depth;

  depth = g_new0 (AiodriveDepth, 1);
  depth->number = number;
  depth->scope = aiodrive_cancel_scope_new_shielded (G_CANCELLABLE (self->core->scope));
  g_tree_insert (self->depths, &depth->number, depth);
  g_hash_table_insert (self->by_scope, depth->scope, depth);
  return depth;
}

/* Returns the depth whose scope is at or above @cancellable, or NULL; called with the lock held. */
static AiodriveDepth *
find_above (AiodriveDepths *self,
            GCancellable   *cancellable)
{
  AiodriveDepth *depth = NULL;

  aiodrive_scope_walk_begin ();
  while (cancellable != NULL && (depth = g_hash_table_lookup (self->by_scope, cancellable)) == NULL)
    cancellable = AIODRIVE_IS_CANCEL_SCOPE (cancellable)
                  ? aiodrive_cancel_scope_peek_parent (AIODRIVE_CANCEL_SCOPE (cancellable)) : NULL;
  aiodrive_scope_walk_end ();
  return depth;
}

static void
cancel_scope (AiodriveDepths      *self,
              AiodriveCancelScope *scope)
{
  g_autoptr(GError) reason = aiodrive_cancel_scope_dup_reason (self->core->scope);

  aiodrive_cancel_scope_cancel_with_reason (scope, reason);
}

/* Counts a task that is about to be spawned; called in any thread. */
AiodriveDepth *
aiodrive_depths_enter (AiodriveDepths *self,
                       gint            number)
{
  AiodriveDepth *depth;

  g_mutex_lock (&self->lock);
  depth = get_depth (self, number);
  depth->n_tasks++;
  g_mutex_unlock (&self->lock);

  return depth;
}

/* The same for a foreign task: it counts in the depth whose scope is above its own, else in depth 0. */
AiodriveDepth *
aiodrive_depths_enter_above (AiodriveDepths *self,
                             GCancellable   *cancellable)
{
  AiodriveDepth *depth;

  g_mutex_lock (&self->lock);
  depth = find_above (self, cancellable);
  if (depth == NULL)
    depth = get_depth (self, 0);
  depth->n_tasks++;
  g_mutex_unlock (&self->lock);

  return depth;
}

/* Called in the context, before a counted task starts: if its depth has been reached the task starts cancelled. The
 * scope of such a depth is not cancelled yet if it was empty when its turn came, or was created anew. */
void
aiodrive_depths_arrive (AiodriveDepths *self,
                        AiodriveDepth  *depth)
{
  gboolean reached;

  g_mutex_lock (&self->lock);
  reached = depth->number >= self->reached;
  g_mutex_unlock (&self->lock);

  if (reached)
    cancel_scope (self, depth->scope);
}

static void
leave (AiodriveDepths *self,
       AiodriveDepth  *depth)
{
  gboolean gone;

  g_mutex_lock (&self->lock);
  gone = --depth->n_tasks == 0 && depth->number != 0 && depth != self->body;   /* those two are always needed */
  if (gone)
    {
      g_tree_remove (self->depths, &depth->number);
      g_hash_table_remove (self->by_scope, depth->scope);
    }
  g_mutex_unlock (&self->lock);

  if (gone)
    depth_free (depth);
}

/* Returns the next depth to cancel, with a reference on its scope. The body is included even if it no longer counts,
 * because callers see its scope as the pool's. */
static AiodriveDepth *
reach_next (AiodriveDepths       *self,
            AiodriveCancelScope **scope)
{
  AiodriveDepth *depth = NULL;

  /* all depths have tasks, except for two at most */
  g_mutex_lock (&self->lock);
  for (GTreeNode *node = g_tree_node_first (self->depths);
       node != NULL && depth == NULL;
       node = g_tree_node_next (node))
    {
      AiodriveDepth *next = g_tree_node_value (node);

      if (next->n_tasks > 0 || (next == self->body && !next->reached))
        depth = next;
    }
  if (depth != NULL && !depth->reached)
    {
      depth->reached = TRUE;
      self->reached = MIN (self->reached, depth->number);
      *scope = g_object_ref (depth->scope);
    }
  else
    depth = NULL;
  g_mutex_unlock (&self->lock);

  return depth;
}

/* Called in the context of the pool, when it has been cancelled, and when a task of a cancelled pool arrives. */
void
aiodrive_depths_advance (AiodriveDepths *self)
{
  AiodriveGroupCore *core;
  AiodriveCancelScope *scope;
  AiodriveDepth *depth;

  if (!g_cancellable_is_cancelled (G_CANCELLABLE (self->core->scope)))
    return;

  core = aiodrive_group_core_ref (self->core);
  while ((depth = reach_next (self, &scope)) != NULL)
    {
      g_autoptr(GPtrArray) outside = aiodrive_group_core_list_cancellables (&depth->outside);

      cancel_scope (self, scope);   /* a handler may free the depth */
      g_ptr_array_foreach (outside, (GFunc) (void (*) (void)) g_cancellable_cancel, NULL);
      g_object_unref (scope);
    }
  aiodrive_group_core_unref (core);
}

/* Called in the context when a task has completed. */
void
aiodrive_depths_leave (AiodriveDepths *self,
                       AiodriveDepth  *depth)
{
  leave (self, depth);
  aiodrive_depths_advance (self);
}

/*
 * The body
 */

static gboolean
try_ref_core (AiodriveCancelLink *link)
{
  return aiodrive_group_core_try_ref (AIODRIVE_CONTAINER_OF (link, AiodriveDepths, link)->core);
}

/* Cancelling the public scope of the pool cancels the pool. */
static void
body_cancelled (AiodriveCancelLink *link)
{
  AiodriveDepths *self = AIODRIVE_CONTAINER_OF (link, AiodriveDepths, link);
  AiodriveGroupCore *core = self->core;
  g_autoptr(GError) reason = aiodrive_cancel_scope_dup_reason (self->body->scope);

  aiodrive_cancel_scope_set_reason (core->scope, reason);
  aiodrive_cancel_hub_cancel (G_CANCELLABLE (core->scope));
  aiodrive_group_core_unref (core);
}

static void
body_ended (AiodriveWorkItem *work)
{
  AiodriveDepths *self = AIODRIVE_CONTAINER_OF (work, AiodriveDepths, body_ended);
  AiodriveGroupCore *core = self->core;

  aiodrive_depths_leave (self, self->body);
  aiodrive_group_core_unref (core);
}

AiodriveCancelScope *
aiodrive_depths_get_body (AiodriveDepths *self)
{
  return self->body->scope;
}

void
aiodrive_depths_begin_body (AiodriveDepths *self)
{
  aiodrive_depths_enter (self, AIODRIVE_BODY_DEPTH);
  g_atomic_int_set (&self->has_body, TRUE);
}

void
aiodrive_depths_end_body (AiodriveDepths *self)
{
  if (!g_atomic_int_compare_and_exchange (&self->has_body, TRUE, FALSE))
    return;

  if (g_atomic_int_get (&self->core->n_tasks) == 0)
    {
      leave (self, self->body);   /* it has no waiters; a later call checks for itself */
      return;
    }
  aiodrive_group_core_ref (self->core);
  aiodrive_dispatcher_post (self->core->dispatcher, &self->body_ended);
}

/* Called when the pool has completed. */
void
aiodrive_depths_pass_over (AiodriveDepths *self)
{
  g_mutex_lock (&self->lock);
  for (GTreeNode *node = g_tree_node_first (self->depths); node != NULL; node = g_tree_node_next (node))
    aiodrive_cancel_scope_pass_over (((AiodriveDepth *) g_tree_node_value (node))->scope);
  g_mutex_unlock (&self->lock);
}

AiodriveDepths *
aiodrive_depths_new (AiodriveGroupCore *core)
{
  AiodriveDepths *self = g_new0 (AiodriveDepths, 1);

  self->core = core;
  self->reached = G_MAXINT64;
  self->body_ended.run = body_ended;
  self->link.try_ref = try_ref_core;
  self->link.notify = body_cancelled;
  self->depths = g_tree_new (compare_numbers);
  self->by_scope = g_hash_table_new (NULL, NULL);
  g_mutex_init (&self->lock);
  get_depth (self, 0);
  self->body = get_depth (self, AIODRIVE_BODY_DEPTH);
  aiodrive_cancel_link_add (&self->link, G_CANCELLABLE (self->body->scope));
  return self;
}

static gboolean
free_depth (gpointer number,
            gpointer depth,
            gpointer data)
{
  depth_free (depth);
  return FALSE;
}

void
aiodrive_depths_free (AiodriveDepths *self)
{
  aiodrive_cancel_link_remove (&self->link);
  g_tree_foreach (self->depths, free_depth, NULL);
  g_tree_unref (self->depths);
  g_hash_table_unref (self->by_scope);
  g_mutex_clear (&self->lock);
  g_free (self);
}
