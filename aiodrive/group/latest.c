/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/latest.h"

#include "aiodrive/core/cancel-scope.h"
#include "aiodrive/group/task-group.h"
#include "aiodrive/sync/latch.h"
#include "aiodrive/task/propagate.h"
#include "aiodrive/task/record-private.h"
#include "aiodrive/task/sleep.h"
#include "aiodrive/task/wait.h"

/**
 * AiodriveLatest:
 *
 * Runs one job at a time, of which only the latest matters: a search as the user types, a preview of the selection.
 *
 * aiodrive_latest_spawn() cancels the job before it, and awaits it: two jobs never run at the same time. A job that
 * still waits when the next one comes never starts, and ends with %G_IO_ERROR_CANCELLED. With a debounce time a job
 * starts when no other one has come for that long.
 *
 * It belongs to the main context that was thread-default where it was created: the jobs run there, and notifications
 * come there. Spawning and cancelling may be done from every thread. A job that fails is a warning that names its task.
 * When the object is dropped, the job that runs is cancelled.
 *
 * |[<!-- language="C" -->
 * static void
 * on_search_changed (AiodriveLatest *latest, const char *text)
 * {
 *   aiodrive_latest_spawn (latest, NULL, AIODRIVE_FIBER (search, g_strdup (text), g_free));
 * }
 *
 * g_autoptr(AiodriveLatest) latest = aiodrive_latest_new (NULL, 200);
 *
 * on_search_changed (latest, "g");
 * on_search_changed (latest, "gl");
 * on_search_changed (latest, "glib");   // the only one that starts
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveLatest
{
  GObject            parent_instance;

  AiodriveTaskGroup *group;         /* owned; set once, as are the next three */
  GCancellable      *parent;        /* owned, nullable */
  AiodriveLatch     *idle;          /* owned: set while no job runs; in the context of the group */
  guint              debounce_ms;
  gboolean           was_busy;      /* as it was notified; in the context of the group */
  GMutex             lock;          /* a leaf */
  GCancellable      *last;          /* owned, nullable: of the latest job; guarded by lock */
};

/* A job that waits for its turn, then runs. It is freed as the data of its task, when that has ended. */
typedef struct
{
  AiodriveLatch   *idle;   /* owned */
  guint            debounce_ms;
  AiodriveJobFunc  func;
  gpointer         user_data;
  GDestroyNotify   user_data_destroy;   /* nullable */
  GTask           *task;   /* owned while it waits */
} Turn;

enum
{
  PROP_PARENT = 1,
  PROP_DEBOUNCE_MS,
  PROP_BUSY,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (AiodriveLatest, aiodrive_latest, G_TYPE_OBJECT)

/* In the context of the group. */
static void
on_n_tasks (AiodriveTaskGroup *group,
            GParamSpec        *pspec,
            AiodriveLatest    *self)
{
  gboolean busy = aiodrive_latest_is_busy (self);

  if (busy == self->was_busy)
    return;
  self->was_busy = busy;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUSY]);
}

static void
aiodrive_latest_constructed (GObject *object)
{
  AiodriveLatest *self = AIODRIVE_LATEST (object);

  self->group = aiodrive_task_group_new_with_flags (self->parent, AIODRIVE_TASK_GROUP_FLAGS_SUPERVISOR);
  g_signal_connect_object (self->group, "notify::n-tasks", G_CALLBACK (on_n_tasks), self, 0);

  G_OBJECT_CLASS (aiodrive_latest_parent_class)->constructed (object);
}

static void
aiodrive_latest_dispose (GObject *object)
{
  aiodrive_task_group_cancel (AIODRIVE_LATEST (object)->group);

  G_OBJECT_CLASS (aiodrive_latest_parent_class)->dispose (object);
}

static void
aiodrive_latest_finalize (GObject *object)
{
  AiodriveLatest *self = AIODRIVE_LATEST (object);

  g_object_unref (self->group);
  g_object_unref (self->idle);
  g_clear_object (&self->parent);
  g_clear_object (&self->last);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (aiodrive_latest_parent_class)->finalize (object);
}

static void
aiodrive_latest_get_property (GObject    *object,
                              guint       property_id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  AiodriveLatest *self = AIODRIVE_LATEST (object);

  switch (property_id)
    {
    case PROP_PARENT:
      g_value_set_object (value, self->parent);
      break;
    case PROP_DEBOUNCE_MS:
      g_value_set_uint (value, self->debounce_ms);
      break;
    case PROP_BUSY:
      g_value_set_boolean (value, aiodrive_latest_is_busy (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
aiodrive_latest_set_property (GObject      *object,
                              guint         property_id,
                              const GValue *value,
                              GParamSpec   *pspec)
{
  AiodriveLatest *self = AIODRIVE_LATEST (object);

  switch (property_id)
    {
    case PROP_PARENT:
      self->parent = g_value_dup_object (value);
      break;
    case PROP_DEBOUNCE_MS:
      self->debounce_ms = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
aiodrive_latest_class_init (AiodriveLatestClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = aiodrive_latest_constructed;
  object_class->dispose = aiodrive_latest_dispose;
  object_class->finalize = aiodrive_latest_finalize;
  object_class->get_property = aiodrive_latest_get_property;
  object_class->set_property = aiodrive_latest_set_property;

  /**
   * AiodriveLatest:parent:
   *
   * What cancels the jobs.
   *
   * Since: 1.0
   */
  properties[PROP_PARENT] =
    g_param_spec_object ("parent", NULL, NULL, G_TYPE_CANCELLABLE,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveLatest:debounce-ms:
   *
   * For how long no other job may come before a job starts, in milliseconds.
   *
   * Since: 1.0
   */
  properties[PROP_DEBOUNCE_MS] =
    g_param_spec_uint ("debounce-ms", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveLatest:busy:
   *
   * Whether a job runs or waits: for a spinner. The notification comes in the context of the object.
   *
   * Since: 1.0
   */
  properties[PROP_BUSY] =
    g_param_spec_boolean ("busy", NULL, NULL, FALSE,
                          G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
aiodrive_latest_init (AiodriveLatest *self)
{
  g_mutex_init (&self->lock);
  self->idle = aiodrive_latch_new ();
  aiodrive_latch_set (self->idle);
}

/**
 * aiodrive_latest_new:
 * @parent: (nullable): what cancels the jobs
 * @debounce_ms: for how long no other job may come before a job starts, in milliseconds
 *
 * Creates an object that runs the latest job.
 *
 * Returns: (transfer full): a new object
 *
 * Since: 1.0
 */
AiodriveLatest *
aiodrive_latest_new (GCancellable *parent,
                     guint         debounce_ms)
{
  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);

  return g_object_new (AIODRIVE_TYPE_LATEST, "parent", parent, "debounce-ms", debounce_ms, NULL);
}

/*
 * A turn
 */

static void
turn_free (gpointer data)
{
  Turn *self = data;

  if (self->user_data_destroy != NULL)
    self->user_data_destroy (self->user_data);
  g_object_unref (self->idle);
  g_free (self);
}

static void
on_ended (GObject      *source,
          GAsyncResult *result,
          gpointer      data)
{
  g_autoptr(AiodriveLatch) idle = data;

  aiodrive_latch_set (idle);
}

static void turn_wait (Turn *self);

/* The task is cancelled once the next one has come, even if its turn was granted before: then it does not start. */
static void
turn_start (Turn *self)
{
  g_autoptr(GTask) task = NULL;

  if (!aiodrive_latch_get_state (self->idle))
    {
      turn_wait (self);   /* another one was woken before */
      return;
    }

  task = g_steal_pointer (&self->task);
  if (g_task_return_error_if_cancelled (task))
    return;
  aiodrive_latch_unset (self->idle);
  aiodrive_wait_task_async (task, NULL, on_ended, g_object_ref (self->idle));
  self->func (task, g_task_get_cancellable (task), self->user_data);
}

static void
turn_end (Turn   *self,
          GError *error)
{
  g_autoptr(GTask) task = g_steal_pointer (&self->task);

  g_task_return_error (task, error);
}

static void
on_idle (GObject      *source,
         GAsyncResult *result,
         gpointer      data)
{
  Turn *self = data;
  GError *error = NULL;

  if (aiodrive_latch_wait_set_finish (self->idle, result, &error))
    turn_start (self);
  else
    turn_end (self, error);
}

static void
turn_wait (Turn *self)
{
  aiodrive_latch_wait_set_async (self->idle, g_task_get_cancellable (self->task), on_idle, self);
}

static void
on_debounced (GObject      *source,
              GAsyncResult *result,
              gpointer      data)
{
  Turn *self = data;
  GError *error = NULL;

  if (aiodrive_sleep_finish (result, &error))
    turn_wait (self);
  else
    turn_end (self, error);
}

/* The job of the task. */
static void
turn_begin (GTask        *task,
            GCancellable *cancellable,
            gpointer      data)
{
  Turn *self = data;

  self->task = g_object_ref (task);
  if (self->debounce_ms > 0)
    aiodrive_sleep_async (self->debounce_ms, cancellable, on_debounced, self);
  else
    turn_wait (self);
}

/**
 * aiodrive_latest_spawn:
 * @self: what runs the latest job
 * @task: (out) (optional) (transfer full): return location for the task
 * @func: (scope notified) (closure user_data) (destroy user_data_destroy): the job
 * @user_data: data for @func
 * @user_data_destroy: (nullable): frees @user_data
 *
 * Cancels the job before this one, and starts @func as a task when that has ended, and the debounce time has passed. If
 * another job comes before, @func is not called, and the task ends with %G_IO_ERROR_CANCELLED. After the close the task
 * fails with %G_IO_ERROR_CLOSED.
 *
 * Called in another thread, @task belongs to the context that is thread-default there; see aiodrive_task_group_spawn().
 *
 * Since: 1.0
 */
void
aiodrive_latest_spawn (AiodriveLatest   *self,
                       GTask           **task,
                       AiodriveJobFunc   func,
                       gpointer          user_data,
                       GDestroyNotify    user_data_destroy)
{
  g_autoptr(GTask) spawned = NULL;
  g_autoptr(GCancellable) before = NULL;
  Turn *turn;

  g_return_if_fail (AIODRIVE_IS_LATEST (self));
  g_return_if_fail (func != NULL);

  turn = g_new0 (Turn, 1);
  turn->idle = g_object_ref (self->idle);
  turn->debounce_ms = self->debounce_ms;
  turn->func = func;
  turn->user_data = user_data;
  turn->user_data_destroy = user_data_destroy;
  aiodrive_task_group_spawn (self->group, &spawned, turn_begin, turn, turn_free);

  g_mutex_lock (&self->lock);
  before = g_steal_pointer (&self->last);
  self->last = g_object_ref (g_task_get_cancellable (spawned));
  g_mutex_unlock (&self->lock);

  if (before != NULL)
    g_cancellable_cancel (before);
  if (task != NULL)
    *task = g_steal_pointer (&spawned);
}

/**
 * aiodrive_latest_cancel:
 * @self: what runs the latest job
 *
 * Cancels the latest job. The next one may be spawned as before.
 *
 * Since: 1.0
 */
void
aiodrive_latest_cancel (AiodriveLatest *self)
{
  g_autoptr(GCancellable) last = NULL;

  g_return_if_fail (AIODRIVE_IS_LATEST (self));

  g_mutex_lock (&self->lock);
  last = g_steal_pointer (&self->last);
  g_mutex_unlock (&self->lock);

  if (last != NULL)
    g_cancellable_cancel (last);
}

/**
 * aiodrive_latest_is_busy:
 * @self: what runs the latest job
 *
 * Gets whether a job runs or waits.
 *
 * Returns: whether one does
 *
 * Since: 1.0
 */
gboolean
aiodrive_latest_is_busy (AiodriveLatest *self)
{
  g_return_val_if_fail (AIODRIVE_IS_LATEST (self), FALSE);

  return aiodrive_task_group_get_n_tasks (self->group) > 0;
}

static void
on_closed (GObject      *source,
           GAsyncResult *result,
           gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;

  if (aiodrive_task_group_close_finish (AIODRIVE_TASK_GROUP (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * aiodrive_latest_close_async:
 * @self: what runs the latest job
 * @cancellable: (nullable): cancels the call; the job is cancelled, and awaited, all the same
 * @callback: (scope async) (closure user_data): called when no job runs any more
 * @user_data: data for @callback
 *
 * Cancels the latest job, and waits for it. Call it in the context of the object. It may be called more than once.
 *
 * Since: 1.0
 */
void
aiodrive_latest_close_async (AiodriveLatest      *self,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  GTask *task;

  g_return_if_fail (AIODRIVE_IS_LATEST (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = aiodrive_task_record_new_task (self, cancellable, callback, user_data, aiodrive_latest_close_async);
  aiodrive_task_record_set_awaited (aiodrive_task_record_get (task));
  aiodrive_task_group_cancel (self->group);
  aiodrive_task_group_close_async (self->group, g_task_get_cancellable (task), on_closed, task);
}

/**
 * aiodrive_latest_close_finish:
 * @self: what runs the latest job
 * @result: the #GTask of aiodrive_latest_close_async()
 * @error: return location for an error
 *
 * Completes the close.
 *
 * Returns: %TRUE if no job runs any more; %FALSE with @error set: %G_IO_ERROR_CANCELLED if the call or the parent was
 *   cancelled, %G_IO_ERROR_INVALID_ARGUMENT in another context
 *
 * Since: 1.0
 */
gboolean
aiodrive_latest_close_finish (AiodriveLatest  *self,
                              GAsyncResult    *result,
                              GError         **error)
{
  g_return_val_if_fail (AIODRIVE_IS_LATEST (self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, aiodrive_latest_close_async), FALSE);

  return aiodrive_task_get_leaf (G_TASK (result), error) != NULL;
}
