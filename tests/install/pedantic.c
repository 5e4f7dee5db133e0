/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiled by each C and C++ compiler, with every warning: what the macros of the library expand to. */
#include <aiodrive/aiodrive.h>

static void
bare_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  aiodrive_sleep_async (0, cancellable, callback, user_data);
}

static void
bare_copy_async (GCancellable *cancellable, GFileProgressCallback progress, gpointer progress_data,
                 GAsyncReadyCallback callback, gpointer user_data)
{
  if (progress != NULL)
    progress (1, 2, progress_data);
  aiodrive_sleep_async (0, cancellable, callback, user_data);
}

static void
count (goffset current, goffset total, gpointer n)
{
  *(int *) n += (int) (current + total);
}

int
main (void)
{
  AiodriveCancelScope *scope = aiodrive_cancel_scope_new (NULL);
  GFile *file = g_file_new_for_path ("/no/such/file");
  GFile *copy = g_file_new_for_path ("/no/such/copy");
  int n = 0;
  GTask *tasks[5];
  gboolean all_ended = TRUE;

  tasks[0] = AIODRIVE_START (NULL, bare_async);
  tasks[1] = AIODRIVE_START (G_CANCELLABLE (scope), aiodrive_sleep_async, 0);
  tasks[2] = AIODRIVE_START (NULL, g_file_query_info_async, file, "*", G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT);
  tasks[3] = AIODRIVE_START_WITH_PROGRESS (NULL, count, &n, bare_copy_async);
  tasks[4] = AIODRIVE_START_WITH_PROGRESS (NULL, NULL, NULL, g_file_copy_async, file, copy, G_FILE_COPY_NONE,
                                           G_PRIORITY_DEFAULT);
  for (int i = 0; i < 5; i++)
    {
      aiodrive_run (tasks[i]);
      all_ended = all_ended && g_task_get_completed (tasks[i]);
    }
  if (!all_ended || n != 3 || g_strcmp0 (g_task_get_name (tasks[0]), "bare_async") != 0 ||
      g_strcmp0 (g_task_get_name (tasks[4]), "g_file_copy_async") != 0)
    return 1;

  for (int i = 0; i < 5; i++)
    g_object_unref (tasks[i]);
  g_object_unref (file);
  g_object_unref (copy);
  g_object_unref (scope);
  return 0;
}
