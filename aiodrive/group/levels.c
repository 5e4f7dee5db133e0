/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/levels-private.h"

/* The depths of a pool. Each has a scope below that of the pool, with a shield: when the pool is cancelled nothing
 * reaches the tasks but what is decided here. The greatest depth that has tasks is cancelled, and when they have ended
 * the next. So a lesser depth is never cancelled before the tasks of all greater ones have ended, be it that they are
 * spawned meanwhile; and the tasks of a depth that was reached find it cancelled. (/aiodrive/group/pool/depths)
 *
 * That happens in the context of the pool, and nowhere else: who spawns in another thread counts his task there, but
 * what was reached the task finds out when it arrives. (spawn-into-pool, in tests/interleave) */

struct _AiodriveLevel
{
  gint                 depth;
  AiodriveCancelScope *scope;     /* owned */
  GQueue               outside;   /* of members whose scope is not below this one; used in the context of the pool */
  guint                n_tasks;   /* guarded by the lock of the levels, as is the next */
  gboolean             reached;
};

struct _AiodriveLevels
{
  AiodriveGroupCore   *core;        /* unowned: it has the levels */
  GMutex               lock;
  GTree               *levels;      /* owned; from the greatest depth to the least; guarded by lock, as are the next */
  GHashTable          *by_scope;    /* owned; the same ones */
  gint64               reached;     /* the least depth that was cancelled; greater than all: none */

  AiodriveLevel       *body;        /* unowned; set once */
  AiodriveCancelLink   link;        /* in the scope of body */
  AiodriveEntry        body_ended;
  gint                 has_body;    /* atomic */
};

static void
level_free (AiodriveLevel *self)
{
  g_object_unref (self->scope);
  g_free (self);
}

gint
aiodrive_level_get_depth (AiodriveLevel *self)
{
  return self->depth;
}

AiodriveCancelScope *
aiodrive_level_get_scope (AiodriveLevel *self)
{
  return self->scope;
}

GQueue *
aiodrive_level_get_outside (AiodriveLevel *self)
{
  return &self->outside;
}

static gint
compare_depths (gconstpointer a,
                gconstpointer b)
{
  gint depth_a = *(const gint *) a;
  gint depth_b = *(const gint *) b;

  return (depth_a < depth_b) - (depth_a > depth_b);
}

/* Under the lock. */
static AiodriveLevel *
get_level (AiodriveLevels *self,
           gint            depth)
{
  AiodriveLevel *level = g_tree_lookup (self->levels, &depth);

  if (level != NULL)
    return level;

  level = g_new0 (AiodriveLevel, 1);
  level->depth = depth;
  level->scope = aiodrive_cancel_scope_new (NULL);
  aiodrive_cancel_scope_set_shielded (level->scope, TRUE);
  aiodrive_cancel_scope_attach (level->scope, G_CANCELLABLE (self->core->scope));
  g_tree_insert (self->levels, &level->depth, level);
  g_hash_table_insert (self->by_scope, level->scope, level);
  return level;
}

/* The level whose scope is at or above @cancellable, or NULL; under the lock. */
static AiodriveLevel *
find_above (AiodriveLevels *self,
            GCancellable   *cancellable)
{
  AiodriveLevel *level = NULL;

  while (cancellable != NULL && (level = g_hash_table_lookup (self->by_scope, cancellable)) == NULL)
    cancellable = AIODRIVE_IS_CANCEL_SCOPE (cancellable)
                  ? aiodrive_cancel_scope_peek_parent (AIODRIVE_CANCEL_SCOPE (cancellable)) : NULL;
  return level;
}

static void
cancel_scope (AiodriveLevels      *self,
              AiodriveCancelScope *scope)
{
  g_autoptr(GError) reason = aiodrive_cancel_scope_get_reason (self->core->scope);

  aiodrive_cancel_scope_cancel_with_reason (scope, reason);
}

/* In any thread: counts a task that is about to be spawned. */
AiodriveLevel *
aiodrive_levels_enter (AiodriveLevels *self,
                       gint            depth)
{
  AiodriveLevel *level;

  g_mutex_lock (&self->lock);
  level = get_level (self, depth);
  level->n_tasks++;
  g_mutex_unlock (&self->lock);

  return level;
}

/* The same for a task that was made elsewhere: its depth is that of the level which its scope is below, if any. */
AiodriveLevel *
aiodrive_levels_enter_above (AiodriveLevels *self,
                             GCancellable   *cancellable)
{
  AiodriveLevel *level;

  g_mutex_lock (&self->lock);
  level = find_above (self, cancellable);
  if (level == NULL)
    level = get_level (self, 0);
  level->n_tasks++;
  g_mutex_unlock (&self->lock);

  return level;
}

/* In the context, before a task that was counted begins: one of a depth that was reached begins cancelled. The level is
 * not when it was empty as its turn came, or is a new one for a depth that had been left. */
void
aiodrive_levels_arrive (AiodriveLevels *self,
                        AiodriveLevel  *level)
{
  gboolean reached;

  g_mutex_lock (&self->lock);
  reached = level->depth >= self->reached;
  g_mutex_unlock (&self->lock);

  if (reached)
    cancel_scope (self, level->scope);
}

static void
leave (AiodriveLevels *self,
       AiodriveLevel  *level)
{
  gboolean gone;

  g_mutex_lock (&self->lock);
  gone = --level->n_tasks == 0 && level->depth != 0 && level != self->body;   /* those two are always needed */
  if (gone)
    {
      g_tree_remove (self->levels, &level->depth);
      g_hash_table_remove (self->by_scope, level->scope);
    }
  g_mutex_unlock (&self->lock);

  if (gone)
    level_free (level);
}

/* The next level to be cancelled, with a reference on its scope. The body is, even if it counts no more: its scope is
 * that of the pool for those outside. */
static AiodriveLevel *
reach_next (AiodriveLevels       *self,
            AiodriveCancelScope **scope)
{
  AiodriveLevel *level = NULL;

  /* all levels have tasks, but for two at most */
  g_mutex_lock (&self->lock);
  for (GTreeNode *node = g_tree_node_first (self->levels);
       node != NULL && level == NULL;
       node = g_tree_node_next (node))
    {
      AiodriveLevel *next = g_tree_node_value (node);

      if (next->n_tasks > 0 || (next == self->body && !next->reached))
        level = next;
    }
  if (level != NULL && !level->reached)
    {
      level->reached = TRUE;
      self->reached = MIN (self->reached, level->depth);
      *scope = g_object_ref (level->scope);
    }
  else
    level = NULL;
  g_mutex_unlock (&self->lock);

  return level;
}

/* In the context of the pool, whenever it has been cancelled, or a task of a cancelled pool has come. */
void
aiodrive_levels_advance (AiodriveLevels *self)
{
  AiodriveGroupCore *core;
  AiodriveCancelScope *scope;
  AiodriveLevel *level;

  if (!g_cancellable_is_cancelled (G_CANCELLABLE (self->core->scope)))
    return;

  core = aiodrive_group_core_ref (self->core);
  while ((level = reach_next (self, &scope)) != NULL)
    {
      g_autoptr(GPtrArray) outside = aiodrive_group_core_list_cancellables (&level->outside);

      cancel_scope (self, scope);   /* what a handler does may free the level */
      g_ptr_array_foreach (outside, (GFunc) (void (*) (void)) g_cancellable_cancel, NULL);
      g_object_unref (scope);
    }
  aiodrive_group_core_unref (core);
}

/* In the context: a task is gone. */
void
aiodrive_levels_leave (AiodriveLevels *self,
                       AiodriveLevel  *level)
{
  leave (self, level);
  aiodrive_levels_advance (self);
}

/*
 * The body
 */

static gboolean
take_core (AiodriveCancelLink *link)
{
  return aiodrive_group_core_try_ref (AIODRIVE_CONTAINER_OF (link, AiodriveLevels, link)->core);
}

/* Who cancels the scope that the pool shows means the pool. */
static void
body_cancelled (AiodriveCancelLink *link)
{
  AiodriveLevels *self = AIODRIVE_CONTAINER_OF (link, AiodriveLevels, link);
  AiodriveGroupCore *core = self->core;
  g_autoptr(GError) reason = aiodrive_cancel_scope_get_reason (self->body->scope);

  aiodrive_cancel_scope_set_reason (core->scope, reason);
  aiodrive_cancel_hub_cancel (G_CANCELLABLE (core->scope));
  aiodrive_group_core_unref (core);
}

static void
body_ended (AiodriveEntry *entry)
{
  AiodriveLevels *self = AIODRIVE_CONTAINER_OF (entry, AiodriveLevels, body_ended);
  AiodriveGroupCore *core = self->core;

  aiodrive_levels_leave (self, self->body);
  aiodrive_group_core_unref (core);
}

AiodriveCancelScope *
aiodrive_levels_get_body (AiodriveLevels *self)
{
  return self->body->scope;
}

void
aiodrive_levels_begin_body (AiodriveLevels *self)
{
  aiodrive_levels_enter (self, AIODRIVE_BODY_DEPTH);
  g_atomic_int_set (&self->has_body, TRUE);
}

void
aiodrive_levels_end_body (AiodriveLevels *self)
{
  if (!g_atomic_int_compare_and_exchange (&self->has_body, TRUE, FALSE))
    return;

  if (g_atomic_int_get (&self->core->n_tasks) == 0)
    {
      leave (self, self->body);   /* nobody waits for it; who comes looks himself */
      return;
    }
  aiodrive_group_core_ref (self->core);
  aiodrive_dispatcher_post (self->core->dispatcher, &self->body_ended);
}

AiodriveLevels *
aiodrive_levels_new (AiodriveGroupCore *core)
{
  AiodriveLevels *self = g_new0 (AiodriveLevels, 1);

  self->core = core;
  self->reached = G_MAXINT64;
  self->body_ended.run = body_ended;
  self->link.take = take_core;
  self->link.fire = body_cancelled;
  self->levels = g_tree_new (compare_depths);
  self->by_scope = g_hash_table_new (NULL, NULL);
  g_mutex_init (&self->lock);
  get_level (self, 0);
  self->body = get_level (self, AIODRIVE_BODY_DEPTH);
  aiodrive_cancel_link_add (&self->link, G_CANCELLABLE (self->body->scope));
  return self;
}

static gboolean
free_level (gpointer depth,
            gpointer level,
            gpointer data)
{
  level_free (level);
  return FALSE;
}

void
aiodrive_levels_free (AiodriveLevels *self)
{
  aiodrive_cancel_link_remove (&self->link);
  g_tree_foreach (self->levels, free_level, NULL);
  g_tree_unref (self->levels);
  g_hash_table_unref (self->by_scope);
  g_mutex_clear (&self->lock);
  g_free (self);
}
