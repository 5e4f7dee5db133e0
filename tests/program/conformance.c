/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* What the library offers, cancelled at each step of scenarios in which two parties work with it: each call is called
 * back once, in its own context; nothing is held, and nothing is lost. */

#define N_PARTIES 2
#define N_ITEMS   3

typedef struct _Party Party;

/* One call after the other; NULL ends them. An act is done at once. */
typedef struct
{
  void     (*act)   (Party *self);
  void     (*begin) (Party *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
  gboolean (*end)   (Party *self, GAsyncResult *result, GError **error);
} Step;

struct _Party
{
  const Step        *step;       /* the next one */
  GTask             *task;       /* unowned: while it works */
  AiodriveLockGuard *guard;      /* owned, nullable */
  guint              n_begun;
  guint              n_called;
};

static Party                       parties[N_PARTIES];
static const Step                 *scripts[N_PARTIES];
static AiodriveLatch              *latch;
static AiodriveLimiter            *limiter;
static AiodriveSmartLock          *lock;
static AiodriveCondition          *condition;
static AiodriveChannel            *channel;
static AiodriveBackgroundExecutor *executor;
static guint                       n_sent;
static guint                       n_received;
static guint                       n_running;   /* jobs below a combinator or in a group */

static void go_on (Party *self);

static void
end_party (Party  *self,
           GError *error)
{
  g_autoptr(GTask) task = g_steal_pointer (&self->task);

  g_clear_pointer (&self->guard, aiodrive_lock_guard_unref);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_ready (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  Party *self = data;
  GError *error = NULL;

  g_assert_true (g_main_context_is_owner (NULL));
  g_assert_null (g_main_context_get_thread_default ());
  g_assert_cmpuint (++self->n_called, ==, self->n_begun);
  if (!self->step->end (self, result, &error))
    {
      end_party (self, error);
      return;
    }
  self->step++;
  go_on (self);
}

static void
go_on (Party *self)
{
  for (; self->step->act != NULL; self->step++)
    self->step->act (self);
  if (self->step->begin == NULL)
    {
      end_party (self, NULL);
      return;
    }
  self->n_begun++;
  self->step->begin (self, g_task_get_cancellable (self->task), on_ready, self);
}

static void
party_job (GTask        *task,
           GCancellable *cancellable,
           gpointer      data)
{
  Party *self = data;

  self->step = scripts[self - parties];
  self->task = g_object_ref (task);
  self->n_begun = self->n_called = 0;
  go_on (self);
}

/* Both at once. */
static void
on_all_ended (GObject      *source_object,
              GAsyncResult *result,
              gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;
  g_autoptr(GPtrArray) tasks = aiodrive_try_all_finish (result, &error);

  if (tasks != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      data)
{
  GTask *tasks[N_PARTIES];

  for (guint i = 0; i < N_PARTIES; i++)
    tasks[i] = aiodrive_spawn (cancellable, party_job, &parties[i], NULL);
  aiodrive_try_all_async (tasks, N_PARTIES, cancellable, on_all_ended, g_object_ref (task));
  for (guint i = 0; i < N_PARTIES; i++)
    g_object_unref (tasks[i]);
}

static void
set_up (void)
{
  latch = aiodrive_latch_new ();
  limiter = aiodrive_limiter_new (1);
  lock = aiodrive_smart_lock_new ();
  condition = aiodrive_condition_new ();
  channel = aiodrive_channel_new (1);
  executor = aiodrive_background_executor_new (NULL);
  n_sent = n_received = n_running = 0;
}

static void
check_channel (void)
{
  g_auto(GValue) value = G_VALUE_INIT;

  while (aiodrive_channel_try_receive (channel, &value, NULL))
    {
      n_received++;
      g_value_unset (&value);
    }
  g_assert_cmpuint (n_received, ==, n_sent);
}

static void
tear_down (void)
{
  g_autoptr(AiodriveLockGuard) permit = aiodrive_limiter_try_acquire (limiter);
  g_autoptr(AiodriveLockGuard) exclusive = aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, NULL);

  for (guint i = 0; i < N_PARTIES; i++)
    g_assert_cmpuint (parties[i].n_called, ==, parties[i].n_begun);
  g_assert_nonnull (permit);
  g_assert_nonnull (exclusive);
  g_assert_cmpuint (n_running, ==, 0);
  check_channel ();
  g_clear_pointer (&permit, aiodrive_lock_guard_unref);
  g_clear_pointer (&exclusive, aiodrive_lock_guard_unref);
  g_assert_finalize_object (latch);
  g_assert_finalize_object (limiter);
  g_assert_finalize_object (lock);
  g_assert_finalize_object (condition);
  g_assert_finalize_object (channel);
  g_assert_true (aiodrive_background_executor_stop (executor, NULL, NULL));
  g_assert_finalize_object (executor);
}

/*
 * Calls
 */

static void
sleep_begin (Party               *self,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             data)
{
  aiodrive_sleep_async (1000, cancellable, callback, data);
}

static gboolean
sleep_end (Party         *self,
           GAsyncResult  *result,
           GError       **error)
{
  return aiodrive_sleep_finish (result, error);
}

static void
latch_begin (Party               *self,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             data)
{
  aiodrive_latch_wait_set_async (latch, cancellable, callback, data);
}

static gboolean
latch_end (Party         *self,
           GAsyncResult  *result,
           GError       **error)
{
  return aiodrive_latch_wait_set_finish (latch, result, error);
}

static void
latch_set (Party *self)
{
  aiodrive_latch_set (latch);
}

static void
limiter_begin (Party               *self,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             data)
{
  aiodrive_limiter_acquire_async (limiter, cancellable, callback, data);
}

static gboolean
limiter_end (Party         *self,
             GAsyncResult  *result,
             GError       **error)
{
  self->guard = aiodrive_limiter_acquire_finish (limiter, result, error);
  return self->guard != NULL;
}

static void
exclusive_begin (Party               *self,
                 GCancellable        *cancellable,
                 GAsyncReadyCallback  callback,
                 gpointer             data)
{
  aiodrive_smart_lock_exclusive_async (lock, cancellable, callback, data);
}

static gboolean
exclusive_end (Party         *self,
               GAsyncResult  *result,
               GError       **error)
{
  self->guard = aiodrive_smart_lock_exclusive_finish (lock, result, error);
  return self->guard != NULL;
}

static void
release (Party *self)
{
  g_clear_pointer (&self->guard, aiodrive_lock_guard_unref);
}

static void
condition_begin (Party               *self,
                 GCancellable        *cancellable,
                 GAsyncReadyCallback  callback,
                 gpointer             data)
{
  aiodrive_condition_wait_async (condition, self->guard, cancellable, callback, data);
}

static gboolean
condition_end (Party         *self,
               GAsyncResult  *result,
               GError       **error)
{
  g_autoptr(AiodriveLockGuard) other = aiodrive_smart_lock_try_acquire (lock, AIODRIVE_LOCK_MODE_SHARED, NULL);

  g_assert_null (other);   /* it has the lock again, whatever happened */
  return aiodrive_condition_wait_finish (condition, result, error);
}

static void
signal_one (Party *self)
{
  aiodrive_condition_signal (condition);
}

static void
send_begin (Party               *self,
            GCancellable        *cancellable,
            GAsyncReadyCallback  callback,
            gpointer             data)
{
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, "an item");
  aiodrive_channel_send_async (channel, &value, cancellable, callback, data);
}

static gboolean
send_end (Party         *self,
          GAsyncResult  *result,
          GError       **error)
{
  gboolean sent = aiodrive_channel_send_finish (channel, result, error);

  n_sent += sent ? 1 : 0;
  return sent;
}

static void
receive_begin (Party               *self,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             data)
{
  aiodrive_channel_receive_async (channel, cancellable, callback, data);
}

static gboolean
receive_end (Party         *self,
             GAsyncResult  *result,
             GError       **error)
{
  g_auto(GValue) value = G_VALUE_INIT;
  GError *failure = NULL;

  aiodrive_channel_receive_finish (channel, result, &value, &failure);
  n_received += failure == NULL ? 1 : 0;
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

/*
 * Tasks below the one that is cancelled: none outlives it
 */

static void
on_child_slept (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;

  if (aiodrive_sleep_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  n_running--;
}

static void
child (GTask        *task,
       GCancellable *cancellable,
       gpointer      ms)
{
  n_running++;
  aiodrive_sleep_async (GPOINTER_TO_UINT (ms), cancellable, on_child_slept, g_object_ref (task));
}

typedef void (*Combine) (GTask               **tasks,
                         gsize                 n_tasks,
                         GCancellable         *cancellable,
                         GAsyncReadyCallback   callback,
                         gpointer              data);

static void
combine (Combine              combinator,
         GCancellable        *cancellable,
         GAsyncReadyCallback  callback,
         gpointer             data)
{
  GTask *tasks[N_ITEMS];

  for (guint i = 0; i < N_ITEMS; i++)
    tasks[i] = aiodrive_spawn (cancellable, child, GUINT_TO_POINTER (1000 * i + 1), NULL);
  combinator (tasks, N_ITEMS, cancellable, callback, data);
  for (guint i = 0; i < N_ITEMS; i++)
    g_object_unref (tasks[i]);
}

/* How a combinator ends is in the task. */
static gboolean
combined_end (Party         *self,
              GAsyncResult  *result,
              GError       **error)
{
  GError *failure = aiodrive_task_get_error (G_TASK (result));

  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

#define COMBINATOR(name)                                            \
  static void                                                       \
  name##_begin (Party               *self,                          \
                GCancellable        *cancellable,                   \
                GAsyncReadyCallback  callback,                      \
                gpointer             data)                          \
  {                                                                 \
    combine (aiodrive_##name##_async, cancellable, callback, data); \
  }

COMBINATOR (race)
COMBINATOR (first_success)
COMBINATOR (try_all)
COMBINATOR (wait_all)

static void
timeout_begin (Party               *self,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             data)
{
  g_autoptr(GTask) task = aiodrive_spawn (cancellable, child, GUINT_TO_POINTER (2000), NULL);

  aiodrive_timeout_async (task, 1000, cancellable, callback, data);
}

static gboolean
timeout_end (Party         *self,
             GAsyncResult  *result,
             GError       **error)
{
  GError *failure = aiodrive_task_get_error (G_TASK (result));

  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    {
      g_error_free (failure);
      return TRUE;
    }
  g_propagate_error (error, failure);
  return FALSE;
}

static void
shield_begin (Party               *self,
              GCancellable        *cancellable,
              GAsyncReadyCallback  callback,
              gpointer             data)
{
  g_autoptr(GTask) task = aiodrive_spawn (cancellable, child, GUINT_TO_POINTER (2000), NULL);

  aiodrive_shield_async (task, cancellable, callback, data);
}

static void
group_begin (Party               *self,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             data)
{
  g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (cancellable);

  for (guint i = 0; i < N_ITEMS; i++)
    aiodrive_task_group_spawn (group, NULL, child, GUINT_TO_POINTER (1000 * i + 1), NULL);
  aiodrive_task_group_close_async (group, cancellable, callback, data);
}

static gboolean
group_end (Party         *self,
           GAsyncResult  *result,
           GError       **error)
{
  g_autoptr(AiodriveTaskGroup) group = AIODRIVE_TASK_GROUP (g_async_result_get_source_object (result));

  return aiodrive_task_group_close_finish (group, result, error);
}

/* In the thread of an executor. */
static void
on_slept_there (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;

  if (aiodrive_sleep_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
sleep_there (GTask        *task,
             GCancellable *cancellable,
             gpointer      data)
{
  aiodrive_sleep_async (1000, cancellable, on_slept_there, g_object_ref (task));
}

static void
executor_begin (Party               *self,
                GCancellable        *cancellable,
                GAsyncReadyCallback  callback,
                gpointer             data)
{
  g_autoptr(GTask) task = NULL;

  aiodrive_background_executor_spawn (executor, &task, cancellable, sleep_there, NULL, NULL);
  aiodrive_wait_all_async (&task, 1, cancellable, callback, data);
}

/*
 * Scenarios
 */

#define CALL(name)         { NULL, name##_begin, name##_end }
#define COMBINED(name)     { NULL, name##_begin, combined_end }
#define ACT(name)          { name, NULL, NULL }
#define END                { NULL, NULL, NULL }

static const Step nothing[] = { END };
static const Step waits[] = { CALL (latch), CALL (sleep), END };
static const Step sets[] = { CALL (sleep), ACT (latch_set), END };
static const Step limited[] = { CALL (limiter), CALL (sleep), ACT (release), CALL (limiter), ACT (release), END };
static const Step locks[] = { CALL (exclusive), CALL (sleep), ACT (release), CALL (exclusive), ACT (release), END };
static const Step consumes[] = { CALL (exclusive), CALL (condition), ACT (release), END };
static const Step produces[] = { CALL (sleep), CALL (exclusive), ACT (signal_one), CALL (sleep), ACT (release), END };
static const Step sends[] = { CALL (send), CALL (send), CALL (send), CALL (sleep), CALL (send), END };
static const Step receives[] = { CALL (receive), CALL (sleep), CALL (receive), CALL (receive), CALL (receive), END };
static const Step races[] = { COMBINED (race), COMBINED (first_success), END };
static const Step gathers[] = { COMBINED (try_all), COMBINED (wait_all), END };
static const Step stands_in[] = { CALL (timeout), COMBINED (shield), END };
static const Step groups[] = { CALL (group), CALL (sleep), CALL (group), END };
static const Step threads[] = { COMBINED (executor), CALL (sleep), END };

typedef struct
{
  const char *name;
  const Step *scripts[N_PARTIES];
} Scenario;

static const Scenario scenarios[] =
{
  { "latch", { waits, sets } },
  { "limiter", { limited, limited } },
  { "smart-lock", { locks, locks } },
  { "condition", { consumes, produces } },
  { "channel", { sends, receives } },
  { "race", { races, nothing } },
  { "gather", { gathers, nothing } },
  { "timeout-and-shield", { stands_in, nothing } },
  { "group", { groups, nothing } },
  { "two-groups", { groups, groups } },
  { "executor", { threads, threads } },
};

static void
test_scenario (gconstpointer data)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  const Scenario *self = data;
  g_autoptr(GError) error = NULL;
  gboolean more = TRUE;
  guint step;

  for (guint i = 0; i < N_PARTIES; i++)
    scripts[i] = self->scripts[i];
  for (step = 0; more; step++)
    {
      set_up ();
      more = aiodrive_test_context_cancel_at_step (test, step, job, NULL, NULL, &error);
      g_assert_no_error (error);
      tear_down ();
    }
  g_test_message ("%u steps", step);
  g_assert_cmpuint (step, >, 4);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (scenarios); i++)
    {
      g_autofree char *path = g_strdup_printf ("/aiodrive/program/conformance/%s", scenarios[i].name);

      g_test_add_data_func (path, &scenarios[i], test_scenario);
    }

  return g_test_run ();
}
