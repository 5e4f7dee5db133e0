/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/aiodrive.h"
#include "tests/support/support.h"

/* What a button has in common with others is tested in waiting.c. */

static void
test_remembers_nothing (void)
{
  g_autoptr(AiodriveButton) button = aiodrive_button_new ();
  TestCall calls[2] = { TEST_CALL_INIT };

  aiodrive_button_press (button);
  aiodrive_button_wait_async (button, NULL, test_on_ready, &calls[0]);
  test_settle ();
  g_assert_cmpuint (calls[0].n_calls, ==, 0);

  /* two presses are one for who waited before both, and the second is none for who comes after it */
  aiodrive_button_press (button);
  aiodrive_button_press (button);
  aiodrive_button_wait_async (button, NULL, test_on_ready, &calls[1]);
  test_settle ();
  g_assert_cmpuint (calls[0].n_calls, ==, 1);
  g_assert_true (aiodrive_button_wait_finish (button, calls[0].result, NULL));
  g_assert_cmpuint (calls[1].n_calls, ==, 0);

  aiodrive_button_press (button);
  test_settle ();
  g_assert_cmpuint (calls[0].n_calls, ==, 1);
  g_assert_cmpuint (calls[1].n_calls, ==, 1);
  test_call_clear (&calls[0]);
  test_call_clear (&calls[1]);
  g_assert_finalize_object (g_steal_pointer (&button));
}

/* Several buttons, one context: each wakes its own. */
static void
test_own_waiters (void)
{
  AiodriveButton *buttons[3];
  TestCall calls[3] = { TEST_CALL_INIT };

  for (guint i = 0; i < G_N_ELEMENTS (buttons); i++)
    {
      buttons[i] = aiodrive_button_new ();
      aiodrive_button_wait_async (buttons[i], NULL, test_on_ready, &calls[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (buttons); i++)
    {
      aiodrive_button_press (buttons[i]);
      test_settle ();
      for (guint j = 0; j < G_N_ELEMENTS (buttons); j++)
        g_assert_cmpuint (calls[j].n_calls, ==, j <= i);
    }
  for (guint i = 0; i < G_N_ELEMENTS (buttons); i++)
    {
      test_call_clear (&calls[i]);
      g_assert_finalize_object (buttons[i]);
    }
}

static void
test_wrong_result (void)
{
  g_autoptr(AiodriveButton) button = aiodrive_button_new ();
  g_autoptr(AiodriveButton) other = aiodrive_button_new ();
  g_autoptr(GError) error = NULL;
  g_auto(TestCall) call = TEST_CALL_INIT;

  aiodrive_button_wait_async (button, NULL, test_on_ready, &call);
  aiodrive_button_press (button);
  test_call_wait (&call);
  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*aiodrive_wait_is_valid*");
  g_assert_false (aiodrive_button_wait_finish (other, call.result, &error));
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_true (aiodrive_button_wait_finish (button, call.result, &error));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/sync/button/remembers-nothing", test_remembers_nothing);
  g_test_add_func ("/aiodrive/sync/button/own-waiters", test_own_waiters);
  g_test_add_func ("/aiodrive/sync/button/wrong-result", test_wrong_result);

  return g_test_run ();
}
