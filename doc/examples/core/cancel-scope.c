/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * Operation timed out
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_slept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  AiodriveCancelScope *scope = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) why = NULL;

  aiodrive_sleep_finish (result, &error);
  if (!aiodrive_cancel_scope_leave (scope, error, &why))
    g_print ("%s\n", why->message);   /* not that it was cancelled, but why */
}
/* end */

int
main (void)
{
  g_autoptr(GCancellable) window_closed = g_cancellable_new ();
  /* begin */
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new_with_timeout (window_closed, 20);

  aiodrive_sleep_async (60000, G_CANCELLABLE (scope), on_slept, scope);
  /* end */
  while (g_main_context_iteration (NULL, !g_cancellable_is_cancelled (G_CANCELLABLE (scope))))
    ;
  return 0;
}
