/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the table of the README says of libdex. Each test has the path of ours in that row. */
#include <libdex.h>

static void
iterate_until_resolved (DexFuture *future)
{
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
}

/* What goes on, until its promise is kept. */

typedef struct
{
  DexPromise *go_on;
  gboolean ended;
} Work;

static DexFuture *
work_in_fiber (gpointer user_data)
{
  Work *self = user_data;

  dex_await (dex_ref (DEX_FUTURE (self->go_on)), NULL);
  self->ended = TRUE;
  return dex_future_new_true ();
}

static DexFuture *
work (Work *self)
{
  self->go_on = dex_promise_new ();
  return dex_scheduler_spawn (NULL, 0, work_in_fiber, self, NULL);
}

static void
assert_it_goes_on (Work *self)
{
  g_assert_false (self->ended);
  dex_promise_resolve_boolean (self->go_on, TRUE);
  while (!self->ended)
    g_main_context_iteration (NULL, TRUE);
  dex_clear (&self->go_on);
}

static void
test_losers (void)
{
  Work loser = { NULL };
  DexPromise *winner = dex_promise_new ();
  DexFuture *race = dex_future_first (dex_ref (winner), work (&loser), NULL);

  dex_promise_resolve_boolean (winner, TRUE);
  iterate_until_resolved (race);
  g_assert_true (dex_future_is_resolved (race));
  dex_clear (&race);
  assert_it_goes_on (&loser);
  dex_unref (winner);
}

static void
test_failure (void)
{
  Work sibling = { NULL };
  DexPromise *failing = dex_promise_new ();
  DexFuture *all = dex_future_all_race (dex_ref (failing), work (&sibling), NULL);

  dex_promise_reject (failing, g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "broken"));
  iterate_until_resolved (all);
  g_assert_true (dex_future_is_rejected (all));
  dex_clear (&all);
  assert_it_goes_on (&sibling);
  dex_unref (failing);
}

static void
test_group (void)
{
  Work task = { NULL };
  DexTaskGroup *group = dex_task_group_new (DEX_TASK_GROUP_FLAGS_NONE);
  DexFuture *closed;

  g_assert_true (dex_task_group_add (group, work (&task)));
  g_main_context_iteration (NULL, FALSE);
  closed = dex_task_group_close (group);
  dex_task_group_cancel (group);
  iterate_until_resolved (closed);
  dex_clear (&closed);
  assert_it_goes_on (&task);
  dex_unref (group);
}

static void
test_item (void)
{
  DexChannel *channel = dex_channel_new (10);
  DexFuture *late = dex_future_first (dex_channel_receive (channel), dex_timeout_new_msec (1), NULL);
  DexFuture *next;

  iterate_until_resolved (late);
  g_assert_true (dex_future_is_rejected (late));
  dex_clear (&late);

  dex_future_disown (dex_channel_send (channel, dex_future_new_for_int (1)));
  dex_future_disown (dex_channel_send (channel, dex_future_new_for_int (2)));
  next = dex_channel_receive (channel);
  iterate_until_resolved (next);
  g_assert_cmpint (g_value_get_int (dex_future_get_value (next, NULL)), ==, 2);   /* the first is gone */
  dex_unref (next);
  dex_unref (channel);
}

static DexFuture *
note (DexFuture *future, gpointer order)
{
  g_string_append_c (order, '.');
  return NULL;
}

static DexFuture *
note_first (DexFuture *future, gpointer order)
{
  g_string_append_c (order, '1');
  return NULL;
}

static DexFuture *
note_last (DexFuture *future, gpointer order)
{
  g_string_append_c (order, '3');
  return NULL;
}

static void
test_order (void)
{
  g_autoptr(GString) order = g_string_new (NULL);
  DexPromise *promise = dex_promise_new ();
  DexFuture *waits[] = {
    dex_future_then (dex_ref (promise), note_first, order, NULL),
    dex_future_then (dex_ref (promise), note, order, NULL),
    dex_future_then (dex_ref (promise), note_last, order, NULL),
  };

  dex_promise_resolve_boolean (promise, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
    {
      iterate_until_resolved (waits[i]);
      dex_unref (waits[i]);
    }
  g_assert_cmpstr (order->str, ==, "3.1");
  dex_unref (promise);
}

static DexFuture *
count (DexFuture *future, gpointer n)
{
  ++*(guint *) n;
  return dex_future_new_true ();
}

static void
test_many (void)
{
  guint n = 0;
  DexPromise *promise = dex_promise_new ();
  DexFuture *dropped = dex_future_then (dex_ref (promise), count, &n, NULL);
  DexFuture *waits[] = { dex_future_then (dex_ref (promise), count, &n, NULL),
                         dex_future_then (dex_ref (promise), count, &n, NULL) };

  dex_unref (dropped);
  dex_promise_resolve_boolean (promise, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
    {
      iterate_until_resolved (waits[i]);
      g_assert_true (dex_future_is_resolved (waits[i]));
      dex_unref (waits[i]);
    }
  g_assert_cmpuint (n, ==, 2);
  dex_unref (promise);
}

static DexFuture *
await_in_thread (gpointer promise)
{
  return dex_future_new_for_boolean (dex_thread_wait_for (dex_ref (promise), NULL));
}

static void
test_contexts (void)
{
  guint n = 0;
  DexPromise *promise = dex_promise_new ();
  DexFuture *here = dex_future_then (dex_ref (promise), count, &n, NULL);
  DexFuture *there = dex_thread_spawn ("waiter", await_in_thread, dex_ref (promise), dex_unref);
  DexFuture *both = dex_future_then (dex_future_all (here, there, NULL), count, &n, NULL);

  dex_promise_resolve_boolean (promise, TRUE);
  iterate_until_resolved (both);
  g_assert_cmpuint (n, ==, 2);
  dex_unref (both);
  dex_unref (promise);
}

static DexFuture *
fail (gpointer user_data)
{
  return dex_future_new_reject (G_IO_ERROR, G_IO_ERROR_FAILED, "broken");
}

static void
test_unawaited (void)
{
  DexFuture *failed = dex_scheduler_spawn (NULL, 0, fail, NULL, NULL);

  iterate_until_resolved (failed);
  g_assert_true (dex_future_is_rejected (failed));
  dex_unref (failed);   /* a warning would be fatal */
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  g_test_add_func ("/aiodrive/task/race/losers-awaited", test_losers);
  g_test_add_func ("/aiodrive/task/gather/first-failure", test_failure);
  g_test_add_func ("/aiodrive/group/task-group/cancel-while-closing", test_group);
  g_test_add_func ("/aiodrive/stream/channel/cancel-after-wake", test_item);
  g_test_add_func ("/aiodrive/task/wait/order", test_order);
  g_test_add_func ("/aiodrive/task/wait/many", test_many);
  g_test_add_func ("/aiodrive/task/wait/contexts", test_contexts);
  g_test_add_func ("/aiodrive/task/record/unawaited", test_unawaited);

  return g_test_run ();
}
