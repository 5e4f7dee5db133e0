/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * searching for glib
 */
#include <aiodrive/aiodrive.h>

static gboolean
search (GCancellable *scope, gpointer text, GValue *result, GError **error)
{
  g_print ("searching for %s\n", (char *) text);
  return TRUE;
}

/* begin */
static void
on_search_changed (AiodriveLatest *latest, const char *text)
{
  aiodrive_latest_spawn (latest, NULL, AIODRIVE_FIBER (search, g_strdup (text), g_free));
}
/* end */

int
main (void)
{
  /* begin */
  g_autoptr(AiodriveLatest) latest = aiodrive_latest_new (NULL, 200);

  on_search_changed (latest, "g");
  on_search_changed (latest, "gl");
  on_search_changed (latest, "glib");   /* the only one that starts */
  /* end */
  while (aiodrive_latest_is_busy (latest))
    g_main_context_iteration (NULL, TRUE);
  return 0;
}
