/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/group-core-private.h"

/* All groups, for finding the groups below a scope: a scope stores only its parent. Also the pools, found by their
 * scopes. */

static GMutex lock;
static GQueue cores;   /* of AiodriveGroupCore, by their nodes; guarded by lock */

static G_DEFINE_QUARK (aiodrive-pool, pool)

void
aiodrive_group_registry_add (AiodriveGroupCore *core)
{
  core->node.data = core;

  g_mutex_lock (&lock);
  g_queue_push_tail_link (&cores, &core->node);
  g_mutex_unlock (&lock);
}

/* For a core without references. */
void
aiodrive_group_registry_remove (AiodriveGroupCore *core)
{
  g_mutex_lock (&lock);
  g_queue_unlink (&cores, &core->node);
  g_mutex_unlock (&lock);

  if (core->depths != NULL)
    g_object_set_qdata (G_OBJECT (core->scope), pool_quark (), NULL);
}

GPtrArray *
aiodrive_group_registry_list (void)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) aiodrive_group_core_unref);

  g_mutex_lock (&lock);
  for (GList *node = cores.head; node != NULL; node = node->next)
    if (aiodrive_group_core_try_ref (node->data))
      g_ptr_array_add (list, node->data);
  g_mutex_unlock (&lock);

  return list;
}

void
aiodrive_group_registry_add_pool (AiodriveGroupCore *core)
{
  g_object_set_qdata (G_OBJECT (core->scope), pool_quark (), core);
}

/* Called with the lock of the qdata held. */
static gpointer
ref_pool (gpointer core,
          gpointer unused)
{
  return core != NULL && aiodrive_group_core_try_ref (core) ? core : NULL;
}

/* Returns the object of the nearest pool at or above @cancellable that has not been dropped, or NULL. */
GObject *
aiodrive_group_registry_find_pool (GCancellable *cancellable)
{
  g_autoptr(GCancellable) place = cancellable != NULL ? g_object_ref (cancellable) : NULL;

  while (place != NULL && AIODRIVE_IS_CANCEL_SCOPE (place))
    {
      AiodriveGroupCore *core = g_object_dup_qdata (G_OBJECT (place), pool_quark (), ref_pool, NULL);
      GObject *object = core != NULL ? aiodrive_strict_weak_get (&core->object) : NULL;
      GCancellable *above;

      g_clear_pointer (&core, aiodrive_group_core_unref);
      if (object != NULL)
        return object;
      above = aiodrive_cancel_scope_dup_parent (AIODRIVE_CANCEL_SCOPE (place));
      g_object_unref (place);
      place = above;
    }
  return NULL;
}
