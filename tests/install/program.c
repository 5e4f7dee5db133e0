/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <aiodrive/aiodrive.h>

static void
job (GTask        *task,
     GCancellable *cancellable,
     gpointer      user_data)
{
  g_task_return_int (task, 40 + AIODRIVE_MAJOR_VERSION);
}

int
main (void)
{
  g_autoptr(GTask) task = aiodrive_spawn (NULL, job, NULL, NULL);

  aiodrive_run (task);
  return g_task_propagate_int (task, NULL) == 41 ? 0 : 1;
}
