/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/levels-private.h"
#include "aiodrive/task/record-private.h"
#include "aiodrive/task/remote-private.h"
#include "aiodrive/task/start.h"

/* Jobs that become tasks of a group, in its context or from another one. */

/* In the context of the group: takes @task in, which has its job, or ends it. FALSE: the job is not to begin now. */
static gboolean
accept (AiodriveGroupCore *core,
        AiodriveLevel     *level,
        GTask             *task)
{
  gboolean planned = core->idle;

  if (aiodrive_group_core_add (core, task, level, planned))
    return !planned;

  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "The group has come to its end");
  return FALSE;
}

static GTask *
spawn_here (AiodriveGroupCore *core,
            AiodriveLevel     *level,
            GCancellable      *parent,
            const char        *name,
            AiodriveJobFunc    func,
            gpointer           user_data,
            GDestroyNotify     user_data_destroy)
{
  GTask *task = aiodrive_task_new (parent);
  AiodriveTaskRecord *record = aiodrive_task_record_get (task);

  if (name != NULL)
    g_task_set_name (task, name);
  aiodrive_task_record_set_job (record, func, user_data, user_data_destroy);
  if (accept (core, level, task))
    aiodrive_task_record_begin_job (record);
  return task;
}

/* On its way from another thread. */
typedef struct
{
  AiodriveGroupCore *core;    /* owned */
  AiodriveLevel     *level;   /* unowned, nullable: in which it counts */
} Arrival;

static void
arrival_free (gpointer data)
{
  Arrival *self = data;

  aiodrive_group_core_unref (self->core);
  g_free (self);
}

static gboolean
accept_arrival (GTask    *task,
                gpointer  data)
{
  Arrival *self = data;
  AiodriveCancelScope *scope = AIODRIVE_CANCEL_SCOPE (g_task_get_cancellable (task));
  GCancellable *above = aiodrive_cancel_scope_get_parent (scope);
  g_autoptr(GTask) outer = aiodrive_cancel_scope_get_task (AIODRIVE_CANCEL_SCOPE (above));
  gboolean closed = g_atomic_int_get (&self->core->closed);

  /* its failure is the group's to raise */
  if (!closed)
    aiodrive_task_record_set_awaited (aiodrive_task_record_get (outer));
  return accept (self->core, self->level, task);
}

static GTask *
spawn_there (AiodriveGroupCore *core,
             AiodriveLevel     *level,
             GCancellable      *parent,
             const char        *name,
             AiodriveJobFunc    func,
             gpointer           user_data,
             GDestroyNotify     user_data_destroy)
{
  Arrival *arrival = g_new (Arrival, 1);

  *arrival = (Arrival) { aiodrive_group_core_ref (core), level };
  return aiodrive_remote_spawn (core->dispatcher, core->context, parent, name, func, user_data, user_data_destroy,
                                accept_arrival, arrival, arrival_free);
}

/* In any thread. The depth matters in a pool alone. */
GTask *
aiodrive_group_core_spawn (AiodriveGroupCore *self,
                           const char        *name,
                           gint               depth,
                           AiodriveJobFunc    func,
                           gpointer           user_data,
                           GDestroyNotify     user_data_destroy)
{
  AiodriveLevel *level = aiodrive_group_core_expect (self, depth);
  GCancellable *parent = G_CANCELLABLE (level != NULL ? aiodrive_level_get_scope (level) : self->scope);
  GTask *task;

  if (!aiodrive_group_core_enter (self))
    return spawn_there (self, level, parent, name, func, user_data, user_data_destroy);

  task = spawn_here (self, level, parent, name, func, user_data, user_data_destroy);
  aiodrive_group_core_leave (self);
  return task;
}
