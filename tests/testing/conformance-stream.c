/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>
#include <glib-unix.h>

#include "tests/support/scenario.h"

#define N_ITEMS 4

static AiodriveChannel *channel;
static AiodriveQueue   *queue;
static AiodriveQueue   *ordered;
static AiodriveLatch   *latch;
static gint             fds[2];
static gint64           n_in;
static gint64           n_out;

static void
set_up (void)
{
  channel = aiodrive_channel_new (1);
  queue = AIODRIVE_QUEUE (aiodrive_unordered_queue_new ());
  ordered = AIODRIVE_QUEUE (aiodrive_ordered_queue_new ());
  latch = aiodrive_latch_new ();
  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, NULL));
  n_in = n_out = 0;
}

/* All that went in came out, or is there. */
static void
tear_down (void)
{
  g_auto(GValue) value = G_VALUE_INIT;
  guint n_left, n_left_ordered;

  while (aiodrive_channel_try_receive (channel, &value, NULL))
    {
      n_out++;
      g_value_unset (&value);
    }
  g_object_get (queue, "n-items", &n_left, NULL);
  g_object_get (ordered, "n-items", &n_left_ordered, NULL);
  g_assert_cmpint (n_in, ==, n_out + n_left + n_left_ordered);
  g_assert_finalize_object (channel);
  g_assert_finalize_object (queue);
  g_assert_finalize_object (ordered);
  g_assert_finalize_object (latch);
  close (fds[0]);
  close (fds[1]);
}

static gboolean
count_in (gboolean is_in)
{
  n_in += is_in ? 1 : 0;
  return is_in;
}

static gboolean
count_out (gboolean is_out)
{
  n_out += is_out ? 1 : 0;
  return is_out;
}

static const GValue *
an_item (void)
{
  static GValue value = G_VALUE_INIT;

  if (!G_IS_VALUE (&value))
    g_value_init (&value, G_TYPE_INT);
  return &value;
}

static void
toggle (TestParty *self)
{
  if (aiodrive_latch_get_state (latch))
    aiodrive_latch_unset (latch);
  else
    aiodrive_latch_set (latch);
}

static gboolean
end_emission (GAsyncResult  *result,
              GError       **error)
{
  g_autoptr(AiodriveEmission) emission = aiodrive_wait_for_emission_finish (result, error);

  return emission != NULL;
}

static gboolean
end_property (GAsyncResult  *result,
              GError       **error)
{
  g_auto(GValue) value = G_VALUE_INIT;
  GError *failure = NULL;

  aiodrive_wait_for_property_finish (result, &value, &failure);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

TEST_DEFINE_CALL (wait_emission,
                  aiodrive_wait_for_emission_async (G_OBJECT (latch), "notify::state", cancellable, callback, data),
                  end_emission (result, error))
TEST_DEFINE_CALL (wait_property,
                  aiodrive_wait_for_property_async (G_OBJECT (latch), "state", NULL, cancellable, callback, data),
                  end_property (result, error))
TEST_DEFINE_CALL (wait_fd,
                  aiodrive_wait_for_fd_async (fds[1], G_IO_OUT, cancellable, callback, data),
                  aiodrive_wait_for_fd_finish (result, error) != 0)
TEST_DEFINE_CALL (send,
                  aiodrive_channel_send_async (channel, an_item (), cancellable, callback, data),
                  count_in (aiodrive_channel_send_finish (channel, result, error)))
TEST_DEFINE_CALL (receive,
                  aiodrive_channel_receive_async (channel, cancellable, callback, data),
                  count_out (test_end_with_value ((TestFinish) aiodrive_channel_receive_finish, channel, result,
                                                  error)))
TEST_DEFINE_CALL (get,
                  aiodrive_queue_get_async (queue, cancellable, callback, data),
                  count_out (test_end_with_value ((TestFinish) aiodrive_queue_get_finish, queue, result, error)))
TEST_DEFINE_CALL (get_ordered,
                  aiodrive_queue_get_async (ordered, cancellable, callback, data),
                  count_out (test_end_with_value ((TestFinish) aiodrive_queue_get_finish, ordered, result, error)))

static void
put (TestParty *self)
{
  g_assert_true (count_in (aiodrive_queue_put (queue, 0, an_item (), NULL)));
}

/* Each two in the wrong order. */
static void
put_ordered (TestParty *self)
{
  static const gint64 order[N_ITEMS] = { 1, 0, 3, 2 };
  gint64 index = order[n_in];

  g_assert_true (count_in (aiodrive_queue_put (ordered, index, an_item (), NULL)));
}

/*
 * Iterators; one that is what both parties have is not closed when one is cancelled
 */

static AiodriveAsyncIterator *
iterator_of (TestParty *self)
{
  return self->iterator != NULL ? self->iterator : AIODRIVE_ASYNC_ITERATOR (self->object);
}

static gboolean
next_of (TestParty     *self,
         GAsyncResult  *result,
         GError       **error)
{
  g_auto(GValue) value = G_VALUE_INIT;
  GError *failure = NULL;
  gboolean there = aiodrive_async_iterator_next_finish (iterator_of (self), result, &value, &failure);

  g_assert_true (failure == NULL || !there);
  if (self->iterator == NULL)
    count_out (there);
  return test_end_with_error (failure, error);
}

TEST_DEFINE_CALL (next,
                  aiodrive_async_iterator_next_async (iterator_of (self), cancellable, callback, data),
                  next_of (self, result, error))
TEST_DEFINE_CALL (close_iterator,
                  aiodrive_async_iterator_close_async (iterator_of (self), cancellable, callback, data),
                  aiodrive_async_iterator_close_finish (iterator_of (self), result, error))

static void
iterate_channel (TestParty *self)
{
  self->object = g_object_ref (G_OBJECT (channel));
}

static void
iterate_queue (TestParty *self)
{
  self->object = g_object_ref (G_OBJECT (queue));
}

static void
iterate_periodically (TestParty *self)
{
  self->iterator = AIODRIVE_ASYNC_ITERATOR (aiodrive_repeat_periodically (1000));
}

static void
map_job (GTask        *task,
         GCancellable *cancellable,
         const GValue *item,
         gpointer      ms)
{
  test_sleep_job (task, cancellable, ms);
}

static void
map (TestParty *self,
     gboolean   is_ordered)
{
  g_autoptr(AiodriveQueue) items = AIODRIVE_QUEUE (aiodrive_unordered_queue_new ());

  for (guint i = 0; i < N_ITEMS; i++)
    aiodrive_queue_put (items, 0, an_item (), NULL);
  aiodrive_queue_close (items);
  self->iterator = aiodrive_map (AIODRIVE_ASYNC_ITERATOR (items), 2,
                                 is_ordered ? AIODRIVE_MAP_FLAGS_ORDERED : AIODRIVE_MAP_FLAGS_NONE,
                                 g_task_get_cancellable (self->task), map_job, GUINT_TO_POINTER (1000), NULL);
}

static void
map_ordered (TestParty *self)
{
  map (self, TRUE);
}

static void
map_unordered (TestParty *self)
{
  map (self, FALSE);
}

static void
complete (TestParty *self)
{
  GCancellable *cancellable = g_task_get_cancellable (self->task);
  GTask *tasks[N_ITEMS];

  for (guint i = 0; i < N_ITEMS; i++)
    tasks[i] = aiodrive_spawn (cancellable, test_sleep_job, GUINT_TO_POINTER (1000 * (N_ITEMS - i)), NULL);
  self->iterator = aiodrive_as_completed (tasks, N_ITEMS, cancellable);
  for (guint i = 0; i < N_ITEMS; i++)
    g_object_unref (tasks[i]);
}

#define SLEEP TEST_CALL (test_sleep)
#define NEXT  TEST_CALL (next)
#define CLOSE TEST_CALL (close_iterator)

static const TestStep nothing[] = { TEST_END };
static const TestStep sends[] = { TEST_CALL (send), TEST_CALL (send), TEST_CALL (send), SLEEP,
                                  TEST_CALL (send), TEST_END };
static const TestStep receives[] = { TEST_CALL (receive), SLEEP, TEST_CALL (receive), TEST_CALL (receive),
                                     TEST_CALL (receive), TEST_END };
static const TestStep receives_next[] = { TEST_ACT (iterate_channel), NEXT, SLEEP, NEXT, NEXT, TEST_END };
static const TestStep fills[] = { SLEEP, TEST_ACT (put), TEST_ACT (put), SLEEP, TEST_ACT (put), TEST_END };
static const TestStep puts_ordered[] = { SLEEP, TEST_ACT (put_ordered), SLEEP, TEST_ACT (put_ordered),
                                         TEST_ACT (put_ordered), SLEEP, TEST_ACT (put_ordered), TEST_END };
static const TestStep drains[] = { TEST_CALL (get), SLEEP, TEST_CALL (get), TEST_CALL (get), TEST_END };
static const TestStep gets_ordered[] = { TEST_CALL (get_ordered), TEST_CALL (get_ordered), TEST_CALL (get_ordered),
                                         TEST_CALL (get_ordered), TEST_END };
static const TestStep gets_next[] = { TEST_ACT (iterate_queue), NEXT, NEXT, NEXT, CLOSE, TEST_END };
static const TestStep maps[] = { TEST_ACT (map_ordered), NEXT, SLEEP, NEXT, NEXT, NEXT, NEXT, CLOSE, TEST_END };
static const TestStep maps_unordered[] = { TEST_ACT (map_unordered), NEXT, NEXT, CLOSE, TEST_END };
static const TestStep completes[] = { TEST_ACT (complete), NEXT, NEXT, SLEEP, CLOSE, TEST_END };
static const TestStep repeats[] = { TEST_ACT (iterate_periodically), NEXT, SLEEP, NEXT, NEXT, CLOSE, TEST_END };
static const TestStep watches[] = { TEST_CALL (wait_emission), TEST_CALL (wait_property), TEST_CALL (wait_fd),
                                    TEST_END };
static const TestStep toggles[] = { SLEEP, TEST_ACT (toggle), SLEEP, TEST_ACT (toggle), TEST_END };

static const TestScenario scenarios[] =
{
  { "channel", { sends, receives } },
  { "channel-iterated", { sends, receives_next } },
  { "queue", { fills, drains } },
  { "queue-iterated", { fills, gets_next } },
  { "ordered-queue", { puts_ordered, gets_ordered } },
  { "map", { maps, maps_unordered } },
  { "as-completed", { completes, nothing } },
  { "periodic", { repeats, nothing } },
  { "emission", { watches, toggles } },
};

int
main (int   argc,
      char *argv[])
{
  static const TestStage stage = { set_up, tear_down };

  g_test_init (&argc, &argv, NULL);

  test_add_scenarios ("/aiodrive/testing/conformance/stream", &stage, scenarios, G_N_ELEMENTS (scenarios));

  return g_test_run ();
}
