/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/hold.h"

#define UNIT_SHARED         1
#define UNIT_THREAD_SHARED  0x1000
#define UNIT_EXCLUSIVE      0x1000000

#define N_KEPT 8

static GMutex  kept_lock;
static Hold   *kept[N_KEPT];   /* owned, nullable; guarded by kept_lock. For any thread to end */

Root *
root_new (void)
{
  Root *self = g_new0 (Root, 1);

  self->ref_count = 1;
  return self;
}

Root *
root_ref (Root *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
root_unref (Root *self)
{
  if (g_atomic_int_dec_and_test (&self->ref_count))
    g_free (self);
}

/* Takes @guard. */
Hold *
hold_new (AiodriveLockGuard *guard,
          StressShared      *lock,
          HoldManner         manner,
          Root              *root)
{
  Hold *self = g_new (Hold, 1);

  *self = (Hold) { guard, (SharedLock *) stress_shared_ref (lock), manner, root != NULL ? root_ref (root) : NULL };
  hold_enter (self);
  return self;
}

/* Whoever is alone in it has it from the one before: a lock orders what is written under it. */
static void
count_entered (SharedLock *lock)
{
  lock->n_entered++;
  g_atomic_int_inc (&lock->n_counted);
}

static void
enter_nested (Hold *self)
{
  gpointer owner = g_atomic_pointer_get (&self->lock->owner);

  if (owner != NULL && owner != self->root)
    stress_fail ("a stranger has entered a nestable lock");
  g_atomic_int_inc (&self->root->n_guards);
  g_atomic_pointer_set (&self->lock->owner, self->root);
}

/* Notes that the lock is held, and checks who else holds it. */
void
hold_enter (Hold *self)
{
  SharedLock *lock = self->lock;
  gint before;

  switch (self->manner)
    {
    case HOLD_SHARED:
      if (g_atomic_int_add (&lock->inside, UNIT_SHARED) >= UNIT_THREAD_SHARED)
        stress_fail ("shared while others are in");
      break;
    case HOLD_THREAD_SHARED:
      before = g_atomic_int_add (&lock->inside, UNIT_THREAD_SHARED);
      if (before >= UNIT_EXCLUSIVE || before % UNIT_THREAD_SHARED != 0)
        stress_fail ("shared by a thread while others are in");
      if (before != 0 && g_atomic_pointer_get (&lock->owner) != g_thread_self ())
        stress_fail ("shared by two threads");
      g_atomic_pointer_set (&lock->owner, g_thread_self ());
      break;
    case HOLD_EXCLUSIVE:
      if (g_atomic_int_add (&lock->inside, UNIT_EXCLUSIVE) != 0)
        stress_fail ("exclusive while others are in");
      count_entered (lock);
      break;
    case HOLD_NESTED:
      enter_nested (self);
      break;
    default:
      if (g_atomic_int_add (&lock->inside, 1) >= (gint) lock->most)
        stress_fail ("more than %u are in a limiter", lock->most);
      break;
    }
}

/* Notes that the lock is about to be released. */
void
hold_leave (Hold *self)
{
  static const gint units[] = { UNIT_SHARED, UNIT_THREAD_SHARED, UNIT_EXCLUSIVE, 0, 1 };

  if (self->root != NULL && g_atomic_int_dec_and_test (&self->root->n_guards))
    g_atomic_pointer_set (&self->lock->owner, NULL);
  g_atomic_int_add (&self->lock->inside, -units[self->manner]);
}

/* Releases it in some way. Takes @self. */
void
hold_end (Hold  *self,
          guint  how)
{
  hold_leave (self);
  if (how % 2 == 0)
    aiodrive_lock_guard_release (self->guard);
  if (how % 4 == 0)
    aiodrive_lock_guard_release (self->guard);
  aiodrive_lock_guard_unref (self->guard);
  stress_shared_unref (&self->lock->shared);
  g_clear_pointer (&self->root, root_unref);
  g_free (self);
}

/* Holds the lock for a while; some thread will end it. Takes @self. */
void
hold_keep (Hold  *self,
           GRand *rand)
{
  guint place = stress_below (rand, N_KEPT);
  Hold *old;

  g_mutex_lock (&kept_lock);
  old = kept[place];
  kept[place] = self;
  g_mutex_unlock (&kept_lock);
  if (old != NULL)
    hold_end (old, stress_below (rand, 8));
}

void
hold_end_all (void)
{
  for (guint i = 0; i < N_KEPT; i++)
    {
      Hold *hold;

      g_mutex_lock (&kept_lock);
      hold = g_steal_pointer (&kept[i]);
      g_mutex_unlock (&kept_lock);
      if (hold != NULL)
        hold_end (hold, i);
    }
}

void
hold_kick_lock (StressShared *lock)
{
  hold_end_all ();
}

/* Nobody is in it when nobody has it any more. */
void
hold_finish_lock (StressShared *lock)
{
  SharedLock *self = (SharedLock *) lock;

  if (self->inside != 0)
    stress_fail ("%s: somebody is in", lock->kind->name);
  if (self->n_entered != (guint) self->n_counted)
    stress_fail ("%s: two have been in at once", lock->kind->name);
}
