/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/downloads-gtk/download.h"

#define CHUNK_SIZE (64 * 1024)

struct _Download
{
  SoupSession *session;
  SoupMessage *message;
  char        *name;
  GFile       *file;
  GFile       *part;       /* what it is called until it is complete */
};

Download *
download_new (SoupSession *session,
              GUri        *uri,
              GFile       *directory)
{
  g_autofree char *part = NULL;
  Download *self = g_new0 (Download, 1);

  self->session = g_object_ref (session);
  self->message = soup_message_new_from_uri (SOUP_METHOD_GET, uri);
  self->name = g_path_get_basename (g_uri_get_path (uri));
  if (strchr (self->name, G_DIR_SEPARATOR) != NULL || g_str_equal (self->name, "."))
    {
      g_free (self->name);
      self->name = g_strdup (g_uri_get_host (uri));
    }
  part = g_strconcat (self->name, ".part", NULL);
  self->file = g_file_get_child (directory, self->name);
  self->part = g_file_get_child (directory, part);
  return self;
}

void
download_free (Download *self)
{
  g_object_unref (self->session);
  g_object_unref (self->message);
  g_free (self->name);
  g_object_unref (self->file);
  g_object_unref (self->part);
  g_free (self);
}

const char *
download_get_name (Download *self)
{
  return self->name;
}

static GInputStream *
open_url (Download  *self,
          GError   **error)
{
  g_autoptr(GInputStream) in = soup_session_send_finish (
    self->session, AIODRIVE_AWAIT (soup_session_send_async, self->session, self->message, G_PRIORITY_DEFAULT), error);

  if (in == NULL || SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (self->message)))
    return g_steal_pointer (&in);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The server says: %u %s",
               soup_message_get_status (self->message), soup_message_get_reason_phrase (self->message));
  return NULL;
}

static gboolean
copy (Download       *self,
      GInputStream   *in,
      GOutputStream  *out,
      GError        **error)
{
  goffset length = soup_message_headers_get_content_length (soup_message_get_response_headers (self->message));
  goffset n_written = 0;

  for (;;)
    {
      g_autoptr(GBytes) chunk = g_input_stream_read_bytes_finish (
        in, AIODRIVE_AWAIT (g_input_stream_read_bytes_async, in, CHUNK_SIZE, G_PRIORITY_DEFAULT), error);
      gsize size = chunk != NULL ? g_bytes_get_size (chunk) : 0;

      if (size == 0)
        return chunk != NULL;
      if (!g_output_stream_write_all_finish (out, AIODRIVE_AWAIT (g_output_stream_write_all_async, out,
                                                                  g_bytes_get_data (chunk, NULL), size,
                                                                  G_PRIORITY_DEFAULT), NULL, error))
        return FALSE;

      n_written += size;
      if (length > 0)
        aiodrive_task_set_progress (aiodrive_fiber_get_task (), MIN (1.0, (double) n_written / length));
    }
}

/* The end is done also where the download has been cancelled, and is not cancelled itself. */
static gboolean
place_or_delete (Download       *self,
                 GOutputStream  *out,
                 gboolean        is_complete,
                 GError        **error)
{
  if (out != NULL)
    is_complete &= g_output_stream_close_finish (out, AIODRIVE_AWAIT_IN (NULL, g_output_stream_close_async, out,
                                                                         G_PRIORITY_DEFAULT),
                                                 is_complete ? error : NULL);
  if (is_complete)
    return g_file_move_finish (self->part, AIODRIVE_AWAIT_WITH_PROGRESS_IN (NULL, g_file_move_async, NULL, NULL,
                                                                            self->part, self->file,
                                                                            G_FILE_COPY_OVERWRITE,
                                                                            G_PRIORITY_DEFAULT), error);

  g_file_delete_finish (self->part, AIODRIVE_AWAIT_IN (NULL, g_file_delete_async, self->part, G_PRIORITY_DEFAULT),
                        NULL);
  return FALSE;
}

static gboolean
load (Download  *self,
      GError   **error)
{
  g_autoptr(GInputStream) in = open_url (self, error);
  g_autoptr(GFileOutputStream) out = NULL;

  if (in == NULL)
    return FALSE;
  out = g_file_replace_finish (self->part, AIODRIVE_AWAIT (g_file_replace_async, self->part, NULL, FALSE,
                                                           G_FILE_CREATE_REPLACE_DESTINATION, G_PRIORITY_DEFAULT),
                               error);
  /* cancelled at the last moment, it has created the file all the same */
  return place_or_delete (self, G_OUTPUT_STREAM (out), out != NULL && copy (self, in, G_OUTPUT_STREAM (out), error),
                          error);
}

/* That a file could not be loaded is news for the user, but no failure of the task: the others go on. */
gboolean
download_run (GCancellable  *scope,
              gpointer       data,
              GValue        *result,
              GError       **error)
{
  Download *self = data;
  g_autoptr(GError) failure = NULL;

  if (load (self, &failure))
    return aiodrive_return_string (result, g_strdup_printf ("%s: saved", self->name));
  if (!aiodrive_error_is_cancelled (failure))
    return aiodrive_return_string (result, g_strdup_printf ("%s: %s", self->name, failure->message));

  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}
