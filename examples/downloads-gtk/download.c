/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/downloads-gtk/download.h"

#define CHUNK_SIZE (64 * 1024)

struct _Download
{
  SoupSession   *session;
  SoupMessage   *message;
  char          *name;
  GFile         *file;
  GFile         *part;       /* what it is called until it is complete */

  GInputStream  *in;
  GOutputStream *out;
  goffset        length;     /* 0 where the server does not say */
  goffset        n_written;
  GError        *error;      /* why the part is to be discarded */
  guint8         chunk[CHUNK_SIZE];
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
  g_clear_object (&self->in);
  g_clear_object (&self->out);
  g_clear_error (&self->error);
  g_free (self);
}

const char *
download_get_name (Download *self)
{
  return self->name;
}

/* That a file could not be loaded is news for the user, but no failure of the task: the others go on. */
static void
return_outcome (GTask  *task,
                GError *error)
{
  Download *self = g_task_get_task_data (task);

  if (error == NULL)
    g_task_return_pointer (task, g_strdup_printf ("%s: saved", self->name), g_free);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, g_strdup_printf ("%s: %s", self->name, error->message), g_free);

  g_clear_error (&error);
  g_object_unref (task);
}

static void
on_moved (GObject      *source_object,
          GAsyncResult *result,
          gpointer      user_data)
{
  GError *error = NULL;

  g_file_move_finish (G_FILE (source_object), result, &error);
  return_outcome (user_data, error);
}

static void
on_deleted (GObject      *source_object,
            GAsyncResult *result,
            gpointer      user_data)
{
  Download *self = g_task_get_task_data (user_data);

  g_file_delete_finish (self->part, result, NULL);
  return_outcome (user_data, g_steal_pointer (&self->error));
}

/* What is to be done at the end is done also where the task has been cancelled: so nobody can cancel it. */
static void
place_or_delete (GTask *task)
{
  Download *self = g_task_get_task_data (task);

  if (self->error != NULL)
    g_file_delete_async (self->part, G_PRIORITY_DEFAULT, NULL, on_deleted, task);
  else
    g_file_move_async (self->part, self->file, G_FILE_COPY_OVERWRITE, G_PRIORITY_DEFAULT, NULL, NULL, NULL, on_moved,
                       task);
}

static void
on_closed (GObject      *source_object,
           GAsyncResult *result,
           gpointer      user_data)
{
  Download *self = g_task_get_task_data (user_data);

  g_output_stream_close_finish (self->out, result, self->error == NULL ? &self->error : NULL);
  place_or_delete (user_data);
}

static void
end (GTask  *task,
     GError *error)
{
  Download *self = g_task_get_task_data (task);

  self->error = error;
  g_output_stream_close_async (self->out, G_PRIORITY_DEFAULT, NULL, on_closed, task);
}

static void read_chunk (GTask *task);

static void
on_written (GObject      *source_object,
            GAsyncResult *result,
            gpointer      user_data)
{
  GTask *task = user_data;
  Download *self = g_task_get_task_data (task);
  GError *error = NULL;
  gsize n_written;

  if (!g_output_stream_write_all_finish (self->out, result, &n_written, &error))
    {
      end (task, error);
      return;
    }

  self->n_written += n_written;
  if (self->length > 0)
    aiodrive_task_set_progress (task, MIN (1.0, (double) self->n_written / self->length));
  read_chunk (task);
}

static void
on_read (GObject      *source_object,
         GAsyncResult *result,
         gpointer      user_data)
{
  GTask *task = user_data;
  Download *self = g_task_get_task_data (task);
  GError *error = NULL;
  gssize n_read = g_input_stream_read_finish (self->in, result, &error);

  if (n_read > 0)
    g_output_stream_write_all_async (self->out, self->chunk, n_read, G_PRIORITY_DEFAULT,
                                     g_task_get_cancellable (task), on_written, task);
  else
    end (task, error);
}

static void
read_chunk (GTask *task)
{
  Download *self = g_task_get_task_data (task);

  g_input_stream_read_async (self->in, self->chunk, CHUNK_SIZE, G_PRIORITY_DEFAULT, g_task_get_cancellable (task),
                             on_read, task);
}

static void
on_opened (GObject      *source_object,
           GAsyncResult *result,
           gpointer      user_data)
{
  GTask *task = user_data;
  Download *self = g_task_get_task_data (task);

  GFileOutputStream *out = g_file_replace_finish (self->part, result, &self->error);

  if (out == NULL)
    {
      place_or_delete (task);   /* cancelled in the last moment, it has made the file all the same */
      return;
    }
  self->out = G_OUTPUT_STREAM (out);
  read_chunk (task);
}

static void
on_answered (GObject      *source_object,
             GAsyncResult *result,
             gpointer      user_data)
{
  GTask *task = user_data;
  Download *self = g_task_get_task_data (task);
  GError *error = NULL;

  self->in = soup_session_send_finish (self->session, result, &error);
  if (error == NULL && !SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (self->message)))
    error = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "The server says: %u %s",
                         soup_message_get_status (self->message), soup_message_get_reason_phrase (self->message));
  if (error != NULL)
    {
      return_outcome (task, error);
      return;
    }

  self->length = soup_message_headers_get_content_length (soup_message_get_response_headers (self->message));
  g_file_replace_async (self->part, NULL, FALSE, G_FILE_CREATE_REPLACE_DESTINATION, G_PRIORITY_DEFAULT,
                        g_task_get_cancellable (task), on_opened, task);
}

void
download_run (GTask        *task,
              GCancellable *cancellable,
              gpointer      user_data)
{
  Download *self = user_data;

  g_task_set_task_data (task, self, NULL);
  soup_session_send_async (self->session, self->message, G_PRIORITY_DEFAULT, cancellable, on_answered,
                           g_object_ref (task));
}
