/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * a
 * b
 * all are loaded
 */
#include <aiodrive/aiodrive.h>

static void
on_slept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;

  if (aiodrive_sleep_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
load_file (GTask *task, GCancellable *cancellable, gpointer name)
{
  g_print ("%s\n", (const char *) name);
  aiodrive_sleep_async (20, cancellable, on_slept, g_object_ref (task));
}

/* begin */
static void
on_all_loaded (GObject *source, GAsyncResult *result, gpointer loop)
{
  g_autoptr(GError) error = NULL;

  if (aiodrive_task_group_close_finish (AIODRIVE_TASK_GROUP (source), result, &error))
    g_print ("all are loaded\n");
  else
    g_printerr ("%s\n", error->message);   /* what failed first; the others were cancelled */
  g_main_loop_quit (loop);
}
/* end */

int
main (void)
{
  const char *names[] = { "a", "b" };
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  /* begin */
  g_autoptr(AiodriveTaskGroup) group = aiodrive_task_group_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    aiodrive_task_group_spawn (group, NULL, load_file, (gpointer) names[i], NULL);
  aiodrive_task_group_close_async (group, NULL, on_all_loaded, loop);
  /* end */
  g_main_loop_run (loop);
  return 0;
}
