/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/mirrors/fetch.h"

#include <aiodrive/aiodrive.h>

/* One HTTP request as a fiber. For libsoup "503 Service Unavailable" is an answer like any other, and here an error. */

#define FETCH_FIELDS(FIELD, WEAK)                          \
  FIELD (SoupSession *, session, SOUP_TYPE_SESSION)        \
  FIELD (SoupMessage *, message, SOUP_TYPE_MESSAGE)        \
  FIELD (gsize, length, G_TYPE_ULONG) /* 0: ask for it */

AIODRIVE_DEFINE_DATA (Fetch, fetch, FETCH_FIELDS)

static gboolean
fetch (GCancellable  *scope,
       gpointer       data,
       GValue        *result,
       GError       **error)
{
  Fetch *self = data;
  g_autoptr(GBytes) body = soup_session_send_and_read_finish (
    self->session,
    AIODRIVE_AWAIT (soup_session_send_and_read_async, self->session, self->message, G_PRIORITY_DEFAULT), error);
  SoupStatus status = soup_message_get_status (self->message);
  goffset length = soup_message_headers_get_content_length (soup_message_get_response_headers (self->message));

  if (body == NULL)
    return FALSE;
  if (!SOUP_STATUS_IS_SUCCESSFUL (status))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%u %s", status, soup_status_get_phrase (status));
  else if (self->length == 0 && length > 0)
    return aiodrive_return_int (result, length);
  else if (self->length == 0)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The length of the file is missing");
  else if (g_bytes_get_size (body) == self->length)
    return aiodrive_return_boxed (result, G_TYPE_BYTES, g_steal_pointer (&body));
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 "Received %" G_GSIZE_FORMAT " bytes instead of %" G_GSIZE_FORMAT, g_bytes_get_size (body),
                 self->length);
  return FALSE;
}

GTask *
fetch_length (SoupSession  *session,
              const char   *url,
              GCancellable *parent)
{
  g_autoptr(SoupMessage) message = soup_message_new ("HEAD", url);
  Fetch data = { .session = session, .message = message };

  return aiodrive_spawn_fiber (parent, fetch, fetch_new (data), fetch_free);
}

GTask *
fetch_range (SoupSession  *session,
             const char   *url,
             gsize         offset,
             gsize         length,
             GCancellable *parent)
{
  g_autoptr(SoupMessage) message = soup_message_new ("GET", url);
  Fetch data = { .session = session, .message = message, .length = length };

  soup_message_headers_set_range (soup_message_get_request_headers (message), offset, offset + length - 1);
  return aiodrive_spawn_fiber (parent, fetch, fetch_new (data), fetch_free);
}
