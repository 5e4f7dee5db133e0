/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * steps: 2 lines
 * fastest: 2 lines
 * deadline: Operation timed out
 * saved: Operation was cancelled
 * own: 2 lines
 */
#include <aiodrive/aiodrive.h>

#include <glib/gstdio.h>

void   count_lines_async  (GFile               *file,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data);
gssize count_lines_finish (GFile               *file,
                           GAsyncResult        *result,
                           GError             **error);

/* begin steps */
static gboolean
count_lines (GCancellable *scope, gpointer data, GValue *result, GError **error)
{
  GFile *file = data;
  g_autoptr(GFileInputStream) stream = NULL;
  g_autoptr(GBytes) bytes = NULL;
  const char *text;
  gsize length;
  gint64 n_lines = 0;

  stream = g_file_read_finish (file, AIODRIVE_AWAIT (g_file_read_async, file, G_PRIORITY_DEFAULT), error);
  if (stream == NULL)
    return FALSE;

  bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (stream),
                                            AIODRIVE_AWAIT (g_input_stream_read_bytes_async, G_INPUT_STREAM (stream),
                                                            4096, G_PRIORITY_DEFAULT),
                                            error);
  if (bytes == NULL)
    return FALSE;

  text = g_bytes_get_data (bytes, &length);
  for (gsize i = 0; i < length; i++)
    n_lines += text[i] == '\n';
  return aiodrive_return_int (result, n_lines);
}
/* end */

/* begin children */
static gboolean
count_fastest (GCancellable *scope, gpointer data, GValue *result, GError **error)
{
  GFile **files = data;
  g_autoptr(GTask) near = aiodrive_spawn_fiber (scope, count_lines, g_object_ref (files[0]), g_object_unref);
  g_autoptr(GTask) far = aiodrive_spawn_fiber (scope, count_lines, g_object_ref (files[1]), g_object_unref);
  GTask *both[] = { near, far };
  g_autoptr(GTask) fastest = aiodrive_first_success (both, 2, scope);
  gint64 n_lines = aiodrive_await_int (aiodrive_timeout (fastest, 2000, scope), error);

  /* now both have ended: the loser was cancelled, and awaited */
  return n_lines >= 0 && aiodrive_return_int (result, n_lines);
}
/* end */

/* begin deadline */
static gboolean
wait_a_moment (GCancellable *scope, gpointer data, GValue *result, GError **error)
{
  g_autoptr(AiodriveCancelScope) block = aiodrive_cancel_scope_new_with_timeout (scope, 10);
  g_autoptr(GError) failure = NULL;

  if (aiodrive_sleep (60 * 1000, G_CANCELLABLE (block), &failure))
    return TRUE;
  return aiodrive_cancel_scope_leave (block, failure, error);   /* TIMED_OUT, or CANCELLED if it was from above */
}
/* end */

/* begin cleanup */
static gboolean
save (GCancellable *scope, gpointer data, GValue *result, GError **error)
{
  GFile *file = data;
  g_autoptr(GFileIOStream) stream = NULL;
  g_autoptr(AiodriveCancelScope) shielded = aiodrive_cancel_scope_new (scope);
  gboolean saved;

  aiodrive_cancel_scope_set_shielded (shielded, TRUE);   /* for cleaning up, which is not cancelled */
  stream = g_file_create_readwrite_finish (file, AIODRIVE_AWAIT (g_file_create_readwrite_async, file,
                                                                 G_FILE_CREATE_NONE, G_PRIORITY_DEFAULT), error);
  if (stream == NULL)
    return FALSE;

  saved = aiodrive_sleep (60 * 1000, scope, error);   /* stands for the work, and is cancelled */

  g_io_stream_close_finish (G_IO_STREAM (stream), AIODRIVE_AWAIT_IN (G_CANCELLABLE (shielded), g_io_stream_close_async,
                                                                     G_IO_STREAM (stream), G_PRIORITY_DEFAULT), NULL);
  if (!saved)
    g_file_delete_finish (file, AIODRIVE_AWAIT_IN (G_CANCELLABLE (shielded), g_file_delete_async, file,
                                                   G_PRIORITY_DEFAULT), NULL);
  return saved;
}
/* end */

/* begin own */
void
count_lines_async (GFile *file, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new (file, cancellable, callback, user_data);

  g_task_set_task_data (task, g_object_ref (file), g_object_unref);
  aiodrive_task_run_in_fiber (task, count_lines);
}

gssize
count_lines_finish (GFile *file, GAsyncResult *result, GError **error)
{
  return g_task_propagate_int (G_TASK (result), error);
}
/* end */

static void
print_outcome (const char *name, GTask *task)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  aiodrive_task_propagate (task, &value, &error);
  if (error != NULL)
    g_print ("%s: %s\n", name, error->message);
  else
    g_print ("%s: %d lines\n", name, (int) g_value_get_int64 (&value));
}

static void
run (const char *name, AiodriveFiberFunc func, gpointer data)
{
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, func, data, NULL);

  print_outcome (name, task);
}

static void
on_counted (GObject *file, GAsyncResult *result, gpointer loop)
{
  g_print ("own: %d lines\n", (int) count_lines_finish (G_FILE (file), result, NULL));
  g_main_loop_quit (loop);
}

int
main (void)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);
  g_autoptr(GFile) file = g_file_new_build_filename (folder, "file", NULL);
  g_autoptr(GFile) missing = g_file_new_build_filename (folder, "missing", NULL);
  GFile *files[] = { missing, file };

  g_file_replace_contents (file, "a\nb\n", 4, NULL, FALSE, G_FILE_CREATE_NONE, NULL, NULL, NULL);
  run ("steps", count_lines, file);
  run ("fastest", count_fastest, files);
  run ("deadline", wait_a_moment, NULL);

  {
    g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (NULL, 20);
    g_autoptr(GTask) task = aiodrive_spawn_fiber (G_CANCELLABLE (scope), save, missing, NULL);

    print_outcome ("saved", task);
    g_assert (!g_file_query_exists (missing, NULL));
  }

  count_lines_async (file, NULL, on_counted, loop);
  g_main_loop_run (loop);
  g_file_delete (file, NULL, NULL);
  g_rmdir (folder);
  return 0;
}
