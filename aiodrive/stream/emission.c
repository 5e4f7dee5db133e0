/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/stream/emission.h"

#include "aiodrive/core/lifetime-private.h"
#include "aiodrive/core/weak-private.h"
#include "aiodrive/stream/queue-core-private.h"

/**
 * AiodriveEmission:
 *
 * The arguments of one emission of a signal, without the object that has emitted it.
 *
 * It is what a wait for an emission and an iterator of emissions give. To cancel such a wait leaves the signal alone.
 *
 * It does not change, and may be used from every thread. It holds a reference on each argument that is an object.
 *
 * |[<!-- language="C" -->
 * static void
 * on_value (GObject *source, GAsyncResult *result, gpointer user_data)
 * {
 *   AiodriveAsyncIterator *values = AIODRIVE_ASYNC_ITERATOR (source);
 *   g_auto(GValue) enabled = G_VALUE_INIT;
 *
 *   if (!aiodrive_async_iterator_next_finish (values, result, &enabled, NULL))
 *     return;   // the object has gone
 *
 *   g_print ("%s\n", g_value_get_boolean (&enabled) ? "online" : "offline");
 *   aiodrive_async_iterator_next_async (values, NULL, on_value, NULL);
 * }
 *
 * g_autoptr(AiodriveObjectIterator) values = aiodrive_iterate_property (G_OBJECT (network), "enabled", NULL);
 *
 * aiodrive_async_iterator_next_async (AIODRIVE_ASYNC_ITERATOR (values), NULL, on_value, NULL);
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveEmission
{
  GObject parent_instance;

  GArray *args;   /* owned; of GValue */
};

G_DEFINE_FINAL_TYPE (AiodriveEmission, aiodrive_emission, G_TYPE_OBJECT)

static void
aiodrive_emission_finalize (GObject *object)
{
  g_array_unref (AIODRIVE_EMISSION (object)->args);

  G_OBJECT_CLASS (aiodrive_emission_parent_class)->finalize (object);
}

static void
aiodrive_emission_class_init (AiodriveEmissionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_emission_finalize;
}

static void
aiodrive_emission_init (AiodriveEmission *self)
{
  self->args = g_array_new (FALSE, TRUE, sizeof (GValue));
  g_array_set_clear_func (self->args, (GDestroyNotify) g_value_unset);
}

/* Without the first of @params, which is the object. */
static AiodriveEmission *
emission_new (const GValue *params,
              guint         n_params)
{
  AiodriveEmission *self = g_object_new (AIODRIVE_TYPE_EMISSION, NULL);

  g_array_set_size (self->args, n_params - 1);
  for (guint i = 1; i < n_params; i++)
    {
      GValue *arg = &g_array_index (self->args, GValue, i - 1);

      g_value_init (arg, G_VALUE_TYPE (&params[i]));
      g_value_copy (&params[i], arg);
    }
  return self;
}

/**
 * aiodrive_emission_get_n_args:
 * @self: an emission
 *
 * Gets how many arguments the signal has.
 *
 * Returns: how many
 *
 * Since: 1.0
 */
guint
aiodrive_emission_get_n_args (AiodriveEmission *self)
{
  g_return_val_if_fail (AIODRIVE_IS_EMISSION (self), 0);

  return self->args->len;
}

/**
 * aiodrive_emission_get_arg:
 * @self: an emission
 * @index: 0 for the first argument after the object
 *
 * Gets an argument.
 *
 * Returns: (transfer none) (nullable): the argument, or %NULL if there are fewer
 *
 * Since: 1.0
 */
const GValue *
aiodrive_emission_get_arg (AiodriveEmission *self,
                           guint             index)
{
  g_return_val_if_fail (AIODRIVE_IS_EMISSION (self), NULL);

  return index < self->args->len ? &g_array_index (self->args, GValue, index) : NULL;
}

/*
 * What is common to signals and properties
 */

/* A property to be read, and what it is waited for to be. */
typedef struct
{
  GParamSpec *pspec;    /* owned; NULL: a signal */
  GValue      wanted;   /* of the type of pspec; without a type: any change */
} Wish;

static void
wish_clear (Wish *self)
{
  g_clear_pointer (&self->pspec, g_param_spec_unref);
  if (G_IS_VALUE (&self->wanted))
    g_value_unset (&self->wanted);
}

/* What GJS passes for null is a value that holds no pointer. */
static gboolean
is_any (const GValue *wanted)
{
  return wanted == NULL || (G_VALUE_HOLDS_POINTER (wanted) && g_value_get_pointer (wanted) == NULL);
}

/* FALSE with @error set if there is no such property, or it cannot have such a value. */
static gboolean
wish_init (Wish          *self,
           GObject       *object,
           const char    *property,
           const GValue  *wanted,
           GError       **error)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), property);

  if (pspec == NULL || (pspec->flags & G_PARAM_READABLE) == 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s has no property “%s” that can be read",
                   G_OBJECT_TYPE_NAME (object), property);
      return FALSE;
    }
  self->pspec = g_param_spec_ref (pspec);
  if (is_any (wanted))
    return TRUE;

  g_value_init (&self->wanted, pspec->value_type);
  if (G_IS_VALUE (wanted) && g_value_transform (wanted, &self->wanted))
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "Property “%s” of %s is never of type %s", property,
               G_OBJECT_TYPE_NAME (object), G_IS_VALUE (wanted) ? G_VALUE_TYPE_NAME (wanted) : "none");
  return FALSE;
}

/* The value of the property, unless another one is wanted. */
static AiodriveSharedValue *
wish_look (Wish    *self,
           GObject *object)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, self->pspec->value_type);
  g_object_get_property (object, self->pspec->name, &value);
  if (G_IS_VALUE (&self->wanted) && g_param_values_cmp (self->pspec, &value, &self->wanted) != 0)
    return NULL;
  return aiodrive_shared_value_new (&value, NULL);
}

static guint
notify_id (void)
{
  return g_signal_lookup ("notify", G_TYPE_OBJECT);
}

static GQuark
notify_detail (GParamSpec *pspec)
{
  return g_quark_from_string (g_param_spec_get_name (pspec));
}

/*
 * Waits
 */

/* One that waits for a signal or a property. It is reference counted. Its tie leaves before the request of the wait, or
 * the caller that is blocked, gives its reference back; until then it may be claimed. */
typedef struct
{
  AiodriveTie       tie;       /* first */
  Wish              wish;      /* set once */
  AiodriveMonitor   monitor;
  AiodriveWaitQueue queue;     /* of one */
  gboolean          done;      /* guarded by monitor, as is the next */
  gpointer          outcome;   /* owned: an AiodriveEmission or AiodriveSharedValue; NULL: the object has gone */
} Watch;

static void
outcome_free (Watch   *self,
              gpointer outcome)
{
  if (outcome == NULL)
    return;
  if (self->wish.pspec != NULL)
    aiodrive_shared_value_unref (outcome);
  else
    g_object_unref (outcome);
}

static void
watch_clear (gpointer data)
{
  Watch *self = data;

  aiodrive_tie_clear (&self->tie);
  outcome_free (self, self->outcome);
  wish_clear (&self->wish);
  aiodrive_monitor_clear (&self->monitor);
}

static void
watch_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, watch_clear);
}

static void
watch_claim (AiodriveTie *tie)
{
  g_atomic_rc_box_acquire (tie);
}

static gboolean
watch_take (AiodriveTie *tie)
{
  return TRUE;
}

/* Takes @outcome. The first one counts. */
static void
watch_complete (Watch   *self,
                gpointer outcome)
{
  aiodrive_monitor_lock (&self->monitor);
  if (!self->done)
    {
      self->done = TRUE;
      self->outcome = g_steal_pointer (&outcome);
      aiodrive_wait_queue_wake_one (&self->queue, self, &self->monitor);
    }
  aiodrive_monitor_unlock (&self->monitor);

  outcome_free (self, outcome);
}

static void
watch_fire (AiodriveTie  *tie,
            const GValue *params,
            guint         n_params)
{
  Watch *self = (Watch *) tie;
  gpointer outcome;

  if (params == NULL)
    {
      watch_complete (self, NULL);
    }
  else if (self->wish.pspec == NULL)
    {
      watch_complete (self, emission_new (params, n_params));
    }
  else
    {
      outcome = wish_look (&self->wish, g_value_get_object (&params[0]));
      if (outcome != NULL)
        watch_complete (self, outcome);
    }
  watch_unref (self);
}

static void
watch_cancelled (AiodriveWaitQueue *queue,
                 gpointer           request)
{
  aiodrive_tie_leave (&AIODRIVE_CONTAINER_OF (queue, Watch, queue)->tie);
}

static Watch *
watch_new (GObject *object,
           guint    id,
           GQuark   detail,
           Wish    *wish)
{
  static const AiodriveTieKind once = { .claim = watch_claim, .take = watch_take, .fire = watch_fire };
  static const AiodriveTieKind often = { .claim = watch_claim, .take = watch_take, .fire = watch_fire, .stays = TRUE };
  Watch *self = g_atomic_rc_box_new0 (Watch);

  aiodrive_monitor_init (&self->monitor);
  self->queue.on_cancelled = watch_cancelled;
  if (wish != NULL)
    self->wish = *wish;
  aiodrive_tie_init (&self->tie, wish != NULL ? &often : &once, object, id, detail);
  return self;
}

/* NULL with @error set for a signal that is not there. */
static Watch *
watch_signal (GObject     *object,
              const char  *signal,
              GError     **error)
{
  guint id;
  GQuark detail;

  if (!aiodrive_tie_parse (object, signal, &id, &detail, error))
    return NULL;
  return watch_new (object, id, detail, NULL);
}

static Watch *
watch_property (GObject       *object,
                const char    *property,
                const GValue  *wanted,
                GError       **error)
{
  Wish wish = { .pspec = NULL };
  AiodriveSharedValue *value = NULL;
  Watch *self;

  if (!wish_init (&wish, object, property, wanted, error))
    {
      wish_clear (&wish);
      return NULL;
    }

  self = watch_new (object, notify_id (), notify_detail (wish.pspec), &wish);
  if (!is_any (wanted))
    value = wish_look (&self->wish, object);
  if (value != NULL)
    watch_complete (self, value);
  return self;
}

/* Ends the watch, with what it has found; takes @self. */
static gpointer
watch_end (Watch   *self,
           GError **error)
{
  gpointer outcome;

  aiodrive_tie_leave (&self->tie);
  aiodrive_monitor_lock (&self->monitor);
  outcome = g_steal_pointer (&self->outcome);
  aiodrive_monitor_unlock (&self->monitor);
  watch_unref (self);

  if (outcome == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The object was disposed");
  return outcome;
}

static void
return_watched (AiodriveWait *wait,
                gpointer      granted)
{
  Watch *self = granted;
  GDestroyNotify outcome_destroy = self->wish.pspec != NULL ? (GDestroyNotify) aiodrive_shared_value_unref
                                                            : g_object_unref;
  GError *error = NULL;
  gpointer outcome = watch_end (self, &error);

  if (outcome != NULL)
    aiodrive_wait_return_pointer (wait, outcome, outcome_destroy);
  else
    aiodrive_wait_return_error (wait, error);
}

/* Takes @self, which is NULL where @error is set. */
static void
watch_wait_async (Watch        *self,
                  GError       *error,
                  AiodriveWait *wait)
{
  if (self == NULL)
    {
      aiodrive_wait_fail (wait, error);
      return;
    }

  g_atomic_rc_box_acquire (self);   /* the wait may be over before we leave the monitor */
  aiodrive_monitor_lock (&self->monitor);
  if (self->done)
    {
      aiodrive_wait_grant (wait, self, &self->monitor);
    }
  else
    {
      aiodrive_wait_set_request (wait, self, watch_unref);
      aiodrive_wait_park (wait, &self->queue, &self->monitor);
    }
  aiodrive_monitor_unlock (&self->monitor);
  watch_unref (self);
}

/* Takes @self, which is NULL where @error is set. */
static gpointer
watch_wait (Watch         *self,
            GCancellable  *cancellable,
            GError       **error)
{
  gboolean woken = TRUE;

  if (self == NULL)
    return NULL;

  aiodrive_monitor_lock (&self->monitor);
  if (self->done)
    aiodrive_monitor_unlock (&self->monitor);
  else
    woken = aiodrive_wait_queue_wait_blocking (&self->queue, &self->monitor, cancellable, NULL, NULL, error);
  if (woken)
    return watch_end (self, error);

  watch_unref (self);
  return NULL;
}

/**
 * aiodrive_wait_for_emission:
 * @object: what emits the signal
 * @signal: the name of the signal, with a detail if need be
 * @cancellable: (nullable): cancels the wait
 * @error: return location for an error
 *
 * Waits as aiodrive_wait_for_emission_async() does. It suspends a fiber, and blocks any other caller: then another
 * thread has to emit the signal.
 *
 * Returns: (transfer full): the arguments; %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveEmission *
aiodrive_wait_for_emission (GObject       *object,
                            const char    *signal,
                            GCancellable  *cancellable,
                            GError       **error)
{
  g_return_val_if_fail (G_IS_OBJECT (object), NULL);
  g_return_val_if_fail (signal != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!aiodrive_checkpoint (cancellable, error))
    return NULL;
  return watch_wait (watch_signal (object, signal, error), cancellable, error);
}

/**
 * aiodrive_wait_for_emission_async:
 * @object: what emits the signal
 * @signal: the name of the signal, with a detail if need be: "clicked", "notify::text"
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the signal has been emitted
 * @user_data: data for @callback
 *
 * Waits for the next emission of a signal. The signal is connected before the call returns. A signal that wants an
 * answer gets the zero value of its type. To miss nothing between two waits use aiodrive_iterate_emissions().
 *
 * The wait holds no reference on @object, and its result has no source object. When @object is disposed, the wait fails
 * with %G_IO_ERROR_CLOSED. It fails with %G_IO_ERROR_INVALID_ARGUMENT if there is no such signal, and with
 * %G_IO_ERROR_CANCELLED if it is cancelled before the emission.
 *
 * It may be called, and the signal be emitted, in every thread.
 *
 * Since: 1.0
 */
void
aiodrive_wait_for_emission_async (GObject             *object,
                                  const char          *signal,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  AiodriveWait *wait;
  GError *error = NULL;
  Watch *watch;

  g_return_if_fail (G_IS_OBJECT (object));
  g_return_if_fail (signal != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (NULL, cancellable, callback, user_data, aiodrive_wait_for_emission_async, return_watched);
  if (wait == NULL)
    return;
  watch = watch_signal (object, signal, &error);
  watch_wait_async (watch, error, wait);
}

/**
 * aiodrive_wait_for_emission_finish:
 * @result: the result of aiodrive_wait_for_emission_async(), which is not a #GTask
 * @error: return location for an error
 *
 * Completes a wait for an emission.
 *
 * Returns: (transfer full): the arguments; %NULL with @error set
 *
 * Since: 1.0
 */
AiodriveEmission *
aiodrive_wait_for_emission_finish (GAsyncResult  *result,
                                   GError       **error)
{
  g_return_val_if_fail (aiodrive_wait_is_valid (result, NULL, aiodrive_wait_for_emission_async), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return aiodrive_wait_propagate_pointer (result, error);
}

/**
 * aiodrive_wait_for_property:
 * @object: what has the property
 * @property: the name of the property
 * @wanted: (nullable): the value to wait for; %NULL, or a value that holds a %NULL pointer, for any change
 * @cancellable: (nullable): cancels the wait
 * @value: (out caller-allocates): the value; %FALSE if the call fails
 * @error: return location for an error
 *
 * Waits as aiodrive_wait_for_property_async() does. It suspends a fiber, and blocks any other caller: then another
 * thread has to set the property.
 *
 * There is no return value, since other languages would get it beside @value: look at @error.
 *
 * Since: 1.0
 */
void
aiodrive_wait_for_property (GObject       *object,
                            const char    *property,
                            const GValue  *wanted,
                            GCancellable  *cancellable,
                            GValue        *value,
                            GError       **error)
{
  AiodriveSharedValue *found = NULL;

  g_return_if_fail (G_IS_OBJECT (object));
  g_return_if_fail (property != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));
  g_return_if_fail (value != NULL);
  g_return_if_fail (error == NULL || *error == NULL);

  if (aiodrive_checkpoint (cancellable, error))
    found = watch_wait (watch_property (object, property, wanted, error), cancellable, error);
  aiodrive_shared_value_unwrap (found, value);
}

/**
 * aiodrive_wait_for_property_async:
 * @object: what has the property
 * @property: the name of the property
 * @wanted: (nullable): the value to wait for; %NULL, or a value that holds a %NULL pointer, for any change
 * @cancellable: (nullable): cancels the wait
 * @callback: (scope async) (closure user_data): called when the property has had the value
 * @user_data: data for @callback
 *
 * Waits until a property has the value @wanted, which it may have already; with %NULL, for the next notification. A
 * value of another type is converted, as g_value_transform() does. Objects and boxed values are compared by address.
 *
 * A waiter is woken by the change, even if the property has changed back before its callback runs.
 *
 * The wait holds no reference on @object, and its result has no source object. When @object is disposed, the wait fails
 * with %G_IO_ERROR_CLOSED. It fails with %G_IO_ERROR_INVALID_ARGUMENT if there is no such property, or it cannot be
 * read or never has that type, and with %G_IO_ERROR_CANCELLED if it is cancelled before the change.
 *
 * It may be called in every thread. The property is read in the threads that call, and that change it.
 *
 * Since: 1.0
 */
void
aiodrive_wait_for_property_async (GObject             *object,
                                  const char          *property,
                                  const GValue        *wanted,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  AiodriveWait *wait;
  GError *error = NULL;
  Watch *watch;

  g_return_if_fail (G_IS_OBJECT (object));
  g_return_if_fail (property != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  wait = aiodrive_wait_new (NULL, cancellable, callback, user_data, aiodrive_wait_for_property_async, return_watched);
  if (wait == NULL)
    return;
  watch = watch_property (object, property, wanted, &error);
  watch_wait_async (watch, error, wait);
}

/**
 * aiodrive_wait_for_property_finish:
 * @result: the result of aiodrive_wait_for_property_async(), which is not a #GTask
 * @value: (out caller-allocates): the value; %FALSE if the call failed
 * @error: return location for an error
 *
 * Completes a wait for a property.
 *
 * There is no return value, since other languages would get it beside @value: look at @error.
 *
 * Since: 1.0
 */
void
aiodrive_wait_for_property_finish (GAsyncResult  *result,
                                   GValue        *value,
                                   GError       **error)
{
  g_return_if_fail (aiodrive_wait_is_valid (result, NULL, aiodrive_wait_for_property_async));
  g_return_if_fail (value != NULL);
  g_return_if_fail (error == NULL || *error == NULL);

  aiodrive_shared_value_unwrap (aiodrive_wait_propagate_pointer (result, error), value);
}

/*
 * Iterators
 */

/**
 * AiodriveObjectIterator:
 *
 * The emissions of a signal, or the values of a property, one after the other: what aiodrive_iterate_emissions() and
 * aiodrive_iterate_property() give.
 *
 * It holds no reference on the object. When that is disposed, the iteration ends, after the items that are there. When
 * the iterator is closed or dropped, it does not listen any more.
 *
 * It may be used from every thread. A wait that is cancelled takes no item.
 *
 * |[<!-- language="C" -->
 * static void
 * on_value (GObject *source, GAsyncResult *result, gpointer user_data)
 * {
 *   AiodriveAsyncIterator *values = AIODRIVE_ASYNC_ITERATOR (source);
 *   g_auto(GValue) enabled = G_VALUE_INIT;
 *
 *   if (!aiodrive_async_iterator_next_finish (values, result, &enabled, NULL))
 *     return;   // the object has gone
 *
 *   g_print ("%s\n", g_value_get_boolean (&enabled) ? "online" : "offline");
 *   aiodrive_async_iterator_next_async (values, NULL, on_value, NULL);
 * }
 *
 * g_autoptr(AiodriveObjectIterator) values = aiodrive_iterate_property (G_OBJECT (network), "enabled", NULL);
 *
 * aiodrive_async_iterator_next_async (AIODRIVE_ASYNC_ITERATOR (values), NULL, on_value, NULL);
 * ]|
 *
 * Since: 1.0
 */

struct _AiodriveObjectIterator
{
  AiodriveQueueCore core;

  AiodriveTie       tie;
  AiodriveWeak      itself;      /* for finders of the tie */
  Wish              wish;        /* set once, as are the next two */
  guint             max_items;
  AiodriveOverflow  overflow;
};

enum
{
  PROP_N_ITEMS = 1,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ENUM_TYPE (AiodriveOverflow, aiodrive_overflow,
                    G_DEFINE_ENUM_VALUE (AIODRIVE_OVERFLOW_DROP_OLDEST, "drop-oldest"),
                    G_DEFINE_ENUM_VALUE (AIODRIVE_OVERFLOW_FAIL, "fail"))

G_DEFINE_FINAL_TYPE_WITH_CODE (AiodriveObjectIterator, aiodrive_object_iterator, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (AIODRIVE_TYPE_ASYNC_ITERATOR, aiodrive_queue_core_iterator_init))

static void
iterator_claim (AiodriveTie *tie)
{
  aiodrive_weak_claim (&AIODRIVE_CONTAINER_OF (tie, AiodriveObjectIterator, tie)->itself);
}

static gboolean
iterator_take (AiodriveTie *tie)
{
  return aiodrive_weak_take (&AIODRIVE_CONTAINER_OF (tie, AiodriveObjectIterator, tie)->itself) != NULL;
}

/* TRUE: there is no room, and the iteration fails for it. */
static gboolean
iterator_append (AiodriveObjectIterator *self,
                 const GValue           *value,
                 gboolean                only_as_first)
{
  AiodriveItem *item = aiodrive_item_new (value, NULL);
  AiodriveItem *dropped = item;
  gboolean full;

  aiodrive_queue_core_lock (&self->core);
  full = aiodrive_queue_core_get_length (&self->core) >= self->max_items;
  if (!self->core.closed && !(only_as_first && self->core.n_appended > 0) &&
      !(full && self->overflow == AIODRIVE_OVERFLOW_FAIL))
    {
      dropped = full ? aiodrive_queue_core_take_first (&self->core) : NULL;
      aiodrive_queue_core_append (&self->core, item);
    }
  aiodrive_queue_core_unlock (&self->core);

  if (dropped != NULL)
    aiodrive_item_free (dropped);
  return full && self->overflow == AIODRIVE_OVERFLOW_FAIL;
}

static void
iterator_append_property (AiodriveObjectIterator *self,
                          GObject                *object,
                          gboolean                only_as_first)
{
  g_auto(GValue) value = G_VALUE_INIT;

  aiodrive_shared_value_unwrap (wish_look (&self->wish, object), &value);
  iterator_append (self, &value, only_as_first);
}

static void
iterator_append_emission (AiodriveObjectIterator *self,
                          const GValue           *params,
                          guint                   n_params)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  g_value_init (&value, AIODRIVE_TYPE_EMISSION);
  g_value_take_object (&value, emission_new (params, n_params));
  if (!iterator_append (self, &value, FALSE))
    return;

  error = g_error_new (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "More than %u emissions have not been taken", self->max_items);
  aiodrive_queue_core_close (&self->core, error, FALSE);
}

static void
iterator_fire (AiodriveTie  *tie,
               const GValue *params,
               guint         n_params)
{
  AiodriveObjectIterator *self = AIODRIVE_CONTAINER_OF (tie, AiodriveObjectIterator, tie);

  if (params == NULL)
    aiodrive_queue_core_close (&self->core, NULL, FALSE);
  else if (self->wish.pspec != NULL)
    iterator_append_property (self, g_value_get_object (&params[0]), FALSE);
  else
    iterator_append_emission (self, params, n_params);
  g_object_unref (self);
}

/* Under the monitor. */
static void
iterator_closed (AiodriveQueueCore *core)
{
  aiodrive_tie_leave (&((AiodriveObjectIterator *) core)->tie);
}

static void
aiodrive_object_iterator_dispose (GObject *object)
{
  AiodriveObjectIterator *self = AIODRIVE_OBJECT_ITERATOR (object);

  if (self->tie.lifetime != NULL)
    aiodrive_tie_leave (&self->tie);
  aiodrive_weak_lose (&self->itself);

  G_OBJECT_CLASS (aiodrive_object_iterator_parent_class)->dispose (object);
}

static void
aiodrive_object_iterator_finalize (GObject *object)
{
  AiodriveObjectIterator *self = AIODRIVE_OBJECT_ITERATOR (object);

  aiodrive_tie_clear (&self->tie);
  wish_clear (&self->wish);
  aiodrive_queue_core_clear (&self->core);

  G_OBJECT_CLASS (aiodrive_object_iterator_parent_class)->finalize (object);
}

static void
aiodrive_object_iterator_get_property (GObject    *object,
                                       guint       property_id,
                                       GValue     *value,
                                       GParamSpec *pspec)
{
  if (property_id == PROP_N_ITEMS)
    g_value_set_uint (value, aiodrive_queue_core_get_n_items (&AIODRIVE_OBJECT_ITERATOR (object)->core));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
}

static void
aiodrive_object_iterator_class_init (AiodriveObjectIteratorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = aiodrive_object_iterator_dispose;
  object_class->finalize = aiodrive_object_iterator_finalize;
  object_class->get_property = aiodrive_object_iterator_get_property;

  /**
   * AiodriveObjectIterator:n-items:
   *
   * How many items have not been taken. The notification comes in the thread that makes the change.
   *
   * Since: 1.0
   */
  properties[PROP_N_ITEMS] =
    g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
aiodrive_object_iterator_init (AiodriveObjectIterator *self)
{
  static const AiodriveQueueKind kind = { .closed = iterator_closed,
                                          .drops = TRUE,
                                          .closed_message = "The object was disposed" };

  aiodrive_weak_init (&self->itself, self);
  aiodrive_queue_core_init (&self->core, &kind);
}

static const AiodriveTieKind iterator_kind = { .claim = iterator_claim,
                                               .take = iterator_take,
                                               .fire = iterator_fire,
                                               .stays = TRUE };

/**
 * aiodrive_iterate_emissions:
 * @object: what emits the signal
 * @signal: the name of the signal, with a detail if need be
 * @max_items: how many emissions may wait to be taken, at least 1
 * @overflow: what happens when one more comes
 * @error: return location for an error
 *
 * Iterates the emissions of a signal from now on: the items are #AiodriveEmission objects. The signal is connected
 * before the call returns. One that wants an answer gets the zero value of its type.
 *
 * Returns: (transfer full): a new iterator; %NULL with @error set: %G_IO_ERROR_INVALID_ARGUMENT if there is no such
 *   signal, or @max_items is 0
 *
 * Since: 1.0
 */
AiodriveObjectIterator *
aiodrive_iterate_emissions (GObject           *object,
                            const char        *signal,
                            guint              max_items,
                            AiodriveOverflow   overflow,
                            GError           **error)
{
  AiodriveObjectIterator *self;
  guint id;
  GQuark detail;

  g_return_val_if_fail (G_IS_OBJECT (object), NULL);
  g_return_val_if_fail (signal != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!aiodrive_tie_parse (object, signal, &id, &detail, error))
    return NULL;
  if (max_items == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "There has to be room for an emission");
      return NULL;
    }

  self = g_object_new (AIODRIVE_TYPE_OBJECT_ITERATOR, NULL);
  self->max_items = max_items;
  self->overflow = overflow;
  aiodrive_tie_init (&self->tie, &iterator_kind, object, id, detail);
  return self;
}

/**
 * aiodrive_iterate_property:
 * @object: what has the property
 * @property: the name of the property
 * @error: return location for an error
 *
 * Iterates the values of a property: first the one that it has now, then the latest one after each change. Values that
 * were not taken before the next change are dropped.
 *
 * The property is read in the thread that calls, and in those that change it.
 *
 * Returns: (transfer full): a new iterator; %NULL with @error set: %G_IO_ERROR_INVALID_ARGUMENT if there is no such
 *   property, or it cannot be read
 *
 * Since: 1.0
 */
AiodriveObjectIterator *
aiodrive_iterate_property (GObject     *object,
                           const char  *property,
                           GError     **error)
{
  AiodriveObjectIterator *self;
  Wish wish = { .pspec = NULL };

  g_return_val_if_fail (G_IS_OBJECT (object), NULL);
  g_return_val_if_fail (property != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!wish_init (&wish, object, property, NULL, error))
    return NULL;

  self = g_object_new (AIODRIVE_TYPE_OBJECT_ITERATOR, NULL);
  self->wish = wish;
  self->max_items = 1;
  aiodrive_tie_init (&self->tie, &iterator_kind, object, notify_id (), notify_detail (wish.pspec));
  iterator_append_property (self, object, TRUE);
  return self;
}
