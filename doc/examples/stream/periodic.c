/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * tick
 * tick
 * tick
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_tick (GObject *source, GAsyncResult *result, gpointer scope)
{
  AiodriveAsyncIterator *seconds = AIODRIVE_ASYNC_ITERATOR (source);
  g_auto(GValue) number = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  if (!aiodrive_async_iterator_next_finish (seconds, result, &number, &error))
    return;   /* the scope was cancelled */

  g_print ("tick\n");
  aiodrive_async_iterator_next_async (seconds, scope, on_tick, scope);
}
/* end */

int
main (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(GCancellable) scope = G_CANCELLABLE (aiodrive_cancel_scope_new_with_timeout (NULL, 2500));
  /* begin */
  g_autoptr(AiodrivePeriodicIterator) seconds = aiodrive_repeat_periodically (1000);

  aiodrive_async_iterator_next_async (AIODRIVE_ASYNC_ITERATOR (seconds), scope, on_tick, scope);
  /* end */
  while (!g_cancellable_is_cancelled (scope))
    g_main_context_iteration (NULL, TRUE);
  aiodrive_test_context_wait_all_blocked (test);
  return 0;
}
