/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * asking stuck.example
 * asking broken.example
 * asking near.example
 * near.example answered after 60 ms
 */
#include <aiodrive/aiodrive.h>

static gboolean
ask (GCancellable *scope, gpointer host, GValue *result, GError **error)
{
  g_print ("asking %s\n", (const char *) host);
  if (g_str_has_prefix (host, "stuck") && !aiodrive_sleep (60000, scope, error))
    return FALSE;
  if (!aiodrive_sleep (10, scope, error))
    return FALSE;
  if (g_str_has_prefix (host, "near"))
    return aiodrive_return_string (result, g_strdup (host));
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s is broken", (const char *) host);
  return FALSE;
}

/* begin */
/* Asks the next host when the one before it has not answered in 40 ms, or has failed. The first answer wins. */
static gboolean
hedge (GCancellable *scope, gpointer hosts, GValue *result, GError **error)
{
  g_autoptr(AiodriveAsyncIterator) completed = aiodrive_as_completed (NULL, 0, scope);
  g_autoptr(GTask) delay = NULL;
  g_autoptr(GError) failure = NULL;
  gboolean answered = FALSE;

  for (char **host = hosts; !answered;)
    {
      g_auto(GValue) item = G_VALUE_INIT;

      if (delay == NULL && *host != NULL)
        {
          g_autoptr(GTask) request = aiodrive_spawn_fiber (scope, ask, *host++, NULL);

          delay = AIODRIVE_START (scope, aiodrive_sleep_async, 40);
          aiodrive_as_completed_add (completed, request, NULL);
          aiodrive_as_completed_add (completed, delay, NULL);
        }
      if (!aiodrive_async_iterator_next_finish (
            completed, AIODRIVE_AWAIT (aiodrive_async_iterator_next_async, completed), &item, NULL))
        break;
      if (g_value_get_object (&item) == delay)
        {
          g_clear_object (&delay);
          continue;
        }
      g_clear_error (&failure);
      answered = aiodrive_task_get_leaf (g_value_get_object (&item), &failure) != NULL;
      if (answered)
        aiodrive_task_propagate (g_value_get_object (&item), result, NULL);
      else if (delay != NULL)
        g_cancellable_cancel (g_task_get_cancellable (delay));   /* the next one at once */
    }
  AIODRIVE_AWAIT_IN (NULL, aiodrive_async_iterator_close_async, completed);   /* cancels the rest, and awaits it */
  if (!answered && !g_cancellable_set_error_if_cancelled (scope, error))
    g_propagate_error (error, g_steal_pointer (&failure));
  return answered;
}
/* end */

int
main (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_auto(GStrv) hosts = g_strsplit ("stuck.example broken.example near.example far.example", " ", -1);
  g_auto(GValue) answer = G_VALUE_INIT;
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, hedge, hosts, NULL);

  aiodrive_run (task);
  aiodrive_task_propagate (task, &answer, NULL);
  g_print ("%s answered after %d ms\n", g_value_get_string (&answer),
           (int) (aiodrive_test_context_get_elapsed (test) / 1000));
  return 0;
}
