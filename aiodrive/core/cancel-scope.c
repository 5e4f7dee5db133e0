/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-scope-private.h"

#include "aiodrive/core/monotonic-time.h"
#include "aiodrive/core/error-private.h"
#include "aiodrive/core/release-private.h"

/**
 * AiodriveCancelScope:
 *
 * A #GCancellable in a tree: cancelling its parent cancels it too, and cancelling it stops its task. It can have a
 * deadline, can be shielded from its parent, and stores why it was cancelled.
 *
 * Every task of this library has its own scope, which its job gets as the cancellable. Create a scope for a part of
 * your program that stops as a whole (a window, a dialog, a step with a deadline), and pass it to every call in that
 * part; every GIO function accepts it. To limit one task use aiodrive_timeout(); to protect one task from the
 * cancellation of its caller use aiodrive_shield().
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
 * #GCancellable::cancelled. A scope created below a cancelled parent is cancelled from the start. A scope keeps its
 * parent alive, but neither its children nor its task.
 *
 * Any thread may call any function of a scope. Do not call g_cancellable_reset() on a scope.
 *
 * Scopes and shields follow trio's CancelScope.
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

  /* a shielded scope checks its parent when the shield is removed */
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

/* For a @parent that was already cancelled when @self was added. */
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

/* For a new scope whose parent is set. */
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
  if (self->tie != NULL)
    aiodrive_scope_tie_leave (self->tie);
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
  g_clear_pointer (&self->tie, aiodrive_scope_tie_free);
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
   * The cancellable whose cancellation also cancels this scope. It is notified when the library sets the parent of a
   * scope that had none, in the thread that sets it.
   *
   * Since: 1.0
   */
  properties[PROP_PARENT] =
    g_param_spec_object ("parent", NULL, NULL, G_TYPE_CANCELLABLE,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveCancelScope:deadline:
   *
   * The time at which this scope cancels itself: a time of aiodrive_get_monotonic_time() in microseconds, or -1 for
   * never. It is notified in the thread that sets it.
   *
   * Since: 1.0
   */
  properties[PROP_DEADLINE] =
    g_param_spec_int64 ("deadline", NULL, NULL, -1, G_MAXINT64, -1,
                        G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * AiodriveCancelScope:shielded:
   *
   * Whether this scope ignores its parent. It is notified in the thread that sets it. g_object_new() sets the parent
   * first: if the parent is already cancelled, so is the scope.
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
 * Creates a scope below @parent, which may be a scope or any other #GCancellable. If @parent is already cancelled, so
 * is the new scope.
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

  /* equivalent to the property in g_object_new(), which costs more */
  self = g_object_new (AIODRIVE_TYPE_CANCEL_SCOPE, NULL);
  if (parent != NULL)
    {
      self->parent = g_object_ref (parent);
      adopt (self);
    }
  return self;
}

/* The same, shielded from the start: a cancelled @parent does not cancel it. */
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
 * @timeout_ms: the timeout in milliseconds after which the scope cancels itself
 *
 * Creates a scope with a deadline, as aiodrive_cancel_scope_new() and aiodrive_cancel_scope_set_deadline() would. With
 * a @timeout_ms of 0 the next iteration of the thread-default main context cancels it.
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
 * Gets the parent, whose cancellation also cancels this scope. The scope keeps a reference on it until
 * aiodrive_cancel_scope_move_up() replaces it.
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
 * Shields the scope from the cancellation and the deadline of its parent, for work that must run even then; or removes
 * the shield. Removing it acts at once: if the parent is cancelled, the scope is cancelled before this returns. A
 * shield neither protects the scope from its own cancellation, nor undoes one.
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

  /* No missed cancellation: either the parent's handler sees that the shield is removed, or this function sees that the
   * parent is cancelled. */
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

/* The task that a scope was created for: the task owns the scope, the scope finds the task. */

/* A weak notification runs in dispose: the task is still intact. */
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

/* Called after the task was revived in its dispose. */
void
aiodrive_cancel_scope_renew_task (AiodriveCancelScope *self)
{
  g_object_weak_ref (G_OBJECT (self->task), task_disposed, self);
  aiodrive_weak_lose (&self->weak_task);
  aiodrive_weak_restore (&self->weak_task, self->task);
}

/* Returns the record of @task, if @self is the scope that was created for it. */
gpointer
aiodrive_cancel_scope_get_task_record (AiodriveCancelScope *self,
                                       GTask               *task)
{
  return g_atomic_pointer_get (&self->task) == task ? self->task_record : NULL;
}

/**
 * aiodrive_cancel_scope_ref_task:
 * @self: a scope
 *
 * Gets the task that this scope was created for. A scope does not keep its task alive.
 *
 * Returns: (transfer full) (nullable): the task, or %NULL if the scope has none or the task has been finalized
 *
 * Since: 1.0
 */
GTask *
aiodrive_cancel_scope_ref_task (AiodriveCancelScope *self)
{
  g_return_val_if_fail (AIODRIVE_IS_CANCEL_SCOPE (self), NULL);

  return aiodrive_weak_get (&self->weak_task);
}
