/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/stress.h"

/* Objects and cancellables that come, are used by every thread, and go while they are used. */

#define N_CANCELLABLES 24

static const char * const tracked_names[STRESS_N_TRACKED] = { "primitives", "cancellables", "tasks" };
static gint          n_alive[STRESS_N_TRACKED];   /* atomic */

static GMutex        cancellables_lock;
static GCancellable *cancellables[N_CANCELLABLES];   /* owned, nullable; guarded by cancellables_lock */

static void
gone (gpointer  count,
      GObject  *object)
{
  g_atomic_int_add ((gint *) count, -1);
}

/* The object has to be gone at the end. */
void
stress_track (gpointer      object,
              StressTracked what)
{
  g_atomic_int_inc (&n_alive[what]);
  g_object_weak_ref (object, gone, &n_alive[what]);
}

gboolean
stress_is_all_gone (void)
{
  gboolean all_gone = TRUE;

  for (guint i = 0; i < STRESS_N_TRACKED; i++)
    {
      gint n = g_atomic_int_get (&n_alive[i]);

      if (n != 0)
        g_printerr ("%d %s are left\n", n, tracked_names[i]);
      all_gone = all_gone && n == 0;
    }
  return all_gone;
}

guint
stress_below (GRand *rand,
              guint  n)
{
  return g_rand_int_range (rand, 0, n);
}

gboolean
stress_chance (GRand *rand,
               guint  one_in)
{
  return stress_below (rand, one_in) == 0;
}

static StressShared *
shared_new (StressKind *kind,
            GRand      *rand)
{
  StressShared *self = g_malloc0 (kind->size);

  self->ref_count = 1;
  self->kind = kind;
  self->object = kind->make (self, rand);
  stress_track (self->object, STRESS_PRIMITIVE);
  return self;
}

StressShared *
stress_shared_ref (StressShared *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
stress_shared_unref (StressShared *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  if (self->kind->finish != NULL)
    self->kind->finish (self);
  g_object_unref (self->object);
  g_free (self);
}

void
stress_kind_fill (StressKind *self,
                  GRand      *rand)
{
  for (guint i = 0; i < STRESS_N_SLOTS; i++)
    self->slots[i] = shared_new (self, rand);
}

void
stress_kind_clear (StressKind *self)
{
  for (guint i = 0; i < STRESS_N_SLOTS; i++)
    g_clear_pointer (&self->slots[i], stress_shared_unref);
}

/* One of them. */
StressShared *
stress_pick (StressKind *kind,
             GRand      *rand)
{
  guint slot = stress_below (rand, STRESS_N_SLOTS);
  StressShared *shared;

  g_mutex_lock (&kind->lock);
  shared = stress_shared_ref (kind->slots[slot]);
  g_mutex_unlock (&kind->lock);
  return shared;
}

/* Takes one of them out, whoever waits for it, and has a new one in its place. */
StressShared *
stress_retire (StressKind *kind,
               GRand      *rand)
{
  guint slot = stress_below (rand, STRESS_N_SLOTS);
  StressShared *fresh = shared_new (kind, rand);
  StressShared *old;

  g_mutex_lock (&kind->lock);
  old = kind->slots[slot];
  kind->slots[slot] = fresh;
  g_mutex_unlock (&kind->lock);
  return old;
}

static GCancellable *
pick_shared_cancellable (GRand *rand)
{
  guint slot = stress_below (rand, N_CANCELLABLES);
  GCancellable *cancellable;

  g_mutex_lock (&cancellables_lock);
  if (cancellables[slot] == NULL)
    {
      cancellables[slot] = slot % 2 == 0 ? g_cancellable_new () : G_CANCELLABLE (aiodrive_cancel_scope_new (NULL));
      stress_track (cancellables[slot], STRESS_CANCELLABLE);
    }
  cancellable = g_object_ref (cancellables[slot]);
  g_mutex_unlock (&cancellables_lock);
  return cancellable;
}

/* None, or one that others have too, or one below that, with or without a deadline. */
GCancellable *
stress_pick_cancellable (GRand *rand)
{
  g_autoptr(GCancellable) parent = NULL;
  AiodriveCancelScope *scope;

  if (stress_chance (rand, 4))
    return NULL;

  parent = pick_shared_cancellable (rand);
  switch (stress_below (rand, 12))
    {
    case 0:
      scope = aiodrive_cancel_scope_new_with_timeout (parent, stress_below (rand, 3));
      break;
    case 1:
      scope = aiodrive_cancel_scope_new (parent);
      aiodrive_cancel_scope_set_shielded (scope, stress_chance (rand, 2));
      break;
    case 2:
      scope = aiodrive_cancel_scope_new (parent);
      if (stress_chance (rand, 2))
        g_cancellable_cancel (G_CANCELLABLE (scope));
      break;
    default:
      return g_steal_pointer (&parent);
    }
  stress_track (scope, STRESS_CANCELLABLE);
  return G_CANCELLABLE (scope);
}

void
stress_cancel_one (GRand *rand)
{
  guint slot = stress_below (rand, N_CANCELLABLES);
  g_autoptr(GCancellable) cancellable = NULL;

  g_mutex_lock (&cancellables_lock);
  cancellable = g_steal_pointer (&cancellables[slot]);
  g_mutex_unlock (&cancellables_lock);
  g_cancellable_cancel (cancellable);
}

void
stress_clear_cancellables (void)
{
  for (guint i = 0; i < N_CANCELLABLES; i++)
    g_clear_object (&cancellables[i]);
}
