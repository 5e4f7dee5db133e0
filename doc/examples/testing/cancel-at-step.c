/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * nothing was lost
 */
#include <aiodrive/aiodrive.h>

typedef struct
{
  gint here;
  gint there;
  gint moving;
} Accounts;

static void
on_moved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Accounts *accounts = g_task_get_task_data (task);
  gint moving = accounts->moving;
  GError *error = NULL;

  accounts->moving = 0;
  if (aiodrive_sleep_finish (result, &error))
    {
      accounts->there += moving;
      g_task_return_boolean (task, TRUE);
    }
  else
    {
      accounts->here += moving;   /* what was begun is taken back */
      g_task_return_error (task, error);
    }
}

static void
transfer (GTask *task, GCancellable *cancellable, gpointer user_data)
{
  Accounts *accounts = user_data;

  g_task_set_task_data (task, accounts, NULL);
  accounts->moving = 10;
  accounts->here -= accounts->moving;
  aiodrive_sleep_async (1000, cancellable, on_moved, g_object_ref (task));
}

int
main (void)
{
  g_autoptr(AiodriveTestContext) test = aiodrive_test_context_new (NULL);
  Accounts accounts = { .here = 1000 };
  g_autoptr(GError) error = NULL;

  /* begin */
  for (guint step = 0; aiodrive_test_context_cancel_at_step (test, step, transfer, &accounts, NULL, &error); step++)
    g_assert_cmpint (accounts.here + accounts.there, ==, 1000);
  g_assert_no_error (error);
  /* end */
  g_print ("nothing was lost\n");
  return 0;
}
