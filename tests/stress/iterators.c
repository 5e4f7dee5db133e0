/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/stress.h"

/* Periodic iterators, which the threads share; and what maps the items of a queue, or gives tasks as they end: each is
 * walked through by one thread, to the end or not. */

typedef struct
{
  StressShared shared;
  guint        n_ticks;   /* atomic, as is the next: those that somebody got */
  guint        sum;
} SharedTicks;

static GObject *
make_periodic (StressShared *shared,
               GRand        *rand)
{
  return G_OBJECT (aiodrive_repeat_periodically (stress_below (rand, 3)));
}

static gboolean
may_wait_always (const StressCall *call)
{
  return TRUE;
}

/* Each tick was got once. */
static void
finish_periodic (StressShared *shared)
{
  SharedTicks *self = (SharedTicks *) shared;

  if (self->sum != (guint) ((guint64) self->n_ticks * (self->n_ticks - 1) / 2))
    stress_fail ("ticks are lost");
}

static StressKind periodics = { "periodic iterator", sizeof (SharedTicks), make_periodic, NULL, may_wait_always,
                                finish_periodic };

static void
on_tick (StressCall   *call,
         GAsyncResult *result)
{
  g_autoptr(StressShared) shared = call->data;
  g_autoptr(GError) error = NULL;
  g_auto(GValue) value = G_VALUE_INIT;

  if (aiodrive_async_iterator_next_finish (shared->object, result, &value, &error))
    {
      g_atomic_int_inc (&((SharedTicks *) shared)->n_ticks);
      g_atomic_int_add (&((SharedTicks *) shared)->sum, g_value_get_uint64 (&value));
    }
  stress_call_count (call, error);
}

/* Another one who waits fails, unless he is cancelled. */
static void
wait_for_tick (StressThread *thread,
               GRand        *rand)
{
  StressCall *call = stress_call_new (thread, &periodics, on_tick);

  call->data = stress_shared_ref (call->shared[0]);
  aiodrive_async_iterator_next_async (call->shared[0]->object, call->cancellable, stress_on_ready, call);
}

static void
on_periodic_closed (StressCall   *call,
                    GAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  aiodrive_async_iterator_close_finish (call->shared[0]->object, result, &error);
  stress_call_count (call, error);
}

static void
close_periodic (StressThread *thread,
                GRand        *rand)
{
  g_autoptr(StressShared) old = stress_retire (&periodics, rand);
  g_autoptr(GCancellable) cancellable = stress_pick_cancellable (rand);
  StressCall *call = stress_call_new_with (thread, old, cancellable, on_periodic_closed, NULL);

  aiodrive_async_iterator_close_async (old->object, cancellable, stress_on_ready, call);
}

#define MAX_ITEMS 6

typedef struct
{
  StressThread          *thread;
  AiodriveAsyncIterator *iterator;           /* owned */
  GTask                 *tasks[MAX_ITEMS];   /* owned; those that it gives, if it gives tasks */
  guint                  n_items;
  guint                  most;               /* jobs that may run at a time */
  gboolean               ordered;
  guint                  patience;           /* for so many items */
  guint                  n_running;          /* used in the thread, as are the next */
  guint                  seen;               /* a bit for each item */
} Walk;

static gint n_walks;    /* atomic, as are the next */
static gint n_items_given;

static void
walk_free (gpointer data)
{
  Walk *self = data;

  for (guint i = 0; i < MAX_ITEMS; i++)
    g_clear_object (&self->tasks[i]);
  g_atomic_int_add (&n_walks, -1);
}

static void
walk_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, walk_free);
}

/* Nothing of it goes on. */
static void
check_ended (Walk *self)
{
  if (self->n_running > 0)
    stress_fail ("a job outlives its iterator");
  for (guint i = 0; i < MAX_ITEMS; i++)
    {
      g_autoptr(GError) error = NULL;

      if (self->tasks[i] != NULL && aiodrive_task_get_leaf (self->tasks[i], &error) == NULL &&
          g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PENDING))
        stress_fail ("a task outlives the iterator that gives it");
    }
}

static void
walk_end (Walk *self)
{
  g_clear_object (&self->iterator);
  walk_unref (self);
}

static void
on_walk_closed (StressCall   *call,
                GAsyncResult *result)
{
  Walk *self = call->data;
  g_autoptr(GError) error = NULL;

  aiodrive_async_iterator_close_finish (self->iterator, result, &error);
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    check_ended (self);
  stress_call_count (call, error);
  walk_end (self);
}

/* It is closed, or dropped while it is in use. */
static void
walk_leave (Walk *self)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  StressCall *call;

  if (stress_chance (self->thread->rand, 4))
    {
      walk_end (self);
      return;
    }

  stress_track (cancellable, STRESS_CANCELLABLE);
  call = stress_call_prepare (self->thread, cancellable, on_walk_closed, self);
  stress_call_publish (call);
  aiodrive_async_iterator_close_async (self->iterator, cancellable, stress_on_ready, call);
}

static guint
index_of (Walk         *self,
          const GValue *item)
{
  guint i = 0;

  if (!G_VALUE_HOLDS (item, G_TYPE_TASK))
    return g_value_get_uint (item);
  while (i < self->n_items && g_value_get_object (item) != (gpointer) self->tasks[i])
    i++;
  return i;
}

static void
note_item (Walk         *self,
           const GValue *item)
{
  guint i = index_of (self, item);

  if (i >= self->n_items || (self->seen & 1 << i) != 0)
    stress_fail ("an iterator gave an item twice, or one that is not its own");
  if (self->ordered && self->seen >= 1u << i)
    stress_fail ("an iterator gave an item too late");
  self->seen |= 1 << i;
  g_atomic_int_inc (&n_items_given);
}

static void walk_on (Walk *self, GCancellable *cancellable);

static void
on_next (StressCall   *call,
         GAsyncResult *result)
{
  Walk *self = call->data;
  g_autoptr(GError) error = NULL;
  g_auto(GValue) item = G_VALUE_INIT;
  gboolean has_item = aiodrive_async_iterator_next_finish (self->iterator, result, &item, &error);

  stress_call_count (call, error);
  if (has_item)
    note_item (self, &item);

  if (has_item && self->patience-- > 0)
    walk_on (self, call->cancellable);
  else if (has_item || error != NULL)
    walk_leave (self);
  else
    {
      if (self->seen != (1u << self->n_items) - 1)
        stress_fail ("an iterator ended before it gave all its items");
      check_ended (self);
      walk_end (self);
    }
}

static void
walk_on (Walk         *self,
         GCancellable *cancellable)
{
  StressCall *call = stress_call_prepare (self->thread, cancellable, on_next, self);

  stress_call_publish (call);
  aiodrive_async_iterator_next_async (self->iterator, cancellable, stress_on_ready, call);
}

static Walk *
walk_new (StressThread *thread,
          GRand        *rand)
{
  Walk *self = g_atomic_rc_box_new0 (Walk);

  g_atomic_int_inc (&n_walks);
  self->thread = thread;
  self->n_items = stress_below (rand, MAX_ITEMS + 1);
  self->most = 1 + stress_below (rand, 3);
  self->patience = stress_chance (rand, 3) ? stress_below (rand, MAX_ITEMS) : MAX_ITEMS;
  return self;
}

/* Takes the iterator; the waits for it have a scope of their own. */
static void
walk_begin (Walk                  *self,
            AiodriveAsyncIterator *iterator,
            GRand                 *rand)
{
  g_autoptr(GCancellable) parent = stress_pick_cancellable (rand);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (parent);

  stress_track (scope, STRESS_CANCELLABLE);
  stress_track (iterator, STRESS_PRIMITIVE);
  self->iterator = iterator;
  walk_on (self, G_CANCELLABLE (scope));
}

typedef struct
{
  Walk   *walk;   /* owned */
  GTask  *task;   /* owned */
  GValue  item;
} Mapping;

static void
on_mapped (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  Mapping *self = data;
  GError *error = NULL;

  self->walk->n_running--;
  if (aiodrive_sleep_finish (result, &error))
    g_task_return_value (self->task, &self->item);
  else
    g_task_return_error (self->task, error);
  g_value_unset (&self->item);
  g_object_unref (self->task);
  walk_unref (self->walk);
  g_free (self);
}

static void
map_item (GTask        *task,
          GCancellable *cancellable,
          const GValue *item,
          gpointer      data)
{
  Walk *walk = data;
  GRand *rand = walk->thread->rand;
  Mapping *self;

  if (++walk->n_running > walk->most)
    stress_fail ("more jobs run than may run at a time");
  if (stress_chance (rand, 24))
    {
      walk->n_running--;
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "on purpose");
      return;
    }

  self = g_new0 (Mapping, 1);
  self->walk = g_atomic_rc_box_acquire (walk);
  self->task = g_object_ref (task);
  g_value_init (&self->item, G_TYPE_UINT);
  g_value_copy (item, &self->item);
  aiodrive_sleep_async (stress_below (rand, 3), cancellable, on_mapped, self);
}

static void
map (StressThread *thread,
     GRand        *rand)
{
  g_autoptr(AiodriveUnorderedQueue) queue = AIODRIVE_UNORDERED_QUEUE (aiodrive_unordered_queue_new ());
  g_autoptr(GCancellable) parent = stress_pick_cancellable (rand);
  Walk *self = walk_new (thread, rand);

  stress_track (queue, STRESS_PRIMITIVE);
  self->ordered = stress_chance (rand, 2);
  for (guint i = 0; i < self->n_items; i++)
    {
      g_auto(GValue) value = G_VALUE_INIT;

      g_value_init (&value, G_TYPE_UINT);
      g_value_set_uint (&value, i);
      aiodrive_queue_put (AIODRIVE_QUEUE (queue), 0, &value, NULL);
    }
  aiodrive_queue_close (AIODRIVE_QUEUE (queue));
  walk_begin (self, aiodrive_map (AIODRIVE_ASYNC_ITERATOR (queue), self->most,
                                  self->ordered ? AIODRIVE_MAP_FLAGS_ORDERED : AIODRIVE_MAP_FLAGS_NONE, parent,
                                  map_item, g_atomic_rc_box_acquire (self), walk_unref), rand);
}

static void
as_completed (StressThread *thread,
              GRand        *rand)
{
  g_autoptr(GCancellable) parent = stress_pick_cancellable (rand);
  Walk *self = walk_new (thread, rand);

  for (guint i = 0; i < self->n_items; i++)
    {
      self->tasks[i] = AIODRIVE_START (stress_chance (rand, 2) ? parent : NULL, aiodrive_sleep_async,
                                       stress_below (rand, 3));
      stress_track (self->tasks[i], STRESS_TASK);
      stress_track (g_task_get_cancellable (self->tasks[i]), STRESS_CANCELLABLE);
    }
  walk_begin (self, aiodrive_as_completed (self->tasks, self->n_items, parent), rand);
}

static void
report (void)
{
  g_print ("iterators: %d items of maps and of tasks as they ended\n", n_items_given);
  if (n_walks != 0)
    stress_fail ("%d iterations have not ended", n_walks);
}

static StressKind *kinds[] = { &periodics, NULL };

static const StressOperation operations[] =
{
  { "periodic iterator: next", STRESS_WAITS, 8, wait_for_tick },
  { "periodic iterator: close", STRESS_WAITS, 1, close_periodic },
  { "map", STRESS_WAITS, 4, map },
  { "as completed", STRESS_WAITS, 4, as_completed },
  { NULL }
};

const StressFamily stress_iterators = { kinds, operations, NULL, report };
