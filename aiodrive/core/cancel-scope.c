/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope-private.h"

#include "aiodrive/core/monotonic-time.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/core/release-private.h"

/**
 * AiodriveCancelScope:
 *
 * A #GCancellable that knows where it belongs: to a parent, which cancels it too, and to a task, which it
 * can stop. It has a deadline, can be shielded from its parent, and remembers why it was cancelled.
 *
 * Every task of this library has a scope of its own, given to its job as the cancellable. Make one yourself for a
 * part of your program that is to be stopped as a whole (a window, a dialog, a step with a deadline) and give it to
 * every call in that part: any function of GIO takes it as it is. To limit one task use aiodrive_timeout(), to protect
 * one from its surroundings aiodrive_shield().
 *
 * |[<!-- language="C" -->
 * static void
 * on_slept (GObject *source, GAsyncResult *result, gpointer user_data)
 * {
 *   AiodriveCancelScope *scope = user_data;
 *   g_autoptr(GError) error = NULL;
 *   g_autoptr(GError) why = NULL;
 *
 *   aiodrive_sleep_finish (result, &error);
 *   if (!aiodrive_cancel_scope_leave (scope, error, &why))
 *     g_print ("%s\n", why->message);   // not that it was cancelled, but why
 * }
 *
 * g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (window_closed, 20);
 *
 * aiodrive_sleep_async (60000, G_CANCELLABLE (scope), on_slept, scope);
 * ]|
 *
 * Cancelling a scope cancels the scopes below it, at once and in the thread that cancels, after the handlers of
 * #GCancellable::cancelled. A scope that is made below a cancelled parent is cancelled from the start.
 * A scope keeps its parent alive, not its children, and not its task.
 *
 * All its functions may be called from every thread. g_cancellable_reset() is not for scopes.
 *
 * Scopes and shields are those of trio's CancelScope.
 *
 * Since: 1.0
 */

typedef enum
{
  PROP_PARENT = 1,
  PROP_DEADLINE,
  PROP_SHIELDED,
  N_PROPS
} Property;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (AiodriveCancelScope, aiodrive_cancel_scope, G_TYPE_CANCELLABLE)

/* A parent has no reference on its children. The drain finds a child by its link in the hub of the parent, the
 * dispatcher by its timer. A child leaves both in its dispose(); until then a finder can claim it.
 * (/aiodrive/core/cancel-scope/drop-while-parent-cancels) */

static gboolean
claim_child (AiodriveCancelLink *link)
{
  AiodriveCancelScope *self = AIODRIVE_CONTAINER_OF (link, AiodriveCancelScope, link);

  /* a shielded one sees when the shield falls that its parent was cancelled */
  if (g_atomic_int_get (&self->shielded))
    return FALSE;
  aiodrive_weak_claim (&self->itself);
  return TRUE;
}

static void
cancel_child (AiodriveCancelLink *link)
{
  AiodriveCancelScope *self = aiodrive_weak_take (&AIODRIVE_CONTAINER_OF (link, AiodriveCancelScope, link)->itself);

  if (self == NULL)
    return;
  aiodrive_cancel_scope_inherit_reason (self, aiodrive_cancel_scope_peek_parent (self));
  aiodrive_cancel_hub_cancel (G_CANCELLABLE (self));
  g_object_unref (self);
}

/* For a @parent that was cancelled when @self came to it. */
void
aiodrive_cancel_scope_cancel_late (AiodriveCancelScope *self,
                                   GCancellable        *parent)
{
  aiodrive_cancel_scope_inherit_reason (self, parent);
  g_cancellable_cancel (G_CANCELLABLE (self));
}

static void
aiodrive_cancel_scope_cancelled (GCancellable *cancellable)
{
  aiodrive_cancel_hub_notify (&AIODRIVE_CANCEL_SCOPE (cancellable)->hub, cancellable);
}

/* For a new scope that has its parent. */
static void
adopt (AiodriveCancelScope *self)
{
  if (!aiodrive_cancel_link_add (&self->link, self->parent) && !g_atomic_int_get (&self->shielded))
    aiodrive_cancel_scope_cancel_late (self, self->parent);
}

static void
aiodrive_cancel_scope_constructed (GObject *object)
{
  AiodriveCancelScope *self = AIODRIVE_CANCEL_SCOPE (object);

  if (self->parent != NULL)
    adopt (self);

  G_OBJECT_CLASS (aiodrive_cancel_scope_parent_class)->constructed (object);
}

static void
aiodrive_cancel_scope_dispose (GObject *object)
{
  AiodriveCancelScope *self = AIODRIVE_CANCEL_SCOPE (object);

  aiodrive_cancel_link_remove (&self->link);
  if (self->dispatcher != NULL)
    aiodrive_dispatcher_stop_timer (self->dispatcher, &self->timer);
  aiodrive_weak_lose (&self->itself);

  G_OBJECT_CLASS (aiodrive_cancel_scope_parent_class)->dispose (object);
}

static void
aiodrive_cancel_scope_finalize (GObject *object)
{
  AiodriveCancelScope *self = AIODRIVE_CANCEL_SCOPE (object);

  if (self->task_record != NULL)
    self->task_record_free (self->task_record);
  g_clear_pointer (&self->dispatcher, aiodrive_dispatcher_unref);
  g_clear_error (&self->reason);
  aiodrive_cancel_hub_clear (&self->hub);
  aiodrive_release_object (g_steal_pointer (&self->parent));

  G_OBJECT_CLASS (aiodrive_cancel_scope_parent_class)->finalize (object);
}

static void
aiodrive_cancel_scope_get_property (GObject    *object,
                                    guint       property_id,
                                    GValue     *value,
                                    GParamSpec *pspec)
{
  AiodriveCancelScope *self = AIODRIVE_CANCEL_SCOPE (object);

  switch ((Property) property_id)
    {
    case PROP_PARENT:
      g_value_set_object (value, aiodrive_cancel_scope_peek_parent (self));
      break;
    case PROP_DEADLINE:
      g_value_set_int64 (value, aiodrive_cancel_scope_get_deadline (self));
      break;
    case PROP_SHIELDED:
      g_value_set_boolean (value, aiodrive_cancel_scope_get_shielded (self));
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
aiodrive_cancel_scope_set_property (GObject      *object,
                                    guint         property_id,
                                    const GValue *value,
                                    GParamSpec   *pspec)
{
  AiodriveCancelScope *self = AIODRIVE_CANCEL_SCOPE (object);

  switch ((Property) property_id)
    {
    case PROP_PARENT:
      self->parent = g_value_dup_object (value);
      break;
    case PROP_DEADLINE:
      aiodrive_cancel_scope_set_deadline (self, g_value_get_int64 (value));
      break;
    case PROP_SHIELDED:
      aiodrive_cancel_scope_set_shielded (self, g_value_get_boolean (value));
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
aiodrive_cancel_scope_class_init (AiodriveCancelScopeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = aiodrive_cancel_scope_constructed;
  object_class->dispose = aiodrive_cancel_scope_dispose;
  object_class->finalize = aiodrive_cancel_scope_finalize;
  object_class->get_property = aiodrive_cancel_scope_get_property;
  object_class->set_property = aiodrive_cancel_scope_set_property;
  G_CANCELLABLE_CLASS (klass)->cancelled = aiodrive_cancel_scope_cancelled;
  aiodrive_cancel_hub_embed (AIODRIVE_TYPE_CANCEL_SCOPE, G_STRUCT_OFFSET (AiodriveCancelScope, hub));

  /**
   * AiodriveCancelScope:parent:
   *
   * What cancels this scope too. There is a notification where the library puts a scope without a parent below one: it
   * comes in the thread that does so.
   *
   * Since: 1.0
   */
  properties[PROP_PARENT] =
    g_param_spec_object ("parent", NULL, NULL, G_TYPE_CANCELLABLE,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveCancelScope:deadline:
   *
   * When this scope is cancelled by itself: a time of aiodrive_get_monotonic_time() in microseconds, or -1 for never.
   * The notification comes in the thread that sets it.
   *
   * Since: 1.0
   */
  properties[PROP_DEADLINE] =
    g_param_spec_int64 ("deadline", NULL, NULL, -1, G_MAXINT64, -1,
                        G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveCancelScope:shielded:
   *
   * Whether this scope ignores its parent. The notification comes in the thread that sets it. With g_object_new() the
   * parent is set first: if it is cancelled by then, so is the scope.
   *
   * Since: 1.0
   */
  properties[PROP_SHIELDED] =
    g_param_spec_boolean ("shielded", NULL, NULL, FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
aiodrive_cancel_scope_init (AiodriveCancelScope *self)
{
  aiodrive_weak_init (&self->itself, self);
  self->link.try_ref = claim_child;
  self->link.notify = cancel_child;
  self->stamp = aiodrive_dispatcher_stamp ();
  aiodrive_cancel_scope_init_deadline (self);
  aiodrive_cancel_hub_init (&self->hub);
}

/**
 * aiodrive_cancel_scope_new:
 * @parent: (nullable): what cancels the new scope too
 *
 * Makes a scope below @parent, which may be a scope or any other #GCancellable. If @parent is cancelled already, so is
 * the new scope.
 *
 * Returns: (transfer full): a new scope
 *
 * Since: 1.0
 */
AiodriveCancelScope *
aiodrive_cancel_scope_new (GCancellable *parent)
{
  AiodriveCancelScope *self;

  g_return_val_if_fail (parent == NULL || G_IS_CANCELLABLE (parent), NULL);

  /* as g_object_new() does with the property, which costs more */
  self = g_object_new (AIODRIVE_TYPE_CANCEL_SCOPE, NULL);
  if (parent != NULL)
    {
      self->parent = g_object_ref (parent);
      adopt (self);
    }
  return self;
}

/* The same with a shield from the start: a cancelled @parent does not cancel it. */
AiodriveCancelScope *
aiodrive_cancel_scope_new_shielded (GCancellable *parent)
{
  AiodriveCancelScope *self = g_object_new (AIODRIVE_TYPE_CANCEL_SCOPE, NULL);

  g_atomic_int_set (&self->shielded, TRUE);
  self->parent = g_object_ref (parent);
  adopt (self);
  return self;
}

/**
 * aiodrive_cancel_scope_new_with_timeout:
 * @parent: (nullable): what cancels the new scope too
 * @timeout_ms: in how many milliseconds the new scope is cancelled
 *
 * Makes a scope with a deadline, as aiodrive_cancel_scope_new() and aiodrive_cancel_scope_set_deadline() would. With a
 * @timeout_ms of 0 it is cancelled in the next iteration of the thread-default main context.
 *
 * Returns: (transfer full): a new scope
 *
 * Since: 1.0
 */
AiodriveCancelScope *
aiodrive_cancel_scope_new_with_timeout (GCancellable *parent,
                                        guint         timeout_ms)
{
  AiodriveCancelScope *self = aiodrive_cancel_scope_new (parent);

  if (self != NULL)
    aiodrive_cancel_scope_set_deadline (self, aiodrive_time_after (aiodrive_get_monotonic_time (),
                                                                   timeout_ms * G_GINT64_CONSTANT (1000)));
  return self;
}

/**
 * aiodrive_cancel_scope_get_parent:
 * @self: a scope
 *
 * Gets what cancels this scope too. The scope keeps it, unless aiodrive_cancel_scope_move_up() gives it another one.
 *
 * Returns: (transfer none) (nullable): the parent
 *
 * Since: 1.0
 */
GCancellable *
aiodrive_cancel_scope_get_parent (AiodriveCancelScope *self)
{
  g_return_val_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self), NULL);

  return aiodrive_cancel_scope_peek_parent (self);
}

/**
 * aiodrive_cancel_scope_set_shielded:
 * @self: a scope
 * @shielded: whether the scope ignores its parent
 *
 * Shields the scope from its parent's cancellation and deadline, for work that must be done even then; or takes the
 * shield away, which acts at once: if the parent is cancelled, so is the scope, before this returns.
 * A shield does not protect a scope from being cancelled itself, nor undo a cancellation.
 *
 * Since: 1.0
 */
void
aiodrive_cancel_scope_set_shielded (AiodriveCancelScope *self,
                                    gboolean             shielded)
{
  g_return_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self));

  shielded = !!shielded;
  if (!g_atomic_int_compare_and_exchange (&self->shielded, !shielded, shielded))
    return;

  /* Either the handler of the parent sees that the shield is gone, or we see that the parent is cancelled. */
  if (!shielded && g_cancellable_is_cancelled (aiodrive_cancel_scope_peek_parent (self)))
    aiodrive_cancel_scope_cancel_late (self, aiodrive_cancel_scope_peek_parent (self));

  aiodrive_deadline_changed (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SHIELDED]);
}

/**
 * aiodrive_cancel_scope_get_shielded:
 * @self: a scope
 *
 * Gets whether the scope ignores its parent.
 *
 * Returns: whether it does
 *
 * Since: 1.0
 */
gboolean
aiodrive_cancel_scope_get_shielded (AiodriveCancelScope *self)
{
  g_return_val_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self), FALSE);

  return g_atomic_int_get (&self->shielded);
}

GCancellable *
aiodrive_cancel_scope_peek_parent (AiodriveCancelScope *self)
{
  return g_atomic_pointer_get (&self->parent);
}

gint64
aiodrive_cancellable_get_stamp (GCancellable *cancellable)
{
  return AIODRIVE_IS_CANCEL_SCOPE (cancellable) ? AIODRIVE_CANCEL_SCOPE (cancellable)->stamp : 0;
}

/*
 * The task
 */

/* The task that a scope was made for: the task owns the scope, the scope finds the task. */

/* A weak notification comes in dispose: the task is whole still. */
static void
task_disposed (gpointer  data,
               GObject  *task)
{
  AiodriveCancelScope *self = data;

  if (!self->on_task_disposed ((GTask *) task, self->task_record))
    return;

  g_atomic_pointer_set (&self->task, NULL);
  aiodrive_weak_lose (&self->weak_task);
}

/* Binds a new scope to its @task, which owns the scope. */
void
aiodrive_cancel_scope_set_task (AiodriveCancelScope *self,
                                GTask               *task,
                                gpointer             task_record,
                                AiodriveTaskDisposed on_task_disposed,
                                GDestroyNotify       task_record_free)
{
  self->task_record = task_record;
  self->on_task_disposed = on_task_disposed;
  self->task_record_free = task_record_free;
  aiodrive_weak_init (&self->weak_task, task);
  g_atomic_pointer_set (&self->task, task);
  g_object_weak_ref (G_OBJECT (task), task_disposed, self);
}

/* After the task has come back to life in its dispose. */
void
aiodrive_cancel_scope_renew_task (AiodriveCancelScope *self)
{
  g_object_weak_ref (G_OBJECT (self->task), task_disposed, self);
  aiodrive_weak_lose (&self->weak_task);
  aiodrive_weak_restore (&self->weak_task, self->task);
}

/* The record of @task, if @self is the scope that was made for it. */
gpointer
aiodrive_cancel_scope_get_task_record (AiodriveCancelScope *self,
                                       GTask               *task)
{
  return g_atomic_pointer_get (&self->task) == task ? self->task_record : NULL;
}

/**
 * aiodrive_cancel_scope_get_task:
 * @self: a scope
 *
 * Gets the task that this scope was made for. A scope does not keep its task alive.
 *
 * Returns: (transfer full) (nullable): the task, or %NULL if the scope belongs to none or if it is gone
 *
 * Since: 1.0
 */
GTask *
aiodrive_cancel_scope_get_task (AiodriveCancelScope *self)
{
  g_return_val_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self), NULL);

  return aiodrive_weak_get (&self->weak_task);
}
