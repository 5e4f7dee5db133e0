/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/stream/items.h"

G_BEGIN_DECLS

/* Puts, gets, cancels and drops at random in several threads, each with its own context. What was put is got once. */

typedef struct
{
  gboolean (*put)        (gpointer              object,
                          gint64                number,
                          const GValue         *value,
                          GCancellable         *cancellable,
                          GRand                *rand,
                          GError              **error);   /* FALSE without error: try again */
  void     (*get_async)  (gpointer              object,
                          GCancellable         *cancellable,
                          GAsyncReadyCallback   callback,
                          gpointer              data);
  void     (*get_finish) (gpointer              object,
                          GAsyncResult         *result,
                          GValue               *value,
                          GError              **error);
  gboolean (*try_get)    (gpointer              object,
                          GValue               *value,
                          GError              **error);
  void     (*close)      (gpointer              object);
} StressOps;

#define STRESS_N_ITEMS 20000
#define STRESS_N_THREADS 3   /* of either kind */
#define STRESS_N_PENDING 4

typedef struct
{
  gpointer         object;
  const StressOps *ops;
  gint             next;                    /* atomic: the next number to put */
  gint             n_got[STRESS_N_ITEMS];   /* atomic: how often each was got */
  GMutex           lock;
  GCancellable    *current[STRESS_N_THREADS * 2];   /* owned, guarded by lock: what may be cancelled */
} Stress;

typedef struct
{
  Stress   *stress;
  guint     number;
  GRand    *rand;
  GThread  *thread;
  guint     n_pending;
  guint     n_begun;
  guint     n_ended;
  gboolean  closed;
} StressThread;

static inline GCancellable *
stress_renew (StressThread *self)
{
  GCancellable *cancellable = g_cancellable_new ();
  g_autoptr(GCancellable) old = NULL;

  g_mutex_lock (&self->stress->lock);
  old = self->stress->current[self->number];
  self->stress->current[self->number] = g_object_ref (cancellable);
  g_mutex_unlock (&self->stress->lock);
  return cancellable;
}

static inline void
stress_cancel_somebody (StressThread *self)
{
  g_autoptr(GCancellable) cancellable = NULL;

  g_mutex_lock (&self->stress->lock);
  g_set_object (&cancellable, self->stress->current[g_rand_int_range (self->rand, 0, STRESS_N_THREADS * 2)]);
  g_mutex_unlock (&self->stress->lock);
  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
}

static inline void
stress_count (Stress *self,
              GValue *value)
{
  g_atomic_int_inc (&self->n_got[g_value_get_int64 (value)]);
  g_value_unset (value);
}

static inline gpointer
stress_run_putter (gpointer data)
{
  StressThread *self = data;
  GMainContext *context = g_main_context_new ();
  gint number;

  g_main_context_push_thread_default (context);
  while ((number = g_atomic_int_add (&self->stress->next, 1)) < STRESS_N_ITEMS)
    {
      gboolean done = FALSE;

      while (!done)
        {
          g_autoptr(GCancellable) cancellable = stress_renew (self);
          g_autoptr(GError) error = NULL;

          done = self->stress->ops->put (self->stress->object, number, int_value (number), cancellable, self->rand,
                                         &error);
          if (error != NULL)
            g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
        }
      if (g_rand_int_range (self->rand, 0, 8) == 0)
        stress_cancel_somebody (self);
    }
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return NULL;
}

static inline void
stress_on_got (GObject      *object,
               GAsyncResult *result,
               gpointer      data)
{
  StressThread *self = data;
  g_autoptr(GError) error = NULL;
  GValue value;

  g_assert_true (g_thread_self () == self->thread);
  self->n_pending--;
  self->n_ended++;
  if (g_rand_int_range (self->rand, 0, 8) == 0)
    return;   /* drops it */

  self->stress->ops->get_finish (object, result, &value, &error);
  if (error == NULL)
    stress_count (self->stress, &value);
  else
    assert_no_value (&value);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    self->closed = TRUE;
  else if (error != NULL)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static inline void
stress_get (StressThread *self,
            GCancellable *cancellable)
{
  g_autoptr(GError) error = NULL;
  GValue value;

  if (g_rand_int_range (self->rand, 0, 4) > 0)
    {
      self->n_pending++;
      self->n_begun++;
      self->stress->ops->get_async (self->stress->object, cancellable, stress_on_got, self);
    }
  else if (self->stress->ops->try_get (self->stress->object, &value, &error))
    {
      stress_count (self->stress, &value);
    }
}

static inline gpointer
stress_run_getter (gpointer data)
{
  StressThread *self = data;
  GMainContext *context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  self->thread = g_thread_self ();
  while (!self->closed || self->n_pending > 0)
    {
      g_autoptr(GCancellable) cancellable = stress_renew (self);

      for (guint i = 0; i < 4 && !self->closed && self->n_pending < STRESS_N_PENDING; i++)
        stress_get (self, cancellable);
      if (g_rand_int_range (self->rand, 0, 4) == 0)
        stress_cancel_somebody (self);
      g_main_context_iteration (context, self->n_pending == STRESS_N_PENDING);
    }
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return NULL;
}

/* Takes @object. */
static inline void
stress (gpointer         object,
        const StressOps *ops)
{
  Stress *self = g_new0 (Stress, 1);
  StressThread threads[STRESS_N_THREADS * 2] = { { NULL } };
  GThread *joined[STRESS_N_THREADS * 2];
  guint n_left = 0;
  GValue value;

  self->object = object;
  self->ops = ops;
  g_mutex_init (&self->lock);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      threads[i].stress = self;
      threads[i].number = i;
      threads[i].rand = g_rand_new_with_seed (g_test_rand_int ());
      joined[i] = g_thread_new ("stress", i < STRESS_N_THREADS ? stress_run_putter : stress_run_getter, &threads[i]);
    }

  for (guint i = 0; i < STRESS_N_THREADS; i++)
    g_thread_join (joined[i]);
  ops->close (object);
  for (guint i = STRESS_N_THREADS; i < G_N_ELEMENTS (threads); i++)
    {
      g_thread_join (joined[i]);
      g_assert_cmpuint (threads[i].n_begun, ==, threads[i].n_ended);
    }

  /* what came back after the last had looked */
  for (; ops->try_get (object, &value, NULL); n_left++)
    stress_count (self, &value);
  assert_no_value (&value);
  g_test_message ("%u left", n_left);
  g_assert_cmpuint (count_items (object), ==, 0);
  for (guint i = 0; i < STRESS_N_ITEMS; i++)
    g_assert_cmpint (self->n_got[i], ==, 1);

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_rand_free (threads[i].rand);
      g_clear_object (&self->current[i]);
    }
  g_mutex_clear (&self->lock);
  g_free (self);
  g_assert_finalize_object (object);
}

G_END_DECLS
