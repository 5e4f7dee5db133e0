/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * ok
 */
#include <aiodrive/aiodrive.h>

/* begin */
static void
on_fetched (GObject *source, GAsyncResult *result, gpointer n_fetched)
{
  if (aiodrive_sleep_finish (result, NULL))
    ++*(guint *) n_fetched;
}

static void
test_fetches_once_an_hour (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  g_autoptr(GTask) almost = AIODRIVE_START (NULL, aiodrive_sleep_async, 3600 * 1000 - 1);
  g_autoptr(GTask) now = AIODRIVE_START (NULL, aiodrive_sleep_async, 3600 * 1000 + 1);
  guint n_fetched = 0;

  aiodrive_sleep_async (3600 * 1000, NULL, on_fetched, &n_fetched);   /* the code under test */

  aiodrive_run (almost);
  aiodrive_test_context_wait_all_blocked (test);   /* whatever could have happened has happened */
  g_assert_cmpuint (n_fetched, ==, 0);

  aiodrive_run (now);
  g_assert_cmpuint (n_fetched, ==, 1);
}
/* end */

int
main (void)
{
  test_fetches_once_an_hour ();
  g_print ("ok\n");
  return 0;
}
