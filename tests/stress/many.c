/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/stress.h"
#include "tests/support/support.h"

#include <stdlib.h>

/* As many as there will ever be: those who wait for one event in two contexts, half of whom are cancelled; and the
 * tasks of one group, which end, or are cancelled with it. */

static gint n_waiters;
static gint n_tasks;

typedef struct
{
  AiodriveThreadSafeEvent *event;         /* owned, as is the next */
  GCancellable            *cancellable;   /* every second one waits with it */
  gint                     n_waiting;     /* atomic, as are the next */
  gint                     n_woken;
  gint                     n_cancelled;
} Crowd;

static void
on_waited (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  Crowd *self = data;
  g_autoptr(GError) error = NULL;

  if (aiodrive_thread_safe_event_wait_finish (self->event, result, &error))
    g_atomic_int_inc (&self->n_woken);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_atomic_int_inc (&self->n_cancelled);
  else
    g_error ("%s", error->message);
  g_atomic_int_add (&self->n_waiting, -1);
}

/* Half of them. */
static gpointer
wait_in_thread (gpointer crowd)
{
  Crowd *self = crowd;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (gint i = 0; i < n_waiters / 2; i++)
    {
      aiodrive_thread_safe_event_wait_async (self->event, i % 2 == 0 ? self->cancellable : NULL, on_waited, self);
      g_atomic_int_inc (&self->n_waiting);
    }
  while (g_atomic_int_get (&self->n_waiting) > 0)
    if (!g_main_context_iteration (context, FALSE))
      g_usleep (1000);
  while (g_main_context_iteration (context, FALSE));
  g_main_context_pop_thread_default (context);
  return NULL;
}

static gboolean
wait_and_be_woken (void)
{
  Crowd crowd = { aiodrive_thread_safe_event_new (), g_cancellable_new (), 0, 0, 0 };
  GThread *threads[2];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("crowd", wait_in_thread, &crowd);
  while (g_atomic_int_get (&crowd.n_waiting) < n_waiters)
    g_usleep (1000);
  g_cancellable_cancel (crowd.cancellable);
  aiodrive_thread_safe_event_set (crowd.event);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  g_print ("waiters: %d woken, %d cancelled\n", crowd.n_woken, crowd.n_cancelled);
  g_object_unref (crowd.event);
  g_object_unref (crowd.cancellable);
  return crowd.n_woken == n_waiters / 2 && crowd.n_cancelled == n_waiters / 2;
}

static void
on_job_waited (GObject      *event,
               GAsyncResult *result,
               gpointer      data)
{
  g_autoptr(GTask) task = data;
  GError *error = NULL;

  if (aiodrive_thread_safe_event_wait_finish (AIODRIVE_THREAD_SAFE_EVENT (event), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      crowd)
{
  Crowd *self = crowd;

  self->n_waiting++;
  aiodrive_thread_safe_event_wait_async (self->event, cancellable, on_job_waited, g_object_ref (task));
}

static gboolean
run_group (gint     n,
           gboolean cancel)
{
  Crowd crowd = { aiodrive_thread_safe_event_new (), NULL, 0, 0, 0 };
  g_autoptr(AiodriveThreadSafeEvent) event = crowd.event;
  g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (NULL);
  g_autoptr(GTask) end = NULL;
  g_autoptr(GError) error = NULL;
  guint n_left;

  for (gint i = 0; i < n; i++)
    aiodrive_task_group_spawn (group, NULL, job, &crowd, NULL);
  while (crowd.n_waiting < n)
    g_main_context_iteration (NULL, TRUE);
  n_left = aiodrive_task_group_get_n_tasks (group);

  if (cancel)
    aiodrive_task_group_cancel (group);
  else
    aiodrive_thread_safe_event_set (event);
  end = AIODRIVE_START (NULL, aiodrive_task_group_close_async, group);
  aiodrive_run (end);

  g_print ("group: %u tasks, then %u\n", n_left, aiodrive_task_group_get_n_tasks (group));
  if (aiodrive_task_get_leaf (end, &error) == NULL)
    g_error ("%s", error->message);
  return n_left == (guint) n && aiodrive_task_group_get_n_tasks (group) == 0;
}

static void
parse_options (int    argc,
               char **argv)
{
  const GOptionEntry entries[] =
  {
    { "waiters", 0, 0, G_OPTION_ARG_INT, &n_waiters, "Who wait for one event (default 1000000)", "N" },
    { "tasks", 0, 0, G_OPTION_ARG_INT, &n_tasks, "In one group (default 100000)", "N" },
    { NULL }
  };
  g_autoptr(GOptionContext) context = g_option_context_new ("- let very many wait at once");
  g_autoptr(GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1 || n_waiters % 4 != 0)
    {
      g_printerr ("%s\n", error != NULL ? error->message : "No such argument, or waiters that 4 does not divide");
      exit (2);
    }
}

int
main (int   argc,
      char *argv[])
{
  StressRest before;
  gboolean all_right;

  n_waiters = test_rounds (1000000);
  n_tasks = test_rounds (100000);
  parse_options (argc, argv);
  g_log_set_always_fatal (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);

  all_right = run_group (100, FALSE);   /* what is there once is made */
  stress_rest_take (&before);
  stress_rest_print (&before, "before");
  all_right &= wait_and_be_woken ();
  all_right &= run_group (n_tasks, FALSE);
  all_right &= run_group (n_tasks, TRUE);
  return stress_rest_is_same (&before) && all_right ? 0 : 1;
}
