/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/task/proxy-task-private.h"

#include "aiodrive/task/record-private.h"

/* A proxy in the caller's context for a job in another one. Two hops: start() runs in the other context and creates the
 * inner task; ended() runs in the caller's context when the inner task has completed, and completes the outer one. The
 * contexts share only this record, which each hop passes on. */
typedef struct
{
  AiodriveWorkItem        work;                  /* first; start() */
  AiodriveWaiter          waiter;                /* ended() */
  GMainContext           *context;               /* owned: of the job, until start() runs */
  GTask                  *outer;                 /* owned */
  GTask                  *inner;                 /* unowned until it has completed */
  char                   *name;                  /* owned, nullable: of the inner one */
  AiodriveJobFunc         func;
  gpointer                user_data;
  AiodriveProxyTaskAccept accept;
  gpointer                accept_data;
  GDestroyNotify          accept_data_destroy;   /* runs in the other context */
} Proxy;

static void
ended (AiodriveWorkItem *work)
{
  Proxy *self = AIODRIVE_CONTAINER_OF (work, Proxy, waiter.work);
  g_autoptr(GTask) outer = self->outer;
  g_autoptr(GTask) inner = self->inner;
  GError *error = aiodrive_task_record_copy_error (aiodrive_task_record_get (inner));

  g_free (self->name);
  g_free (self);

  if (error != NULL)
    {
      g_task_return_error (outer, error);
      return;
    }
  aiodrive_task_record_set_leaf (aiodrive_task_record_get (outer), inner);
  aiodrive_task_return_true (outer);
}

static void
start (AiodriveWorkItem *work)
{
  Proxy *self = (Proxy *) work;
  g_autoptr(GTask) inner = aiodrive_task_record_new_task (NULL, g_task_get_cancellable (self->outer), NULL, NULL,
                                                          aiodrive_proxy_task_spawn);
  g_autoptr(GMainContext) context = g_steal_pointer (&self->context);
  gpointer accept_data = self->accept_data;
  GDestroyNotify accept_data_destroy = self->accept_data_destroy;

  self->inner = inner;
  if (self->name != NULL)
    g_task_set_name (inner, self->name);
  aiodrive_task_show_progress_above (inner);
  aiodrive_task_record_set_job (aiodrive_task_record_get (inner), self->func, self->user_data, NULL);
  if (self->accept == NULL || self->accept (inner, accept_data))
    aiodrive_task_record_begin_job (aiodrive_task_record_get (inner));
  aiodrive_task_record_watch_weakly (aiodrive_task_record_get (inner), &self->waiter);   /* the last use of self here */

  if (accept_data_destroy != NULL)
    accept_data_destroy (accept_data);
}

GTask *
aiodrive_proxy_task_spawn (AiodriveDispatcher      *dispatcher,
                           GMainContext            *context,
                           GCancellable            *parent,
                           const char              *name,
                           AiodriveJobFunc          func,
                           gpointer                 user_data,
                           GDestroyNotify           user_data_destroy,
                           AiodriveProxyTaskAccept  accept,
                           gpointer                 accept_data,
                           GDestroyNotify           accept_data_destroy)
{
  Proxy *self = g_new0 (Proxy, 1);
  GTask *task = aiodrive_task_record_new_task (NULL, parent, NULL, NULL, aiodrive_proxy_task_spawn);

  /* the function and its data come from this thread */
  aiodrive_task_record_set_job (aiodrive_task_record_get (task), NULL, user_data, user_data_destroy);
  if (name != NULL)
    g_task_set_name (task, name);   /* from here on another thread may use the task */
  self->work.run = start;
  aiodrive_waiter_init (&self->waiter, ended);
  self->waiter.work.stamp = aiodrive_dispatcher_stamp ();
  self->context = g_main_context_ref (context);
  self->outer = g_object_ref (task);
  self->name = g_strdup (name);
  self->func = func;
  self->user_data = user_data;
  self->accept = accept;
  self->accept_data = accept_data;
  self->accept_data_destroy = accept_data_destroy;
  aiodrive_dispatcher_post (dispatcher, &self->work);

  return task;
}
