/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/task-info-private.h"

#include "aiodrive/core/monotonic-time.h"
#include "aiodrive/core/dispatcher-private.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/task/record-private.h"

/**
 * AiodriveTaskInfo:
 *
 * The view of a task: its name, its state, its progress, and a way to cancel it. aiodrive_task_group_get_tasks() is a
 * list of these; aiodrive_task_info_new() creates one for any task.
 *
 * It does not keep its task alive, and keeps its last values when the task has been freed. It belongs to the main
 * context of the task, in a group to that of the group: use it in the thread that iterates that context, where its
 * properties are notified.
 *
 * |[<!-- language="C" -->
 * GListModel *tasks = aiodrive_task_group_get_tasks (group);   // for a list view
 * g_autoptr(AiodriveTaskInfo) info = g_list_model_get_item (tasks, 0);
 *
 * if (aiodrive_task_info_get_state (info) == AIODRIVE_TASK_STATE_RUNNING)
 *   g_print ("%s: it runs\n", aiodrive_task_info_get_name (info));
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveTaskInfo
{
  GObject            parent_instance;

  AiodriveWorkItem   work;            /* look(); with a reference on this */
  gboolean           looks_again;
  GTask             *task;            /* unowned; NULL once it has completed; the group owns it until then */
  char              *name;            /* owned, nullable: the last value returned */
  gboolean           renamed;         /* since the last notification */
  GCancellable      *cancellable;     /* owned, nullable: until it has completed */
  AiodriveTaskState  state;
  double             progress;
  char              *error_message;   /* owned, nullable */
  gint64             started;         /* monotonic, in microseconds; 0: not yet */
  gint64             ended;
};

enum
{
  PROP_NAME = 1,
  PROP_STATE,
  PROP_PROGRESS,
  PROP_ERROR_MESSAGE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ENUM_TYPE (AiodriveTaskState, aiodrive_task_state,
                    G_DEFINE_ENUM_VALUE (AIODRIVE_TASK_STATE_PLANNED, "planned"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_TASK_STATE_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_TASK_STATE_SUCCEEDED, "succeeded"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_TASK_STATE_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_TASK_STATE_CANCELLED, "cancelled"))

G_DEFINE_FINAL_TYPE (AiodriveTaskInfo, aiodrive_task_info, G_TYPE_OBJECT)

static void
aiodrive_task_info_finalize (GObject *object)
{
  AiodriveTaskInfo *self = AIODRIVE_TASK_INFO (object);

  g_free (self->name);
  g_free (self->error_message);
  g_clear_object (&self->cancellable);

  G_OBJECT_CLASS (aiodrive_task_info_parent_class)->finalize (object);
}

static void
aiodrive_task_info_get_property (GObject    *object,
                                 guint       property_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  AiodriveTaskInfo *self = AIODRIVE_TASK_INFO (object);

  switch (property_id)
    {
    case PROP_NAME:
      g_value_set_string (value, aiodrive_task_info_get_name (self));
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_PROGRESS:
      g_value_set_double (value, self->progress);
      break;
    case PROP_ERROR_MESSAGE:
      g_value_set_string (value, self->error_message);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
aiodrive_task_info_class_init (AiodriveTaskInfoClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = aiodrive_task_info_finalize;
  object_class->get_property = aiodrive_task_info_get_property;

  /**
   * AiodriveTaskInfo:name:
   *
   * The name of the task, as set by g_task_set_name(), and after completion its last name. A changed name is notified
   * in the context of the group: when the code that started the task has returned to the main loop, when the job has
   * started, when the progress changes, and on completion.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * AiodriveTaskInfo:state:
   *
   * The state of the task. It is notified in the context of the group.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, AIODRIVE_TYPE_TASK_STATE,
                                              AIODRIVE_TASK_STATE_PLANNED, flags);

  /**
   * AiodriveTaskInfo:progress:
   *
   * The progress of the task, from 0 to 1, as set by aiodrive_task_set_progress(). It is notified in the context of the
   * group.
   *
   * Since: 1.0
   */
  properties[PROP_PROGRESS] = g_param_spec_double ("progress", NULL, NULL, 0, 1, 0, flags);

  /**
   * AiodriveTaskInfo:error-message:
   *
   * The error message of a failed task. It is notified in the context of the group.
   *
   * Since: 1.0
   */
  properties[PROP_ERROR_MESSAGE] = g_param_spec_string ("error-message", NULL, NULL, NULL, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
aiodrive_task_info_init (AiodriveTaskInfo *self)
{
}

static void
read_name (AiodriveTaskInfo *self)
{
  const char *name;

  if (self->task == NULL)
    return;

  name = g_task_get_name (self->task);
  if (g_strcmp0 (self->name, name) == 0)
    return;

  g_free (self->name);
  self->name = g_strdup (name);
  self->renamed = TRUE;
}

static void
notify_name (AiodriveTaskInfo *self)
{
  read_name (self);
  if (!self->renamed)
    return;

  self->renamed = FALSE;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

static void
look_soon (AiodriveTaskInfo *self)
{
  g_object_ref (self);
  self->work.stamp = aiodrive_dispatcher_stamp ();
  aiodrive_dispatcher_post (aiodrive_dispatcher_get_thread_default (), &self->work);
}

/* The code that starts a task names it afterwards, as does its job. This runs before the job starts, and again in the
 * next iteration. */
static void
look (AiodriveWorkItem *work)
{
  g_autoptr(AiodriveTaskInfo) self = AIODRIVE_CONTAINER_OF (work, AiodriveTaskInfo, work);

  if (self->looks_again && self->task != NULL)
    look_soon (self);
  self->looks_again = FALSE;
  notify_name (self);
}

/* For a task that lives until aiodrive_task_info_set_ended(). */
AiodriveTaskInfo *
aiodrive_task_info_show (GTask *task)
{
  AiodriveTaskInfo *self = g_object_new (AIODRIVE_TYPE_TASK_INFO, NULL);

  self->task = task;
  self->name = g_strdup (g_task_get_name (task));
  g_set_object (&self->cancellable, g_task_get_cancellable (task));
  self->work.run = look;
  self->looks_again = TRUE;
  look_soon (self);
  return self;
}

static void
set_state (AiodriveTaskInfo  *self,
           AiodriveTaskState  state)
{
  if (self->state == state)
    return;

  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

void
aiodrive_task_info_set_running (AiodriveTaskInfo *self,
                                gint64            since)
{
  self->started = since;
  set_state (self, AIODRIVE_TASK_STATE_RUNNING);
}

void
aiodrive_task_info_set_progress (AiodriveTaskInfo *self,
                                 double            progress)
{
  notify_name (self);
  if (self->progress == progress)
    return;

  self->progress = progress;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
}

void
aiodrive_task_info_set_ended (AiodriveTaskInfo *self,
                              const GError     *error)
{
  self->ended = aiodrive_get_monotonic_time ();
  g_clear_object (&self->cancellable);
  notify_name (self);
  self->task = NULL;
  if (error == NULL)
    {
      set_state (self, AIODRIVE_TASK_STATE_SUCCEEDED);
    }
  else if (aiodrive_error_is_cancelled (error))
    {
      set_state (self, AIODRIVE_TASK_STATE_CANCELLED);
    }
  else
    {
      self->error_message = g_strdup (error->message);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR_MESSAGE]);
      set_state (self, AIODRIVE_TASK_STATE_FAILED);
    }
}

/*
 * Of any task
 */

/* What watches a task for an info, which may go first. */
typedef struct
{
  AiodriveWaiter     ended;      /* first */
  AiodriveWaiter     progress;
  AiodriveTaskInfo  *info;       /* owned until the task has ended; NULL after that */
  GTask             *task;       /* unowned until it has ended */
} Watch;

static void
observe (Watch *self)
{
  g_autoptr(AiodriveTaskInfo) info = g_object_ref (self->info);   /* a handler may run a main loop */
  AiodriveTaskRecord *record = aiodrive_task_record_get (self->task);
  double progress = aiodrive_task_record_watch_progress (record, &self->progress);

  if (info->state == AIODRIVE_TASK_STATE_PLANNED && !aiodrive_task_record_is_planned (record))
    aiodrive_task_info_set_running (info, aiodrive_get_monotonic_time ());
  aiodrive_task_info_set_progress (info, progress);
}

static void
watch_progressed (AiodriveWorkItem *work)
{
  Watch *self = AIODRIVE_CONTAINER_OF (work, Watch, progress.work);

  if (self->info != NULL)
    observe (self);
  else
    g_free (self);   /* the task ended meanwhile */
}

static void
watch_ended (AiodriveWorkItem *work)
{
  Watch *self = (Watch *) work;
  g_autoptr(AiodriveTaskInfo) info = g_steal_pointer (&self->info);
  g_autoptr(GTask) task = self->task;
  AiodriveTaskRecord *record = aiodrive_task_record_get (task);
  g_autoptr(GError) error = aiodrive_task_record_copy_error (record);

  if (aiodrive_task_record_unwatch_progress (record, &self->progress))
    g_free (self);
  aiodrive_task_info_set_ended (info, error);
  aiodrive_task_record_called_back (record);
}

/**
 * aiodrive_task_info_new:
 * @task: a task of the main context that is thread-default now
 *
 * Creates the view of a task, in a group or not. It follows the task until it has completed: the failure of the task
 * counts as seen, and a task that is dropped before it is returned fails.
 *
 * The time of aiodrive_task_info_get_elapsed() begins now, or when the job of a task that is planned begins.
 *
 * Returns: (transfer full): a new object
 *
 * Since: 1.0
 */
AiodriveTaskInfo *
aiodrive_task_info_new (GTask *task)
{
  AiodriveTaskRecord *record;
  AiodriveTaskInfo *self;
  Watch *watch;

  g_return_val_if_fail (G_IS_TASK (task), NULL);

  record = aiodrive_task_record_get (task);
  self = aiodrive_task_info_show (task);
  if (!aiodrive_task_record_is_planned (record))
    aiodrive_task_info_set_running (self, aiodrive_get_monotonic_time ());

  watch = g_new0 (Watch, 1);
  watch->info = g_object_ref (self);
  watch->task = task;
  aiodrive_waiter_init (&watch->ended, watch_ended);
  aiodrive_waiter_init (&watch->progress, watch_progressed);
  observe (watch);
  aiodrive_task_record_watch_weakly (record, &watch->ended);
  return self;
}

/**
 * aiodrive_task_info_get_name:
 * @self: what is known of a task
 *
 * Gets the current name of the task: see #AiodriveTaskInfo:name. A task that was spawned in another thread has the name
 * set by aiodrive_pool_spawn_full() or by its job, not the name of the task that stands for it there.
 *
 * Returns: (transfer none) (nullable): the name, valid until the next call; or %NULL if it has none
 *
 * Since: 1.0
 */
const char *
aiodrive_task_info_get_name (AiodriveTaskInfo *self)
{
  g_return_val_if_fail (AIODRIVE_IS_TASK_INFO (self), NULL);

  read_name (self);
  return self->name;
}

/**
 * aiodrive_task_info_get_state:
 * @self: what is known of a task
 *
 * Gets the state of the task.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
AiodriveTaskState
aiodrive_task_info_get_state (AiodriveTaskInfo *self)
{
  g_return_val_if_fail (AIODRIVE_IS_TASK_INFO (self), AIODRIVE_TASK_STATE_PLANNED);

  return self->state;
}

/**
 * aiodrive_task_info_get_progress:
 * @self: what is known of a task
 *
 * Gets the progress of the task.
 *
 * Returns: the progress, from 0 to 1
 *
 * Since: 1.0
 */
double
aiodrive_task_info_get_progress (AiodriveTaskInfo *self)
{
  g_return_val_if_fail (AIODRIVE_IS_TASK_INFO (self), 0);

  return self->progress;
}

/**
 * aiodrive_task_info_get_error_message:
 * @self: what is known of a task
 *
 * Gets the error message of a failed task.
 *
 * Returns: (transfer none) (nullable): the message of its error, or %NULL
 *
 * Since: 1.0
 */
const char *
aiodrive_task_info_get_error_message (AiodriveTaskInfo *self)
{
  g_return_val_if_fail (AIODRIVE_IS_TASK_INFO (self), NULL);

  return self->error_message;
}

/**
 * aiodrive_task_info_get_elapsed:
 * @self: what is known of a task
 *
 * Gets the running time of the task, so far or in total.
 *
 * Returns: the time in microseconds, a #GTimeSpan; 0 if it has not been started
 *
 * Since: 1.0
 */
gint64
aiodrive_task_info_get_elapsed (AiodriveTaskInfo *self)
{
  g_return_val_if_fail (AIODRIVE_IS_TASK_INFO (self), 0);

  if (self->started == 0)
    return 0;
  return (self->ended != 0 ? self->ended : aiodrive_get_monotonic_time ()) - self->started;
}

/**
 * aiodrive_task_info_cancel:
 * @self: what is known of a task
 *
 * Cancels the task, which completes when it has cleaned up. It has no effect on a completed task.
 *
 * Since: 1.0
 */
void
aiodrive_task_info_cancel (AiodriveTaskInfo *self)
{
  g_return_if_fail (AIODRIVE_IS_TASK_INFO (self));

  g_cancellable_cancel (self->cancellable);
}
