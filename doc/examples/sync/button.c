/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * saved
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  if (aiodrive_button_wait_finish (AIODRIVE_BUTTON (source), result, NULL))
    g_print ("saved\n");
}
/* end */

int
main (void)
{
  g_autoptr(AiodriveButton) saved = aiodrive_button_new ();
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);

  /* begin */
  aiodrive_button_wait_async (saved, G_CANCELLABLE (scope), on_saved, NULL);
  aiodrive_button_press (saved);
  /* end */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}
