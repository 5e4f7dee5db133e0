/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * try 1
 * try 2
 * try 3
 * connected
 */
#include <aiodrive/aiodrive.h>

static gboolean
connect_to (const char *host, GCancellable *scope, GError **error)
{
  static guint n_tries;

  g_print ("try %u\n", ++n_tries);
  if (n_tries < 3)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "%s refused the connection", host);
  return n_tries == 3;
}

/* begin */
static gboolean
greet (GCancellable *scope, gpointer host, GValue *result, GError **error)
{
  GError *failure = NULL;

  if (connect_to (host, scope, &failure))
    return TRUE;
  if (!g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    aiodrive_task_set_final (aiodrive_fiber_get_task ());   /* trying again would not help */
  g_propagate_error (error, failure);
  return FALSE;
}
/* end */

int
main (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  char host[] = "example.org";
  /* begin */
  /* five times at most, after up to 100, 200, 400 and 800 milliseconds; all of it in ten seconds */
  g_autoptr(GTask) greeting = aiodrive_retry (NULL, 5, 100, 2000, AIODRIVE_FIBER (greet, host, NULL));
  g_autoptr(GTask) limited = aiodrive_timeout (greeting, 10000, NULL);
  /* end */

  aiodrive_run (limited);
  if (aiodrive_task_get_leaf (limited, NULL) != NULL)
    g_print ("connected\n");
  return 0;
}
