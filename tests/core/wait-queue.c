/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>

#include "aiodrive/core/wait-private.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "tests/support/support.h"

/* The least of all primitives: nothing but its waiters. What they are woken with is a number. */
typedef struct
{
  AiodriveMonitor   monitor;
  AiodriveWaitQueue queue;
  guint             n_cancelled;   /* guarded by monitor, as is the next */
  guint             n_parked;
} Gate;

static void
gate_on_cancelled (AiodriveWaitQueue *queue,
                   gpointer           request)
{
  AIODRIVE_CONTAINER_OF (queue, Gate, queue)->n_cancelled++;
}

static void
gate_init (Gate *self)
{
  *self = (Gate) { .queue.on_cancelled = gate_on_cancelled };
  aiodrive_monitor_init (&self->monitor);
}

static void
gate_clear (Gate *self)
{
  g_assert_null (self->queue.first);
  g_assert_null (self->queue.last);
  aiodrive_monitor_clear (&self->monitor);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Gate, gate_clear)

static void
return_number (AiodriveWait *wait,
               gpointer      granted)
{
  aiodrive_wait_return_int (wait, GPOINTER_TO_INT (granted));
}

static void
gate_wait_async (Gate                *self,
                 GCancellable        *cancellable,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  AiodriveWait *wait = aiodrive_wait_new (NULL, cancellable, callback, user_data, gate_wait_async, return_number);

  if (wait == NULL)
    return;
  aiodrive_monitor_lock (&self->monitor);
  self->n_parked += aiodrive_wait_park (wait, &self->queue, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

static gboolean
gate_wake_one (Gate *self,
               gint  number)
{
  gboolean woken;

  aiodrive_monitor_lock (&self->monitor);
  woken = aiodrive_wait_queue_wake_one (&self->queue, GINT_TO_POINTER (number), &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
  return woken;
}

static void
gate_wake_all (Gate *self)
{
  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_queue_wake_all (&self->queue, &self->monitor);
  aiodrive_monitor_unlock (&self->monitor);
}

/* Where a wait ends. */
typedef struct
{
  gint           n_calls;     /* atomic, for others than the context of the wait */
  gint           number;      /* -1: it was cancelled */
  GMainContext  *context;     /* unowned: that of the callback */
  char           name;        /* for log */
  GString       *log;         /* unowned, nullable */
  void         (*then) (gpointer data);
  gpointer       data;
} Call;

static void
on_ended (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  Call *self = data;
  g_autoptr(GError) error = NULL;

  g_assert_cmpstr (g_source_get_name (g_main_current_source ()), ==, "aiodrive dispatcher");
  g_assert_true (g_async_result_is_tagged (result, gate_wait_async));
  self->number = aiodrive_wait_propagate_int (result, &error);
  if (error != NULL)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  self->context = g_main_context_get_thread_default ();
  if (self->log != NULL)
    g_string_append_c (self->log, self->name);
  g_atomic_int_inc (&self->n_calls);
  if (self->then != NULL)
    self->then (self->data);
}

static void
gate_wait (Gate         *self,
           GCancellable *cancellable,
           Call         *call)
{
  gate_wait_async (self, cancellable, on_ended, call);
}

static void
assert_ends (Call *self,
             gint  number)
{
  test_iterate_until (self->n_calls > 0);
  g_assert_cmpint (self->n_calls, ==, 1);
  g_assert_cmpint (self->number, ==, number);
}

static GCancellable *
new_plain (void)
{
  return g_cancellable_new ();
}

static GCancellable *
new_scope (void)
{
  return G_CANCELLABLE (aiodrive_cancel_scope_new (NULL));
}

typedef GCancellable *(*NewCancellable) (void);

/*
 * One thread
 */

static void
test_wake_one (void)
{
  g_auto(Gate) gate = { 0 };
  Call calls[3] = { 0 };

  g_test_summary ("FIFO: the longest waiter is woken first, with its granted value; no callback runs inside the call");

  gate_init (&gate);
  g_assert_false (gate_wake_one (&gate, 7));
  for (guint i = 0; i < 3; i++)
    gate_wait (&gate, NULL, &calls[i]);
  test_settle ();

  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (calls[i].n_calls, ==, 0);
      g_assert_true (gate_wake_one (&gate, i + 1));
      g_assert_cmpint (calls[i].n_calls, ==, 0);
      assert_ends (&calls[i], i + 1);
    }
  g_assert_false (gate_wake_one (&gate, 7));
}

static void
test_grant (void)
{
  g_auto(Gate) gate = { 0 };
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Call call = { 0 };
  AiodriveWait *wait;

  g_test_summary ("What is there already is granted without waiting, and kept although it is cancelled then");

  gate_init (&gate);
  wait = aiodrive_wait_new (NULL, cancellable, on_ended, &call, gate_wait_async, return_number);
  aiodrive_monitor_lock (&gate.monitor);
  aiodrive_wait_grant (wait, GINT_TO_POINTER (5), &gate.monitor);
  aiodrive_monitor_unlock (&gate.monitor);
  g_cancellable_cancel (cancellable);
  g_assert_cmpint (call.n_calls, ==, 0);
  assert_ends (&call, 5);
}

static void
deferred (gpointer data)
{
  Gate *gate = data;

  g_assert_false (gate_wake_one (gate, 1));
  gate->n_parked++;
}

static void
test_defer (void)
{
  g_auto(Gate) gate = { 0 };

  g_test_summary ("Unlocking the monitor runs the deferred call once, with the monitor unlocked");

  gate_init (&gate);
  aiodrive_monitor_lock (&gate.monitor);
  aiodrive_monitor_defer (&gate.monitor, deferred, &gate);
  g_assert_cmpuint (gate.n_parked, ==, 0);
  aiodrive_monitor_unlock (&gate.monitor);
  g_assert_cmpuint (gate.n_parked, ==, 1);
}

static void
test_order (void)
{
  g_auto(Gate) gate = { 0 };
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GString) log = g_string_new (NULL);
  Call calls[6] = { 0 };

  g_test_summary ("Callbacks come in the order in which it was decided, by a wake-up, a cancellation or a "
                  "wake-up of all");

  gate_init (&gate);
  for (guint i = 0; i < 6; i++)
    {
      calls[i].name = 'a' + i;
      calls[i].log = log;
      gate_wait (&gate, i == 3 ? cancellable : NULL, &calls[i]);
    }
  gate_wake_one (&gate, 0);
  g_cancellable_cancel (cancellable);
  gate_wake_one (&gate, 0);
  gate_wake_all (&gate);
  test_iterate_until (log->len == 6);
  g_assert_cmpstr (log->str, ==, "adbcef");
}

static gint
compare (gconstpointer a,
         gconstpointer b)
{
  return GPOINTER_TO_INT (a) - GPOINTER_TO_INT (b);
}

static gint n_freed;

static void
request_free (gpointer request)
{
  g_assert_cmpint (GPOINTER_TO_INT (request), ==, 9);
  n_freed++;
}

static void
test_sorted (void)
{
  static const gint requests[] = { 5, 1, 5, 9, 1, 3, 5, 1 };
  static const guint expected[] = { 1, 4, 7, 5, 0, 2, 6 };
  g_auto(Gate) gate = { 0 };
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Call calls[8] = { 0 };

  g_test_summary ("A queue with an order is served by what is asked for, then first come, first served; what is woken "
                  "as it is gets its request, and a request that is cancelled is freed");

  gate_init (&gate);
  gate.queue.compare = compare;
  aiodrive_monitor_lock (&gate.monitor);
  for (guint i = 0; i < 8; i++)
    {
      AiodriveWait *wait = aiodrive_wait_new (NULL, requests[i] == 9 ? cancellable : NULL, on_ended, &calls[i],
                                              gate_wait_async, return_number);

      aiodrive_wait_set_request (wait, GINT_TO_POINTER (requests[i]), request_free);
      aiodrive_wait_park (wait, &gate.queue, &gate.monitor);
    }
  aiodrive_monitor_unlock (&gate.monitor);

  g_cancellable_cancel (cancellable);
  for (guint i = 0; i < 7; i++)
    {
      aiodrive_monitor_lock (&gate.monitor);
      aiodrive_wait_queue_wake (&gate.queue, aiodrive_wait_queue_get_first (&gate.queue), &gate.monitor);
      aiodrive_monitor_unlock (&gate.monitor);
      assert_ends (&calls[expected[i]], requests[expected[i]]);
    }
  assert_ends (&calls[3], -1);
  g_assert_cmpint (n_freed, ==, 1);
}

/* Parks @n waits with priorities from 0 to @n_priorities - 1, in some order. */
static void
park_by_priority (Gate         *gate,
                  guint         n,
                  guint         n_priorities,
                  GCancellable *cancellable,
                  Call         *calls)
{
  aiodrive_monitor_lock (&gate->monitor);
  for (guint i = 0; i < n; i++)
    {
      AiodriveWait *wait = aiodrive_wait_new (NULL, i % 3 == 0 ? cancellable : NULL, on_ended, &calls[i],
                                              gate_wait_async, return_number);
      guint priority = (n - 1 - i) * (guint64) 7919 % n_priorities;

      aiodrive_wait_set_request (wait, GINT_TO_POINTER (1 + priority * (n / n_priorities + 1)), NULL);
      aiodrive_wait_park (wait, &gate->queue, &gate->monitor);
    }
  aiodrive_monitor_unlock (&gate->monitor);
}

/* The first of each priority is what the queue keeps account of: it is cancelled, or woken, or joined by others. What
 * that costs does not grow with the square of the number of priorities, which would end in the timeout of the test. */
static void
test_priorities (void)
{
  static const guint n_priorities[] = { 1, 2, 10, G_MAXUINT };
  guint n = test_rounds (60000);

  for (guint k = 0; k < G_N_ELEMENTS (n_priorities); k++)
    {
      g_auto(Gate) gate = { 0 };
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      Call *calls = g_new0 (Call, n);
      AiodriveWaiter *last = NULL, *waiter;
      guint n_woken = 0;

      gate_init (&gate);
      gate.queue.compare = compare;
      park_by_priority (&gate, n, MIN (n_priorities[k], n), cancellable, calls);
      g_cancellable_cancel (cancellable);
      aiodrive_monitor_lock (&gate.monitor);
      for (waiter = gate.queue.first; waiter != NULL; waiter = aiodrive_waiter_get_next (waiter))
        {
          g_assert_true (last == NULL || compare (last->granted, waiter->granted) <= 0);
          last = waiter;
        }
      while ((waiter = aiodrive_wait_queue_get_first (&gate.queue)) != NULL)
        {
          aiodrive_wait_queue_wake (&gate.queue, waiter, &gate.monitor);
          n_woken++;
        }
      g_assert_null (gate.queue.firsts);
      aiodrive_monitor_unlock (&gate.monitor);
      g_assert_cmpuint (n_woken, ==, n - (n + 2) / 3);
      test_settle ();
      for (guint i = 0; i < n; i++)
        g_assert_cmpint (calls[i].n_calls, ==, 1);
      g_free (calls);
    }
}

/* All that wait with priorities are woken at once; the queue begins anew. */
static void
test_priorities_wake_all (void)
{
  g_auto(Gate) gate = { 0 };
  Call calls[10] = { 0 };

  gate_init (&gate);
  gate.queue.compare = compare;
  for (guint round = 0; round < 2; round++)
    {
      park_by_priority (&gate, 10, 3, NULL, calls);
      gate_wake_all (&gate);
      g_assert_null (gate.queue.firsts);
      test_settle ();
      for (guint i = 0; i < 10; i++)
        g_assert_cmpint (calls[i].n_calls, ==, round + 1);
    }
}

static void
test_cancelled_already (gconstpointer data)
{
  g_auto(Gate) gate = { 0 };
  g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
  Call call = { 0 };

  g_test_summary ("A wait whose cancellable is cancelled already has no effect, and ends in a later iteration");

  gate_init (&gate);
  g_cancellable_cancel (cancellable);
  gate_wait (&gate, cancellable, &call);
  g_assert_false (gate_wake_one (&gate, 1));
  g_assert_cmpint (call.n_calls, ==, 0);
  assert_ends (&call, -1);
  g_assert_cmpuint (gate.n_cancelled, ==, 0);
}

static void
test_cancel_before_park (gconstpointer data)
{
  g_auto(Gate) gate = { 0 };
  g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
  Call call = { 0 };
  AiodriveWait *wait;

  g_test_summary ("A wait that is cancelled between the look at its cancellable and the parking is not parked");

  gate_init (&gate);
  wait = aiodrive_wait_new (NULL, cancellable, on_ended, &call, gate_wait_async, return_number);
  g_cancellable_cancel (cancellable);
  aiodrive_monitor_lock (&gate.monitor);
  g_assert_false (aiodrive_wait_park (wait, &gate.queue, &gate.monitor));
  aiodrive_monitor_unlock (&gate.monitor);
  g_assert_cmpuint (gate.n_cancelled, ==, 1);
  g_assert_false (gate_wake_one (&gate, 1));
  assert_ends (&call, -1);
  g_assert_finalize_object (g_steal_pointer (&cancellable));
}

static void
test_cancel_before_wake (gconstpointer data)
{
  g_auto(Gate) gate = { 0 };
  g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
  Call calls[3] = { 0 };

  g_test_summary ("A cancelled waiter is granted nothing: its value goes to the next one");

  gate_init (&gate);
  gate_wait (&gate, cancellable, &calls[0]);
  gate_wait (&gate, NULL, &calls[1]);
  gate_wait (&gate, cancellable, &calls[2]);
  g_cancellable_cancel (cancellable);
  g_assert_cmpuint (gate.n_cancelled, ==, 2);
  g_assert_cmpint (calls[0].n_calls, ==, 0);

  g_assert_true (gate_wake_one (&gate, 1));
  g_assert_false (gate_wake_one (&gate, 2));
  assert_ends (&calls[0], -1);
  assert_ends (&calls[1], 1);
  assert_ends (&calls[2], -1);
  g_assert_finalize_object (g_steal_pointer (&cancellable));
}

static void
test_cancel_after_wake (gconstpointer data)
{
  g_auto(Gate) gate = { 0 };
  g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
  Call calls[3] = { 0 };

  g_test_summary ("A woken waiter keeps the granted value, however soon it is cancelled");

  gate_init (&gate);
  gate_wait (&gate, cancellable, &calls[0]);
  gate_wait (&gate, cancellable, &calls[1]);
  gate_wait (&gate, NULL, &calls[2]);
  gate_wake_one (&gate, 1);
  gate_wake_one (&gate, 2);
  g_cancellable_cancel (cancellable);
  g_assert_cmpuint (gate.n_cancelled, ==, 0);

  assert_ends (&calls[0], 1);
  assert_ends (&calls[1], 2);
  g_assert_true (gate_wake_one (&gate, 3));
  assert_ends (&calls[2], 3);
  g_assert_finalize_object (g_steal_pointer (&cancellable));
}

static void
test_cancel_after_wake_all (gconstpointer data)
{
  g_auto(Gate) gate = { 0 };
  g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
  Call calls[2] = { 0 };

  g_test_summary ("The same for those who were woken together");

  gate_init (&gate);
  gate_wait (&gate, cancellable, &calls[0]);
  gate_wait (&gate, cancellable, &calls[1]);
  gate_wake_all (&gate);
  g_cancellable_cancel (cancellable);
  g_assert_cmpuint (gate.n_cancelled, ==, 0);

  assert_ends (&calls[0], 0);
  assert_ends (&calls[1], 0);
  g_assert_finalize_object (g_steal_pointer (&cancellable));
}

static void
test_late (void)
{
  g_auto(Gate) gate = { 0 };
  g_autoptr(GMainContext) dead = g_main_context_new ();
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  Call call = { 0 };

  g_test_summary ("A wait whose deadline has passed ends by the clock, whether or not anybody iterates the context "
                  "of the "
                  "deadline");

  gate_init (&gate);
  g_main_context_push_thread_default (dead);
  aiodrive_cancel_scope_set_deadline (scope, g_get_monotonic_time ());
  g_main_context_pop_thread_default (dead);

  gate_wait (&gate, G_CANCELLABLE (scope), &call);
  g_assert_false (gate_wake_one (&gate, 1));
  assert_ends (&call, -1);
  g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (scope)));
}

/*
 * In callbacks and handlers
 */

typedef struct
{
  Gate          gate;
  GCancellable *cancellable;   /* owned, nullable */
  Call          calls[4];
  guint         n_again;
} Scene;

static void
scene_cancel (gpointer data)
{
  g_cancellable_cancel (((Scene *) data)->cancellable);
}

static void
scene_wait_nested (gpointer data)
{
  Scene *scene = data;

  gate_wake_all (&scene->gate);
  assert_ends (&scene->calls[1], 0);
  assert_ends (&scene->calls[2], 0);
  gate_wait (&scene->gate, NULL, &scene->calls[3]);
  gate_wake_one (&scene->gate, 3);
  assert_ends (&scene->calls[3], 3);
}

static void
scene_wait_again (gpointer data)
{
  Scene *scene = data;

  if (++scene->n_again == 12)
    return;
  scene->calls[0].n_calls = 0;
  gate_wait (&scene->gate, NULL, &scene->calls[0]);
  gate_wake_one (&scene->gate, scene->n_again);
}

static void
test_same_iteration (void)
{
  Scene scene = { .cancellable = NULL };

  g_test_summary ("A callback that waits and is woken at once is called back by the same dispatch");

  test_settle ();   /* a time slice starts; it is not looked at for a dozen work items */
  gate_init (&scene.gate);
  scene.calls[0].then = scene_wait_again;
  scene.calls[0].data = &scene;
  scene_wait_again (&scene);
  g_assert_cmpuint (scene.n_again, ==, 1);
  g_assert_true (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (scene.n_again, ==, 12);
  g_assert_cmpint (scene.calls[0].number, ==, 11);
  gate_clear (&scene.gate);
}

static void
test_cancel_in_callback (gconstpointer data)
{
  Scene scene = { .cancellable = ((NewCancellable) data) () };

  g_test_summary ("A callback that cancels others: one that is parked, and one that was woken but not called back yet");

  gate_init (&scene.gate);
  scene.calls[0].then = scene_cancel;
  scene.calls[0].data = &scene;
  for (guint i = 0; i < 4; i++)
    gate_wait (&scene.gate, i == 0 ? NULL : scene.cancellable, &scene.calls[i]);
  gate_wake_one (&scene.gate, 1);
  gate_wake_one (&scene.gate, 2);

  assert_ends (&scene.calls[0], 1);
  assert_ends (&scene.calls[1], 2);
  assert_ends (&scene.calls[2], -1);
  assert_ends (&scene.calls[3], -1);
  g_assert_finalize_object (scene.cancellable);
  gate_clear (&scene.gate);
}

static void
test_nested_loop (void)
{
  Scene scene = { .cancellable = NULL };

  g_test_summary ("A callback that runs a nested main loop until others, woken before and within it, are called back");

  gate_init (&scene.gate);
  scene.calls[0].then = scene_wait_nested;
  scene.calls[0].data = &scene;
  for (guint i = 0; i < 3; i++)
    gate_wait (&scene.gate, NULL, &scene.calls[i]);
  gate_wake_one (&scene.gate, 1);
  assert_ends (&scene.calls[0], 1);
  assert_ends (&scene.calls[3], 3);
  gate_clear (&scene.gate);
}

static void
in_handler (GCancellable *cancellable,
            gpointer      data)
{
  Scene *scene = data;

  gate_wake_one (&scene->gate, 1);
  gate_wait (&scene->gate, cancellable, &scene->calls[2]);
  g_clear_object (&scene->cancellable);
}

static void
test_in_handler (gconstpointer data)
{
  Scene scene = { .cancellable = ((NewCancellable) data) () };
  gpointer cancellable = scene.cancellable;

  g_test_summary ("A handler of the signal may wake, wait, and drop the last reference but those of the waiters");

  g_object_add_weak_pointer (cancellable, &cancellable);
  gate_init (&scene.gate);
  g_signal_connect (scene.cancellable, "cancelled", G_CALLBACK (in_handler), &scene);
  gate_wait (&scene.gate, scene.cancellable, &scene.calls[0]);
  gate_wait (&scene.gate, scene.cancellable, &scene.calls[1]);
  g_cancellable_cancel (scene.cancellable);

  assert_ends (&scene.calls[0], 1);
  assert_ends (&scene.calls[1], -1);
  assert_ends (&scene.calls[2], -1);
  g_assert_null (cancellable);
  gate_clear (&scene.gate);
}

static void
test_run_dispose (gconstpointer data)
{
  g_auto(Gate) gate = { 0 };
  g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
  Call calls[2] = { 0 };

  g_test_summary ("A cancellable that is disposed of by force does not lose its waiters");

  gate_init (&gate);
  gate_wait (&gate, cancellable, &calls[0]);
  g_object_run_dispose (G_OBJECT (cancellable));
  gate_wait (&gate, cancellable, &calls[1]);
  gate_wake_one (&gate, 1);
  gate_wake_one (&gate, 2);
  assert_ends (&calls[0], 1);
  assert_ends (&calls[1], 2);
  g_assert_finalize_object (g_steal_pointer (&cancellable));
}

static void
test_keeps_source_object (void)
{
  g_auto(Gate) gate = { 0 };
  g_auto(TestCall) call = TEST_CALL_INIT;
  g_autoptr(GObject) source = g_object_new (G_TYPE_OBJECT, NULL);
  AiodriveWait *wait;

  g_test_summary ("A wait keeps its source object until it has ended, not longer");

  gate_init (&gate);
  wait = aiodrive_wait_new (source, NULL, test_on_ready, &call, gate_wait_async, return_number);
  aiodrive_monitor_lock (&gate.monitor);
  aiodrive_wait_park (wait, &gate.queue, &gate.monitor);
  aiodrive_monitor_unlock (&gate.monitor);
  gate_wake_all (&gate);
  test_call_wait (&call);

  g_assert_true (call.source_object == source);
  g_assert_true (aiodrive_wait_is_valid (call.result, source, gate_wait_async));
  g_assert_false (aiodrive_wait_is_valid (call.result, NULL, gate_wait_async));
  g_assert_false (aiodrive_wait_is_valid (call.result, source, gate_wake_one));
  test_settle ();
  test_call_clear (&call);
  g_assert_finalize_object (g_steal_pointer (&source));
}

/*
 * Waking all
 */

static void
test_wake_all_generations (void)
{
  g_auto(Gate) gate = { 0 };
  g_autoptr(GCancellable) old = g_cancellable_new ();
  g_autoptr(GCancellable) new = g_cancellable_new ();
  Call calls[6] = { 0 };

  g_test_summary ("Those woken together are told apart from those who come after: cancelling the ones "
                  "disturbs neither chain");

  gate_init (&gate);
  for (guint i = 0; i < 3; i++)
    gate_wait (&gate, old, &calls[i]);
  gate_wake_all (&gate);
  for (guint i = 3; i < 6; i++)
    gate_wait (&gate, i == 4 ? new : old, &calls[i]);
  g_cancellable_cancel (old);
  g_assert_cmpuint (gate.n_cancelled, ==, 2);
  for (guint i = 0; i < 6; i++)
    if (i != 4)
      assert_ends (&calls[i], i < 3 ? 0 : -1);

  g_assert_cmpint (calls[4].n_calls, ==, 0);
  gate_wake_all (&gate);
  gate_wake_all (&gate);
  g_cancellable_cancel (new);
  assert_ends (&calls[4], 0);
  g_assert_false (gate_wake_one (&gate, 1));
}

#define N_CHAIN 1000

static guint n_chain;

static void
count_run (AiodriveWorkItem *work)
{
  n_chain++;
}

static void
test_wake_all_at_once (void)
{
  g_auto(Gate) gate = { 0 };
  gsize size = N_CHAIN * sizeof (AiodriveWaiter);
  AiodriveWaiter *middle = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  AiodriveWaiter first;
  AiodriveWaiter last;

  g_test_summary ("Waking the waiters of one context does not look at them, but for the first and the last");

  g_assert_true (middle != MAP_FAILED);
  gate_init (&gate);
  for (guint i = 0; i < N_CHAIN + 2; i++)
    {
      AiodriveWaiter *waiter = i == 0 ? &first : i <= N_CHAIN ? &middle[i - 1] : &last;

      aiodrive_waiter_init (waiter, count_run);
      aiodrive_wait_queue_add (&gate.queue, waiter);
    }

  g_assert_cmpint (mprotect (middle, size, PROT_NONE), ==, 0);
  gate_wake_all (&gate);
  g_assert_cmpint (mprotect (middle, size, PROT_READ | PROT_WRITE), ==, 0);

  n_chain = 0;
  test_iterate_until (n_chain == N_CHAIN + 2);
  munmap (middle, size);
}

static void
test_nobody (void)
{
  g_auto(Gate) gate = { 0 };
  Call call = { 0 };

  g_test_summary ("Waking all in an empty queue wakes no later waiter");

  gate_init (&gate);
  gate_wake_all (&gate);
  gate_wait (&gate, NULL, &call);
  test_settle ();
  g_assert_cmpint (call.n_calls, ==, 0);
  gate_wake_all (&gate);
  assert_ends (&call, 0);
}

/*
 * Several threads
 */

#define N_CONTEXTS 4

typedef struct
{
  Gate       *gate;
  TestThread *threads[N_CONTEXTS];
  GString    *logs[N_CONTEXTS];
  Call        calls[26];
} Crowd;

static guint
context_of (guint i)
{
  return (i * 7 / 3) % N_CONTEXTS;   /* runs of one context, and changes */
}

typedef struct
{
  Gate *gate;
  Call *call;
} Arrival;

static void
arrive (gpointer data,
        gpointer unused)
{
  Arrival *self = data;

  gate_wait (self->gate, NULL, self->call);
}

static void
crowd_gather (Crowd *self)
{
  for (guint i = 0; i < 26; i++)
    {
      Arrival arrival = { self->gate, &self->calls[i] };

      self->calls[i] = (Call) { .name = 'a' + i, .log = self->logs[context_of (i)] };
      test_thread_call (self->threads[context_of (i)], arrive, &arrival);
    }
}

static void
settle (gpointer data,
        gpointer unused)
{
  test_settle ();
}

static void
crowd_check (Crowd *self)
{
  /* nothing but the wake-up is to wake the contexts */
  for (guint i = 0; i < 26; i++)
    test_spin_while (g_atomic_int_get (&self->calls[i].n_calls) == 0);

  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      g_autoptr(GString) expected = g_string_new (NULL);

      for (guint j = 0; j < 26; j++)
        if (context_of (j) == i)
          g_string_append_c (expected, 'a' + j);
      test_thread_call (self->threads[i], settle, NULL);
      g_assert_cmpstr (self->logs[i]->str, ==, expected->str);
      g_string_truncate (self->logs[i], 0);
    }
  for (guint i = 0; i < 26; i++)
    {
      g_assert_cmpint (self->calls[i].n_calls, ==, 1);
      g_assert_true (self->calls[i].context == test_thread_get_context (self->threads[context_of (i)]));
    }
}

static void
test_many_contexts (void)
{
  g_auto(Gate) gate = { 0 };
  Crowd crowd = { .gate = &gate };

  g_test_summary ("Waiters of many contexts in one queue are each called back once, in order, in their own context");

  gate_init (&gate);
  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      crowd.threads[i] = test_thread_start ();
      crowd.logs[i] = g_string_new (NULL);
    }
  for (guint round = 0; round < 20; round++)
    {
      crowd_gather (&crowd);
      for (guint i = 0; i < round; i++)
        gate_wake_one (&gate, 0);
      gate_wake_all (&gate);
      crowd_check (&crowd);

      crowd_gather (&crowd);
      while (gate_wake_one (&gate, 0))
        ;
      crowd_check (&crowd);
    }
  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      test_thread_stop (crowd.threads[i]);
      g_string_free (crowd.logs[i], TRUE);
    }
}

typedef struct
{
  Gate          gate;
  GMainContext *context;   /* owned by the thread */
  gint          parked;    /* atomic */
  gint          freed;     /* atomic */
} Leaving;

static void
leaving_freed (gpointer data)
{
  Leaving *self = data;

  gate_wake_one (&self->gate, 1);
  g_atomic_int_set (&self->freed, TRUE);
}

static gpointer
leaving_run (gpointer data)
{
  Leaving *self = data;
  GSource *source = g_timeout_source_new_seconds (3600);
  Call call = { 0 };

  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  g_source_set_callback (source, NULL, self, leaving_freed);
  g_source_attach (source, self->context);
  g_source_unref (source);
  gate_wait (&self->gate, NULL, &call);
  g_atomic_int_set (&self->parked, TRUE);
  test_iterate_until (call.n_calls > 0);
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
  return NULL;
}

/* FALSE if the context was not blocking just then, so that there was no wake-up. */
static gboolean
leave_while_woken (TestThread *other)
{
  Leaving leaving = { .parked = FALSE };
  Call call = { 0 };
  Arrival arrival = { &leaving.gate, &call };
  GThread *thread;
  gboolean woken;

  gate_init (&leaving.gate);
  thread = g_thread_new ("leave", leaving_run, &leaving);
  test_spin_while (!g_atomic_int_get (&leaving.parked));
  test_thread_call (other, arrive, &arrival);

  aiodrive_monitor_lock (&leaving.gate.monitor);
  aiodrive_wait_queue_wake_one (&leaving.gate.queue, NULL, &leaving.gate.monitor);
  woken = leaving.gate.monitor.to_wake != NULL;
  if (woken)
    {
      /* something else wakes it first: it is called back, and has come to its end when the other one is woken */
      g_main_context_wakeup (leaving.context);
      g_thread_join (thread);
      g_assert_false (g_atomic_int_get (&leaving.freed));
    }
  aiodrive_wait_queue_wake_one (&leaving.gate.queue, NULL, &leaving.gate.monitor);
  aiodrive_monitor_unlock (&leaving.gate.monitor);

  if (!woken)
    g_thread_join (thread);
  g_assert_true (g_atomic_int_get (&leaving.freed));
  test_spin_while (g_atomic_int_get (&call.n_calls) == 0);
  test_thread_call (other, settle, NULL);
  gate_clear (&leaving.gate);
  return woken;
}

static void
test_context_leaves (void)
{
  TestThread *other = test_thread_start ();

  g_test_summary ("A context that is kept by nothing but the wake-up due to it ends when the monitor is unlocked");

  test_spin_while (!leave_while_woken (other));
  test_thread_stop (other);
}

/* A thread that cancels what it is given, after a random time that is no longer than a wait or a wake-up takes. */
typedef struct
{
  GThread      *thread;
  GRand        *rand;
  GCancellable *next;    /* atomic, unowned; the thread itself: stop */
  gint          armed;   /* atomic */
} Canceller;

static void
spin (GRand *rand)
{
  for (gint left = g_rand_int_range (rand, 0, 2000); left > 0; left--)
    g_atomic_int_get (&left);
}

static gpointer
canceller_run (gpointer data)
{
  Canceller *self = data;
  GRand *rand = g_rand_new_with_seed (1);
  GCancellable *cancellable;

  while ((cancellable = g_atomic_pointer_get (&self->next)) != (gpointer) self)
    {
      if (cancellable == NULL)
        {
          g_thread_yield ();
          continue;
        }
      g_atomic_int_set (&self->armed, TRUE);
      spin (rand);
      g_cancellable_cancel (cancellable);
      g_atomic_pointer_set (&self->next, NULL);
    }
  g_rand_free (rand);
  return NULL;
}

static void
canceller_start (Canceller *self)
{
  *self = (Canceller) { .rand = g_rand_new_with_seed (2) };
  self->thread = g_thread_new ("cancel", canceller_run, self);
}

/* Returns when it is about to do so, every other time; or else at once. */
static void
canceller_cancel (Canceller    *self,
                  GCancellable *cancellable)
{
  g_atomic_int_set (&self->armed, FALSE);
  g_atomic_pointer_set (&self->next, cancellable);
  if (g_rand_boolean (self->rand))
    return;
  test_spin_while (!g_atomic_int_get (&self->armed));
  spin (self->rand);
}

static void
canceller_join (Canceller *self)
{
  test_spin_while (g_atomic_pointer_get (&self->next) != NULL);
}

static void
canceller_stop (Canceller *self)
{
  g_atomic_pointer_set (&self->next, (gpointer) self);
  g_thread_join (self->thread);
  g_rand_free (self->rand);
}

#define N_RACES test_rounds (3000)

static void
test_cancel_from_thread (gconstpointer data)
{
  g_auto(Gate) gate = { 0 };
  Canceller canceller;

  g_test_summary ("A wait that another thread cancels while it is parked ends, and is not left in the queue");

  gate_init (&gate);
  canceller_start (&canceller);
  for (guint round = 0; round < N_RACES; round++)
    {
      g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
      Call call = { 0 };

      canceller_cancel (&canceller, cancellable);
      gate_wait (&gate, cancellable, &call);
      assert_ends (&call, -1);
      canceller_join (&canceller);
      g_assert_null (gate.queue.first);
    }
  g_test_message ("%u of %u were parked", gate.n_parked, N_RACES);
  canceller_stop (&canceller);
}

static void
test_cancel_against_wake (gconstpointer data)
{
  g_auto(Gate) gate = { 0 };
  Canceller canceller;
  guint n_cancelled = 0;

  g_test_summary ("Of a wake-up and a cancellation from another thread one decides, and the wake-up is not lost");

  gate_init (&gate);
  canceller_start (&canceller);
  for (guint round = 0; round < N_RACES; round++)
    {
      g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
      Call first = { 0 }, second = { 0 };

      gate_wait (&gate, cancellable, &first);
      gate_wait (&gate, NULL, &second);
      canceller_cancel (&canceller, cancellable);
      g_assert_true (gate_wake_one (&gate, 1));
      test_iterate_until (first.n_calls > 0);
      if (first.number == -1)
        n_cancelled++;
      else
        g_assert_true (gate_wake_one (&gate, 1));
      assert_ends (&first, first.number == -1 ? -1 : 1);
      assert_ends (&second, 1);
      g_assert_false (gate_wake_one (&gate, 2));
      canceller_join (&canceller);
    }
  g_test_message ("%u of %u were cancelled", n_cancelled, N_RACES);
  canceller_stop (&canceller);
}

static void
test_cancel_waits_for_monitor (gconstpointer data)
{
  g_auto(Gate) gate = { 0 };
  Canceller canceller;

  g_test_summary ("A cancellation that comes while the monitor is held does not undo what is decided under it");

  gate_init (&gate);
  canceller_start (&canceller);
  for (guint round = 0; round < 200; round++)
    {
      g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
      Call calls[2] = { 0 };

      gate_wait (&gate, cancellable, &calls[0]);
      gate_wait (&gate, cancellable, &calls[1]);
      aiodrive_monitor_lock (&gate.monitor);
      canceller_cancel (&canceller, cancellable);
      test_spin_while (!g_cancellable_is_cancelled (cancellable));
      for (guint yields = 0; yields < 20; yields++)
        g_thread_yield ();
      aiodrive_wait_queue_wake_one (&gate.queue, GINT_TO_POINTER (1), &gate.monitor);
      aiodrive_monitor_unlock (&gate.monitor);

      assert_ends (&calls[0], 1);
      assert_ends (&calls[1], -1);
      canceller_join (&canceller);
    }
  canceller_stop (&canceller);
}

/*
 * Blocking
 */

typedef struct
{
  Gate         *gate;
  GCancellable *cancellable;   /* unowned, nullable */
  gint          number;
} Blocked;

static gpointer
block (gpointer data)
{
  Blocked *self = data;
  Gate *gate = self->gate;
  g_autoptr(GError) error = NULL;
  gpointer request = GINT_TO_POINTER (8), granted = NULL;

  aiodrive_monitor_lock (&gate->monitor);
  if (aiodrive_wait_queue_wait_blocking (&gate->queue, &gate->monitor, self->cancellable, request, &granted, &error))
    self->number = GPOINTER_TO_INT (granted);
  else
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      self->number = -1;
    }
  return NULL;
}

/* How many wait. */
static guint
gate_count (Gate *self)
{
  guint n = 0;

  aiodrive_monitor_lock (&self->monitor);
  for (AiodriveWaiter *waiter = self->queue.first; waiter != NULL; waiter = aiodrive_waiter_get_next (waiter))
    n++;
  aiodrive_monitor_unlock (&self->monitor);
  return n;
}

static void
test_block (gconstpointer data)
{
  g_auto(Gate) gate = { 0 };

  g_test_summary ("A thread that blocks takes its place among those that do not; it is woken, or cancelled");

  gate_init (&gate);
  for (guint round = 0; round < 300; round++)
    {
      g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
      Blocked blocked[3] = { { &gate, NULL, 0 }, { &gate, cancellable, 0 }, { &gate, NULL, 0 } };
      GThread *threads[3];
      Call calls[3] = { 0 };

      for (guint i = 0; i < 3; i++)
        {
          gate_wait (&gate, NULL, &calls[i]);
          threads[i] = g_thread_new ("block", block, &blocked[i]);
          test_spin_while (gate_count (&gate) < 2 * (i + 1));
        }
      g_cancellable_cancel (cancellable);
      g_assert_true (gate_wake_one (&gate, 1));
      g_assert_true (gate_wake_one (&gate, 2));
      gate_wake_all (&gate);
      for (guint i = 0; i < 3; i++)
        g_thread_join (threads[i]);

      assert_ends (&calls[0], 1);
      g_assert_cmpint (blocked[0].number, ==, 2);
      assert_ends (&calls[1], 0);
      g_assert_cmpint (blocked[1].number, ==, -1);
      assert_ends (&calls[2], 0);
      g_assert_cmpint (blocked[2].number, ==, 8);
    }
}

static void
test_block_late (void)
{
  g_auto(Gate) gate = { 0 };
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, 3600000);
  g_autoptr(AiodriveCancelScope) below = aiodrive_cancel_scope_new (G_CANCELLABLE (scope));
  Blocked blocked = { &gate, G_CANCELLABLE (below), 0 };

  g_test_summary ("A thread that blocks is woken by the clock, though the timer of the deadline is in this very "
                  "thread");

  gate_init (&gate);
  block (&blocked);
  g_assert_cmpint (blocked.number, ==, -1);
  g_assert_cmpint (aiodrive_get_monotonic_time (), ==, aiodrive_cancel_scope_get_deadline (scope));
  g_assert_cmpuint (gate.n_cancelled, ==, 1);
}

/*
 * Everything at once
 */

#define N_STRESSED 4
#define N_OPS      25000
#define N_SLOTS    8

typedef struct
{
  Gate          gate;
  GMutex        slots_lock;
  GCancellable *slots[N_SLOTS];  /* owned; guarded by slots_lock */
  guint32       seeds[N_STRESSED];
  gint          n_started;       /* atomic, as are those that follow */
  gint          n_threads;       /* that are busy still */
  gint          n_pending;
  gint          n_in;            /* tokens */
  gint          n_unclaimed;     /* nobody was there for them */
  gint          n_out;
  gint          n_cancelled;
} Stress;

typedef struct
{
  Stress       *stress;
  GMainContext *context;         /* owned */
  GRand        *rand;            /* owned */
  guint         n_pending;
} Stressed;

typedef struct
{
  Stressed *owner;
  guint     n_calls;
} StressCall;

static void
stress_count (Stress *self,
              gint    number)
{
  if (number == 1)
    g_atomic_int_inc (&self->n_out);
  else if (number == -1)
    g_atomic_int_inc (&self->n_cancelled);
}

static void
stress_ended (GObject      *source_object,
              GAsyncResult *result,
              gpointer      data)
{
  StressCall *call = data;
  Stressed *owner = call->owner;

  g_assert_true (g_main_context_get_thread_default () == owner->context);
  g_assert_cmpuint (++call->n_calls, ==, 1);
  stress_count (owner->stress, aiodrive_wait_propagate_int (result, NULL));
  owner->n_pending--;
  g_atomic_int_add (&owner->stress->n_pending, -1);
}

/* One of the cancellables, or, if @fresh is given, what was in its place. */
static GCancellable *
stress_swap (Stressed     *self,
             GCancellable *fresh)
{
  Stress *stress = self->stress;
  guint slot = g_rand_int_range (self->rand, 0, N_SLOTS);
  GCancellable *found;

  g_mutex_lock (&stress->slots_lock);
  found = stress->slots[slot];
  if (fresh != NULL)
    stress->slots[slot] = fresh;
  else
    g_object_ref (found);
  g_mutex_unlock (&stress->slots_lock);
  return found;
}

static void
stress_wait (Stressed  *self,
             GPtrArray *calls)
{
  g_autoptr(GCancellable) cancellable = g_rand_int_range (self->rand, 0, 4) > 0 ? stress_swap (self, NULL) : NULL;
  StressCall *call = g_new0 (StressCall, 1);

  call->owner = self;
  g_ptr_array_add (calls, call);
  self->n_pending++;
  g_atomic_int_inc (&self->stress->n_pending);
  gate_wait_async (&self->stress->gate, cancellable, stress_ended, call);
}

static void
stress_block (Stressed *self)
{
  g_autoptr(GCancellable) parent = stress_swap (self, NULL);
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (parent, 1);
  Blocked blocked = { &self->stress->gate, G_CANCELLABLE (scope), 0 };

  block (&blocked);
  stress_count (self->stress, blocked.number);
}

static void
stress_cancel (Stressed *self)
{
  g_autoptr(GCancellable) cancellable = NULL;

  cancellable = stress_swap (self, g_rand_boolean (self->rand) ? new_plain () : new_scope ());
  g_cancellable_cancel (cancellable);
}

static void
stress_wake_one (Stressed *self)
{
  g_atomic_int_inc (&self->stress->n_in);
  if (!gate_wake_one (&self->stress->gate, 1))
    g_atomic_int_inc (&self->stress->n_unclaimed);
}

static void
stress_step (Stressed  *self,
             GPtrArray *calls)
{
  guint kind = g_rand_int_range (self->rand, 0, 1000);

  if (kind < 480)
    stress_wait (self, calls);
  else if (kind < 780)
    stress_wake_one (self);
  else if (kind < 880)
    stress_cancel (self);
  else if (kind < 890)
    gate_wake_all (&self->stress->gate);
  else if (kind < 895)
    stress_block (self);
  else
    g_main_context_iteration (self->context, FALSE);
}

static gpointer
stress_run (gpointer data)
{
  Stress *stress = data;
  Stressed self = { stress, g_main_context_new (), NULL, 0 };
  g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func (g_free);

  self.rand = g_rand_new_with_seed (stress->seeds[g_atomic_int_add (&stress->n_started, 1)]);
  g_main_context_push_thread_default (self.context);
  for (guint i = 0; i < N_OPS; i++)
    stress_step (&self, calls);
  g_atomic_int_add (&stress->n_threads, -1);

  test_iterate_until (self.n_pending == 0);
  for (guint i = 0; i < calls->len; i++)
    g_assert_cmpuint (((StressCall *) calls->pdata[i])->n_calls, ==, 1);
  g_main_context_pop_thread_default (self.context);
  g_main_context_unref (self.context);
  g_rand_free (self.rand);
  return GUINT_TO_POINTER (calls->len);
}

static void
test_stress (void)
{
  Stress stress = { .n_threads = N_STRESSED };
  GThread *threads[N_STRESSED];
  guint n_calls = 0;

  g_test_summary ("Threads that wait, block, wake one, wake all and cancel at random: every wait ends once, in its own "
                  "context, and no token gets lost");

  gate_init (&stress.gate);
  g_mutex_init (&stress.slots_lock);
  for (guint i = 0; i < N_SLOTS; i++)
    stress.slots[i] = new_scope ();
  for (guint i = 0; i < N_STRESSED; i++)
    stress.seeds[i] = g_test_rand_int ();
  for (guint i = 0; i < N_STRESSED; i++)
    threads[i] = g_thread_new ("stress", stress_run, &stress);

  while (g_atomic_int_get (&stress.n_threads) > 0 || g_atomic_int_get (&stress.n_pending) > 0)
    {
      gate_wake_all (&stress.gate);
      g_usleep (1000);
    }
  for (guint i = 0; i < N_STRESSED; i++)
    n_calls += GPOINTER_TO_UINT (g_thread_join (threads[i]));

  g_test_message ("%u waits, %d cancelled; tokens: %d in, %d out, %d for nobody",
                  n_calls, stress.n_cancelled, stress.n_in, stress.n_out, stress.n_unclaimed);
  g_assert_cmpint (stress.n_in, ==, stress.n_out + stress.n_unclaimed);
  for (guint i = 0; i < N_SLOTS; i++)
    g_assert_finalize_object (stress.slots[i]);
  g_mutex_clear (&stress.slots_lock);
  gate_clear (&stress.gate);
}

static void
add_for_both (const char    *name,
              GTestDataFunc  func)
{
  g_autofree char *plain = g_strconcat ("/aiodrive/core/wait-queue/", name, "/plain", NULL);
  g_autofree char *scope = g_strconcat ("/aiodrive/core/wait-queue/", name, NULL);

  g_test_add_data_func (plain, new_plain, func);
  g_test_add_data_func (scope, new_scope, func);
}

/*
 * Waiters whose context is gone: they keep its dispatcher, but not the context
 */

typedef struct
{
  AiodriveWaiter waiter;
  guint          n_runs;
} Orphan;

static void
orphan_run (AiodriveWorkItem *work)
{
  ((Orphan *) work)->n_runs++;
}

static void
orphan_init (Orphan   *self,
             gpointer  request)
{
  self->n_runs = 0;
  aiodrive_waiter_init (&self->waiter, orphan_run);
  aiodrive_dispatcher_ref (self->waiter.dispatcher);
  self->waiter.granted = request;
}

static void
gate_add (Gate   *self,
          Orphan *orphan)
{
  aiodrive_monitor_lock (&self->monitor);
  aiodrive_wait_queue_add (&self->queue, &orphan->waiter);
  aiodrive_monitor_unlock (&self->monitor);
}

/* What the first would be woken with goes to the next; it is run once, where the other one is woken, with what it asked
 * for, to give that back. */
static void
test_context_gone (void)
{
  g_auto(Gate) gate;
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_auto(TestCall) call = TEST_CALL_INIT;
  char request[] = "request";
  Orphan orphans[3];

  gate_init (&gate);
  g_main_context_push_thread_default (context);
  for (guint i = 0; i < G_N_ELEMENTS (orphans); i++)
    orphan_init (&orphans[i], request);
  g_main_context_pop_thread_default (context);

  gate_add (&gate, &orphans[0]);
  gate_wait_async (&gate, NULL, test_on_ready, &call);
  g_clear_pointer (&context, g_main_context_unref);
  g_assert_true (gate_wake_one (&gate, 7));
  g_assert_cmpuint (orphans[0].n_runs, ==, 1);
  g_assert_true (orphans[0].waiter.granted == request);
  g_assert_cmpint (aiodrive_wait_propagate_int (test_call_wait (&call), NULL), ==, 7);

  gate_add (&gate, &orphans[1]);
  g_assert_false (gate_wake_one (&gate, 8));
  gate_add (&gate, &orphans[2]);
  gate_wake_all (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (orphans); i++)
    {
      g_assert_cmpuint (orphans[i].n_runs, ==, 1);
      aiodrive_dispatcher_unref (orphans[i].waiter.dispatcher);
    }
}

/* The context goes after the waiter was woken: it is run where the context is dropped. */
static void
test_context_gone_before_it_runs (void)
{
  g_auto(Gate) gate;
  g_autoptr(GMainContext) context = g_main_context_new ();
  Orphan orphan;

  gate_init (&gate);
  g_main_context_push_thread_default (context);
  orphan_init (&orphan, NULL);
  g_main_context_pop_thread_default (context);
  gate_add (&gate, &orphan);
  g_assert_true (gate_wake_one (&gate, 7));
  g_assert_cmpuint (orphan.n_runs, ==, 0);
  g_clear_pointer (&context, g_main_context_unref);
  g_assert_cmpuint (orphan.n_runs, ==, 1);
  g_assert_true (aiodrive_dispatcher_is_closed (orphan.waiter.dispatcher));
  aiodrive_dispatcher_unref (orphan.waiter.dispatcher);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/core/wait-queue/wake-one", test_wake_one);
  g_test_add_func ("/aiodrive/core/wait-queue/grant", test_grant);
  g_test_add_func ("/aiodrive/core/wait-queue/defer", test_defer);
  g_test_add_func ("/aiodrive/core/wait-queue/order", test_order);
  g_test_add_func ("/aiodrive/core/wait-queue/sorted", test_sorted);
  g_test_add_func ("/aiodrive/core/wait-queue/priorities", test_priorities);
  g_test_add_func ("/aiodrive/core/wait-queue/priorities/wake-all", test_priorities_wake_all);
  add_for_both ("cancelled-already", test_cancelled_already);
  add_for_both ("cancel-before-park", test_cancel_before_park);
  add_for_both ("cancel-before-wake", test_cancel_before_wake);
  add_for_both ("cancel-after-wake", test_cancel_after_wake);
  add_for_both ("cancel-after-wake/all", test_cancel_after_wake_all);
  g_test_add_func ("/aiodrive/core/wait-queue/late", test_late);
  add_for_both ("cancel-in-callback", test_cancel_in_callback);
  g_test_add_func ("/aiodrive/core/wait-queue/same-iteration", test_same_iteration);
  g_test_add_func ("/aiodrive/core/wait-queue/nested-loop", test_nested_loop);
  add_for_both ("in-handler", test_in_handler);
  add_for_both ("run-dispose", test_run_dispose);
  g_test_add_func ("/aiodrive/core/wait-queue/keeps-source-object", test_keeps_source_object);
  g_test_add_func ("/aiodrive/core/wait-queue/wake-all-generations", test_wake_all_generations);
  g_test_add_func ("/aiodrive/core/wait-queue/wake-all-generations/at-once", test_wake_all_at_once);
  g_test_add_func ("/aiodrive/core/wait-queue/wake-all-generations/nobody", test_nobody);
  g_test_add_func ("/aiodrive/core/wait-queue/many-contexts", test_many_contexts);
  g_test_add_func ("/aiodrive/core/wait-queue/many-contexts/one-leaves", test_context_leaves);
  add_for_both ("cancel-from-thread", test_cancel_from_thread);
  add_for_both ("cancel-from-thread/against-wake", test_cancel_against_wake);
  add_for_both ("cancel-from-thread/waits-for-monitor", test_cancel_waits_for_monitor);
  add_for_both ("block", test_block);
  g_test_add_func ("/aiodrive/core/wait-queue/block/late", test_block_late);
  g_test_add_func ("/aiodrive/core/wait-queue/stress", test_stress);
  g_test_add_func ("/aiodrive/core/wait-queue/context-gone", test_context_gone);
  g_test_add_func ("/aiodrive/core/wait-queue/context-gone-before-it-runs", test_context_gone_before_it_runs);

  return g_test_run ();
}
