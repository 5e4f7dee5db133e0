/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/spawn-for-object.h"

#include "aiodrive/core/cancel-scope.h"
#include "aiodrive/group/task-group.h"

/* An object keeps a group for each signal and main context. The group does not keep the object: its scope is one that
 * ends with it. When the signal has cancelled that scope, the next spawn creates another group. */
typedef struct
{
  const char        *signal;    /* interned, nullable; set once, as is the next */
  GMainContext      *context;   /* owned */
  AiodriveTaskGroup *group;     /* owned; guarded by the lock */
} Entry;

G_LOCK_DEFINE_STATIC (groups);   /* guards the list of each object; a leaf */

static G_DEFINE_QUARK (aiodrive-groups, groups)

static void
entry_free (gpointer data)
{
  Entry *self = data;

  g_main_context_unref (self->context);
  g_object_unref (self->group);
  g_free (self);
}

static void
entries_free (gpointer data)
{
  g_ptr_array_unref (data);
}

/* With the lock held. */
static Entry *
find (GPtrArray    *entries,
      const char   *signal,
      GMainContext *context)
{
  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      Entry *entry = entries->pdata[i];

      if (entry->signal == signal && entry->context == context)
        return entry;
    }
  return NULL;
}

static gboolean
is_cancelled (AiodriveTaskGroup *group)
{
  return g_cancellable_is_cancelled (G_CANCELLABLE (aiodrive_task_group_get_scope (group)));
}

static AiodriveTaskGroup *
look_up (GObject      *object,
         const char   *signal,
         GMainContext *context)
{
  AiodriveTaskGroup *group = NULL;
  Entry *entry;

  G_LOCK (groups);
  entry = find (g_object_get_qdata (object, groups_quark ()), signal, context);
  if (entry != NULL && !is_cancelled (entry->group))
    group = g_object_ref (entry->group);
  G_UNLOCK (groups);

  return group;
}

/* Keeps @group with the object, in the place of one that was cancelled. */
static void
keep (GObject           *object,
      const char        *signal,
      GMainContext      *context,
      AiodriveTaskGroup *group)
{
  g_autoptr(AiodriveTaskGroup) before = NULL;
  GPtrArray *entries;
  Entry *entry;

  G_LOCK (groups);
  entries = g_object_get_qdata (object, groups_quark ());
  if (entries == NULL)
    {
      entries = g_ptr_array_new_with_free_func (entry_free);
      g_object_set_qdata_full (object, groups_quark (), entries, entries_free);
    }
  entry = find (entries, signal, context);
  if (entry == NULL)
    {
      entry = g_new0 (Entry, 1);
      entry->signal = signal;
      entry->context = g_main_context_ref (context);
      g_ptr_array_add (entries, entry);
    }
  before = g_steal_pointer (&entry->group);
  entry->group = g_object_ref (group);
  G_UNLOCK (groups);
}

/**
 * aiodrive_spawn_for_object:
 * @object: an object, such as a widget
 * @signal: (nullable): a signal of @object, with a detail if need be
 * @func: (scope notified) (closure user_data) (destroy user_data_destroy): the job
 * @user_data: data for @func
 * @user_data_destroy: (nullable): frees @user_data
 *
 * Starts a job as a task that is cancelled when @object is disposed, or emits @signal. It is for the handlers of
 * signals: a handler cannot await the task, and need not.
 *
 * The task belongs to a group that is kept with @object, and does not keep it. A failure is a warning that names the
 * task. The scope of the task is below one of aiodrive_cancel_scope_new_for_object(), where the traps are described.
 * So the job gets the object with aiodrive_cancel_scope_dup_object(), and needs no reference of its own: with one, the
 * object is not disposed, and the task goes on. For a fiber write
 * `aiodrive_spawn_for_object (object, NULL, AIODRIVE_FIBER (load, NULL, NULL))`.
 *
 * The task runs in the main context that is thread-default now.
 *
 * Since: 1.0
 */
void
aiodrive_spawn_for_object (GObject         *object,
                           const char      *signal,
                           AiodriveJobFunc  func,
                           gpointer         user_data,
                           GDestroyNotify   user_data_destroy)
{
  g_autoptr(GMainContext) context = NULL;
  g_autoptr(AiodriveTaskGroup) group = NULL;

  g_return_if_fail (G_IS_OBJECT (object));
  g_return_if_fail (func != NULL);

  signal = g_intern_string (signal);
  context = g_main_context_ref_thread_default ();
  group = look_up (object, signal, context);
  if (group == NULL)
    {
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_for_object (object, signal, NULL);

      group = aiodrive_task_group_new_with_flags (G_CANCELLABLE (scope), AIODRIVE_TASK_GROUP_FLAGS_SUPERVISOR);
      keep (object, signal, context, group);
    }
  aiodrive_task_group_spawn (group, NULL, func, user_data, user_data_destroy);
}
