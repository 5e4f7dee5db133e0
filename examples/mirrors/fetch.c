/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/mirrors/fetch.h"

#include <aiodrive/aiodrive.h>

/* One HTTP request as a task. For libsoup "503 Service Unavailable" is an answer like any other: that is why these are
 * jobs of their own, and AIODRIVE_START (parent, soup_session_send_and_read_async, ...) would not do. */

typedef struct
{
  SoupSession *session;
  SoupMessage *message;
  gsize        length;    /* how much is asked for; 0: for the length */
} Fetch;

static void
fetch_free (gpointer data)
{
  Fetch *self = data;

  g_object_unref (self->session);
  g_object_unref (self->message);
  g_free (self);
}

static GBytes *
finish_request (Fetch         *self,
                GAsyncResult  *result,
                GError       **error)
{
  g_autoptr(GBytes) body = soup_session_send_and_read_finish (self->session, result, error);
  SoupStatus status = soup_message_get_status (self->message);

  if (body != NULL && !SOUP_STATUS_IS_SUCCESSFUL (status))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%u %s", status, soup_status_get_phrase (status));
      return NULL;
    }
  return g_steal_pointer (&body);
}

static void
return_length (Fetch *self,
               GTask *task)
{
  goffset length = soup_message_headers_get_content_length (soup_message_get_response_headers (self->message));

  if (length > 0 && length <= G_MAXSSIZE)
    g_task_return_int (task, length);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "It does not say how long the file is");
}

static void
return_body (Fetch  *self,
             GTask  *task,
             GBytes *body)
{
  if (g_bytes_get_size (body) == self->length)
    g_task_return_pointer (task, g_bytes_ref (body), (GDestroyNotify) g_bytes_unref);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                             "%" G_GSIZE_FORMAT " bytes came, %" G_GSIZE_FORMAT " were asked for",
                             g_bytes_get_size (body), self->length);
}

static void
on_answered (GObject      *source_object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GError) error = NULL;
  Fetch *self = g_task_get_task_data (task);
  g_autoptr(GBytes) body = finish_request (self, result, &error);

  if (body == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (self->length == 0)
    return_length (self, task);
  else
    return_body (self, task, body);
}

static void
fetch_job (GTask        *task,
           GCancellable *cancellable,
           gpointer      user_data)
{
  Fetch *self = user_data;

  g_task_set_task_data (task, self, NULL);
  soup_session_send_and_read_async (self->session, self->message, G_PRIORITY_DEFAULT, cancellable, on_answered,
                                    g_object_ref (task));
}

static Fetch *
fetch_new (SoupSession *session,
           const char  *method,
           const char  *url)
{
  Fetch *self = g_new0 (Fetch, 1);

  self->session = g_object_ref (session);
  self->message = soup_message_new (method, url);
  return self;
}

GTask *
fetch_length (SoupSession  *session,
              const char   *url,
              GCancellable *parent)
{
  return aiodrive_spawn (parent, fetch_job, fetch_new (session, "HEAD", url), fetch_free);
}

GTask *
fetch_range (SoupSession  *session,
             const char   *url,
             gsize         offset,
             gsize         length,
             GCancellable *parent)
{
  Fetch *self = fetch_new (session, "GET", url);

  self->length = length;
  soup_message_headers_set_range (soup_message_get_request_headers (self->message), offset, offset + length - 1);
  return aiodrive_spawn (parent, fetch_job, self, fetch_free);
}
