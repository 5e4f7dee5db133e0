/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * saved
 */
#include <aiodrive/aiodrive.h>

static void
on_slept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;

  if (aiodrive_sleep_finish (result, NULL))
    g_print ("saved\n");
  g_task_return_boolean (task, TRUE);
}

static void
save (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  aiodrive_sleep_async (20, cancellable, on_slept, g_object_ref (task));
}

int
main (void)
{
  g_autoptr(AiodriveCancelScope) window_scope = aiodrive_cancel_scope_new (NULL);
  /* begin */
  g_autoptr(GTask) saving = aiodrive_prime (G_CANCELLABLE (window_scope), save, NULL, NULL);
  g_autoptr(GTask) shielded = aiodrive_shield (saving, G_CANCELLABLE (window_scope));

  g_cancellable_cancel (G_CANCELLABLE (window_scope));
  aiodrive_run (shielded);   /* until it is saved */
  /* end */
  return 0;
}
