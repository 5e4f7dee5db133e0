/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/thread/thread-task-group.h"

#include "aiodrive/group/task-group-private.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"
#include "aiodrive/task/wait.h"
#include "aiodrive/thread/executor-core-private.h"

/**
 * AiodriveThreadTaskGroup:
 *
 * A task group with its own thread: its jobs block no other thread, and no other code blocks them. Closing the group
 * waits for its tasks and joins the thread.
 *
 * All jobs run in one thread, in a main context that is thread-default there, so the asynchronous calls of a job have
 * their callbacks there. The tasks of the group belong to the context of the group, as in any #AiodriveTaskGroup, and
 * stand for the tasks that the jobs get: see aiodrive_task_get_leaf(). For jobs that are independent of a group use an
 * #AiodriveBackgroundExecutor.
 *
 * The first task starts the thread, at once. A task that is spawned by a job, or in any other thread than the group's,
 * passes through the context of the group, and starts when that context is iterated.
 *
 * A dropped group cancels its tasks; its thread exits after them, without blocking the caller. A job is a function in
 * C, or in a language that can call its functions in any thread: Python and Lua can. For JavaScript, Perl and Ruby,
 * which cannot, spawning fails with %G_IO_ERROR_NOT_SUPPORTED.
 *
 * |[<!-- language="C" -->
 * static void
 * index_folder (GTask *task, GCancellable *cancellable, gpointer folder)
 * {
 *   g_atomic_int_inc (&n_indexed);   // in a thread, where what takes long keeps nobody waiting
 *   g_task_return_boolean (task, TRUE);
 * }
 *
 * g_autoptr(AiodriveThreadTaskGroup) group = aiodrive_thread_task_group_new ("indexer", NULL);
 * g_autoptr(GTask) closed = NULL;
 *
 * for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
 *   aiodrive_task_group_spawn (AIODRIVE_TASK_GROUP (group), NULL, index_folder, (gpointer) folders[i], NULL);
 *
 * closed = AIODRIVE_START (NULL, aiodrive_task_group_close_async, AIODRIVE_TASK_GROUP (group));
 * aiodrive_run (closed);   // now the thread has ended, too
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveThreadTaskGroup
{
  AiodriveTaskGroup     parent_instance;

  AiodriveExecutorCore *executor;   /* owned; set once */
};

enum
{
  PROP_NAME = 1,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

struct _AiodriveThreadTaskGroupClass
{
  AiodriveTaskGroupClass parent_class;
};

G_DEFINE_FINAL_TYPE (AiodriveThreadTaskGroup, aiodrive_thread_task_group, AIODRIVE_TYPE_TASK_GROUP)

/*
 * Jobs
 */

typedef struct
{
  AiodriveExecutorCore *executor;   /* owned */
  GTask                *there;      /* owned; once it was started: of the executor */
  AiodriveJobFunc       func;
  gpointer              user_data;
  GDestroyNotify        user_data_destroy;
} Job;

static void
job_free (gpointer data)
{
  Job *self = data;

  if (self->user_data_destroy != NULL)
    self->user_data_destroy (self->user_data);
  g_clear_object (&self->there);
  aiodrive_executor_core_unref (self->executor);
}

static void
job_unref (gpointer job)
{
  g_atomic_rc_box_release_full (job, job_free);
}

/* In the context of the group. */
static void
job_start (Job          *self,
           GCancellable *scope)
{
  if (self->there != NULL)
    return;

  self->there = aiodrive_executor_core_spawn (self->executor, scope, self->func, self->user_data, NULL);
  aiodrive_task_show_progress_above (self->there);
}

static void
on_job_ended (GObject      *source_object,
              GAsyncResult *result,
              gpointer      data)
{
  g_autoptr(GTask) task = data;
  g_autoptr(GTask) there = aiodrive_wait_task_finish (result, NULL);
  GError *error = aiodrive_task_dup_error (there);

  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  aiodrive_task_record_set_leaf (aiodrive_task_record_get (task), there);
  aiodrive_task_return_true (task);
}

/* The job of the task of the group. */
static void
job_follow (GTask        *task,
            GCancellable *scope,
            gpointer      data)
{
  Job *self = data;

  job_start (self, scope);
  aiodrive_wait_task_async (self->there, NULL, on_job_ended, g_object_ref (task));
}

/* Starts the job at once if possible: a caller that then blocks its context does not delay the job. */
static GTask *
aiodrive_thread_task_group_do_spawn (AiodriveTaskGroup *group,
                                     AiodriveJobFunc    func,
                                     gpointer           user_data,
                                     GDestroyNotify     user_data_destroy)
{
  AiodriveGroupCore *core = aiodrive_task_group_get_core (group);
  Job *job = g_atomic_rc_box_new0 (Job);
  GTask *task;

  job->executor = aiodrive_executor_core_ref (AIODRIVE_THREAD_TASK_GROUP (group)->executor);
  job->func = func;
  job->user_data = user_data;
  job->user_data_destroy = user_data_destroy;
  task = aiodrive_group_core_spawn (core, NULL, 0, FALSE, job_follow, g_atomic_rc_box_acquire (job), job_unref);

  if (aiodrive_group_core_enter (core))
    {
      if (!g_atomic_int_get (&core->closed))
        job_start (job, g_task_get_cancellable (task));
      aiodrive_group_core_leave (core);
    }
  job_unref (job);
  return task;
}

/*
 * Closing
 */

static void
on_stopped (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  g_autoptr(GTask) task = data;
  GTask *closed = g_task_get_task_data (task);
  GError *error = aiodrive_task_dup_error (closed);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    aiodrive_task_return_true (task);
}

static void
on_closed (GObject      *source_object,
           GAsyncResult *result,
           gpointer      task)
{
  AiodriveThreadTaskGroup *self = AIODRIVE_THREAD_TASK_GROUP (source_object);

  g_task_set_task_data (task, g_object_ref (result), g_object_unref);
  aiodrive_executor_core_stop_async (self->executor, NULL, NULL, on_stopped, task, on_closed);
}

/* Waits for the tasks, then for the thread, which has nothing left to do. */
static void
aiodrive_thread_task_group_do_close (AiodriveTaskGroup *group,
                                     GTask             *task)
{
  g_autoptr(GTask) closed = aiodrive_task_record_new_task (group, g_task_get_cancellable (task), on_closed,
                                                           g_object_ref (task), on_closed);

  aiodrive_group_core_close (aiodrive_task_group_get_core (group), closed);
}

/*
 * The class
 */

static void
aiodrive_thread_task_group_dispose (GObject *object)
{
  /* first: it warns about what still runs, and cancels it */
  G_OBJECT_CLASS (aiodrive_thread_task_group_parent_class)->dispose (object);

  aiodrive_executor_core_abandon (AIODRIVE_THREAD_TASK_GROUP (object)->executor);
}

static void
aiodrive_thread_task_group_finalize (GObject *object)
{
  aiodrive_executor_core_unref (AIODRIVE_THREAD_TASK_GROUP (object)->executor);

  G_OBJECT_CLASS (aiodrive_thread_task_group_parent_class)->finalize (object);
}

static void
aiodrive_thread_task_group_get_property (GObject    *object,
                                         guint       property_id,
                                         GValue     *value,
                                         GParamSpec *pspec)
{
  if (property_id == PROP_NAME)
    g_value_set_string (value, aiodrive_thread_task_group_get_name (AIODRIVE_THREAD_TASK_GROUP (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_thread_task_group_set_property (GObject      *object,
                                         guint         property_id,
                                         const GValue *value,
                                         GParamSpec   *pspec)
{
  AiodriveThreadTaskGroup *self = AIODRIVE_THREAD_TASK_GROUP (object);

  if (property_id == PROP_NAME)
    self->executor = aiodrive_executor_core_new (NULL, g_value_get_string (value), TRUE);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_thread_task_group_class_init (AiodriveThreadTaskGroupClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  AiodriveTaskGroupClass *group_class = &klass->parent_class;

  object_class->dispose = aiodrive_thread_task_group_dispose;
  object_class->finalize = aiodrive_thread_task_group_finalize;
  object_class->get_property = aiodrive_thread_task_group_get_property;
  object_class->set_property = aiodrive_thread_task_group_set_property;
  group_class->do_spawn = aiodrive_thread_task_group_do_spawn;
  group_class->do_close = aiodrive_thread_task_group_do_close;

  /**
   * AiodriveThreadTaskGroup:name:
   *
   * The name of the thread.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL, NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
aiodrive_thread_task_group_init (AiodriveThreadTaskGroup *self)
{
}

/**
 * aiodrive_thread_task_group_new:
 * @name: (nullable): a name for the thread, for debuggers
 * @parent: (nullable): a cancellable that also cancels the group
 *
 * Creates a group, open for tasks. It has no thread yet.
 *
 * Returns: (transfer full): a new group
 *
 * Since: 1.0
 */
AiodriveThreadTaskGroup *
aiodrive_thread_task_group_new (const char   *name,
                                GCancellable *parent)
{
  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);

  return g_object_new (AIODRIVE_TYPE_THREAD_TASK_GROUP, "name", name, "parent", parent, NULL);
}

/**
 * aiodrive_thread_task_group_get_name:
 * @self: a group
 *
 * Gets the name of the thread.
 *
 * Returns: (transfer none) (nullable): the name
 *
 * Since: 1.0
 */
const char *
aiodrive_thread_task_group_get_name (AiodriveThreadTaskGroup *self)
{
  g_return_val_if_fail (AIODRIVE_IS_THREAD_TASK_GROUP (self), NULL);

  return aiodrive_executor_core_get_name (self->executor);
}
