/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * both have ended
 * save: Operation timed out
 * saved
 * removed the temporary file
 */
#include <aiodrive/aiodrive.h>

/* begin deadline */
static gboolean
save_in_time (GCancellable  *parent,
              GError       **error)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (parent, 20);
  g_autoptr(GTask) write = AIODRIVE_START (G_CANCELLABLE (scope), aiodrive_sleep_async, 60000);
  g_autoptr(GTask) sync = AIODRIVE_START (G_CANCELLABLE (scope), aiodrive_sleep_async, 60000);
  g_autoptr(GTask) all = aiodrive_try_all ((GTask *[]) { write, sync }, 2, NULL);
  g_autoptr(GError) own = NULL;

  aiodrive_run (all);
  own = aiodrive_task_dup_error (all);                      /* CANCELLED if it is late */
  return aiodrive_cancel_scope_leave (scope, own, error);   /* and then TIMED_OUT */
}
/* end */

static void
on_slept (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;

  if (aiodrive_sleep_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* begin shield */
static void
save (GTask        *task,
      GCancellable *cancellable,
      gpointer      user_data)
{
  aiodrive_cancel_scope_set_shielded (AIODRIVE_CANCEL_SCOPE (cancellable), TRUE);   /* from here on */
  aiodrive_sleep_async (20, cancellable, on_slept, g_object_ref (task));
}
/* end */

/* begin cleanup */
static void
on_removed (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;

  if (aiodrive_sleep_finish (result, NULL))
    g_print ("removed the temporary file\n");
  g_task_return_error (task, g_steal_pointer ((GError **) g_task_get_task_data (task)));
}

static void
on_written (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError **error = g_new0 (GError *, 1);

  g_task_set_task_data (task, error, g_free);
  if (aiodrive_sleep_finish (result, error))
    return g_task_return_boolean (task, TRUE);
  /* the cleanup may wait, too; but not with the cancellable that is cancelled */
  aiodrive_sleep_async (20, NULL, on_removed, g_object_ref (task));
}

static void
write_file (GTask        *task,
            GCancellable *cancellable,
            gpointer      user_data)
{
  aiodrive_sleep_async (60000, cancellable, on_written, g_object_ref (task));
}
/* end */

static void
race (void)
{
  /* begin race */
  g_autoptr(GTask) near = AIODRIVE_START (NULL, aiodrive_sleep_async, 20);
  g_autoptr(GTask) far = AIODRIVE_START (NULL, aiodrive_sleep_async, 60000);
  g_autoptr(GTask) first = aiodrive_race ((GTask *[]) { near, far }, 2, NULL);

  aiodrive_run (first);
  if (g_task_get_completed (near) && g_task_get_completed (far))
    g_print ("both have ended\n");
  /* end */
}

static void
cancel (AiodriveJobFunc func)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(GTask) task = aiodrive_prime (G_CANCELLABLE (scope), func, NULL, NULL);

  g_cancellable_cancel (G_CANCELLABLE (scope));
  aiodrive_run (task);
  if (g_task_propagate_boolean (task, NULL))
    g_print ("saved\n");
}

int
main (void)
{
  g_autoptr(GError) error = NULL;

  race ();
  if (!save_in_time (NULL, &error))
    g_print ("save: %s\n", error->message);
  cancel (save);
  cancel (write_file);
  return 0;
}
